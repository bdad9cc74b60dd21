/** Up, down, flags, presence (`net/core/dev.c`). All under RTNL. */
import {
  ENODEV,
  IFF_ALLMULTI,
  IFF_AUTOMEDIA,
  IFF_DEBUG,
  IFF_DORMANT,
  IFF_DYNAMIC,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_NOTRAILERS,
  IFF_PORTSEL,
  IFF_PROMISC,
  IFF_RUNNING,
  IFF_UP,
  IFF_VOLATILE,
} from '@skbuff/uapi';
import { NETDEV_CHANGE, NETDEV_DOWN, NETDEV_GOING_DOWN, NETDEV_PRE_UP, NETDEV_UP } from '../notifier/netdev-events.ts';
import { notifierToErrno } from '../notifier/notifier.ts';
import { devActivate, devDeactivate, netdevWatchdogUp } from './dev-activate.ts';
import { callNetdeviceNotifiers } from './dev-notify.ts';
import { devSetRxMode, setAllmulti, setPromiscuity } from './dev-rx-mode.ts';
import { LINK_STATE_PRESENT, LINK_STATE_START, type NetDevice } from './netdevice.ts';
import { netifStopQueue, netifWakeQueue } from './netif-queue.ts';
import type { ExtAck } from './rtnl-link-ops.ts';

/** Flags that a user may set besides UP, PROMISC, ALLMULTI and MULTICAST. */
const USER_FLAGS = IFF_DEBUG | IFF_NOTRAILERS | IFF_NOARP | IFF_DYNAMIC | IFF_MULTICAST | IFF_PORTSEL | IFF_AUTOMEDIA;

/** `dev_open`: 0 also if it is up already; -ENODEV for an absent device, a veto's errno, or what the driver says. */
export function devOpen(dev: NetDevice, extack: ExtAck | null = null): number {
  if ((dev.flags & IFF_UP) !== 0) return 0;
  const err = openDevice(dev, extack);
  if (err !== 0) return err;
  dev.net.kernel.rtnl.linkChanged(dev, IFF_UP | IFF_RUNNING);
  callNetdeviceNotifiers(NETDEV_UP, dev);
  return 0;
}

/** `__dev_open`. */
function openDevice(dev: NetDevice, extack: ExtAck | null): number {
  if (!dev.present()) return -ENODEV;
  const vetoed = notifierToErrno(callNetdeviceNotifiers(NETDEV_PRE_UP, dev, extack));
  if (vetoed !== 0) return vetoed;
  dev.state |= LINK_STATE_START;
  const invalid = dev.ops.ndoValidateAddr?.(dev) ?? 0;
  const err = invalid !== 0 ? invalid : (dev.ops.ndoOpen?.(dev) ?? 0);
  if (err !== 0) {
    dev.state &= ~LINK_STATE_START;
    return err;
  }
  dev.flags |= IFF_UP;
  devSetRxMode(dev);
  devActivate(dev);
  return 0;
}

/** `dev_close`: nothing if it is down. */
export function devClose(dev: NetDevice): void {
  if ((dev.flags & IFF_UP) === 0) return;
  closeDevice(dev);
  dev.net.kernel.rtnl.linkChanged(dev, IFF_UP | IFF_RUNNING);
  callNetdeviceNotifiers(NETDEV_DOWN, dev);
}

/** `__dev_close`. */
function closeDevice(dev: NetDevice): void {
  callNetdeviceNotifiers(NETDEV_GOING_DOWN, dev);
  dev.state &= ~LINK_STATE_START;
  devDeactivate(dev);
  dev.ops.ndoStop?.(dev);
  dev.flags &= ~IFF_UP;
}

/** `dev_get_flags`: as user space sees them; RUNNING, LOWER_UP and DORMANT are computed, PROMISC and ALLMULTI are the user's. */
export function devGetFlags(dev: NetDevice): number {
  let flags = dev.flags & ~(IFF_PROMISC | IFF_ALLMULTI | IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT);
  flags |= dev.gflags & (IFF_PROMISC | IFF_ALLMULTI);
  if (!dev.running()) return flags;
  if (dev.operUp()) flags |= IFF_RUNNING;
  if (dev.carrierOk()) flags |= IFF_LOWER_UP;
  if (dev.dormant()) flags |= IFF_DORMANT;
  return flags;
}

/** `dev_change_flags`: what `ip link set … up/down/promisc/arp` comes to. 0 or a negative errno. */
export function devChangeFlags(dev: NetDevice, flags: number, extack: ExtAck | null = null): number {
  const oldFlags = dev.flags;
  const oldGflags = dev.gflags;
  const err = changeFlags(dev, flags, extack);
  if (err !== 0) return err;
  devNotifyFlags(dev, oldFlags, (oldFlags ^ dev.flags) | (oldGflags ^ dev.gflags));
  return 0;
}

/** `__dev_change_flags`. */
function changeFlags(dev: NetDevice, flags: number, extack: ExtAck | null): number {
  const old = dev.flags;
  dev.flags = (flags & USER_FLAGS) | (dev.flags & (IFF_UP | IFF_VOLATILE | IFF_PROMISC | IFF_ALLMULTI));
  if (((old ^ flags) & IFF_MULTICAST) !== 0) dev.ops.ndoChangeRxFlags?.(dev, IFF_MULTICAST);
  devSetRxMode(dev);
  let err = 0;
  if (((old ^ flags) & IFF_UP) !== 0) {
    if ((old & IFF_UP) !== 0) closeDevice(dev);
    else err = openDevice(dev, extack);
  }
  if (((flags ^ dev.gflags) & IFF_PROMISC) !== 0) {
    dev.gflags ^= IFF_PROMISC;
    setPromiscuity(dev, (flags & IFF_PROMISC) !== 0 ? 1 : -1, false);
  }
  if (((flags ^ dev.gflags) & IFF_ALLMULTI) !== 0) {
    dev.gflags ^= IFF_ALLMULTI;
    setAllmulti(dev, (flags & IFF_ALLMULTI) !== 0 ? 1 : -1, false);
  }
  return err;
}

/** `__dev_notify_flags`. */
function devNotifyFlags(dev: NetDevice, oldFlags: number, changes: number): void {
  if (changes !== 0) dev.net.kernel.rtnl.linkChanged(dev, changes);
  if ((changes & IFF_UP) !== 0) callNetdeviceNotifiers((dev.flags & IFF_UP) !== 0 ? NETDEV_UP : NETDEV_DOWN, dev);
  const other = (oldFlags ^ dev.flags) & ~(IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_VOLATILE);
  if ((dev.flags & IFF_UP) !== 0 && other !== 0) callNetdeviceNotifiers(NETDEV_CHANGE, dev, null, changes);
}

/** `netif_device_detach`: the hardware is gone; the device cannot be opened meanwhile. */
export function netifDeviceDetach(dev: NetDevice): void {
  if (!dev.present()) return;
  dev.state &= ~LINK_STATE_PRESENT;
  if (dev.running()) for (const queue of dev.tx) netifStopQueue(queue);
}

/** `netif_device_attach`: it is back; queues go on. */
export function netifDeviceAttach(dev: NetDevice): void {
  if (dev.present()) return;
  dev.state |= LINK_STATE_PRESENT;
  if (!dev.running()) return;
  for (const queue of dev.tx) netifWakeQueue(queue);
  netdevWatchdogUp(dev);
}
