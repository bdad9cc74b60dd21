/** Has an address tried before it is used (`addrconf_dad_start`). */
import { INET6_IFADDR_STATE_PREDAD, type Inet6Ifaddr } from '@skbuff/ipv6';
import { addrconfNet } from './addrconf-net.ts';
import { DelayedWork } from './delayed-work.ts';

/** `addrconf_dad_start`: the address is to be tried, soon. */
export function addrconfDadStart(ifp: Inet6Ifaddr): void {
  if (ifp.dead) return;
  ifp.state = INET6_IFADDR_STATE_PREDAD;
  addrconfModDadWork(ifp, 0);
}

/** `addrconf_mod_dad_work`: what is to be done next is done in `delay` jiffies. */
export function addrconfModDadWork(ifp: Inet6Ifaddr, delay: number): void {
  const { net } = ifp.idev.dev;
  ifp.dadWork ??= new DelayedWork(net.kernel, () => addrconfNet.of(ifp.idev.dev.net).dadWork(ifp), false);
  ifp.dadWork.mod(delay);
}
