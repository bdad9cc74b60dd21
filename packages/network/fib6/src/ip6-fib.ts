/**
 * Routes into tables and out of them (`net/ipv6/ip6_fib.c`).
 *
 * Routes to one prefix hang at its node, by metric. Of one metric may be: routes with gateways, which become siblings and share the
 * packets, and others (over a device, of nowhere, from router advertisements), which do not.
 */
import type { ExtAck } from '@skbuff/core';
import { EEXIST, ENOENT, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RTAX_MTU, RTF_ADDRCONF, RTF_PREFIX_RT, RTM_DELROUTE, RTM_NEWROUTE } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import type { Fib6RtConfig } from './fib6-config.ts';
import type { Fib6Rt } from './fib6-info.ts';
import { type Fib6Net, fib6StartGc } from './fib6-net.ts';
import { type Fib6Node, Fib6Store, type Fib6Table } from './fib6-node.ts';
import { rt6MultipathRebalance } from './route6-multipath.ts';

/**
 * `fib6_add`: puts `rt` into its table as NLM_F_CREATE, EXCL, REPLACE in `cfg.nlflags` say (without them: create). 0, -EEXIST, or -ENOENT
 * (nothing to replace).
 */
export function fib6Add(state: Fib6Net, rt: Fib6Rt, cfg: Fib6RtConfig | null, extack: ExtAck | null): number {
  const { store } = rt.table;
  const nlflags = cfg?.nlflags ?? NLM_F_CREATE;
  let dest = store.get(rt.dst, rt.plen);
  if ((nlflags & (NLM_F_CREATE | NLM_F_REPLACE)) === NLM_F_REPLACE && !hasNode(dest, rt)) {
    if (extack !== null) extack.message = 'Can not replace route - no match found';
    return -ENOENT;
  }
  dest ??= store.create(rt.dst, rt.plen);
  const node = rt.srcLen === 0 ? dest : (dest.subtree ??= new Fib6Store(state.fib6.factory, dest)).create(rt.src, rt.srcLen);
  const err = addRt2node(state, node, rt, cfg, nlflags);
  if (err !== 0) cleanNode(rt.table, node);
  else {
    if (rt.expires !== 0) fib6StartGc(state);
    rt.table.fibSeq++;
  }
  return err;
}

function hasNode(dest: Fib6Node | null, rt: Fib6Rt): boolean {
  return rt.srcLen === 0 ? dest !== null : (dest?.subtree?.get(rt.src, rt.srcLen) ?? null) !== null;
}

/** Where among the routes of a node a new one goes. */
interface Place {
  /** The one before it, null: it will be the first. */
  ins: Fib6Rt | null;
  /** The one that it replaces. */
  victim: Fib6Rt | null;
  sibling: Fib6Rt | null;
  /** There is no other of its metric. */
  isFirst: boolean;
}

/** `fib6_add_rt2node`. */
function addRt2node(state: Fib6Net, node: Fib6Node, rt: Fib6Rt, cfg: Fib6RtConfig | null, nlflags: number): number {
  const place = findPlace(node, rt, nlflags);
  if (typeof place === 'number') return place;
  if ((nlflags & NLM_F_REPLACE) === 0 || place.victim === null) {
    if ((nlflags & (NLM_F_REPLACE | NLM_F_CREATE)) === NLM_F_REPLACE) return -ENOENT;
    link(state, node, rt, place.ins);
    if (place.sibling !== null) joinSiblings(place.sibling, rt);
    updateSernum(state, rt);
    notify(state, RTM_NEWROUTE, rt, cfg, (place.isFirst ? NLM_F_EXCL : 0) | (nlflags & NLM_F_APPEND) | NLM_F_CREATE);
    return 0;
  }
  replace(state, node, rt, place.ins, place.victim);
  updateSernum(state, rt);
  notify(state, RTM_NEWROUTE, rt, cfg, NLM_F_REPLACE);
  return 0;
}

function notify(state: Fib6Net, event: number, rt: Fib6Rt, cfg: Fib6RtConfig | null, nlflags: number): void {
  if (cfg?.skipNotify !== true) state.fib6.control?.rtNotify(state, event, rt, cfg, nlflags);
}

function findPlace(node: Fib6Node, rt: Fib6Rt, nlflags: number): Place | number {
  const replacing = (nlflags & NLM_F_REPLACE) !== 0;
  const place: Place = { ins: null, victim: null, sibling: null, isFirst: true };
  let fallback: Place | null = null;
  for (let iter = node.leaf; iter !== null && iter.metric <= rt.metric; place.ins = iter, iter = iter.next) {
    if (iter.metric !== rt.metric) continue;
    if ((nlflags & NLM_F_EXCL) !== 0) return -EEXIST;
    place.isFirst = false;
    if (replacing) {
      if (iter.ecmp === rt.ecmp) return { ...place, victim: iter };
      fallback ??= { ...place, victim: iter };
      continue;
    }
    if (isDuplicate(iter, rt)) return refresh(iter, rt);
    if (rt.ecmp && iter.ecmp) place.sibling ??= iter;
  }
  return fallback ?? place;
}

/** `rt6_duplicate_nexthop`. */
export function isDuplicate({ nh: a }: Fib6Rt, { nh: b }: Fib6Rt): boolean {
  return a.dev === b.dev && a.gw.equals(b.gw);
}

/** The route is there already: only its time may change. Once it is wanted for ever, what routers say of their prefixes no longer counts for it. */
function refresh(iter: Fib6Rt, rt: Fib6Rt): number {
  if (iter.expires !== 0) {
    iter.setExpires(rt.expires);
    if (rt.expires === 0) iter.flags &= ~(RTF_ADDRCONF | RTF_PREFIX_RT);
    const mtu = rt.metrics?.[RTAX_MTU] ?? 0;
    if (mtu !== 0) iter.setMetric(RTAX_MTU, mtu);
  }
  return -EEXIST;
}

function link(state: Fib6Net, node: Fib6Node, rt: Fib6Rt, ins: Fib6Rt | null): void {
  if (ins === null) {
    rt.next = node.leaf;
    node.leaf = rt;
  } else {
    rt.next = ins.next;
    ins.next = rt;
  }
  rt.node = node;
  state.stats.rtEntries++;
  state.fib6.infos++;
  if (node.owner !== null) state.srcRoutes++;
}

function joinSiblings(sibling: Fib6Rt, rt: Fib6Rt): void {
  rt.siblings = sibling.siblings ??= [sibling];
  rt.siblings.push(rt);
  rt6MultipathRebalance(rt);
}

/** `rt` takes the place of `victim`; all siblings of that go too. */
function replace(state: Fib6Net, node: Fib6Node, rt: Fib6Rt, ins: Fib6Rt | null, victim: Fib6Rt): void {
  const others = victim.siblings ?? [];
  unlink(state, node, victim);
  link(state, node, rt, ins);
  for (const other of others) if (other !== victim) unlink(state, node, other);
}

/** Takes a route off its node. It stays what it was, but nothing leads to it any more. */
function unlink(state: Fib6Net, node: Fib6Node, rt: Fib6Rt): void {
  if (node.leaf === rt) node.leaf = rt.next;
  else {
    let prev = node.leaf;
    while (prev !== null && prev.next !== rt) prev = prev.next;
    if (prev !== null) prev.next = rt.next;
  }
  rt.table.store.forgetWay(node);
  rt.node = null;
  rt.next = null;
  rt.siblings = null;
  rt.nh.dropRt(state.fib6.uncached);
  rt.nh.exceptions?.flush();
  rt.nh.exceptions = null;
  state.stats.rtEntries--;
  state.stats.discardedRoutes++;
  state.fib6.infos--;
  if (node.owner !== null) state.srcRoutes--;
}

/** `fib6_del`: takes a route out of its table. 0, or -ENOENT if it is in none. `cfg`: the request, null: there was none. */
export function fib6Del(state: Fib6Net, rt: Fib6Rt, cfg: Fib6RtConfig | null): number {
  const { node, siblings } = rt;
  if (node === null) return -ENOENT;
  unlink(state, node, rt);
  leaveSiblings(siblings, rt);
  rt.table.fibSeq++;
  // What is in no table has no end either: nobody is told of one.
  rt.setExpires(0);
  notify(state, RTM_DELROUTE, rt, cfg, 0);
  cleanNode(rt.table, node);
  return 0;
}

function leaveSiblings(siblings: Fib6Rt[] | null, rt: Fib6Rt): void {
  if (siblings === null) return;
  siblings.splice(siblings.indexOf(rt), 1);
  const [first] = siblings;
  if (siblings.length === 1) first.siblings = null;
  rt6MultipathRebalance(first);
}

/** A node with nothing at it goes; ::/0 stays. */
function cleanNode(table: Fib6Table, node: Fib6Node): void {
  if (node.leaf !== null || (node.subtree !== null && node.subtree.backend.size > 0)) return;
  node.subtree = null;
  if (node.owner !== null) {
    (node.owner.subtree as Fib6Store).remove(node);
    cleanNode(table, node.owner);
  } else if (node !== table.root) table.store.remove(node);
}

/** `fib6_update_sernum_upto_root`: decisions made by this node and by every prefix that covers it are to be made again. */
export function updateSernum(state: Fib6Net, rt: Fib6Rt): void {
  const { node } = rt;
  if (node === null) return;
  const sernum = ++state.sernum;
  rt.table.store.forgetWay(node);
  node.sernum = sernum;
  const destination = node.owner ?? node;
  if (node.owner !== null) renew(node.owner.subtree as Fib6Store, node, sernum);
  destination.sernum = sernum;
  renew(rt.table.store, destination, sernum);
}

/** `node` and all that covers it. Routes for certain sources below a covering prefix are renewed with it. */
function renew(store: Fib6Store, { addr, plen }: Fib6Node, sernum: number): void {
  for (let node = plen === 0 ? null : store.find(addr, plen - 1); node !== null; node = node.plen === 0 ? null : store.find(addr, node.plen - 1)) {
    node.sernum = sernum;
    for (const source of node.subtree?.nodes ?? []) if (source !== null) source.sernum = sernum;
  }
}

/** `fib6_locate`: the node of just this destination and source, or null. Where the destination knows no sources at all, that of everybody. */
export function fib6Locate(table: Fib6Table, dst: In6Addr, plen: number, src: In6Addr, srcLen: number): Fib6Node | null {
  const dest = table.store.get(dst, plen);
  return srcLen === 0 || dest === null || dest.subtree === null ? dest : dest.subtree.get(src, srcLen);
}

/**
 * `fib6_clean_all`: shows every route of every table to `visit` and deletes those for which it says true. It may skip siblings of a route that
 * it has seen by itself.
 */
export function fib6CleanAll(state: Fib6Net, visit: (rt: Fib6Rt) => boolean): void {
  for (const table of state.tables.values()) {
    for (const rt of table.routes()) if (rt.node !== null && visit(rt)) fib6Del(state, rt, null);
  }
}
