/** Super-packets of an invented protocol: its header is the length of the payload and a number, two bytes each. */
import { EINVAL, ENETDOWN, ENOMEM, ETH_P_8021Q } from '@skbuff/uapi';
import { be16, setBe16 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import {
  CHECKSUM_PARTIAL,
  devOpen,
  insmod,
  type Kernel,
  type NetDevice,
  NETDEV_TX_BUSY,
  NETDEV_TX_OK,
  NETIF_F_FRAGLIST,
  NETIF_F_HW_CSUM,
  NETIF_F_SG,
  NETIF_F_TSO,
  SKB_DROP_REASON_SKB_GSO_SEG,
  SKB_GSO_TCPV4,
  type SkBuff,
  skbChecksumHelp,
  skbSegment,
  TX_DROPPED,
  netifStopQueue,
  netifWakeQueue,
  devAddOffload,
} from '../src/index.ts';
import { addDevice, addFrag, addToList, boot, bytesOf, type DeviceOptions, packet } from './helpers.ts';

const TYPE = 0x88b5;
const MAC = 14;
const HEADER = 4;

/** What the invented protocol does: as many numbers as segments. */
function offload(kernel: Kernel, answer?: number): void {
  insmod(kernel, {
    name: 'offload',
    init: (ctx) =>
      devAddOffload(ctx, {
        type: TYPE,
        gsoSegment(skb) {
          if (answer !== undefined) return answer;
          const net = skb.data;
          let number = be16(skb.bytes, net + 2);
          skb.pull(HEADER);
          const segs = skbSegment(skb, true);
          if (typeof segs === 'number') return segs;
          for (let seg: SkBuff | null = segs; seg !== null; seg = seg.next) {
            setBe16(seg.bytes, seg.networkHeader, seg.len - MAC - (skb.protocol === TYPE ? 0 : 4) - HEADER);
            setBe16(seg.bytes, seg.networkHeader + 2, number++);
          }
          return segs;
        },
        groReceive: () => null,
        groComplete: () => 0,
      }),
  });
}

/** A frame for `dev` whose payload counts from 0. */
function superPacket(dev: NetDevice, payload: number, size: number, shape: 'linear' | 'frags' | 'list' = 'linear'): SkBuff {
  const data = Uint8Array.from({ length: payload }, (_, i) => i & 0xff);
  const skb = dev.net.skbs.alloc(128 + MAC + HEADER + payload) as SkBuff;
  skb.reserve(64);
  skb.dev = dev;
  skb.protocol = TYPE;
  const mac = skb.put(MAC);
  skb.bytes.fill(0xee, mac, mac + MAC);
  setBe16(skb.bytes, mac + 12, TYPE);
  skb.networkHeader = skb.put(HEADER);
  setBe16(skb.bytes, skb.networkHeader, payload);
  setBe16(skb.bytes, skb.networkHeader + 2, 70);
  const linear = shape === 'linear' ? payload : 30;
  skb.putData(data, 0, linear);
  const rest = data.subarray(linear);
  if (shape === 'frags') addFrag(skb, rest);
  for (let at = 0; shape === 'list' && at < rest.length; at += 50) {
    const sub = packet(dev.net.skbs, String.fromCharCode(...rest.subarray(at, at + 50)));
    addToList(skb, sub);
  }
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.transportHeader = skb.networkHeader;
  skb.csumStart = skb.networkHeader;
  skb.csumOffset = 2;
  skb.shinfo.gsoSize = size;
  skb.shinfo.gsoSegs = Math.ceil(payload / size);
  skb.shinfo.gsoType = SKB_GSO_TCPV4;
  return skb;
}

/** A device that keeps the bytes it sends, and whatever else the test wants. */
function device(features: number, options: DeviceOptions = {}): { kernel: Kernel; dev: NetDevice; sent: Uint8Array[] } {
  const kernel = boot();
  const sent: Uint8Array[] = [];
  const ndoStartXmit = (skb: SkBuff): number => {
    sent.push(bytesOf(skb));
    skb.consume();
    return NETDEV_TX_OK;
  };
  const { dev } = addDevice(kernel, { ...options, ops: { ndoStartXmit, ...options.ops }, setup: (d) => void (d.features = features) });
  expect(devOpen(dev)).toBe(0);
  return { kernel, dev, sent };
}

/** Length and number of each, and the payload of all. */
function segments(sent: readonly Uint8Array[]): [string, Uint8Array] {
  const payload = sent.flatMap((f) => [...f.subarray(MAC + HEADER)]);
  return [sent.map((f) => `${f.length - MAC - HEADER}:${be16(f, MAC)}#${be16(f, MAC + 2)}`).join(' '), Uint8Array.from(payload)];
}

const counting = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i & 0xff);
const CSUM = NETIF_F_SG | NETIF_F_HW_CSUM;

describe('a super-packet', () => {
  it.each([
    ['linear', 250, 100, '100:100#70 100:100#71 50:50#72'],
    ['frags', 250, 100, '100:100#70 100:100#71 50:50#72'],
    ['list', 250, 100, '100:100#70 100:100#71 50:50#72'],
    ['list', 300, 40, '40:40#70 40:40#71 40:40#72 40:40#73 40:40#74 40:40#75 40:40#76 20:20#77'],
    ['linear', 200, 100, '100:100#70 100:100#71'],
    ['linear', 201, 100, '100:100#70 100:100#71 1:1#72'],
    ['linear', 60000, 30000, '30000:30000#70 30000:30000#71'],
  ] as const)('(%s) of %i bytes is cut into pieces of %i, each with the headers [SHI-05]', (shape, payload, size, expected) => {
    const { kernel, dev, sent } = device(CSUM | NETIF_F_FRAGLIST);
    offload(kernel);
    expect(kernel.xmit.devQueueXmit(superPacket(dev, payload, size, shape))).toBe(0);
    expect(segments(sent)).toEqual([expected, counting(payload)]);
    expect(sent.every((f) => f.subarray(0, 12).every((b) => b === 0xee) && be16(f, 12) === TYPE)).toBe(true);
  });

  it('goes whole to a device that can, and is cut for one that cannot take as much [FEA-05]', () => {
    const { kernel, dev, sent } = device(CSUM | NETIF_F_TSO);
    offload(kernel);
    const send = (): number[] => {
      expect(kernel.xmit.devQueueXmit(superPacket(dev, 250, 100))).toBe(0);
      return sent.splice(0).map((f) => f.length);
    };
    expect(send()).toEqual([268]);
    dev.gsoMaxSize = 268;
    expect(send()).toEqual([118, 118, 68]);
    dev.gsoMaxSize = 269;
    expect(send()).toEqual([268]);
    dev.gsoMaxSegs = 2;
    expect(send()).toEqual([118, 118, 68]);
  });

  it('is cut for a device that cannot sum, and by what it carries behind a VLAN tag that lies in the frame', () => {
    const { kernel, dev, sent } = device(NETIF_F_SG | NETIF_F_TSO);
    offload(kernel);
    const skb = superPacket(dev, 250, 100);
    skb.vlanPresent = true;
    skb.vlanProto = ETH_P_8021Q;
    skb.vlanTci = 5;
    kernel.xmit.devQueueXmit(skb);
    expect(sent.map((f) => [f.length, be16(f, 12), be16(f, 14), be16(f, 18)])).toEqual([
      [122, ETH_P_8021Q, 5, 100],
      [122, ETH_P_8021Q, 5, 100],
      [72, ETH_P_8021Q, 5, 50],
    ]);
  });

  it.each([
    ['nobody knows how to cut', undefined],
    ['its protocol refuses', -22],
    ['memory is out for', -ENOMEM],
  ])('that %s is dropped', (_what, answer) => {
    const { kernel, dev, sent } = device(CSUM);
    if (answer !== undefined) offload(kernel, answer);
    expect(kernel.xmit.devQueueXmit(superPacket(dev, 250, 100))).toBe(-ENOMEM);
    expect([sent.length, dev.stats[TX_DROPPED], kernel.skbs.drops[SKB_DROP_REASON_SKB_GSO_SEG]]).toEqual([0, 1, 1]);
  });

  it.each([[0, 100], [250, -1], [250, 0]])('of %i bytes is not cut into pieces of %i', (payload, size) => {
    const { kernel, dev } = device(CSUM);
    const skb = superPacket(dev, payload, size);
    skb.macHeader = skb.data;
    skb.pull(MAC + HEADER);
    expect([skbSegment(skb, true), kernel.skbs.inUse]).toEqual([-EINVAL, 1]);
    skb.consume();
  });

  it('whose network header nobody set is dropped', () => {
    const { kernel, dev, sent } = device(CSUM);
    offload(kernel);
    const skb = superPacket(dev, 250, 100);
    skb.networkHeader = -1;
    expect([kernel.xmit.devQueueXmit(skb), sent.length]).toEqual([-ENOMEM, 0]);
  });

  it('is not summed as it is', () => {
    const { dev } = device(CSUM);
    const skb = superPacket(dev, 250, 100);
    expect(skbChecksumHelp(skb)).toBe(-22);
    skb.consume();
  });

  it('leaves nothing behind when memory ends in the middle', () => {
    const kernel = boot({ memory: 256 * 1024 });
    const { dev } = addDevice(kernel, { setup: (d) => void (d.features = CSUM) });
    devOpen(dev);
    offload(kernel);
    const skb = superPacket(dev, 60000, 500);
    expect(kernel.xmit.devQueueXmit(skb)).toBe(-ENOMEM);
    expect([kernel.skbs.inUse, kernel.skbs.arena.blocksInUse]).toEqual([0, 0]);
  });
});

describe('segments', () => {
  it('that a device without queue refuses are lost, with those behind them', () => {
    let room = 1;
    const { kernel, dev } = device(CSUM, {
      ops: {
        ndoStartXmit(skb) {
          if (room-- <= 0) return NETDEV_TX_BUSY;
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    offload(kernel);
    expect(kernel.xmit.devQueueXmit(superPacket(dev, 250, 100))).toBe(-ENETDOWN);
    expect(kernel.skbs.inUse).toBe(0);
  });

  it('that a device with a queue refuses are sent later, in order and before what was queued meanwhile', () => {
    let room = 1;
    const numbers: number[] = [];
    const { kernel, dev } = device(CSUM, {
      txQueueLen: 10,
      ops: {
        ndoStartXmit(skb, d) {
          if (room-- <= 0) {
            netifStopQueue(d.tx[0] as never);
            return NETDEV_TX_BUSY;
          }
          numbers.push(be16(skb.bytes, skb.networkHeader + 2));
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    offload(kernel);
    const queue = dev.tx[0] as (typeof dev.tx)[0];
    expect(kernel.xmit.devQueueXmit(superPacket(dev, 350, 100))).toBe(0);
    const plain = superPacket(dev, 50, 100);
    plain.shinfo.gsoSize = 0;
    kernel.xmit.devQueueXmit(plain);
    expect([numbers, queue.qdisc.qlen]).toEqual([[70], 4]);
    for (const more of [2, 9]) {
      room = more;
      netifWakeQueue(queue);
      kernel.softirq.doSoftirq();
    }
    expect([numbers, queue.qdisc.qlen]).toEqual([[70, 71, 72, 73, 70], 0]);
  });

  it('that wait when the device goes are freed', () => {
    const { kernel, dev } = device(CSUM, { txQueueLen: 10, ops: { ndoStartXmit: () => NETDEV_TX_BUSY } });
    offload(kernel);
    kernel.softirq.localBhDisable();
    kernel.xmit.devQueueXmit(superPacket(dev, 350, 100));
    expect(kernel.skbs.inUse).toBe(4);
  });
});
