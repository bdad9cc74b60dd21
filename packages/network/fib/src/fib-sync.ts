/** Links and addresses come and go: which next hops die, which live again (`fib_sync_down_dev`, `fib_sync_up`, `fib_sync_down_addr`). */
import { NETDEV_CHANGE, NETDEV_UNREGISTER, type NetDevice, devGetFlags } from '@skbuff/core';
import { inDevGet } from '@skbuff/ipv4';
import { IFF_LOWER_UP, IFF_RUNNING, IFF_UP, RTNH_F_DEAD, RTNH_F_LINKDOWN, RT_SCOPE_NOWHERE } from '@skbuff/uapi';
import type { FibInfo } from './fib-info.ts';
import { type FibNet, fibDevNexthops } from './fib-net.ts';
import { fibRebalance } from './fib-multipath.ts';

function infosOn(dev: NetDevice): FibInfo[] {
  return [...new Set([...fibDevNexthops(dev)].map((nh) => nh.parent))];
}

/**
 * `fib_sync_down_dev`: the device lost its carrier (NETDEV_CHANGE), went down or away. Addresses of this host stay reachable over other
 * links while it is only down (`force` false). Returns how many infos have no next hop left.
 */
export function fibSyncDownDev(dev: NetDevice, event: number, force: boolean): number {
  const mark = event === NETDEV_CHANGE ? RTNH_F_LINKDOWN : RTNH_F_DEAD | RTNH_F_LINKDOWN;
  let downed = 0;
  for (const fi of infosOn(dev)) {
    let dead = 0;
    for (const nh of fi.nhs) {
      const hit = nh.dev === dev && (force || nh.scope !== RT_SCOPE_NOWHERE);
      if (hit && (nh.flags & RTNH_F_DEAD) === 0) nh.flags |= mark;
      if (hit || (nh.flags & RTNH_F_DEAD) !== 0) dead++;
      // A route with a hop that no longer exists cannot be shown, so it goes whole.
      if (event === NETDEV_UNREGISTER && nh.dev === dev) {
        dead = fi.nhs.length;
        break;
      }
    }
    if (dead === fi.nhs.length) {
      fi.flags |= mark;
      downed++;
    }
    fibRebalance(fi);
  }
  return downed;
}

/** `fib_sync_up`: the device is up (`flags` RTNH_F_DEAD) or has its carrier back (LINKDOWN). Returns how many infos live again. */
export function fibSyncUp(dev: NetDevice, flags: number): number {
  if ((dev.flags & IFF_UP) === 0 || inDevGet(dev) === null) return 0;
  if ((flags & RTNH_F_DEAD) !== 0 && (devGetFlags(dev) & (IFF_RUNNING | IFF_LOWER_UP)) !== 0) flags |= RTNH_F_LINKDOWN;
  let revived = 0;
  for (const fi of infosOn(dev)) {
    let alive = 0;
    for (const nh of fi.nhs) {
      if ((nh.flags & flags) === 0) alive++;
      else if (nh.dev === dev) {
        alive++;
        nh.flags &= ~flags;
      }
    }
    if (alive > 0) {
      fi.flags &= ~flags;
      revived++;
    }
    fibRebalance(fi);
  }
  return revived;
}

/** `fib_sync_down_addr`: an address of this host is gone; routes that prefer it as their source die. Returns how many infos. */
export function fibSyncDownAddr(state: FibNet, addr: number): number {
  let downed = 0;
  for (const fi of state.infos.withPrefsrc(addr)) {
    fi.flags |= RTNH_F_DEAD;
    fi.pfsrcRemoved = true;
    downed++;
  }
  return downed;
}

/** `fib_sync_mtu`: the device's MTU changed from `from`; what was learned about paths behind it may not exceed it, or follows it. */
export function fibSyncMtu(dev: NetDevice, from: number): void {
  for (const nh of fibDevNexthops(dev)) {
    if (nh.exceptions === null) continue;
    for (const e of nh.exceptions.all()) {
      if (e.mtuLocked) {
        if (dev.mtu > e.pmtu) continue;
        e.pmtu = dev.mtu;
        e.mtuLocked = false;
      } else if (dev.mtu < e.pmtu || e.pmtu === from) e.pmtu = dev.mtu;
    }
  }
}
