/**
 * A bad cable behind any device: what the device sends is lost, doubled, spoilt, delayed or held back before its driver gets it.
 *
 *     stack → devQueueXmit → taps → dev.ops.ndoStartXmit = the injector → (delay line) → the driver's ndoStartXmit
 *
 * It interposes on a registered device, and the device does not know: `dev.ops` is replaced by a table in which a few functions wrap
 * the driver's, and put back on removal. Only sending is impaired. That is all a link needs: what one end receives is what the other
 * end sent, so both directions of a veth are the two ends' injectors ({@link impairLink}).
 *
 * A capture on the sending device sees a packet before the fault, one on the receiving device after it: as with a real cable.
 *
 * Super-packets would make a loss of one percent lose 64 KiB at a time, so TCP segmentation offload is off while the injector is on.
 */
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  devSetWantedFeatures,
  DevSlot,
  HrTimer,
  type Kernel,
  NETDEV_TX_BUSY,
  NETDEV_TX_OK,
  type NetDevice,
  type NetDeviceOps,
  NETIF_F_GSO,
  NETIF_F_GSO_SOFTWARE,
  NETREG_REGISTERED,
  netifCarrierOff,
  netifCarrierOn,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_QDISC_DROP,
  SKB_DROP_REASON_QDISC_OVERLIMIT,
  SKB_DROP_REASON_QUEUE_PURGE,
  SKB_DROP_REASON_SKB_CSUM,
  skbEnsureWritable,
  type SkBuff,
  skbChecksumHelp,
  hrtimerStart,
  hrtimerCancel,
} from '@skbuff/core';
import { EBUSY, EINVAL, IFF_UP } from '@skbuff/uapi';
import { Chance } from './chance.ts';
import { DelayLine } from './delay-line.ts';
import { completeImpairment, type FullImpairment, type Impairment, NO_IMPAIRMENT } from './impairment.ts';

const NSEC_PER_SEC = 1e9;
const OFFLOADS = NETIF_F_GSO_SOFTWARE | NETIF_F_GSO;

/**
 * What became of the packets. At any time
 * `taken + duplicated = delivered + lost + overlimit + down + failed + purged + (packets under way)`.
 */
export interface FaultCounters {
  /** Packets that the device was given to send. */
  taken: number;
  duplicated: number;
  /** Handed to the driver. */
  delivered: number;
  lost: number;
  /** Dropped because as many as `limit` were under way. */
  overlimit: number;
  /** Sent, or under way, while the link was down. */
  down: number;
  /** The driver did not take it, or memory was out. */
  failed: number;
  /** Under way when the device was closed or the injector was removed. */
  purged: number;
  /** Bits turned over; such packets are delivered all the same. */
  corrupted: number;
  /** Sent past the others. */
  reordered: number;
}

export interface FaultOptions {
  /** Names the random stream, so that a link's faults do not depend on what else the kernel does. Default: namespace and device. */
  readonly name?: string;
  /** The other end of the cable, which loses its carrier too when the link goes down. */
  readonly peer?: NetDevice;
}

export class FaultInjector {
  readonly dev: NetDevice;
  readonly counters: FaultCounters = {
    taken: 0,
    duplicated: 0,
    delivered: 0,
    lost: 0,
    overlimit: 0,
    down: 0,
    failed: 0,
    purged: 0,
    corrupted: 0,
    reordered: 0,
  };
  private readonly kernel: Kernel;
  private readonly peer: NetDevice | null;
  private readonly base: NetDeviceOps;
  private readonly wrapped: NetDeviceOps;
  private readonly chance: Chance;
  private readonly line: DelayLine = new DelayLine();
  private readonly timer: HrTimer = new HrTimer(() => this.release());
  private readonly offloads: number;
  private imp: FullImpairment = NO_IMPAIRMENT;
  /** When the last packet is out, nanoseconds: the next one starts then (rate). */
  private linkFree = 0;
  private isDown = false;
  private removed = false;

  /** Use {@link injectFaults}. */
  constructor(dev: NetDevice, options: FaultOptions) {
    this.dev = dev;
    this.kernel = dev.net.kernel;
    this.peer = options.peer ?? null;
    this.chance = new Chance(this.kernel.random.fork(`fault-injector:${options.name ?? `${dev.net.inode}/${dev.name}`}`));
    this.base = dev.ops;
    this.wrapped = this.wrap(dev.ops);
    dev.ops = this.wrapped;
    injectors.set(dev, this);
    this.offloads = dev.wantedFeatures & OFFLOADS;
    devSetWantedFeatures(dev, 0, OFFLOADS);
  }

  /** What the link does to packets now. */
  get impairment(): FullImpairment {
    return this.imp;
  }

  /** Packets under way or waiting. */
  get queued(): number {
    return this.line.length;
  }

  get down(): boolean {
    return this.isDown;
  }

  /** Changes what happens to packets sent from now on; those under way keep their times. 0, or -EINVAL and nothing changed. */
  setImpairment(impairment: Impairment): number {
    const full = completeImpairment(impairment);
    if (typeof full === 'number') return full;
    this.imp = full;
    return 0;
  }

  /** Cuts the cable, or mends it: carrier at both ends, if the other one is known. What is under way is lost. */
  setDown(down: boolean): void {
    if (down === this.isDown || this.removed) return;
    this.isDown = down;
    if (down) {
      this.counters.down += this.purge(SKB_DROP_REASON_DEV_READY);
      this.carrierOff();
    } else this.carrierOn();
  }

  /** Takes the injector out. What is under way is freed; the link is up again. */
  remove(): void {
    if (this.removed) return;
    this.setDown(false);
    this.counters.purged += this.purge(SKB_DROP_REASON_QUEUE_PURGE);
    this.removed = true;
    injectors.set(this.dev, null);
    // Where somebody else wrapped the device after us, our functions stay in the chain and only pass on.
    if (this.dev.ops === this.wrapped) this.dev.ops = this.base;
    if (this.dev.regState === NETREG_REGISTERED) devSetWantedFeatures(this.dev, this.offloads, this.offloads);
  }

  private wrap(ops: NetDeviceOps): NetDeviceOps {
    return {
      ...ops,
      ndoStartXmit: (skb, dev) => (this.removed ? ops.ndoStartXmit(skb, dev) : this.xmit(skb)),
      ndoOpen: (dev) => {
        const err = ops.ndoOpen?.(dev) ?? 0;
        // The driver found its peer up and does not know of the cut.
        if (err === 0 && this.isDown) this.carrierOff();
        return err;
      },
      ndoStop: (dev) => {
        this.counters.purged += this.purge(SKB_DROP_REASON_QUEUE_PURGE);
        return ops.ndoStop?.(dev) ?? 0;
      },
      ndoUninit: (dev) => {
        this.remove();
        ops.ndoUninit?.(dev);
      },
    };
  }

  private carrierOff(): void {
    netifCarrierOff(this.dev);
    if (this.peer !== null) netifCarrierOff(this.peer);
  }

  /** With a peer there is carrier only if both ends are up. */
  private carrierOn(): void {
    const { dev, peer } = this;
    if (peer !== null && (dev.flags & peer.flags & IFF_UP) === 0) return;
    netifCarrierOn(dev);
    if (peer !== null) netifCarrierOn(peer);
  }

  private xmit(skb: SkBuff): number {
    const { counters, imp, chance } = this;
    counters.taken++;
    if (this.isDown) {
      counters.down++;
      skb.kfree(SKB_DROP_REASON_DEV_READY);
      return NETDEV_TX_OK;
    }
    const copy = chance.duplicate(imp.duplicate) ? skb.clone() : null;
    if (chance.loss(imp.loss)) {
      // A packet that is doubled and lost arrives once, as in netem.
      counters.lost++;
      skb.kfree(SKB_DROP_REASON_QDISC_DROP);
    } else this.carry(skb);
    if (copy !== null) {
      counters.duplicated++;
      this.carry(copy);
    }
    return NETDEV_TX_OK;
  }

  /** One packet that is not lost: spoils it, finds out when it arrives, and sends it on its way. */
  private carry(skb: SkBuff): void {
    const { counters, imp, chance } = this;
    if (chance.corrupt(imp.corrupt) && !this.corrupt(skb)) return;
    if (imp.delay === 0 && imp.jitter === 0 && imp.rate === 0 && this.line.length === 0) {
      this.deliver(skb);
      return;
    }
    if (this.line.length >= imp.limit) {
      counters.overlimit++;
      skb.kfree(SKB_DROP_REASON_QDISC_OVERLIMIT);
      return;
    }
    // The sender's buffer is free again when the packet has left, not when it arrives.
    skb.orphan();
    skb.dstForce();
    this.line.insert(skb, this.arrival(skb));
    this.arm();
  }

  private arrival(skb: SkBuff): number {
    const { imp, chance } = this;
    const now = this.kernel.clock.now();
    if (chance.reorder(imp.reorder)) {
      this.counters.reordered++;
      return now;
    }
    let time = now;
    if (imp.rate !== 0) {
      this.linkFree = Math.max(now, this.linkFree) + (skb.len * 8 * NSEC_PER_SEC) / imp.rate;
      time = this.linkFree;
    }
    if (imp.jitter !== 0) return Math.max(now, Math.ceil(time + chance.delay(imp)));
    // Without jitter a cable keeps the order, also when it has become shorter.
    return Math.max(Math.ceil(time + imp.delay), this.line.lastTime());
  }

  private arm(): void {
    const next = this.line.nextTime();
    if (next === Number.POSITIVE_INFINITY) hrtimerCancel(this.kernel.timers, this.timer);
    else if (!this.timer.pending() || this.timer.expires !== next) hrtimerStart(this.kernel.timers, this.timer, next);
  }

  private release(): void {
    const now = this.kernel.clock.now();
    for (let skb = this.line.take(now); skb !== null; skb = this.line.take(now)) this.deliver(skb);
    this.arm();
  }

  private deliver(skb: SkBuff): void {
    if (this.base.ndoStartXmit(skb, this.dev) !== NETDEV_TX_BUSY) {
      this.counters.delivered++;
      return;
    }
    this.counters.failed++;
    skb.kfree(SKB_DROP_REASON_DEV_READY);
  }

  private purge(reason: number): number {
    hrtimerCancel(this.kernel.timers, this.timer);
    this.linkFree = 0;
    return this.line.purge(reason);
  }

  /** Turns one bit over. False: that could not be done honestly, and the packet was dropped. */
  private corrupt(skb: SkBuff): boolean {
    const { cache } = skb;
    // Whoever cuts a super-packet later would sum up the damage as if it were right.
    const gso = skb.shinfo.gsoSize !== 0;
    const done = !gso && cache.linearize(skb) === 0 && skbEnsureWritable(skb, skb.len) === 0;
    if (!done || (skb.ipSummed === CHECKSUM_PARTIAL && skbChecksumHelp(skb) !== 0)) {
      this.counters.failed++;
      skb.kfree(gso ? SKB_DROP_REASON_SKB_CSUM : SKB_DROP_REASON_NOMEM);
      return false;
    }
    const bit = this.chance.below(skb.len * 8);
    skb.bytes[skb.data + (bit >>> 3)] ^= 1 << (bit & 7);
    // Nobody vouches for it any more.
    skb.ipSummed = CHECKSUM_NONE;
    this.counters.corrupted++;
    return true;
  }
}

const injectors: DevSlot<FaultInjector> = new DevSlot();

/** The injector on a device, or null. */
export function faultInjectorOf(dev: NetDevice): FaultInjector | null {
  return injectors.get(dev);
}

/**
 * Puts an injector on a registered device; it goes with the device. -EBUSY if there is one already, -EINVAL for a device that is not
 * registered or an impairment that cannot be.
 */
export function injectFaults(dev: NetDevice, impairment: Impairment = {}, options: FaultOptions = {}): FaultInjector | number {
  if (dev.regState !== NETREG_REGISTERED || typeof completeImpairment(impairment) === 'number') return -EINVAL;
  if (faultInjectorOf(dev) !== null) return -EBUSY;
  const injector = new FaultInjector(dev, options);
  injector.setImpairment(impairment);
  return injector;
}
