/** `netdev_chain`: what happens to devices, for everybody inside the kernel who asked. */
import { NETDEV_DOWN, NETDEV_GOING_DOWN, NETDEV_REGISTER, NETDEV_UNREGISTER, NETDEV_UP } from '../notifier/netdev-events.ts';
import { type NotifierBlock, notifierToErrno } from '../notifier/notifier.ts';
import type { Kernel } from '../module/kernel.ts';
import type { NetDevice } from './netdevice.ts';
import type { ExtAck } from './rtnl-link-ops.ts';

/** `struct netdev_notifier_info`. */
export interface NetdevNotifierInfo {
  readonly dev: NetDevice;
  /** A subscriber that vetoes says why here. */
  readonly extack: ExtAck | null;
  /** NETDEV_CHANGE: the IFF_* that changed (`netdev_notifier_change_info`). */
  readonly flagsChanged: number;
}

export type NetdevNotifier = NotifierBlock<NetdevNotifierInfo>;

/** `call_netdevice_notifiers`: the last NOTIFY_* result. */
export function callNetdeviceNotifiers(event: number, dev: NetDevice, extack: ExtAck | null = null, flagsChanged = 0): number {
  return dev.net.kernel.netdevChain.callChain(event, { dev, extack, flagsChanged });
}

/**
 * `register_netdevice_notifier`: the new subscriber first hears REGISTER, and UP, of the devices that exist. A veto of one of
 * them refuses the subscription: the negative errno, after it heard that the devices before are gone again.
 */
export function registerNetdeviceNotifier(kernel: Kernel, nb: NetdevNotifier): number {
  const err = kernel.netdevChain.register(nb);
  if (err !== 0) return err;
  const told: NetDevice[] = [];
  for (const dev of allDevices(kernel)) {
    const vetoed = notifierToErrno(call(nb, NETDEV_REGISTER, dev));
    if (vetoed !== 0) {
      kernel.netdevChain.unregister(nb);
      for (const other of told.reverse()) replayGone(nb, other);
      return vetoed;
    }
    told.push(dev);
    if (dev.running()) call(nb, NETDEV_UP, dev);
  }
  return 0;
}

/** `unregister_netdevice_notifier`: the subscriber hears GOING_DOWN, DOWN and UNREGISTER of every device. -ENOENT if it is none. */
export function unregisterNetdeviceNotifier(kernel: Kernel, nb: NetdevNotifier): number {
  const err = kernel.netdevChain.unregister(nb);
  if (err === 0) for (const dev of allDevices(kernel)) replayGone(nb, dev);
  return err;
}

function allDevices(kernel: Kernel): NetDevice[] {
  return kernel.netns.list.flatMap((net) => net.devList);
}

function replayGone(nb: NetdevNotifier, dev: NetDevice): void {
  if (dev.running()) {
    call(nb, NETDEV_GOING_DOWN, dev);
    call(nb, NETDEV_DOWN, dev);
  }
  call(nb, NETDEV_UNREGISTER, dev);
}

function call(nb: NetdevNotifier, event: number, dev: NetDevice): number {
  return nb.notifierCall(nb, event, { dev, extack: null, flagsChanged: 0 });
}
