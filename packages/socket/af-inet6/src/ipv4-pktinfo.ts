/** IPV6_PKTINFO of a message that a socket of AF_INET6 sends by IPv4 (`ip_cmsg_send` with `allow_ipv6`). */
import type { IpcmCookie } from '@skbuff/ipv4';
import type { Cmsg } from '@skbuff/sock';
import { EINVAL, IPV6_PKTINFO, SOL_IPV6 } from '@skbuff/uapi';
import { In6Addr, leS32 } from '@skbuff/wire';

/** Bytes of `struct in6_pktinfo`: 16 address, 4 index. */
export const IN6_PKTINFO_LEN = 20;

/** Its interface and its source, which is mapped, go into `ipc`; everything else that is IPv6's counts for nothing here. 0 or -EINVAL. */
export function ip4PktinfoCmsg({ level, type, data }: Cmsg, ipc: IpcmCookie): number {
  if (level !== SOL_IPV6 || type !== IPV6_PKTINFO) return 0;
  if (data.length < IN6_PKTINFO_LEN) return -EINVAL;
  const addr = new In6Addr().load(data, 0);
  if (!addr.isV4Mapped()) return -EINVAL;
  ipc.oif = leS32(data, 16) || ipc.oif;
  ipc.addr = addr.w3 >>> 0;
  return 0;
}
