import {
  createKernel,
  devOpen,
  type Kernel,
  type ModuleContext,
  NETDEV_DOWN,
  NOTIFY_DONE,
  type NetDevice,
  netdevOpsDefaults,
  registerNetdevice,
  type SkBuff,
  SKB_DROP_REASON_NEIGH_FAILED,
  SKB_DROP_REASON_NEIGH_QUEUEFULL,
  VirtualClock,
} from '@skbuff/core';
import { allocEtherdev } from '@skbuff/ethernet';
import { netlink } from '@skbuff/netlink';
import { sysctl } from '@skbuff/sysctl';
import { AF_INET, ETH_P_IP, NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NEIGHBOUR, NEIGH_UPDATE_F_OVERRIDE, type Neighbour, type NeighOps, neighbour, neighConnectedOutput, neighOutput, neighResolveOutput, NeighTable, neighUpdate } from '../src/index.ts';

const SECOND = 1e9;
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);
const ADDR = 0x0a000009;

let clock: VirtualClock;
let kernel: Kernel;
let tbl: NeighTable;
let dev: NetDevice;
/** State and time (seconds) of each question. */
let asked: [number, number][];
let sent: string[];

/** A table like ARP's, whose questions are only written down. */
function testProtocol(): { name: string; requires: string[]; init: (ctx: ModuleContext) => void } {
  const ops: NeighOps = {
    family: AF_INET,
    solicit: (neigh) => void asked.push([neigh.nudState, clock.now() / SECOND]),
    errorReport: (_neigh, skb) => skb.kfree(SKB_DROP_REASON_NEIGH_FAILED),
    output: neighResolveOutput,
    connectedOutput: neighConnectedOutput,
  };
  return {
    name: 'test-protocol',
    requires: ['@skbuff/neighbour'],
    init(ctx) {
      tbl = new NeighTable(ctx.get(NEIGHBOUR), {
        id: 'test_cache',
        family: AF_INET,
        keyLen: 4,
        protocol: ETH_P_IP,
        sysctlDir: 'ipv4',
        ops,
        construct: (neigh) => {
          neigh.parms = tbl.parmsOf(neigh.dev);
          neigh.ops = ops;
          neigh.outputFn = ops.output;
          return 0;
        },
        isMulticast: () => false,
        allowAdd: null,
        pconstruct: null,
        pdestruct: null,
        proxyRedo: (skb) => skb.consume(),
        oneNeighFlags: 0,
        parms: {},
      });
      ctx.onUnload(() => tbl.clear());
      ctx.netdeviceNotifier({
        notifierCall(_nb, event, info) {
          if (event === NETDEV_DOWN) tbl.ifdown(info.dev);
          return NOTIFY_DONE;
        },
      });
    },
  };
}

beforeEach(() => {
  asked = [];
  sent = [];
  clock = new VirtualClock();
  kernel = createKernel({ clock, debug: true, plugins: [sysctl(), netlink(), neighbour(), testProtocol()] });
  dev = allocEtherdev(kernel.initNet, {
    ops: {
      ...netdevOpsDefaults,
      ndoStartXmit(skb: SkBuff) {
        sent.push([...skb.bytes.subarray(skb.data, skb.data + 6)].join(':'));
        skb.consume();
        return 0;
      },
    },
  });
  dev.devAddr.set([2, 0, 0, 0, 0, 1]);
  expect(registerNetdevice(dev)).toBe(0);
  expect(devOpen(dev)).toBe(0);
  clock.advance(SECOND);
});

afterEach(() => {
  expect(kernel.shutdown()).toEqual({});
});

function packet(size = 100): SkBuff {
  const skb = kernel.skbs.alloc(64 + size) as SkBuff;
  skb.reserve(64);
  skb.put(size);
  skb.resetNetworkHeader();
  skb.dev = dev;
  skb.protocol = ETH_P_IP;
  return skb;
}

function made(): Neighbour {
  const neigh = tbl.lookup(dev, ADDR) ?? tbl.create(dev, ADDR);
  if (typeof neigh === 'number') throw new Error(`errno ${neigh}`);
  return neigh;
}

const seconds = (n: number): void => clock.advance(n * SECOND);

describe('the states of a neighbour', () => {
  it('asks three times, a second apart, then fails and gives up what waits [NEIGH-16] [NEIGH-17]', () => {
    const start = clock.now() / SECOND;
    const neigh = made();
    neighOutput(neigh, packet());
    expect(neigh.nudState).toBe(NUD_INCOMPLETE);
    seconds(5);
    expect(asked.map(([state, at]) => [state, at - start])).toEqual([[NUD_INCOMPLETE, 0], [NUD_INCOMPLETE, 1], [NUD_INCOMPLETE, 2]]);
    expect(neigh.nudState).toBe(NUD_FAILED);
    expect(kernel.skbs.drops[SKB_DROP_REASON_NEIGH_FAILED]).toBe(1);
    expect(sent).toEqual([]);
  });

  it('sends what waited, in order, when the answer comes [NEIGH-25]', () => {
    const neigh = made();
    neighOutput(neigh, packet(50));
    neighOutput(neigh, packet(60));
    expect(sent).toEqual([]);
    neighUpdate(neigh, MAC, 0, NUD_REACHABLE, NEIGH_UPDATE_F_OVERRIDE);
    expect(sent).toEqual(['2:0:0:0:0:9', '2:0:0:0:0:9']);
    expect(neigh.nudState).toBe(NUD_REACHABLE);
  });

  it('goes stale when idle, is checked five seconds after the next use, by questions to the address it had [NEIGH-14] [NEIGH-15]', () => {
    const neigh = made();
    neighUpdate(neigh, MAC, 0, NUD_REACHABLE, NEIGH_UPDATE_F_OVERRIDE);
    seconds(46); // at the most 1.5 times base_reachable_time
    expect(neigh.nudState).toBe(NUD_STALE);
    neighOutput(neigh, packet());
    expect([sent.length, neigh.nudState]).toEqual([1, NUD_DELAY]);
    const used = clock.now() / SECOND;
    seconds(5.5);
    expect(neigh.nudState).toBe(NUD_PROBE);
    seconds(4);
    expect(asked.map(([state, at]) => [state, at - used])).toEqual([[NUD_PROBE, 5], [NUD_PROBE, 6], [NUD_PROBE, 7]]);
    expect(neigh.nudState).toBe(NUD_FAILED);
  });

  it('is reachable again without a question if an upper layer confirms it in time', () => {
    const neigh = made();
    neighUpdate(neigh, MAC, 0, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE);
    neighOutput(neigh, packet());
    seconds(1);
    neigh.confirmed = kernel.timers.jiffies;
    seconds(5);
    expect([neigh.nudState, asked.length]).toEqual([NUD_REACHABLE, 0]);
  });

  it('keeps the newest packets within unres_qlen_bytes [NEIGH-21]', () => {
    const neigh = made();
    neigh.parms.set('queueLenBytes', 2 * packetTruesize() + 1);
    for (let i = 0; i < 5; i++) neighOutput(neigh, packet());
    expect(neigh.arpQueue.qlen).toBe(2);
    expect(kernel.skbs.drops[SKB_DROP_REASON_NEIGH_QUEUEFULL]).toBe(3);
  });

  it('finds an entry by address and device, also among a thousand [NEIGH-06]', () => {
    for (let i = 0; i < 1000; i++) expect(typeof tbl.create(dev, 0x0b000000 + i)).toBe('object');
    expect(tbl.stats.hashGrows).toBeGreaterThan(5);
    expect(tbl.lookup(dev, 0x0b000123)?.addr4).toBe(0x0b000123);
    expect(tbl.lookup(dev, 0x0b001000) === null).toBe(true);
  });
});

function packetTruesize(): number {
  const skb = packet();
  const { truesize } = skb;
  skb.consume();
  return truesize;
}
