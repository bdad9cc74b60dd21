/**
 * Transmission (`net/core/dev.c`, `net/sched/sch_generic.c`): from `dev_queue_xmit` to the driver.
 *
 *   devQueueXmit → queue → qdisc (or none) → what the device cannot do (xmit-offload.ts) → taps → ops.ndoStartXmit
 */
import { ENETDOWN, ENOMEM, EPROTONOSUPPORT, PACKET_OUTGOING } from '@skbuff/uapi';
import { SKBTX_ANY_TSTAMP, SKBTX_SCHED_TSTAMP } from '../skbuff/arena.ts';
import { SKB_DROP_REASON_DEV_READY, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_RECURSION_LIMIT } from '../skbuff/drop-reason.ts';
import { CHECKSUM_PARTIAL, type SkBuff, type SkbSock } from '../skbuff/skbuff.ts';
import { NET_TX_SOFTIRQ, type Softirq } from '../softirq/softirq.ts';
import { NETDEV_TX_BUSY, NETDEV_TX_OK, NET_XMIT_SUCCESS } from './netdevice-ops.ts';
import { IFF_XMIT_DST_RELEASE, type NetDevice, type PickTx, TX_DROPPED } from './netdevice.ts';
import type { PacketType } from './packet-type.ts';
import { type NetdevQueue, noopQdisc, type Qdisc } from './qdisc.ts';
import type { Softnet } from './softnet.ts';
import type { XmitOffload } from './xmit-offload.ts';

/** Devices stacked on each other deeper than this are taken for a loop. */
const XMIT_RECURSION_LIMIT = 8;

/** The transmit side of one kernel. */
export class Transmit {
  /** Packets that a qdisc sends in one go before it lets others run (net.core.dev_weight times dev_weight_tx_bias). */
  devTxWeight = 64;
  /**
   * What finishes packets that the device has to be spared (`validate_xmit_skb`). Whoever makes such packets opens it ({@link xmitOffload});
   * without it nobody does, and one that comes all the same is dropped.
   */
  offload: XmitOffload | null = null;
  /** Devices that send to each other, now. @internal */
  recursion = 0;
  private outputQueue: Qdisc | null = null;
  private outputQueueTail: Qdisc | null = null;
  readonly softirq: Softirq;
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
    else queue = (dev.pickTx as PickTx)(dev, skb);
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
    if (needsWork(skb)) {
      const { offload } = this;
      if (offload === null) return this.incomplete(skb, dev);
      const valid = offload.validateXmitSkb(skb, dev);
      if (valid === null) return -ENOMEM;
      if (valid !== skb) return offload.xmitSegments(valid, dev, queue);
    }
    if (!queue.stopped) {
      this.recursion++;
      const rc = this.devHardStartXmit(skb, dev, queue);
      this.recursion--;
      if (rc !== NETDEV_TX_BUSY) return rc;
    }
    return this.xmitRefused(skb, dev);
  }

  /** @internal */
  xmitRefused(skb: SkBuff, dev: NetDevice): number {
    // Without a queue there is nowhere to keep a packet that the driver refuses.
    dev.net.kernel.log(`Virtual device ${dev.name} asks to queue packet!`);
    return this.xmitDrop(skb, dev, -ENETDOWN, SKB_DROP_REASON_DEV_READY);
  }

  private incomplete(skb: SkBuff, dev: NetDevice): number {
    dev.net.kernel.log(`${dev.name}: nobody completes packets: xmitOffload() was not called`);
    return this.xmitDrop(skb, dev, -EPROTONOSUPPORT, SKB_DROP_REASON_NOT_SPECIFIED);
  }

  /** @internal */
  xmitDrop(skb: SkBuff, dev: NetDevice, err: number, reason: number): number {
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
    if (this.softnet.txExtras !== 0 && (skb.shinfo.txFlags & SKBTX_SCHED_TSTAMP) !== 0) this.softnet.txStamp?.sched(skb);
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
      const { offload } = this;
      if (offload === null) {
        this.incomplete(skb, dev);
        return true;
      }
      const valid = offload.validateXmitSkb(skb, dev);
      if (valid === null) return true;
      if (valid !== skb) return offload.schSegments(valid, qdisc, queue);
    }
    if (this.devHardStartXmit(skb, dev, queue) !== NETDEV_TX_BUSY) return true;
    this.devRequeue(skb, qdisc, queue);
    return false;
  }

  /** `dev_requeue_skb`: a chain of packets is sent before all that are queued. Some may wait there already. @internal */
  devRequeue(first: SkBuff, qdisc: Qdisc, queue: NetdevQueue): void {
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

  /** `dev_hard_start_xmit`: taps see the frame, then the driver gets it. @internal */
  devHardStartXmit(skb: SkBuff, dev: NetDevice, queue: NetdevQueue): number {
    if (this.softnet.txExtras !== 0 || dev.ptypeAll.length !== 0) this.xmitExtras(skb, dev);
    const rc = dev.ops.ndoStartXmit(skb, dev);
    if (rc === NETDEV_TX_OK) queue.transStart = this.jiffies();
    return rc;
  }

  private xmitExtras(skb: SkBuff, dev: NetDevice): void {
    this.devQueueXmitNit(skb, dev);
    if ((skb.shinfo.txFlags & SKBTX_ANY_TSTAMP) !== 0) this.softnet.txStamp?.send(skb, dev);
  }

  /** `dev_queue_xmit_nit`: every tap gets a clone of what is sent, marked outgoing. */
  private devQueueXmitNit(skb: SkBuff, dev: NetDevice): void {
    tapsOutgoing(this.softnet.ptypeAll, skb, dev);
    tapsOutgoing(dev.ptypeAll, skb, dev);
  }
}

/** A super-packet is found by its unfinished checksum: every one of them has that. */
function needsWork(skb: SkBuff): boolean {
  return skb.ipSummed === CHECKSUM_PARTIAL || skb.dataLen !== 0 || skb.vlanPresent;
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
