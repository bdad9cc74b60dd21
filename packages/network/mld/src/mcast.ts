/** Into groups and out of them (`net/ipv6/mcast.c`). */
import { devSetRxMode, type NetDevice, TimerList } from '@skbuff/core';
import { in6DevGet, type Inet6Dev, inet6FillIfmcaddr, IPV6_ADDR_SCOPE_LINKLOCAL, ipv6AddrMcScope, ndiscMcMap } from '@skbuff/ipv6';
import { NlMsgBuilder, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import {
  EINVAL,
  ENODEV,
  ENOENT,
  ESRCH,
  ICMPV6_MGM_REDUCTION,
  ICMPV6_MGM_REPORT,
  IFF_UP,
  MCAST_EXCLUDE,
  MCAST_INCLUDE,
  NLMSG_HDRLEN,
  RTM_DELMULTICAST,
  RTM_NEWMULTICAST,
  RTNLGRP_IPV6_MCADDR,
  RT_SCOPE_UNIVERSE,
} from '@skbuff/uapi';
import { type In6Addr, in6addrLinklocalAllnodes, in6addrLinklocalAllrouters } from '@skbuff/wire';
import { Ifmcaddr6, MAF_LAST_REPORTER, MAF_LOADED, MAF_NOREPORT, MAF_TIMER_RUNNING } from './ifmcaddr6.ts';
import { type McastDev, mcastOf } from './mcast-dev.ts';
import { igmp6Send } from './mld-packet.ts';
import { mldSendReport } from './mld-report.ts';

/** `__ipv6_dev_mc_inc`: see `MldOps.mcInc`. */
export function ipv6DevMcInc(dev: NetDevice, addr: In6Addr, mode: number = MCAST_EXCLUDE): number {
  const idev = in6DevGet(dev);
  const mc = mcastOf(dev);
  if (idev === null || mc === null) return -EINVAL;
  if (idev.dead) return -ENODEV;
  const known = mc.find(addr);
  if (known !== null) {
    known.users++;
    if (known.addSrc(mode, [], false, mc.qrv)) mc.ifcEvent();
    return 0;
  }
  const group = new Ifmcaddr6(addr.clone(), mode, dev.net.timers.jiffies);
  group.timer = new TimerList(() => mcaWork(mc, group));
  mc.groups.unshift(group);
  delDelrec(mc, group);
  groupAdded(mc, group);
  notify(dev, group, RTM_NEWMULTICAST);
  return 0;
}

/** `__ipv6_dev_mc_dec`: see `MldOps.mcDec`. */
export function ipv6DevMcDec(idev: Inet6Dev, addr: In6Addr): number {
  const mc = mcastOf(idev.dev);
  const group = mc?.find(addr) ?? null;
  if (mc === null || group === null) return -ENOENT;
  if (--group.users !== 0) return 0;
  mc.groups.splice(mc.groups.indexOf(group), 1);
  groupDropped(mc, group);
  notify(idev.dev, group, RTM_DELMULTICAST);
  return 0;
}

/** `ip6_mc_add_src`: see `MldOps.mcAddSrc`. */
export function ip6McAddSrc(idev: Inet6Dev, addr: In6Addr, mode: number, sources: readonly In6Addr[], delta: boolean): number {
  const mc = mcastOf(idev.dev);
  const group = mc?.find(addr) ?? null;
  if (mc === null || group === null) return -ESRCH;
  if (group.addSrc(mode, sources, delta, mc.qrv)) mc.ifcEvent();
  return 0;
}

/** `ip6_mc_del_src`: see `MldOps.mcDelSrc`. */
export function ip6McDelSrc(idev: Inet6Dev, addr: In6Addr, mode: number, sources: readonly In6Addr[], delta: boolean): number {
  const mc = mcastOf(idev.dev);
  const group = mc?.find(addr) ?? null;
  if (mc === null || group === null) return -ESRCH;
  const { err, changed } = group.delSrc(mode, sources, delta, mc.qrv, !mc.inV1Mode());
  if (changed) mc.ifcEvent();
  return err;
}

/** `ipv6_chk_mcast_addr`: see `MldOps.chkMcastAddr`. Who has no address yet may send to whoever listens. */
export function ipv6ChkMcastAddr(dev: NetDevice, addr: In6Addr, saddr: In6Addr | null): boolean {
  const mc = mcastOf(dev);
  const group = mc === null ? null : mc.find(addr);
  return group !== null && (saddr === null || saddr.isAny() || group.allows(saddr));
}

/** `igmp6_group_added`: the device's filter gets the group, and routers hear of it. */
export function groupAdded(mc: McastDev, group: Ifmcaddr6): void {
  const { dev } = mc.idev;
  if (ipv6AddrMcScope(group.addr) < IPV6_ADDR_SCOPE_LINKLOCAL) return;
  if ((group.flags & MAF_LOADED) === 0) {
    group.flags |= MAF_LOADED;
    changeFilter(dev, group.addr, true);
  }
  if ((dev.flags & IFF_UP) === 0 || (group.flags & MAF_NOREPORT) !== 0) return;
  if (mc.inV1Mode()) {
    joinGroup(mc, group);
    return;
  }
  // Nobody was listened to before: sources that are are new ones, and the mode has not changed (RFC 3810 §6.1).
  if (group.sfmode === MCAST_EXCLUDE) group.retransmit = mc.qrv;
  mc.ifcEvent();
}

/** `igmp6_group_dropped`: the opposite. */
export function groupDropped(mc: McastDev, group: Ifmcaddr6): void {
  if (ipv6AddrMcScope(group.addr) < IPV6_ADDR_SCOPE_LINKLOCAL) return;
  if ((group.flags & MAF_LOADED) !== 0) {
    group.flags &= ~MAF_LOADED;
    changeFilter(mc.idev.dev, group.addr, false);
  }
  if ((group.flags & MAF_NOREPORT) !== 0) return;
  if (!mc.idev.dead) leaveGroup(mc, group);
  stopGroupTimer(mc, group);
}

function changeFilter(dev: NetDevice, group: In6Addr, add: boolean): void {
  const addr = ndiscMcMap(group.w3, dev);
  if (addr === null) return;
  if (add) dev.mc.add(addr, dev.addrLen, false);
  else dev.mc.del(addr, dev.addrLen, false);
  devSetRxMode(dev);
}

/** `igmp6_join_group` (RFC 2710 §4): one report now, one more later. */
function joinGroup(mc: McastDev, group: Ifmcaddr6): void {
  const { kernel, timers } = mc.net;
  igmp6Send(group.addr, mc.idev.dev, ICMPV6_MGM_REPORT);
  const delay = kernel.random.below(mc.unsolicitedReportInterval());
  const timer = group.timer as TimerList;
  if (!timer.pending()) timers.modTimer(timer, timers.jiffies + delay);
  group.flags |= MAF_TIMER_RUNNING | MAF_LAST_REPORTER;
}

/** `igmp6_leave_group`: by MLDv1 only who reported last says so. */
function leaveGroup(mc: McastDev, group: Ifmcaddr6): void {
  if (!mc.inV1Mode()) {
    addDelrec(mc, group);
    mc.ifcEvent();
  } else if ((group.flags & MAF_LAST_REPORTER) !== 0) igmp6Send(group.addr, mc.idev.dev, ICMPV6_MGM_REDUCTION);
}

/** `mld_mca_work`: the time of one group's report has come. */
function mcaWork(mc: McastDev, group: Ifmcaddr6): void {
  if (mc.inV1Mode()) igmp6Send(group.addr, mc.idev.dev, ICMPV6_MGM_REPORT);
  else mldSendReport(mc, group);
  group.flags = (group.flags | MAF_LAST_REPORTER) & ~MAF_TIMER_RUNNING;
}

/** @internal True if it was to report. The flag stays. */
export function stopGroupTimer(mc: McastDev, group: Ifmcaddr6): boolean {
  return mc.net.timers.delTimer(group.timer as TimerList);
}

/** `mld_add_delrec`: a group that was left is remembered, with the sources that were listened to. */
function addDelrec(mc: McastDev, group: Ifmcaddr6): void {
  const record = new Ifmcaddr6(group.addr, group.sfmode, group.cstamp);
  record.retransmit = mc.qrv;
  if (group.sfmode === MCAST_INCLUDE) {
    record.sources = group.sources;
    record.gone = group.gone;
    group.sources = [];
    group.gone = [];
    for (const source of record.sources) source.retransmit = record.retransmit;
  }
  mc.tomb.unshift(record);
}

/** `mld_del_delrec`: a group that was left is there again. */
function delDelrec(mc: McastDev, group: Ifmcaddr6): void {
  const at = mc.tomb.findIndex(({ addr }) => addr.equals(group.addr));
  if (at < 0) return;
  const [record] = mc.tomb.splice(at, 1) as [Ifmcaddr6];
  if (group.sfmode !== MCAST_INCLUDE) {
    group.retransmit = mc.qrv;
    return;
  }
  group.gone = record.gone;
  group.sources = record.sources;
  for (const source of group.sources) source.retransmit = mc.qrv;
}

/** Where `struct ifaddrmsg` has the scope. */
const IFA_SCOPE: number = NLMSG_HDRLEN + 3;

/** `inet6_ifmcaddr_notify`: tells RTNLGRP_IPV6_MCADDR. Other than in a dump, every group is said to be of universal scope. */
function notify(dev: NetDevice, group: Ifmcaddr6, event: number): void {
  if (!rtnlHasListeners(dev.net, RTNLGRP_IPV6_MCADDR)) return;
  const b = new NlMsgBuilder();
  const nlh = inet6FillIfmcaddr(b, dev, group, { event, flags: 0, seq: 0, portid: 0, netnsid: -1 });
  b.buf[nlh + IFA_SCOPE] = RT_SCOPE_UNIVERSE;
  b.nlmsgEnd(nlh);
  rtnlNotify(dev.net, b.bytes(), 0, RTNLGRP_IPV6_MCADDR, null);
}

/** `ipv6_mc_up`: all groups are new to whoever is on the link. */
export function ipv6McUp(mc: McastDev): void {
  mc.reset();
  for (const group of mc.groups) {
    delDelrec(mc, group);
    groupAdded(mc, group);
  }
}

/** `ipv6_mc_unmap`: the link-layer addresses of groups are about to change. */
export function ipv6McUnmap(mc: McastDev): void {
  for (const group of mc.groups) groupDropped(mc, group);
}

/** `ipv6_mc_down`: memberships stay, the device's filter goes. */
export function ipv6McDown(mc: McastDev): void {
  ipv6McUnmap(mc);
  mc.stopTimers();
}

/** `ipv6_mc_destroy_dev`. */
export function ipv6McDestroyDev(mc: McastDev): void {
  ipv6McDown(mc);
  mc.clearDelrec();
  ipv6DevMcDec(mc.idev, in6addrLinklocalAllnodes);
  if (mc.idev.cnf.forwarding !== 0) ipv6DevMcDec(mc.idev, in6addrLinklocalAllrouters);
  mc.groups.length = 0;
  // To have left the groups of routers would be reported, where the device stays and only this package goes.
  mc.stopTimers();
}
