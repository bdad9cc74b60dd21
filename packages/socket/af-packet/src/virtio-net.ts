/**
 * `struct virtio_net_hdr`, in front of every frame of a socket with PACKET_VNET_HDR: checksums that are not finished, and super-packets.
 * Numbers are little endian.
 *
 *   flags (1) | kind (1) | header length (2) | segment size (2) | where the sum begins (2) | where it goes (2) | [buffers (2)]
 */
import {
  CHECKSUM_PARTIAL,
  CHECKSUM_UNNECESSARY,
  SKB_GSO_DODGY,
  SKB_GSO_TCPV4,
  SKB_GSO_TCPV6,
  SKB_GSO_TCP_ECN,
  SKB_GSO_UDP_L4,
  skbHeadlen,
  type SkBuff,
} from '@skbuff/core';
import {
  EINVAL,
  ETH_P_IP,
  ETH_P_IPV6,
  VIRTIO_NET_HDR_F_DATA_VALID,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '@skbuff/uapi';
import { le16, setLe16 } from '@skbuff/wire';

/** Bytes without and with the number of buffers. */
export const VIRTIO_NET_HDR_LEN = 10;
export const VIRTIO_NET_HDR_MRG_LEN = 12;

/** Where TCP and UDP have their checksum, and how long their headers are at least. */
const TCP_CHECK = 16;
const UDP_CHECK = 6;
const TCP_LEN = 20;
const UDP_LEN = 8;
const IP_LEN = 20;
const IPV6_LEN = 40;
const VLAN_HLEN = 4;
/** A segment size that means something else inside the kernel. */
const GSO_BY_FRAGS = 0xffff;

export class VirtioNetHdr {
  flags = 0;
  gsoType = 0;
  hdrLen = 0;
  gsoSize = 0;
  csumStart = 0;
  csumOffset = 0;
}

/** Reads the header of a frame of `len` bytes; -EINVAL if it claims a longer one. */
export function virtioNetHdrParse(b: Uint8Array, at: number, len: number): VirtioNetHdr | number {
  const hdr = new VirtioNetHdr();
  hdr.flags = b[at] as number;
  hdr.gsoType = b[at + 1] as number;
  hdr.hdrLen = le16(b, at + 2);
  hdr.gsoSize = le16(b, at + 4);
  hdr.csumStart = le16(b, at + 6);
  hdr.csumOffset = le16(b, at + 8);
  if ((hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0) hdr.hdrLen = Math.max(hdr.hdrLen, hdr.csumStart + hdr.csumOffset + 2);
  return hdr.hdrLen > len ? -EINVAL : hdr;
}

/** Whether the header announces a super-packet. */
export function isGsoHdr(hdr: VirtioNetHdr | null): boolean {
  return hdr !== null && hdr.gsoType !== VIRTIO_NET_HDR_GSO_NONE;
}

/**
 * `virtio_net_hdr_to_skb`: 0, or -EINVAL: the numbers do not fit the frame. A super-packet has to come with an unfinished checksum
 * (VIRTIO_NET_HDR_F_NEEDS_CSUM), which is how the rest of the stack knows one. A small one is none.
 */
export function virtioNetHdrToSkb(skb: SkBuff, hdr: VirtioNetHdr): number {
  const gso = gsoBits(hdr.gsoType);
  if (gso < 0 || (gso !== 0 && hdr.gsoSize === 0)) return -EINVAL;
  const thlen = gso === 0 ? 0 : (gso & SKB_GSO_UDP_L4) !== 0 ? UDP_LEN : TCP_LEN;
  const partial = (hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0;
  if (partial && !partialCsumSet(skb, hdr, thlen)) return -EINVAL;
  if (gso === 0) return 0;
  const check = (gso & SKB_GSO_UDP_L4) !== 0 ? UDP_CHECK : TCP_CHECK;
  if (!partial || hdr.csumOffset !== check || hdr.gsoSize === GSO_BY_FRAGS) return -EINVAL;
  if (skb.len - (hdr.csumStart + thlen) <= hdr.gsoSize) return 0;
  skb.shinfo.gsoSize = hdr.gsoSize;
  skb.shinfo.gsoType = gso | SKB_GSO_DODGY;
  skb.shinfo.gsoSegs = 0;
  return 0;
}

/** SKB_GSO_* of a kind; 0: none, -1: not known. UDP fragmentation is not done here, as it is not by Linux any more. */
function gsoBits(kind: number): number {
  const ecn = (kind & VIRTIO_NET_HDR_GSO_ECN) !== 0 ? SKB_GSO_TCP_ECN : 0;
  switch (kind & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
      return kind === VIRTIO_NET_HDR_GSO_NONE ? 0 : -1;
    case VIRTIO_NET_HDR_GSO_TCPV4:
      return SKB_GSO_TCPV4 | ecn;
    case VIRTIO_NET_HDR_GSO_TCPV6:
      return SKB_GSO_TCPV6 | ecn;
    case VIRTIO_NET_HDR_GSO_UDP_L4:
      return SKB_GSO_UDP_L4 | ecn;
    default:
      return -1;
  }
}

/** `skb_partial_csum_set`, and what the header has to leave room for. */
function partialCsumSet(skb: SkBuff, hdr: VirtioNetHdr, thlen: number): boolean {
  const { csumStart: start, csumOffset } = hdr;
  if (!skb.mayPull(start + Math.max(thlen, csumOffset + 2))) return false;
  const transport = skb.data + start;
  // No network header is shorter.
  if (start < (hdr.gsoType === VIRTIO_NET_HDR_GSO_TCPV6 ? IPV6_LEN : IP_LEN)) return false;
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.csumStart = transport;
  skb.csumOffset = csumOffset;
  skb.transportHeader = transport;
  return true;
}

/** `virtio_net_hdr_set_proto`: the EtherType of a super-packet that says none. */
export function virtioNetHdrProto(skb: SkBuff, hdr: VirtioNetHdr): void {
  if (skb.protocol !== 0 || !isGsoHdr(hdr)) return;
  skb.protocol = (hdr.gsoType & ~VIRTIO_NET_HDR_GSO_ECN) === VIRTIO_NET_HDR_GSO_TCPV6 ? ETH_P_IPV6 : ETH_P_IP;
}

/** `virtio_net_hdr_from_skb`: the header of a received frame, or -EINVAL for a super-packet that it cannot describe. */
export function virtioNetHdrFromSkb(skb: SkBuff, size: number): Uint8Array | number {
  const b = new Uint8Array(size);
  if (skb.isGso()) {
    const { gsoType, gsoSize } = skb.shinfo;
    const kind = kindOf(gsoType);
    if (kind < 0) return -EINVAL;
    b[1] = kind | ((gsoType & SKB_GSO_TCP_ECN) !== 0 ? VIRTIO_NET_HDR_GSO_ECN : 0);
    setLe16(b, 2, skbHeadlen(skb));
    setLe16(b, 4, gsoSize);
  }
  if (skb.ipSummed === CHECKSUM_PARTIAL) {
    b[0] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    setLe16(b, 6, skb.csumStart - skb.data + (skb.vlanPresent ? VLAN_HLEN : 0));
    setLe16(b, 8, skb.csumOffset);
  } else if (skb.ipSummed === CHECKSUM_UNNECESSARY) b[0] = VIRTIO_NET_HDR_F_DATA_VALID;
  return b;
}

function kindOf(gsoType: number): number {
  if ((gsoType & SKB_GSO_TCPV4) !== 0) return VIRTIO_NET_HDR_GSO_TCPV4;
  if ((gsoType & SKB_GSO_TCPV6) !== 0) return VIRTIO_NET_HDR_GSO_TCPV6;
  return (gsoType & SKB_GSO_UDP_L4) !== 0 ? VIRTIO_NET_HDR_GSO_UDP_L4 : -1;
}
