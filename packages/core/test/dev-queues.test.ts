import { EINVAL, ENOENT, EOVERFLOW } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devOpen,
  DstEntry,
  type Kernel,
  type NetDevice,
  NETDEV_TX_OK,
  netdevSetNumTc,
  netdevSetPrioTcMap,
  netdevSetTcQueue,
  netifSetRealNumRxQueues,
  netifSetRealNumTxQueues,
  netSysfsList,
  netSysfsRead,
  netSysfsWrite,
  registerNetdevice,
  SKB_DROP_REASON_QDISC_DROP,
  SKB_OO_OKAY,
  SKB_SW_HASH,
  skbGetRxQueue,
  skbRecordRxQueue,
  type SkBuff,
  type SkbSock,
  TC_MAX_QUEUE,
  unregisterNetdevice,
  netifStopQueue,
} from '../src/index.ts';
import { addDevice, boot, ipv4Packet, makeDevice, packet, textOf, dstOps } from './helpers.ts';

/** A device with queues, up, and what queue each packet went by. */
function queued(kernel: Kernel, txqs: number, options: Parameters<typeof addDevice>[1] = {}): { dev: NetDevice; used: number[] } {
  const used: number[] = [];
  const { dev } = addDevice(kernel, {
    txqs,
    ...options,
    ops: {
      ndoStartXmit(skb: SkBuff) {
        used.push(skb.queueMapping);
        skb.consume();
        return NETDEV_TX_OK;
      },
      ...options.ops,
    },
  });
  expect(devOpen(dev)).toBe(0);
  return { dev, used };
}

function send(dev: NetDevice, sport: number, change: (skb: SkBuff) => void = () => {}): void {
  const skb = ipv4Packet(dev.net.skbs, { sport }, dev);
  change(skb);
  dev.net.xmit.devQueueXmit(skb);
}

describe('queues of a device', () => {
  it('are as many as were allocated; those in use have directories, while the device is registered [TX-01] [RX-11]', () => {
    const kernel = boot();
    const { dev } = makeDevice(kernel, { txqs: 6, rxqs: 7 });
    expect([dev.tx.length, dev.rx.length, dev.tx.map((q) => q.index), netSysfsList(dev, 'queues')]).toEqual([6, 7, [0, 1, 2, 3, 4, 5], []]);
    expect([netifSetRealNumTxQueues(dev, 5), netifSetRealNumRxQueues(dev, 4), netSysfsList(dev, 'queues')]).toEqual([0, 0, []]);
    expect(registerNetdevice(dev)).toBe(0);
    const names = (rx: number, tx: number): string[] => [...Array.from({ length: rx }, (_, i) => `rx-${i}`), ...Array.from({ length: tx }, (_, i) => `tx-${i}`)];
    expect(netSysfsList(dev, 'queues')).toEqual(names(4, 5));
    expect([netifSetRealNumTxQueues(dev, 6), netifSetRealNumRxQueues(dev, 7), netSysfsList(dev, 'queues')]).toEqual([0, 0, names(7, 6)]);
    expect([netifSetRealNumTxQueues(dev, 1), netifSetRealNumRxQueues(dev, 1), netSysfsList(dev, 'queues')]).toEqual([0, 0, names(1, 1)]);
    for (const wrong of [0, 7]) expect(netifSetRealNumTxQueues(dev, wrong)).toBe(-EINVAL);
    for (const wrong of [0, 8]) expect(netifSetRealNumRxQueues(dev, wrong)).toBe(-EINVAL);
    expect([dev.realNumTxQueues, dev.realNumRxQueues]).toEqual([1, 1]);
    dev.hold();
    unregisterNetdevice(dev);
    expect(netSysfsList(dev, 'queues')).toEqual(names(1, 1));
    dev.put();
    expect(netSysfsList(dev, 'queues')).toEqual([]);
  });

  it('are given up with what waits in them [TX-01]', () => {
    const kernel = boot();
    const { dev, used } = queued(kernel, 2, { txQueueLen: 10, ops: { ndoSelectQueue: () => 1 } });
    netifStopQueue(dev.tx[1]!);
    send(dev, 1);
    send(dev, 2);
    expect([kernel.skbs.inUse, used]).toEqual([2, []]);
    expect(netifSetRealNumTxQueues(dev, 1)).toBe(0);
    expect([kernel.skbs.inUse, kernel.skbs.drops[SKB_DROP_REASON_QDISC_DROP], used]).toEqual([0, 2, []]);
    send(dev, 3);
    expect(used).toEqual([0]);
  });
});

describe('the queue for a packet', () => {
  it('is the same for all packets of a flow, and flows are spread over the queues in use [TX-02]', () => {
    const kernel = boot();
    const { dev, used } = queued(kernel, 4);
    for (let i = 0; i < 3; i++) for (let sport = 1; sport <= 40; sport++) send(dev, sport);
    expect([used.slice(40, 80), used.slice(80)]).toEqual([used.slice(0, 40), used.slice(0, 40)]);
    expect([...new Set(used.splice(0))].sort()).toEqual([0, 1, 2, 3]);
    netifSetRealNumTxQueues(dev, 2);
    for (let sport = 1; sport <= 40; sport++) send(dev, sport);
    expect([...new Set(used.splice(0))].sort()).toEqual([0, 1]);
    netifSetRealNumTxQueues(dev, 1);
    send(dev, 1, (skb) => (skb.queueMapping = 3));
    expect(used).toEqual([0]);
  });

  it('is that of the driver if it has a say; one that is not in use is 0, and the log says so [TX-02] [NDO-06]', () => {
    const kernel = boot();
    const choices = [2, 3, 4];
    const { dev, used } = queued(kernel, 4, { ops: { ndoSelectQueue: () => choices.shift() as number } });
    for (let i = 0; i < 3; i++) send(dev, i);
    expect(used).toEqual([2, 3, 0]);
    expect(kernel.dmesg().at(-1)).toContain('eth0 selects TX queue 4, but real number of TX queues is 4');
  });

  it('follows the receive queue of a packet that is passed on', () => {
    const kernel = boot();
    const { dev, used } = queued(kernel, 4);
    for (const rx of [0, 1, 3, 5]) send(dev, 1, (skb) => skbRecordRxQueue(skb, rx));
    expect(used).toEqual([0, 1, 3, 1]);
    const skb = packet(kernel.skbs, 'x');
    expect(skbGetRxQueue(skb)).toBe(-1);
    skbRecordRxQueue(skb, 2);
    expect(skbGetRxQueue(skb)).toBe(2);
    skb.consume();
  });

  it('is the only one of a device that has one, whatever queue the packet came by', () => {
    const kernel = boot();
    const { dev, used } = queued(kernel, 1);
    send(dev, 1000, (skb) => skbRecordRxQueue(skb, 3));
    expect(used).toEqual([0]);
    expect(kernel.shutdown()).toEqual({});
  });

  it('of a connected socket stays, unless nothing of it is under way that could be overtaken [TX-02] [SKB-28]', () => {
    const kernel = boot();
    const { dev, used } = queued(kernel, 4);
    const dst = new DstEntry(dev, dstOps());
    const sk = { net: kernel.initNet, priority: 0, mark: 0, txQueueMapping: -1, dst, setOwnerW() {} } satisfies SkbSock;
    const hashed = (hash: number, ooOkay: boolean): void =>
      send(dev, 1, (skb) => {
        skb.sk = sk;
        skb.hash = hash;
        skb.bits |= SKB_SW_HASH;
        if (ooOkay) skb.bits |= SKB_OO_OKAY;
      });
    hashed(0x80000000, false);
    expect([used, sk.txQueueMapping]).toEqual([[2], 2]);
    // Its hash is another now (the socket was given another one), but it keeps to its queue until it may change.
    hashed(0, false);
    hashed(0, true);
    hashed(0x80000000, false);
    expect([used, sk.txQueueMapping]).toEqual([[2, 2, 0, 0], 0]);
    sk.txQueueMapping = 3;
    netifSetRealNumTxQueues(dev, 3);
    hashed(0x80000000, false);
    expect([used.at(-1), sk.txQueueMapping]).toEqual([1, 1]);
    // A socket that has no route of its own sends to many: nothing is kept.
    const many: SkbSock = { net: kernel.initNet, priority: 0, mark: 0, txQueueMapping: -1, dst: null, setOwnerW() {} };
    send(dev, 1, (skb) => (skb.sk = many));
    expect(many.txQueueMapping).toBe(-1);
    dst.release();
  });

  it('is one of the sending CPU, where the CPU has some, before the flow decides [TX-02] [TX-03]', () => {
    const kernel = boot({ cpus: 4 });
    const { dev, used } = queued(kernel, 4);
    expect(netSysfsRead(dev, 'queues/tx-3/xps_cpus')).toBe('0\n');
    expect([netSysfsWrite(dev, 'queues/tx-3/xps_cpus', '4\n'), netSysfsWrite(dev, 'queues/tx-0/xps_cpus', '8'), netSysfsWrite(dev, 'queues/tx-1/xps_cpus', 'a')]).toEqual([0, 0, 0]);
    expect([0, 1, 2, 3].map((i) => netSysfsRead(dev, `queues/tx-${i}/xps_cpus`))).toEqual(['8\n', 'a\n', '0\n', '4\n']);
    const from = (cpu: number): number[] => {
      kernel.softnet.cpu = cpu;
      for (let sport = 1; sport <= 40; sport++) send(dev, sport);
      kernel.softnet.cpu = 0;
      return [...new Set(used.splice(0))].sort();
    };
    expect([from(0), from(1), from(2), from(3)]).toEqual([[0, 1, 2, 3], [1], [3], [0, 1]]);
    // A queue that is given up is nobody's.
    netifSetRealNumTxQueues(dev, 3);
    expect(from(2)).toEqual([0, 1, 2]);
    for (const i of [0, 1]) expect(netSysfsWrite(dev, `queues/tx-${i}/xps_cpus`, '0')).toBe(0);
    expect(dev.xpsCpusMap).toBe(null);
    expect([netSysfsWrite(dev, 'queues/tx-0/xps_cpus', '10'), netSysfsWrite(dev, 'queues/tx-0/xps_cpus', 'zz')]).toEqual([-EOVERFLOW, -EINVAL]);
    const single = queued(kernel, 1).dev;
    expect([netSysfsRead(single, 'queues/tx-0/xps_cpus'), netSysfsWrite(single, 'queues/tx-0/xps_cpus', '1')]).toEqual([-ENOENT, -ENOENT]);
  });

  it('is one of its traffic class, which its priority gives [DEV-28]', () => {
    const kernel = boot();
    const { dev, used } = queued(kernel, 4);
    expect([netdevSetNumTc(dev, TC_MAX_QUEUE + 1), netdevSetTcQueue(dev, 0, 1, 0), netdevSetPrioTcMap(dev, 3, 1)]).toEqual([-EINVAL, -EINVAL, -EINVAL]);
    expect([netdevSetNumTc(dev, 2), netdevSetTcQueue(dev, 0, 1, 0), netdevSetTcQueue(dev, 1, 2, 1), netdevSetPrioTcMap(dev, 3, 1)]).toEqual([0, 0, 0, 0]);
    expect(dev.numTc).toBe(2);
    for (let sport = 1; sport <= 20; sport++) send(dev, sport);
    expect([...new Set(used.splice(0))]).toEqual([0]);
    // Only the low four bits of the priority count.
    for (let sport = 1; sport <= 20; sport++) send(dev, sport, (skb) => (skb.priority = 0x13));
    expect([...new Set(used.splice(0))].sort()).toEqual([1, 2]);
    // The class's queues take turns with the receive queues, from its first one on.
    for (const rx of [0, 1, 2, 3]) send(dev, 1, (skb) => ((skb.priority = 3), skbRecordRxQueue(skb, rx)));
    expect(used.splice(0)).toEqual([1, 1, 2, 1]);
    expect([0, 1, 2, 3].map((i) => netSysfsRead(dev, `queues/tx-${i}/traffic_class`))).toEqual(['0\n', '1\n', '1\n', -EINVAL]);
    // Fewer queues than the classes have: there are no classes any more.
    netifSetRealNumTxQueues(dev, 2);
    expect([dev.numTc, kernel.dmesg().at(-1)?.includes('invalidating tc mappings')]).toEqual([0, true]);
    expect([netdevSetNumTc(dev, TC_MAX_QUEUE), dev.tcToTxq.length]).toEqual([0, 16]);
  });
});

describe('transmission by one queue', () => {
  const nesting = (kernel: Kernel, options: { txQueueLen: number; lltx: boolean }): { depths: number[]; sent: string[] } => {
    const depths: number[] = [];
    const sent: string[] = [];
    let depth = 0;
    const { dev } = addDevice(kernel, {
      txQueueLen: options.txQueueLen,
      ops: {
        ndoStartXmit(skb, d) {
          depths.push(++depth);
          const text = textOf(skb);
          if (text === 'first') d.net.xmit.devQueueXmit(packet(kernel.skbs, 'second', d));
          depth--;
          sent.push(text);
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    dev.lltx = options.lltx;
    devOpen(dev);
    kernel.xmit.devQueueXmit(packet(kernel.skbs, 'first', dev));
    return { depths, sent };
  };

  it('is never inside the driver twice, but for a driver that takes care itself [TX-07]', () => {
    expect(nesting(boot(), { txQueueLen: 10, lltx: false })).toEqual({ depths: [1, 1], sent: ['first', 'second'] });
    expect(nesting(boot(), { txQueueLen: 0, lltx: true })).toEqual({ depths: [1, 2], sent: ['second', 'first'] });
  });
});
