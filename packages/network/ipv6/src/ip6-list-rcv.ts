/**
 * Receiving a list (`ipv6_list_rcv` in `net/ipv6/ip6_input.c`): each stage runs for all packets before the next begins, and a packet
 * of the same flow as the one before it takes that one's route as a hint instead of a lookup.
 */
import { NF_BIT_IPV6_PRE_ROUTING, NF_HOOK_OK, type Net, type NetDevice, type PacketType, type SkBuff } from '@skbuff/core';
import { NFPROTO_IPV6, NF_INET_PRE_ROUTING } from '@skbuff/uapi';
import { IPV6HDR_SADDR, in6Word } from '@skbuff/wire';
import { IP6CB_FLAGS, IP6SKB_MULTIPATH } from './ip6-cb.ts';
import { ip6RcvCore, ip6RcvFinish, ip6RcvRoute } from './ip6-input.ts';
import { type Ipv6Net, ipv6Net } from './ipv6-net.ts';
import type { Rt6Info } from './rt6-info.ts';

/** `ipv6_list_rcv`: takes over a chain of sk_buffs (linked by `next`), `data` of each at its IPv6 header. */
export function ip6ListRcv(first: SkBuff, _pt: PacketType, _origDev: NetDevice): void {
  const { net } = first.dev as NetDevice;
  let list: SkBuff | null = null;
  let last: SkBuff | null = null;
  for (let skb: SkBuff | null = first; skb !== null; ) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    const own = ip6RcvHooked(skb);
    if (own !== null) {
      if (last === null) list = own;
      else last.next = own;
      last = own;
    }
    skb = next;
  }
  if (list !== null) ip6ListRcvFinish(net, list);
}

/** Checks and PRE_ROUTING; null: the packet is gone. */
function ip6RcvHooked(skb: SkBuff): SkBuff | null {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  const own = ip6RcvCore(skb, net, dev);
  if (own === null || (net.nf.mask & NF_BIT_IPV6_PRE_ROUTING) === 0) return own;
  return net.nf.run(NFPROTO_IPV6, NF_INET_PRE_ROUTING, null, own, dev, null, ip6RcvFinish) === NF_HOOK_OK ? own : null;
}

/** `ip6_list_rcv_finish`: routes all, then lets each run of packets with one route go its way. */
function ip6ListRcvFinish(net: Net, list: SkBuff): void {
  const state = ipv6Net.of(net);
  let run: SkBuff | null = null;
  let last: SkBuff | null = null;
  for (let skb: SkBuff | null = list; skb !== null; ) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    if (routed(skb, state, run)) {
      if (last !== null && skb.dst === last.dst) last.next = skb;
      else {
        if (run !== null) inputRun(run);
        run = skb;
      }
      last = skb;
    }
    skb = next;
  }
  if (run !== null) inputRun(run);
}

/** Finds the route of one packet, by `hint` (a packet of the run under way) where that may be; false: it was dropped. */
function routed(skb: SkBuff, state: Ipv6Net, hint: SkBuff | null): boolean {
  if (skb.dst !== null) return true;
  if (hint === null || !canUseHint(skb, hint)) return ip6RcvRoute(skb, state);
  skb.dstSetNoref(hint.dst as Rt6Info);
  return true;
}

/**
 * Same addresses, traffic class, flow label and arrival, and a kept route that is no choice of several: then a lookup would find the same.
 * (Linux compares the destination alone, and takes no hints where rules or source routes ask for more.)
 */
function canUseHint(skb: SkBuff, hint: SkBuff): boolean {
  return (
    skb.dev === hint.dev &&
    hint.dstNoref &&
    (hint.cb[IP6CB_FLAGS] & IP6SKB_MULTIPATH) === 0 &&
    skb.mark === hint.mark &&
    sameFlow(skb.bytes, skb.networkHeader, hint.networkHeader)
  );
}

function sameFlow(bytes: Uint8Array, a: number, b: number): boolean {
  if (in6Word(bytes, a) !== in6Word(bytes, b)) return false;
  for (let i = IPV6HDR_SADDR; i < IPV6HDR_SADDR + 32; i += 4) if (in6Word(bytes, a + i) !== in6Word(bytes, b + i)) return false;
  return true;
}

/** `ip6_sublist_rcv_finish`. */
function inputRun(first: SkBuff): void {
  for (let skb: SkBuff | null = first; skb !== null; ) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    (skb.dst as Rt6Info).input(skb);
    skb = next;
  }
}
