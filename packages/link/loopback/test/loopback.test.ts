import {
  CHECKSUM_PARTIAL,
  createKernel,
  rmmod,
  setupNet,
  devChangeNetNamespace,
  devOpen,
  devSetMacAddress,
  devSetMtu,
  DstEntry,
  type Kernel,
  type Net,
  type NetDevice,
  NETREG_RELEASED,
  type Plugin,
  RX_BYTES,
  RX_PACKETS,
  SKB_DROP_REASON_CPU_BACKLOG,
  type SkBuff,
  TX_BYTES,
  TX_PACKETS,
  VirtualClock,
  xmitOffload,
} from '@skbuff/core';
import { ARPHRD_LOOPBACK, EINVAL, ETH_P_IP, IF_OPER_UNKNOWN, IFF_LOOPBACK, IFF_UP, PACKET_HOST } from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loopback } from '../src/index.ts';

let kernel: Kernel;
let clock: VirtualClock;
let got: SkBuff[];

/** Keeps what arrives as IPv4. */
function catcher(): Plugin {
  return {
    name: 'catcher',
    init: (ctx) =>
      ctx.packetType({
        type: ETH_P_IP,
        dev: null,
        net: null,
        ignoreOutgoing: false,
        listFunc: null,
        func: (skb) => {
          got.push(skb);
          return 0;
        },
      }),
  };
}

beforeEach(() => {
  got = [];
  clock = new VirtualClock();
  kernel = createKernel({ clock, debug: true, plugins: [loopback(), catcher()] });
  xmitOffload(kernel);
});

afterEach(() => {
  for (const skb of got) skb.consume();
  expect(kernel.shutdown()).toEqual({});
});

function lo(net: Net = kernel.initNet): NetDevice {
  return net.loopbackDev as NetDevice;
}

/** The same fields of `of` as `want` has: a failing comparison shall print these, and not a whole kernel. */
function fields<T extends object>(of: T | undefined, want: Partial<T>): Partial<T> {
  return Object.fromEntries(Object.keys(want).map((key) => [key, of?.[key as keyof T]])) as Partial<T>;
}

function expectFields<T extends object>(of: T | undefined, want: Partial<T>): void {
  expect(fields(of, want)).toEqual(want);
}

function packet(dev: NetDevice): SkBuff {
  const skb = kernel.skbs.alloc(128) as SkBuff;
  skb.reserve(32);
  skb.bytes.fill(0x11, skb.put(40), skb.tail);
  skb.dev = dev;
  skb.protocol = ETH_P_IP;
  dev.headerOps?.create(skb, dev, ETH_P_IP, null, null, 40);
  return skb;
}

describe('lo', () => {
  it('is alone in a new namespace, down, with index 1 [NSP-02] [NET-06] [VTH-02]', () => {
    const net = setupNet(kernel) as Net;
    expect(net.devList.map((dev) => dev.name)).toEqual(['lo']);
    expectFields(lo(net), { name: 'lo', ifindex: 1, flags: IFF_LOOPBACK });
    expect(lo(net) === lo()).toBe(false);
    net.put();
  });

  it('has its own type, flags, MTU and no link-layer limits [REG-04]', () => {
    expectFields(lo(), { type: ARPHRD_LOOPBACK, mtu: 65536, hardHeaderLen: 14, addrLen: 6, txQueueLen: 1000, minMtu: 0, maxMtu: 0 });
    expect([...lo().devAddr.slice(0, 6), ...lo().broadcast.slice(0, 6)].every((byte) => byte === 0)).toBe(true);
    expect(devSetMtu(lo(), 70000)).toBe(0);
  });

  it('takes another address even while it is up', () => {
    devOpen(lo());
    expect(devSetMacAddress(lo(), Uint8Array.of(2, 0, 0, 0, 0, 1))).toBe(0);
  });

  it('is up without a queue and in an unknown operational state', () => {
    expect(devOpen(lo())).toBe(0);
    clock.advance(0);
    expect([lo().qdisc.kind, lo().operstate, (lo().flags & IFF_UP) !== 0]).toEqual(['noqueue', IF_OPER_UNKNOWN, true]);
  });

  it('cannot move to another namespace, and dies with its own [FEA-08] [VTH-02] [NSP-06]', () => {
    const net = setupNet(kernel) as Net;
    const dev = lo(net);
    expect(devChangeNetNamespace(dev, kernel.initNet, 'lo%d')).toBe(-EINVAL);
    net.put();
    // A worker does it, as on Linux: until it runs the namespace is whole.
    expect([dev.regState === NETREG_RELEASED, net.loopbackDev === dev]).toEqual([false, true]);
    clock.advance(0);
    expect([dev.regState, net.loopbackDev === null, kernel.initNet.devList.length]).toEqual([NETREG_RELEASED, true, 1]);
  });

  it('waits at the end for a route that still holds it [NDO-17]', () => {
    const net = setupNet(kernel) as Net;
    const dev = lo(net);
    const dst = new DstEntry(dev, { entries: 0, check: () => false, mtu: () => 0, confirmNeigh: null });
    net.put();
    clock.advance(0);
    expect([dev.regState === NETREG_RELEASED, net.loopbackDev === dev]).toEqual([false, true]);
    dst.release();
    expect([dev.regState === NETREG_RELEASED, net.loopbackDev === null]).toEqual([true, true]);
  });

  it('goes when the package is unloaded', () => {
    expect(rmmod(kernel, '@skbuff/loopback')).toBe(0);
    expect([kernel.initNet.devList.length, kernel.initNet.loopbackDev === null]).toEqual([0, true]);
  });
});

describe('a packet sent on lo', () => {
  it('is received on it, to this host, with its route, its checksum still undone [VTH-02]', () => {
    devOpen(lo());
    const skb = packet(lo());
    const dst = new DstEntry(lo(), { entries: 0, check: () => false, mtu: () => 0, confirmNeigh: null });
    skb.dstSetNoref(dst);
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.tstamp = 5;
    let orphaned = false;
    skb.destructor = () => {
      orphaned = true;
    };
    expect(kernel.xmit.devQueueXmit(skb)).toBe(0);
    expect(got.length).toBe(1);
    expect(got[0]?.dev === lo()).toBe(true);
    expectFields(got[0], { pktType: PACKET_HOST, protocol: ETH_P_IP, ipSummed: CHECKSUM_PARTIAL, len: 40, tstamp: 0, skbIif: 1 });
    expect([got[0]?.dst === dst, got[0]?.dstNoref, dst.refcnt, orphaned]).toEqual([true, false, 2, true]);
    got.pop()?.consume();
    dst.release();
  });

  it('is not received inside the call that sends it', () => {
    devOpen(lo());
    kernel.softirq.localBhDisable();
    kernel.xmit.devQueueXmit(packet(lo()));
    expect(got.length).toBe(0);
    kernel.softirq.localBhEnable();
    expect(got.length).toBe(1);
  });

  it('counts once each way, without the header, as Linux does (84 bytes for a ping) [DEV-22]', () => {
    devOpen(lo());
    kernel.xmit.devQueueXmit(packet(lo()));
    const { stats } = lo();
    expect([stats[TX_PACKETS], stats[TX_BYTES], stats[RX_PACKETS], stats[RX_BYTES]]).toEqual([1, 40, 1, 40]);
  });

  it('is lost, and not counted as sent, when the backlog is full', () => {
    devOpen(lo());
    kernel.softnet.maxBacklog = 2;
    kernel.softirq.localBhDisable();
    for (let i = 0; i < 5; i++) kernel.xmit.devQueueXmit(packet(lo()));
    kernel.softirq.localBhEnable();
    expect([got.length, lo().stats[TX_PACKETS], kernel.skbs.drops[SKB_DROP_REASON_CPU_BACKLOG]]).toEqual([3, 3, 2]);
  });
});
