/** Transmit queues and queueing disciplines: the contract, and the two that need no package (`net/sched/sch_generic.c`). */
import {
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_QDISC_DROP,
} from '../skbuff/drop-reason.ts';
import { SkBuffHead } from '../skbuff/skb-queue.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { TX_DROPPED } from './link-stats.ts';
import type { NetDevice } from './netdevice.ts';
import { NET_XMIT_CN, NET_XMIT_DROP, NET_XMIT_SUCCESS } from './netdevice-ops.ts';

/** A queueing discipline. Whoever enqueues gives the sk_buff away. */
export abstract class Qdisc {
  abstract readonly kind: string;
  /** False for noqueue: packets go straight to the driver. */
  readonly hasQueue: boolean = true;
  /** An empty queue may be passed by. */
  readonly canBypass: boolean = false;
  handle = 0;
  qlen = 0;
  backlog = 0;
  drops = 0;
  requeues = 0;
  overlimits = 0;
  packets = 0;
  bytes = 0;
  running = false;
  /** Waits for NET_TX_SOFTIRQ, to send by `devQueue`. */
  scheduled = false;
  devQueue: NetdevQueue | null = null;
  nextScheduled: Qdisc | null = null;
  /** What the driver refused, linked by `next`: it is next. */
  gsoSkb: SkBuff | null = null;

  /** NET_XMIT_SUCCESS, NET_XMIT_CN or NET_XMIT_DROP; frees the sk_buff when it is not kept. */
  abstract enqueue(skb: SkBuff): number;
  abstract dequeue(): SkBuff | null;
  /** Frees everything that was enqueued and not dequeued. */
  abstract reset(): void;
}

/** `qdisc_reset`: frees everything, also what the driver refused. */
export function qdiscReset(qdisc: Qdisc): void {
  const refused = qdisc.gsoSkb;
  qdisc.gsoSkb = null;
  for (let skb = refused, next: SkBuff | null; skb !== null; skb = next) {
    next = skb.next;
    skb.next = null;
    skb.kfree(SKB_DROP_REASON_QDISC_DROP);
  }
  qdisc.reset();
  if (refused !== null) qdisc.qlen = 0;
}

/** `struct Qdisc_ops`: makes disciplines of a kind. */
export interface QdiscOps {
  readonly id: string;
  readonly create: (queue: NetdevQueue) => Qdisc;
}

/** Keeps nothing. */
abstract class EmptyQdisc extends Qdisc {
  override dequeue(): null {
    return null;
  }

  override reset(): void {}
}

/** What a queue has while its device is down or without carrier: everything is dropped. Without state, so one serves all. */
class NoopQdisc extends EmptyQdisc {
  override readonly kind = 'noop';

  override enqueue(skb: SkBuff): number {
    (skb.dev as NetDevice).stats[TX_DROPPED]++;
    skb.kfree(SKB_DROP_REASON_QDISC_DROP);
    return NET_XMIT_CN;
  }
}

export const noopQdisc: Qdisc = new NoopQdisc();

/** `struct netdev_queue`: one transmit queue of a device. */
export class NetdevQueue {
  readonly dev: NetDevice;
  readonly index: number;
  qdisc: Qdisc = noopQdisc;
  /** What is attached while the device is down. */
  qdiscSleeping: Qdisc = noopQdisc;
  /** The driver asked for a pause (`netif_stop_queue`). */
  stopped = false;
  transStart = 0;
  txTimeouts = 0;

  constructor(dev: NetDevice, index: number) {
    this.dev = dev;
    this.index = index;
  }
}

/** For devices whose transmission never waits: veth, loopback, bridge, VLAN. */
export class NoqueueQdisc extends EmptyQdisc {
  override readonly kind = 'noqueue';
  override readonly hasQueue: boolean = false;

  override enqueue(skb: SkBuff): number {
    skb.kfree(SKB_DROP_REASON_DEV_READY);
    return NET_XMIT_CN;
  }
}

/** Band of each priority 0..15; band 0 is served first. */
const PRIO2BAND: readonly number[] = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];

/** Three FIFOs by `skb.priority`, each as long as the device's `txQueueLen`. */
export class PfifoFastQdisc extends Qdisc {
  override readonly kind = 'pfifo_fast';
  override readonly canBypass: boolean = true;
  private readonly bands: readonly SkBuffHead[] = [new SkBuffHead(), new SkBuffHead(), new SkBuffHead()];
  private readonly queue: NetdevQueue;

  constructor(queue: NetdevQueue) {
    super();
    this.queue = queue;
  }

  override enqueue(skb: SkBuff): number {
    const band = this.bands[PRIO2BAND[skb.priority & 15] as number] as SkBuffHead;
    if (band.qlen >= Math.max(1, this.queue.dev.txQueueLen)) {
      this.drops++;
      skb.kfree(SKB_DROP_REASON_QDISC_DROP);
      return NET_XMIT_DROP;
    }
    band.queueTail(skb);
    this.qlen++;
    this.backlog += skb.len;
    return NET_XMIT_SUCCESS;
  }

  override dequeue(): SkBuff | null {
    for (const band of this.bands) {
      const skb = band.dequeue();
      if (skb === null) continue;
      this.qlen--;
      this.backlog -= skb.len;
      return skb;
    }
    return null;
  }

  override reset(): void {
    for (const band of this.bands) band.purge(SKB_DROP_REASON_QDISC_DROP);
    this.qlen = 0;
    this.backlog = 0;
  }
}
