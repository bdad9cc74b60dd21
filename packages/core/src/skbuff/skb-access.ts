/** What the kernel has in `skbuff.h` about lengths and positions, for those who ask. Offsets count from `data`. */
import { SKB_GSO_TCPV6 } from './arena.ts';
import type { SkBuff } from './skbuff.ts';

/** Bytes that `put` may add: 0 for a nonlinear sk_buff. */
export function skbTailroom(skb: SkBuff): number {
  return skb.dataLen !== 0 ? 0 : skb.end - skb.tail;
}

/** Bytes in the linear area. */
export function skbHeadlen(skb: SkBuff): number {
  return skb.len - skb.dataLen;
}

export function skbIsNonlinear(skb: SkBuff): boolean {
  return skb.dataLen !== 0;
}

export function skbResetMacHeader(skb: SkBuff): void {
  skb.macHeader = skb.data;
}

export function skbResetTransportHeader(skb: SkBuff): void {
  skb.transportHeader = skb.data;
}

export function skbMacHeaderWasSet(skb: SkBuff): boolean {
  return skb.macHeader >= 0;
}

export function skbTransportHeaderWasSet(skb: SkBuff): boolean {
  return skb.transportHeader >= 0;
}

/** Distance of the network header from `data`. */
export function skbNetworkOffset(skb: SkBuff): number {
  return skb.networkHeader - skb.data;
}

export function skbTransportOffset(skb: SkBuff): number {
  return skb.transportHeader - skb.data;
}

/** Bytes of the network header, options included. */
export function skbNetworkHeaderLen(skb: SkBuff): number {
  return skb.transportHeader - skb.networkHeader;
}

/** What is cut is TCP over IPv6. */
export function skbIsGsoV6(skb: SkBuff): boolean {
  return (skb.shinfo.gsoType & SKB_GSO_TCPV6) !== 0;
}

export function skbHasFragList(skb: SkBuff): boolean {
  return skb.shinfo.fragList !== null;
}
