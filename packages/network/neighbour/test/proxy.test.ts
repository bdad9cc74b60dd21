import { setupNet, type NetDevice, type SkBuff, SKB_DROP_REASON_NOT_SPECIFIED } from '@skbuff/core';
import { ENOBUFS, ENOENT } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { LOCALLY_ENQUEUED, NEIGH_CB_FLAGS, type PneighEntry, neighProxy } from '../src/index.ts';
import { Bench, useBench } from './support.ts';

const holder = useBench();

const K1 = 0x0a000001;
const K2 = 0x0a000002;

/** The addresses with their device, as `10.0.0.1 eth0`. */
const names = (b: Bench): string[] => neighProxy(b.tbl).entries.map(({ key, dev }) => `${key[0] & 0xffff} ${dev?.name ?? '*'}`);

describe('proxied addresses', () => {
  it('are found by namespace, address and device; one for all devices is found on each, but deleted as itself only [NEIGH-32]', () => {
    const { b } = holder;
    const proxy = neighProxy(b.tbl);
    const other = b.device();
    const own = proxy.create(b.net, b.dev, K1) as PneighEntry;
    const all = proxy.create(b.net, null, K2) as PneighEntry;
    const found = (dev: NetDevice | null, key: number): PneighEntry | null => proxy.lookup(b.net, dev, key);
    expect([found(b.dev, K1) === own, found(other, K1) === null, found(null, K1) === null]).toEqual([true, true, true]);
    expect([found(b.dev, K2) === all, found(other, K2) === all, found(null, K2) === all]).toEqual([true, true, true]);
    expect(proxy.lookup(setupNet(b.kernel) as typeof b.net, null, K2) === null).toBe(true);
    // There is one that covers it already.
    expect([proxy.create(b.net, b.dev, K2) === all, proxy.create(b.net, b.dev, K1) === own, proxy.entries.length]).toEqual([true, true, 2]);
    expect([proxy.delete(b.net, b.dev, K2), proxy.delete(b.net, other, K1), proxy.delete(b.net, null, K1)]).toEqual([-ENOENT, -ENOENT, -ENOENT]);
    expect([proxy.delete(b.net, b.dev, K1), proxy.delete(b.net, null, K2), proxy.entries.length]).toEqual([0, 0, 0]);
  });

  it('are told to the protocol when they come and go, which may refuse one: ENOBUFS [NEIGH-32]', () => {
    const calls: string[] = [];
    let answer = 0;
    const b = new Bench();
    b.tbl6.proxyOps = {
      pconstruct: (entry) => {
        calls.push(`+${entry.key[3]}`);
        return answer;
      },
      pdestruct: (entry) => void calls.push(`-${entry.key[3]}`),
      proxyRedo: (skb) => skb.consume(),
    };
    const proxy = neighProxy(b.tbl6);
    const refs = b.dev.refcount();
    answer = -5;
    expect([proxy.create(b.net, b.dev, 0, 0, 0, 1), proxy.entries.length, b.dev.refcount()]).toEqual([-ENOBUFS, 0, refs]);
    answer = 1;
    expect(proxy.create(b.net, b.dev, 0, 0, 0, 1)).toBe(-ENOBUFS);
    answer = 0;
    for (const n of [1, 2, 3, 3]) proxy.create(b.net, b.dev, 0, 0, 0, n);
    expect(b.dev.refcount()).toBe(refs + 3);
    proxy.delete(b.net, b.dev, 0, 0, 0, 2);
    b.tbl6.ifdown(b.dev);
    expect(calls).toEqual(['+1', '+1', '+1', '+2', '+3', '-2', '-1', '-3']);
    expect([proxy.entries.length, b.dev.refcount()]).toEqual([0, refs]);
    expect(b.shutdown()).toEqual({});
  });

  it('go with their device; a lost carrier spares what is permanent [NEIGH-32]', () => {
    const { b } = holder;
    const proxy = neighProxy(b.tbl);
    const other = b.device();
    for (const dev of [b.dev, other, null]) for (const key of [K1, 3]) proxy.create(b.net, dev, dev === null ? key + 100 : key);
    (proxy.lookup(b.net, b.dev, K1) as PneighEntry).permanent = true;
    b.tbl.carrierDown(b.dev);
    expect(names(b).sort()).toEqual([`1 ${b.dev.name}`, `1 ${other.name}`, '101 *', '103 *', `3 ${other.name}`]);
    b.tbl.ifdown(b.dev);
    expect(names(b).sort()).toEqual([`1 ${other.name}`, '101 *', '103 *', `3 ${other.name}`]);
  });

  it('lie in 16 buckets by the exclusive or of the digits of the last word, the newest of a bucket first [NEIGH-02] [NEIGH-32]', () => {
    const { b } = holder;
    // As `ip neigh show proxy` lists them on Linux 6.18 when they were added in this order.
    const added = [0x0a090101, 0x0a090102, 0x0a090103, 0xc0a80721, 0x0a090112, 0xac100009, 0x01020304];
    for (const key of added) neighProxy(b.tbl).create(b.net, b.dev, key);
    expect(neighProxy(b.tbl).entries.map(({ key }) => key[0] >>> 0)).toEqual([0x0a090102, 0x0a090112, 0x0a090103, 0x0a090101, 0x01020304, 0xc0a80721, 0xac100009]);
  });
});

describe('the proxy queue', () => {
  function request(b: Bench, dev: NetDevice = b.dev): SkBuff {
    const skb = b.packet(60, dev);
    skb.cb.fill(0);
    return skb;
  }

  it('gives every request back after a random time below proxy_delay, marked [NEIGH-33]', () => {
    const flags: number[] = [];
    const times: number[] = [];
    const b = new Bench();
    b.tbl.proxyOps = {
      pconstruct: null,
      pdestruct: null,
      proxyRedo: (skb) => {
        flags.push(skb.cb[NEIGH_CB_FLAGS] as number);
        times.push(b.now());
        skb.consume();
      },
    };
    const parms = b.tbl.parmsOf(b.dev);
    parms.proxyQlen = 1000;
    const start = b.now();
    for (let i = 0; i < 500; i++) neighProxy(b.tbl).enqueue(parms, request(b));
    expect([neighProxy(b.tbl).queue.qlen, parms.qlen]).toEqual([500, 500]);
    b.ms(799);
    expect([neighProxy(b.tbl).queue.qlen, parms.qlen, times.length]).toEqual([0, 0, 500]);
    expect([...times].sort((x, y) => x - y)).toEqual(times);
    expect((times[0] as number) - start).toBeLessThan(20);
    expect((times.at(-1) as number) - start).toBeGreaterThan(780);
    expect(new Set(flags)).toEqual(new Set([LOCALLY_ENQUEUED]));
    expect(b.shutdown()).toEqual({});
  });

  it('draws the time by the seed of the kernel [NEIGH-33]', () => {
    const times = (seed: number): number[] => {
      const b = new Bench({ seed });
      for (let i = 0; i < 20; i++) neighProxy(b.tbl).enqueue(b.tbl.parmsOf(b.dev), request(b));
      b.ms(1000);
      expect(b.shutdown()).toEqual({});
      return b.redone;
    };
    expect(times(3)).toEqual(times(3));
    expect(times(3)).not.toEqual(times(4));
  });

  it('takes proxy_qlen requests of a device and one more; the rest are dropped [NEIGH-33]', () => {
    const { b } = holder;
    const other = b.device();
    const parms = b.tbl.parmsOf(b.dev);
    const start = b.drops(SKB_DROP_REASON_NOT_SPECIFIED);
    for (let i = 0; i < 70; i++) neighProxy(b.tbl).enqueue(parms, request(b));
    neighProxy(b.tbl).enqueue(b.tbl.parmsOf(other), request(b, other));
    expect([parms.qlen, neighProxy(b.tbl).queue.qlen, b.drops(SKB_DROP_REASON_NOT_SPECIFIED) - start]).toEqual([65, 66, 5]);
    parms.proxyQlen = 0;
    b.ms(800);
    expect(b.redone.length).toBe(66);
    neighProxy(b.tbl).enqueue(parms, request(b));
    neighProxy(b.tbl).enqueue(parms, request(b));
    expect(parms.qlen).toBe(1);
    b.ms(800);
  });

  it('holds the device of a request, drops requests of one that is down, and of a namespace whose device goes down [NEIGH-33]', () => {
    const { b } = holder;
    const parms = b.tbl.parmsOf(b.dev);
    const refs = b.dev.refcount();
    neighProxy(b.tbl).enqueue(parms, request(b));
    expect(b.dev.refcount()).toBe(refs + 1);
    const start = b.drops(SKB_DROP_REASON_NOT_SPECIFIED);
    const { running } = b.dev;
    b.dev.running = () => false;
    b.ms(800);
    b.dev.running = running;
    expect([b.redone, b.dev.refcount(), b.drops(SKB_DROP_REASON_NOT_SPECIFIED) - start]).toEqual([[], refs, 1]);
    neighProxy(b.tbl).enqueue(parms, request(b));
    b.tbl.ifdown(b.device());
    expect([neighProxy(b.tbl).queue.qlen, parms.qlen, b.dev.refcount()]).toEqual([0, 0, refs]);
    b.ms(800);
    expect(b.redone).toEqual([]);
  });
});
