/**
 * Receiving (`net/ipv6/raw.c`): every matching socket gets a clone from its protocol's header on, before the transport sees the packet.
 * Addresses of packets are offsets.
 */
import { icmpv6ErrConvert, inet6McCheck, inet6Np, ip6SkRedirect, ip6SkUpdatePmtu, ipv6IcmpError } from '@skbuff/af-inet6';
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  type NetDevice,
  SKB_DROP_REASON_SKB_CSUM,
  type SkBuff,
  skbChecksumValidateComplete,
  skbCsumUnnecessary,
} from '@skbuff/core';
import { IP6CB_IIF } from '@skbuff/ipv6';
import { sockQueueRcvSkb } from '@skbuff/sock';
import { ICMPV6_PKT_TOOBIG, IPPROTO_ICMPV6, IPV6_PMTUDISC_DO, NDISC_REDIRECT, TCP_ESTABLISHED } from '@skbuff/uapi';
import { IPV6HDR_DADDR, IPV6HDR_SADDR, csumIpv6Nofold } from '@skbuff/wire';
import { type Raw6Sock, raw6Net } from './raw6-sock.ts';

/** Bytes of ICMPv6 that must be there for a message to have a type. */
const ICMPV6_HDRLEN = 4;
const icmph: Uint8Array = new Uint8Array(ICMPV6_HDRLEN);

/** See `Raw6Delivery.localDeliver`. A socket without room does not count. */
export function raw6LocalDeliver(skb: SkBuff, nexthdr: number): boolean {
  const { net } = skb.dev as NetDevice;
  const list = raw6Net.of(net).hashinfo.of(nexthdr);
  if (list.length === 0) return false;
  const { bytes, networkHeader: nh } = skb;
  const dif = skb.cb[IP6CB_IIF];
  let delivered = false;
  for (let i = 0; i < list.length; i++) {
    const sk = list[i] as Raw6Sock;
    if (!rawV6Match(sk, bytes, nh + IPV6HDR_DADDR, nh + IPV6HDR_SADDR, dif)) continue;
    if (sk.rmemAlloc >= sk.rcvbuf) {
      sk.drops++;
      continue;
    }
    delivered = true;
    if (nexthdr === IPPROTO_ICMPV6 && icmpv6Filtered(sk, skb)) continue;
    const copy = skb.clone();
    if (copy !== null) rawv6Rcv(sk, copy);
  }
  return delivered;
}

/** `raw_v6_match`, the protocol aside: from the address at `rmt` to that at `loc`. */
export function rawV6Match(sk: Raw6Sock, bytes: Uint8Array, loc: number, rmt: number, dif: number): boolean {
  const { daddr, rcvSaddr } = inet6Np(sk);
  if (!daddr.isAny() && !daddr.isAt(bytes, rmt)) return false;
  if (sk.boundDevIf !== 0 && sk.boundDevIf !== dif) return false;
  if (rcvSaddr.isAny() || rcvSaddr.isAt(bytes, loc)) return true;
  return bytes[loc] === 0xff && inet6McCheck(sk, bytes, loc, rmt);
}

/** `icmpv6_filter`: whether the socket does not want this message, or it is none. */
function icmpv6Filtered(sk: Raw6Sock, skb: SkBuff): boolean {
  // The packet is shared: what is in fragments stays there.
  if (!skb.copyBits(0, icmph, 0, ICMPV6_HDRLEN)) return true;
  const type = icmph[0] as number;
  return ((sk.icmp6Filter[type >>> 3] >>> (type & 7)) & 1) !== 0;
}

/** `rawv6_rcv`: takes over the sk_buff and queues it, unless its checksum is there to be right and is not. */
export function rawv6Rcv(sk: Raw6Sock, skb: SkBuff): void {
  skb.nfReset();
  if (sk.checksum && !checksumGood(sk, skb)) {
    sk.drops++;
    skb.kfree(SKB_DROP_REASON_SKB_CSUM);
    return;
  }
  if (skb.dst !== null) skb.dstDrop();
  const reason = sockQueueRcvSkb(sk, skb);
  if (reason !== 0) skb.kfree(reason);
}

function checksumGood({ inetNum }: Raw6Sock, skb: SkBuff): boolean {
  if (skbCsumUnnecessary(skb)) return true;
  // What a device has summed has the network headers in it still.
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  return skbChecksumValidateComplete(skb, true, csumIpv6Nofold(skb.bytes, skb.networkHeader + IPV6HDR_SADDR, skb.len, inetNum));
}

/** See `Raw6Delivery.icmpError`. */
export function raw6IcmpError(skb: SkBuff, nexthdr: number, type: number, code: number, innerOffset: number, info: number): void {
  const { net } = skb.dev as NetDevice;
  const list = raw6Net.of(net).hashinfo.of(nexthdr);
  if (list.length === 0) return;
  const { bytes, data: nh, cb } = skb;
  // The quoted packet went the other way.
  for (const sk of list) {
    if (rawV6Match(sk, bytes, nh + IPV6HDR_SADDR, nh + IPV6HDR_DADDR, cb[IP6CB_IIF])) rawv6Err(sk, skb, type, code, innerOffset, info);
  }
}

/** `rawv6_err`. */
function rawv6Err(sk: Raw6Sock, skb: SkBuff, type: number, code: number, offset: number, info: number): void {
  const { pmtudisc, recverr } = inet6Np(sk);
  if (!recverr && sk.state !== TCP_ESTABLISHED) return;
  const { errno, hard } = icmpv6ErrConvert(type, code);
  if (type === ICMPV6_PKT_TOOBIG) ip6SkUpdatePmtu(skb, sk, info);
  if (type === NDISC_REDIRECT) {
    ip6SkRedirect(skb, sk);
    return;
  }
  if (recverr) ipv6IcmpError(sk, skb, type, code, errno, 0, info, sk.hdrincl ? 0 : offset);
  if (recverr || (type === ICMPV6_PKT_TOOBIG ? pmtudisc === IPV6_PMTUDISC_DO : hard)) sk.setErr(errno);
}
