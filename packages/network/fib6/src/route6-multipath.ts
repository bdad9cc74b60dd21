/** Several ways for one prefix: each gets its share of a hash space of 31 bits, by its weight (RFC 2992, hash threshold). */
import { type SkBuff, skbFlowDissect, skbGetHash } from '@skbuff/core';
import { type Flowi6, IP6CB_FLAGS, IP6SKB_MULTIPATH } from '@skbuff/ipv6';
import { ICMPV6_DEST_UNREACH, ICMPV6_PARAMPROB, IPPROTO_ICMPV6 } from '@skbuff/uapi';
import { ICMP6HDR_LEN, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR, in6Hash, in6Word } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import type { Fib6Net } from './fib6-net.ts';
import type { Fib6Result } from './fib6-result.ts';
import { rt6ScoreRoute } from './route6-score.ts';

const HASH_SPACE = 2 ** 31;

/** Bits of net.ipv6.fib_multipath_hash_fields; those of packets inside packets are not looked at. */
const FIB_MULTIPATH_HASH_FIELD_SRC_IP = 1;
const FIB_MULTIPATH_HASH_FIELD_DST_IP = 2;
const FIB_MULTIPATH_HASH_FIELD_IP_PROTO = 4;
const FIB_MULTIPATH_HASH_FIELD_FLOWLABEL = 8;
const FIB_MULTIPATH_HASH_FIELD_SRC_PORT = 16;
const FIB_MULTIPATH_HASH_FIELD_DST_PORT = 32;

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
  const { multipathHashPolicy: policy, multipathHashFields } = state.v6;
  if (policy === 1) return skb === null ? hashFlow(state, fl6, L4_FIELDS) : skbGetHash(skb) >>> 1;
  const fields = policy === 3 ? multipathHashFields : L3_FIELDS;
  if (skb === null) return hashFlow(state, fl6, fields);
  return policy === 3 ? hashSkb(state, fl6, fields, skb) : hashL3(state, fl6, skb);
}

const L3_FIELDS: number =
  FIB_MULTIPATH_HASH_FIELD_SRC_IP | FIB_MULTIPATH_HASH_FIELD_DST_IP | FIB_MULTIPATH_HASH_FIELD_IP_PROTO | FIB_MULTIPATH_HASH_FIELD_FLOWLABEL;
const L4_FIELDS: number =
  FIB_MULTIPATH_HASH_FIELD_SRC_IP |
  FIB_MULTIPATH_HASH_FIELD_DST_IP |
  FIB_MULTIPATH_HASH_FIELD_IP_PROTO |
  FIB_MULTIPATH_HASH_FIELD_SRC_PORT |
  FIB_MULTIPATH_HASH_FIELD_DST_PORT;

const FLOWLABEL_MASK = 0xfffff;

function hashFlow(state: Fib6Net, fl6: Flowi6, fields: number): number {
  const { saddr, daddr } = fl6;
  let h = state.multipathSeed;
  if ((fields & FIB_MULTIPATH_HASH_FIELD_SRC_IP) !== 0) h = saddr.hash(h);
  if ((fields & FIB_MULTIPATH_HASH_FIELD_DST_IP) !== 0) h = daddr.hash(h);
  return hashRest(h, fields, fl6.flowlabel, fl6.proto, fl6.sport, fl6.dport);
}

function hashRest(h: number, fields: number, flowlabel: number, proto: number, sport: number, dport: number): number {
  const label = (fields & FIB_MULTIPATH_HASH_FIELD_FLOWLABEL) !== 0 ? flowlabel & FLOWLABEL_MASK : 0;
  const next = (fields & FIB_MULTIPATH_HASH_FIELD_IP_PROTO) !== 0 ? proto : 0;
  const source = (fields & FIB_MULTIPATH_HASH_FIELD_SRC_PORT) !== 0 ? sport : 0;
  const dest = (fields & FIB_MULTIPATH_HASH_FIELD_DST_PORT) !== 0 ? dport : 0;
  return in6Hash(label, next, source, dest, h) >>> 1;
}

/** The fields that the user chose, of a received packet. */
function hashSkb(state: Fib6Net, fl6: Flowi6, fields: number, skb: SkBuff): number {
  const keys = skbFlowDissect(skb);
  fl6.sport = keys.source < 0 ? 0 : keys.source;
  fl6.dport = keys.dest < 0 ? 0 : keys.dest;
  return hashFlow(state, fl6, fields);
}

/** `ip6_multipath_l3_keys`: by addresses, protocol and flow label; of an ICMPv6 error those of the packet that it quotes, turned round by nobody. */
function hashL3(state: Fib6Net, fl6: Flowi6, skb: SkBuff): number {
  const inner = fl6.proto === IPPROTO_ICMPV6 ? quoted(skb) : -1;
  if (inner < 0) return hashFlow(state, fl6, L3_FIELDS);
  const { bytes } = skb;
  const h = hashAddr(hashAddr(state.multipathSeed, bytes, inner + IPV6HDR_SADDR), bytes, inner + IPV6HDR_DADDR);
  return hashRest(h, L3_FIELDS, in6Word(bytes, inner), bytes[inner + IPV6HDR_NEXTHDR], 0, 0);
}

function hashAddr(h: number, bytes: Uint8Array, at: number): number {
  return in6Hash(in6Word(bytes, at), in6Word(bytes, at + 4), in6Word(bytes, at + 8), in6Word(bytes, at + 12), h);
}

/** Where the header of the packet is that an ICMPv6 error quotes; -1: it is no error, or too short. */
function quoted({ bytes, networkHeader, data, len, dataLen }: SkBuff): number {
  const icmp = networkHeader + IPV6HDR_LEN;
  const end = data + len - dataLen;
  if (bytes[networkHeader + IPV6HDR_NEXTHDR] !== IPPROTO_ICMPV6 || icmp + ICMP6HDR_LEN + IPV6HDR_LEN > end) return -1;
  const type = bytes[icmp];
  return type >= ICMPV6_DEST_UNREACH && type <= ICMPV6_PARAMPROB ? icmp + ICMP6HDR_LEN : -1;
}
