/** Addresses and devices make routes (`net/ipv4/fib_frontend.c`). */
import {
  NETDEV_CHANGE,
  NETDEV_CHANGEMTU,
  NETDEV_DOWN,
  NETDEV_PRECHANGEMTU,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  DevSlot,
  type NetDevice,
  devGetFlags,
} from '@skbuff/core';
import { type InDevice, type InIfaddr, inDevGet } from '@skbuff/ipv4';
import {
  IFA_F_NOPREFIXROUTE,
  IFA_F_SECONDARY,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_RUNNING,
  IFF_UP,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NUD_FAILED,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_UNICAST,
  RTPROT_KERNEL,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { NEIGH_UPDATE_F_ADMIN, NEIGH_UPDATE_F_OVERRIDE, NUD_VALID, neighUpdate } from '@skbuff/neighbour';
import { ipv4IsZeronet } from '@skbuff/wire';
import { FibConfig } from './fib-config.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import { fibSyncDownAddr, fibSyncDownDev, fibSyncMtu, fibSyncUp } from './fib-sync.ts';
import { fibFlush, fibNewTable, fibTableDelete, fibTableInsert } from './fib-tables.ts';
import { inetAddrTypeIn } from './inet-addr-type.ts';
import { rtFlushDev } from './route.ts';

/** A route that an address brings along. */
interface AddrRoute {
  /** RTN_LOCAL, RTN_BROADCAST, RTN_UNICAST */
  readonly type: number;
  readonly dst: number;
  readonly plen: number;
}

/** `fib_magic`: adds or deletes a kernel route for an address; `prim` gives it its preferred source. */
function fibMagic(state: FibNet, cmd: number, route: AddrRoute, prim: InIfaddr, priority: number): void {
  const cfg = FibConfig.of({
    protocol: RTPROT_KERNEL,
    type: route.type,
    dst: route.dst,
    dstLen: route.plen,
    table: route.type === RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL,
    priority,
    prefsrc: prim.local,
    oif: prim.inDev.dev.ifindex,
    scope: route.type === RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK,
    nlflags: NLM_F_CREATE | NLM_F_APPEND,
  });
  const table = fibNewTable(state, cfg.table);
  if (cmd === RTM_NEWROUTE) fibTableInsert(state, table, cfg, null);
  else fibTableDelete(state, table, cfg, null);
}

function prefixOf(ifa: InIfaddr): number {
  return (ifa.address & ifa.mask) >>> 0;
}

function lastOf(ifa: InIfaddr): number {
  return (ifa.address | ~ifa.mask) >>> 0;
}

function isSecondary(ifa: InIfaddr): boolean {
  return (ifa.flags & IFA_F_SECONDARY) !== 0;
}

/** The address whose source the routes of `ifa` prefer: itself, or its primary (`inet_ifa_byprefix`); null if that is gone. */
function primaryOf(ifa: InIfaddr): InIfaddr | null {
  return isSecondary(ifa) ? (ifa.inDev.ifaList.find((other) => inSubnetOf(ifa, other)) ?? null) : ifa;
}

/** Whether the address stands for a network beside itself. */
function hasNetwork(ifa: InIfaddr): boolean {
  return !ipv4IsZeronet(prefixOf(ifa)) && !isSecondary(ifa) && (prefixOf(ifa) !== ifa.local || ifa.prefixlen < 32);
}

function broadcastRoute(dst: number): AddrRoute {
  return { type: RTN_BROADCAST, dst, plen: 32 };
}

function prefixRoute(ifa: InIfaddr): AddrRoute {
  const loopback = (ifa.inDev.dev.flags & IFF_LOOPBACK) !== 0;
  return { type: loopback ? RTN_LOCAL : RTN_UNICAST, dst: prefixOf(ifa), plen: ifa.prefixlen };
}

/** The /32 routes that hold because of an address: to the host, to the broadcast addresses. The prefix's own route is not among them. */
function hostRoutes(ifa: InIfaddr): AddrRoute[] {
  const routes: AddrRoute[] = [{ type: RTN_LOCAL, dst: ifa.local, plen: 32 }];
  if (ifa.broadcast !== 0 && ifa.broadcast !== 0xffffffff) routes.push(broadcastRoute(ifa.broadcast));
  if (hasNetwork(ifa) && ifa.prefixlen < 31 && lastOf(ifa) !== ifa.broadcast) routes.push(broadcastRoute(lastOf(ifa)));
  return routes;
}

/**
 * `fib_add_ifaddr`: the routes of an address: to itself in the local table, and if its device is up to its broadcast addresses and
 * its network. A secondary address brings itself and its broadcast only, with the primary's address as the source.
 */
export function fibAddIfaddr(state: FibNet, ifa: InIfaddr): void {
  const { dev } = ifa.inDev;
  const prim = primaryOf(ifa);
  if (prim === null) return state.net.kernel.log('IPv4: fib_add_ifaddr: bug: prim == NULL');
  const [self, ...broadcasts] = hostRoutes(ifa);
  fibMagic(state, RTM_NEWROUTE, self, prim, 0);
  if ((dev.flags & IFF_UP) === 0) return;
  const invalidate = (addr: number): void => arpInvalidate(state, dev, addr);
  const given = ifa.broadcast !== 0 && ifa.broadcast !== 0xffffffff ? broadcasts.shift() : undefined;
  if (given !== undefined) {
    fibMagic(state, RTM_NEWROUTE, given, prim, 0);
    invalidate(given.dst);
  }
  if (!hasNetwork(ifa)) return;
  if ((ifa.flags & IFA_F_NOPREFIXROUTE) === 0) fibMagic(state, RTM_NEWROUTE, prefixRoute(ifa), prim, ifa.rtPriority);
  for (const route of broadcasts) {
    fibMagic(state, RTM_NEWROUTE, route, prim, 0);
    invalidate(route.dst);
  }
}

/** `arp_invalidate`: an address that became a broadcast address is no neighbour; nobody waits for its answer any more. */
function arpInvalidate(state: FibNet, dev: NetDevice, addr: number): void {
  const neigh = state.fib.ip.arpTbl?.lookup(dev, addr) ?? null;
  if (neigh === null || (neigh.nudState & NUD_VALID) !== 0) return;
  neigh.hold();
  neighUpdate(neigh, null, 0, NUD_FAILED, NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN);
  neigh.release();
  neigh.tbl.remove(neigh);
}

/**
 * `fib_del_ifaddr`: takes back the routes of an address that nobody else stands for. Two addresses share a route if both bring it and
 * their routes prefer the same source; those of the network of `iprim`, which is being deleted, do not count.
 */
export function fibDelIfaddr(state: FibNet, ifa: InIfaddr, iprim: InIfaddr | null): void {
  const prim = isSecondary(ifa) ? (iprim ?? primaryOf(ifa)) : ifa;
  if (prim === null) return;
  if (hasNetwork(ifa) && (ifa.flags & IFA_F_NOPREFIXROUTE) === 0) fibMagic(state, RTM_DELROUTE, prefixRoute(ifa), prim, 0);
  const others = ifa.inDev.ifaList.filter((other) => other !== ifa && !inSubnetOf(other, iprim) && sourceOf(other, prim) === prim.local);
  const kept = others.flatMap((other) => hostRoutes(other));
  const [self, ...broadcasts] = hostRoutes(ifa);
  for (const route of broadcasts) if (!includes(kept, route)) fibMagic(state, RTM_DELROUTE, route, prim, 0);
  if (includes(kept, self)) return;
  fibMagic(state, RTM_DELROUTE, self, prim, 0);
  addressGone(state, ifa);
}

/** The source that the routes of `other` prefer, while `prim`, its primary, may be out of the list already. */
function sourceOf(other: InIfaddr, prim: InIfaddr): number {
  if (isSecondary(other) && inSubnetOf(other, prim)) return prim.local;
  return primaryOf(other)?.local ?? -1;
}

function inSubnetOf(other: InIfaddr, prim: InIfaddr | null): boolean {
  return prim !== null && other.mask === prim.mask && ((other.address ^ prim.address) & prim.mask) === 0;
}

function includes(routes: readonly AddrRoute[], route: AddrRoute): boolean {
  return routes.some((other) => other.type === route.type && other.dst === route.dst);
}

/** If that was the last time the host had the address, on whatever device, routes that prefer it as their source go too. */
function addressGone(state: FibNet, ifa: InIfaddr): void {
  if (ifa.inDev.ifaList.includes(ifa) || inetAddrTypeIn(state, ifa.local, null) === RTN_LOCAL) return;
  if (fibSyncDownAddr(state, ifa.local) > 0) fibFlush(state);
}

/** `fib_modify_prefix_metric`: the route to the network of an address gets another priority; the new one is there before the old goes. */
export function fibModifyPrefixMetric(state: FibNet, ifa: InIfaddr, priority: number): void {
  if ((ifa.inDev.dev.flags & IFF_UP) === 0 || !hasNetwork(ifa) || (ifa.flags & IFA_F_NOPREFIXROUTE) !== 0) return;
  fibMagic(state, RTM_NEWROUTE, prefixRoute(ifa), ifa, priority);
  fibMagic(state, RTM_DELROUTE, prefixRoute(ifa), ifa, ifa.rtPriority);
}

/** `fib_inetaddr_event`: NETDEV_UP: an address was added; NETDEV_DOWN: it was removed (and is out of the list). */
export function fibInetaddrEvent(event: number, ifa: InIfaddr): void {
  const { dev } = ifa.inDev;
  const state = fibNet.peek(dev.net);
  if (state === null) return;
  if (event === NETDEV_UP) addressAdded(state, ifa);
  else if (event === NETDEV_DOWN) addressRemoved(state, ifa);
}

function addressAdded(state: FibNet, ifa: InIfaddr): void {
  state.addrs.add(ifa);
  fibAddIfaddr(state, ifa);
  fibSyncUp(ifa.inDev.dev, RTNH_F_DEAD);
  state.devAddrGenid++;
  state.cacheFlush();
}

function addressRemoved(state: FibNet, ifa: InIfaddr): void {
  state.addrs.remove(ifa);
  fibDelIfaddr(state, ifa, null);
  state.devAddrGenid++;
  if (ifa.inDev.ifaList.length === 0) fibDisableIp(state, ifa.inDev.dev, NETDEV_DOWN, true);
  else state.cacheFlush();
}

/** `fib_disable_ip`: the device has no IPv4 any more. */
function fibDisableIp(state: FibNet, dev: NetDevice, event: number, force: boolean): void {
  if (fibSyncDownDev(dev, event, force) > 0) fibFlush(state);
  state.cacheFlush();
  state.fib.ip.arpTbl?.ifdown(dev);
}

/** MTU before a change that is under way. */
const oldMtu: DevSlot<{ mtu: number }> = new DevSlot<{ mtu: number }>();

/** `fib_netdev_event`. */
export function fibNetdevEvent(event: number, dev: NetDevice): void {
  const state = fibNet.peek(dev.net);
  if (state === null) return;
  if (event === NETDEV_UNREGISTER) {
    fibDisableIp(state, dev, event, true);
    rtFlushDev(state.fib, dev);
    return;
  }
  const inDev = inDevGet(dev);
  if (inDev !== null) onDevice(state, event, dev, inDev);
}

function onDevice(state: FibNet, event: number, dev: NetDevice, inDev: InDevice): void {
  switch (event) {
    case NETDEV_REGISTER:
      // Only a device that was there before this package has addresses by now.
      for (const ifa of inDev.ifaList) addressAdded(state, ifa);
      return;
    case NETDEV_UP:
      for (const ifa of inDev.ifaList) fibAddIfaddr(state, ifa);
      fibSyncUp(dev, RTNH_F_DEAD);
      state.devAddrGenid++;
      break;
    case NETDEV_DOWN:
      fibDisableIp(state, dev, event, false);
      break;
    case NETDEV_CHANGE:
      if ((devGetFlags(dev) & (IFF_RUNNING | IFF_LOWER_UP)) !== 0) fibSyncUp(dev, RTNH_F_LINKDOWN);
      else fibSyncDownDev(dev, event, false);
      break;
    case NETDEV_PRECHANGEMTU:
      oldMtu.set(dev, { mtu: dev.mtu });
      return;
    case NETDEV_CHANGEMTU:
      fibSyncMtu(dev, oldMtu.get(dev)?.mtu ?? dev.mtu);
      break;
    default:
      return;
  }
  state.cacheFlush();
}
