/**
 * Transmission (`net/core/dev.c`, `net/sched/sch_generic.c`): from `dev_queue_xmit` to the driver.
 *
 *   devQueueXmit → queue → qdisc (or none) → validateXmitSkb → taps → ops.ndoStartXmit
 */
import {
  EINVAL,
  ENETDOWN,
  ENOMEM,
  ETH_ALEN,
  ETH_P_8021Q,
  PACKET_OUTGOING,
  SCM_TSTAMP_SCHED,
  SCM_TSTAMP_SND,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from '@skbuff/uapi';
import { copyBytes, csumFold, setBe16 } from '@skbuff/wire';
import {
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_RECURSION_LIMIT,
  SKB_DROP_REASON_SKB_CSUM,
  SKB_DROP_REASON_SKB_GSO_SEG,
} from '../skbuff/drop-reason.ts';
import { skbChecksum } from '../skbuff/skb-frags.ts';
import { SKBTX_ANY_TSTAMP, SKBTX_SCHED_TSTAMP, SKBTX_SHARED_FRAG, SKBTX_SW_TSTAMP } from '../skbuff/arena.ts';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, SKB_OFFLOAD_BITS, type SkBuff, type SkbSock } from '../skbuff/skbuff.ts';
import { NET_TX_SOFTIRQ, type Softirq } from '../softirq/softirq.ts';
import { netdevCapTxqueue, netdevPickTx } from './dev-queues.ts';
import { NETIF_F_FRAGLIST, NETIF_F_HW_VLAN_CTAG_TX, NETIF_F_SG, netdevIntersectFeatures } from './features.ts';
import { canChecksumProtocol, netifNeedsGso, netifSkbFeatures, skbGsoSegment } from './gso.ts';
import { NETDEV_TX_BUSY, NETDEV_TX_OK, NET_XMIT_DROP, NET_XMIT_SUCCESS } from './netdevice-ops.ts';
import { IFF_XMIT_DST_RELEASE, type NetDevice, TX_DROPPED } from './netdevice.ts';
import type { PacketType } from './packet-type.ts';
import { type NetdevQueue, noopQdisc, type Qdisc } from './qdisc.ts';
import type { Softnet } from './softnet.ts';

/** Devices stacked on each other deeper than this are taken for a loop. */
const XMIT_RECURSION_LIMIT = 8;
/** Bytes of an 802.1Q tag: protocol and TCI. */
const VLAN_TAG_LEN = 4;

/** The transmit side of one kernel. */
export class Transmit {
  /** Packets that a qdisc sends in one go before it lets others run (net.core.dev_weight times dev_weight_tx_bias). */
  devTxWeight = 64;
  private recursion = 0;
  private outputQueue: Qdisc | null = null;
  private outputQueueTail: Qdisc | null = null;
  private readonly softirq: Softirq;
  private readonly softnet: Softnet;
  private readonly jiffies: () => number;

  constructor(softirq: Softirq, softnet: Softnet, jiffies: () => number) {
    this.softirq = softirq;
    this.softnet = softnet;
    this.jiffies = jiffies;
    softirq.open(NET_TX_SOFTIRQ, () => this.netTxAction());
  }

  /**
   * `dev_queue_xmit`: sends a complete frame by `skb.dev`. Consumes the sk_buff in every case. 0, NET_XMIT_DROP, NET_XMIT_CN, or a
   * negative errno (-ENETDOWN: the device is down, or devices send to each other in a loop).
   */
  devQueueXmit(skb: SkBuff): number {
    const dev = skb.dev as NetDevice;
    skb.macHeader = skb.data;
    this.softirq.localBhDisable();
    let queue = dev.tx[0] as NetdevQueue;
    if (dev.numTxQueues === 1) skb.queueMapping = 0;
    else queue = pickTx(dev, skb);
    if (skb.dst !== null) {
      if ((dev.privFlags & IFF_XMIT_DST_RELEASE) !== 0) skb.dstDrop();
      else skb.dstForce();
    }
    const qdisc = queue.qdisc;
    const ret = qdisc.hasQueue ? this.xmitQueued(skb, qdisc, queue) : this.xmitDirect(skb, dev, queue);
    this.softirq.localBhEnable();
    return ret;
  }

  /**
   * `__dev_direct_xmit`: to the driver, past the queueing discipline and the taps. Consumes the sk_buff in every case. 0, or NET_XMIT_DROP
   * (counted in `tx_dropped`: the device is down or without carrier, or the driver is busy).
   */
  devDirectXmit(skb: SkBuff): number {
    const dev = skb.dev as NetDevice;
    skb.macHeader = skb.data;
    if (!dev.running() || !dev.carrierOk()) return this.xmitDrop(skb, dev, NET_XMIT_DROP, SKB_DROP_REASON_DEV_READY);
    const queue = pickTx(dev, skb);
    const first = this.validateXmitSkb(skb, dev);
    if (first === null) return NET_XMIT_DROP;
    this.softirq.localBhDisable();
    let rc = 0;
    for (let one: SkBuff | null = first; one !== null; ) {
      const next: SkBuff | null = one.next;
      one.next = null;
      rc = queue.stopped ? NETDEV_TX_BUSY : dev.ops.ndoStartXmit(one, dev);
      if (rc === NETDEV_TX_BUSY) rc = this.xmitDrop(one, dev, NET_XMIT_DROP, SKB_DROP_REASON_DEV_READY);
      one = next;
    }
    this.softirq.localBhEnable();
    return rc;
  }

  private xmitDirect(skb: SkBuff, dev: NetDevice, queue: NetdevQueue): number {
    if (!dev.running()) return this.xmitDrop(skb, dev, -ENETDOWN, SKB_DROP_REASON_DEV_READY);
    if (this.recursion > XMIT_RECURSION_LIMIT) {
      dev.net.kernel.log(`Dead loop on virtual device ${dev.name}, fix it urgently!`);
      return this.xmitDrop(skb, dev, -ENETDOWN, SKB_DROP_REASON_RECURSION_LIMIT);
    }
    if (needsWork(skb)) {
      const valid = this.validateXmitSkb(skb, dev);
      if (valid === null) return -ENOMEM;
      if (valid !== skb) return this.xmitSegments(valid, dev, queue);
    }
    if (!queue.stopped) {
      this.recursion++;
      const rc = this.devHardStartXmit(skb, dev, queue);
      this.recursion--;
      if (rc !== NETDEV_TX_BUSY) return rc;
    }
    return this.xmitRefused(skb, dev);
  }

  /** Sends what a super-packet was cut into, one by one. What became of the last is what the caller hears. */
  private xmitSegments(first: SkBuff, dev: NetDevice, queue: NetdevQueue): number {
    this.recursion++;
    let rc = 0;
    for (let skb: SkBuff | null = first; skb !== null; ) {
      const next: SkBuff | null = skb.next;
      skb.next = null;
      rc = queue.stopped ? NETDEV_TX_BUSY : this.devHardStartXmit(skb, dev, queue);
      if (rc === NETDEV_TX_BUSY) {
        for (let rest = next; rest !== null; rest = dropFirst(rest));
        rc = this.xmitRefused(skb, dev);
        break;
      }
      skb = next;
    }
    this.recursion--;
    return rc;
  }

  private xmitRefused(skb: SkBuff, dev: NetDevice): number {
    // Without a queue there is nowhere to keep a packet that the driver refuses.
    dev.net.kernel.log(`Virtual device ${dev.name} asks to queue packet!`);
    return this.xmitDrop(skb, dev, -ENETDOWN, SKB_DROP_REASON_DEV_READY);
  }

  private xmitDrop(skb: SkBuff, dev: NetDevice, err: number, reason: number): number {
    dev.stats[TX_DROPPED]++;
    skb.kfree(reason);
    return err;
  }

  private xmitQueued(skb: SkBuff, qdisc: Qdisc, queue: NetdevQueue): number {
    if (qdisc.canBypass && qdisc.qlen === 0 && qdisc.gsoSkb === null && !qdisc.running && !queue.stopped) {
      qdisc.packets++;
      qdisc.bytes += skb.len;
      qdisc.running = true;
      if (this.schDirectXmit(skb, qdisc, queue)) this.qdiscRun(qdisc, queue);
      qdisc.running = false;
      return NET_XMIT_SUCCESS;
    }
    if (this.softnet.txExtras !== 0 && (skb.shinfo.txFlags & SKBTX_SCHED_TSTAMP) !== 0) this.schedStamp(skb);
    const rc = qdisc.enqueue(skb);
    if (!qdisc.running && !queue.stopped) {
      qdisc.running = true;
      this.qdiscRun(qdisc, queue);
      qdisc.running = false;
    }
    return rc;
  }

  /** `__qdisc_run`. */
  private qdiscRun(qdisc: Qdisc, queue: NetdevQueue): void {
    for (let quota = this.devTxWeight; ; ) {
      if (queue.stopped) return;
      const skb = qdisc.gsoSkb ?? qdisc.dequeue();
      if (skb === null) return;
      if (skb !== qdisc.gsoSkb) {
        qdisc.packets++;
        qdisc.bytes += skb.len;
      } else {
        qdisc.gsoSkb = skb.next;
        skb.next = null;
        qdisc.qlen--;
      }
      if (!this.schDirectXmit(skb, qdisc, queue)) return;
      if (--quota > 0) continue;
      this.netifSchedule(qdisc, queue);
      return;
    }
  }

  /** Sends one packet; false if the driver was busy and the packet waits in front of the queue. */
  private schDirectXmit(skb: SkBuff, qdisc: Qdisc, queue: NetdevQueue): boolean {
    const dev = queue.dev;
    if (needsWork(skb)) {
      const valid = this.validateXmitSkb(skb, dev);
      if (valid === null) return true;
      if (valid !== skb) return this.schSegments(valid, qdisc, queue);
    }
    if (this.devHardStartXmit(skb, dev, queue) !== NETDEV_TX_BUSY) return true;
    this.devRequeue(skb, qdisc, queue);
    return false;
  }

  /** Sends what a super-packet was cut into; false if the driver was busy and the rest waits in front of the queue. */
  private schSegments(first: SkBuff, qdisc: Qdisc, queue: NetdevQueue): boolean {
    for (let skb: SkBuff | null = first; skb !== null; ) {
      const next: SkBuff | null = skb.next;
      skb.next = null;
      if (queue.stopped || this.devHardStartXmit(skb, queue.dev, queue) === NETDEV_TX_BUSY) {
        skb.next = next;
        this.devRequeue(skb, qdisc, queue);
        return false;
      }
      skb = next;
    }
    return true;
  }

  /** `dev_requeue_skb`: a chain of packets is sent before all that are queued. Some may wait there already. */
  private devRequeue(first: SkBuff, qdisc: Qdisc, queue: NetdevQueue): void {
    let last = first;
    qdisc.qlen++;
    for (; last.next !== null; last = last.next) qdisc.qlen++;
    last.next = qdisc.gsoSkb;
    qdisc.gsoSkb = first;
    qdisc.requeues++;
    this.netifSchedule(qdisc, queue);
  }

  /** `netif_schedule_queue`: the queue goes on in NET_TX_SOFTIRQ. */
  netifSchedule(qdisc: Qdisc, queue: NetdevQueue): void {
    // The noop qdisc is everybody's: it has nothing to send and must not be on a list of ours.
    if (qdisc.scheduled || qdisc === noopQdisc) return;
    qdisc.scheduled = true;
    qdisc.nextScheduled = null;
    qdisc.devQueue = queue;
    if (this.outputQueueTail === null) this.outputQueue = qdisc;
    else this.outputQueueTail.nextScheduled = qdisc;
    this.outputQueueTail = qdisc;
    this.softirq.raise(NET_TX_SOFTIRQ);
  }

  private netTxAction(): void {
    let qdisc = this.outputQueue;
    this.outputQueue = null;
    this.outputQueueTail = null;
    while (qdisc !== null) {
      const next: Qdisc | null = qdisc.nextScheduled;
      qdisc.scheduled = false;
      const queue = qdisc.devQueue as NetdevQueue;
      if (!qdisc.running && !queue.stopped && queue.qdisc === qdisc) {
        qdisc.running = true;
        this.qdiscRun(qdisc, queue);
        qdisc.running = false;
      }
      qdisc = next;
    }
  }

  /** `netif_stop_queue`: the driver cannot take more. */
  netifStopQueue(queue: NetdevQueue): void {
    queue.stopped = true;
  }

  /** `netif_wake_queue`: it can again; what waits is sent. */
  netifWakeQueue(queue: NetdevQueue): void {
    if (!queue.stopped) return;
    queue.stopped = false;
    this.softirq.localBhDisable();
    this.netifSchedule(queue.qdisc, queue);
    this.softirq.localBhEnable();
  }

  /** `dev_hard_start_xmit`: taps see the frame, then the driver gets it. */
  private devHardStartXmit(skb: SkBuff, dev: NetDevice, queue: NetdevQueue): number {
    if (this.softnet.txExtras !== 0 || dev.ptypeAll.length !== 0) this.xmitExtras(skb, dev);
    const rc = dev.ops.ndoStartXmit(skb, dev);
    if (rc === NETDEV_TX_OK) queue.transStart = this.jiffies();
    return rc;
  }

  private xmitExtras(skb: SkBuff, dev: NetDevice): void {
    this.devQueueXmitNit(skb, dev);
    if ((skb.shinfo.txFlags & SKBTX_ANY_TSTAMP) !== 0) this.txStamp(skb, dev);
  }

  /** `skb_tx_timestamp`, for all drivers that have it. Each stamp is made once, also when the driver is busy and sees the packet again. */
  private txStamp(skb: SkBuff, dev: NetDevice): void {
    const { shinfo } = skb;
    if ((shinfo.txFlags & SKBTX_SCHED_TSTAMP) !== 0) this.schedStamp(skb);
    if ((shinfo.txFlags & SKBTX_SW_TSTAMP) === 0 || ((dev.ethtoolOps.getTsInfo?.(dev) ?? 0) & SOF_TIMESTAMPING_TX_SOFTWARE) === 0) return;
    shinfo.txFlags &= ~SKBTX_SW_TSTAMP;
    this.softnet.skbTstampTx?.(skb, SCM_TSTAMP_SND);
  }

  /** The stamp of `__dev_queue_xmit`; a packet that need not wait in the queue gets it on the way to the driver. */
  private schedStamp(skb: SkBuff): void {
    skb.shinfo.txFlags &= ~SKBTX_SCHED_TSTAMP;
    this.softnet.skbTstampTx?.(skb, SCM_TSTAMP_SCHED);
  }

  /** `dev_queue_xmit_nit`: every tap gets a clone of what is sent, marked outgoing. */
  private devQueueXmitNit(skb: SkBuff, dev: NetDevice): void {
    tapsOutgoing(this.softnet.ptypeAll, skb, dev);
    tapsOutgoing(dev.ptypeAll, skb, dev);
  }

  /**
   * `validate_xmit_skb`: does in software what the device cannot do. The packet, or what it was cut into (a chain linked by `next`);
   * null: it could not be done, and the packet is dropped.
   */
  private validateXmitSkb(skb: SkBuff, dev: NetDevice): SkBuff | null {
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
    this.xmitDrop(skb, dev, -ENOMEM, reason);
    return null;
  }
}

/** Frees the first packet of a chain that cannot be sent; returns the others. */
function dropFirst(skb: SkBuff): SkBuff | null {
  const { next } = skb;
  skb.next = null;
  skb.kfree(SKB_DROP_REASON_DEV_READY);
  return next;
}

/** A super-packet is found by its unfinished checksum: every one of them has that. */
function needsWork(skb: SkBuff): boolean {
  return skb.ipSummed === CHECKSUM_PARTIAL || skb.dataLen !== 0 || skb.vlanPresent;
}

/** The tag could not be written. No set of features is this. */
const NO_TAG = -1;

/**
 * `netif_skb_features`, its first half: a device can do less for what is in a tunnel (`hwEncFeatures`) or has a VLAN tag (`vlanFeatures`).
 * A tag that it does not write itself is in the frame afterwards, or {@link NO_TAG}.
 */
function offloadFeatures(skb: SkBuff, dev: NetDevice): number {
  let { features } = dev;
  if (skb.encapsulation) features &= dev.hwEncFeatures;
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

/** `netdev_core_pick_tx`: the driver's choice, or {@link netdevPickTx}'s. */
function pickTx(dev: NetDevice, skb: SkBuff): NetdevQueue {
  const { ndoSelectQueue } = dev.ops;
  let index = 0;
  if (dev.realNumTxQueues !== 1) index = ndoSelectQueue === null ? netdevPickTx(dev, skb) : netdevCapTxqueue(dev, ndoSelectQueue(dev, skb));
  skb.queueMapping = index;
  return dev.tx[index] as NetdevQueue;
}

function tapsOutgoing(taps: readonly PacketType[], skb: SkBuff, dev: NetDevice): void {
  for (let i = 0; i < taps.length; i++) {
    const pt = taps[i] as PacketType;
    if (tapWants(pt, skb, dev)) tapOutgoing(pt, skb, dev);
  }
}

function tapWants(pt: PacketType, skb: SkBuff, dev: NetDevice): boolean {
  return !pt.ignoreOutgoing && (pt.net === null || pt.net === dev.net) && (skb.sk === null || !isOwnTap(pt, skb.sk));
}

/** `skb_loop_sk`: a packet socket does not hear what it sends itself. */
function isOwnTap(pt: PacketType, sk: SkbSock): boolean {
  return pt.idMatch === undefined ? pt.sk === sk : pt.idMatch(sk);
}

function tapOutgoing(pt: PacketType, skb: SkBuff, dev: NetDevice): void {
  const copy = skb.clone();
  if (copy === null) return;
  copy.macHeader = copy.data;
  copy.pktType = PACKET_OUTGOING;
  copy.tstamp = dev.net.softnet.netstampNeeded > 0 ? dev.net.kernel.realTime() : 0;
  if (copy.networkHeader < copy.data || copy.networkHeader > copy.tail) copy.networkHeader = copy.data;
  pt.func(copy, dev, pt, dev);
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
  if (start < 0 || start >= skb.headlen() || at + 2 > skb.headlen()) return -EINVAL;
  if (skb.cache.ensureWritable(skb, at + 2) !== 0) return -ENOMEM;
  const sum = csumFold(skbChecksum(skb, start, skb.len - start, 0)) || 0xffff;
  const field = skb.data + at;
  skb.bytes[field] = sum >>> 8;
  skb.bytes[field + 1] = sum;
  skb.ipSummed = CHECKSUM_NONE;
  return 0;
}
