/** Which sockets stand in each other's way on a port, if one is of AF_INET6 (`net/ipv4/inet_connection_sock.c`). */
import { type InetSk, ipv4RcvSaddrEqual } from '@skbuff/af-inet';
import type { Ipv6Pinfo } from '@skbuff/ipv6';
import type { In6Addr } from '@skbuff/wire';

/** `LOOPBACK4_IPV6`: what stands for an own address that has no equivalent in IPv4. */
export const LOOPBACK4_IPV6 = 0x7f000006;

function rcvSaddrOf({ pinet6 }: InetSk): In6Addr | null {
  return (pinet6 as Ipv6Pinfo | null)?.rcvSaddr ?? null;
}

/** `ipv6_rcv_saddr_equal`: see `inetRcvSaddrEqual`; `sk` is of AF_INET6. */
export function ipv6RcvSaddrEqual(sk: InetSk, other: InetSk, matchWildcard: boolean): boolean {
  const mine = rcvSaddrOf(sk) as In6Addr;
  const theirs = rcvSaddrOf(other);
  const mapped = mine.isV4Mapped();
  const otherMapped = theirs === null || theirs.isV4Mapped();
  if (mapped && otherMapped) return !other.ipv6only && ipv4RcvSaddrEqual(sk, other, matchWildcard);
  const otherAny = theirs?.isAny() === true;
  if (mine.isAny() && otherAny) return true;
  if (otherAny && matchWildcard && !(other.ipv6only && mapped)) return true;
  if (mine.isAny() && matchWildcard && !(sk.ipv6only && otherMapped)) return true;
  return theirs !== null && mine.equals(theirs);
}
