/** Reading and checking a list of IP options: those of a received packet, or those that a program gave to a socket. */
import { type Net, type NetDevice, SKB_DROP_REASON_IP_INHDR, SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import {
  EINVAL,
  ENOPROTOOPT,
  ICMP_PARAMETERPROB,
  IPOPT_CIPSO,
  IPOPT_END,
  IPOPT_LSRR,
  IPOPT_NOOP,
  IPOPT_RA,
  IPOPT_RR,
  IPOPT_SSRR,
  IPOPT_TIMESTAMP,
  IPSTATS_MIB_INDISCARDS,
  IPSTATS_MIB_INHDRERRORS,
  PACKET_HOST,
  RTN_LOCAL,
  RTN_UNICAST,
} from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_LEN, IPHDR_SADDR, IPHDR_TOS, be32, copyBytes, inetNtoa, ipHdrlen, setBe32 } from '@skbuff/wire';
import { fibComputeSpecDst } from './ip-source.ts';
import { inDevGet } from './inetdevice.ts';
import {
  IPOPT_F_IS_CHANGED,
  IPOPT_F_RR_NEEDADDR,
  IPOPT_F_SRR_IS_HIT,
  IPOPT_F_STRICTROUTE,
  IPOPT_F_TS_NEEDADDR,
  IPOPT_F_TS_NEEDTIME,
  IPOPT_TS_PRESPEC,
  IPOPT_TS_TSANDADDR,
  IPOPT_TS_TSONLY,
  IpOptions,
  MAX_IPOPTLEN,
} from './ip-options.ts';
import { inetCurrentTimestamp } from './ip-options-forward.ts';
import { ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';
import { inDevLogMartians, inDevSourceRoute } from './in-dev-conf.ts';

const CIPSO_MIN_LEN = 8;

/** What the checks say when there is nothing wrong; else the offset of the bad byte from the start of the IP header. */
export const IPOPT_ERROR_NONE = 0;

/** Where a list is read, and for whom. One object is used for all packets. */
class Reader {
  net!: Net;
  opt!: IpOptions;
  bytes!: Uint8Array;
  /** Position of the IP header, or of where it would be in front of a program's list. */
  iph = 0;
  /** The packet; null: a program's list, in which nothing is filled in yet. */
  skb: SkBuff | null = null;
  /** A program with CAP_NET_RAW may send what it likes. */
  privileged = false;

  /** The whole list: IPOPT_ERROR_NONE or the offset of the bad byte. */
  read(optlen: number): number {
    const { bytes } = this;
    const end = this.iph + IPHDR_LEN + optlen;
    for (let at = this.iph + IPHDR_LEN; at < end; ) {
      const type = bytes[at];
      if (type === IPOPT_END) {
        this.end(at + 1, end);
        return IPOPT_ERROR_NONE;
      }
      if (type === IPOPT_NOOP) {
        at++;
        continue;
      }
      if (at + 2 > end) return at - this.iph;
      const len = bytes[at + 1];
      if (len < 2 || at + len > end) return at - this.iph;
      const bad = this.option(type, at, len);
      if (bad >= 0) return bad - this.iph;
      at += len;
    }
    return IPOPT_ERROR_NONE;
  }

  /** Behind END there is nothing but END. */
  private end(at: number, end: number): void {
    for (; at < end; at++) {
      if (this.bytes[at] === IPOPT_END) continue;
      this.bytes[at] = IPOPT_END;
      this.opt.flags |= IPOPT_F_IS_CHANGED;
    }
  }

  /** One option: -1, or the position of the bad byte. */
  private option(type: number, at: number, len: number): number {
    switch (type) {
      case IPOPT_SSRR:
      case IPOPT_LSRR:
        return this.sourceRoute(type, at, len);
      case IPOPT_RR:
        return this.recordRoute(at, len);
      case IPOPT_TIMESTAMP:
        return this.timestamp(at, len);
      case IPOPT_RA:
        if (len < 4) return at + 1;
        if (this.bytes[at + 2] === 0 && this.bytes[at + 3] === 0) this.opt.routerAlert = at - this.iph;
        return -1;
      case IPOPT_CIPSO:
        if (!this.mayPass() || this.opt.cipso !== 0) return at;
        this.opt.cipso = at - this.iph;
        // Labels are only understood in a domain of interpretation that was set up, and there is none.
        return len < CIPSO_MIN_LEN ? at + 1 : at + 2;
      default:
        return this.mayPass() ? -1 : at;
    }
  }

  private mayPass(): boolean {
    return this.skb !== null || this.privileged;
  }

  private sourceRoute(type: number, at: number, len: number): number {
    const { bytes, opt } = this;
    if (len < 3) return at + 1;
    if (bytes[at + 2] < 4) return at + 2;
    // RFC 1812 §5.2.4.1: there is one source route at the most.
    if (opt.srr !== 0) return at;
    if (this.skb === null) {
      if (bytes[at + 2] !== 4 || len < 7 || ((len - 3) & 3) !== 0) return at + 1;
      opt.faddr = be32(bytes, at + 3);
      bytes.copyWithin(at + 3, at + 7, at + len);
    }
    if (type === IPOPT_SSRR) opt.flags |= IPOPT_F_STRICTROUTE;
    opt.srr = at - this.iph;
    return -1;
  }

  private recordRoute(at: number, len: number): number {
    const { bytes, opt } = this;
    if (opt.rr !== 0) return at;
    if (len < 3) return at + 1;
    const pointer = bytes[at + 2];
    if (pointer < 4) return at + 2;
    if (pointer <= len) {
      if (pointer + 3 > len) return at + 2;
      if (this.skb !== null) this.fillAddr(at + pointer - 1);
      bytes[at + 2] += 4;
      opt.flags |= IPOPT_F_RR_NEEDADDR;
    }
    opt.rr = at - this.iph;
    return -1;
  }

  private timestamp(at: number, len: number): number {
    const { bytes, opt } = this;
    if (opt.ts !== 0) return at;
    if (len < 4) return at + 1;
    if (bytes[at + 2] < 5) return at + 2;
    const bad = bytes[at + 2] <= len ? this.stamp(at, len) : this.overflow(at);
    if (bad < 0) opt.ts = at - this.iph;
    return bad;
  }

  /** There is room for one more stamp. */
  private stamp(at: number, len: number): number {
    const { bytes, opt } = this;
    const pointer = bytes[at + 2];
    const slot = at + pointer - 1;
    if (pointer + 3 > len) return at + 2;
    const kind = bytes[at + 3] & 0x0f;
    if (kind === IPOPT_TS_TSONLY) return this.time(at, slot, 4);
    if (kind !== IPOPT_TS_TSANDADDR && kind !== IPOPT_TS_PRESPEC) return this.mayPass() ? -1 : at + 3;
    if (pointer + 7 > len) return at + 2;
    if (kind === IPOPT_TS_PRESPEC) {
      // Only whoever is named next may put a stamp there.
      if (ipv4Net.of(this.net).ip.routing?.addrType(this.net, be32(bytes, slot), null) === RTN_UNICAST) return -1;
    } else {
      if (this.skb !== null) this.fillAddr(slot);
      opt.flags |= IPOPT_F_TS_NEEDADDR;
    }
    return this.time(at, slot + 4, 8);
  }

  private time(at: number, where: number, step: number): number {
    const { bytes, opt } = this;
    opt.flags |= IPOPT_F_TS_NEEDTIME;
    if (this.skb !== null) {
      setBe32(bytes, where, inetCurrentTimestamp(this.net));
      opt.flags |= IPOPT_F_IS_CHANGED;
    }
    bytes[at + 2] += step;
    return -1;
  }

  /** There is no room: the host is only counted, 15 at the most. */
  private overflow(at: number): number {
    const { bytes } = this;
    if ((bytes[at + 3] & 0x0f) === IPOPT_TS_PRESPEC) return -1;
    if (bytes[at + 3] >>> 4 === 15) return at + 3;
    if (this.skb !== null) {
      bytes[at + 3] += 0x10;
      this.opt.flags |= IPOPT_F_IS_CHANGED;
    }
    return -1;
  }

  /** This host's address, as the sender of the packet knows it. */
  private fillAddr(at: number): void {
    const skb = this.skb as SkBuff;
    if (skb.dst === null) return;
    setBe32(this.bytes, at, fibComputeSpecDst(this.net, skb));
    this.opt.flags |= IPOPT_F_IS_CHANGED;
  }
}

const reader = new Reader();
/** What is known about the packet whose options are being read. It is copied to the packet's control buffer at once. */
const packetOptions: IpOptions = new IpOptions();

/**
 * `ip_options_compile` for a program's list in `opt.data` (`optlen` set): checks it, moves the first hop of a source route to
 * `opt.faddr` and leaves room for what is filled in on sending. 0 or -EINVAL. `privileged`: CAP_NET_RAW.
 */
export function ipOptionsCompile(net: Net, opt: IpOptions, privileged: boolean): number {
  reader.net = net;
  reader.opt = opt;
  reader.bytes = opt.data;
  reader.iph = -IPHDR_LEN;
  reader.skb = null;
  reader.privileged = privileged;
  return reader.read(opt.optlen) === IPOPT_ERROR_NONE ? 0 : -EINVAL;
}

/**
 * `__ip_options_compile` for a packet, whose header is private and has `optlen` bytes of options: fills in addresses and times and
 * notes the result in the control buffer. {@link IPOPT_ERROR_NONE}, or the offset of the bad byte from the start of the header.
 */
function ipOptionsCompileSkb(net: Net, skb: SkBuff, optlen: number): number {
  reader.net = net;
  reader.opt = packetOptions.reset();
  reader.bytes = skb.bytes;
  reader.iph = skb.networkHeader;
  reader.skb = skb;
  packetOptions.optlen = optlen;
  const bad = reader.read(optlen);
  reader.skb = null;
  packetOptions.toCb(skb);
  return bad;
}

/**
 * `ip_options_get`: a program's list as a new object, padded to 4; -EINVAL if it is longer than 40 bytes or wrong, -ENOPROTOOPT in a stack
 * without {@link ipv4Options}.
 */
export function ipOptionsGet(net: Net, list: Uint8Array, privileged: boolean): IpOptions | number {
  if (ipv4Net.of(net).ip.options === null) return -ENOPROTOOPT;
  if (list.length > MAX_IPOPTLEN) return -EINVAL;
  const opt = new IpOptions();
  copyBytes(opt.data, 0, list, 0, list.length);
  opt.optlen = list.length;
  opt.pad();
  const err = ipOptionsCompile(net, opt, privileged);
  return err !== 0 ? err : opt;
}

/**
 * `ip_rcv_options`: reads the options of a received packet and follows a source route. False: they were not acceptable, and the
 * sk_buff is freed (an ICMP parameter problem went out where RFC 1122 wants one).
 */
export function ipRcvOptions(skb: SkBuff, dev: NetDevice): boolean {
  const { net } = dev;
  const { stats, ip } = ipv4Net.of(net);
  if (skb.cache.cow(skb, skb.headroom()) !== 0) {
    stats[IPSTATS_MIB_INDISCARDS]++;
    return dropped(skb, SKB_DROP_REASON_NOMEM);
  }
  const bad = ipOptionsCompileSkb(net, skb, ipHdrlen(skb.bytes, skb.networkHeader) - IPHDR_LEN);
  if (bad !== IPOPT_ERROR_NONE) {
    ip.icmp?.icmpSend(skb, ICMP_PARAMETERPROB, 0, pointerInfo(bad));
    stats[IPSTATS_MIB_INHDRERRORS]++;
    return dropped(skb, SKB_DROP_REASON_IP_INHDR);
  }
  if (packetOptions.srr === 0) return true;
  const inDev = inDevGet(dev);
  if (inDev !== null && !inDevSourceRoute(inDev)) {
    if (inDevLogMartians(inDev)) logSourceRoute(net, skb);
    return dropped(skb, SKB_DROP_REASON_NOT_SPECIFIED);
  }
  return ipOptionsRcvSrr(skb, dev) || dropped(skb, SKB_DROP_REASON_NOT_SPECIFIED);
}

function dropped(skb: SkBuff, reason: number): false {
  skb.kfree(reason);
  return false;
}

/** The second word of a parameter problem: the pointer is its upper byte. */
function pointerInfo(offset: number): number {
  return (offset << 24) >>> 0;
}

function logSourceRoute(net: Net, skb: SkBuff): void {
  const saddr = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
  const daddr = be32(skb.bytes, skb.networkHeader + IPHDR_DADDR);
  net.kernel.log(`source route option ${inetNtoa(saddr)} -> ${inetNtoa(daddr)}`);
}

/** `ip_options_rcv_srr`: the packet goes on to the first address of the list that is not this host's. */
function ipOptionsRcvSrr(skb: SkBuff, dev: NetDevice): boolean {
  const rt = skb.dst as Rtable | null;
  if (rt === null) return true;
  if (skb.pktType !== PACKET_HOST) return false;
  const { ip } = ipv4Net.of(dev.net);
  if (rt.type === RTN_UNICAST) {
    if (!packetOptions.has(IPOPT_F_STRICTROUTE)) return true;
    ip.icmp?.icmpSend(skb, ICMP_PARAMETERPROB, 0, pointerInfo(IPHDR_DADDR));
    return false;
  }
  return rt.type === RTN_LOCAL && walkSourceRoute(skb, dev);
}

function walkSourceRoute(skb: SkBuff, dev: NetDevice): boolean {
  const { bytes } = skb;
  const iph = skb.networkHeader;
  const { srr } = packetOptions;
  const { routing, icmp } = ipv4Net.of(dev.net).ip;
  const space = bytes[iph + srr + 1];
  let pointer = bytes[iph + srr + 2];
  let nexthop = 0;
  for (; pointer <= space; pointer += 4) {
    if (pointer + 3 > space) {
      icmp?.icmpSend(skb, ICMP_PARAMETERPROB, 0, pointerInfo(srr + 2));
      return false;
    }
    nexthop = be32(bytes, iph + srr + pointer - 1);
    skb.dstDrop();
    if (routing === null || routing.routeInput(skb, nexthop, be32(bytes, iph + IPHDR_SADDR), bytes[iph + IPHDR_TOS], dev) !== 0) return false;
    const { type } = skb.dst as unknown as Rtable;
    if (type === RTN_UNICAST) break;
    if (type !== RTN_LOCAL) return false;
    // Another address of this host: that hop is passed already.
    setBe32(bytes, iph + IPHDR_DADDR, nexthop);
    packetOptions.flags |= IPOPT_F_IS_CHANGED;
  }
  if (pointer <= space) {
    packetOptions.flags |= IPOPT_F_SRR_IS_HIT | IPOPT_F_IS_CHANGED;
    packetOptions.nexthop = nexthop;
  }
  packetOptions.toCb(skb);
  return true;
}
