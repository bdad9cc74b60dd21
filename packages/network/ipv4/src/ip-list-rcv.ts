/**
 * Receiving a list (`ip_list_rcv` in `net/ipv4/ip_input.c`): each stage runs for all packets before the next begins, and a packet
 * to the same destination as the one before it takes that one's route as a hint instead of a lookup.
 */
import { NF_BIT_IPV4_PRE_ROUTING, NF_HOOK_OK, type Net, type NetDevice, type PacketType, type SkBuff } from '@skbuff/core';
import { NFPROTO_IPV4, NF_INET_PRE_ROUTING, RTN_UNICAST } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, IPHDR_TOS, be32 } from '@skbuff/wire';
import { ipRcvCore, ipRcvFinish, ipRcvRoute, ipRcvRouted, routeError } from './ip-input.ts';
import { type Ipv4Net, ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';

/** `ip_list_rcv`: takes over a chain of sk_buffs (linked by `next`), `data` of each at its IP header. */
export function ipListRcv(first: SkBuff, _pt: PacketType, _origDev: NetDevice): void {
  const dev = first.dev as NetDevice;
  let list: SkBuff | null = null;
  let last: SkBuff | null = null;
  for (let skb: SkBuff | null = first; skb !== null; ) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    const own = ipRcvHooked(skb);
    if (own !== null) {
      if (last === null) list = own;
      else last.next = own;
      last = own;
    }
    skb = next;
  }
  if (list !== null) ipListRcvFinish(dev.net, list);
}

/** Checks and PRE_ROUTING; null: the packet is gone. */
function ipRcvHooked(skb: SkBuff): SkBuff | null {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  const own = ipRcvCore(skb, net, dev);
  if (own === null || (net.nf.mask & NF_BIT_IPV4_PRE_ROUTING) === 0) return own;
  return net.nf.run(NFPROTO_IPV4, NF_INET_PRE_ROUTING, null, own, dev, null, ipRcvFinish) === NF_HOOK_OK ? own : null;
}

/** `ip_list_rcv_finish`: routes all, then lets each run of packets with one route go its way. */
function ipListRcvFinish(net: Net, list: SkBuff): void {
  const state = ipv4Net.of(net);
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
function routed(skb: SkBuff, state: Ipv4Net, hint: SkBuff | null): boolean {
  if (skb.dst === null) {
    if (hint !== null && canUseHint(skb, hint)) skb.dstSetNoref(hint.dst as Rtable);
    else {
      const reason = ipRcvRoute(skb, state);
      if (reason !== 0) {
        routeError(skb, state, reason);
        return false;
      }
    }
  }
  return ipRcvRouted(skb, state);
}

/**
 * Same addresses, TOS and arrival, and a kept unicast route: then a lookup, and the check of the source, would find the same. (Linux
 * compares no source and so does not check that of a packet that is forwarded by a hint.)
 */
function canUseHint(skb: SkBuff, hint: SkBuff): boolean {
  const { bytes } = skb;
  const a = skb.networkHeader;
  const b = hint.networkHeader;
  const rt = hint.dst as Rtable;
  return (
    be32(bytes, a + IPHDR_DADDR) === be32(bytes, b + IPHDR_DADDR) &&
    be32(bytes, a + IPHDR_SADDR) === be32(bytes, b + IPHDR_SADDR) &&
    bytes[a + IPHDR_TOS] === bytes[b + IPHDR_TOS] &&
    skb.dev === hint.dev &&
    hint.dstNoref &&
    rt.type === RTN_UNICAST &&
    skb.mark === hint.mark
  );
}

/** `ip_sublist_rcv_finish`. */
function inputRun(first: SkBuff): void {
  for (let skb: SkBuff | null = first; skb !== null; ) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    (skb.dst as Rtable).input(skb);
    skb = next;
  }
}
