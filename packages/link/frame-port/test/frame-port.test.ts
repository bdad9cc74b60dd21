import {
  CHECKSUM_PARTIAL,
  createKernel,
  setupNet,
  devClose,
  devMcAdd,
  devMcDel,
  devOpen,
  devSetAllmulti,
  devSetPromiscuity,
  devUcAdd,
  devUcDel,
  type Kernel,
  type Net,
  type NetDevice,
  RX_BYTES,
  RX_DROPPED,
  RX_ERRORS,
  RX_LENGTH_ERRORS,
  RX_PACKETS,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_SKB_GSO_SEG,
  skbFillPageDesc,
  type SkBuff,
  TX_BYTES,
  TX_ERRORS,
  TX_PACKETS,
  unregisterNetdevice,
  VirtualClock,
  xmitOffload,
} from '@skbuff/core';
import { EADDRNOTAVAIL, EEXIST, EINVAL, ETH_P_IP, PACKET_BROADCAST, PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST } from '@skbuff/uapi';
import { ipComputeCsum } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFrameDevice, type FramePort } from '../src/index.ts';

const OWN = Uint8Array.of(2, 0, 0, 0, 0, 1);

class TestPort implements FramePort {
  onFrame: ((frame: Uint8Array) => void) | null = null;
  readonly sent: number[][] = [];
  closed = 0;
  fails = false;

  send(frame: Uint8Array): void {
    if (this.fails) throw new Error('wire cut');
    this.sent.push([...frame]);
  }

  close(): void {
    this.closed++;
    if (this.fails) throw new Error('stuck');
  }
}

let kernel: Kernel;
let port: TestPort;
let dev: NetDevice;
let got: SkBuff[];
/** What the protocol does with a packet. */
let receive: (skb: SkBuff) => void;

beforeEach(() => {
  got = [];
  receive = (skb) => got.push(skb);
  kernel = createKernel({
    clock: new VirtualClock(),
    debug: true,
    memory: 2 << 20,
    plugins: [
      { name: 'incomplete packets', init: (ctx) => xmitOffload(ctx.kernel) },
      {
        name: 'catcher',
        init: (ctx) =>
          ctx.packetType({
            type: ETH_P_IP,
            dev: null,
            net: null,
            ignoreOutgoing: false,
            listFunc: null,
            func: (skb) => {
              receive(skb);
              return 0;
            },
          }),
      },
    ],
  });
  port = new TestPort();
  dev = create(port);
  devOpen(dev);
});

afterEach(() => {
  for (const skb of got) skb.consume();
  expect(kernel.shutdown()).toEqual({});
});

function create(on: FramePort, net: Net = kernel.initNet): NetDevice {
  const made = createFrameDevice(net, { port: on, address: OWN });
  if (typeof made === 'number') throw new Error(`createFrameDevice: ${made}`);
  return made;
}

function frame(n: number): Uint8Array {
  const bytes = new Uint8Array(n).fill(0x77);
  bytes.set([...OWN, 2, 0, 0, 0, 0, 9, 8, 0].slice(0, n));
  return bytes;
}

/** A packet of `n` bytes, header included, on its way out. */
function packet(n: number): SkBuff {
  const skb = kernel.skbs.alloc(n) as SkBuff;
  skb.putData(frame(n), 0, n);
  skb.dev = dev;
  skb.protocol = ETH_P_IP;
  return skb;
}

describe('the device', () => {
  it('is Ethernet without offloads, with the MTU of its port', () => {
    expect([dev.name, dev.mtu, dev.maxMtu, dev.features & ~(1 << 14), [...dev.devAddr.slice(0, 6)]]).toEqual(['eth0', 1500, 1500, 0, [...OWN]]);
    const jumbo = create({ send() {}, close() {}, onFrame: null, mtu: 9000 });
    expect([jumbo.name, jumbo.mtu, jumbo.maxMtu]).toEqual(['eth1', 9000, 9000]);
  });

  it.each([
    ['a taken name', { name: 'eth0' }, -EEXIST],
    ['a bad name', { name: 'a b' }, -EINVAL],
    ['a short address', { address: Uint8Array.of(2) }, -EINVAL],
    ['a multicast address', { address: Uint8Array.of(1, 0, 0, 0, 0, 1) }, -EADDRNOTAVAIL],
  ])('is refused for %s, the port untouched', (_name, options, want) => {
    const other = new TestPort();
    expect(createFrameDevice(kernel.initNet, { port: other, ...options })).toBe(want);
    expect([other.onFrame, kernel.liveDevices]).toEqual([null, 1]);
  });

  it('closes its port when it is removed, and survives a port that throws', () => {
    port.fails = true;
    unregisterNetdevice(dev);
    expect([port.closed, port.onFrame, kernel.dmesg().at(-1)]).toEqual([1, null, expect.stringContaining('eth0: port failed to close: Error: stuck')]);
  });

  it('goes home to the initial namespace when its own dies [NSP-06]', () => {
    const net = setupNet(kernel) as Net;
    const other = new TestPort();
    const away = create(other, net);
    net.put();
    kernel.onClock();
    expect([away.net === kernel.initNet, away.name, other.closed]).toEqual([true, 'dev1', 0]);
    devOpen(away);
    other.onFrame?.(frame(60));
    expect(got.length).toBe(1);
  });
});

describe('the filter of the card', () => {
  const arrive = (to: readonly number[]): number[] => {
    const bytes = frame(60);
    bytes.set(to);
    port.onFrame?.(bytes);
    return got.splice(0).map((skb) => {
      const kind = skb.pktType;
      skb.consume();
      return kind;
    });
  };
  const OTHER = [2, 0, 0, 0, 0, 7];
  const GROUP = [1, 0, 0x5e, 0, 0, 5];

  it('lets in what is for the device, for all, or for its groups and extra addresses [RX-16]', () => {
    expect([arrive([...OWN]), arrive([255, 255, 255, 255, 255, 255]), arrive(OTHER), arrive(GROUP)]).toEqual([[PACKET_HOST], [PACKET_BROADCAST], [], []]);
    expect([dev.stats[RX_PACKETS], dev.stats[RX_DROPPED], dev.stats[RX_ERRORS]]).toEqual([2, 0, 0]);
    devMcAdd(dev, Uint8Array.from(GROUP));
    expect([arrive(GROUP), arrive([1, 0, 0x5e, 0, 0, 6])]).toEqual([[PACKET_MULTICAST], []]);
    devMcDel(dev, Uint8Array.from(GROUP));
    expect(arrive(GROUP)).toEqual([]);
  });

  it('lets in all frames while promiscuous, those of others marked so, and all groups while allmulti [RX-16]', () => {
    devSetAllmulti(dev, 1);
    expect([arrive(GROUP), arrive(OTHER)]).toEqual([[PACKET_MULTICAST], []]);
    devSetAllmulti(dev, -1);
    devSetPromiscuity(dev, 1);
    expect([arrive(OTHER), arrive(GROUP)]).toEqual([[PACKET_OTHERHOST], [PACKET_MULTICAST]]);
    devSetPromiscuity(dev, -1);
    expect([arrive(OTHER), arrive(GROUP)]).toEqual([[], []]);
    // It does not say that it can filter more than one address, so an extra one makes it promiscuous.
    devUcAdd(dev, Uint8Array.from(OTHER));
    expect([arrive(OTHER), arrive([2, 0, 0, 0, 0, 8])]).toEqual([[PACKET_OTHERHOST], [PACKET_OTHERHOST]]);
    devUcDel(dev, Uint8Array.from(OTHER));
  });
});

describe('a frame that leaves', () => {
  it('reaches the port as it is and is counted', () => {
    expect(kernel.xmit.devQueueXmit(packet(60))).toBe(0);
    expect(port.sent).toEqual([[...frame(60)]]);
    expect([dev.stats[TX_PACKETS], dev.stats[TX_BYTES]]).toEqual([1, 60]);
  });

  it('has its checksum finished', () => {
    const skb = packet(60);
    skb.bytes.fill(0, skb.data + 30, skb.data + 32);
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.csumStart = skb.data + 14;
    skb.csumOffset = 16;
    kernel.xmit.devQueueXmit(skb);
    const sent = Uint8Array.from(port.sent[0] as number[]);
    expect([sent.length, ipComputeCsum(sent, 14, 46)]).toEqual([60, 0]);
  });

  it('is linear', () => {
    const skb = packet(60);
    const block = kernel.skbs.arena.allocBlock(100);
    if (block === null) throw new Error('no memory');
    kernel.skbs.arena.bytes.fill(0x33, block.start, block.start + 40);
    skbFillPageDesc(skb, block, block.start, 40);
    skb.len += 40;
    skb.dataLen += 40;
    kernel.xmit.devQueueXmit(skb);
    expect(port.sent[0]).toEqual([...frame(60), ...new Array<number>(40).fill(0x33)]);
  });

  it('is never a super-packet', () => {
    const skb = packet(1000);
    skb.shinfo.gsoSize = 100;
    kernel.xmit.devQueueXmit(skb);
    expect([port.sent.length, dev.stats[TX_ERRORS], kernel.skbs.drops[SKB_DROP_REASON_SKB_GSO_SEG]]).toEqual([0, 1, 1]);
  });

  it('is counted as an error when the port throws, and logged once', () => {
    port.fails = true;
    for (let i = 0; i < 3; i++) expect(kernel.xmit.devQueueXmit(packet(60))).toBe(0);
    expect([dev.stats[TX_ERRORS], dev.stats[TX_PACKETS], kernel.skbs.drops[SKB_DROP_REASON_DEV_READY]]).toEqual([3, 0, 3]);
    expect(kernel.dmesg().filter((line) => line.includes('eth0: port failed: Error: wire cut'))).toHaveLength(1);
    port.fails = false;
    kernel.xmit.devQueueXmit(packet(60));
    expect(dev.stats[TX_PACKETS]).toBe(1);
  });
});

describe('a frame that arrives', () => {
  it('is copied and received before the call returns [RX-08]', () => {
    const bytes = frame(60);
    port.onFrame?.(bytes);
    bytes.fill(0);
    const skb = got[0] as SkBuff;
    expect([got.length, skb.dev === dev, skb.pktType, skb.protocol, skb.len, skb.bytes[skb.data]]).toEqual([1, true, PACKET_HOST, ETH_P_IP, 46, 0x77]);
    expect([dev.stats[RX_PACKETS], dev.stats[RX_BYTES]]).toEqual([1, 60]);
  });

  it.each([
    [0, 1],
    [13, 1],
    [14, 0],
    [1518, 0],
    [1519, 1],
  ])('of %i bytes counts %i length errors', (n, errors) => {
    port.onFrame?.(frame(n));
    expect([dev.stats[RX_LENGTH_ERRORS], dev.stats[RX_ERRORS], dev.stats[RX_PACKETS]]).toEqual([errors, errors, 1 - errors]);
  });

  it('is dropped while the device is down', () => {
    devClose(dev);
    port.onFrame?.(frame(60));
    expect([got.length, dev.stats[RX_DROPPED]]).toEqual([0, 1]);
  });

  it('is dropped when packet memory is used up', () => {
    for (let i = 0; i < 2000; i++) port.onFrame?.(frame(60));
    expect(dev.stats[RX_DROPPED]).toBeGreaterThan(0);
    expect(dev.stats[RX_DROPPED] + dev.stats[RX_PACKETS]).toBe(2000);
    expect(got.length).toBe(dev.stats[RX_PACKETS]);
  });

  it('may be answered at once, through the port it came from', () => {
    receive = (skb) => {
      skb.consume();
      if (port.sent.length < 3) kernel.xmit.devQueueXmit(packet(60));
    };
    port.send = (sent) => {
      port.sent.push([...sent]);
      port.onFrame?.(sent);
    };
    port.onFrame?.(frame(60));
    expect([port.sent.length, dev.stats[RX_PACKETS]]).toEqual([3, 4]);
  });
});
