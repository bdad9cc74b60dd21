/**
 * Receive packet steering (`net/core/dev.c`): which CPU goes on with a frame. There is one thread; a CPU here is a backlog of its own with
 * its own counters, so that the choice and the order within a flow show as on Linux.
 */
import { EINVAL, ENOMEM, EOVERFLOW } from '@skbuff/uapi';
import { reciprocalScale, skbGetHash } from '../skbuff/flow-dissector.ts';
import type { Net } from '../pernet/net.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { skbGetRxQueue } from './dev-queues.ts';
import type { NetdevRxQueue } from './netdev-rx-queue.ts';
import { NET_RX_SUCCESS } from './netdevice-ops.ts';
import { RX_RPS, setRxExtra } from './net-extras.ts';
import type { NetDevice } from './netdevice.ts';
import type { SoftnetData } from './softnet-data.ts';
import type { Softnet } from './softnet.ts';

/** Flows that a receive queue can follow. */
const RPS_FLOWS_MAX = 1 << 20;
/** Flows of applications that can be followed. */
const RPS_SOCK_FLOWS_MAX = 1 << 29;
/** Linux asks how much memory there is. */
const RPS_SOCK_FLOWS_FIT = 1 << 24;

/** `struct rps_dev_flow`: where a flow of a receive queue is handled. */
export class RpsDevFlow {
  cpu = -1;
  /** Tail of that CPU's backlog when the flow was last queued there. */
  lastQtail = 0;
}

/** `struct rps_sock_flow_table`: the CPU on which the application last read or wrote each flow. */
export class RpsSockFlowTable {
  readonly ents: Int32Array;
  private readonly hashes: Uint32Array;

  /** @param entries a power of two */
  constructor(entries: number) {
    this.ents = new Int32Array(entries).fill(-1);
    this.hashes = new Uint32Array(entries);
  }

  /** `rps_record_sock_flow`: nothing for a flow without number. */
  record(hash: number, cpu: number): void {
    if (hash === 0) return;
    const at = hash & (this.ents.length - 1);
    this.ents[at] = cpu;
    this.hashes[at] = hash;
  }

  /** The CPU of a flow, or -1. */
  lookup(hash: number): number {
    const at = hash & (this.ents.length - 1);
    return this.hashes[at] === hash ? (this.ents[at] as number) : -1;
  }
}

/** Steering in one kernel. There is one once somebody switched on any of it; frames ask it while a queue steers. */
export class Rps {
  /** The frame that comes next is from a backlog: it is where it belongs. */
  steered = false;
  /** What {@link getRpsCpu} found beside the CPU. */
  private flow: RpsDevFlow | null = null;
  private readonly softnet: Softnet;

  constructor(softnet: Softnet) {
    this.softnet = softnet;
  }

  /** A frame leaves a backlog for the stack. */
  dequeued(sd: SoftnetData): void {
    sd.queueHead++;
    this.steered = true;
  }

  /** Puts a frame into the backlog where it shall go up. Its result, or -1: it goes up here, and is left to the caller. */
  enqueue(skb: SkBuff): number {
    const { softnet } = this;
    const done = this.steered;
    this.steered = false;
    const cpu = done ? -1 : this.getRpsCpu(skb.dev as NetDevice, skb);
    if (cpu < 0) return -1;
    const { flow } = this;
    const sd = softnet.data[cpu] as SoftnetData;
    const woken = !sd.backlog.scheduled;
    const ret = softnet.enqueueToBacklog(skb, sd);
    if (ret === NET_RX_SUCCESS && flow !== null) flow.lastQtail = sd.queueHead + sd.inputPktQueue.qlen;
    if (ret === NET_RX_SUCCESS && woken && cpu !== softnet.cpu) sd.receivedRps++;
    return ret;
  }

  /** `get_rps_cpu`: where the frame shall go up, or -1 for here. */
  private getRpsCpu(dev: NetDevice, skb: SkBuff): number {
    this.flow = null;
    const recorded = skbGetRxQueue(skb);
    if (recorded >= dev.realNumRxQueues) return -1;
    const rxq = dev.rx[recorded < 0 ? 0 : recorded] as NetdevRxQueue;
    if (rxq.rpsMap === null && rxq.rpsFlowTable === null) return -1;
    skb.networkHeader = skb.data;
    const hash = skbGetHash(skb);
    const { rpsSockFlowTable } = this.softnet;
    const wanted = rxq.rpsFlowTable === null || rpsSockFlowTable === null ? -1 : rpsSockFlowTable.lookup(hash);
    if (wanted >= 0) return this.followFlow(rxq.rpsFlowTable as readonly RpsDevFlow[], hash, wanted);
    return rxq.rpsMap === null ? -1 : (rxq.rpsMap[reciprocalScale(hash, rxq.rpsMap.length)] as number);
  }

  /** The flow moves to the CPU of its application once nothing of it waits elsewhere, so that it stays in order. */
  private followFlow(table: readonly RpsDevFlow[], hash: number, wanted: number): number {
    const { data } = this.softnet;
    const flow = table[hash & (table.length - 1)] as RpsDevFlow;
    if (flow.cpu !== wanted) {
      const old = data[flow.cpu];
      if (old === undefined || old.queueHead - flow.lastQtail >= 0) {
        flow.cpu = wanted;
        flow.lastQtail = (data[wanted] as SoftnetData).queueHead;
      }
    }
    this.flow = flow;
    return flow.cpu;
  }

  /** A device comes: its queues steer as its namespace has it. */
  start(dev: NetDevice): void {
    const { rpsDefaultMask } = dev.net;
    if (rpsDefaultMask.length > 0) for (const rxq of dev.rx) netdevSetRpsCpus(dev, rxq, rpsDefaultMask);
  }

  /** A device goes: its queues steer nothing any more. */
  reset(dev: NetDevice): void {
    for (const rxq of dev.rx) {
      netdevSetRpsCpus(dev, rxq, []);
      netdevSetRpsFlowCnt(dev, rxq, 0);
    }
  }
}

/** net.core.rps_default_mask: CPUs that the receive queues of new devices of a namespace are spread over. */
export function rpsSetDefaultMask(net: Net, cpus: readonly number[]): void {
  net.rpsDefaultMask = cpus;
  net.softnet.rps ??= new Rps(net.softnet);
}

/** The queue begins or ends to steer. */
function countSteering(softnet: Softnet, was: boolean, rxq: NetdevRxQueue): void {
  softnet.rps ??= new Rps(softnet);
  softnet.rpsNeeded += Number(steers(rxq)) - Number(was);
  setRxExtra(softnet, RX_RPS, softnet.rpsNeeded > 0);
}

/** `store_rps_map`: RPS of a receive queue over these CPUs; none switches it off. -EOVERFLOW for a CPU that is not there. */
export function netdevSetRpsCpus(dev: NetDevice, rxq: NetdevRxQueue, cpus: readonly number[]): number {
  if (cpus.some((cpu) => cpu >= dev.net.softnet.nrCpus)) return -EOVERFLOW;
  const was = steers(rxq);
  rxq.rpsMap = cpus.length === 0 ? null : [...cpus].sort((a, b) => a - b);
  countSteering(dev.net.softnet, was, rxq);
  return 0;
}

/**
 * `store_rps_dev_flow_table_cnt`: RFS with so many flows, rounded up to a power of two; 0 switches it off. -ENOMEM above
 * {@link RPS_FLOWS_MAX}, where Linux asks how much memory there is; -EINVAL from 2^63 on.
 */
export function netdevSetRpsFlowCnt(dev: NetDevice, rxq: NetdevRxQueue, count: number): number {
  if (count > RPS_FLOWS_MAX) return count >= 2 ** 63 ? -EINVAL : -ENOMEM;
  const was = steers(rxq);
  rxq.rpsFlowTable = count === 0 ? null : Array.from({ length: roundupPowOfTwo(count) }, () => new RpsDevFlow());
  countSteering(dev.net.softnet, was, rxq);
  return 0;
}

/**
 * `rps_sock_flow_sysctl`: so many flows of applications are followed, rounded up to a power of two; 0: none. -EINVAL above 2^29, -ENOMEM
 * above 2^24. What the table knew is forgotten when its size changes.
 */
export function rpsSetSockFlowEntries(softnet: Softnet, entries: number): number {
  if (entries > RPS_SOCK_FLOWS_MAX) return -EINVAL;
  if (entries > RPS_SOCK_FLOWS_FIT) return -ENOMEM;
  const size = entries <= 0 ? 0 : roundupPowOfTwo(entries);
  if (size === (softnet.rpsSockFlowTable?.ents.length ?? 0)) return 0;
  softnet.rpsSockFlowTable = size === 0 ? null : new RpsSockFlowTable(size);
  return 0;
}

export function roundupPowOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}

function steers(rxq: NetdevRxQueue): boolean {
  return rxq.rpsMap !== null || rxq.rpsFlowTable !== null;
}
