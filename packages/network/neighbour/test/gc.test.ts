import { HZ } from '@skbuff/core';
import { NTF_EXT_LEARNED, NUD_FAILED, NUD_NOARP, NUD_PERMANENT, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  NEIGH_UPDATE_F_ADMIN,
  NEIGH_UPDATE_F_EXT_LEARNED,
  NEIGH_UPDATE_F_EXT_VALIDATED,
  NEIGH_UPDATE_F_MANAGED,
  NEIGH_UPDATE_F_OVERRIDE,
  type Neighbour,
  neighUpdate,
} from '../src/index.ts';
import { neighForcedGc } from '../src/neigh-gc.ts';
import { Bench, mac, useBench } from './support.ts';

const holder = useBench();

const SECONDS = HZ;

const set = (neigh: Neighbour, state: number, flags = 0): number => neighUpdate(neigh, mac(9), 0, state, NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN | flags);

/** The addresses that are left, by their last byte. */
const left = (b: Bench): number[] => [...b.tbl.all()].map((n) => n.addr4 & 255).sort((x, y) => x - y);

function thresholds(b: Bench, gcThresh1: number, gcThresh2: number, gcThresh3: number): void {
  Object.assign(b.tbl, { gcThresh1, gcThresh2, gcThresh3 });
}

/** Entries 10.0.0.1 to 10.0.0.n. */
function fill(b: Bench, n: number): Neighbour[] {
  return Array.from({ length: n }, (_, i) => b.entry(`10.0.0.${i + 1}`));
}

describe('forced collection', () => {
  it('makes room at once, without waiting for a timer, when a full table needs an entry [NEIGH-08] [NEIGH-10] [PAT-03]', () => {
    const { b } = holder;
    thresholds(b, 0, 4, 6);
    fill(b, 6);
    // All of them changed too lately to be taken.
    expect(b.tbl.create(b.dev, 0x0a000007)).toBe(-105);
    b.ms(5001);
    const before = b.clock.now();
    expect(typeof b.tbl.create(b.dev, 0x0a000007)).toBe('object');
    // Down to gc_thresh2 with the new one, the oldest first.
    expect([left(b), b.clock.now()]).toEqual([[4, 5, 6, 7], before]);
    expect([b.tbl.stats.forcedGcRuns, b.tbl.stats.destroys, b.tbl.gcEntries, b.tbl.lastFlush]).toEqual([2, 3, 4, b.now()]);
  });

  it('lets gc_thresh2 be exceeded for five seconds after a collection, then tries again, and is content if it finds nothing [NEIGH-08]', () => {
    const { b } = holder;
    thresholds(b, 0, 2, 10);
    const runs = (): number => b.tbl.stats.forcedGcRuns;
    fill(b, 2);
    neighForcedGc(b.tbl);
    expect([runs(), left(b)]).toEqual([1, [1, 2]]);
    b.ms(5000);
    fill(b, 4);
    expect(runs()).toBe(1);
    b.ms(1);
    // Now the two old ones are taken.
    b.entry('10.0.0.5');
    expect([runs(), left(b)]).toEqual([2, [3, 4, 5]]);
    for (const n of b.tbl.all()) n.hold();
    b.ms(5001);
    b.entry('10.0.0.6');
    expect([runs(), left(b)]).toEqual([3, [3, 4, 5, 6]]);
    for (const n of b.tbl.all()) if (n.refcnt > 1) n.release();
  });

  it('takes only entries that nobody holds and that are FAILED, NOARP, for a group, or unchanged for five seconds; says how many [NEIGH-10] [NEIGH-31]', () => {
    const { b } = holder;
    const [failed, noarp, fresh, held, permanent, learned, asking] = fill(b, 7) as [Neighbour, Neighbour, Neighbour, Neighbour, Neighbour, Neighbour, Neighbour];
    set(permanent, NUD_PERMANENT);
    set(learned, NUD_STALE, NEIGH_UPDATE_F_EXT_LEARNED);
    b.send('10.0.0.7');
    asking.parms.retransTime = 100 * SECONDS;
    held.hold();
    b.ms(6 * SECONDS);
    set(failed, NUD_FAILED);
    set(noarp, NUD_NOARP);
    set(fresh, NUD_STALE);
    b.entry('224.0.0.8');
    b.tbl.gcThresh2 = 0;
    expect(neighForcedGc(b.tbl)).toBe(3);
    expect(left(b)).toEqual([3, 4, 5, 6, 7]);
    expect(neighForcedGc(b.tbl)).toBe(0);
    b.ms(5001);
    held.release();
    // The timer of the one that is being looked for holds it.
    expect(neighForcedGc(b.tbl)).toBe(2);
    expect(left(b)).toEqual([5, 6, 7]);
  });

  it('takes one at least, though fewer than gc_thresh2 are there, past those that somebody holds [NEIGH-08] [NEIGH-10]', () => {
    const { b } = holder;
    thresholds(b, 0, 10, 3);
    const [held] = fill(b, 3) as [Neighbour];
    held.hold();
    b.ms(5001);
    expect(typeof b.tbl.create(b.dev, 0x0a000007)).toBe('object');
    expect(left(b)).toEqual([1, 3, 7]);
    held.release();
  });

  it('tells of every entry that goes [NEIGH-10]', () => {
    const { b } = holder;
    b.tbl.gcThresh2 = 0;
    set(fill(b, 1)[0] as Neighbour, NUD_FAILED);
    b.listen();
    neighForcedGc(b.tbl);
    expect(b.events()).toEqual(['DEL 10.0.0.1 FAILED']);
  });

  it('neither counts nor takes what is PERMANENT, learned outside or validated outside, as long as it is [NEIGH-10] [NEIGH-31]', () => {
    const { b } = holder;
    thresholds(b, 0, 1, 2);
    const exempt = [b.tbl.createWith(b.dev, 1, 0, 0, 0, 0, true), b.tbl.createWith(b.dev, 2, 0, 0, 0, NTF_EXT_LEARNED, true)] as Neighbour[];
    expect([b.tbl.entries, b.tbl.gcEntries]).toEqual([2, 0]);
    const [one] = fill(b, 2) as [Neighbour, Neighbour];
    expect(b.tbl.gcEntries).toBe(2);
    for (const flag of [NEIGH_UPDATE_F_EXT_LEARNED, NEIGH_UPDATE_F_EXT_VALIDATED]) {
      set(one, NUD_STALE, flag);
      expect(b.tbl.gcEntries).toBe(1);
      set(one, NUD_STALE);
      expect(b.tbl.gcEntries).toBe(2);
    }
    set(one, NUD_PERMANENT);
    expect([b.tbl.gcEntries, exempt.map((n) => n.dead)]).toEqual([1, [false, false]]);
  });
});

describe('periodic collection', () => {
  it('takes what failed, and what was not used for gc_stale_time, when nobody holds it [NEIGH-11] [NEIGH-31] [PAT-03]', () => {
    const { b } = holder;
    b.tbl.gcThresh1 = 0;
    const [stale, used, held, permanent, learned] = fill(b, 5) as [Neighbour, Neighbour, Neighbour, Neighbour, Neighbour];
    for (const n of [stale, used, held]) set(n, NUD_STALE);
    set(permanent, NUD_PERMANENT);
    set(learned, NUD_STALE, NEIGH_UPDATE_F_EXT_LEARNED);
    held.hold();
    // Runs at the first reachable time r, r + 15 s …: the first that is 60 s or more after the last use takes the entry.
    const first = b.tbl.parms.reachableTime;
    const due = first + Math.ceil((60 * SECONDS - first) / (15 * SECONDS)) * 15 * SECONDS;
    b.ms(due - 1 - b.now());
    expect(left(b)).toEqual([1, 2, 3, 4, 5]);
    used.used = b.now() - 1000;
    b.ms(1);
    expect(left(b)).toEqual([2, 3, 4, 5]);
    b.ms(3600 * SECONDS);
    expect(left(b)).toEqual([3, 4, 5]);
    held.release();
    set(held, NUD_FAILED);
    b.ms(15 * SECONDS);
    expect(left(b)).toEqual([4, 5]);
  });

  it('counts a confirmation as a use [NEIGH-11]', () => {
    const { b } = holder;
    b.tbl.gcThresh1 = 0;
    const [neigh] = fill(b, 1) as [Neighbour];
    set(neigh, NUD_STALE);
    b.ms(50 * SECONDS);
    neigh.confirmed = b.now();
    b.ms(55 * SECONDS);
    expect([left(b), neigh.used]).toEqual([[1], 50 * SECONDS]);
    b.ms(20 * SECONDS);
    expect(left(b)).toEqual([]);
  });

  it('takes nothing while there are fewer entries than gc_thresh1, but runs and draws reachable times [NEIGH-11]', () => {
    const { b } = holder;
    b.tbl.gcThresh1 = 3;
    for (const n of fill(b, 2)) set(n, NUD_FAILED);
    const parms = b.tbl.parmsOf(b.dev);
    const drawn = parms.reachableTime;
    b.ms(290 * SECONDS);
    expect([left(b), parms.reachableTime]).toEqual([[1, 2], drawn]);
    b.ms(30 * SECONDS);
    expect(parms.reachableTime).not.toBe(drawn);
    expect(b.tbl.stats.periodicGcRuns).toBeGreaterThan(18);
    set(b.entry('10.0.0.3'), NUD_FAILED);
    b.ms(15 * SECONDS);
    expect(left(b)).toEqual([]);
  });

  it('draws reachable times from half to one and a half of base_reachable_time, by the seed of the kernel [NEIGH-11]', () => {
    const draws = (seed: number): number[] => {
      const b = new Bench({ seed });
      const parms = b.tbl.parmsOf(b.dev);
      const times = Array.from({ length: 1000 }, () => {
        parms.drawReachableTime();
        return parms.reachableTime;
      });
      parms.baseReachableTime = 0;
      parms.drawReachableTime();
      expect(parms.reachableTime).toBe(0);
      expect(b.shutdown()).toEqual({});
      return times;
    };
    const times = draws(1);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(15_000);
    expect(Math.min(...times)).toBeLessThan(15_200);
    expect(Math.max(...times)).toBeLessThan(45_000);
    expect(Math.max(...times)).toBeGreaterThan(44_800);
    expect(draws(1)).toEqual(times);
    expect(draws(2)).not.toEqual(times);
  });

  it('leaves entries alone whose timer runs [NEIGH-11]', () => {
    const { b } = holder;
    Object.assign(b.tbl, { gcThresh1: 0 });
    b.tbl.parms.baseReachableTime = 2 * SECONDS;
    const [neigh] = fill(b, 1) as [Neighbour];
    Object.assign(neigh.parms, { gcStaletime: 0, retransTime: 1000 * SECONDS });
    set(neigh, NUD_PROBE);
    b.ms(100 * SECONDS);
    expect([b.state('10.0.0.1'), b.tbl.stats.periodicGcRuns > 20]).toEqual(['PROBE', true]);
  });
});

describe('managed entries', () => {
  it('are looked for again every interval_probe_time_ms after they failed, and checked when they are stale [NEIGH-27]', () => {
    const { b } = holder;
    const [neigh] = fill(b, 1) as [Neighbour];
    expect(set(neigh, NUD_REACHABLE, NEIGH_UPDATE_F_MANAGED)).toBe(0);
    expect(b.tbl.managed.size).toBe(1);
    b.ms(12_000);
    // A look every 5 s from the start of the table, at 1 ms; the question follows a tick later, two more a second apart.
    expect(b.asked.map((line) => Number(line.split(' ')[0]))).toEqual([2, 1002, 2002, 5002, 6002, 7002, 10_002, 11_002]);
    b.asked.length = 0;
    // Found, it is left alone until it is stale; then a look is a use.
    neighUpdate(neigh, mac(9), 0, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE);
    b.ms(3001);
    expect([b.state('10.0.0.1'), b.asked]).toEqual(['DELAY', []]);
    set(neigh, NUD_STALE);
    expect(b.tbl.managed.size).toBe(0);
    set(neigh, NUD_STALE, NEIGH_UPDATE_F_MANAGED);
    b.tbl.ifdown(b.dev);
    expect(b.tbl.managed.size).toBe(0);
  });
});
