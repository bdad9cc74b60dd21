/** A device gets another name (`inetdev_changename` in `net/ipv4/devinet.c`). */
import type { NetDevice } from '@skbuff/core';
import { RTM_NEWADDR } from '@skbuff/uapi';
import { devinetNet, inetdevSysctlRegister } from './devinet.ts';
import { rtmsgIfa } from './devinet-fill.ts';
import type { InDevice } from './inetdevice.ts';

/** `inetdev_changename`: labels and settings follow the device's name. A stack that nobody looks into goes without. */
export function inetdevChangename(dev: NetDevice, inDev: InDevice): void {
  let named = 0;
  for (const ifa of inDev.ifaList) {
    const alias = /:.*$/.exec(ifa.label)?.[0] ?? `:${named + 1}`;
    const label = named++ === 0 ? dev.name : (dev.name + alias).length < 16 ? dev.name + alias : dev.name.slice(0, 15 - alias.length) + alias;
    ifa.label = label;
    rtmsgIfa(RTM_NEWADDR, ifa, null, 0);
  }
  devinetNet.of(dev.net).sysctls.get(dev)?.();
  // A name that is refused at birth is not refused here: the interface goes without files.
  inetdevSysctlRegister(dev, inDev);
}
