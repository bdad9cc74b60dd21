/**
 * Generic segmentation offload (`net/core/gso.c`): one super-packet goes through the whole stack and is cut as late as possible, when
 * the device cannot do it.
 *
 *   validateXmitSkb → skbGsoSegment → packet offload of the EtherType → transport → skbSegment, and back with the headers put right
 */
import { EINVAL, ENOMEM, EPROTONOSUPPORT, ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP, ETH_P_IPV6 } from '@skbuff/uapi';
import { IPV6HDR_LEN, UDPHDR_LEN, be16 } from '@skbuff/wire';
import type { Net } from '../pernet/net.ts';
import { SKB_GSO_TCPV4, SKB_GSO_TCPV6, SKB_GSO_UDP_L4 } from '../skbuff/arena.ts';
import { SKB_DROP_REASON_SKB_GSO_SEG } from '../skbuff/drop-reason.ts';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff, type SkbSock } from '../skbuff/skbuff.ts';
import {
  NETIF_F_CSUM_MASK,
  NETIF_F_FRAGLIST,
  NETIF_F_GSO_MASK,
  NETIF_F_GSO_SHIFT,
  NETIF_F_HW_CSUM,
  NETIF_F_IPV6_CSUM,
  NETIF_F_IP_CSUM,
} from './features.ts';
import type { NetDevice } from './netdevice.ts';

/** Where TCP says how long its header is: the upper four bits, in words of four bytes. */
const TCP_DOFF = 12;

/** `can_checksum_protocol`: whether a device with these features finishes checksums of packets of this EtherType. */
export function canChecksumProtocol(features: number, protocol: number): boolean {
  if ((features & NETIF_F_HW_CSUM) !== 0) return true;
  if (protocol === ETH_P_IP) return (features & NETIF_F_IP_CSUM) !== 0;
  return protocol === ETH_P_IPV6 && (features & NETIF_F_IPV6_CSUM) !== 0;
}

/** `skb_network_protocol`: the EtherType behind VLAN tags that lie in the frame. */
export function skbNetworkProtocol(skb: SkBuff): number {
  const { protocol } = skb;
  return protocol === ETH_P_8021Q || protocol === ETH_P_8021AD ? be16(skb.bytes, skb.networkHeader - 2) : protocol;
}

/** `netif_get_gso_max_size`: bytes that a super-packet of this EtherType has to stay below. */
function netifGetGsoMaxSize(dev: NetDevice, protocol: number): number {
  return protocol === ETH_P_IP ? dev.gsoIpv4MaxSize : dev.gsoMaxSize;
}

/** `netif_skb_features`, for a super-packet: what the device can use on this one of the features that it has for its kind. */
export function netifSkbFeatures(skb: SkBuff, dev: NetDevice, features: number = dev.features): number {
  const { gsoSegs, gsoType } = skb.shinfo;
  if (gsoType === 0 || gsoSegs > dev.gsoMaxSegs || skb.len >= netifGetGsoMaxSize(dev, skb.protocol)) features &= ~NETIF_F_GSO_MASK;
  if (skb.ipSummed !== CHECKSUM_NONE && (behindExtensions(skb) || !canChecksumProtocol(features, skbNetworkProtocol(skb)))) {
    features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
  }
  return features;
}

/** Datagrams behind extension headers of IPv6: nobody knows whether a device can cut, and sum, those (`__udp_gso_segment`). */
function behindExtensions(skb: SkBuff): boolean {
  if ((skb.shinfo.gsoType & SKB_GSO_UDP_L4) === 0 || skbNetworkProtocol(skb) !== ETH_P_IPV6) return false;
  return skb.transportHeader - skb.networkHeader !== IPV6HDR_LEN;
}

/** `skb_gso_ok`: a device with these features cuts this packet itself. */
export function skbGsoOk(skb: SkBuff, features: number): boolean {
  const { gsoType, fragList } = skb.shinfo;
  const needed = gsoType << NETIF_F_GSO_SHIFT;
  return (features & needed) === needed && (fragList === null || (features & NETIF_F_FRAGLIST) !== 0);
}

/** `netif_needs_gso`, for a super-packet: software has to cut it. */
export function netifNeedsGso(skb: SkBuff, features: number): boolean {
  return !skbGsoOk(skb, features) || (skb.ipSummed !== CHECKSUM_PARTIAL && skb.ipSummed !== CHECKSUM_UNNECESSARY);
}

/**
 * `skb_gso_segment`: cuts a super-packet, `data` at its link-layer header and `networkHeader` set. The first of a chain of segments
 * (linked by `next`); null: a device with these features needs no cutting; or a negative errno: -EPROTONOSUPPORT (nobody knows how),
 * -EINVAL (its numbers are wrong), -ENOMEM. `skb` stays the caller's.
 */
export function skbGsoSegment(skb: SkBuff, features: number): SkBuff | number | null {
  // Transports correct their header before they cut: it must be nobody else's.
  if (skb.isCloned() && skb.cache.expandHead(skb, 0, 0) !== 0) return -ENOMEM;
  skb.macHeader = skb.data;
  skb.macLen = skb.networkHeader - skb.macHeader;
  return skbMacGsoSegment(skb, features);
}

/** `skb_mac_gso_segment`: lets the network protocol cut. */
export function skbMacGsoSegment(skb: SkBuff, features: number): SkBuff | number | null {
  const offload = (skb.dev as NetDevice).net.kernel.offloads?.find(skbNetworkProtocol(skb)) ?? null;
  if (offload === null) return -EPROTONOSUPPORT;
  const maclen = skb.networkHeader - skb.macHeader;
  if (maclen < 0 || skb.pull(maclen) < 0) return -EINVAL;
  const segs = offload.gsoSegment(skb, features);
  skb.push(skb.data - skb.macHeader);
  return segs;
}

/** `skb_gso_transport_seglen`: bytes of transport header and payload in a full segment. */
export function skbGsoTransportSeglen(skb: SkBuff): number {
  const { gsoSize, gsoType } = skb.shinfo;
  if ((gsoType & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) !== 0) return gsoSize + ((skb.bytes[skb.transportHeader + TCP_DOFF] >>> 4) << 2);
  return (gsoType & SKB_GSO_UDP_L4) !== 0 ? gsoSize + UDPHDR_LEN : gsoSize;
}

/** `skb_gso_validate_network_len`: whether a segment, network header included, has at most `mtu` bytes. */
export function skbGsoValidateNetworkLen(skb: SkBuff, mtu: number): boolean {
  return skb.transportHeader - skb.networkHeader + skbGsoTransportSeglen(skb) <= mtu;
}

/** `skb_warn_if_lro`: a device glued packets together so that they cannot be taken apart as they were: they are not forwarded. */
export function skbWarnIfLro(skb: SkBuff): boolean {
  if (skb.shinfo.gsoSize === 0 || skb.shinfo.gsoType !== 0) return false;
  const dev = skb.dev as NetDevice;
  dev.net.kernel.log(`${dev.name}: received packets cannot be forwarded while LRO is enabled`);
  return true;
}

/**
 * What `ip_finish_output_gso` and `ip6_finish_output_gso` end with: cuts a super-packet whose segments the way's MTU is too small for, and hands
 * each segment to `output`. Takes over the sk_buff. 0, -ENOMEM, or the first error of a segment.
 */
export function skbGsoOutput(
  net: Net,
  sk: SkbSock | null,
  skb: SkBuff,
  mtu: number,
  output: (net: Net, sk: SkbSock | null, seg: SkBuff, mtu: number) => number,
): number {
  const segs = skbGsoSegment(skb, (skb.dev as NetDevice).features & ~NETIF_F_GSO_MASK);
  if (segs === null || typeof segs === 'number') {
    skb.kfree(SKB_DROP_REASON_SKB_GSO_SEG);
    return -ENOMEM;
  }
  skb.consume();
  let ret = 0;
  for (let seg: SkBuff | null = segs; seg !== null; ) {
    const next: SkBuff | null = seg.next;
    seg.next = null;
    const err = output(net, sk, seg, mtu);
    if (ret === 0) ret = err;
    seg = next;
  }
  return ret;
}
