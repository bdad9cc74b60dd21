/** Several queues per device: how many are in use, traffic classes, and which CPU sends by which queue (`net/core/dev.c`). */
import { SKB_OO_OKAY } from '../skbuff/skbuff.ts';
import { EINVAL } from '@skbuff/uapi';
import { skbGetHash, reciprocalScale } from '../skbuff/flow-dissector.ts';
import type { Net } from '../pernet/net.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { type AllocNetdevOptions, allocNetdevQueues } from './dev-register.ts';
import { NETREG_REGISTERED, type NetDevice } from './netdevice.ts';
import { type NetdevQueue, qdiscReset } from './qdisc.ts';

/** `TC_MAX_QUEUE`: traffic classes of a device. */
export const TC_MAX_QUEUE = 16;

/** `struct netdev_tc_txq`: the transmit queues of a traffic class. */
export interface TcTxq {
  readonly count: number;
  readonly offset: number;
}

export interface AllocNetdevMqsOptions extends AllocNetdevOptions {
  /** Queues each way, from 1 on; default 1. */
  readonly txqs?: number;
  readonly rxqs?: number;
}

/** `alloc_netdev_mqs`: as `allocNetdev`, a device with several queues. */
export function allocNetdevMqs(net: Net, options: AllocNetdevMqsOptions): NetDevice {
  const { txqs = 1, rxqs = 1 } = options;
  const dev = allocNetdevQueues(net, options, txqs, rxqs);
  if (txqs > 1) dev.pickTx = netdevCorePickTx;
  return dev;
}

/** `netif_set_real_num_tx_queues`: -EINVAL for 0 or more than were allocated. What waits in a queue that is given up is freed. */
export function netifSetRealNumTxQueues(dev: NetDevice, txq: number): number {
  if (txq < 1 || txq > dev.numTxQueues) return -EINVAL;
  const old = dev.realNumTxQueues;
  if (dev.numTc !== 0) netifSetupTc(dev, txq);
  dev.realNumTxQueues = txq;
  if (dev.regState !== NETREG_REGISTERED) return 0;
  for (let i = txq; i < old; i++) {
    const queue = dev.tx[i] as NetdevQueue;
    qdiscReset(queue.qdisc);
    netifSetXpsQueue(dev, [], i);
  }
  return 0;
}

/** `netif_set_real_num_rx_queues`: -EINVAL for 0 or more than were allocated. */
export function netifSetRealNumRxQueues(dev: NetDevice, rxq: number): number {
  if (rxq < 1 || rxq > dev.numRxQueues) return -EINVAL;
  dev.realNumRxQueues = rxq;
  return 0;
}

/** `netif_setup_tc`: classes that reach beyond the queues in use are no more. */
function netifSetupTc(dev: NetDevice, txq: number): void {
  const beyond = (tc: TcTxq): boolean => tc.offset + tc.count > txq;
  if (dev.tcToTxq.some(beyond)) {
    dev.net.kernel.log(`${dev.name}: Number of in use tx queues changed invalidating tc mappings. Priority traffic classification disabled!`);
    netdevResetTc(dev);
  }
}

/** `netdev_reset_tc`. */
export function netdevResetTc(dev: NetDevice): void {
  dev.numTc = 0;
  dev.tcToTxq.length = 0;
  dev.prioTcMap.fill(0);
}

/** `netdev_set_num_tc`: -EINVAL above {@link TC_MAX_QUEUE}. Queues are assigned by {@link netdevSetTcQueue}. */
export function netdevSetNumTc(dev: NetDevice, numTc: number): number {
  if (numTc < 0 || numTc > TC_MAX_QUEUE) return -EINVAL;
  dev.numTc = numTc;
  dev.tcToTxq.length = 0;
  for (let i = 0; i < numTc; i++) dev.tcToTxq.push({ count: 0, offset: 0 });
  return 0;
}

/** `netdev_set_tc_queue`: the class has the queues `offset … offset+count`. */
export function netdevSetTcQueue(dev: NetDevice, tc: number, count: number, offset: number): number {
  if (tc < 0 || tc >= dev.numTc) return -EINVAL;
  dev.tcToTxq[tc] = { count, offset };
  return 0;
}

/** `netdev_set_prio_tc_map`: the class of a priority (its low four bits). */
export function netdevSetPrioTcMap(dev: NetDevice, prio: number, tc: number): number {
  if (tc < 0 || tc >= dev.numTc) return -EINVAL;
  dev.prioTcMap[prio & 15] = tc;
  return 0;
}

/** `netdev_txq_to_tc`: the class of a queue, 0 without classes, -1 for a queue of none. */
export function netdevTxqToTc(dev: NetDevice, txq: number): number {
  if (dev.numTc === 0) return 0;
  return dev.tcToTxq.findIndex((tc) => txq - tc.offset >= 0 && txq - tc.offset < tc.count);
}

/** `netif_set_xps_queue`: these CPUs send by the queue (others may, too, where no queue is theirs); none: the queue is nobody's. */
export function netifSetXpsQueue(dev: NetDevice, cpus: readonly number[], index: number): number {
  if (index < 0 || index >= dev.numTxQueues) return -EINVAL;
  const map: number[][] = [];
  for (let cpu = 0; cpu < dev.net.softnet.nrCpus; cpu++) {
    const others = (dev.xpsCpusMap?.[cpu] ?? []).filter((txq) => txq !== index);
    map.push(cpus.includes(cpu) ? [...others, index].sort((a, b) => a - b) : others);
  }
  dev.xpsCpusMap = map.some((queues) => queues.length > 0) ? map : null;
  return 0;
}

/** `netdev_core_pick_tx`, for a device with several queues: the driver's choice, or {@link netdevPickTx}'s. */
export function netdevCorePickTx(dev: NetDevice, skb: SkBuff): NetdevQueue {
  const { ndoSelectQueue } = dev.ops;
  let index = 0;
  if (dev.realNumTxQueues !== 1) index = ndoSelectQueue === null ? netdevPickTx(dev, skb) : netdevCapTxqueue(dev, ndoSelectQueue(dev, skb));
  skb.queueMapping = index;
  return dev.tx[index] as NetdevQueue;
}

/** `netdev_pick_tx`: the queue for a packet. A flow of a connected socket keeps its queue until it may change without reordering. */
export function netdevPickTx(dev: NetDevice, skb: SkBuff): number {
  const sk = skb.sk;
  const kept = sk?.txQueueMapping ?? -1;
  if (kept >= 0 && (skb.bits & SKB_OO_OKAY) === 0 && kept < dev.realNumTxQueues) return kept;
  let index = getXpsQueue(dev, skb);
  if (index < 0) index = skbTxHash(dev, skb);
  if (sk !== null && sk.txQueueMapping !== undefined && (sk.dst ?? null) !== null) sk.txQueueMapping = index;
  return index;
}

/** `get_xps_queue`: the queue of the sending CPU, by the flow if it has several; -1: it has none. */
function getXpsQueue(dev: NetDevice, skb: SkBuff): number {
  const queues = dev.xpsCpusMap === null ? undefined : dev.xpsCpusMap[dev.net.softnet.cpu];
  if (queues === undefined || queues.length === 0) return -1;
  const index = queues.length === 1 ? (queues[0] as number) : (queues[reciprocalScale(skbGetHash(skb), queues.length)] as number);
  return index < dev.realNumTxQueues ? index : -1;
}

/** `skb_tx_hash`: the receive queue, where the packet came by one; else its flow; over all queues, or those of its class. */
function skbTxHash(dev: NetDevice, skb: SkBuff): number {
  let count = dev.realNumTxQueues;
  let offset = 0;
  if (dev.numTc !== 0) {
    const txq = dev.tcToTxq[dev.prioTcMap[skb.priority & 15] as number];
    if (txq !== undefined && txq.count !== 0) ({ count, offset } = txq);
  }
  const rxq = skbGetRxQueue(skb);
  if (rxq >= 0) return ((rxq >= offset ? rxq - offset : rxq) % count) + offset;
  return reciprocalScale(skbGetHash(skb), count) + offset;
}

/** `skb_record_rx_queue`: the receive queue by which a frame came. */
export function skbRecordRxQueue(skb: SkBuff, rxQueue: number): void {
  skb.queueMapping = rxQueue + 1;
}

/** `skb_get_rx_queue`: -1 if none was recorded (`skb_rx_queue_recorded`). */
export function skbGetRxQueue(skb: SkBuff): number {
  return skb.queueMapping - 1;
}

/** `netdev_cap_txqueue`: what a driver chose, if there is such a queue, else 0 and a line in the log. */
export function netdevCapTxqueue(dev: NetDevice, index: number): number {
  if (index >= 0 && index < dev.realNumTxQueues) return index;
  dev.net.kernel.log(`${dev.name} selects TX queue ${index}, but real number of TX queues is ${dev.realNumTxQueues}`);
  return 0;
}
