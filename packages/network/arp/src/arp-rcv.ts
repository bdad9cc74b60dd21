/** Receiving ARP (`arp_rcv`, `arp_process`). */
import {
  NET_RX_DROP,
  NET_RX_SUCCESS,
  NF_BIT_ARP_IN,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  type PacketType,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  type SkBuff,
  type SkbSock,
} from '@skbuff/core';
import { type InDevice, type Ipv4, type Rtable, inDevGet, ipv4Net, inDevArpfilter, inDevDropGratuitousArp, inDevForward, inDevRouteLocalnet } from '@skbuff/ipv4';
import {
  NEIGH_UPDATE_F_OVERRIDE,
  type Neighbour,
  neighEventNs,
  neighUpdate,
} from '@skbuff/neighbour';
import {
  ARPOP_REPLY,
  ARPOP_REQUEST,
  IFF_NOARP,
  NFPROTO_ARP,
  NF_ARP_IN,
  NUD_REACHABLE,
  NUD_STALE,
  PACKET_HOST,
  PACKET_LOOPBACK,
  PACKET_OTHERHOST,
  RTN_LOCAL,
  RTN_UNICAST,
} from '@skbuff/uapi';
import { ARPHDR_HLN, ARPHDR_PLN, ipv4IsLoopback, ipv4IsMulticast } from '@skbuff/wire';
import { addrType } from './arp-addr-type.ts';
import { type ArpPacket, arpParse } from './arp-packet.ts';
import { arpAccept, arpFilter, arpIgnore, arpIsGarp } from './arp-policy.ts';
import { ARP_DONE, ARP_GO_ON, ARP_QUEUED } from './arp-result.ts';
import { ARP_PLN, arpHdrLen, arpReply } from './arp-send.ts';
import type { ArpTable } from './arp-tbl.ts';

/** `arp_rcv`: the packet type handler. */
export function arpRcv(skb: SkBuff, dev: NetDevice, _pt: PacketType, _origDev: NetDevice): number {
  // Nothing for us: not a loss.
  if ((dev.flags & IFF_NOARP) !== 0 || skb.pktType === PACKET_OTHERHOST || skb.pktType === PACKET_LOOPBACK) {
    skb.consume();
    return NET_RX_SUCCESS;
  }
  const own = skb.shareCheck();
  if (own === null) return NET_RX_DROP;
  if (!own.mayPull(arpHdrLen(dev))) return drop(own, SKB_DROP_REASON_PKT_TOO_SMALL);
  const at = own.networkHeader;
  if (own.bytes[at + ARPHDR_HLN] !== dev.addrLen || own.bytes[at + ARPHDR_PLN] !== ARP_PLN) return drop(own, SKB_DROP_REASON_NOT_SPECIFIED);
  own.cb.fill(0);
  const { net } = dev;
  if ((net.nf.mask & NF_BIT_ARP_IN) !== 0 && net.nf.run(NFPROTO_ARP, NF_ARP_IN, null, own, dev, null, arpProcess) !== NF_HOOK_OK) {
    return NET_RX_SUCCESS;
  }
  return arpProcess(net, null, own);
}

function drop(skb: SkBuff, reason: number): number {
  skb.kfree(reason);
  return NET_RX_DROP;
}

/** `arp_process`: answers a request, or hands it to the proxy queue, or learns from it. Takes over the sk_buff. */
export function arpProcess(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const inDev = inDevGet(dev);
  const { ip } = ipv4Net.of(net);
  const tbl = ip.arpTbl as ArpTable | null;
  const arp = inDev === null || tbl === null ? null : arpParse(skb, dev);
  if (arp === null || inDev === null || tbl === null || !sane(arp, inDev)) return drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
  let done = ARP_GO_ON;
  if (arp.sip === 0) done = answerProbe(net, inDev, arp);
  else if (arp.op === ARPOP_REQUEST) done = answerRequest(ip, tbl, inDev, arp, skb);
  if (done === ARP_GO_ON) learn(net, tbl, inDev, arp, skb.pktType === PACKET_HOST);
  if (done !== ARP_QUEUED) skb.consume();
  return NET_RX_SUCCESS;
}

function sane(arp: ArpPacket, inDev: InDevice): boolean {
  if (ipv4IsMulticast(arp.tip)) return false;
  if (ipv4IsLoopback(arp.tip) && !inDevRouteLocalnet(inDev)) return false;
  return arp.sip !== arp.tip || !inDevDropGratuitousArp(inDev);
}

/** Somebody without an address asks whether one is taken (RFC 5227 §2.1.1); nothing can be learned from that. */
function answerProbe(net: Net, inDev: InDevice, arp: ArpPacket): number {
  const { dev } = inDev;
  if (arp.op === ARPOP_REQUEST && addrType(net, arp.tip) === RTN_LOCAL && !arpIgnore(inDev, arp.sip, arp.tip)) arpReply(dev, arp);
  return ARP_DONE;
}

function answerRequest(ip: Ipv4, tbl: ArpTable, inDev: InDevice, arp: ArpPacket, skb: SkBuff): number {
  const { dev } = inDev;
  if (ip.routing === null || ip.routing.routeInput(skb, arp.tip, arp.sip, 0, dev) !== 0) return ARP_GO_ON;
  const rt = skb.dst as Rtable;
  if (rt.type === RTN_LOCAL) {
    const silent = arpIgnore(inDev, arp.sip, arp.tip) || (inDevArpfilter(inDev) && arpFilter(arp.sip, arp.tip, dev));
    if (!silent && neighEventNs(tbl, dev, arp.sha, arp.sip) !== null) arpReply(dev, arp);
    return ARP_DONE;
  }
  if (tbl.answerByProxy === null || !inDevForward(inDev) || rt.type !== RTN_UNICAST) return ARP_GO_ON;
  return tbl.answerByProxy(tbl, inDev, rt, arp, skb);
}

/** What a reply, or a request for somebody else, tells about its sender. */
function learn(net: Net, tbl: ArpTable, inDev: InDevice, arp: ArpPacket, toUs: boolean): void {
  const { dev } = inDev;
  const accept = arpAccept(inDev, arp.sip);
  let neigh: Neighbour | number | null = tbl.find(dev, arp.sip);
  if (neigh === null && !accept) return;
  const garp = arpIsGarp(net, arp);
  if (neigh === null && (garp || (arp.op === ARPOP_REPLY && addrType(net, arp.sip) === RTN_UNICAST))) {
    neigh = tbl.create(dev, arp.sip);
  }
  if (neigh === null || typeof neigh === 'number') return;
  // Of several answers in a row the first counts, unless the station speaks of itself.
  const override = garp || tbl.timers.jiffies > neigh.updated + neigh.parms.locktime;
  const state = arp.op === ARPOP_REPLY && toUs ? NUD_REACHABLE : NUD_STALE;
  neighUpdate(neigh, arp.sha, 0, state, override ? NEIGH_UPDATE_F_OVERRIDE : 0);
}
