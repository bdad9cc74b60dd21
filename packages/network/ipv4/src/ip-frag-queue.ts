/** Reassembly of IPv4 packets (`net/ipv4/ip_fragment.c`; RFC 791 §3.2, RFC 5722 for overlaps). */
import {
  type Net,
  NetSlot,
  SKB_DROP_REASON_DUP_FRAG,
  SKB_DROP_REASON_FRAG_TOO_FAR,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
} from '@skbuff/core';
import type { InetPeer } from '@skbuff/inet';
import {
  FragQueue,
  Fqdir,
  IPFRAG_DUP,
  IPFRAG_ECN_INVALID,
  inetFragQueueInsert,
  inetFragReasmFinish,
  inetFragReasmPrepare,
  ipFragEcnTable,
} from '@skbuff/inet-fragment';
import {
  ICMP_EXC_FRAGTIME,
  ICMP_TIME_EXCEEDED,
  IPSTATS_MIB_REASMFAILS,
  IPSTATS_MIB_REASMOKS,
  IPSTATS_MIB_REASMREQDS,
  IPSTATS_MIB_REASMTIMEOUT,
  IPSTATS_MIB_REASM_OVERLAPS,
  IP_DF,
  IP_MF,
  IP_OFFSET,
  RTN_LOCAL,
} from '@skbuff/uapi';
import {
  IPHDR_DADDR,
  IPHDR_FRAG_OFF,
  IPHDR_ID,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  IPHDR_TOS,
  IPHDR_TOT_LEN,
  be16,
  be32,
  inetNtoa,
  ipHdrlen,
  setBe16,
} from '@skbuff/wire';
import { IP_DEFRAG_AF_PACKET, IP_DEFRAG_CONNTRACK_BRIDGE_IN, IP_DEFRAG_CONNTRACK_BRIDGE_IN_END, IP_DEFRAG_CONNTRACK_IN, IP_DEFRAG_CONNTRACK_IN_END } from './ip-defrag.ts';
import { IPCB_FLAGS, IPCB_FRAG_MAX_SIZE, IPSKB_FRAG_COMPLETE, IPSKB_FRAG_PMTU } from './ip-cb.ts';
import { ipSendCheck } from './ip-header.ts';
import { inetGetpeerV4 } from './inetpeer.ts';
import { ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';

/** Memory charged for an empty queue, bytes (`sizeof(struct ipq)`). */
const QSIZE = 200;

/** `struct ipq`. */
class Ipq extends FragQueue {
  readonly user: number;
  readonly saddr: number;
  readonly daddr: number;
  readonly id: number;
  readonly protocol: number;
  /** How many fragments of the source had come when the last one of this packet did. */
  rid = 0;
  readonly peer: InetPeer;
  /** The longest fragment with DF. */
  maxDfSize = 0;

  constructor(fqdir: Fqdir, hash: number, skb: SkBuff, user: number) {
    super(fqdir, hash);
    const iph = skb.networkHeader;
    this.user = user;
    this.saddr = be32(skb.bytes, iph + IPHDR_SADDR);
    this.daddr = be32(skb.bytes, iph + IPHDR_DADDR);
    this.id = be16(skb.bytes, iph + IPHDR_ID);
    this.protocol = skb.bytes[iph + IPHDR_PROTOCOL];
    this.peer = inetGetpeerV4(fqdir.net, this.saddr);
  }

  override matches(skb: SkBuff, user: number): boolean {
    const { bytes } = skb;
    const iph = skb.networkHeader;
    return (
      this.id === be16(bytes, iph + IPHDR_ID) &&
      this.saddr === be32(bytes, iph + IPHDR_SADDR) &&
      this.daddr === be32(bytes, iph + IPHDR_DADDR) &&
      this.protocol === bytes[iph + IPHDR_PROTOCOL] &&
      this.user === user
    );
  }

  /** `ip_expire`. */
  protected override expired(head: SkBuff | null): void {
    const { net } = this.fqdir;
    const { stats } = ipv4Net.of(net);
    stats[IPSTATS_MIB_REASMFAILS]++;
    stats[IPSTATS_MIB_REASMTIMEOUT]++;
    if (head !== null) tellSender(net, this, head);
  }
}

/** `net->ipv4.fqdir`. */
export class IpFragNet {
  readonly fqdir: Fqdir<Ipq>;
  private readonly key: number;

  constructor(net: Net) {
    this.key = net.kernel.random.u32();
    this.fqdir = new Fqdir<Ipq>(net, { qsize: QSIZE, create: (fqdir, hash, skb, user) => new Ipq(fqdir, hash, skb, user) });
  }

  /** `ip_find`: the queue of this packet, made if there is none; null without memory for it. */
  find(skb: SkBuff, user: number): Ipq | null {
    return this.fqdir.find(this.hash(skb), skb, user);
  }

  private hash(skb: SkBuff): number {
    const { bytes } = skb;
    const iph = skb.networkHeader;
    let h = this.key ^ ((be16(bytes, iph + IPHDR_ID) << 8) | bytes[iph + IPHDR_PROTOCOL]);
    h = Math.imul(h ^ be32(bytes, iph + IPHDR_SADDR), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13) ^ be32(bytes, iph + IPHDR_DADDR), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }
}

export const ipFragNet: NetSlot<IpFragNet> = new NetSlot<IpFragNet>('ipfrag');

/** {@link ipDefrag}, in a stack with {@link ipv4Fragments}. */
export function ipDefragQueue(net: Net, skb: SkBuff, user: number): SkBuff | null {
  const { stats } = ipv4Net.of(net);
  stats[IPSTATS_MIB_REASMREQDS]++;
  const queue = ipFragNet.of(net).find(skb, user);
  if (queue === null) {
    stats[IPSTATS_MIB_REASMFAILS]++;
    skb.kfree(SKB_DROP_REASON_NOMEM);
    return null;
  }
  return ipFragQueue(net, queue, skb);
}

/** `ip_frag_queue`. */
function ipFragQueue(net: Net, queue: Ipq, skb: SkBuff): SkBuff | null {
  if ((skb.cb[IPCB_FLAGS] & IPSKB_FRAG_COMPLETE) === 0) ipFragTooFar(net, queue);
  const iph = skb.networkHeader;
  const fragOff = be16(skb.bytes, iph + IPHDR_FRAG_OFF);
  const hlen = ipHdrlen(skb.bytes, iph);
  const offset = (fragOff & IP_OFFSET) << 3;
  const last = (fragOff & IP_MF) === 0;
  const rest = offset + skb.len - (iph - skb.data) - hlen;
  const end = last ? rest : rest & ~7;
  if (!queue.extend(end, last)) return discard(net, queue, skb);
  if (end === offset || skb.pull(iph + hlen - skb.data) < 0) return discard(net, queue, skb);
  return insert(net, queue, skb, offset, end, hlen, (fragOff & IP_DF) !== 0);
}

function insert(net: Net, queue: Ipq, skb: SkBuff, offset: number, end: number, hlen: number, df: boolean): SkBuff | null {
  const err = inetFragQueueInsert(queue, skb, offset, end);
  if (err === IPFRAG_DUP) {
    skb.kfree(SKB_DROP_REASON_DUP_FRAG);
    return null;
  }
  if (err !== 0) {
    ipv4Net.of(net).stats[IPSTATS_MIB_REASM_OVERLAPS]++;
    return discard(net, queue, skb);
  }
  const size = skb.len + hlen;
  if (df && size > queue.maxDfSize) queue.maxDfSize = size;
  return queue.account(skb, offset, skb.bytes[skb.networkHeader + IPHDR_TOS] & 3, size) ? ipFragReasm(net, queue, skb) : null;
}

/** The fragment contradicts what is there: all of it is given up. */
function discard(net: Net, queue: Ipq, skb: SkBuff): null {
  ipv4Net.of(net).stats[IPSTATS_MIB_REASMFAILS]++;
  queue.destroy();
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return null;
}

/**
 * `ip_frag_too_far`, `ip_frag_reinit`: so many fragments of other packets of this source came since the last one that the
 * identification may have wrapped: what is there is thrown away and collected anew.
 */
function ipFragTooFar(net: Net, queue: Ipq): void {
  const max = queue.fqdir.maxDist;
  if (max === 0) return;
  const start = queue.rid;
  queue.rid = ++queue.peer.rid;
  if (queue.tail === null || queue.rid - start <= max) return;
  ipv4Net.of(net).stats[IPSTATS_MIB_REASMFAILS]++;
  queue.fqdir.timers.modTimer(queue.timer, queue.fqdir.timers.jiffies + queue.fqdir.timeout);
  queue.purge(SKB_DROP_REASON_FRAG_TOO_FAR);
  queue.flags = 0;
  queue.len = 0;
  queue.iif = 0;
  queue.ecn = 0;
}

/** `ip_frag_reasm`: everything is here. `last` came last; its route is kept. */
function ipFragReasm(net: Net, queue: Ipq, last: SkBuff): SkBuff | null {
  const { stats } = ipv4Net.of(net);
  queue.kill();
  const ecn = ipFragEcnTable[queue.ecn] as number;
  const skb = ecn === IPFRAG_ECN_INVALID ? null : assemble(net, queue, last);
  if (skb !== null) {
    finishHeader(skb, queue, ecn);
    stats[IPSTATS_MIB_REASMOKS]++;
  } else {
    stats[IPSTATS_MIB_REASMFAILS]++;
  }
  queue.destroy();
  return skb;
}

function assemble(net: Net, queue: Ipq, last: SkBuff): SkBuff | null {
  const head = (queue.runs[0] as { first: SkBuff }).first;
  if (ipHdrlen(head.bytes, head.networkHeader) + queue.len > 0xffff) {
    net.kernel.log(`Oversized IP packet from ${inetNtoa(queue.saddr)}`);
    return null;
  }
  const skb = inetFragReasmPrepare(queue, last);
  if (skb === null) {
    net.kernel.log('queue_glue: no memory for gluing queue');
    return null;
  }
  inetFragReasmFinish(queue, skb);
  skb.push(skb.data - skb.networkHeader);
  return skb;
}

function finishHeader(skb: SkBuff, queue: Ipq, ecn: number): void {
  const { bytes, cb } = skb;
  const iph = skb.networkHeader;
  cb[IPCB_FRAG_MAX_SIZE] = Math.max(queue.maxDfSize, queue.maxSize);
  // All fragments of full size had DF: the sender looks for the path's MTU, and the whole shall not be cut smaller on its way.
  const df = queue.maxDfSize === queue.maxSize;
  if (df) cb[IPCB_FLAGS] |= IPSKB_FRAG_PMTU;
  setBe16(bytes, iph + IPHDR_FRAG_OFF, df ? IP_DF : 0);
  setBe16(bytes, iph + IPHDR_TOT_LEN, skb.len);
  bytes[iph + IPHDR_TOS] |= ecn;
  ipSendCheck(bytes, iph);
  skb.transportHeader = iph + ipHdrlen(bytes, iph);
}

/** ICMP 11/1, from the host that the packet was for (RFC 792); conntrack, which sees packets of others, says nothing to their senders. */
function tellSender(net: Net, queue: Ipq, head: SkBuff): void {
  const dev = net.devGetByIndex(queue.iif);
  const { routing, icmp } = ipv4Net.of(net).ip;
  if (dev === null || routing === null || icmp === null) return;
  head.dev = dev;
  const iph = head.networkHeader;
  const { bytes } = head;
  if (routing.routeInput(head, be32(bytes, iph + IPHDR_DADDR), be32(bytes, iph + IPHDR_SADDR), bytes[iph + IPHDR_TOS], dev) !== 0) return;
  if (skipsIcmp(queue.user) && (head.dst as unknown as Rtable).type !== RTN_LOCAL) return;
  icmp.icmpSend(head, ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, 0);
}

/** `frag_expire_skip_icmp`. */
function skipsIcmp(user: number): boolean {
  return (
    user === IP_DEFRAG_AF_PACKET ||
    (user >= IP_DEFRAG_CONNTRACK_IN && user <= IP_DEFRAG_CONNTRACK_IN_END) ||
    (user >= IP_DEFRAG_CONNTRACK_BRIDGE_IN && user <= IP_DEFRAG_CONNTRACK_BRIDGE_IN_END)
  );
}
