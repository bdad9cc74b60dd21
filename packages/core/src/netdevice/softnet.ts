/**
 * Reception (`net/core/dev.c`): from the driver's `netif_rx` or NAPI poll to the packet types.
 *
 *   driver → netifRx → backlog → NET_RX_SOFTIRQ → poll → netifReceiveSkb → taps → rx handler → packet type (ipRcv, arpRcv …)
 */
import { ETH_P_ALL, PACKET_LOOPBACK } from '@skbuff/uapi';
import {
  SKB_CONSUMED,
  SKB_DROP_REASON_CPU_BACKLOG,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_UNHANDLED_PROTO,
} from '../skbuff/drop-reason.ts';
import { SkBuffHead } from '../skbuff/skb-queue.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { NET_RX_SOFTIRQ, type Softirq } from '../softirq/softirq.ts';
import { NAPI_POLL_WEIGHT, NapiStruct } from './napi.ts';
import { NET_RX_DROP, NET_RX_SUCCESS } from './netdevice-ops.ts';
import {
  type NetDevice,
  RX_DROPPED,
  RX_HANDLER_ANOTHER,
  RX_HANDLER_CONSUMED,
  RX_HANDLER_EXACT,
  RX_NOHANDLER,
} from './netdevice.ts';
import type { PacketType } from './packet-type.ts';

const PTYPE_HASH_SIZE = 16;
const PTYPE_HASH_MASK = PTYPE_HASH_SIZE - 1;

/** `struct softnet_data` and the tables of packet types of one kernel (there is one CPU). */
export class Softnet {
  /** net.core.netdev_max_backlog */
  maxBacklog = 1000;
  /** net.core.netdev_budget: packets per NAPI cycle over all devices. */
  budget = 300;
  /** net.core.dev_weight: packets that the backlog takes per poll. */
  devWeight: number = NAPI_POLL_WEIGHT;
  /** Frames that went up (again, if an rx handler gave them to another device); lost because the backlog was full; cycles cut short. */
  processed = 0;
  dropped = 0;
  timeSqueeze = 0;
  receivedRps = 0;
  /** Time stamps on arrival are wanted by so many (`net_enable_timestamp` adds one). */
  netstampNeeded = 0;
  /** Taps of all devices; a tap of one device hangs on the device. */
  ptypeAll: readonly PacketType[] = [];

  private readonly ptypeBase: (readonly PacketType[])[] = new Array<readonly PacketType[]>(PTYPE_HASH_SIZE).fill([]);
  private readonly inputPktQueue = new SkBuffHead();
  private readonly backlog: NapiStruct;
  /** What became of a frame that `receiveCore` disposed of. */
  private coreResult: number = NET_RX_SUCCESS;
  private pollFirst: NapiStruct | null = null;
  private pollLast: NapiStruct | null = null;
  private readonly softirq: Softirq;
  private readonly realTimeNs: () => number;

  constructor(softirq: Softirq, realTimeNs: () => number) {
    this.softirq = softirq;
    this.realTimeNs = realTimeNs;
    this.backlog = new NapiStruct(null, (_napi, quota) => this.processBacklog(quota));
    this.backlog.enabled = true;
    softirq.open(NET_RX_SOFTIRQ, () => this.netRxAction());
  }

  /** Frames that wait in the backlog. */
  get backlogLen(): number {
    return this.inputPktQueue.qlen;
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
    const queue = this.inputPktQueue;
    if (queue.qlen > this.maxBacklog || !(skb.dev as NetDevice).running()) return this.backlogDrop(skb);
    queue.queueTail(skb);
    if (!this.backlog.scheduled) this.napiSchedule(this.backlog);
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

  /** `napi_disable`: it is not polled any more until it is enabled again and scheduled. */
  napiDisable(napi: NapiStruct): void {
    napi.enabled = false;
    napi.scheduled = false;
    napi.missed = false;
    const list: NapiStruct[] = [];
    for (let n = this.pollFirst; n !== null; n = n.next) if (n !== napi) list.push(n);
    this.pollFirst = this.pollLast = null;
    for (const n of list) this.repoll(n);
  }

  /** `napi_complete_done`: the driver handled fewer than its budget and leaves the poll list. */
  napiComplete(napi: NapiStruct): void {
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
      const weight = napi === this.backlog ? this.devWeight : napi.weight;
      const work = napi.poll(napi, weight);
      // A driver that used its whole weight stays scheduled and goes to the end of the list.
      if (napi.scheduled && work >= weight) this.repoll(napi);
      budget -= work;
      if (budget > 0) continue;
      this.timeSqueeze++;
      if (this.pollFirst !== null) this.softirq.raise(NET_RX_SOFTIRQ);
      return;
    }
  }

  private repoll(napi: NapiStruct): void {
    napi.next = null;
    if (this.pollLast === null) this.pollFirst = napi;
    else this.pollLast.next = napi;
    this.pollLast = napi;
  }

  /** `process_backlog`. */
  private processBacklog(quota: number): number {
    let work = 0;
    const queue = this.inputPktQueue;
    while (work < quota) {
      const skb = queue.dequeue();
      if (skb === null) {
        this.napiComplete(this.backlog);
        return work;
      }
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
   * `netif_receive_skb_list`: a chain of frames (linked by `next`), as a driver collects them in one poll. Runs of frames from one
   * device for one packet type go to it together, if it takes lists.
   */
  netifReceiveSkbList(first: SkBuff | null): void {
    let run: SkBuff | null = null;
    let last: SkBuff | null = null;
    let runPt: PacketType | null = null;
    let runDev: NetDevice | null = null;
    while (first !== null) {
      const skb = first;
      first = skb.next;
      skb.next = null;
      const origDev = skb.dev as NetDevice;
      const pt = this.receiveCore(skb, origDev);
      if (pt === null) continue;
      if (last !== null && pt === runPt && origDev === runDev) last.next = skb;
      else {
        if (run !== null) deliverRun(run, runPt as PacketType, runDev as NetDevice);
        run = skb;
        runPt = pt;
        runDev = origDev;
      }
      last = skb;
    }
    if (run !== null) deliverRun(run, runPt as PacketType, runDev as NetDevice);
  }

  /**
   * `__netif_receive_skb_core`: time stamp, taps, rx handlers, and every receiver but the last, which is returned. Null: the frame
   * is gone, and `coreResult` says how.
   */
  private receiveCore(skb: SkBuff, origDev: NetDevice): PacketType | null {
    if (this.netstampNeeded !== 0 && skb.tstamp === 0) skb.tstamp = this.realTimeNs();
    skb.networkHeader = skb.data;
    if (skb.transportHeader < 0) skb.transportHeader = skb.data;
    skb.macLen = skb.macHeader < 0 ? 0 : skb.networkHeader - skb.macHeader;
    let exact = false;
    for (;;) {
      const dev = skb.dev as NetDevice;
      this.processed++;
      skb.skbIif = dev.ifindex;
      if (this.ptypeAll.length !== 0) deliverTaps(this.ptypeAll, skb, origDev);
      if (dev.ptypeAll.length !== 0) deliverTaps(dev.ptypeAll, skb, origDev);
      const handler = dev.rxHandler;
      if (handler === null) break;
      const verdict = handler(skb, dev);
      if (verdict === RX_HANDLER_CONSUMED) {
        this.coreResult = NET_RX_SUCCESS;
        return null;
      }
      if (verdict === RX_HANDLER_ANOTHER) continue;
      exact = verdict === RX_HANDLER_EXACT;
      break;
    }
    return this.findReceiver(skb, origDev, exact);
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

  private backlogDrop(skb: SkBuff): number {
    const dev = skb.dev as NetDevice;
    const down = !dev.running();
    this.dropped += down ? 0 : 1;
    dev.stats[RX_DROPPED]++;
    skb.kfree(down ? SKB_DROP_REASON_DEV_READY : SKB_DROP_REASON_CPU_BACKLOG);
    return NET_RX_DROP;
  }

  /** `flush_backlog`: frees what waits for a device that goes away. */
  flushBacklog(dev: NetDevice): void {
    const queue = this.inputPktQueue;
    for (let skb = queue.peek(); skb !== null; ) {
      const next: SkBuff | null = skb.next;
      if (skb.dev === dev) {
        queue.unlink(skb);
        skb.kfree(SKB_DROP_REASON_DEV_READY);
      }
      skb = next;
    }
  }

  private changePack(pt: PacketType, change: (list: readonly PacketType[]) => PacketType[]): void {
    if (pt.type === ETH_P_ALL) {
      if (pt.dev !== null) pt.dev.ptypeAll = Object.freeze(change(pt.dev.ptypeAll));
      else this.ptypeAll = Object.freeze(change(this.ptypeAll));
    } else if (pt.dev !== null) pt.dev.ptypeSpecific = Object.freeze(change(pt.dev.ptypeSpecific));
    else {
      const at = pt.type & PTYPE_HASH_MASK;
      this.ptypeBase[at] = Object.freeze(change(this.ptypeBase[at] as readonly PacketType[]));
    }
  }
}

/** `__netif_receive_skb_list_ptype`: a run of frames for one receiver. */
function deliverRun(first: SkBuff, pt: PacketType, origDev: NetDevice): void {
  if (pt.listFunc !== null) {
    pt.listFunc(first, pt, origDev);
    return;
  }
  for (let skb: SkBuff | null = first; skb !== null; ) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    pt.func(skb, skb.dev as NetDevice, pt, origDev);
    skb = next;
  }
}

/** Each receiver but the last gets a reference of its own. */
function deliverCopy(pt: PacketType, skb: SkBuff, origDev: NetDevice): void {
  skb.get();
  pt.func(skb, skb.dev as NetDevice, pt, origDev);
}

function deliverTaps(taps: readonly PacketType[], skb: SkBuff, origDev: NetDevice): void {
  for (let i = 0; i < taps.length; i++) {
    const pt = taps[i] as PacketType;
    if (pt.net === null || pt.net === (skb.dev as NetDevice).net) deliverCopy(pt, skb, origDev);
  }
}

function deliverSpecific(list: readonly PacketType[], type: number, skb: SkBuff, origDev: NetDevice, last: PacketType | null): PacketType | null {
  for (let i = 0; i < list.length; i++) {
    const pt = list[i] as PacketType;
    if (pt.type !== type) continue;
    if (last !== null) deliverCopy(last, skb, origDev);
    last = pt;
  }
  return last;
}
