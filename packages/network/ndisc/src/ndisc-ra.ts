/** Router advertisements (`ndisc_router_discovery`; RFC 4861 §6.3.4). */
import { type NetDevice, SKB_CONSUMED, SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_PKT_TOO_SMALL, type SkBuff } from '@skbuff/core';
import { IF_RA_MANAGED, IF_RA_OTHERCONF, IF_RA_RCVD, IF_RS_SENT, type Inet6Dev, type RaRouter, in6DevGet, ipv6AcceptRa, ipv6ChkAddr, ipv6Net, RA_ROUTER_FAILED, RA_ROUTER_NEW } from '@skbuff/ipv6';
import { NEIGH_UPDATE_F_ISROUTER, NEIGH_UPDATE_F_OVERRIDE_ISROUTER, type NeighTable, type Neighbour } from '@skbuff/neighbour';
import { ICMPV6_ROUTER_PREF_INVALID, ICMPV6_ROUTER_PREF_MEDIUM, NTF_ROUTER, NUD_STALE, RTM_NEWLINK } from '@skbuff/uapi';
import { type In6Addr, RAMSG_FLAGS, RAMSG_HOP_LIMIT, RAMSG_LEN, RAMSG_REACHABLE_TIME, RAMSG_RETRANS_TIMER, RAMSG_RT_LIFETIME, be16, be32 } from '@skbuff/wire';
import { BAD_LLADDR, SAYS_SO, lladdrOf, ndiscUpdate, optionsOf, saddrOf } from './ndisc-message.ts';
import type { NdiscOptions } from './ndisc-options.ts';
import { newMtu, raOptions } from './ndisc-ra-options.ts';
import { ndLookup, ndParms } from './ndisc-tbl.ts';

const RA_MANAGED = 0x80;
const RA_OTHER = 0x40;
const RA_PREF_SHIFT = 3;

/** An advertisement that has passed the checks. */
export interface Advertisement {
  readonly skb: SkBuff;
  readonly idev: Inet6Dev;
  readonly saddr: In6Addr;
  readonly opts: NdiscOptions;
  /** It comes from this host itself, and the interface does not want to hear that. */
  readonly own: boolean;
  /** What it says has changed something that IFLA_AF_SPEC shows. */
  changed: boolean;
}

/** `ndisc_router_discovery`. Returns a drop reason; the sk_buff stays the caller's. */
export function ndiscRouterDiscovery(tbl: NeighTable, skb: SkBuff): number {
  const ra = check(skb);
  if (typeof ra === 'number') return ra;
  const { idev } = ra;
  const accept = ipv6AcceptRa(idev);
  if (accept) {
    noteFlags(ra);
    if (!defaultRouter(tbl, ra)) return SKB_DROP_REASON_NOT_SPECIFIED;
    linkTimes(tbl, ra);
  }
  const reason = senderIsRouter(tbl, ra);
  if (accept && reason !== SKB_DROP_REASON_NOT_SPECIFIED) raOptions(ra);
  if (ra.changed) ipv6Net.of(idev.dev.net).ip.addrconf?.ifinfoNotify(RTM_NEWLINK, idev);
  return reason;
}

/** The checks of RFC 4861 §6.1.2. */
function check(skb: SkBuff): Advertisement | number {
  const saddr = saddrOf(skb);
  if (!saddr.isLinkLocal()) return SKB_DROP_REASON_NOT_SPECIFIED;
  if (skb.len < RAMSG_LEN) return SKB_DROP_REASON_PKT_TOO_SMALL;
  const dev = skb.dev as NetDevice;
  const idev = in6DevGet(dev);
  if (idev === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  const opts = optionsOf(skb, RAMSG_LEN);
  if (opts === null) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const own = idev.cnf.acceptRaFromLocal === 0 && ipv6ChkAddr(dev.net, saddr, dev, false);
  return { skb, idev, saddr, opts, own, changed: false };
}

/** Whether addresses and more are to be had by DHCP, by the latest word. */
function noteFlags(ra: Advertisement): void {
  const { skb, idev } = ra;
  if ((idev.ifFlags & IF_RS_SENT) !== 0) idev.ifFlags |= IF_RA_RCVD;
  const before = idev.ifFlags;
  const flags = skb.bytes[skb.transportHeader + RAMSG_FLAGS];
  idev.ifFlags &= ~(IF_RA_MANAGED | IF_RA_OTHERCONF);
  if ((flags & RA_MANAGED) !== 0) idev.ifFlags |= IF_RA_MANAGED;
  if ((flags & RA_OTHER) !== 0) idev.ifFlags |= IF_RA_OTHERCONF;
  if (idev.ifFlags !== before) ra.changed = true;
}

/** The default route by the sender, and the hop limit. False: the route could not be made, so the rest does not count either. */
function defaultRouter(tbl: NeighTable, ra: Advertisement): boolean {
  const { skb, idev, saddr } = ra;
  const { bytes, transportHeader: th } = skb;
  const { cnf, dev } = idev;
  const lifetime = be16(bytes, th + RAMSG_RT_LIFETIME);
  if (cnf.acceptRaDefrtr === 0 || (lifetime !== 0 && lifetime < cnf.acceptRaMinLft) || ra.own) return true;
  const said = bytes[th + RAMSG_HOP_LIMIT];
  const hopLimit = said !== 0 && cnf.acceptRaMinHopLimit < 256 && cnf.acceptRaMinHopLimit <= said ? said : 0;
  const router: RaRouter = { lifetime, pref: preference(idev, bytes[th + RAMSG_FLAGS]), metric: cnf.raDefrtrMetric, hopLimit, mtu: senderKnown(ra) ? newMtu(ra) : 0 };
  const done = ipv6Net.of(dev.net).ip.routing?.raRouter(dev, saddr, router);
  if (done === RA_ROUTER_FAILED) return false;
  if (hopLimit !== 0) cnf.hopLimit = hopLimit;
  const neigh = done === RA_ROUTER_NEW ? ndLookup(tbl, dev, saddr, true) : null;
  if (neigh !== null) neigh.flags |= NTF_ROUTER;
  return true;
}

/** RFC 4191 §2.2: the reserved value means medium. */
function preference({ cnf }: Inet6Dev, flags: number): number {
  const pref = (flags >> RA_PREF_SHIFT) & 3;
  return pref === ICMPV6_ROUTER_PREF_INVALID || cnf.acceptRaRtrPref === 0 ? ICMPV6_ROUTER_PREF_MEDIUM : pref;
}

/** How long neighbours count as reachable, and how long to wait for an answer: milliseconds, 0: not said. */
function linkTimes(tbl: NeighTable, ra: Advertisement): void {
  const { skb, idev } = ra;
  const { bytes, transportHeader: th } = skb;
  const parms = ndParms(tbl, idev);
  const { jiffies } = tbl.timers;
  const retrans = be32(bytes, th + RAMSG_RETRANS_TIMER);
  if (retrans !== 0) {
    parms.set('retransTime', Math.max(retrans, 10) | 0);
    idev.tstamp = jiffies;
    ra.changed = true;
  }
  const reachable = Math.max(be32(bytes, th + RAMSG_REACHABLE_TIME), 100) | 0;
  if (be32(bytes, th + RAMSG_REACHABLE_TIME) === 0 || reachable === parms.baseReachableTime) return;
  parms.set('baseReachableTime', reachable);
  parms.set('gcStaletime', (3 * reachable) | 0);
  parms.drawReachableTime();
  idev.tstamp = jiffies;
  ra.changed = true;
}

/** The options count: that of the sender's link-layer address, if there is one, is one. */
function senderKnown({ skb, opts }: Advertisement): boolean {
  return lladdrOf(skb, opts.srcLladdr) !== BAD_LLADDR;
}

/** Who advertises is a router. A drop reason: NOT_SPECIFIED ends it. */
function senderIsRouter(tbl: NeighTable, { skb, idev, saddr, opts }: Advertisement): number {
  const neigh: Neighbour | null = ndLookup(tbl, idev.dev, saddr, true);
  if (neigh === null) return SKB_CONSUMED;
  const lladdr = lladdrOf(skb, opts.srcLladdr);
  if (lladdr === BAD_LLADDR) return SKB_DROP_REASON_NOT_SPECIFIED;
  ndiscUpdate(neigh, skb, lladdr, NUD_STALE, SAYS_SO | NEIGH_UPDATE_F_OVERRIDE_ISROUTER | NEIGH_UPDATE_F_ISROUTER);
  return SKB_CONSUMED;
}
