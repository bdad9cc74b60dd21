/** What the readers of messages have in common. */
import type { NetDevice, SkBuff } from '@skbuff/core';
import { NEIGH_UPDATE_F_OVERRIDE, NEIGH_UPDATE_F_WEAK_OVERRIDE, type Neighbour, neighUpdate } from '@skbuff/neighbour';
import { IPV6HDR_DADDR, IPV6HDR_SADDR, In6Addr, NDMSG_TARGET } from '@skbuff/wire';
import { ndiscOptAddrData } from './ndisc-lladdr.ts';
import { type NdiscOptions, ndiscParseOptions } from './ndisc-options.ts';

export function saddrOf(skb: SkBuff): In6Addr {
  return new In6Addr().load(skb.bytes, skb.networkHeader + IPV6HDR_SADDR);
}

export function daddrOf(skb: SkBuff): In6Addr {
  return new In6Addr().load(skb.bytes, skb.networkHeader + IPV6HDR_DADDR);
}

/** The target of a solicitation, an advertisement or a redirect. */
export function targetOf(skb: SkBuff): In6Addr {
  return new In6Addr().load(skb.bytes, skb.transportHeader + NDMSG_TARGET);
}

/** The options behind the first `headLen` bytes of the message; null: bad ones. */
export function optionsOf(skb: SkBuff, headLen: number): NdiscOptions | null {
  const at = skb.transportHeader + headLen;
  return ndiscParseOptions(skb.bytes, at, skb.data + skb.len - at);
}

/** The option at `opt` is no link-layer address of the device. */
export const BAD_LLADDR = -2;

/** Where the address is in the option at `opt`; -1: there is no option; {@link BAD_LLADDR}. */
export function lladdrOf(skb: SkBuff, opt: number): number {
  if (opt < 0) return -1;
  const at = ndiscOptAddrData(skb.bytes, opt, skb.dev as NetDevice);
  return at < 0 ? BAD_LLADDR : at;
}

/** What a solicitation says replaces what is known. */
export const SAYS_SO: number = NEIGH_UPDATE_F_WEAK_OVERRIDE | NEIGH_UPDATE_F_OVERRIDE;

/** `ndisc_update`: the message says that the neighbour has the link-layer address at `lladdr` (negative: it says none). */
export function ndiscUpdate(neigh: Neighbour, skb: SkBuff, lladdr: number, state: number, flags: number): void {
  neighUpdate(neigh, lladdr < 0 ? null : skb.bytes, lladdr < 0 ? 0 : lladdr, state, flags);
}
