import {
  devClose,
  devOpen,
  devSetWantedFeatures,
  NET_XMIT_DROP,
  NETIF_F_ALL_TSO,
  NETIF_F_GRO,
  NETIF_F_GSO,
  NETIF_F_GSO_UDP_L4,
  NETIF_F_HW_CSUM,
  type NetDevice,
  RX_BYTES,
  RX_PACKETS,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_FULL_RING,
  TX_BYTES,
  TX_DROPPED,
  TX_PACKETS,
  unregisterNetdevice,
  softnetBacklogLen,
} from '@skbuff/core';
import { describe, expect, it } from 'vitest';
import { VETH_RING_SIZE, type VethPair, vethXmit } from '../src/index.ts';
import { type Bench, useBench } from './support.ts';

const t = useBench();

function wish(dev: NetDevice, features: number, on: boolean): void {
  devSetWantedFeatures(dev, on ? features : 0, features);
}

/** `peer` has GRO, `dev` hands over no super-packets. */
function polling(bench: Bench): VethPair {
  const pair = bench.upPair();
  wish(pair.peer, NETIF_F_GRO, true);
  wish(pair.dev, NETIF_F_ALL_TSO, false);
  return pair;
}

function counters(dev: NetDevice): number[] {
  return [RX_PACKETS, RX_BYTES, TX_PACKETS, TX_BYTES, TX_DROPPED].map((i) => dev.stats[i] as number);
}

describe('a new pair', () => {
  it('has no GRO, whatever other devices have, until the user wants it [FEA-06]', () => {
    const { dev, peer } = t.it.upPair();
    const all = NETIF_F_GSO | NETIF_F_ALL_TSO | NETIF_F_GSO_UDP_L4;
    for (const end of [dev, peer]) expect([end.features & (NETIF_F_GRO | all), end.napiList.length]).toEqual([all, 0]);
    wish(peer, NETIF_F_GRO, true);
    expect([peer.features & NETIF_F_GRO, peer.napiList.length, dev.napiList.length]).toEqual([NETIF_F_GRO, 1, 0]);
    wish(peer, NETIF_F_GRO, false);
    expect([peer.features & NETIF_F_GRO, peer.napiList.length]).toEqual([0, 0]);
  });

  it('polls while it is up, also if GRO was wanted before', () => {
    const { peer } = t.it.pair();
    wish(peer, NETIF_F_GRO, true);
    expect(peer.napiList.length).toBe(0);
    devOpen(peer);
    expect(peer.napiList.length).toBe(1);
    devClose(peer);
    expect(peer.napiList.length).toBe(0);
  });

  it('does not cut UDP where it does not sum', () => {
    const { dev } = t.it.pair();
    wish(dev, NETIF_F_HW_CSUM, false);
    expect(dev.features & NETIF_F_GSO_UDP_L4).toBe(0);
    wish(dev, NETIF_F_HW_CSUM, true);
    expect(dev.features & NETIF_F_GSO_UDP_L4).toBe(NETIF_F_GSO_UDP_L4);
  });
});

describe('an end with GRO', () => {
  it('takes frames from a ring when it is polled, and both ends count them then', () => {
    const bench = t.it;
    const { dev, peer } = polling(bench);
    bench.kernel.softirq.localBhDisable();
    for (let i = 0; i < 3; i++) expect(bench.kernel.xmit.devQueueXmit(withDev(bench, dev))).toBe(0);
    expect([bench.got.length, softnetBacklogLen(bench.kernel.softnet), counters(dev)]).toEqual([0, 0, [0, 0, 0, 0, 0]]);
    bench.kernel.softirq.localBhEnable();
    expect([bench.got.length, counters(dev), counters(peer)]).toEqual([3, [0, 0, 3, 300, 0], [3, 300, 0, 0, 0]]);
    bench.got.splice(0).forEach((skb) => skb.consume());
  });

  it('is not polled for a sender that hands over super-packets: nothing is left to glue', () => {
    const bench = t.it;
    const { dev } = polling(bench);
    wish(dev, NETIF_F_ALL_TSO, true);
    bench.kernel.softirq.localBhDisable();
    bench.kernel.xmit.devQueueXmit(withDev(bench, dev));
    expect([softnetBacklogLen(bench.kernel.softnet), counters(dev)]).toEqual([1, [0, 0, 1, 100, 0]]);
    bench.kernel.softirq.localBhEnable();
    bench.got.splice(0).forEach((skb) => skb.consume());
  });

  it('has a ring of 256: what comes beyond is lost', () => {
    const bench = t.it;
    const { dev, peer } = polling(bench);
    bench.kernel.softirq.localBhDisable();
    for (let i = 0; i < VETH_RING_SIZE; i++) vethXmit(withDev(bench, dev), dev);
    expect(vethXmit(withDev(bench, dev), dev)).toBe(NET_XMIT_DROP);
    bench.kernel.softirq.localBhEnable();
    expect([bench.got.length, counters(dev)[4], counters(peer)[0], bench.kernel.skbs.drops[SKB_DROP_REASON_FULL_RING]]).toEqual([256, 1, 256, 1]);
    bench.got.splice(0).forEach((skb) => skb.consume());
  });

  it('loses what waits when it goes down, and refuses while it is down', () => {
    const bench = t.it;
    const { dev, peer } = polling(bench);
    bench.kernel.softirq.localBhDisable();
    vethXmit(withDev(bench, dev), dev);
    devClose(peer);
    bench.kernel.softirq.localBhEnable();
    expect(vethXmit(withDev(bench, dev), dev)).toBe(NET_XMIT_DROP);
    expect([bench.got.length, bench.kernel.skbs.drops[SKB_DROP_REASON_DEV_READY], bench.kernel.skbs.inUse]).toEqual([0, 2, 0]);
    devOpen(peer);
    vethXmit(withDev(bench, dev), dev);
    bench.kernel.softirq.doSoftirq();
    expect(bench.got.splice(0).map((skb) => skb.consume()).length).toBe(1);
  });

  it('leaves a lone other end that drops', () => {
    const bench = t.it;
    const { dev, peer } = polling(bench);
    unregisterNetdevice(peer);
    expect([vethXmit(withDev(bench, dev), dev), counters(dev)[4]]).toEqual([NET_XMIT_DROP, 1]);
  });
});

function withDev(bench: Bench, dev: NetDevice): ReturnType<Bench['frame']> {
  const skb = bench.frame(dev, 100);
  skb.dev = dev;
  return skb;
}
