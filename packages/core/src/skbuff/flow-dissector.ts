/**
 * The flow that a packet belongs to, as one number (`net/core/flow_dissector.c`): receive steering, transmit queues and multipath use
 * it. Both directions of a flow have the same number; it differs from kernel to kernel by the seed.
 */
import { ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP, IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '@skbuff/uapi';
import { be16, be32, IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR } from '@skbuff/wire';
import { skbHeadlen } from './skb-access.ts';
import { SKB_L4_HASH, SKB_SW_HASH, type SkBuff } from './skbuff.ts';

const VLAN_HLEN = 4;
/** IP_MF | IP_OFFSET: a fragment, also the first. */
const FRAGMENT = 0x3fff;

/** `skb_get_hash`: the number of the packet's flow, computed if nobody did; never 0 once computed. u32. */
export function skbGetHash(skb: SkBuff): number {
  if ((skb.bits & (SKB_L4_HASH | SKB_SW_HASH)) === 0) setSwHash(skb);
  return skb.hash;
}

/** `skb_clear_hash`: the packet changed its flow. */
export function skbClearHash(skb: SkBuff): void {
  skb.hash = 0;
  skb.bits &= ~(SKB_L4_HASH | SKB_SW_HASH);
}

/** `reciprocal_scale`: spreads a u32 evenly over 0 … n-1. */
export function reciprocalScale(hash: number, n: number): number {
  return Math.floor((hash / 0x1_0000_0000) * n);
}

/** `__skb_get_hash`: over addresses and ports in canonical order; `l4Hash` if there were ports. */
function setSwHash(skb: SkBuff): void {
  let proto = skb.protocol;
  let at = skb.networkHeader;
  const end = skb.data + skbHeadlen(skb);
  while ((proto === ETH_P_8021Q || proto === ETH_P_8021AD) && at >= 0 && at + VLAN_HLEN <= end) {
    proto = be16(skb.bytes, at + 2);
    at += VLAN_HLEN;
  }
  if (proto === ETH_P_IP && at >= 0 && at + IPHDR_LEN <= end) hashIpv4(skb, at, end);
  else store(skb, mix(skb.cache.hashRnd, proto), false);
}

function hashIpv4(skb: SkBuff, iph: number, end: number): void {
  const { bytes } = skb;
  const proto = bytes[iph + IPHDR_PROTOCOL];
  const l4 = iph + ((bytes[iph] & 0x0f) << 2);
  const ports = hasPorts(proto) && (be16(bytes, iph + IPHDR_FRAG_OFF) & FRAGMENT) === 0 && l4 + 4 <= end;
  const saddr = be32(bytes, iph + IPHDR_SADDR);
  const daddr = be32(bytes, iph + IPHDR_DADDR);
  const source = ports ? be16(bytes, l4) : 0;
  const dest = ports ? be16(bytes, l4 + 2) : 0;
  // `__flow_hash_consistentify`: the smaller end first.
  const turned = daddr < saddr || (saddr === daddr && dest < source);
  const addrs = turned ? mix(mix(skb.cache.hashRnd, daddr), saddr) : mix(mix(skb.cache.hashRnd, saddr), daddr);
  const pair = turned ? (dest << 16) | source : (source << 16) | dest;
  store(skb, mix(mix(addrs, pair >>> 0), proto), pair !== 0);
}

function hasPorts(proto: number): boolean {
  return proto === IPPROTO_TCP || proto === IPPROTO_UDP || proto === IPPROTO_SCTP || proto === IPPROTO_DCCP || proto === IPPROTO_UDPLITE;
}

function store(skb: SkBuff, hash: number, l4: boolean): void {
  skb.hash = hash === 0 ? 1 : hash;
  skb.bits = (skb.bits & ~SKB_L4_HASH) | (l4 ? SKB_L4_HASH | SKB_SW_HASH : SKB_SW_HASH);
}

/** One round of MurmurHash3's mixing (public domain) with its final avalanche, so that every bit counts in the upper ones. */
function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  let h = hash ^ k;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
