/** Entries of a table: how they come and go (`ip6mr_mfc_add`, `ip6mr_mfc_delete`, `mroute_clean_tables`). */
import { SKB_DROP_REASON_NOT_SPECIFIED } from '@skbuff/core';
import {
  EINVAL,
  ENFILE,
  ENOENT,
  MAXMIFS,
  MRT6_FLUSH_MFC,
  MRT6_FLUSH_MFC_STATIC,
  MRT6_FLUSH_MIFS,
  MRT6_FLUSH_MIFS_STATIC,
  RTM_DELROUTE,
  RTM_NEWROUTE,
} from '@skbuff/uapi';
import { ip6MrForward } from './ip6mr-forward.ts';
import { mif6Delete } from './ip6mr-mif.ts';
import { mr6NetlinkEvent } from './ip6mr-netlink.ts';
import { ifIsset, type Mf6cCtl } from './mfc6-structs.ts';
import { MFC_STATIC, Mfc6Cache, type Mfc6Unres, type Mr6Table, NO_TTL, VIFF_STATIC } from './mr6-table.ts';

/** `ip6mr_mfc_add`: a new entry, or another answer of one; what waited for it goes. `parent` negative: an entry whichever parent it has. */
export function ip6mrMfcAdd(mrt: Mr6Table, ctl: Mf6cCtl, byDaemon: boolean, parent: number): number {
  if (ctl.parent >= MAXMIFS) return -ENFILE;
  const known = mrt.find(ctl.origin, ctl.group, parent);
  if (known === null && !ctl.group.isAny() && !ctl.group.isMulticast()) return -EINVAL;
  const c = known ?? new Mfc6Cache(ctl.origin, ctl.group, ctl.parent);
  c.parent = ctl.parent;
  updateThresholds(mrt, c, ctl.ifset);
  if (!byDaemon) c.flags |= MFC_STATIC;
  if (known === null) {
    mrt.insert(c);
    resolve(mrt, c);
  }
  mr6NetlinkEvent(mrt, c, RTM_NEWROUTE);
  return 0;
}

/** `ip6mr_update_thresholds`. */
function updateThresholds(mrt: Mr6Table, c: Mfc6Cache, ifset: number): void {
  c.ttls.fill(NO_TTL);
  c.minvif = MAXMIFS;
  c.maxvif = 0;
  for (let vifi = 0; vifi < mrt.maxvif; vifi++) {
    if (mrt.vifs[vifi] === null || !ifIsset(ifset, vifi)) continue;
    c.ttls[vifi] = 1;
    c.minvif = Math.min(c.minvif, vifi);
    c.maxvif = vifi + 1;
  }
  c.lastuse = mrt.net.timers.jiffies;
}

/** `ip6mr_cache_resolve`: packets that waited go their way. */
function resolve(mrt: Mr6Table, c: Mfc6Cache): void {
  const at = mrt.unres.findIndex(({ origin, group }) => origin.equals(c.origin) && group.equals(c.group));
  if (at < 0) return;
  const [waiting] = mrt.unres.splice(at, 1) as [Mfc6Unres];
  if (mrt.unres.length === 0) mrt.net.timers.delTimer(mrt.expireTimer);
  for (const skb of waiting.queue) ip6MrForward(mrt, skb.dev === null ? -1 : mrt.findVif(skb.dev), skb, c);
}

/** `ip6mr_mfc_delete`: 0 or -ENOENT. */
export function ip6mrMfcDelete(mrt: Mr6Table, ctl: Mf6cCtl, parent: number): number {
  const c = mrt.find(ctl.origin, ctl.group, parent);
  if (c === null) return -ENOENT;
  mrt.remove(c);
  mr6NetlinkEvent(mrt, c, RTM_DELROUTE);
  return 0;
}

/** `ipmr_expire_process`: nobody said where the packets go. All wait equally long: the last in the list came first. */
export function ip6mrExpireProcess(mrt: Mr6Table): void {
  const { timers } = mrt.net;
  const over = mrt.unres.findIndex(({ expires }) => expires <= timers.jiffies);
  if (over >= 0) for (const c of mrt.unres.splice(over)) destroyUnres(mrt, c);
  const next = mrt.unres.at(-1);
  if (next !== undefined) timers.modTimer(mrt.expireTimer, next.expires);
}

/** `ip6mr_destroy_unres`, of one that is off the list. */
function destroyUnres(mrt: Mr6Table, c: Mfc6Unres): void {
  for (const skb of c.queue) skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  mr6NetlinkEvent(mrt, c, RTM_DELROUTE);
}

/** `mroute_clean_tables`: what `flags` (MRT6_FLUSH_*) say. */
export function mrouteCleanTables(mrt: Mr6Table, flags: number): void {
  if ((flags & (MRT6_FLUSH_MIFS | MRT6_FLUSH_MIFS_STATIC)) !== 0) {
    for (let i = 0; i < mrt.maxvif; i++) {
      const vif = mrt.vifs[i];
      if (vif && chosen(flags, (vif.flags & VIFF_STATIC) !== 0, MRT6_FLUSH_MIFS, MRT6_FLUSH_MIFS_STATIC)) mif6Delete(mrt, i);
    }
  }
  if ((flags & (MRT6_FLUSH_MFC | MRT6_FLUSH_MFC_STATIC)) === 0) return;
  for (const c of [...mrt.mfcs]) {
    if (!chosen(flags, (c.flags & MFC_STATIC) !== 0, MRT6_FLUSH_MFC, MRT6_FLUSH_MFC_STATIC)) continue;
    mrt.remove(c);
    mr6NetlinkEvent(mrt, c, RTM_DELROUTE);
  }
  if ((flags & MRT6_FLUSH_MFC) === 0) return;
  for (const c of mrt.unres.splice(0)) destroyUnres(mrt, c);
  mrt.net.timers.delTimer(mrt.expireTimer);
}

function chosen(flags: number, isStatic: boolean, daemons: number, statics: number): boolean {
  return (flags & (isStatic ? statics : daemons)) !== 0;
}
