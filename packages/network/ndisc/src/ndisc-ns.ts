/** Neighbour solicitations (`ndisc_recv_ns`; RFC 4861 §7.2.3, of duplicate address detection RFC 4862 §5.4.3). */
import {
  type NetDevice,
  SKB_CONSUMED,
  SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS,
  SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  type SkBuff,
} from '@skbuff/core';
import { type Inet6Dev, type Inet6Ifaddr, in6DevGet, ipv6ChkAcastAddr, ipv6GetIfaddr, ipv6Net } from '@skbuff/ipv6';
import { LOCALLY_ENQUEUED, NEIGH_CB_FLAGS, type NeighTable, neighProxy } from '@skbuff/neighbour';
import { IFA_F_OPTIMISTIC, IFA_F_TENTATIVE, NTF_ROUTER, NUD_STALE, PACKET_HOST } from '@skbuff/uapi';
import { type In6Addr, NDMSG_LEN, be16, in6Word, in6addrLinklocalAllnodes } from '@skbuff/wire';
import { SAYS_SO, daddrOf, lladdrOf, ndiscUpdate, optionsOf, saddrOf, targetOf } from './ndisc-message.ts';
import type { NdiscOptions } from './ndisc-options.ts';
import { ndLookup, ndParms } from './ndisc-tbl.ts';
import { ndiscSendNa } from './ndisc-send.ts';

/** A solicitation that has passed the checks. */
interface Solicitation {
  readonly skb: SkBuff;
  readonly saddr: In6Addr;
  readonly target: In6Addr;
  /** It asks whether the address is taken. */
  readonly dad: boolean;
  /** It was sent to a group. */
  readonly inc: boolean;
  /** Where the sender's link-layer address is; negative: it says none. */
  readonly lladdr: number;
  readonly opts: NdiscOptions;
}

/** `ndisc_recv_ns`. Returns a drop reason; the sk_buff stays the caller's. */
export function ndiscRecvNs(tbl: NeighTable, skb: SkBuff): number {
  const ns = check(skb);
  if (typeof ns === 'number') return ns;
  const dev = skb.dev as NetDevice;
  const ifp = ipv6GetIfaddr(dev.net, ns.target, dev, true);
  if (ifp === null) return forOthers(tbl, ns, dev);
  if ((ifp.flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) !== 0) {
    if (ns.dad) return collision(ns, ifp);
    // Who is optimistic answers, who is not has no address yet.
    if ((ifp.flags & IFA_F_OPTIMISTIC) === 0) return SKB_DROP_REASON_NOT_SPECIFIED;
  }
  return answer(tbl, ns, dev, ifp.idev.cnf.forwarding !== 0, true);
}

/** The checks of RFC 4861 §7.1.1. */
function check(skb: SkBuff): Solicitation | number {
  if (skb.len < NDMSG_LEN) return SKB_DROP_REASON_PKT_TOO_SMALL;
  const saddr = saddrOf(skb);
  const daddr = daddrOf(skb);
  const target = targetOf(skb);
  const dad = saddr.isAny();
  if (target.isMulticast() || (dad && !isSolictMult(daddr))) return SKB_DROP_REASON_NOT_SPECIFIED;
  const opts = optionsOf(skb, NDMSG_LEN);
  if (opts === null) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const lladdr = lladdrOf(skb, opts.srcLladdr);
  // Who has no address cannot say where it is.
  if (lladdr < -1 || (dad && lladdr >= 0)) return SKB_DROP_REASON_NOT_SPECIFIED;
  return { skb, saddr, target, dad, inc: daddr.isMulticast(), lladdr, opts };
}

/** `ipv6_addr_is_solict_mult`: ff02::1:ff00:0/104. */
function isSolictMult(a: In6Addr): boolean {
  return a.w0 === (0xff020000 | 0) && a.w1 === 0 && a.w2 === 1 && a.w3 >>> 24 === 0xff;
}

/** Somebody else wants the address that we want. Our own question may come back to us: its nonce tells (RFC 7527). */
function collision({ skb, opts }: Solicitation, ifp: Inet6Ifaddr): number {
  const { bytes } = skb;
  if (opts.nonce >= 0 && bytes[opts.nonce + 1] === 1) {
    const hi = be16(bytes, opts.nonce + 2);
    const lo = in6Word(bytes, opts.nonce + 4);
    if ((hi | lo) !== 0 && ifp.dadNonceHi === hi && (ifp.dadNonceLo | 0) === lo) return SKB_DROP_REASON_NOT_SPECIFIED;
  }
  ipv6Net.of(ifp.idev.dev.net).ip.addrconf?.dadFailure(skb, ifp);
  return SKB_DROP_REASON_NOT_SPECIFIED;
}

/** The address is an anycast one, or one that is proxied: others may answer too, so whom everybody was asked for waits a little. */
function forOthers(tbl: NeighTable, ns: Solicitation, dev: NetDevice): number {
  const idev = in6DevGet(dev);
  if (idev === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  const anycast = ipv6ChkAcastAddr(dev.net, dev, ns.target);
  const proxied = anycast ? -1 : proxiedAs(tbl, idev, ns.target);
  if (!anycast && proxied < 0) return SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST;
  const { skb } = ns;
  const waited = (skb.cb[NEIGH_CB_FLAGS] & LOCALLY_ENQUEUED) !== 0;
  const parms = ndParms(tbl, idev);
  if (!waited && skb.pktType !== PACKET_HOST && ns.inc && parms.proxyDelay !== 0) {
    const clone = skb.clone();
    if (clone !== null) neighProxy(tbl).enqueue(parms, clone);
    return SKB_DROP_REASON_NOT_SPECIFIED;
  }
  return answer(tbl, ns, dev, proxied < 0 ? idev.cnf.forwarding !== 0 : proxied === 1, false);
}

/** `pndisc_is_router`, if this host proxies at all: 1: for a router, 0: for a host, -1: it does not. */
function proxiedAs(tbl: NeighTable, idev: Inet6Dev, target: In6Addr): number {
  const { net } = idev.dev;
  if (tbl.proxy === null || idev.cnf.forwarding === 0 || (ipv6Net.of(net).devconfAll.proxyNdp === 0 && idev.cnf.proxyNdp === 0)) return -1;
  const entry = tbl.proxy.lookup(net, idev.dev, target.w0, target.w1, target.w2, target.w3);
  return entry === null ? -1 : (entry.flags & NTF_ROUTER) !== 0 ? 1 : 0;
}

/** `own`: the address is this host's, who may say so to those that know another one. */
function answer(tbl: NeighTable, ns: Solicitation, dev: NetDevice, router: boolean, own: boolean): number {
  const { skb, saddr, target, inc, lladdr } = ns;
  if (ns.dad) {
    ndiscSendNa(dev, in6addrLinklocalAllnodes, target, router, false, own, true);
    return SKB_DROP_REASON_NOT_SPECIFIED;
  }
  if (inc) tbl.stats.rcvProbesMcast++;
  else tbl.stats.rcvProbesUcast++;
  const neigh = ndLookup(tbl, dev, saddr, !inc || lladdr >= 0 || dev.addrLen === 0);
  if (neigh !== null) ndiscUpdate(neigh, skb, lladdr, NUD_STALE, SAYS_SO);
  else if (dev.headerOps !== null) return SKB_DROP_REASON_NOT_SPECIFIED;
  ndiscSendNa(dev, saddr, target, router, true, own && inc, inc);
  return SKB_CONSUMED;
}
