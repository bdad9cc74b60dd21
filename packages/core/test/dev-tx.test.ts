import { EINVAL, ENETDOWN, ENOMEM, ETH_P_8021AD, ETH_P_8021Q, ETH_P_ALL, ETH_P_IP, ETH_P_IPV6, PACKET_OUTGOING } from '@skbuff/uapi';
import { csumFold, csumPartial, ipComputeCsum } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  devClose,
  devOpen,
  DstEntry,
  IFF_XMIT_DST_RELEASE,
  insmod,
  type Kernel,
  NET_XMIT_CN,
  NET_XMIT_DROP,
  NETDEV_TX_BUSY,
  NETDEV_TX_OK,
  type NetDevice,
  type NetdevQueue,
  NETIF_F_FRAGLIST,
  NETIF_F_HW_CSUM,
  NETIF_F_HW_VLAN_CTAG_TX,
  NETIF_F_IP_CSUM,
  NETIF_F_SG,
  netifCarrierOff,
  netifDeviceAttach,
  netifDeviceDetach,
  netXmitEval,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_QDISC_DROP,
  SKB_DROP_REASON_RECURSION_LIMIT,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_SKB_CSUM,
  SKB_SW_HASH,
  skbIsNonlinear,
  SKBTX_SHARED_FRAG,
  type SkBuff,
  skbChecksumHelp,
  type SkbSock,
  TimerList,
  TX_DROPPED,
  VirtualClock,
  netifStopQueue,
  netifWakeQueue,
} from '../src/index.ts';
import { addDevice, addFrag, addToList, boot, bytesOf, type DeviceOptions, MS, packet, recorder, SEC, textOf, dstOps } from './helpers.ts';

function up(kernel: Kernel, options: DeviceOptions = {}): { dev: NetDevice; sent: string[]; queue: NetdevQueue } {
  const { dev, sent } = addDevice(kernel, options);
  expect(devOpen(dev)).toBe(0);
  return { dev, sent, queue: dev.tx[0] as NetdevQueue };
}

function send(dev: NetDevice, text: string, priority = 0): number {
  const skb = packet(dev.net.skbs, text, dev);
  skb.priority = priority;
  return dev.net.xmit.devQueueXmit(skb);
}

describe('a device without a queue', () => {
  it('gets each packet straight away [TX-05] [NDO-03] [TX-06]', () => {
    const kernel = boot();
    const { dev, sent } = up(kernel);
    expect(dev.qdisc.kind).toBe('noqueue');
    expect([send(dev, 'a'), send(dev, 'b'), sent]).toEqual([0, 0, ['a', 'b']]);
  });

  it('that is down, or stopped, or busy loses the packet, counts it and tells the sender [TX-06] [TX-08]', () => {
    const kernel = boot();
    const down = addDevice(kernel).dev;
    expect(send(down, 'x')).toBeGreaterThan(0);
    const { dev, sent, queue } = up(kernel, { name: 'v0' });
    netifStopQueue(queue);
    expect([send(dev, 'stopped'), sent, dev.stats[TX_DROPPED]]).toEqual([-ENETDOWN, [], 1]);
    netifWakeQueue(queue);
    expect([send(dev, 'x'), sent]).toEqual([0, ['x']]);
    const busy = up(kernel, { name: 'v1', ops: { ndoStartXmit: () => NETDEV_TX_BUSY } }).dev;
    expect([send(busy, 'x'), busy.stats[TX_DROPPED]]).toEqual([-ENETDOWN, 1]);
    expect(kernel.skbs.drops[SKB_DROP_REASON_DEV_READY]).toBe(2);
    expect(kernel.dmesg().filter((line) => /Virtual device v[01] asks to queue packet!$/.test(line))).toHaveLength(2);
  });

  it('may say that it lost the packet, and the sender hears it', () => {
    const kernel = boot();
    const drop = (skb: SkBuff): number => (skb.consume(), NET_XMIT_DROP);
    const { dev } = up(kernel, { ops: { ndoStartXmit: drop } });
    expect([send(dev, 'x'), dev.stats[TX_DROPPED]]).toEqual([NET_XMIT_DROP, 0]);
    expect([netXmitEval(NET_XMIT_DROP), netXmitEval(NET_XMIT_CN), netXmitEval(0)]).toEqual([NET_XMIT_DROP, 0, 0]);
  });

  it('stacked on itself is cut off, with a log line [TX-12]', () => {
    const kernel = boot();
    let depth = 0;
    const { dev } = up(kernel, {
      name: 'loop0',
      ops: {
        ndoStartXmit(skb, d) {
          depth++;
          d.net.xmit.devQueueXmit(skb);
          return NETDEV_TX_OK;
        },
      },
    });
    expect(send(dev, 'x')).toBe(0);
    expect(depth).toBe(9);
    expect([dev.stats[TX_DROPPED], kernel.skbs.drops[SKB_DROP_REASON_RECURSION_LIMIT]]).toEqual([1, 1]);
    expect(kernel.dmesg().at(-1)).toMatch(/Dead loop on virtual device loop0, fix it urgently!$/);
    depth = 0;
    send(dev, 'again');
    expect(depth).toBe(9);
  });
});

describe('pfifo_fast', () => {
  it('is what a device with a queue gets, and an empty one is passed by [TX-04]', () => {
    const kernel = boot();
    const { dev, sent, queue } = up(kernel, { txQueueLen: 1000 });
    expect([dev.qdisc.kind, queue.qdisc]).toEqual(['pfifo_fast', dev.qdisc]);
    expect([send(dev, 'abc'), sent, dev.qdisc.packets, dev.qdisc.bytes, dev.qdisc.qlen]).toEqual([0, ['abc'], 1, 3, 0]);
  });

  it('serves band 0 first, by the priority of each packet [TX-04] [SKB-12]', () => {
    const kernel = boot();
    const { dev, sent, queue } = up(kernel, { txQueueLen: 1000 });
    netifStopQueue(queue);
    const bands: string[][] = [[], [], []];
    [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1].forEach((band, priority) => {
      send(dev, `p${priority}`, priority);
      bands[band]?.push(`p${priority}`);
    });
    expect([dev.qdisc.qlen, dev.qdisc.backlog, sent]).toEqual([16, 38, []]);
    netifWakeQueue(queue);
    expect(sent).toEqual(bands.flat());
    expect([dev.qdisc.qlen, dev.qdisc.backlog, dev.qdisc.packets]).toEqual([0, 0, 16]);
  });

  it('keeps at most tx_queue_len packets of a band; the next is dropped and counted [TX-04] [TX-06] [DEV-25]', () => {
    const kernel = boot();
    const { dev, sent, queue } = up(kernel, { txQueueLen: 3 });
    netifStopQueue(queue);
    expect(['a', 'b', 'c', 'd', 'e'].map((text) => send(dev, text))).toEqual([0, 0, 0, NET_XMIT_DROP, NET_XMIT_DROP]);
    expect(send(dev, 'urgent', 6)).toBe(0);
    expect([dev.qdisc.drops, dev.qdisc.overlimits, kernel.skbs.drops[SKB_DROP_REASON_QDISC_DROP]]).toEqual([2, 0, 2]);
    netifWakeQueue(queue);
    expect(sent).toEqual(['urgent', 'a', 'b', 'c']);
  });

  it('sends all of a long queue, in shares of 64', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev, sent, queue } = up(kernel, { txQueueLen: 1000 });
    netifStopQueue(queue);
    for (let i = 0; i < 300; i++) send(dev, `${i}`);
    netifWakeQueue(queue);
    clock.runUntilIdle();
    expect(sent).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`));
  });

  it('frees what waits when the device goes down, also what the driver had refused', () => {
    const kernel = boot();
    const { dev, queue } = up(kernel, { txQueueLen: 10, ops: { ndoStartXmit: (_skb, d) => (netifStopQueue(d.tx[0] as NetdevQueue), NETDEV_TX_BUSY) } });
    for (const text of ['a', 'b', 'c']) send(dev, text);
    const { qdisc } = queue;
    expect([qdisc.qlen, qdisc.requeues, kernel.skbs.inUse]).toEqual([3, 1, 3]);
    devClose(dev);
    expect([qdisc.qlen, kernel.skbs.inUse, kernel.skbs.drops[SKB_DROP_REASON_QDISC_DROP]]).toEqual([0, 0, 3]);
    expect([send(dev, 'x'), dev.stats[TX_DROPPED]]).toEqual([NET_XMIT_CN, 1]);
  });

  it('loses packets while there is no carrier, as noop does', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev, sent } = up(kernel, { txQueueLen: 10 });
    netifCarrierOff(dev);
    clock.runUntilIdle();
    expect([send(dev, 'x'), sent, dev.stats[TX_DROPPED]]).toEqual([NET_XMIT_CN, [], 1]);
  });
});

describe('a busy driver', () => {
  it('gets the same packet again, before those behind it [TX-08]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const sent: string[] = [];
    let refusals = 3;
    const { dev } = up(kernel, {
      txQueueLen: 10,
      ops: {
        ndoStartXmit(skb) {
          if (refusals-- > 0) return NETDEV_TX_BUSY;
          sent.push(textOf(skb));
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    kernel.softirq.localBhDisable();
    for (const text of ['a', 'b', 'c']) expect(send(dev, text)).toBe(0);
    kernel.softirq.localBhEnable();
    clock.runUntilIdle();
    expect([sent, dev.qdisc.packets, dev.qdisc.qlen]).toEqual([['a', 'b', 'c'], 3, 0]);
    expect(dev.qdisc.requeues).toBe(3);
  });

  it('that is busy until a timer frees it does not stop the clock', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    let free = false;
    const at: number[] = [];
    const { dev } = up(kernel, {
      txQueueLen: 10,
      ops: {
        ndoStartXmit(skb) {
          if (!free) return NETDEV_TX_BUSY;
          at.push(clock.now() / MS);
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    kernel.timers.startIn(new TimerList(() => (free = true)), 20);
    send(dev, 'x');
    clock.advance(100 * MS);
    expect(at.length).toBe(1);
    expect(at[0]).toBeGreaterThanOrEqual(20);
    expect(at[0]).toBeLessThanOrEqual(21);
  });

  it('that stops its queue is left alone until it wakes it [TX-08]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const calls: string[] = [];
    let full = true;
    const { dev, queue } = up(kernel, {
      txQueueLen: 10,
      ops: {
        ndoStartXmit(skb, d) {
          calls.push(textOf(skb));
          if (full) {
            netifStopQueue(d.tx[0] as NetdevQueue);
            return NETDEV_TX_BUSY;
          }
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    send(dev, 'a');
    send(dev, 'b');
    clock.advance(1 * SEC);
    expect(calls).toEqual(['a']);
    full = false;
    netifWakeQueue(queue);
    expect(calls).toEqual(['a', 'a', 'b']);
  });
});

describe('several queues', () => {
  it('are chosen by the driver, or by the hash of the flow, and the choice is kept in the packet [NDO-06] [SKB-26]', () => {
    const kernel = boot();
    const seen: number[] = [];
    const note = (skb: SkBuff): number => {
      seen.push(skb.queueMapping);
      skb.consume();
      return NETDEV_TX_OK;
    };
    const hashed = up(kernel, { txqs: 4, ops: { ndoStartXmit: note } }).dev;
    const xmit = (dev: NetDevice, hash: number): void => {
      const skb = packet(kernel.skbs, 'x', dev);
      skb.hash = hash;
      skb.bits |= SKB_SW_HASH;
      kernel.xmit.devQueueXmit(skb);
    };
    // The upper bits of the hash choose: each queue has a quarter of all flows.
    for (const hash of [0, 1, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff, 0xffffffff]) xmit(hashed, hash);
    expect(seen.splice(0)).toEqual([0, 0, 1, 1, 2, 3, 3]);
    const choices = [3, 1, 7, -1];
    const chosen = up(kernel, { txqs: 4, ops: { ndoStartXmit: note, ndoSelectQueue: () => choices.shift() as number } }).dev;
    for (let i = 0; i < 4; i++) xmit(chosen, i);
    // A queue that is not there is queue 0.
    expect(seen).toEqual([3, 1, 0, 0]);
  });
});

describe('taps', () => {
  it('see what is sent, as a clone marked outgoing, unless they do not want to or sent it themselves [PTY-02] [TX-09]', () => {
    const kernel = boot();
    const { dev, sent } = up(kernel);
    const other = up(kernel).dev;
    const got: string[] = [];
    const sk = {} as SkbSock;
    const tap = (label: string, options: object): void => {
      const pt = {
        ...recorder(ETH_P_ALL, got),
        func(skb: SkBuff, d: NetDevice) {
          got.push(`${label} ${d.name} ${textOf(skb)} ${skb.pktType} ${skb.macHeader === skb.data} ${skb.isCloned()}`);
          skb.consume();
          return 0;
        },
        ...options,
      };
      insmod(kernel, { name: label, init: (ctx) => ctx.packetType(pt) });
    };
    tap('all', {});
    tap('device', { dev });
    tap('elsewhere', { dev: other });
    tap('incoming', { ignoreOutgoing: true });
    tap('own', { sk });
    const skb = packet(kernel.skbs, 'x', dev);
    skb.sk = sk;
    kernel.xmit.devQueueXmit(skb);
    const outgoing = `x ${PACKET_OUTGOING} true true`;
    expect([got, sent]).toEqual([[`all eth0 ${outgoing}`, `device eth0 ${outgoing}`], ['x']]);
    send(dev, 'x');
    expect(got.slice(2)).toEqual([`all eth0 ${outgoing}`, `own eth0 ${outgoing}`, `device eth0 ${outgoing}`]);
  });
});

describe('what the device cannot do', () => {
  /** An IPv4 packet of `n` bytes whose checksum field at 26 has to be made over everything from 20 on. */
  function partial(kernel: Kernel, dev: NetDevice, n: number, linear = n): SkBuff {
    const all = Uint8Array.from({ length: n }, (_, i) => (i * 31 + 7) & 0xff);
    const skb = packet(kernel.skbs, '', dev);
    skb.putData(all, 0, linear);
    if (linear < n) addFrag(skb, all.slice(linear));
    skb.protocol = ETH_P_IP;
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.csumStart = skb.data + 20;
    skb.csumOffset = 6;
    return skb;
  }

  it.each([[60, 60], [61, 61], [60, 40], [60, 33], [61, 28]])('of %d bytes, %d of them linear: the checksum is finished in software [TX-09] [SKB-11]', (n, linear) => {
    const kernel = boot();
    const seen: Uint8Array[] = [];
    const { dev } = up(kernel, {
      setup: (d) => (d.features = NETIF_F_SG),
      ops: {
        ndoStartXmit(skb) {
          seen.push(bytesOf(skb));
          expect([skb.ipSummed, skbIsNonlinear(skb)]).toEqual([CHECKSUM_NONE, linear < n]);
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    const skb = partial(kernel, dev, n, linear);
    const before = bytesOf(skb);
    const sum = csumFold(csumPartial(before, 20, n - 20, 0));
    expect(kernel.xmit.devQueueXmit(skb)).toBe(0);
    const after = seen[0] as Uint8Array;
    expect((after[26] << 8) | after[27]).toBe(sum);
    after[26] = before[26];
    after[27] = before[27];
    expect(after).toEqual(before);
  });

  it.each([
    ['before the packet', -1, 6],
    ['behind the linear part', 33, 6],
    ['half behind the linear part', 20, 12],
  ])('a checksum that begins or lies %s is nobody’s: the packet is dropped [TX-09]', (_where, start, offset) => {
    const kernel = boot();
    const { dev, sent } = up(kernel, { setup: (d) => (d.features = NETIF_F_SG) });
    const skb = partial(kernel, dev, 60, 33);
    skb.csumStart = skb.data + start;
    skb.csumOffset = offset;
    expect([skbChecksumHelp(skb), skb.ipSummed]).toEqual([-EINVAL, CHECKSUM_PARTIAL]);
    expect([kernel.xmit.devQueueXmit(skb), sent, dev.stats[TX_DROPPED], kernel.skbs.drops[SKB_DROP_REASON_SKB_CSUM]]).toEqual([-ENOMEM, [], 1, 1]);
  });

  it('a fragment that others may write is copied before it is summed: what was summed is sent [TX-09]', () => {
    const kernel = boot();
    const { dev } = up(kernel);
    const skb = partial(kernel, dev, 60, 40);
    skb.shinfo.txFlags = SKBTX_SHARED_FRAG;
    expect([skbChecksumHelp(skb), skbIsNonlinear(skb)]).toEqual([0, false]);
    skb.consume();
  });

  it('a checksum of 0 is sent as 0xffff, which means the same and is not "no checksum" [TX-09]', () => {
    const kernel = boot();
    const { dev } = up(kernel, {
      ops: {
        ndoStartXmit(skb) {
          expect([skb.bytes[skb.data + 26], skb.bytes[skb.data + 27]]).toEqual([0xff, 0xff]);
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    const skb = partial(kernel, dev, 60);
    skb.bytes.fill(0xff, skb.data + 20, skb.tail);
    expect(ipComputeCsum(skb.bytes, skb.data + 20, 40)).toBe(0);
    kernel.xmit.devQueueXmit(skb);
  });

  it('checksums that the device finishes are left to it, and only those [TX-09] [SKB-11]', () => {
    const kernel = boot();
    const seen: number[] = [];
    const note = (skb: SkBuff): number => {
      seen.push(skb.ipSummed);
      skb.consume();
      return NETDEV_TX_OK;
    };
    const any = up(kernel, { setup: (d) => (d.features = NETIF_F_HW_CSUM), ops: { ndoStartXmit: note } }).dev;
    const v4 = up(kernel, { setup: (d) => (d.features = NETIF_F_IP_CSUM), ops: { ndoStartXmit: note } }).dev;
    for (const [dev, protocol] of [[any, ETH_P_IP], [any, 0x1234], [v4, ETH_P_IP], [v4, ETH_P_IPV6]] as const) {
      const skb = partial(kernel, dev, 60);
      skb.protocol = protocol;
      kernel.xmit.devQueueXmit(skb);
    }
    expect(seen).toEqual([CHECKSUM_PARTIAL, CHECKSUM_PARTIAL, CHECKSUM_PARTIAL, CHECKSUM_NONE]);
  });

  it('a checksum in data that others see is made in a copy [TX-09]', () => {
    const kernel = boot();
    const { dev } = up(kernel);
    const skb = partial(kernel, dev, 60);
    const clone = skb.clone() as SkBuff;
    const before = bytesOf(clone);
    kernel.xmit.devQueueXmit(skb);
    expect(bytesOf(clone)).toEqual(before);
    clone.consume();
  });

  it.each([
    ['fragments', 0, true],
    ['fragments', NETIF_F_SG, false],
    ['list', NETIF_F_SG, true],
    ['list', NETIF_F_SG | NETIF_F_FRAGLIST, false],
    ['both', NETIF_F_FRAGLIST, true],
    ['both', NETIF_F_SG | NETIF_F_FRAGLIST, false],
  ])('%s with features %i: copied together %s [FEA-04] [TX-09]', (shape, features, linear) => {
    const kernel = boot();
    const seen: unknown[] = [];
    const { dev } = up(kernel, {
      setup: (d) => (d.features = features),
      ops: {
        ndoStartXmit(skb) {
          seen.push(textOf(skb), !skbIsNonlinear(skb));
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    const skb = packet(kernel.skbs, 'head ', dev);
    if (shape !== 'list') addFrag(skb, new TextEncoder().encode('page '));
    if (shape !== 'fragments') addToList(skb, packet(kernel.skbs, 'list '));
    kernel.xmit.devQueueXmit(skb);
    const text = { fragments: 'head page ', list: 'head list ', both: 'head page list ' }[shape];
    expect(seen).toEqual([text, linear]);
  });

  it('without memory is an error, and the packet is gone and counted [TX-06]', () => {
    const kernel = boot({ memory: 2 * 2048 });
    const { dev } = up(kernel);
    const skb = packet(kernel.skbs, 'head ', dev);
    addFrag(skb, new Uint8Array(2000));
    expect(kernel.xmit.devQueueXmit(skb)).toBe(-ENOMEM);
    expect([dev.stats[TX_DROPPED], kernel.skbs.drops[SKB_DROP_REASON_NOMEM]]).toEqual([1, 1]);
  });

  it('a VLAN tag beside the packet is written into it unless the device does that [TX-09] [SKB-25]', () => {
    const kernel = boot();
    const tagging = up(kernel, { setup: (d) => (d.features = NETIF_F_HW_VLAN_CTAG_TX) });
    const plain = up(kernel);
    const xmit = (dev: NetDevice, vlanProto: number): void => {
      const skb = packet(kernel.skbs, 'ddddddssssss', dev);
      skb.putData(Uint8Array.from([0x08, 0x00, 0x50]), 0, 3);
      Object.assign(skb, { protocol: ETH_P_IP, vlanPresent: true, vlanProto, vlanTci: 0x4142 });
      kernel.xmit.devQueueXmit(skb);
    };
    xmit(tagging.dev, ETH_P_8021Q);
    xmit(tagging.dev, ETH_P_8021AD);
    xmit(plain.dev, ETH_P_8021Q);
    expect(tagging.sent).toEqual(['ddddddssssss\x08\x00P', 'ddddddssssss\x88\xa8AB\x08\x00P']);
    expect(plain.sent).toEqual(['ddddddssssss\x81\x00AB\x08\x00P']);
  });
});

describe('the route of a packet', () => {
  it('is let go before it is queued if the device does not need it, and held if it does', () => {
    const kernel = boot();
    const held: number[] = [];
    for (const flag of [IFF_XMIT_DST_RELEASE, 0]) {
      const { dev } = up(kernel, {
        setup: (d) => (d.privFlags |= flag),
        ops: {
          ndoStartXmit(skb) {
            held.push(skb.dst === null ? 0 : skb.dst.refcnt);
            skb.consume();
            return NETDEV_TX_OK;
          },
        },
      });
      const dst = new DstEntry(dev, dstOps());
      const skb = packet(kernel.skbs, 'x', dev);
      skb.dstSetNoref(dst);
      kernel.xmit.devQueueXmit(skb);
      expect(dst.refcnt).toBe(1);
      dst.release();
    }
    expect(held).toEqual([0, 2]);
  });
});

describe('the watchdog', () => {
  function watched(options: DeviceOptions = {}): { kernel: Kernel; clock: VirtualClock; dev: NetDevice; queue: NetdevQueue; calls: number[] } {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const calls: number[] = [];
    const made = up(kernel, { ...options, name: 'eth0', txQueueLen: 10, ops: { ndoTxTimeout: () => calls.push(clock.now() / SEC), ...options.ops } });
    return { kernel, clock, calls, ...made };
  }

  it('tells the driver of a queue that is stopped and did not send for 5 s [TX-11] [NDO-09] [DEV-34]', () => {
    const { kernel, clock, dev, queue, calls } = watched();
    clock.advance(3 * SEC);
    send(dev, 'x');
    expect(queue.transStart).toBe(3000);
    netifStopQueue(queue);
    clock.advance(4 * SEC);
    expect([calls, queue.txTimeouts]).toEqual([[], 0]);
    clock.advance(4 * SEC);
    expect([calls, queue.txTimeouts, dev.watchdogTimeo]).toEqual([[10], 1, 5000]);
    expect(kernel.dmesg().at(-1)).toMatch(/NETDEV WATCHDOG: eth0: transmit queue 0 timed out 7000 ms$/);
    netifWakeQueue(queue);
    clock.advance(60 * SEC);
    expect(calls).toEqual([10]);
  });

  it('has patience that the driver sets, and waits from the moment the device came up [TX-11]', () => {
    const { clock, queue, calls } = watched({ setup: (d) => (d.watchdogTimeo = 1500) });
    netifStopQueue(queue);
    clock.advance(1400 * MS);
    expect(calls).toEqual([]);
    clock.advance(200 * MS);
    expect(calls).toEqual([1.5]);
  });

  it('sleeps while the device is down, absent or without carrier [TX-11]', () => {
    const { clock, dev, queue, calls } = watched();
    netifStopQueue(queue);
    netifDeviceDetach(dev);
    clock.advance(20 * SEC);
    expect(calls).toEqual([]);
    netifDeviceAttach(dev);
    netifStopQueue(queue);
    clock.advance(6 * SEC);
    expect(calls.length).toBe(1);
    netifCarrierOff(dev);
    clock.advance(20 * SEC);
    devClose(dev);
    clock.advance(20 * SEC);
    expect(calls.length).toBe(1);
  });

  it('does not exist for a driver without the callback [TX-11] [NDO-09]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev, queue } = up(kernel, { txQueueLen: 10 });
    netifStopQueue(queue);
    expect([dev.watchdogTimer, kernel.timers.pendingCount]).toEqual([null, 0]);
  });
});
