/** What the daemon is told (`ip6mr_cache_report`). */
import { CHECKSUM_UNNECESSARY, type SkBuff } from '@skbuff/core';
import { EINVAL, ENOBUFS, MRT6MSG_WHOLEPKT, MRT6MSG_WRMIFWHOLE } from '@skbuff/uapi';
import { IN6ADDR_LEN, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_SADDR, setLe16 } from '@skbuff/wire';
import { MRT6MSG_LEN } from './mfc6-structs.ts';
import { mrt6msgNetlinkEvent } from './ip6mr-netlink.ts';
import type { Mr6Table } from './mr6-table.ts';

/** Tells the daemon that something is to be done about the packet `pkt`, which came by interface `mifi` (MRT6MSG_*); 0, -EINVAL (there is none), -ENOBUFS, or why its queue does not take it. */
export function ip6mrCacheReport(mrt: Mr6Table, pkt: SkBuff, mifi: number, type: number): number {
  const { sk } = mrt;
  if (sk === null) return -EINVAL;
  const skb = type === MRT6MSG_WRMIFWHOLE || type === MRT6MSG_WHOLEPKT ? wholePacket(mrt, pkt) : onlyMessage(mrt);
  if (skb === null) return -ENOBUFS;
  const { bytes, data: at } = skb;
  const addrs = pkt.networkHeader + IPV6HDR_SADDR;
  bytes[at + 1] = type;
  setLe16(bytes, at + 2, mifi);
  // Source and destination lie as in the IPv6 header.
  bytes.copyWithin(at + IPV6HDR_SADDR, addrs, addrs + 2 * IN6ADDR_LEN);
  skb.networkHeader = at;
  skb.transportHeader = at;
  skb.ipSummed = CHECKSUM_UNNECESSARY;
  mrt6msgNetlinkEvent(mrt.net, type, mifi, bytes.slice(at + IPV6HDR_SADDR, at + IPV6HDR_DADDR), bytes.slice(at + IPV6HDR_DADDR, at + MRT6MSG_LEN), bytes.slice(at + MRT6MSG_LEN, skb.tail));
  return sk.queueRcv(skb);
}

/** Linux leaves as many bytes behind the message as an IPv6 header has, with whatever was there before; here they are 0. */
function onlyMessage(mrt: Mr6Table): SkBuff | null {
  const skb = mrt.net.skbs.alloc(MRT6MSG_LEN + IPV6HDR_LEN);
  skb?.putZero(MRT6MSG_LEN + IPV6HDR_LEN);
  return skb;
}

/** The message, and behind it the packet from its IPv6 header on. */
function wholePacket(mrt: Mr6Table, pkt: SkBuff): SkBuff | null {
  const before = pkt.data - pkt.networkHeader;
  const skb = mrt.net.skbs.alloc(MRT6MSG_LEN + before + pkt.len);
  if (skb === null) return null;
  skb.putZero(MRT6MSG_LEN);
  skb.putData(pkt.bytes, pkt.networkHeader, before);
  const at = skb.put(pkt.len);
  pkt.copyBits(0, skb.bytes, at, pkt.len);
  return skb;
}
