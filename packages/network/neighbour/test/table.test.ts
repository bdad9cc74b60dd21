import { SKB_DROP_REASON_NOT_SPECIFIED } from '@skbuff/core';
import { EINVAL, ENETDOWN, ENOBUFS, ENOENT, IFF_POINTOPOINT, NUD_PERMANENT, NUD_REACHABLE } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { NEIGH_UPDATE_F_ADMIN, type Neighbour, NEIGHBOUR, neighOutput, neighUpdate, neighProxy } from '../src/index.ts';
import { Bench, mac, stateName, useBench } from './support.ts';

const holder = useBench();

const A = '10.0.0.9';
const KEY = 0x0a000009;

describe('a table', () => {
  it('starts with 8 buckets, is listed, and collects first after a reachable time, then every half base_reachable_time [NEIGH-03]', () => {
    const { b } = holder;
    const { tables } = b.kernel.services.get(NEIGHBOUR);
    expect(tables.map((tbl) => [tbl.id, tbl.buckets.length, tbl.lastFlush, tbl.entries])).toEqual([['test_cache', 8, 0, 0], ['test6_cache', 8, 0, 0]]);
    const first = b.tbl.parms.reachableTime;
    b.ms(first - b.now() - 1);
    expect(b.tbl.stats.periodicGcRuns).toBe(0);
    b.ms(1);
    expect(b.tbl.stats.periodicGcRuns).toBe(1);
    b.ms(14_999);
    expect(b.tbl.stats.periodicGcRuns).toBe(1);
    b.ms(1);
    expect(b.tbl.stats.periodicGcRuns).toBe(2);
    // A table has its clock for itself.
    expect(b.tbl6.parms.reachableTime).not.toBe(first);
  });

  it('that is cleared lets everything go: entries, what waits, proxied addresses, settings, its place in the list [NEIGH-04]', () => {
    const { b } = holder;
    b.listen();
    b.send(A);
    b.send('10.0.0.10');
    neighProxy(b.tbl).create(b.net, b.dev, 0x0a000001);
    expect(b.sysctl(`ipv4/neigh/${b.dev.name}/mcast_solicit`)).toBe('3');
    b.tbl.clear();
    b.ms(100_000);
    expect(b.events()).toEqual(['DEL 10.0.0.10 INCOMPLETE probes 4', 'DEL 10.0.0.9 INCOMPLETE probes 4']);
    expect([b.tbl.entries, b.tbl.stats.destroys, neighProxy(b.tbl).entries.length, b.asked.length, b.tbl.stats.periodicGcRuns]).toEqual([0, 2, 0, 2, 0]);
    expect(b.sysctl(`ipv4/neigh/${b.dev.name}/mcast_solicit`)).toBe(-ENOENT);
    expect(b.sysctl('ipv4/neigh/default/gc_thresh1')).toBe(-ENOENT);
    expect(b.kernel.services.get(NEIGHBOUR).tables.map((tbl) => tbl.id)).toEqual(['test6_cache']);
  });

  it('doubles its buckets when there are more entries than buckets, and finds every entry afterwards [NEIGH-06]', () => {
    const { b } = holder;
    const sizes = new Map<number, number>();
    for (let i = 1; i <= 1000; i++) {
      b.entry(`10.1.${i >> 8}.${i & 255}`);
      if (!sizes.has(b.tbl.buckets.length)) sizes.set(b.tbl.buckets.length, i);
    }
    expect([...sizes]).toEqual([[8, 1], [16, 9], [32, 17], [64, 33], [128, 65], [256, 129], [512, 257], [1024, 513]]);
    expect(b.tbl.stats.hashGrows).toBe(7);
    for (let i = 1; i <= 1000; i++) expect(b.tbl.lookup(b.dev, 0x0a010000 + i)?.addr4).toBe(0x0a010000 + i);
    expect(b.tbl.lookup(b.dev, 0x0a020001) === null).toBe(true);
  });

  it('looks an address up in a chain whose length does not grow with the table, whatever the addresses [PAT-03]', () => {
    const longest = (k3: (i: number) => number, k1: (i: number) => number = () => 0): number => {
      const b = new Bench();
      for (let i = 0; i < 1000; i++) b.tbl6.create(b.dev, 0, k1(i), 0, k3(i));
      const lengths = Array.from({ length: b.tbl6.buckets.length }, (_, at) => {
        let n = 0;
        for (let e = b.tbl6.buckets[at] ?? null; e !== null; e = e.next) n++;
        return n;
      });
      expect(lengths.reduce((sum, n) => sum + n, 0)).toBe(1000);
      expect(b.shutdown()).toEqual({});
      return Math.max(...lengths);
    };
    for (const step of [1, 16, 256, 65536]) expect(longest((i) => 1 + i * step)).toBeLessThan(16);
    // Chosen so that they cancel each other out in a sum of words with factors that all know.
    const [factor, inverse] = [0x85ebca6b, 0xa0fe3bcf];
    expect(Math.imul(0x27d4eb2f, inverse)).toBe(1);
    expect(longest((i) => Math.imul(inverse, Math.imul(i, factor)), (i) => i)).toBeLessThan(16);
  });

  it('knows entries by device and by the whole address, of 4 bytes or 16 [NEIGH-05] [NEIGH-24]', () => {
    const { b } = holder;
    const other = b.device();
    const one = b.entry(A);
    expect(b.tbl.lookup(other, KEY) === null).toBe(true);
    expect(b.entry(A, other) === one).toBe(false);
    const six = b.tbl6.create(b.dev, 0x20010db8, 1, 2, 3) as Neighbour;
    expect(b.tbl6.lookup(b.dev, 0x20010db8, 1, 2, 3) === six).toBe(true);
    expect([
      b.tbl6.lookup(b.dev, 0x20010db9, 1, 2, 3),
      b.tbl6.lookup(b.dev, 0x20010db8, 0, 2, 3),
      b.tbl6.lookup(b.dev, 0x20010db8, 1, 0, 3),
      b.tbl6.lookup(b.dev, 0x20010db8, 1, 2, 0),
    ].every((n) => n === null)).toBe(true);
    expect(b.tbl.lookup(b.dev, 0x20010db8) === null).toBe(true);
  });

  it('counts every lookup, and those that found something [NEIGH-24]', () => {
    const { b } = holder;
    expect(b.tbl.find(b.dev, KEY) === null).toBe(true);
    expect([b.tbl.stats.lookups, b.tbl.stats.hits]).toEqual([1, 0]);
    const neigh = b.entry(A);
    expect(b.tbl.find(b.dev, KEY) === neigh).toBe(true);
    expect([b.tbl.stats.lookups, b.tbl.stats.hits]).toEqual([2, 1]);
  });

  it('has one neighbour for all addresses where the device has but one [NEIGH-07]', () => {
    const b = new Bench({ table: { oneNeighFlags: IFF_POINTOPOINT } });
    b.dev.flags |= IFF_POINTOPOINT;
    const neigh = b.entry('10.0.0.1');
    expect(b.entry('10.0.0.2') === neigh).toBe(true);
    expect([neigh.addr4, b.tbl.entries]).toEqual([0, 1]);
    expect(b.shutdown()).toEqual({});
  });
});

describe('making an entry', () => {
  it('gives it no state, no life outside the table before it is in it, and a confirmation of long ago [NEIGH-07]', () => {
    const { b } = holder;
    b.ms(500_000);
    const neigh = b.tbl.create(b.dev, KEY) as Neighbour;
    expect([stateName(neigh.nudState), neigh.dead, neigh.refcnt]).toEqual(['NONE', false, 1]);
    expect([neigh.confirmed, neigh.used, neigh.updated]).toEqual([b.now() - 60_000, b.now(), b.now()]);
    expect(neigh.parms === b.tbl.parmsOf(b.dev)).toBe(true);
  });

  it('returns the entry that is there already [NEIGH-07]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    expect(b.tbl.create(b.dev, KEY) === neigh).toBe(true);
    expect([b.tbl.entries, b.tbl.gcEntries, b.tbl.stats.allocs, b.tbl.stats.destroys]).toEqual([1, 1, 2, 1]);
  });

  it('asks the protocol, then the device, then the owner of the settings; each may refuse [NEIGH-07]', () => {
    const { b } = holder;
    const calls: string[] = [];
    let refuse = '';
    const say = (who: string): number => {
      calls.push(who);
      return who === refuse ? -EINVAL : 0;
    };
    const dev = b.device({ ndoNeighConstruct: () => say('device'), ndoNeighDestroy: () => void calls.push('destroy') });
    const parms = b.tbl.parmsOf(dev);
    parms.neighSetup = () => say('settings');
    for (refuse of ['device', 'settings']) {
      expect(b.tbl.create(dev, KEY)).toBe(-EINVAL);
      expect([b.tbl.entries, b.tbl.gcEntries, parms.refcnt, b.tbl.lookup(dev, KEY) === null]).toEqual([0, 0, 1, true]);
    }
    refuse = '';
    const neigh = b.entry(A, dev);
    expect(b.tbl.remove(neigh)).toBe(true);
    expect(calls).toEqual(['device', 'destroy', 'device', 'settings', 'destroy', 'device', 'settings', 'destroy']);
    parms.dead = true;
    expect(b.tbl.create(dev, KEY)).toBe(-EINVAL);
  });

  it('is refused by a protocol that is not at home on the device [NEIGH-07]', () => {
    const b = new Bench({ table: { construct: () => -EINVAL } });
    expect(b.tbl.create(b.dev, KEY)).toBe(-EINVAL);
    expect([b.tbl.entries, b.tbl.gcEntries]).toEqual([0, 0]);
    expect(b.shutdown()).toEqual({});
  });

  it('counts entries, and fails with ENOBUFS when gc_thresh3 is reached and nothing can go [NEIGH-07] [NEIGH-08]', () => {
    const { b } = holder;
    Object.assign(b.tbl, { gcThresh2: 2, gcThresh3: 3 });
    for (let i = 1; i <= 3; i++) b.entry(`10.0.1.${i}`);
    expect(b.tbl.create(b.dev, KEY)).toBe(-ENOBUFS);
    expect([b.tbl.entries, b.tbl.gcEntries, b.tbl.stats.allocs, b.tbl.stats.tableFulls, b.tbl.stats.forcedGcRuns]).toEqual([3, 3, 3, 1, 1]);
    expect(b.log.at(-1)).toContain('neighbour: test_cache: neighbor table overflow!');
  });

  it('has an output that loses packets until the protocol gives it one: ENETDOWN [NEIGH-08] [NEIGH-09]', () => {
    const b = new Bench({ table: { construct: () => 0 } });
    const neigh = b.entry(A);
    expect(neighOutput(neigh, b.packet())).toBe(-ENETDOWN);
    expect([b.drops(SKB_DROP_REASON_NOT_SPECIFIED), b.sent]).toEqual([1, []]);
    expect(b.shutdown()).toEqual({});
  });
});

describe('references', () => {
  it('keep an entry alive: the last one destroys it and lets the device go [NEIGH-12]', () => {
    const { b } = holder;
    const before = b.dev.refcount();
    const neigh = b.entry(A).hold();
    expect(b.dev.refcount()).toBe(before + 1);
    // Somebody holds it: it stays in the table.
    expect([b.tbl.remove(neigh), b.tbl.entries]).toEqual([false, 1]);
    b.tbl.ifdown(b.dev);
    expect([neigh.dead, b.tbl.entries, b.tbl.stats.destroys, b.dev.refcount()]).toEqual([true, 1, 0, before + 1]);
    neigh.release();
    expect([b.tbl.entries, b.tbl.stats.destroys, b.dev.refcount()]).toEqual([0, 1, before]);
  });

  it('are held by a running timer [NEIGH-12]', () => {
    const { b } = holder;
    b.send(A);
    expect(b.entry(A).refcnt).toBe(2);
    b.ms(3000);
    expect([b.state(A), b.entry(A).refcnt]).toEqual(['FAILED', 1]);
  });

  it('cannot destroy an entry that is in its table: it is told, and left as it is [NEIGH-12]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    neigh.release();
    expect([b.tbl.stats.destroys, b.tbl.entries, b.log.at(-1)]).toEqual([1, 1, expect.stringContaining(`neighbour: Destroying alive neighbour on ${b.dev.name}`)]);
    neigh.refcnt = 1;
  });
});

describe('a device that goes down (neigh_flush_dev)', () => {
  it('loses its entries, the newest first, and what waits for them; other devices keep theirs [NEIGH-13]', () => {
    const { b } = holder;
    const other = b.device();
    b.entry(A, other);
    b.listen();
    b.send('10.0.0.1');
    b.entry('10.0.0.2');
    neighUpdate(b.entry('10.0.0.3'), mac(3), 0, NUD_PERMANENT, NEIGH_UPDATE_F_ADMIN);
    b.events();
    b.tbl.ifdown(b.dev);
    expect(b.events()).toEqual(['DEL 10.0.0.3 PERMANENT 03', 'DEL 10.0.0.2 NONE', 'DEL 10.0.0.1 INCOMPLETE probes 4']);
    b.ms(10_000);
    expect([b.tbl.entries, b.asked.length, b.state(A, other)]).toEqual([1, 1, 'NONE']);
  });

  it('leaves an entry that somebody holds as a shell that sends nothing, with the state NOARP if it had an address, else NONE [NEIGH-09] [NEIGH-13]', () => {
    const { b } = holder;
    const valid = b.entry('10.0.0.1').hold();
    neighUpdate(valid, mac(1), 0, NUD_REACHABLE, 0);
    b.send('10.0.0.2');
    const asking = b.entry('10.0.0.2').hold();
    b.tbl.ifdown(b.dev);
    expect([valid, asking].map((n) => [stateName(n.nudState), n.dead, n.refcnt, n.arpQueue.qlen])).toEqual([['NOARP', true, 1, 0], ['NONE', true, 1, 0]]);
    expect([valid, asking].map((n) => neighOutput(n, b.packet()))).toEqual([-ENETDOWN, -ENETDOWN]);
    expect([b.sent, b.tbl.lookup(b.dev, 0x0a000001) === null, b.tbl.entries]).toEqual([[], true, 2]);
    valid.release();
    asking.release();
    expect(b.tbl.entries).toBe(0);
  });
});
