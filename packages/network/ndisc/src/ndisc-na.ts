/** Neighbour advertisements (`ndisc_recv_na`; RFC 4861 §§7.1.2, 7.2.5). */
import { type NetDevice, SKB_CONSUMED, SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_PKT_TOO_SMALL, type SkBuff } from '@skbuff/core';
import { type Inet6Dev, type Inet6Ifaddr, in6DevGet, ipv6ChkPrefix, ipv6GetIfaddr, ipv6Net } from '@skbuff/ipv6';
import {
  NEIGH_UPDATE_F_ISROUTER,
  NEIGH_UPDATE_F_OVERRIDE,
  NEIGH_UPDATE_F_OVERRIDE_ISROUTER,
  NEIGH_UPDATE_F_WEAK_OVERRIDE,
  type NeighTable,
  type Neighbour,
} from '@skbuff/neighbour';
import { IFA_F_TENTATIVE, NTF_ROUTER, NUD_FAILED, NUD_REACHABLE, NUD_STALE, PACKET_LOOPBACK } from '@skbuff/uapi';
import { formatMac, type In6Addr, NDMSG_LEN, equalBytes, in6Word } from '@skbuff/wire';
import { daddrOf, lladdrOf, ndiscUpdate, optionsOf, saddrOf, targetOf } from './ndisc-message.ts';
import { NDISC_NA_OVERRIDE, NDISC_NA_ROUTER, NDISC_NA_SOLICITED } from './ndisc-send.ts';
import { ndLookup } from './ndisc-tbl.ts';

/** `ndisc_recv_na`. Returns a drop reason; the sk_buff stays the caller's. */
export function ndiscRecvNa(tbl: NeighTable, skb: SkBuff): number {
  if (skb.len < NDMSG_LEN) return SKB_DROP_REASON_PKT_TOO_SMALL;
  const dev = skb.dev as NetDevice;
  const idev = in6DevGet(dev);
  const target = targetOf(skb);
  const flags = in6Word(skb.bytes, skb.transportHeader + 4);
  const solicited = (flags & NDISC_NA_SOLICITED) !== 0;
  if (target.isMulticast() || (solicited && daddrOf(skb).isMulticast())) return SKB_DROP_REASON_NOT_SPECIFIED;
  if (!solicited && idev !== null && idev.cnf.dropUnsolicitedNa !== 0) return SKB_DROP_REASON_NOT_SPECIFIED;
  const opts = optionsOf(skb, NDMSG_LEN);
  if (opts === null) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const lladdr = lladdrOf(skb, opts.tgtLladdr);
  if (lladdr < -1) return SKB_DROP_REASON_NOT_SPECIFIED;
  const ifp = ipv6GetIfaddr(dev.net, target, dev, true);
  if (ifp !== null) return ours(skb, ifp);
  return believe(tbl, skb, idev, target, lladdr, flags);
}

/** Somebody advertises an address of ours. What we sent ourselves comes back by some links. */
function ours(skb: SkBuff, ifp: Inet6Ifaddr): number {
  if (skb.pktType === PACKET_LOOPBACK) return SKB_DROP_REASON_NOT_SPECIFIED;
  const { dev } = ifp.idev;
  if ((ifp.flags & IFA_F_TENTATIVE) !== 0) ipv6Net.of(dev.net).ip.addrconf?.dadFailure(skb, ifp);
  else dev.net.kernel.log(`ICMPv6: NA: ${formatMac(skb.bytes, skb.macHeader + 6)} advertised our address ${ifp.addr} on ${dev.name}!`);
  return SKB_DROP_REASON_NOT_SPECIFIED;
}

function believe(tbl: NeighTable, skb: SkBuff, idev: Inet6Dev | null, target: In6Addr, lladdr: number, flags: number): number {
  const dev = skb.dev as NetDevice;
  const known = ndLookup(tbl, dev, target, false);
  // Nobody has asked: an entry can only become of it where that is wanted (RFC 9131).
  const neigh = known ?? (lladdr >= 0 && idev !== null && acceptUntrackedNa(idev, saddrOf(skb)) ? ndLookup(tbl, dev, target, true) : null);
  if (neigh === null || (neigh.nudState & NUD_FAILED) !== 0 || isOwnProxying(tbl, skb, target, lladdr)) return SKB_DROP_REASON_NOT_SPECIFIED;
  const wasRouter = (neigh.flags & NTF_ROUTER) !== 0;
  const state = known !== null && (flags & NDISC_NA_SOLICITED) !== 0 ? NUD_REACHABLE : NUD_STALE;
  ndiscUpdate(neigh, skb, lladdr, state, updateFlags(flags));
  if (wasRouter && (neigh.flags & NTF_ROUTER) === 0) routerNoMore(neigh, saddrOf(skb));
  return SKB_CONSUMED;
}

/** `accept_untracked_na`: only routers. 1: from everybody; 2: from a subnet of the interface. Any other number means 0. */
function acceptUntrackedNa(idev: Inet6Dev, saddr: In6Addr): boolean {
  const { acceptUntrackedNa: accept, forwarding } = idev.cnf;
  if (forwarding === 0) return false;
  return accept === 1 || (accept === 2 && ipv6ChkPrefix(saddr, idev.dev));
}

/** What we said ourselves for somebody whom we proxy: he is elsewhere, or has said so too. */
function isOwnProxying(tbl: NeighTable, { bytes, dev }: SkBuff, target: In6Addr, lladdr: number): boolean {
  const { net, devAddr, addrLen } = dev as NetDevice;
  if (lladdr < 0 || !equalBytes(bytes, lladdr, devAddr, 0, addrLen)) return false;
  const { forwarding, proxyNdp } = ipv6Net.of(net).devconfAll;
  return forwarding !== 0 && proxyNdp !== 0 && tbl.proxy !== null && tbl.proxy.lookup(net, dev, target.w0, target.w1, target.w2, target.w3) !== null;
}

function updateFlags(flags: number): number {
  let update = NEIGH_UPDATE_F_WEAK_OVERRIDE | NEIGH_UPDATE_F_OVERRIDE_ISROUTER;
  if ((flags & NDISC_NA_OVERRIDE) !== 0) update |= NEIGH_UPDATE_F_OVERRIDE;
  if ((flags & NDISC_NA_ROUTER) !== 0) update |= NEIGH_UPDATE_F_ISROUTER;
  return update;
}

/** It has become a host: what went by it goes elsewhere. */
function routerNoMore({ dev }: Neighbour, gateway: In6Addr): void {
  ipv6Net.of(dev.net).ip.routing?.cleanTohost(dev.net, gateway);
}
