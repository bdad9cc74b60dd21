/** The packets (`ip6_mr_input`, `ip6_mr_forward`). */
import {
  dstOutput,
  llReservedSpace,
  NF_BIT_IPV6_FORWARD,
  NF_HOOK_OK,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  type SkbSock,
} from '@skbuff/core';
import { Flowi6, ip6IncStats, ipv6Net, IP6CB_FLAGS, IP6SKB_FORWARDED, type Rt6Info } from '@skbuff/ipv6';
import {
  ENOBUFS,
  ENODEV,
  IPSTATS_MIB_OUTFORWDATAGRAMS,
  MIFF_REGISTER,
  MRT6MSG_NOCACHE,
  MRT6MSG_WRMIFWHOLE,
  MRT6MSG_WRONGMIF,
  NFPROTO_IPV6,
  NF_INET_FORWARD,
  RTM_NEWROUTE,
} from '@skbuff/uapi';
import { In6Addr, IPV6HDR_DADDR, IPV6HDR_HOP_LIMIT, IPV6HDR_LEN, IPV6HDR_SADDR } from '@skbuff/wire';
import { mr6NetlinkEvent } from './ip6mr-netlink.ts';
import { ip6mrRegister } from './ip6mr-reg.ts';
import { ip6mrCacheReport } from './ip6mr-report.ts';
import { ip6mrFibLookup } from './ip6mr-rules.ts';
import { type Mfc6Cache, type Mfc6Unres, type Mr6Table, NO_TTL, UNRES_TIMEOUT, type Vif6Device } from './mr6-table.ts';

/** Jiffies between two messages about a wrong interface (`MFC_ASSERT_THRESH`). */
const MFC_ASSERT_THRESH = 3000;
/** Packets that wait for an answer, at the most. */
const UNRES_QUEUE = 4;

/** `ip6_mr_input`: see `MulticastRouting6.input`. What no entry knows waits for the daemon, if it came by an interface of the table. */
export function ip6MrInput(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const mrt = ip6mrFibLookup(dev.net, skb, dev.ifindex, 0);
  if (typeof mrt === 'number') {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return mrt;
  }
  const from = mrt.findVif(dev);
  const entry = mrt.entryFor(skb.bytes, skb.networkHeader + IPV6HDR_SADDR, skb.networkHeader + IPV6HDR_DADDR, from);
  if (entry !== null) {
    ip6MrForward(mrt, from, skb, entry);
    return 0;
  }
  const err = from < 0 ? -ENODEV : wait(mrt, from, skb);
  if (err !== 0) skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return err;
}

/** 0, and the packet is the table's; or a negative errno, and it stays the caller's: -ENOBUFS (enough wait), or why the daemon does not hear of it. */
function wait(mrt: Mr6Table, from: number, skb: SkBuff): number {
  const { bytes, networkHeader: iph } = skb;
  const known = mrt.unres.find(({ origin, group }) => origin.isAt(bytes, iph + IPV6HDR_SADDR) && group.isAt(bytes, iph + IPV6HDR_DADDR));
  const waiting = known ?? ask(mrt, from, skb);
  if (typeof waiting === 'number') return waiting;
  if (waiting.queue.length >= UNRES_QUEUE) return -ENOBUFS;
  skb.dstForce();
  waiting.queue.push(skb);
  return 0;
}

/** The first packet from a source to a group: the daemon shall say where such go. */
function ask(mrt: Mr6Table, from: number, skb: SkBuff): Mfc6Unres | number {
  const err = ip6mrCacheReport(mrt, skb, from, MRT6MSG_NOCACHE);
  if (err < 0) return err;
  const { bytes, networkHeader: iph } = skb;
  const { timers } = mrt.net;
  const expires = timers.jiffies + UNRES_TIMEOUT;
  const origin = new In6Addr().load(bytes, iph + IPV6HDR_SADDR);
  const group = new In6Addr().load(bytes, iph + IPV6HDR_DADDR);
  const waiting: Mfc6Unres = { origin, group, expires, queue: [] };
  mrt.unres.unshift(waiting);
  mr6NetlinkEvent(mrt, waiting, RTM_NEWROUTE);
  if (!mrt.expireTimer.pending()) timers.modTimer(mrt.expireTimer, expires);
  return waiting;
}

/** A packet that came by interface `from` (-1: by none of the table) goes where its entry says. Takes over the sk_buff. */
export function ip6MrForward(mrt: Mr6Table, from: number, skb: SkBuff, entry: Mfc6Cache): void {
  const upstream = mrt.vifs[entry.parent] ?? null;
  entry.pkt++;
  entry.bytes += skb.len;
  entry.lastuse = mrt.net.timers.jiffies;
  if (upstream?.dev === skb.dev || mayComeBy(mrt, from, entry)) {
    if (upstream !== null) {
      upstream.pktIn++;
      upstream.bytesIn += skb.len;
    }
    distribute(mrt, from, skb, entry);
    return;
  }
  entry.wrongIf++;
  if (from >= 0 && mrt.doAssert) tellWrong(mrt, from, skb, entry);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
}

/** Of an entry for any source it is enough that the packet came by an interface of the tree. */
function mayComeBy(mrt: Mr6Table, from: number, { origin, parent }: Mfc6Cache): boolean {
  const tree = from < 0 || !origin.isAny() ? null : mrt.findAnyParent(parent);
  return tree !== null && (tree.ttls[from] as number) < NO_TTL;
}

/** Somebody else forwards this group to a link of ours: at times the daemon hears of it. */
function tellWrong(mrt: Mr6Table, from: number, skb: SkBuff, entry: Mfc6Cache): void {
  const { jiffies } = mrt.net.timers;
  const isOurs = mrt.doPim || (entry.ttls[from] as number) < NO_TTL;
  if (!isOurs || jiffies <= entry.lastAssert + MFC_ASSERT_THRESH) return;
  entry.lastAssert = jiffies;
  ip6mrCacheReport(mrt, skb, from, MRT6MSG_WRONGMIF);
  if (mrt.doWrvifwhole) ip6mrCacheReport(mrt, skb, from, MRT6MSG_WRMIFWHOLE);
}

/** Whether a packet with `hops` to go leaves by interface `mifi`: its threshold is lower; and what is for any source goes not back, for any group only upwards. */
function leavesBy({ ttls, origin, group, parent }: Mfc6Cache, mifi: number, from: number, hops: number): boolean {
  if (hops <= (ttls[mifi] as number)) return false;
  if (!origin.isAny()) return true;
  return mifi !== from && (!group.isAny() || (mifi === parent && from >= 0));
}

/** By each interface that it leaves by, the highest number first; the lowest gets the packet itself, the others copies. */
function distribute(mrt: Mr6Table, from: number, skb: SkBuff, entry: Mfc6Cache): void {
  const hops = skb.bytes[skb.networkHeader + IPV6HDR_HOP_LIMIT] as number;
  const { maxvif } = entry;
  let lowest = entry.minvif;
  while (lowest < maxvif && !leavesBy(entry, lowest, from, hops)) lowest++;
  for (let mifi = maxvif - 1; mifi > lowest; mifi--) {
    const copy = leavesBy(entry, mifi, from, hops) ? skb.clone() : null;
    if (copy !== null) sendBy(mrt, copy, mifi);
  }
  if (lowest < maxvif) sendBy(mrt, skb, lowest);
  else skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
}

const fl6 = new Flowi6();

/** Takes over the sk_buff; without an interface of that number or a way by it it is lost. */
function sendBy(mrt: Mr6Table, skb: SkBuff, mifi: number): void {
  const vif = mrt.vifs[mifi] ?? null;
  if (vif !== null && (vif.flags & MIFF_REGISTER) !== 0) {
    registerBy(mrt, vif, skb);
    return;
  }
  const rt = vif === null ? null : routeBy(vif.dev, skb);
  if (rt === null) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return;
  }
  skb.dstSet(rt);
  forwardBy(vif as Vif6Device, skb);
}

/** To the daemon, as it is. */
function registerBy(mrt: Mr6Table, vif: Vif6Device, skb: SkBuff): void {
  vif.pktOut++;
  vif.bytesOut += skb.len;
  ip6mrRegister(mrt, skb, vif.dev);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
}

/** The way (one reference) of a packet to its group by a device; null: there is none. */
function routeBy(dev: NetDevice, skb: SkBuff): Rt6Info | null {
  const { net } = dev;
  fl6.init(0).oif = dev.ifindex;
  fl6.daddr.load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
  const rt = ipv6Net.of(net).ip.routing?.routeOutput(net, null, fl6, 0) ?? null;
  if (rt === null || rt.error === 0) return rt;
  rt.release();
  return null;
}

/** One hop less, through FORWARD. */
function forwardBy(vif: Vif6Device, skb: SkBuff): void {
  const { dev } = vif;
  const { net } = dev;
  const indev = skb.dev;
  vif.pktOut++;
  vif.bytesOut += skb.len;
  skb.dev = dev;
  if (skb.cache.cow(skb, IPV6HDR_LEN + llReservedSpace(dev)) !== 0) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return;
  }
  skb.bytes[skb.networkHeader + IPV6HDR_HOP_LIMIT]--;
  skb.cb[IP6CB_FLAGS] |= IP6SKB_FORWARDED;
  if ((net.nf.mask & NF_BIT_IPV6_FORWARD) !== 0 && net.nf.run(NFPROTO_IPV6, NF_INET_FORWARD, null, skb, indev, dev, output) !== NF_HOOK_OK) return;
  output(net, null, skb);
}

function output(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  ip6IncStats(ipv6Net.of(net), (skb.dst as Rt6Info).idev, IPSTATS_MIB_OUTFORWDATAGRAMS);
  return dstOutput(net, sk, skb);
}
