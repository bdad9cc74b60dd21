/**
 * Receive packet steering (`net/core/dev.c`): which CPU goes on with a frame. There is one thread; a CPU here is a backlog of its own with
 * its own counters, so that the choice and the order within a flow show as on Linux.
 */
import { EINVAL, ENOMEM, EOVERFLOW } from '@skbuff/uapi';
import { reciprocalScale, skbGetHash } from '../skbuff/flow-dissector.ts';
import { SkBuffHead } from '../skbuff/skb-queue.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { type NetdevRxQueue, skbGetRxQueue } from './dev-queues.ts';
import type { NapiStruct } from './napi.ts';
import type { NetDevice } from './netdevice.ts';
import type { Softnet } from './softnet.ts';

/** Flows that a receive queue can follow. */
const RPS_FLOWS_MAX = 1 << 20;
/** Flows of applications that can be followed. */
const RPS_SOCK_FLOWS_MAX = 1 << 29;
/** Linux asks how much memory there is. */
const RPS_SOCK_FLOWS_FIT = 1 << 24;

/** `struct softnet_data` of one CPU. */
export class SoftnetData {
  readonly cpu: number;
  readonly inputPktQueue: SkBuffHead = new SkBuffHead();
  readonly backlog: NapiStruct;
  /** Frames that were taken out of the backlog while steering was on. */
  queueHead = 0;
  /** Frames that went up (again, if an rx handler gave them to another device); lost because the backlog was full; cycles cut short. */
  processed = 0;
  dropped = 0;
  timeSqueeze = 0;
  /** Times another CPU woke this one for its backlog. */
  receivedRps = 0;

  constructor(cpu: number, backlog: (sd: SoftnetData) => NapiStruct) {
    this.cpu = cpu;
    this.backlog = backlog(this);
  }
}

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

/** `get_rps_cpu`: where the frame shall go up, or -1 for here. `flow` of the result is in `softnet.rpsFlow`. */
export function getRpsCpu(softnet: Softnet, dev: NetDevice, skb: SkBuff): number {
  softnet.rpsFlow = null;
  const recorded = skbGetRxQueue(skb);
  if (recorded >= dev.realNumRxQueues) return -1;
  const rxq = dev.rx[recorded < 0 ? 0 : recorded] as NetdevRxQueue;
  if (rxq.rpsMap === null && rxq.rpsFlowTable === null) return -1;
  skb.networkHeader = skb.data;
  const hash = skbGetHash(skb);
  const wanted = rxq.rpsFlowTable === null || softnet.rpsSockFlowTable === null ? -1 : softnet.rpsSockFlowTable.lookup(hash);
  if (wanted >= 0) return followFlow(softnet, rxq.rpsFlowTable as readonly RpsDevFlow[], hash, wanted);
  return rxq.rpsMap === null ? -1 : (rxq.rpsMap[reciprocalScale(hash, rxq.rpsMap.length)] as number);
}

/** The flow moves to the CPU of its application once nothing of it waits elsewhere, so that it stays in order. */
function followFlow(softnet: Softnet, table: readonly RpsDevFlow[], hash: number, wanted: number): number {
  const flow = table[hash & (table.length - 1)] as RpsDevFlow;
  if (flow.cpu !== wanted) {
    const old = softnet.data[flow.cpu];
    if (old === undefined || old.queueHead - flow.lastQtail >= 0) {
      flow.cpu = wanted;
      flow.lastQtail = (softnet.data[wanted] as SoftnetData).queueHead;
    }
  }
  softnet.rpsFlow = flow;
  return flow.cpu;
}

/** `store_rps_map`: RPS of a receive queue over these CPUs; none switches it off. -EOVERFLOW for a CPU that is not there. */
export function netdevSetRpsCpus(dev: NetDevice, rxq: NetdevRxQueue, cpus: readonly number[]): number {
  if (cpus.some((cpu) => cpu >= dev.net.softnet.nrCpus)) return -EOVERFLOW;
  const was = steers(rxq);
  rxq.rpsMap = cpus.length === 0 ? null : [...cpus].sort((a, b) => a - b);
  dev.net.softnet.rpsNeeded += Number(steers(rxq)) - Number(was);
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
  dev.net.softnet.rpsNeeded += Number(steers(rxq)) - Number(was);
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

/** A device goes: its queues steer nothing any more. */
export function netdevResetRps(dev: NetDevice): void {
  for (const rxq of dev.rx) {
    netdevSetRpsCpus(dev, rxq, []);
    netdevSetRpsFlowCnt(dev, rxq, 0);
  }
}

export function roundupPowOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}

function steers(rxq: NetdevRxQueue): boolean {
  return rxq.rpsMap !== null || rxq.rpsFlowTable !== null;
}
