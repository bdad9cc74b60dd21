/** What address configuration keeps for a namespace. */
import { type Net, NetSlot } from '@skbuff/core';
import { in6DevGet, type Inet6Dev, type Inet6Ifaddr } from '@skbuff/ipv6';
import type { AddrconfRandom } from './addrconf-random.ts';
import type { DelayedWork } from './delayed-work.ts';

export interface AddrconfNet {
  readonly random: AddrconfRandom;
  /** `addr_chk_work`: looks after lifetimes. */
  readonly checkWork: DelayedWork;
  /** `addrconf_dad_work`. */
  readonly dadWork: (ifp: Inet6Ifaddr) => void;
  /** `addrconf_sysctl_register`, `snmp6_register_dev`: files for the settings and counters of an interface; 0, or -EINVAL for a name that is none for files. And no more. */
  readonly filesRegister: (idev: Inet6Dev) => number;
  readonly filesUnregister: (idev: Inet6Dev) => void;
}

export const addrconfNet: NetSlot<AddrconfNet> = new NetSlot<AddrconfNet>('addrconf');

/** The interfaces of a namespace that take part in IPv6. */
export function idevs(net: Net): Inet6Dev[] {
  return net.devList.flatMap((dev) => in6DevGet(dev) ?? []);
}
