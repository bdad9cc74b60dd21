/**
 * Reception (`net/core/dev.c`): from the driver's `netif_rx` or NAPI poll to the packet types.
 *
 *   driver → netifRx → backlog → NET_RX_SOFTIRQ → poll → netifReceiveSkb
 *     → time stamp → VLAN tag off → taps → ingress (qdisc, hooks) → VLAN device → rx handler → packet type (ipRcv, arpRcv …)
 */
import { ETH_P_ALL, PACKET_LOOPBACK } from '@skbuff/uapi';
import {
  SKB_CONSUMED,
  SKB_DROP_REASON_CPU_BACKLOG,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_UNHANDLED_PROTO,
} from '../skbuff/drop-reason.ts';
import { skbVlanUntag } from '../skbuff/skb-vlan.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { NET_RX_SOFTIRQ, type Softirq } from '../softirq/softirq.ts';
import { deliverCopy, deliverSpecific, deliverTaps, dropTag, ethTypeVlan, ingress } from './deliver.ts';
import { NAPI_POLL_WEIGHT, NapiStruct } from './napi.ts';
import { NET_RX_DROP, NET_RX_SUCCESS } from './netdevice-ops.ts';
import {
  type NetDevice,
  RX_DOOR_HANDLER,
  RX_DOOR_INGRESS,
  RX_DOOR_TAP,
  RX_DROPPED,
  RX_HANDLER_ANOTHER,
  RX_HANDLER_CONSUMED,
  RX_HANDLER_EXACT,
  RX_HANDLER_PASS,
  RX_NOHANDLER,
} from './netdevice.ts';
import type { PacketType } from './packet-type.ts';
import type { Rps, RpsSockFlowTable } from './rps.ts';
import { SoftnetData } from './softnet-data.ts';
import { RX_RPS, RX_STAMP, TX_TAP } from './net-extras.ts';
import type { TxStamp } from './tx-stamp.ts';

const PTYPE_HASH_SIZE = 16;
const PTYPE_HASH_MASK = PTYPE_HASH_SIZE - 1;


/** The receive side of one kernel: the CPUs' backlogs and the tables of packet types. */
export class Softnet {
  /** @internal */
  backlogMax = 1000;
  /** `maxBacklog`, or -1 where a frame needs more than to be queued: one comparison finds both. @internal */
  backlogLimit = 1000;
  /** net.core.netdev_budget: packets per NAPI cycle over all devices. */
  budget = 300;
  /** Packets that a backlog takes per poll (net.core.dev_weight times dev_weight_rx_bias). */
  devWeight: number = NAPI_POLL_WEIGHT;
  /** net.core.gro_normal_batch: packets that GRO collects before it passes them on. */
  groNormalBatch = 8;
  /** net.core.netdev_tstamp_prequeue: frames are stamped before RPS may queue them, or (0) when they go up. */
  tstampPrequeue = 1;
  /** Sockets that poll for their packets: while there are any, packets carry the number of their NAPI instance. */
  busyPollers = 0;
  readonly nrCpus: number;
  readonly data: readonly SoftnetData[] = [];
  /** The CPU that the code which runs now counts as running on. Set {@link cpu}. */
  private here: SoftnetData;
  /** RFS: where applications are; null: off (net.core.rps_sock_flow_entries). */
  rpsSockFlowTable: RpsSockFlowTable | null = null;
  /** Steering, once somebody switched it on. @internal */
  rps: Rps | null = null;
  /** `vlan_do_receive`: gives a frame with a tag to the VLAN device (RX_HANDLER_ANOTHER), drops it (CONSUMED) or leaves it (PASS). */
  vlanDoReceive: ((skb: SkBuff) => number) | null = null;
  /** What else a frame needs on arrival: RX_STAMP, RX_RPS. @internal */
  rxExtras = 0;
  /** Time stamps on arrival are wanted by so many: {@link netEnableTimestamp}. */
  netstampNeeded = 0;
  /** What else a frame needs on its way to the driver: TX_TAP while there are taps of all devices, TX_STAMP. 0: nothing. @internal */
  txExtras = 0;
  /** Sockets that may ask for time stamps of what they send. @internal */
  txStampNeeded = 0;
  /** Who tells senders when their packets got where; null where nobody can ask. */
  txStamp: TxStamp | null = null;
  /** Receive queues with RPS or RFS. @internal */
  rpsNeeded = 0;
  /** Taps of all devices; a tap of one device hangs on the device. */
  ptypeAll: readonly PacketType[] = [];

  private readonly ptypeBase: (readonly PacketType[])[] = new Array<readonly PacketType[]>(PTYPE_HASH_SIZE).fill([]);
  /** RX_DOOR_TAP while there are taps of all devices. */
  private rxDoors = 0;
  /** What became of a frame that `receiveCore` disposed of. */
  private coreResult: number = NET_RX_SUCCESS;
  /** NAPI instances by number. @internal */
  readonly napiHash: Map<number, NapiStruct> = new Map();
  /** Last number given to an instance; the first are the CPUs'. @internal */
  napiGenId: number;
  /** Frees the instances that a device still has, once there are any. @internal */
  napiFree: ((dev: NetDevice) => void) | null = null;
  /** The poll list. @internal */
  pollFirst: NapiStruct | null = null;
  /** @internal */
  pollLast: NapiStruct | null = null;
  readonly softirq: Softirq;
  private readonly realTimeNs: () => number;

  constructor(softirq: Softirq, realTimeNs: () => number, nrCpus = 1) {
    this.softirq = softirq;
    this.realTimeNs = realTimeNs;
    this.nrCpus = nrCpus;
    this.napiGenId = nrCpus;
    this.data = Array.from({ length: nrCpus }, (_, cpu) => new SoftnetData(cpu, (sd) => this.makeBacklog(sd)));
    this.here = this.data[0] as SoftnetData;
    softirq.open(NET_RX_SOFTIRQ, () => this.netRxAction());
  }

  private makeBacklog(sd: SoftnetData): NapiStruct {
    const backlog = new NapiStruct(null, (_napi, quota) => this.processBacklog(sd, quota));
    backlog.enabled = true;
    return backlog;
  }

  /** The CPU on which the code that runs now counts as running: 0 … nrCpus-1. */
  get cpu(): number {
    return this.here.cpu;
  }

  set cpu(cpu: number) {
    this.here = this.data[cpu] as SoftnetData;
  }

  /** net.core.netdev_max_backlog */
  get maxBacklog(): number {
    return this.backlogMax;
  }

  set maxBacklog(frames: number) {
    this.backlogMax = frames;
    this.backlogLimit = this.rxExtras === 0 ? frames : -1;
  }

  /** `dev_add_pack`. */
  addPack(pt: PacketType): void {
    this.changePack(pt, (list) => [...list, pt]);
  }

  /** `dev_remove_pack`. */
  removePack(pt: PacketType): void {
    this.changePack(pt, (list) => list.filter((other) => other !== pt));
  }

  /** Every registered packet type: taps first. */
  packetTypes(): readonly PacketType[] {
    return [...this.ptypeAll, ...this.ptypeBase.flat()];
  }

  /**
   * `netif_rx`: a driver hands over a frame (`dev` set, `protocol` set, `data` behind the link-layer header). NET_RX_SUCCESS, or
   * NET_RX_DROP when the backlog is full; the sk_buff is gone either way.
   */
  netifRx(skb: SkBuff): number {
    this.softirq.localBhDisable();
    const ret = this.netifRxSoftirq(skb);
    this.softirq.localBhEnable();
    return ret;
  }

  /** `__netif_rx`: as {@link netifRx}, for a caller that is inside a softirq or has bottom halves disabled. */
  netifRxSoftirq(skb: SkBuff): number {
    const sd = this.here;
    const queue = sd.inputPktQueue;
    if (queue.qlen > this.backlogLimit || !(skb.dev as NetDevice).running()) return this.netifRxSlow(skb, sd);
    queue.queueTail(skb);
    if (!sd.backlog.scheduled) this.napiSchedule(sd.backlog);
    return NET_RX_SUCCESS;
  }

  /** The backlog is full, the device is down, or the frame is to be stamped or steered. */
  private netifRxSlow(skb: SkBuff, sd: SoftnetData): number {
    if (this.tstampPrequeue !== 0) this.stamp(skb);
    const ret = (this.rxExtras & RX_RPS) === 0 ? -1 : (this.rps as Rps).enqueue(skb);
    return ret < 0 ? this.enqueueToBacklog(skb, sd) : ret;
  }

  /** `net_timestamp_check`. */
  private stamp(skb: SkBuff): void {
    if ((this.rxExtras & RX_STAMP) !== 0 && skb.tstamp === 0) skb.tstamp = this.realTimeNs();
  }

  /** `enqueue_to_backlog`. @internal */
  enqueueToBacklog(skb: SkBuff, sd: SoftnetData): number {
    const queue = sd.inputPktQueue;
    if (queue.qlen > this.backlogMax || !(skb.dev as NetDevice).running()) return this.backlogDrop(skb, sd);
    queue.queueTail(skb);
    if (!sd.backlog.scheduled) this.napiSchedule(sd.backlog);
    return NET_RX_SUCCESS;
  }

  /** `napi_schedule`: the device has frames. Nothing while disabled; a second call while polling polls once more. */
  napiSchedule(napi: NapiStruct): void {
    if (!napi.enabled) return;
    if (napi.scheduled) {
      napi.missed = true;
      return;
    }
    napi.scheduled = true;
    this.repoll(napi);
    this.softirq.raise(NET_RX_SOFTIRQ);
  }

  /** @internal */
  leavePollList(napi: NapiStruct): void {
    napi.scheduled = false;
    if (napi.missed) {
      napi.missed = false;
      this.napiSchedule(napi);
    }
  }

  /** `net_rx_action`: polls round-robin until the budget of a cycle is used up. */
  private netRxAction(): void {
    let budget = this.budget;
    while (this.pollFirst !== null) {
      const napi: NapiStruct = this.pollFirst;
      this.pollFirst = napi.next;
      if (this.pollFirst === null) this.pollLast = null;
      napi.next = null;
      const weight = napi.dev === null ? this.devWeight : napi.weight;
      const work = napi.poll(napi, weight);
      // A driver that used its whole weight stays scheduled and goes to the end of the list.
      if (napi.scheduled && work >= weight) this.pollAgain(napi);
      // Disabled by whoever got a packet of this very poll: there may never be another one.
      if (napi.gro !== null && !napi.enabled) napi.gro.purge();
      budget -= work;
      if (budget > 0) continue;
      this.here.timeSqueeze++;
      if (this.pollFirst !== null) this.softirq.raise(NET_RX_SOFTIRQ);
      return;
    }
  }

  private pollAgain(napi: NapiStruct): void {
    if (napi.gro !== null) {
      napi.gro.flush(true);
      napi.gro.normalList();
    }
    // Disabled, enabled and scheduled anew during its own poll: it stands in line already.
    if (napi.scheduled && !this.onPollList(napi)) this.repoll(napi);
  }

  /** @internal */
  onPollList(napi: NapiStruct): boolean {
    return napi.next !== null || this.pollLast === napi;
  }

  /** @internal */
  repoll(napi: NapiStruct): void {
    napi.next = null;
    if (this.pollLast === null) this.pollFirst = napi;
    else this.pollLast.next = napi;
    this.pollLast = napi;
  }

  /** `process_backlog`: on its own CPU. */
  private processBacklog(sd: SoftnetData, quota: number): number {
    const before = this.here;
    this.here = sd;
    const work = this.drain(sd, quota);
    this.here = before;
    return work;
  }

  private drain(sd: SoftnetData, quota: number): number {
    const queue = sd.inputPktQueue;
    let work = 0;
    while (work < quota) {
      const skb = queue.dequeue();
      if (skb === null) {
        this.leavePollList(sd.backlog);
        return work;
      }
      if ((this.rxExtras & RX_RPS) !== 0) (this.rps as Rps).dequeued(sd);
      this.netifReceiveSkb(skb);
      work++;
    }
    return work;
  }

  /** `netif_receive_skb`: a frame goes up, now. NET_RX_SUCCESS, or NET_RX_DROP if nobody took it. */
  netifReceiveSkb(skb: SkBuff): number {
    const origDev = skb.dev as NetDevice;
    const pt = this.receiveCore(skb, origDev);
    if (pt === null) return this.coreResult;
    return pt.func(skb, skb.dev as NetDevice, pt, origDev);
  }

  /**
   * `__netif_receive_skb_core`: time stamp, VLAN tag, taps, ingress, VLAN device, rx handlers, and every receiver but the last, which is
   * returned. Null: the frame is gone, and `coreResult` says how. @internal
   */
  receiveCore(skb: SkBuff, origDev: NetDevice): PacketType | null {
    if (this.rxExtras !== 0 && this.steer(skb)) return null;
    skb.networkHeader = skb.data;
    if (skb.transportHeader < 0) skb.transportHeader = skb.data;
    skb.macLen = skb.macHeader < 0 ? 0 : skb.networkHeader - skb.macHeader;
    let exact = false;
    for (;;) {
      const dev = skb.dev as NetDevice;
      skb.skbIif = dev.ifindex;
      this.here.processed++;
      if ((this.rxDoors | dev.rxDoors) === 0 && !skb.vlanPresent && !ethTypeVlan(skb.protocol)) break;
      const verdict = this.doors(skb, dev, origDev);
      if (verdict === RX_HANDLER_CONSUMED) return null;
      if (verdict === RX_HANDLER_ANOTHER) continue;
      exact = verdict === RX_HANDLER_EXACT;
      break;
    }
    return this.findReceiver(skb, origDev, exact);
  }

  /** Taking the tag off needed an sk_buff of our own, which goes on in place of the other; or failed, and it is gone. */
  private untagged(own: SkBuff | null, origDev: NetDevice): void {
    this.coreResult = NET_RX_DROP;
    if (own === null) return;
    if ((this.rxExtras & RX_RPS) !== 0) (this.rps as Rps).steered = true;
    // It is the same frame.
    this.here.processed--;
    const pt = this.receiveCore(own, origDev);
    if (pt !== null) this.coreResult = pt.func(own, own.dev as NetDevice, pt, origDev);
  }

  /** Time stamp and RPS; true if the frame went to another backlog. */
  private steer(skb: SkBuff): boolean {
    if (this.tstampPrequeue !== 0) this.stamp(skb);
    const ret = (this.rxExtras & RX_RPS) === 0 ? -1 : (this.rps as Rps).enqueue(skb);
    if (ret >= 0) {
      this.coreResult = ret;
      return true;
    }
    this.stamp(skb);
    return false;
  }

  /** Who stands between a frame and the protocols, in Linux's order. RX_HANDLER_CONSUMED: it is gone, and `coreResult` is set. */
  private doors(skb: SkBuff, dev: NetDevice, origDev: NetDevice): number {
    if (ethTypeVlan(skb.protocol)) {
      const own = skbVlanUntag(skb);
      if (own !== skb) {
        this.untagged(own, origDev);
        return RX_HANDLER_CONSUMED;
      }
    }
    const verdict = this.passDoors(skb, dev, origDev);
    this.coreResult = NET_RX_SUCCESS;
    return verdict;
  }

  private passDoors(skb: SkBuff, dev: NetDevice, origDev: NetDevice): number {
    if (this.rxDoors !== 0) deliverTaps(this.ptypeAll, skb, origDev);
    const open = dev.rxDoors;
    if ((open & RX_DOOR_TAP) !== 0) deliverTaps(dev.ptypeAll, skb, origDev);
    if ((open & RX_DOOR_INGRESS) !== 0) {
      const verdict = ingress(skb, dev);
      if (verdict !== RX_HANDLER_PASS) return verdict;
    }
    if (skb.vlanPresent && this.vlanDoReceive !== null) {
      const verdict = this.vlanDoReceive(skb);
      if (verdict !== RX_HANDLER_PASS) return verdict;
    }
    const verdict = (open & RX_DOOR_HANDLER) !== 0 && dev.rxHandler !== null ? dev.rxHandler(skb, dev) : RX_HANDLER_PASS;
    if (verdict !== RX_HANDLER_CONSUMED && verdict !== RX_HANDLER_ANOTHER && skb.vlanPresent) dropTag(skb);
    return verdict;
  }

  /** The last receiver of a frame, after the others had their copies; null if there is none and the frame is dropped. */
  private findReceiver(skb: SkBuff, origDev: NetDevice, exact: boolean): PacketType | null {
    const type = skb.protocol;
    const dev = skb.dev as NetDevice;
    let last: PacketType | null = null;
    if (!exact) {
      const bucket = this.ptypeBase[type & PTYPE_HASH_MASK] as readonly PacketType[];
      for (let i = 0; i < bucket.length; i++) {
        const pt = bucket[i] as PacketType;
        if (pt.type !== type || (pt.net !== null && pt.net !== dev.net)) continue;
        if (last !== null) deliverCopy(last, skb, origDev);
        last = pt;
      }
    }
    if (origDev.ptypeSpecific.length !== 0) last = deliverSpecific(origDev.ptypeSpecific, type, skb, origDev, last);
    if (dev !== origDev && dev.ptypeSpecific.length !== 0) last = deliverSpecific(dev.ptypeSpecific, type, skb, origDev, last);
    if (last !== null) return last;
    dev.stats[exact ? RX_NOHANDLER : RX_DROPPED]++;
    skb.kfree(skb.pktType === PACKET_LOOPBACK ? SKB_CONSUMED : SKB_DROP_REASON_UNHANDLED_PROTO);
    this.coreResult = NET_RX_DROP;
    return null;
  }

  private backlogDrop(skb: SkBuff, sd: SoftnetData): number {
    const dev = skb.dev as NetDevice;
    const down = !dev.running();
    sd.dropped += down ? 0 : 1;
    dev.stats[RX_DROPPED]++;
    skb.kfree(down ? SKB_DROP_REASON_DEV_READY : SKB_DROP_REASON_CPU_BACKLOG);
    return NET_RX_DROP;
  }

  /** `flush_backlog`: frees what waits for a device that goes away. */
  flushBacklog(dev: NetDevice): void {
    for (const sd of this.data) {
      for (let skb = sd.inputPktQueue.peek(); skb !== null; ) {
        const next: SkBuff | null = skb.next;
        if (skb.dev === dev) {
          sd.inputPktQueue.unlink(skb);
          sd.queueHead++;
          skb.kfree(SKB_DROP_REASON_DEV_READY);
        }
        skb = next;
      }
    }
  }

  private changePack(pt: PacketType, change: (list: readonly PacketType[]) => PacketType[]): void {
    if (pt.type === ETH_P_ALL) {
      if (pt.dev !== null) {
        pt.dev.ptypeAll = Object.freeze(change(pt.dev.ptypeAll));
        pt.dev.rxDoors = pt.dev.ptypeAll.length > 0 ? pt.dev.rxDoors | RX_DOOR_TAP : pt.dev.rxDoors & ~RX_DOOR_TAP;
      } else {
        this.ptypeAll = Object.freeze(change(this.ptypeAll));
        this.rxDoors = this.ptypeAll.length > 0 ? RX_DOOR_TAP : 0;
        this.txExtras = this.ptypeAll.length > 0 ? this.txExtras | TX_TAP : this.txExtras & ~TX_TAP;
      }
    } else if (pt.dev !== null) pt.dev.ptypeSpecific = Object.freeze(change(pt.dev.ptypeSpecific));
    else {
      const at = pt.type & PTYPE_HASH_MASK;
      this.ptypeBase[at] = Object.freeze(change(this.ptypeBase[at] as readonly PacketType[]));
    }
  }
}
