/**
 * What flow a packet belongs to (`net/core/flow_dissector.c`): its keys, for whoever goes by protocol and ports, and one number made of
 * them, for receive steering, transmit queues and multipath. Both directions of a flow have the same number; it differs from kernel to
 * kernel by the seed.
 */
import { ETH_HLEN, ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP, ETH_P_IPV6, ETH_P_TEB, IPPROTO_AH, IPPROTO_DCCP, IPPROTO_ESP, IPPROTO_GRE, IPPROTO_IPIP, IPPROTO_IPV6, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '@skbuff/uapi';
import { be16, be32, IPHDR_FRAG_OFF, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR } from '@skbuff/wire';
import { skbHeadlen } from './skb-access.ts';
import { SKB_L4_HASH, SKB_SW_HASH, type SkBuff } from './skbuff.ts';

const VLAN_HLEN = 4;
/** Of a GRE header (RFC 2784, RFC 2890): flags and EtherType. */
const GRE_HLEN = 4;
const GRE_VERSION = 7;
const GRE_ROUTING = 0x4000;
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
  /** Source and destination port, or the halves of an SPI; -1 where the protocol has none or they are not here. Those of fragments do not count. */
  source = -1;
  dest = -1;
  /** One of several pieces: neither ports nor a packet inside are looked for. */
  fragment = false;
  /** A fragment that does not begin with the transport header. */
  laterFragment = false;
  /** `FLOW_DIS_ENCAPSULATION`, of {@link skbFlowDissectInner}: what the packet carries is a packet, be it readable or not. */
  encapsulated = false;
  /** Of IPv6: the flow label, which says by itself what the flow is; 0: none. */
  label = 0;
}

/**
 * Reads the header of another network protocol, which is at `at`, while the linear part ends at `end`: fills in what `keys` has beyond the
 * EtherType. False: the header is not there as a whole.
 */
export type FlowDissector = (skb: SkBuff, keys: FlowKeys, at: number, end: number) => boolean;

const flowKeys: FlowKeys = new FlowKeys();

/**
 * `skb_flow_dissect_flow_keys`: reads the headers in the linear part from `networkHeader` on. The keys are one object, good until the
 * next call.
 */
export function skbFlowDissect(skb: SkBuff): FlowKeys {
  const keys = flowKeys;
  keys.ipProto = 0;
  keys.addrLen = keys.label = 0;
  keys.source = keys.dest = -1;
  keys.fragment = keys.laterFragment = keys.encapsulated = false;
  keys.nProto = skb.protocol;
  if (skb.networkHeader >= 0) dissectNetwork(skb, keys, skb.protocol, skb.networkHeader, skb.data + skbHeadlen(skb));
  return keys;
}

/** From the EtherType `proto` on, whose header is at `at`. False: it cannot be read. */
function dissectNetwork(skb: SkBuff, keys: FlowKeys, proto: number, at: number, end: number): boolean {
  while ((proto === ETH_P_8021Q || proto === ETH_P_8021AD) && at + VLAN_HLEN <= end) {
    proto = be16(skb.bytes, at + 2);
    at += VLAN_HLEN;
  }
  keys.nProto = proto;
  const read = proto === ETH_P_IP ? dissectIpv4(skb, keys, at, end) : proto === ETH_P_IPV6 && skb.cache.dissectIpv6?.(skb, keys, at, end) === true;
  if (read && !keys.fragment) dissectPorts(skb.bytes, keys, end);
  return read;
}

/**
 * Steps from the packet that `keys` tell of into the one inside (IP in IP, GRE). False: there is none, or it cannot be read and they stay;
 * a flow label stays until there is another.
 */
export function skbFlowDissectInner(skb: SkBuff, keys: FlowKeys): boolean {
  const end = skb.data + skbHeadlen(skb);
  const { ipProto, thoff } = keys;
  if (keys.fragment) return false;
  if (ipProto === IPPROTO_IPIP) return dissectInside(skb, keys, ETH_P_IP, thoff, end);
  if (ipProto === IPPROTO_IPV6) return dissectInside(skb, keys, ETH_P_IPV6, thoff, end);
  if (ipProto !== IPPROTO_GRE || thoff + GRE_HLEN > end) return false;
  const flags = be16(skb.bytes, thoff);
  // Version 0, not routed: checksum, key and sequence number are there if their flags are.
  if ((flags & (GRE_VERSION | GRE_ROUTING)) !== 0) return false;
  const proto = be16(skb.bytes, thoff + 2);
  const inside = thoff + GRE_HLEN + 4 * (((flags >>> 15) & 1) + ((flags >>> 13) & 1) + ((flags >>> 12) & 1));
  if (proto !== ETH_P_TEB) return dissectInside(skb, keys, proto, inside, end);
  return inside + ETH_HLEN <= end && dissectInside(skb, keys, be16(skb.bytes, inside + ETH_HLEN - 2), inside + ETH_HLEN, end);
}

function dissectInside(skb: SkBuff, keys: FlowKeys, proto: number, at: number, end: number): boolean {
  keys.encapsulated = true;
  return dissectNetwork(skb, keys, proto, at, end);
}

function dissectIpv4({ bytes }: SkBuff, keys: FlowKeys, iph: number, end: number): boolean {
  if (iph + IPHDR_LEN > end || (bytes[iph] & 0x0f) < 5) return false;
  const fragment = be16(bytes, iph + IPHDR_FRAG_OFF) & IP_FRAGMENT;
  keys.ipProto = bytes[iph + IPHDR_PROTOCOL];
  keys.addrs = iph + IPHDR_SADDR;
  keys.addrLen = 4;
  keys.thoff = iph + ((bytes[iph] & 0x0f) << 2);
  keys.fragment = fragment !== 0;
  keys.laterFragment = (fragment & IP_OFFSET_MASK) !== 0;
  return true;
}

/** `proto_ports_offset`: of AH and ESP the number of the security association stands for ports. */
function dissectPorts(bytes: Uint8Array, keys: FlowKeys, end: number): void {
  const { ipProto } = keys;
  const isIpsec = ipProto === IPPROTO_ESP || ipProto === IPPROTO_AH;
  const isPorted = ipProto === IPPROTO_TCP || ipProto === IPPROTO_UDP || ipProto === IPPROTO_SCTP || ipProto === IPPROTO_DCCP || ipProto === IPPROTO_UDPLITE;
  const at = ipProto === IPPROTO_AH ? keys.thoff + 4 : keys.thoff;
  if (!(isPorted || isIpsec) || at + 4 > end) return;
  keys.source = be16(bytes, at);
  keys.dest = be16(bytes, at + 2);
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
