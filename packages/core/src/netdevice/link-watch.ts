/**
 * Carrier, operational state and the worker that reports them (`net/core/link_watch.c`): several changes before it runs give one
 * event.
 */
import {
  IFF_UP,
  IF_LINK_MODE_DORMANT,
  IF_OPER_DORMANT,
  IF_OPER_DOWN,
  IF_OPER_LOWERLAYERDOWN,
  IF_OPER_TESTING,
  IF_OPER_UNKNOWN,
  IF_OPER_UP,
} from '@skbuff/uapi';
import { NETDEV_CHANGE } from '../notifier/netdev-events.ts';
import { devActivate, devDeactivate } from './dev-activate.ts';
import { callNetdeviceNotifiers } from './dev-notify.ts';
import {
  LINK_STATE_DORMANT,
  LINK_STATE_LINKWATCH_PENDING,
  LINK_STATE_NOCARRIER,
  LINK_STATE_TESTING,
  NETREG_REGISTERED,
  NETREG_UNINITIALIZED,
  type NetDevice,
} from './netdevice.ts';

/** `netif_carrier_on`: the link came up. */
export function netifCarrierOn(dev: NetDevice): void {
  if (dev.carrierOk()) return;
  dev.state &= ~LINK_STATE_NOCARRIER;
  if (dev.regState === NETREG_UNINITIALIZED) return;
  dev.carrierUpCount++;
  linkwatchFireEvent(dev);
}

/** `netif_carrier_off`: the link was lost. */
export function netifCarrierOff(dev: NetDevice): void {
  if (!dev.carrierOk()) return;
  dev.state |= LINK_STATE_NOCARRIER;
  if (dev.regState === NETREG_UNINITIALIZED) return;
  dev.carrierDownCount++;
  linkwatchFireEvent(dev);
}

/** `netif_dormant_on`: up, but waiting for an external event (RFC 2863 §3.1.12). */
export function netifDormantOn(dev: NetDevice): void {
  if (dev.dormant()) return;
  dev.state |= LINK_STATE_DORMANT;
  linkwatchFireEvent(dev);
}

export function netifDormantOff(dev: NetDevice): void {
  if (!dev.dormant()) return;
  dev.state &= ~LINK_STATE_DORMANT;
  linkwatchFireEvent(dev);
}

/** `netif_testing_on`: under test, and no use for anything else (RFC 2863 §3.1.12). */
export function netifTestingOn(dev: NetDevice): void {
  if (dev.testing()) return;
  dev.state |= LINK_STATE_TESTING;
  linkwatchFireEvent(dev);
}

export function netifTestingOff(dev: NetDevice): void {
  if (!dev.testing()) return;
  dev.state &= ~LINK_STATE_TESTING;
  linkwatchFireEvent(dev);
}

/** `linkwatch_fire_event`: the worker shall look at the device. */
export function linkwatchFireEvent(dev: NetDevice): void {
  if ((dev.state & LINK_STATE_LINKWATCH_PENDING) !== 0 || dev.regState !== NETREG_REGISTERED) return;
  dev.state |= LINK_STATE_LINKWATCH_PENDING;
  dev.hold();
  dev.net.kernel.scheduleWork(() => {
    linkwatchDoDev(dev);
    dev.put();
  });
}

/** `linkwatch_do_dev`: what the worker does; also called at once by whoever cannot wait (a dump, an unregistration). */
export function linkwatchDoDev(dev: NetDevice): void {
  dev.state &= ~LINK_STATE_LINKWATCH_PENDING;
  rfc2863Policy(dev);
  if ((dev.flags & IFF_UP) === 0 || dev.regState !== NETREG_REGISTERED) return;
  if (dev.carrierOk()) devActivate(dev);
  else devDeactivate(dev);
  netdevStateChange(dev);
}

/** `netdev_state_change`: NETDEV_CHANGE and RTM_NEWLINK. */
export function netdevStateChange(dev: NetDevice): void {
  if ((dev.flags & IFF_UP) === 0) return;
  callNetdeviceNotifiers(NETDEV_CHANGE, dev);
  dev.net.kernel.rtnl.linkChanged(dev, 0);
}

/** `linkwatch_init_dev`: operational state of a device that is being registered. */
export function initOperstate(dev: NetDevice): void {
  if (!dev.carrierOk() || dev.dormant() || dev.testing()) rfc2863Policy(dev);
}

/** `rfc2863_policy`. */
function rfc2863Policy(dev: NetDevice): void {
  let state = defaultOperstate(dev);
  if (dev.linkMode === IF_LINK_MODE_DORMANT && state === IF_OPER_UP) state = IF_OPER_DORMANT;
  dev.operstate = state;
}

function defaultOperstate(dev: NetDevice): number {
  if (dev.testing()) return IF_OPER_TESTING;
  if (!dev.carrierOk()) {
    const iflink = dev.ops.ndoGetIflink?.(dev) ?? dev.ifindex;
    // Linux looks the number up here, even if it belongs to a device of another namespace.
    const lower = iflink === dev.ifindex ? null : dev.net.devGetByIndex(iflink);
    return lower !== null && !lower.carrierOk() ? IF_OPER_LOWERLAYERDOWN : IF_OPER_DOWN;
  }
  return dev.dormant() ? IF_OPER_DORMANT : IF_OPER_UP;
}

/**
 * `set_operstate` by user space (`ip link set … state`): UP ends a test, or a wait that the driver does not share; DORMANT and TESTING
 * hold up what is up. Any other wish changes nothing.
 */
export function setOperstate(dev: NetDevice, wanted: number): void {
  const state = dev.operstate;
  const waiting = state === IF_OPER_DORMANT || state === IF_OPER_TESTING || state === IF_OPER_UNKNOWN;
  const up = state === IF_OPER_UP || state === IF_OPER_UNKNOWN;
  const allowed = wanted === IF_OPER_UP ? waiting && !dev.dormant() && !dev.testing() : (wanted === IF_OPER_DORMANT || wanted === IF_OPER_TESTING) && up;
  if (!allowed) return;
  dev.operstate = wanted;
  netdevStateChange(dev);
}
