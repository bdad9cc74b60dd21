/**
 * Transmission (`net/core/dev.c`, `net/sched/sch_generic.c`): from `dev_queue_xmit` to the driver.
 *
 *   devQueueXmit → queue → qdisc (or none) → validateXmitSkb → taps → ops.ndoStartXmit
 */
import { ENETDOWN, ENOMEM, ETH_ALEN, ETH_P_8021Q, ETH_P_IP, ETH_P_IPV6, PACKET_OUTGOING } from '@skbuff/uapi';
import { copyBytes, csumFold, setBe16 } from '@skbuff/wire';
import {
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_RECURSION_LIMIT,
  SKB_DROP_REASON_SKB_CSUM,
} from '../skbuff/drop-reason.ts';
import { skbChecksum } from '../skbuff/skb-frags.ts';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, type SkBuff } from '../skbuff/skbuff.ts';
import { NET_TX_SOFTIRQ, type Softirq } from '../softirq/softirq.ts';
import { NETIF_F_FRAGLIST, NETIF_F_HW_CSUM, NETIF_F_HW_VLAN_CTAG_TX, NETIF_F_IPV6_CSUM, NETIF_F_IP_CSUM, NETIF_F_SG } from './features.ts';
import { NETDEV_TX_BUSY, NETDEV_TX_OK, NET_XMIT_SUCCESS } from './netdevice-ops.ts';
import { IFF_XMIT_DST_RELEASE, type NetDevice, TX_DROPPED } from './netdevice.ts';
import type { PacketType } from './packet-type.ts';
import { type NetdevQueue, noopQdisc, type Qdisc } from './qdisc.ts';
import type { Softnet } from './softnet.ts';

/** Devices stacked on each other deeper than this are taken for a loop. */
const XMIT_RECURSION_LIMIT = 8;
/** Bytes of an 802.1Q tag: protocol and TCI. */
const VLAN_TAG_LEN = 4;
/** Packets that a qdisc sends in one go before it lets others run. */
const DEV_TX_WEIGHT = 64;

/** The transmit side of one kernel. */
export class Transmit {
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
    const queue = dev.numTxQueues === 1 ? (dev.tx[0] as NetdevQueue) : pickTx(dev, skb);
    if (skb.dst !== null) {
      if ((dev.privFlags & IFF_XMIT_DST_RELEASE) !== 0) skb.dstDrop();
      else skb.dstForce();
    }
    const qdisc = queue.qdisc;
    const ret = qdisc.hasQueue ? this.xmitQueued(skb, qdisc, queue) : this.xmitDirect(skb, dev, queue);
    this.softirq.localBhEnable();
    return ret;
  }

  private xmitDirect(skb: SkBuff, dev: NetDevice, queue: NetdevQueue): number {
    if (!dev.running()) return this.xmitDrop(skb, dev, -ENETDOWN, SKB_DROP_REASON_DEV_READY);
    if (this.recursion > XMIT_RECURSION_LIMIT) {
      dev.net.kernel.log(`Dead loop on virtual device ${dev.name}, fix it urgently!`);
      return this.xmitDrop(skb, dev, -ENETDOWN, SKB_DROP_REASON_RECURSION_LIMIT);
    }
    if (needsWork(skb) && !this.validateXmitSkb(skb, dev)) return -ENOMEM;
    if (!queue.stopped) {
      this.recursion++;
      const rc = this.devHardStartXmit(skb, dev, queue);
      this.recursion--;
      if (rc !== NETDEV_TX_BUSY) return rc;
    }
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
    for (let quota = DEV_TX_WEIGHT; ; ) {
      if (queue.stopped) return;
      const skb = qdisc.gsoSkb ?? qdisc.dequeue();
      if (skb === null) return;
      if (skb !== qdisc.gsoSkb) {
        qdisc.packets++;
        qdisc.bytes += skb.len;
      } else {
        qdisc.gsoSkb = null;
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
    if (needsWork(skb) && !this.validateXmitSkb(skb, dev)) return true;
    if (this.devHardStartXmit(skb, dev, queue) !== NETDEV_TX_BUSY) return true;
    qdisc.gsoSkb = skb;
    qdisc.qlen++;
    qdisc.requeues++;
    this.netifSchedule(qdisc, queue);
    return false;
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
    if (this.softnet.ptypeAll.length !== 0 || dev.ptypeAll.length !== 0) this.devQueueXmitNit(skb, dev);
    const rc = dev.ops.ndoStartXmit(skb, dev);
    if (rc === NETDEV_TX_OK) queue.transStart = this.jiffies();
    return rc;
  }

  /** `dev_queue_xmit_nit`: every tap gets a clone of what is sent, marked outgoing. */
  private devQueueXmitNit(skb: SkBuff, dev: NetDevice): void {
    tapsOutgoing(this.softnet.ptypeAll, skb, dev);
    tapsOutgoing(dev.ptypeAll, skb, dev);
  }

  /**
   * `validate_xmit_skb`: does in software what the device cannot do. False: it could not be done, and the packet is dropped.
   */
  private validateXmitSkb(skb: SkBuff, dev: NetDevice): boolean {
    const cache = skb.cache;
    if (skb.vlanPresent && !canTag(dev.features, skb.vlanProto) && vlanPushInside(skb) !== 0) {
      this.xmitDrop(skb, dev, -ENOMEM, SKB_DROP_REASON_NOMEM);
      return false;
    }
    if (needsLinearize(skb, dev.features) && cache.linearize(skb) !== 0) {
      this.xmitDrop(skb, dev, -ENOMEM, SKB_DROP_REASON_NOMEM);
      return false;
    }
    if (skb.ipSummed === CHECKSUM_PARTIAL && !canChecksum(dev.features, skb.protocol) && skbChecksumHelp(skb) !== 0) {
      this.xmitDrop(skb, dev, -ENOMEM, SKB_DROP_REASON_SKB_CSUM);
      return false;
    }
    return true;
  }
}

function needsWork(skb: SkBuff): boolean {
  return skb.ipSummed === CHECKSUM_PARTIAL || skb.dataLen !== 0 || skb.vlanPresent;
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

/** `can_checksum_protocol`: whether the device finishes checksums of this EtherType. */
function canChecksum(features: number, protocol: number): boolean {
  if ((features & NETIF_F_HW_CSUM) !== 0) return true;
  if (protocol === ETH_P_IP) return (features & NETIF_F_IP_CSUM) !== 0;
  return protocol === ETH_P_IPV6 && (features & NETIF_F_IPV6_CSUM) !== 0;
}

/** `netdev_core_pick_tx`: the driver's choice, or the flow's hash over the real queues. */
function pickTx(dev: NetDevice, skb: SkBuff): NetdevQueue {
  const chosen = dev.ops.ndoSelectQueue !== null ? dev.ops.ndoSelectQueue(dev, skb) : (skb.hash >>> 0) % dev.realNumTxQueues;
  const index = chosen >= 0 && chosen < dev.realNumTxQueues ? chosen : 0;
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
  return !pt.ignoreOutgoing && (pt.net === null || pt.net === dev.net) && (skb.sk === null || !isOwnTap(pt, skb));
}

/** A packet socket does not hear what it sends itself. */
function isOwnTap(pt: PacketType, skb: SkBuff): boolean {
  return 'sk' in pt && pt.sk === skb.sk;
}

function tapOutgoing(pt: PacketType, skb: SkBuff, dev: NetDevice): void {
  const copy = skb.clone();
  if (copy === null) return;
  copy.macHeader = copy.data;
  copy.pktType = PACKET_OUTGOING;
  if (copy.networkHeader < copy.data || copy.networkHeader > copy.tail) copy.networkHeader = copy.data;
  pt.func(copy, dev, pt, dev);
}

/**
 * `skb_checksum_help`: finishes a CHECKSUM_PARTIAL packet in software. 0 or -ENOMEM. The checksum is written big-endian at
 * `csumStart + csumOffset`; a UDP checksum of 0 becomes 0xffff.
 */
export function skbChecksumHelp(skb: SkBuff): number {
  const start = skb.csumStart - skb.data;
  const at = start + skb.csumOffset;
  if (skb.cache.ensureWritable(skb, at + 2) !== 0) return -ENOMEM;
  const sum = csumFold(skbChecksum(skb, start, skb.len - start, 0)) || 0xffff;
  const field = skb.data + at;
  skb.bytes[field] = sum >>> 8;
  skb.bytes[field + 1] = sum;
  skb.ipSummed = CHECKSUM_NONE;
  return 0;
}
