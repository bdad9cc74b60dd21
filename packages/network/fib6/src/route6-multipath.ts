/** Several ways for one prefix: each gets its share of a hash space of 31 bits, by its weight (RFC 2992, hash threshold). */
import { type FlowKeys, SKB_L4_HASH, type SkBuff, skbFlowDissect, skbFlowDissectInner } from '@skbuff/core';
import { multipathHash4, multipathHash6, swab32 } from '@skbuff/inet';
import { type Flowi6, IP6CB_FLAGS, IP6SKB_MULTIPATH } from '@skbuff/ipv6';
import { ICMPV6_DEST_UNREACH, ICMPV6_PARAMPROB, IPPROTO_ICMPV6 } from '@skbuff/uapi';
import { be32, ICMP6HDR_LEN, In6Addr, in6addrAny, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR, in6Word } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import type { Fib6Net } from './fib6-net.ts';
import type { Fib6Result } from './fib6-result.ts';
import { rt6ScoreRoute } from './route6-score.ts';

const HASH_SPACE = 2 ** 31;

/** Bits of net.ipv6.fib_multipath_hash_fields; those of a packet inside the packet follow in the same order, six bits higher. */
const FIB_MULTIPATH_HASH_FIELD_SRC_IP = 1;
const FIB_MULTIPATH_HASH_FIELD_DST_IP = 2;
const FIB_MULTIPATH_HASH_FIELD_IP_PROTO = 4;
const FIB_MULTIPATH_HASH_FIELD_FLOWLABEL = 8;
const FIB_MULTIPATH_HASH_FIELD_SRC_PORT = 16;
const FIB_MULTIPATH_HASH_FIELD_DST_PORT = 32;
const INNER = 6;
const OUTER_MASK = 63;

/** `rt6_multipath_rebalance`: cuts the hash space anew, by the weights of the siblings that are usable. */
export function rt6MultipathRebalance({ siblings }: Fib6Rt): void {
  if (siblings === null) return;
  let total = 0;
  for (const { nh } of siblings) if (nh.alive()) total += nh.weight;
  let sum = 0;
  for (const { nh } of siblings) {
    if (nh.alive()) sum += nh.weight;
    nh.upperBound = nh.alive() ? Math.round((HASH_SPACE * sum) / total) - 1 : -1;
  }
}

/**
 * `fib6_select_path`: of siblings the one whose share the flow's hash falls into, if it is reachable as far as that counts. `skb`: the
 * received packet; null: the host's own.
 */
export function fib6SelectPath(state: Fib6Net, res: Fib6Result, fl6: Flowi6, strict: number, skb: SkBuff | null): void {
  const { siblings } = res.f6i as Fib6Rt;
  if (siblings === null) return;
  if (skb !== null) skb.cb[IP6CB_FLAGS] |= IP6SKB_MULTIPATH;
  if (fl6.mpHash === 0) fl6.mpHash = rt6MultipathHash(state, fl6, skb);
  const hash = fl6.mpHash;
  for (let i = 0; i < siblings.length; i++) {
    const sibling = siblings[i];
    if (hash > sibling.nh.upperBound) continue;
    if (rt6ScoreRoute(state, sibling, res.oif, strict) >= 0) res.f6i = sibling;
    return;
  }
}

/** `rt6_multipath_hash`: 31 bits by net.ipv6.fib_multipath_hash_policy; 0 only by chance, and then it is computed once more. */
export function rt6MultipathHash(state: Fib6Net, fl6: Flowi6, skb: SkBuff | null): number {
  const { multipathHashPolicy: policy, multipathHashFields: fields } = state.v6;
  const seed = state.multipathSeed.value;
  if (skb === null) return hashFlow(seed, fl6, policy === 3 ? fields : policy === 1 ? L4_FIELDS : L3_FIELDS) >>> 1;
  if (policy === 0) return hashL3(seed, fl6, skb) >>> 1;
  // Somebody has looked at the ports already.
  if (policy === 1 && (skb.bits & SKB_L4_HASH) !== 0) return skb.hash >>> 1;
  const keys = skbFlowDissect(skb);
  if (policy === 1) return hashKeys(seed, skb, keys, L4_FIELDS) >>> 1;
  return (policy === 2 ? hashInnermost(seed, skb, keys) : hashCustom(seed, skb, keys, fields)) >>> 1;
}

const L3_FIELDS: number =
  FIB_MULTIPATH_HASH_FIELD_SRC_IP | FIB_MULTIPATH_HASH_FIELD_DST_IP | FIB_MULTIPATH_HASH_FIELD_IP_PROTO | FIB_MULTIPATH_HASH_FIELD_FLOWLABEL;
const L4_FIELDS: number =
  FIB_MULTIPATH_HASH_FIELD_SRC_IP |
  FIB_MULTIPATH_HASH_FIELD_DST_IP |
  FIB_MULTIPATH_HASH_FIELD_IP_PROTO |
  FIB_MULTIPATH_HASH_FIELD_SRC_PORT |
  FIB_MULTIPATH_HASH_FIELD_DST_PORT;
const IPV4_ADDRS: number = FIB_MULTIPATH_HASH_FIELD_SRC_IP | FIB_MULTIPATH_HASH_FIELD_DST_IP;

const FLOWLABEL_MASK = 0xfffff;

/** `rt6_multipath_custom_hash_fl6`, and the policies that are certain fields. */
function hashFlow(seed: number, { saddr, daddr, flowlabel, proto, sport, dport }: Flowi6, fields: number): number {
  return (fields & OUTER_MASK) === 0 ? 0 : hashFields(seed, fields, saddr, daddr, swab32(flowlabel & FLOWLABEL_MASK), proto, sport, dport);
}

function hashFields(seed: number, fields: number, saddr: In6Addr, daddr: In6Addr, label: number, proto: number, sport: number, dport: number): number {
  return multipathHash6(
    seed,
    (fields & FIB_MULTIPATH_HASH_FIELD_SRC_IP) !== 0 ? saddr : in6addrAny,
    (fields & FIB_MULTIPATH_HASH_FIELD_DST_IP) !== 0 ? daddr : in6addrAny,
    (fields & FIB_MULTIPATH_HASH_FIELD_FLOWLABEL) !== 0 ? label : 0,
    (fields & FIB_MULTIPATH_HASH_FIELD_IP_PROTO) !== 0 ? proto : 0,
    (fields & FIB_MULTIPATH_HASH_FIELD_SRC_PORT) !== 0 ? Math.max(sport, 0) : 0,
    (fields & FIB_MULTIPATH_HASH_FIELD_DST_PORT) !== 0 ? Math.max(dport, 0) : 0,
  );
}

const saddr: In6Addr = new In6Addr();
const daddr: In6Addr = new In6Addr();

/** By what was read from a packet's headers, of either family. The dissector keeps labels in the order of the host, unlike flows. */
function hashKeys(seed: number, { bytes }: SkBuff, { addrs, addrLen, label, ipProto, source, dest }: FlowKeys, fields: number): number {
  if (addrLen === 16) return hashFields(seed, fields, saddr.load(bytes, addrs), daddr.load(bytes, addrs + 16), label, ipProto, source, dest);
  const has = (field: number, value: number): number => ((fields & field) !== 0 ? Math.max(value, 0) : 0);
  return multipathHash4(
    seed,
    has(FIB_MULTIPATH_HASH_FIELD_SRC_IP, be32(bytes, addrs)),
    has(FIB_MULTIPATH_HASH_FIELD_DST_IP, be32(bytes, addrs + 4)),
    has(FIB_MULTIPATH_HASH_FIELD_IP_PROTO, ipProto),
    has(FIB_MULTIPATH_HASH_FIELD_SRC_PORT, source),
    has(FIB_MULTIPATH_HASH_FIELD_DST_PORT, dest),
  );
}

/** Policy 2: by the addresses of the innermost packet of a tunnel. */
function hashInnermost(seed: number, skb: SkBuff, keys: FlowKeys): number {
  while (skbFlowDissectInner(skb, keys));
  return hashKeys(seed, skb, keys, keys.addrLen === 16 ? L3_FIELDS : IPV4_ADDRS);
}

/** `rt6_multipath_custom_hash_skb`: the fields that the user chose, of the packet and of the innermost one. */
function hashCustom(seed: number, skb: SkBuff, keys: FlowKeys, fields: number): number {
  const outer = (fields & OUTER_MASK) === 0 ? 0 : hashKeys(seed, skb, keys, fields);
  while (skbFlowDissectInner(skb, keys));
  if (!keys.encapsulated || fields >>> INNER === 0) return jhash2Words(outer, 0);
  return jhash2Words(outer, hashKeys(seed, skb, keys, fields >>> INNER));
}

/** `jhash_2words` (Jenkins 2006, public domain) with the initial value 0. u32. */
function jhash2Words(first: number, second: number): number {
  const rol = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
  let a = (first + JHASH_INITVAL) | 0;
  let b = (second + JHASH_INITVAL) | 0;
  let c = JHASH_INITVAL;
  c = (c ^ b) - rol(b, 14);
  a = (a ^ c) - rol(c, 11);
  b = (b ^ a) - rol(a, 25);
  c = (c ^ b) - rol(b, 16);
  a = (a ^ c) - rol(c, 4);
  b = (b ^ a) - rol(a, 14);
  return ((c ^ b) - rol(b, 24)) >>> 0;
}

/** The first value, and the length of two words. */
const JHASH_INITVAL: number = 0xdeadbeef + 8;

/** `ip6_multipath_l3_keys`: by addresses, protocol and flow label; of an ICMPv6 error those of the packet that it quotes, turned round by nobody. */
function hashL3(seed: number, fl6: Flowi6, skb: SkBuff): number {
  const inner = fl6.proto === IPPROTO_ICMPV6 ? quoted(skb) : -1;
  if (inner < 0) return hashFlow(seed, fl6, L3_FIELDS);
  const { bytes } = skb;
  saddr.load(bytes, inner + IPV6HDR_SADDR);
  daddr.load(bytes, inner + IPV6HDR_DADDR);
  return hashFields(seed, L3_FIELDS, saddr, daddr, swab32(in6Word(bytes, inner) & FLOWLABEL_MASK), bytes[inner + IPV6HDR_NEXTHDR], 0, 0);
}

/** Where the header of the packet is that an ICMPv6 error quotes; -1: it is no error, or too short. */
function quoted({ bytes, networkHeader, data, len, dataLen }: SkBuff): number {
  const icmp = networkHeader + IPV6HDR_LEN;
  const end = data + len - dataLen;
  if (bytes[networkHeader + IPV6HDR_NEXTHDR] !== IPPROTO_ICMPV6 || icmp + ICMP6HDR_LEN + IPV6HDR_LEN > end) return -1;
  const type = bytes[icmp];
  return type >= ICMPV6_DEST_UNREACH && type <= ICMPV6_PARAMPROB ? icmp + ICMP6HDR_LEN : -1;
}
