/** Reassembly of IPv6 packets (`net/ipv6/reassembly.c`; RFC 8200 §4.5, RFC 5722 for overlaps). */
import {
  HZ,
  type ModuleContext,
  type Net,
  type NetDevice,
  NetSlot,
  SKB_DROP_REASON_DUP_FRAG,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
} from '@skbuff/core';
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
  ICMPV6_EXC_FRAGTIME,
  ICMPV6_HDR_FIELD,
  ICMPV6_HDR_INCOMP,
  ICMPV6_TIME_EXCEED,
  IP6_MF,
  IP6_OFFSET,
  IPPROTO_FRAGMENT,
  IPPROTO_ICMPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPSTATS_MIB_INHDRERRORS,
  IPSTATS_MIB_REASMFAILS,
  IPSTATS_MIB_REASMOKS,
  IPSTATS_MIB_REASMREQDS,
  IPSTATS_MIB_REASMTIMEOUT,
  IPSTATS_MIB_REASM_OVERLAPS,
} from '@skbuff/uapi';
import {
  FRAGHDR_FRAG_OFF,
  FRAGHDR_IDENTIFICATION,
  FRAGHDR_LEN,
  FRAGHDR_NEXTHDR,
  ICMP6HDR_LEN,
  In6Addr,
  IPV6HDR_DADDR,
  IPV6HDR_LEN,
  IPV6HDR_PAYLOAD_LEN,
  IPV6HDR_SADDR,
  be16,
  be32,
  in6Hash,
  in6Word,
  setBe16,
} from '@skbuff/wire';
import { IPV6_ADDR_LINKLOCAL, IPV6_ADDR_MULTICAST, ipv6AddrType } from './addrconf-core.ts';
import { exthdrWalk, ipv6SkipExthdr } from './exthdrs-core.ts';
import { type Inet6Dev, in6DevGet } from './if-inet6.ts';
import type { Inet6Protocol } from './interfaces.ts';
import { IP6CB_FLAGS, IP6CB_FRAG_MAX_SIZE, IP6CB_NHOFF, IP6SKB_FRAGMENTED } from './ip6-cb.ts';
import { ip6ProtocolDeliver } from './ip6-deliver.ts';
import { type Ipv6, type Ipv6Net, ipv6Net } from './ipv6-net.ts';
import type { Rt6Info } from './rt6-info.ts';
import { ip6IncStats } from './snmp.ts';

/** Memory charged for an empty queue, bytes (`sizeof(struct frag_queue)`). */
const QSIZE = 184;
const IPV6_FRAG_TIMEOUT: number = 60 * HZ;
const IPV6_MAXPLEN = 65535;
const TCPHDR_LEN = 20;
const UDPHDR_LEN = 8;

/** Results of the handler: there is another header; the sk_buff is gone. */
const NEXT_HEADER = 1;
const GONE = -1;

/** `struct frag_queue`. */
class Ip6FragQueue extends FragQueue {
  readonly saddr: In6Addr;
  readonly daddr: In6Addr;
  readonly id: number;
  /** Interface to which the addresses belong, 0: they are the same everywhere. */
  readonly scopeIif: number;
  /** Where the number of the fragment header is in the first fragment, from its IPv6 header. */
  nhoff = 0;

  constructor(fqdir: Fqdir, hash: number, skb: SkBuff) {
    super(fqdir, hash);
    const { bytes, networkHeader: iph } = skb;
    this.saddr = new In6Addr().load(bytes, iph + IPV6HDR_SADDR);
    this.daddr = new In6Addr().load(bytes, iph + IPV6HDR_DADDR);
    this.id = be32(bytes, skb.transportHeader + FRAGHDR_IDENTIFICATION);
    this.scopeIif = (ipv6AddrType(this.daddr) & (IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL)) !== 0 ? (skb.dev as NetDevice).ifindex : 0;
  }

  override matches(skb: SkBuff): boolean {
    const { bytes, networkHeader: iph } = skb;
    return (
      this.id === be32(bytes, skb.transportHeader + FRAGHDR_IDENTIFICATION) &&
      this.saddr.isAt(bytes, iph + IPV6HDR_SADDR) &&
      this.daddr.isAt(bytes, iph + IPV6HDR_DADDR) &&
      (this.scopeIif === 0 || this.scopeIif === (skb.dev as NetDevice).ifindex)
    );
  }

  /** `ip6frag_expire_frag_queue`: ICMPv6 3/1, unless the first fragment has not arrived (RFC 8200 §4.5). */
  protected override expired(head: SkBuff | null): void {
    const { net } = this.fqdir;
    const dev = net.devGetByIndex(this.iif);
    if (dev === null) return;
    const state = ipv6Net.of(net);
    const idev = in6DevGet(dev);
    ip6IncStats(state, idev, IPSTATS_MIB_REASMFAILS);
    ip6IncStats(state, idev, IPSTATS_MIB_REASMTIMEOUT);
    if (head === null) return;
    head.dev = dev;
    state.ip.icmp?.icmpv6Send(head, ICMPV6_TIME_EXCEED, ICMPV6_EXC_FRAGTIME, 0);
  }
}

/** `net->ipv6.fqdir`. */
export class Ip6FragNet {
  readonly fqdir: Fqdir<Ip6FragQueue>;
  private readonly key: number;

  constructor(net: Net) {
    this.key = net.kernel.random.u32() | 0;
    this.fqdir = new Fqdir<Ip6FragQueue>(net, { qsize: QSIZE, create: (fqdir, hash, skb) => new Ip6FragQueue(fqdir, hash, skb) });
    this.fqdir.timeout = IPV6_FRAG_TIMEOUT;
  }

  /** `fq_find`: the queue of this packet, made if there is none; null without memory for it. */
  find(skb: SkBuff): Ip6FragQueue | null {
    const { bytes, networkHeader: iph } = skb;
    const saddr = in6Hash(in6Word(bytes, iph + 8), in6Word(bytes, iph + 12), in6Word(bytes, iph + 16), in6Word(bytes, iph + 20), this.key);
    const seed = saddr ^ in6Word(bytes, skb.transportHeader + FRAGHDR_IDENTIFICATION);
    const hash = in6Hash(in6Word(bytes, iph + 24), in6Word(bytes, iph + 28), in6Word(bytes, iph + 32), in6Word(bytes, iph + 36), seed);
    return this.fqdir.find(hash >>> 0, skb, 0);
  }
}

export const ip6FragNet: NetSlot<Ip6FragNet> = new NetSlot<Ip6FragNet>('ip6frag');

/** `ipv6_frag_rcv`: the handler of fragment headers. */
function ipv6FragRcv(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const state = ipv6Net.of(net);
  if ((skb.cb[IP6CB_FLAGS] & IP6SKB_FRAGMENTED) !== 0) return badHeader(state, skb);
  ip6IncStats(state, dstIdev(skb), IPSTATS_MIB_REASMREQDS);
  // The length of a jumbogram is not known to say where a fragment ends.
  if (be16(skb.bytes, skb.networkHeader + IPV6HDR_PAYLOAD_LEN) === 0) return badHeader(state, skb);
  if (!skb.mayPull(skb.transportHeader - skb.data + FRAGHDR_LEN)) return badHeader(state, skb);
  if ((be16(skb.bytes, skb.transportHeader + FRAGHDR_FRAG_OFF) & (IP6_OFFSET | IP6_MF)) === 0) return atomicFragment(state, skb);
  if (headersTruncated(skb)) return refuse(state, skb, ICMPV6_HDR_INCOMP, 0);
  const queue = ip6FragNet.of(net).find(skb);
  if (queue !== null) return ip6FragQueue(net, queue, skb);
  ip6IncStats(state, dstIdev(skb), IPSTATS_MIB_REASMFAILS);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return GONE;
}

/** `ip6_dst_idev`: the interface that the route belongs to. */
function dstIdev(skb: SkBuff): Inet6Dev | null {
  return skb.dst === null ? null : (skb.dst as Rt6Info).idev;
}

/** There must be no such header here, or it is cut: the sender hears where it begins. */
function badHeader(state: Ipv6Net, skb: SkBuff): number {
  return refuse(state, skb, ICMPV6_HDR_FIELD, skb.transportHeader - skb.networkHeader);
}

/** Parameter problem `code` at `pos` bytes from the IPv6 header. */
function refuse(state: Ipv6Net, skb: SkBuff, code: number, pos: number): number {
  ip6IncStats(state, in6DevGet(skb.dev as NetDevice), IPSTATS_MIB_INHDRERRORS);
  const { icmp } = state.ip;
  if (icmp === null) skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  else icmp.paramProb(skb, code, pos, SKB_DROP_REASON_NOT_SPECIFIED);
  return GONE;
}

/** A packet in one piece with a fragment header all the same (RFC 6946): it waits for no other. */
function atomicFragment(state: Ipv6Net, skb: SkBuff): number {
  const { cb, bytes, networkHeader: iph } = skb;
  cb[IP6CB_NHOFF] = skb.transportHeader - iph;
  cb[IP6CB_FLAGS] |= IP6SKB_FRAGMENTED;
  cb[IP6CB_FRAG_MAX_SIZE] = be16(bytes, iph + IPV6HDR_PAYLOAD_LEN) + IPV6HDR_LEN;
  skb.transportHeader += FRAGHDR_LEN;
  ip6IncStats(state, dstIdev(skb), IPSTATS_MIB_REASMOKS);
  return NEXT_HEADER;
}

/** `ipv6frag_thdr_truncated`: the first fragment must have all headers, the transport's too (RFC 7112, RFC 8200 §4.5). */
function headersTruncated(skb: SkBuff): boolean {
  const at = ipv6SkipExthdr(skb, skb.transportHeader - skb.data, IPPROTO_FRAGMENT);
  if (at < 0 || (exthdrWalk.fragOff & IP6_OFFSET) !== 0) return false;
  return at + transportLen(exthdrWalk.nexthdr) > skb.len;
}

function transportLen(nexthdr: number): number {
  if (nexthdr === IPPROTO_TCP) return TCPHDR_LEN;
  if (nexthdr === IPPROTO_UDP) return UDPHDR_LEN;
  return nexthdr === IPPROTO_ICMPV6 ? ICMP6HDR_LEN : 1;
}

/** `ip6_frag_queue`. */
function ip6FragQueue(net: Net, queue: Ip6FragQueue, skb: SkBuff): number {
  const { bytes, networkHeader: iph, transportHeader: at } = skb;
  const state = ipv6Net.of(net);
  const fragOff = be16(bytes, at + FRAGHDR_FRAG_OFF);
  const offset = fragOff & IP6_OFFSET;
  const end = offset + be16(bytes, iph + IPV6HDR_PAYLOAD_LEN) - (at + FRAGHDR_LEN - iph - IPV6HDR_LEN);
  queue.iif = (skb.dev as NetDevice).ifindex;
  if (end > IPV6_MAXPLEN) return refuse(state, skb, ICMPV6_HDR_FIELD, at + FRAGHDR_FRAG_OFF - iph);
  const last = (fragOff & IP6_MF) === 0;
  if (!last && (end & 7) !== 0) return refuse(state, skb, ICMPV6_HDR_FIELD, IPV6HDR_PAYLOAD_LEN);
  if (!queue.extend(end, last)) return discard(state, queue, skb);
  if (end === offset || skb.pull(at + FRAGHDR_LEN - skb.data) < 0) return discard(state, queue, skb);
  return insert(net, state, queue, skb, offset, end);
}

function insert(net: Net, state: Ipv6Net, queue: Ip6FragQueue, skb: SkBuff, offset: number, end: number): number {
  const err = inetFragQueueInsert(queue, skb, offset, end);
  if (err === IPFRAG_DUP) {
    skb.kfree(SKB_DROP_REASON_DUP_FRAG);
    return GONE;
  }
  if (err !== 0) {
    ip6IncStats(state, dstIdev(skb), IPSTATS_MIB_REASM_OVERLAPS);
    return discard(state, queue, skb);
  }
  if (offset === 0) queue.nhoff = skb.cb[IP6CB_NHOFF];
  const ecn = (skb.bytes[skb.networkHeader + 1] >> 4) & 3;
  if (!queue.account(skb, offset, ecn, skb.len + skb.data - skb.networkHeader)) return GONE;
  const whole = ip6FragReasm(net, state, queue, skb);
  if (whole === null) return GONE;
  // The whole is in the first fragment, which need not be what came last: it goes on from here, and is counted there.
  ip6ProtocolDeliver(net, whole, 0, false);
  return GONE;
}

/** The fragment contradicts what is there: all of it is given up. */
function discard(state: Ipv6Net, queue: Ip6FragQueue, skb: SkBuff): number {
  ip6IncStats(state, dstIdev(skb), IPSTATS_MIB_REASMFAILS);
  queue.destroy();
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return GONE;
}

/** `ip6_frag_reasm`: everything is here. `last` came last; its route is kept. */
function ip6FragReasm(net: Net, state: Ipv6Net, queue: Ip6FragQueue, last: SkBuff): SkBuff | null {
  const idev = in6DevGet(last.dev as NetDevice);
  queue.kill();
  const ecn = ipFragEcnTable[queue.ecn] as number;
  const skb = ecn === IPFRAG_ECN_INVALID ? null : assemble(net, queue, last);
  if (skb !== null) finishHeader(skb, queue, ecn);
  ip6IncStats(state, idev, skb === null ? IPSTATS_MIB_REASMFAILS : IPSTATS_MIB_REASMOKS);
  queue.destroy();
  return skb;
}

function assemble(net: Net, queue: Ip6FragQueue, last: SkBuff): SkBuff | null {
  const head = (queue.runs[0] as { first: SkBuff }).first;
  const payload = head.data - head.networkHeader - IPV6HDR_LEN - FRAGHDR_LEN + queue.len;
  if (payload > IPV6_MAXPLEN) {
    net.kernel.log(`ip6_frag_reasm: payload len = ${payload}`);
    return null;
  }
  const skb = inetFragReasmPrepare(queue, last);
  if (skb === null) {
    net.kernel.log('ip6_frag_reasm: no memory for reassembly');
    return null;
  }
  inetFragReasmFinish(queue, skb);
  return skb;
}

/** Takes the fragment header out: what is before it moves up to the payload. */
function finishHeader(skb: SkBuff, queue: Ip6FragQueue, ecn: number): void {
  const { bytes, cb, transportHeader: at } = skb;
  bytes[skb.networkHeader + queue.nhoff] = bytes[at + FRAGHDR_NEXTHDR];
  const from = skb.macHeader >= 0 ? skb.macHeader : skb.networkHeader;
  bytes.copyWithin(from + FRAGHDR_LEN, from, at);
  if (skb.macHeader >= 0) skb.macHeader += FRAGHDR_LEN;
  skb.networkHeader += FRAGHDR_LEN;
  skb.transportHeader = skb.data;
  const iph = skb.networkHeader;
  setBe16(bytes, iph + IPV6HDR_PAYLOAD_LEN, skb.data - iph - IPV6HDR_LEN + skb.len);
  bytes[iph + 1] |= ecn << 4;
  cb[IP6CB_NHOFF] = queue.nhoff;
  cb[IP6CB_FLAGS] |= IP6SKB_FRAGMENTED;
  cb[IP6CB_FRAG_MAX_SIZE] = queue.maxSize;
}

const fragProtocol: Inet6Protocol = { handler: ipv6FragRcv, errHandler: null, final: false, noPolicy: true };

/** `ipv6_frag_init`: queues for each namespace, and the handler of fragment headers. */
export function ipv6FragInit(ctx: ModuleContext, ip: Ipv6): void {
  ctx.pernetSubsys({
    name: 'ipv6 fragments',
    init: (net) => (ip6FragNet.set(net, new Ip6FragNet(net)), 0),
    exit(net) {
      ip6FragNet.of(net).fqdir.exit();
      ip6FragNet.set(net, null);
    },
  });
  const remove = ip.addProtocol(IPPROTO_FRAGMENT, fragProtocol);
  if (remove === null) throw new Error('next header 44 has a handler already');
  ctx.onUnload(remove);
}
