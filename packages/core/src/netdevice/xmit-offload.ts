/**
 * What software does for a device that cannot (`net/core/dev.c`): VLAN tags into the frame, super-packets cut, fragments together, checksums
 * finished. A stack whose packets are all complete does not have it.
 */
import { skbEnsureWritable } from '../skbuff/skb-copy.ts';
import { skbHeadlen } from '../skbuff/skb-access.ts';
import { EINVAL, ENOMEM, ETH_ALEN, ETH_P_8021Q } from '@skbuff/uapi';
import { copyBytes, csumFold, setBe16 } from '@skbuff/wire';
import type { Kernel } from '../module/kernel.ts';
import { SKBTX_SHARED_FRAG } from '../skbuff/arena.ts';
import { SKB_DROP_REASON_DEV_READY, SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_SKB_CSUM, SKB_DROP_REASON_SKB_GSO_SEG } from '../skbuff/drop-reason.ts';
import { skbChecksum } from '../skbuff/skb-checksum.ts';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, SKB_ENCAPSULATION, SKB_OFFLOAD_BITS, type SkBuff } from '../skbuff/skbuff.ts';
import type { Transmit } from './dev-tx.ts';
import { NETIF_F_FRAGLIST, NETIF_F_HW_VLAN_CTAG_TX, NETIF_F_SG, netdevIntersectFeatures } from './features.ts';
import { canChecksumProtocol, netifNeedsGso, netifSkbFeatures, skbGsoSegment } from './gso.ts';
import { NETDEV_TX_BUSY } from './netdevice-ops.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetdevQueue, Qdisc } from './qdisc.ts';

/** Bytes of an 802.1Q tag: protocol and TCI. */
const VLAN_TAG_LEN = 4;

/**
 * For whoever sends packets that are not complete: with CHECKSUM_PARTIAL, with fragments or a list of sk_buffs, super-packets, or with a VLAN
 * tag beside them. To be called when such a plugin loads; again is no harm.
 */
export function xmitOffload(kernel: Kernel): void {
  kernel.xmit.offload ??= new XmitOffload(kernel.xmit);
}

export class XmitOffload {
  private readonly xmit: Transmit;

  constructor(xmit: Transmit) {
    this.xmit = xmit;
  }

  /**
   * `validate_xmit_skb`: does in software what the device cannot do. The packet, or what it was cut into (a chain linked by `next`);
   * null: it could not be done, and the packet is dropped.
   */
  validateXmitSkb(skb: SkBuff, dev: NetDevice): SkBuff | null {
    let { features } = dev;
    if ((skb.bits & SKB_OFFLOAD_BITS) !== 0 && (features = offloadFeatures(skb, dev)) === NO_TAG) {
      return this.invalid(skb, dev, SKB_DROP_REASON_NOMEM);
    }
    if (skb.shinfo.gsoSize !== 0) {
      const usable = netifSkbFeatures(skb, dev, features);
      if (netifNeedsGso(skb, usable)) return this.segment(skb, dev, usable);
    }
    if (needsLinearize(skb, features) && skb.cache.linearize(skb) !== 0) return this.invalid(skb, dev, SKB_DROP_REASON_NOMEM);
    if (skb.ipSummed === CHECKSUM_PARTIAL && !canChecksumProtocol(features, skb.protocol) && skbChecksumHelp(skb) !== 0) {
      return this.invalid(skb, dev, SKB_DROP_REASON_SKB_CSUM);
    }
    return skb;
  }

  private segment(skb: SkBuff, dev: NetDevice, features: number): SkBuff | null {
    const segs = skbGsoSegment(skb, features);
    if (segs === null) return skb;
    if (typeof segs === 'number') return this.invalid(skb, dev, SKB_DROP_REASON_SKB_GSO_SEG);
    skb.consume();
    return segs;
  }

  private invalid(skb: SkBuff, dev: NetDevice, reason: number): null {
    this.xmit.xmitDrop(skb, dev, -ENOMEM, reason);
    return null;
  }

  /** Sends what a super-packet was cut into, one by one. What became of the last is what the caller hears. */
  xmitSegments(first: SkBuff, dev: NetDevice, queue: NetdevQueue): number {
    const { xmit } = this;
    xmit.recursion++;
    let rc = 0;
    for (let skb: SkBuff | null = first; skb !== null; ) {
      const next: SkBuff | null = skb.next;
      skb.next = null;
      rc = queue.stopped ? NETDEV_TX_BUSY : xmit.devHardStartXmit(skb, dev, queue);
      if (rc === NETDEV_TX_BUSY) {
        for (let rest = next; rest !== null; rest = dropFirst(rest));
        rc = xmit.xmitRefused(skb, dev);
        break;
      }
      skb = next;
    }
    xmit.recursion--;
    return rc;
  }

  /** Sends what a super-packet was cut into; false if the driver was busy and the rest waits in front of the queue. */
  schSegments(first: SkBuff, qdisc: Qdisc, queue: NetdevQueue): boolean {
    const { xmit } = this;
    for (let skb: SkBuff | null = first; skb !== null; ) {
      const next: SkBuff | null = skb.next;
      skb.next = null;
      if (queue.stopped || xmit.devHardStartXmit(skb, queue.dev, queue) === NETDEV_TX_BUSY) {
        skb.next = next;
        xmit.devRequeue(skb, qdisc, queue);
        return false;
      }
      skb = next;
    }
    return true;
  }
}

/** Frees the first packet of a chain that cannot be sent; returns the others. */
function dropFirst(skb: SkBuff): SkBuff | null {
  const { next } = skb;
  skb.next = null;
  skb.kfree(SKB_DROP_REASON_DEV_READY);
  return next;
}

/** The tag could not be written. No set of features is this. */
const NO_TAG = -1;

/**
 * `netif_skb_features`, its first half: a device can do less for what is in a tunnel (`hwEncFeatures`) or has a VLAN tag (`vlanFeatures`).
 * A tag that it does not write itself is in the frame afterwards, or {@link NO_TAG}.
 */
function offloadFeatures(skb: SkBuff, dev: NetDevice): number {
  let { features } = dev;
  if ((skb.bits & SKB_ENCAPSULATION) !== 0) features &= dev.hwEncFeatures;
  if (!skb.vlanPresent) return features;
  features = netdevIntersectFeatures(features, dev.vlanFeatures | NETIF_F_HW_VLAN_CTAG_TX);
  return canTag(features, skb.vlanProto) || vlanPushInside(skb) === 0 ? features : NO_TAG;
}

/** Whether the device puts the VLAN tag into the frame itself. */
function canTag(features: number, vlanProto: number): boolean {
  return vlanProto === ETH_P_8021Q && (features & NETIF_F_HW_VLAN_CTAG_TX) !== 0;
}

/** `__vlan_hwaccel_push_inside`: writes the tag that travels beside the packet behind the two MAC addresses. 0 or -ENOMEM. */
function vlanPushInside(skb: SkBuff): number {
  if (!skb.mayPull(2 * ETH_ALEN) || skb.cache.cow(skb, VLAN_TAG_LEN) !== 0) return -ENOMEM;
  const b = skb.bytes;
  const eth = skb.push(VLAN_TAG_LEN);
  copyBytes(b, eth, b, eth + VLAN_TAG_LEN, 2 * ETH_ALEN);
  setBe16(b, eth + 2 * ETH_ALEN, skb.vlanProto);
  setBe16(b, eth + 2 * ETH_ALEN + 2, skb.vlanTci);
  skb.macHeader = eth;
  skb.protocol = skb.vlanProto;
  skb.vlanPresent = false;
  return 0;
}

/** `skb_needs_linearize`: it has fragments, or a list of sk_buffs, that the device cannot take. */
function needsLinearize(skb: SkBuff, features: number): boolean {
  if (skb.dataLen === 0) return false;
  const { nrFrags, fragList } = skb.shinfo;
  return (nrFrags !== 0 && (features & NETIF_F_SG) === 0) || (fragList !== null && (features & NETIF_F_FRAGLIST) === 0);
}

/**
 * `skb_checksum_help`: finishes a CHECKSUM_PARTIAL packet in software. 0, -ENOMEM, or -EINVAL for a super-packet, which has to be cut
 * first, and for a place that is not in the linear part. The checksum is written big-endian at `csumStart + csumOffset`; a UDP checksum
 * of 0 becomes 0xffff.
 */
export function skbChecksumHelp(skb: SkBuff): number {
  if (skb.shinfo.gsoSize !== 0) return -EINVAL;
  // What is summed must be what is sent.
  if ((skb.shinfo.txFlags & SKBTX_SHARED_FRAG) !== 0 && skb.cache.linearize(skb) !== 0) return -ENOMEM;
  const start = skb.csumStart - skb.data;
  const at = start + skb.csumOffset;
  if (start < 0 || start >= skbHeadlen(skb) || at + 2 > skbHeadlen(skb)) return -EINVAL;
  if (skbEnsureWritable(skb, at + 2) !== 0) return -ENOMEM;
  const sum = csumFold(skbChecksum(skb, start, skb.len - start, 0)) || 0xffff;
  const field = skb.data + at;
  skb.bytes[field] = sum >>> 8;
  skb.bytes[field + 1] = sum;
  skb.ipSummed = CHECKSUM_NONE;
  return 0;
}
