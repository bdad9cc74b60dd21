/** `ipv6_can_nonlocal_bind` (`include/net/ipv6.h`). */
import type { InetSk } from '@skbuff/af-inet';
import { ipv6Net } from '@skbuff/ipv6';

/** Whether a socket may use addresses that are not this host's. */
export function ipv6CanNonlocalBind(sk: InetSk): boolean {
  return sk.freebind || sk.transparent || ipv6Net.of(sk.net).ipNonlocalBind !== 0;
}
