/** Devices that change their namespace, and their fate when one dies (`net/core/dev.c`). */
import { EEXIST, EINVAL } from '@skbuff/uapi';
import { NETDEV_REGISTER, NETDEV_UNREGISTER } from '../notifier/netdev-events.ts';
import { destroyDevices } from '../pernet/net-namespace.ts';
import type { Net } from '../pernet/net.ts';
import { devClose } from './dev-open.ts';
import { callNetdeviceNotifiers } from './dev-notify.ts';
import { devShutdown } from './dev-activate.ts';
import { devGetValidName, devNewIndex, listNetdevice, unlistNetdevice } from './dev-register.ts';
import { IFF_NETNS_LOCAL, NETREG_REGISTERED, type NetDevice } from './netdevice.ts';
import { RTNL_CHANGE_ALL } from './rtnl-link-ops.ts';

/**
 * `dev_change_net_namespace`: moves a device, down, to another namespace. -EINVAL for a device that is local to its namespace; a
 * name that is taken there is replaced by `pattern`, or is -EEXIST without one. The index is kept if it is free.
 */
export function devChangeNetNamespace(dev: NetDevice, net: Net, pattern: string | null): number {
  if ((dev.privFlags & IFF_NETNS_LOCAL) !== 0) return -EINVAL;
  if (dev.regState !== NETREG_REGISTERED) return -EINVAL;
  if (dev.net === net) return 0;
  let name = dev.name;
  if (net.devByName.has(name)) {
    if (pattern === null) return -EEXIST;
    const valid = devGetValidName(net, pattern);
    if (typeof valid === 'number') return valid;
    name = valid;
  }
  if (dev.altnames.some((alt) => net.devByName.has(alt))) return -EEXIST;
  leave(dev);
  dev.net = net;
  dev.name = name;
  if (net.devByIndex.has(dev.ifindex)) dev.ifindex = devNewIndex(net);
  enter(dev);
  return 0;
}

function leave(dev: NetDevice): void {
  devClose(dev);
  unlistNetdevice(dev);
  dev.net.softnet.flushBacklog(dev);
  devShutdown(dev);
  callNetdeviceNotifiers(NETDEV_UNREGISTER, dev);
  dev.net.kernel.rtnl.linkRemoved(dev);
  dev.uc.flush();
  dev.mc.flush();
}

/** Too late for a veto: a protocol that refuses the device leaves it alone. */
function enter(dev: NetDevice): void {
  listNetdevice(dev);
  callNetdeviceNotifiers(NETDEV_REGISTER, dev);
  dev.net.kernel.rtnl.linkChanged(dev, RTNL_CHANGE_ALL);
}

/**
 * `default_device_exit_batch`: namespaces die. Devices of virtual kinds are destroyed with them; physical ones go home to the initial
 * namespace.
 */
export function defaultDeviceExit(nets: readonly Net[], home: Net | null): void {
  for (const net of nets) if (home !== null && home !== net) sendHome(net, home);
  destroyDevices(nets);
}

/** `default_device_exit_net`. */
function sendHome(net: Net, home: Net): void {
  for (const dev of [...net.devList]) {
    if ((dev.privFlags & IFF_NETNS_LOCAL) !== 0 || dev.rtnlLinkOps !== null) continue;
    const name = `dev${dev.ifindex}`;
    devChangeNetNamespace(dev, home, home.devByName.has(name) ? 'dev%d' : name);
  }
}
