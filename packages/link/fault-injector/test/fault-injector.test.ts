import {
  CHECKSUM_PARTIAL,
  createKernel,
  setupNet,
  devChangeNetNamespace,
  devClose,
  devOpen,
  type Net,
  NETIF_F_TSO,
  type NetDevice,
  type PacketType,
  Random, randomFraction,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_QDISC_DROP,
  SKB_DROP_REASON_QDISC_OVERLIMIT,
  SKB_DROP_REASON_QUEUE_PURGE,
  TX_PACKETS,
  unregisterNetdeviceMany,
} from '@skbuff/core';
import { EBUSY, EINVAL, ETH_P_ALL } from '@skbuff/uapi';
import { ipComputeCsum } from '@skbuff/wire';
import { vethAlloc, vethLinkOps } from '@skbuff/veth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultInjector, faultInjectorOf, type Impairment, impairLink, injectFaults } from '../src/index.ts';
import { Cable, MS } from './support.ts';

let cable: Cable;

beforeEach(() => {
  cable = new Cable();
});

afterEach(() => {
  expect(cable.kernel.shutdown()).toEqual({});
});

function inject(impairment: Impairment = {}, dev: NetDevice = cable.a): FaultInjector {
  const made = injectFaults(dev, impairment);
  if (typeof made === 'number') throw new Error(`injectFaults: ${made}`);
  return made;
}

/** What came in and what went out, with what is under way: equal, whatever happened. */
function balance({ counters: c, queued }: FaultInjector): [number, number] {
  return [c.taken + c.duplicated, c.delivered + c.lost + c.overlimit + c.down + c.failed + c.purged + queued];
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('without impairment', () => {
  it('every packet passes at once, in order', () => {
    const injector = inject();
    cable.send(5);
    expect([cable.ids(), cable.times(), injector.counters.delivered]).toEqual([upTo(5), [0, 0, 0, 0, 0], 5]);
  });
});

describe('loss', () => {
  it('takes about its share, and nobody is told', () => {
    const injector = inject({ loss: 0.1 });
    cable.send(5000);
    const { lost } = injector.counters;
    expect(lost).toBeGreaterThan(400);
    expect(lost).toBeLessThan(600);
    expect([cable.arrivals.length, cable.kernel.skbs.drops[SKB_DROP_REASON_QDISC_DROP], cable.a.stats[TX_PACKETS]]).toEqual([5000 - lost, lost, 5000 - lost]);
  });

  it('takes everything, or nothing', () => {
    const injector = inject({ loss: 1 });
    cable.send(50);
    injector.setImpairment({ loss: 0 });
    cable.send(50);
    expect(cable.ids()).toEqual(upTo(100).slice(50));
  });

  it('is the same for the same seed, and another for another', () => {
    const run = (seed: number): number[] => {
      const other = new Cable(seed);
      injectFaults(other.a, { loss: 0.3 }, { name: 'wan' });
      other.send(60);
      other.kernel.shutdown();
      return other.ids();
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('hits the same packets when other faults are switched on', () => {
    const run = (impairment: Impairment): number[] => {
      const other = new Cable();
      injectFaults(other.a, impairment, { name: 'wan' });
      other.send(100);
      other.clock.runUntilIdle();
      other.kernel.shutdown();
      return [...new Set(other.ids())].sort((x, y) => x - y);
    };
    expect(run({ loss: 0.3, delay: 5 * MS, jitter: MS, reorder: 0.2 })).toEqual(run({ loss: 0.3 }));
  });
});

describe('duplication', () => {
  it('delivers a share twice', () => {
    const injector = inject({ duplicate: 1 });
    cable.send(3);
    expect([cable.ids(), injector.counters.duplicated]).toEqual([[0, 0, 1, 1, 2, 2], 3]);
  });

  it('with loss leaves one', () => {
    inject({ duplicate: 1, loss: 1 });
    cable.send(3);
    expect(cable.ids()).toEqual([0, 1, 2]);
  });
});

describe('corruption', () => {
  let dirty: number[] = [];
  /** Sees every frame that arrives, whatever its type has become. */
  const tap: PacketType = {
    type: ETH_P_ALL,
    dev: null,
    net: null,
    ignoreOutgoing: true,
    listFunc: null,
    func: (skb) => {
      dirty.push(...skb.bytes.subarray(skb.macHeader, skb.tail));
      skb.consume();
      return 0;
    },
  };

  beforeEach(() => {
    dirty = [];
  });

  it('turns over exactly one bit of the frame', () => {
    const injector = inject({ corrupt: 1 });
    const clean: number[] = [];
    cable.kernel.softnet.addPack(tap);
    cable.send(200, 100, (skb) => clean.push(...skb.bytes.subarray(skb.data, skb.tail)));
    cable.kernel.softnet.removePack(tap);
    expect([injector.counters.corrupted, injector.counters.delivered, dirty.length]).toEqual([200, 200, clean.length]);
    const frames = upTo(200).map((i) => differingBits(clean.slice(i * 100, i * 100 + 100), dirty.slice(i * 100, i * 100 + 100)));
    expect(new Set(frames)).toEqual(new Set([1]));
  });

  it('finishes the checksum before, so that it can be noticed', () => {
    inject({ corrupt: 1 });
    cable.send(50, 100, (skb) => {
      skb.ipSummed = CHECKSUM_PARTIAL;
      skb.csumStart = skb.data + 14;
      skb.csumOffset = 10;
    });
    const wrong = cable.arrivals.filter(({ bytes }) => ipComputeCsum(Uint8Array.from(bytes), 0, bytes.length) !== 0).length;
    expect(wrong).toBeGreaterThan(30);
    expect(cable.arrivals.some(({ bytes }) => (bytes[10] as number) !== 0)).toBe(true);
  });

  it('spoils only the one copy', () => {
    inject({ corrupt: 1, duplicate: 1 });
    cable.send(20);
    const pairs = upTo(20).map((id) => cable.arrivals.filter((arrival) => arrival.id === id).map(({ bytes }) => bytes.join()));
    expect(pairs.some(([one, other]) => one !== other)).toBe(true);
  });

  it('drops a super-packet instead, whose segments would be summed up later', () => {
    const injector = inject({ corrupt: 1 });
    cable.send(1, 1000, (skb) => {
      skb.shinfo.gsoSize = 100;
    });
    expect([cable.arrivals.length, injector.counters.failed, balance(injector)]).toEqual([0, 1, [1, 1]]);
  });
});

describe('delay', () => {
  it('delivers each packet that much later, in order', () => {
    const injector = inject({ delay: 20 * MS });
    cable.send(2);
    cable.clock.advance(5 * MS);
    cable.send(1);
    expect([cable.arrivals.length, injector.queued]).toEqual([0, 3]);
    cable.clock.runUntilIdle();
    expect([cable.ids(), cable.times()]).toEqual([[0, 1, 2], [20 * MS, 20 * MS, 25 * MS]]);
  });

  it('frees the sender of the packet while it is under way', () => {
    inject({ delay: MS });
    let freed = false;
    cable.send(1, 100, (skb) => {
      skb.destructor = () => {
        freed = true;
      };
    });
    expect([freed, cable.arrivals.length]).toEqual([true, 0]);
  });

  it('keeps the order when it becomes shorter, and the times of what is under way', () => {
    const injector = inject({ delay: 50 * MS });
    cable.send(2);
    cable.clock.advance(10 * MS);
    injector.setImpairment({});
    cable.send(1);
    cable.clock.runUntilIdle();
    cable.send(1);
    expect([cable.ids(), cable.times()]).toEqual([[0, 1, 2, 3], [50 * MS, 50 * MS, 50 * MS, 50 * MS]]);
  });

  it.each(['uniform', 'normal'] as const)('varies with %s jitter, which reorders', (distribution) => {
    inject({ delay: 20 * MS, jitter: 5 * MS, distribution });
    cable.send(900);
    cable.clock.runUntilIdle();
    const times = cable.times();
    const mean = times.reduce((sum, t) => sum + t, 0) / times.length;
    const deviation = Math.sqrt(times.reduce((sum, t) => sum + (t - mean) ** 2, 0) / times.length);
    expect(Math.abs(mean - 20 * MS)).toBeLessThan(0.6 * MS);
    // A uniform distribution of that half width has the deviation 5 ms / √3.
    expect(deviation / MS).toBeCloseTo(distribution === 'uniform' ? 2.89 : 5, 0);
    expect(cable.ids()).not.toEqual(upTo(900));
    expect([...times].sort((x, y) => x - y)).toEqual(times);
    if (distribution === 'uniform') expect([Math.min(...times) >= 15 * MS, Math.max(...times) <= 25 * MS]).toEqual([true, true]);
  });

  it('never delivers before the packet was sent', () => {
    inject({ delay: MS, jitter: 10 * MS });
    cable.clock.advance(100 * MS);
    cable.send(200);
    cable.clock.runUntilIdle();
    expect(Math.min(...cable.times())).toBe(100 * MS);
  });
});

describe('reordering', () => {
  it('lets a share jump the queue', () => {
    const injector = inject({ delay: 10 * MS, reorder: 0.25 });
    cable.send(100);
    const early = cable.ids().length === 0;
    cable.clock.runUntilIdle();
    const { reordered } = injector.counters;
    expect([early, cable.times().filter((t) => t === 0).length, cable.times().filter((t) => t === 10 * MS).length]).toEqual([true, reordered, 100 - reordered]);
    expect(reordered).toBeGreaterThan(10);
    expect(reordered).toBeLessThan(45);
  });
});

describe('rate', () => {
  it('sends one packet after the other', () => {
    // 1000 bytes at 8 Mbit/s are a millisecond.
    inject({ rate: 8e6 });
    cable.send(3, 1000);
    cable.clock.runUntilIdle();
    expect(cable.times()).toEqual([MS, 2 * MS, 3 * MS]);
  });

  it('comes before the delay', () => {
    inject({ rate: 8e6, delay: 10 * MS });
    cable.send(2, 1000);
    cable.clock.advance(5 * MS);
    cable.send(1, 1000);
    cable.clock.runUntilIdle();
    expect(cable.times()).toEqual([11 * MS, 12 * MS, 16 * MS]);
  });

  it('drops what exceeds the limit: 1000 by default', () => {
    const injector = inject({ rate: 8e6 });
    cable.send(1003, 1000);
    expect([injector.queued, injector.counters.overlimit, cable.kernel.skbs.drops[SKB_DROP_REASON_QDISC_OVERLIMIT]]).toEqual([1000, 3, 3]);
    injector.setImpairment({ rate: 8e6, limit: 1001 });
    cable.send(2, 1000);
    expect([injector.queued, injector.counters.overlimit]).toEqual([1001, 4]);
  });
});

describe('a cut cable', () => {
  it('takes the carrier of both ends and what is under way, and gives the carrier back', () => {
    const link = impairLink(cable.a, cable.b, { delay: 5 * MS });
    if (typeof link === 'number') throw new Error(`impairLink: ${link}`);
    cable.send(2);
    link.setDown(true);
    expect([cable.a.carrierOk(), cable.b.carrierOk(), link.there.queued, cable.kernel.skbs.drops[SKB_DROP_REASON_DEV_READY]]).toEqual([false, false, 0, 2]);
    cable.send(1);
    expect(link.there.counters.down).toBe(3);
    link.setDown(false);
    expect([cable.a.carrierOk(), cable.b.carrierOk()]).toEqual([true, true]);
    cable.clock.advance(0);
    cable.send(1);
    cable.clock.runUntilIdle();
    expect([cable.ids(), balance(link.there)]).toEqual([[3], [4, 4]]);
  });

  it('has no carrier either when an end comes up meanwhile', () => {
    const link = impairLink(cable.a, cable.b);
    if (typeof link === 'number') throw new Error(`impairLink: ${link}`);
    link.setDown(true);
    devClose(cable.b);
    devOpen(cable.b);
    expect([cable.a.carrierOk(), cable.b.carrierOk()]).toEqual([false, false]);
    devClose(cable.b);
    link.setDown(false);
    expect([cable.a.carrierOk(), cable.b.carrierOk()]).toEqual([false, false]);
    devOpen(cable.b);
    expect([cable.a.carrierOk(), cable.b.carrierOk()]).toEqual([true, true]);
  });

  it('is mended when the injectors are taken out', () => {
    const link = impairLink(cable.a, cable.b);
    if (typeof link === 'number') throw new Error(`impairLink: ${link}`);
    link.setDown(true);
    link.remove();
    expect([cable.a.carrierOk(), cable.b.carrierOk(), faultInjectorOf(cable.a), faultInjectorOf(cable.b)]).toEqual([true, true, null, null]);
  });
});

describe('the injector', () => {
  it('is put on and taken off without the device knowing; what was under way is freed', () => {
    const ops = cable.a.ops;
    const injector = inject({ delay: MS });
    cable.send(2);
    expect([cable.a.ops === ops, faultInjectorOf(cable.a) === injector, injectFaults(cable.a)]).toEqual([false, true, -EBUSY]);
    injector.remove();
    injector.remove();
    expect([cable.a.ops === ops, faultInjectorOf(cable.a), injector.counters.purged, cable.kernel.skbs.drops[SKB_DROP_REASON_QUEUE_PURGE]]).toEqual([true, null, 2, 2]);
    cable.send(1);
    expect([cable.ids(), injector.counters.taken]).toEqual([[2], 2]);
  });

  it('only passes on after its removal where somebody wrapped the device after it', () => {
    const injector = inject({ loss: 1 });
    const under = cable.a.ops;
    let seen = 0;
    cable.a.ops = {
      ...under,
      ndoStartXmit: (skb, dev) => {
        seen++;
        return under.ndoStartXmit(skb, dev);
      },
    };
    injector.remove();
    cable.send(2);
    expect([seen, cable.ids()]).toEqual([2, [0, 1]]);
  });

  it('switches segmentation offload off, and on again', () => {
    expect(cable.a.features & NETIF_F_TSO).not.toBe(0);
    const injector = inject();
    expect(cable.a.features & NETIF_F_TSO).toBe(0);
    injector.remove();
    expect(cable.a.features & NETIF_F_TSO).not.toBe(0);
  });

  it('frees what is under way when its device is closed', () => {
    const injector = inject({ delay: MS });
    cable.send(2);
    devClose(cable.a);
    expect([injector.queued, injector.counters.purged, balance(injector)]).toEqual([0, 2, [2, 2]]);
  });

  it('follows its device into another namespace', () => {
    inject({ delay: MS });
    expect(devChangeNetNamespace(cable.a, setupNet(cable.kernel) as Net, null)).toBe(0);
    devOpen(cable.a);
    cable.clock.advance(0);
    cable.send(1);
    cable.clock.runUntilIdle();
    expect(cable.times()).toEqual([MS]);
  });

  it('goes with its device', () => {
    const injector = inject({ delay: MS });
    cable.send(2);
    const doomed: NetDevice[] = [];
    vethLinkOps.dellink?.(cable.a, doomed);
    unregisterNetdeviceMany(doomed);
    cable.clock.advance(0);
    expect([faultInjectorOf(cable.a), injector.queued, cable.kernel.leaks()['timer'] ?? 0]).toEqual([null, 0, 0]);
  });

  it.each<[string, Impairment]>([
    ['a share above 1', { loss: 1.1 }],
    ['a negative share', { duplicate: -0.1 }],
    ['no number', { corrupt: Number.NaN }],
    ['a negative delay', { delay: -1 }],
    ['an endless delay', { delay: Number.POSITIVE_INFINITY }],
    ['reordering without delay', { reorder: 0.1 }],
  ])('refuses %s and changes nothing', (_name, bad) => {
    const injector = inject({ loss: 0.5 });
    expect([injector.setImpairment(bad), injector.impairment.loss, injectFaults(cable.b, bad)]).toEqual([-EINVAL, 0.5, -EINVAL]);
  });

  it('refuses a device that is not registered', () => {
    const kernel = createKernel();
    const dev = vethAlloc(kernel.initNet, 'x', vethLinkOps, undefined, undefined);
    expect(injectFaults(dev)).toBe(-EINVAL);
  });
});

it('accounts for every packet, whatever happens', () => {
  const dice = new Random(42);
  const injector = inject();
  let sent = 0;
  for (let step = 0; step < 400; step++) {
    const share = (): number => (dice.below(3) === 0 ? randomFraction(dice) : 0);
    const delay = dice.below(3) * MS;
    if (dice.below(4) === 0) {
      injector.setImpairment({ loss: share(), duplicate: share(), corrupt: share(), reorder: delay > 0 ? share() : 0, delay, jitter: dice.below(2) * MS, rate: dice.below(2) * 1e7, limit: 20 });
    }
    if (dice.below(20) === 0) injector.setDown(!injector.down);
    if (dice.below(40) === 0) {
      devClose(cable.a);
      devOpen(cable.a);
    }
    cable.clock.advance(dice.below(3) * 100_000);
    const before = injector.counters.taken;
    cable.send(dice.below(8), 200);
    sent += injector.counters.taken - before;
    const [incoming, outgoing] = balance(injector);
    expect(outgoing).toBe(incoming);
  }
  injector.setDown(false);
  cable.clock.runUntilIdle();
  expect([injector.queued, injector.counters.taken, cable.kernel.skbs.inUse]).toEqual([0, sent, 0]);
  const { delivered, lost, overlimit, purged } = injector.counters;
  expect([delivered, lost, overlimit, purged].every((n) => n > 0)).toBe(true);
});

function differingBits(one: readonly number[], other: readonly number[]): number {
  let bits = 0;
  for (let i = 0; i < one.length; i++) for (let x = (one[i] as number) ^ (other[i] as number); x !== 0; x &= x - 1) bits++;
  return bits;
}
