/**
 * What flow a packet belongs to (`net/core/flow_dissector.c`): its keys, for whoever goes by protocol and ports, and one number made of
 * them, for receive steering, transmit queues and multipath. Both directions of a flow have the same number; it differs from kernel to
 * kernel by the seed.
 */
import { ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP, ETH_P_IPV6, IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '@skbuff/uapi';
import { be16, be32, IPHDR_FRAG_OFF, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR } from '@skbuff/wire';
import { skbHeadlen } from './skb-access.ts';
import { SKB_L4_HASH, SKB_SW_HASH, type SkBuff } from './skbuff.ts';

const VLAN_HLEN = 4;
const IP_FRAGMENT = 0x3fff;
const IP_OFFSET_MASK = 0x1fff;

/** `struct flow_keys`. Offsets are places in `skb.bytes`. */
export class FlowKeys {
  /** EtherType behind the VLAN tags. */
  nProto = 0;
  /** IPPROTO_*; 0: no network header that is known. */
  ipProto = 0;
  /** Where the source address lies, with the destination right behind it, and how long each is; 0: there are none. */
  addrs = 0;
  addrLen = 0;
  /** Where the transport header begins. */
  thoff = 0;
  /** Source and destination port; -1 where the protocol has none or they are not here. Those of fragments do not count. */
  source = -1;
  dest = -1;
  /** A fragment that does not begin with the transport header. */
  laterFragment = false;
  /** Of IPv6: the flow label, which says by itself what the flow is; 0: none. */
  label = 0;
}

/**
 * Reads the header of another network protocol, which is at `at`, while the linear part ends at `end`: fills in what `keys` has beyond the
 * EtherType. True: `thoff` is where ports may be.
 */
export type FlowDissector = (skb: SkBuff, keys: FlowKeys, at: number, end: number) => boolean;

const flowKeys: FlowKeys = new FlowKeys();

/**
 * `skb_flow_dissect_flow_keys`: reads the headers in the linear part from `networkHeader` on. The keys are one object, good until the
 * next call.
 */
export function skbFlowDissect(skb: SkBuff): FlowKeys {
  const keys = flowKeys;
  let at = skb.networkHeader;
  const end = skb.data + skbHeadlen(skb);
  keys.nProto = skb.protocol;
  keys.ipProto = 0;
  keys.addrLen = keys.label = 0;
  keys.source = keys.dest = -1;
  keys.laterFragment = false;
  if (at < 0) return keys;
  while ((keys.nProto === ETH_P_8021Q || keys.nProto === ETH_P_8021AD) && at + VLAN_HLEN <= end) {
    keys.nProto = be16(skb.bytes, at + 2);
    at += VLAN_HLEN;
  }
  if (keys.nProto === ETH_P_IP && at + IPHDR_LEN <= end) dissectIpv4(skb, keys, at, end);
  if (keys.nProto === ETH_P_IPV6 && skb.cache.dissectIpv6?.(skb, keys, at, end) === true) dissectPorts(skb.bytes, keys, end);
  return keys;
}

function dissectIpv4({ bytes }: SkBuff, keys: FlowKeys, iph: number, end: number): void {
  const fragment = be16(bytes, iph + IPHDR_FRAG_OFF) & IP_FRAGMENT;
  keys.ipProto = bytes[iph + IPHDR_PROTOCOL];
  keys.addrs = iph + IPHDR_SADDR;
  keys.addrLen = 4;
  keys.thoff = iph + ((bytes[iph] & 0x0f) << 2);
  keys.laterFragment = (fragment & IP_OFFSET_MASK) !== 0;
  if (fragment === 0) dissectPorts(bytes, keys, end);
}

function dissectPorts(bytes: Uint8Array, keys: FlowKeys, end: number): void {
  const { ipProto, thoff } = keys;
  const ported = ipProto === IPPROTO_TCP || ipProto === IPPROTO_UDP || ipProto === IPPROTO_SCTP || ipProto === IPPROTO_DCCP || ipProto === IPPROTO_UDPLITE;
  if (!ported || thoff + 4 > end) return;
  keys.source = be16(bytes, thoff);
  keys.dest = be16(bytes, thoff + 2);
}

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

/** `__skb_get_hash`: over addresses and ports in canonical order; SKB_L4_HASH if there were ports. */
function setSwHash(skb: SkBuff): void {
  const keys = skbFlowDissect(skb);
  const { bytes } = skb;
  const { addrs, addrLen, label } = keys;
  // Ports do not count beside a flow label (FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL).
  const source = label !== 0 ? 0 : Math.max(keys.source, 0);
  const dest = label !== 0 ? label : Math.max(keys.dest, 0);
  let hash = skb.cache.hashRnd;
  if (addrLen === 0) hash = mix(hash, keys.nProto);
  else {
    // `__flow_hash_consistentify`: the smaller end first.
    const order = compareAddrs(bytes, addrs, addrLen);
    const turned = order > 0 || (order === 0 && dest < source);
    hash = mixAddr(mixAddr(hash, bytes, turned ? addrs + addrLen : addrs, addrLen), bytes, turned ? addrs : addrs + addrLen, addrLen);
    hash = mix(mix(hash, turned ? (dest << 16) | source : (source << 16) | dest), keys.ipProto);
  }
  skb.hash = hash === 0 ? 1 : hash;
  skb.bits = (skb.bits & ~SKB_L4_HASH) | ((source | dest) !== 0 ? SKB_L4_HASH | SKB_SW_HASH : SKB_SW_HASH);
}

/** Positive: the source address is the greater one. */
function compareAddrs(bytes: Uint8Array, addrs: number, len: number): number {
  for (let i = addrs; i < addrs + len; i += 4) {
    const source = be32(bytes, i);
    const dest = be32(bytes, i + len);
    if (source !== dest) return source - dest;
  }
  return 0;
}

function mixAddr(hash: number, bytes: Uint8Array, at: number, len: number): number {
  for (let i = at; i < at + len; i += 4) hash = mix(hash, be32(bytes, i));
  return hash;
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
