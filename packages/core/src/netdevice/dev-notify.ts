/** `netdev_chain`: what happens to devices, for everybody inside the kernel who asked. */
import { NETDEV_REGISTER, NETDEV_UP } from '../notifier/netdev-events.ts';
import type { NotifierBlock } from '../notifier/notifier.ts';
import { NOTIFY_STOP_MASK } from '../notifier/notifier.ts';
import type { Kernel } from '../module/kernel.ts';
import type { NetDevice } from './netdevice.ts';
import type { ExtAck } from './rtnl-link-ops.ts';

/** `struct netdev_notifier_info`. */
export interface NetdevNotifierInfo {
  readonly dev: NetDevice;
  /** A subscriber that vetoes says why here. */
  readonly extack: ExtAck | null;
}

export type NetdevNotifier = NotifierBlock<NetdevNotifierInfo>;

/** `call_netdevice_notifiers`: the last NOTIFY_* result. */
export function callNetdeviceNotifiers(event: number, dev: NetDevice, extack: ExtAck | null = null): number {
  return dev.net.kernel.netdevChain.callChain(event, { dev, extack });
}

/**
 * `register_netdevice_notifier`: the new subscriber first hears REGISTER, and UP, of the devices that exist. A veto of one of
 * them refuses the subscription: the negative errno.
 */
export function registerNetdeviceNotifier(kernel: Kernel, nb: NetdevNotifier): number {
  const err = kernel.netdevChain.register(nb);
  if (err !== 0) return err;
  for (const net of kernel.netns.list) {
    for (const dev of net.devList) {
      const result = nb.notifierCall(nb, NETDEV_REGISTER, { dev, extack: null });
      if ((result & NOTIFY_STOP_MASK) !== 0 && (result & ~NOTIFY_STOP_MASK) > 1) {
        kernel.netdevChain.unregister(nb);
        return 1 - (result & ~NOTIFY_STOP_MASK);
      }
      if (dev.running()) nb.notifierCall(nb, NETDEV_UP, { dev, extack: null });
    }
  }
  return 0;
}
