import { type NetDevice, SKB_DROP_REASON_NEIGH_DEAD, SKB_DROP_REASON_NEIGH_FAILED, SKB_DROP_REASON_NEIGH_HH_FILLFAIL, SKB_DROP_REASON_NEIGH_QUEUEFULL, type SkBuff } from '@skbuff/core';
import { EINVAL, EPERM, NTF_ROUTER, NUD_DELAY, NUD_FAILED, NUD_NOARP, NUD_PERMANENT, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  NEIGH_UPDATE_F_ADMIN,
  NEIGH_UPDATE_F_ISROUTER,
  NEIGH_UPDATE_F_OVERRIDE,
  NEIGH_UPDATE_F_OVERRIDE_ISROUTER,
  NEIGH_UPDATE_F_WEAK_OVERRIDE,
  type Neighbour,
  neighConfirm,
  neighConnectedOutput,
  neighEventNs,
  neighEventSend,
  neighOutput,
  neighUpdate,
} from '../src/index.ts';
import { Bench, mac, stateName, useBench } from './support.ts';

const A = '10.0.0.9';

const holder = useBench();

const learn = (neigh: Neighbour, last: number, state: number = NUD_REACHABLE, flags: number = NEIGH_UPDATE_F_OVERRIDE): number => neighUpdate(neigh, mac(last), 0, state, flags);

/** The link-layer address and state of an entry. */
const known = (neigh: Neighbour): string => `${(neigh.ha[5] as number).toString(16)} ${stateName(neigh.nudState)}`;

function truesize(b: Bench, size: number): number {
  const skb = b.packet(size);
  const { truesize: bytes } = skb;
  skb.consume();
  return bytes;
}

describe('asking', () => {
  it('asks three times, a second apart, fails a second after the last, and reports what waits [NEIGH-15] [NEIGH-16] [NEIGH-17]', () => {
    const { b } = holder;
    const start = b.now();
    b.send(A, 50);
    b.send(A, 60);
    b.ms(2999);
    expect(b.state(A)).toBe('INCOMPLETE');
    expect(b.asked).toEqual([0, 1000, 2000].map((at, i) => `${start + at} ${A} INCOMPLETE ${3 + i}`));
    expect(b.reported).toEqual([]);
    b.ms(1);
    expect(b.state(A)).toBe('FAILED');
    expect(b.reported).toEqual([50, 60]);
    expect([b.tbl.stats.resFailed, b.sent]).toEqual([1, []]);
  });

  it('counts unicast questions as asked while there is no address, and broadcasts as none in PROBE [NEIGH-16]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    Object.assign(neigh.parms, { ucastProbes: 2, appProbes: 1, mcastProbes: 4, mcastReprobes: 0 });
    b.send(A);
    b.ms(10_000);
    expect(b.asked.map((line) => line.split(' ').slice(2).join(' '))).toEqual([2, 3, 4, 5, 6].map((n) => `INCOMPLETE ${n}`));
    b.asked.length = 0;
    learn(neigh, 9, NUD_PROBE);
    b.ms(10_000);
    expect(b.asked.map((line) => line.split(' ').slice(2).join(' '))).toEqual([0, 1, 2].map((n) => `PROBE ${n}`));
    b.asked.length = 0;
    neigh.parms.mcastReprobes = 2;
    learn(neigh, 9, NUD_PROBE);
    b.ms(10_000);
    expect(b.asked.length).toBe(5);
  });

  it('fails at once, without a question, when no question is allowed [NEIGH-16]', () => {
    const { b } = holder;
    Object.assign(b.entry(A).parms, { appProbes: 0, mcastProbes: 0 });
    b.send(A);
    expect([b.state(A), b.asked, b.drops(SKB_DROP_REASON_NEIGH_FAILED), b.reported]).toEqual(['FAILED', [], 1, []]);
  });

  it('asks again at every retrans_time, which is never shorter than 10 ms [NEIGH-15]', () => {
    const { b } = holder;
    for (const [set, real] of [[250, 250], [1, 10], [0, 10]] as const) {
      const neigh = b.entry(A);
      neigh.parms.retransTime = set;
      const start = b.now();
      b.send(A);
      b.ms(10_000);
      expect(b.asked.splice(0).map((line) => Number(line.split(' ')[0]) - start)).toEqual([0, real, 2 * real]);
    }
  });

  it('asks on behalf of the packet that was queued last, and counts the question [NEIGH-22]', () => {
    const seen: (number | null)[] = [];
    const b = new Bench({ neighOps: { solicit: (_neigh, skb) => void seen.push(skb === null ? null : skb.len) } });
    b.send(A, 50);
    b.send(A, 60);
    b.ms(1000);
    expect(seen).toEqual([50, 60]);
    expect([b.entry(A).probes, b.entry(A).arpQueue.qlen]).toEqual([5, 2]);
    // Without a packet the question is asked just so.
    neighEventSend(b.entry('10.0.0.10'), null);
    expect(seen.at(-1)).toBe(null);
    expect(b.shutdown()).toEqual({});
  });

  it('asks at the next tick only, when a question may not be asked at once [NEIGH-15]', () => {
    const { b } = holder;
    const start = b.now();
    neighEventSend(b.entry(A), null, false);
    expect(b.asked).toEqual([]);
    b.ms(5000);
    expect(b.asked.map((line) => Number(line.split(' ')[0]) - start)).toEqual([1, 1001, 2001]);
  });

  it('drops the rest of the queue quietly when a report brings the entry back to life [NEIGH-17]', () => {
    const again = (neigh: Neighbour, skb: SkBuff): void => {
      skb.kfree(SKB_DROP_REASON_NEIGH_FAILED);
      neighEventSend(neigh, null);
    };
    const b = new Bench({ neighOps: { errorReport: again } });
    for (let i = 0; i < 3; i++) b.send(A);
    b.ms(3000);
    expect([b.state(A), b.drops(SKB_DROP_REASON_NEIGH_FAILED), b.entry(A).arpQueue.qlen]).toEqual(['INCOMPLETE', 1, 0]);
    expect(b.shutdown()).toEqual({});
  });
});

describe('the timer', () => {
  it('makes a reachable neighbour STALE 10 ms after reachable_time, counted from the last confirmation [NEIGH-14] [NEIGH-15]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    learn(neigh, 9);
    const { reachableTime } = neigh.parms;
    b.ms(4000);
    neighConfirm(neigh, b.now());
    b.ms(reachableTime + 9);
    expect(b.state(A)).toBe('REACHABLE');
    b.ms(1);
    expect(b.state(A)).toBe('STALE');
    b.ms(600_000);
    expect(b.asked).toEqual([]);
  });

  it('checks a neighbour that was used lately: DELAY, five seconds later PROBE, three questions to its address, FAILED [NEIGH-14] [NEIGH-15]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    learn(neigh, 9);
    const { reachableTime } = neigh.parms;
    b.ms(reachableTime - 1000);
    b.send(A);
    b.ms(1010);
    expect(b.state(A)).toBe('DELAY');
    const start = b.now();
    b.ms(4999);
    expect([b.state(A), b.asked]).toEqual(['DELAY', []]);
    b.ms(1);
    expect(b.state(A)).toBe('PROBE');
    b.ms(2999);
    expect(b.asked).toEqual([5000, 6000, 7000].map((at, i) => `${start + at} ${A} PROBE ${i}`));
    expect(b.state(A)).toBe('PROBE');
    b.ms(1);
    expect(b.state(A)).toBe('FAILED');
  });

  it('checks a stale neighbour delay_first_probe_time after it is used, and sends meanwhile [NEIGH-14] [NEIGH-15]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    learn(neigh, 9, NUD_STALE);
    neigh.parms.delayProbeTime = 700;
    b.send(A);
    expect([b.sent, b.state(A)]).toEqual([['09 114'], 'DELAY']);
    b.ms(699);
    b.send(A);
    expect([b.sent.length, b.state(A)]).toEqual([2, 'DELAY']);
    b.ms(1);
    b.send(A);
    expect([b.sent.length, b.state(A)]).toEqual([3, 'PROBE']);
    learn(neigh, 9);
    expect(b.state(A)).toBe('REACHABLE');
  });

  it('needs no question if an upper layer confirms the neighbour during DELAY: REACHABLE again [NEIGH-15] [NEIGH-20]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    learn(neigh, 9, NUD_STALE);
    b.send(A);
    b.ms(1000);
    neighConfirm(neigh, b.now());
    const { reachableTime } = neigh.parms;
    b.ms(4000);
    expect([b.state(A), b.asked]).toEqual(['REACHABLE', []]);
    // Counted from the confirmation.
    b.ms(reachableTime - 4000 + 9);
    expect(b.state(A)).toBe('REACHABLE');
    b.ms(1);
    expect(b.state(A)).toBe('STALE');
  });
});

describe('the queue', () => {
  it('sends what waited, in order, when the answer comes [NEIGH-21] [NEIGH-25]', () => {
    const { b } = holder;
    b.send(A, 50);
    b.send(A, 60);
    b.send(A, 70);
    expect([b.sent, b.entry(A).arpQueue.qlen]).toEqual([[], 3]);
    learn(b.entry(A), 9);
    expect(b.sent).toEqual(['09 64', '09 74', '09 84']);
    expect([b.entry(A).arpQueue.qlen, b.entry(A).arpQueueLenBytes, b.state(A)]).toEqual([0, 0, 'REACHABLE']);
  });

  it('keeps the newest packets within unres_qlen_bytes, and the newest anyway; the oldest are dropped and counted [NEIGH-21]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    neigh.parms.queueLenBytes = 2 * truesize(b, 100) + 1;
    for (let i = 0; i < 5; i++) b.send(A, 100 + i);
    expect([neigh.arpQueue.qlen, neigh.arpQueueLenBytes]).toEqual([2, 2 * truesize(b, 100)]);
    expect([b.tbl.stats.unresDiscards, b.drops(SKB_DROP_REASON_NEIGH_QUEUEFULL)]).toEqual([3, 3]);
    neigh.parms.queueLenBytes = 0;
    b.send(A, 110);
    learn(neigh, 9);
    expect(b.sent).toEqual(['09 124']);
    expect(b.tbl.stats.unresDiscards).toBe(5);
  });

  it('is not for an entry that left its table: NEIGH_DEAD [NEIGH-21]', () => {
    const { b } = holder;
    const neigh = b.entry(A).hold();
    neigh.dead = true;
    expect(neighEventSend(neigh, b.packet())).toBe(1);
    expect([b.drops(SKB_DROP_REASON_NEIGH_DEAD), b.asked]).toEqual([1, []]);
    neigh.dead = false;
    neigh.release();
  });
});

describe('what is learned (neigh_update)', () => {
  const OTHER = 0x0a;

  it.each([
    ['OVERRIDE replaces the address', NEIGH_UPDATE_F_OVERRIDE, NUD_REACHABLE, NUD_REACHABLE, 'a REACHABLE'],
    ['without a flag another address is ignored', 0, NUD_REACHABLE, NUD_REACHABLE, '9 REACHABLE'],
    ['WEAK_OVERRIDE keeps the address of a connected entry, but doubts it', NEIGH_UPDATE_F_WEAK_OVERRIDE, NUD_REACHABLE, NUD_REACHABLE, '9 STALE'],
    ['WEAK_OVERRIDE does nothing to an entry that is in doubt already', NEIGH_UPDATE_F_WEAK_OVERRIDE, NUD_DELAY, NUD_REACHABLE, '9 DELAY'],
    ['OVERRIDE with a mere hint makes the entry STALE', NEIGH_UPDATE_F_OVERRIDE, NUD_REACHABLE, NUD_STALE, 'a STALE'],
  ])('%s [NEIGH-25]', (_what, flags, before, state, after) => {
    const neigh = holder.b.entry(A);
    learn(neigh, 9, before);
    expect(learn(neigh, OTHER, state, flags)).toBe(0);
    expect(known(neigh)).toBe(after);
  });

  it('a hint that repeats the known address leaves the state alone, unless the administrator gives it [NEIGH-25]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    learn(neigh, 9);
    learn(neigh, 9, NUD_STALE);
    expect(known(neigh)).toBe('9 REACHABLE');
    learn(neigh, 9, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN);
    expect(known(neigh)).toBe('9 STALE');
  });

  it('only the administrator changes PERMANENT and NOARP; without any address nothing becomes valid [NEIGH-25]', () => {
    const neigh = holder.b.entry(A);
    expect(neighUpdate(neigh, null, 0, NUD_REACHABLE, NEIGH_UPDATE_F_OVERRIDE)).toBe(-EINVAL);
    for (const state of [NUD_PERMANENT, NUD_NOARP]) {
      expect(learn(neigh, 9, state, NEIGH_UPDATE_F_ADMIN | NEIGH_UPDATE_F_OVERRIDE)).toBe(0);
      expect(learn(neigh, OTHER)).toBe(-EPERM);
      expect(known(neigh)).toBe(`9 ${stateName(state)}`);
    }
    expect(learn(neigh, OTHER, NUD_STALE, NEIGH_UPDATE_F_ADMIN | NEIGH_UPDATE_F_OVERRIDE)).toBe(0);
    expect(known(neigh)).toBe('a STALE');
  });

  it('OVERRIDE_ISROUTER takes over whether the neighbour is a router [NEIGH-25]', () => {
    const neigh = holder.b.entry(A);
    learn(neigh, 9, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_OVERRIDE_ISROUTER | NEIGH_UPDATE_F_ISROUTER);
    expect(neigh.flags).toBe(NTF_ROUTER);
    learn(neigh, 9, NUD_REACHABLE, NEIGH_UPDATE_F_OVERRIDE);
    expect(neigh.flags).toBe(NTF_ROUTER);
    learn(neigh, OTHER, NUD_REACHABLE, NEIGH_UPDATE_F_OVERRIDE_ISROUTER);
    expect([neigh.flags, known(neigh)]).toEqual([NTF_ROUTER, '9 REACHABLE']);
    learn(neigh, OTHER, NUD_REACHABLE, NEIGH_UPDATE_F_OVERRIDE_ISROUTER | NEIGH_UPDATE_F_WEAK_OVERRIDE);
    expect([neigh.flags, known(neigh)]).toEqual([NTF_ROUTER, '9 STALE']);
    learn(neigh, 9, NUD_REACHABLE, NEIGH_UPDATE_F_OVERRIDE_ISROUTER);
    expect(neigh.flags).toBe(0);
  });

  it('an address that nobody vouched for counts as confirmed twice base_reachable_time ago [NEIGH-25]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    b.ms(5000);
    learn(neigh, 9);
    expect(neigh.confirmed).toBe(b.now());
    b.ms(1000);
    learn(neigh, OTHER, NUD_STALE);
    expect([neigh.confirmed, neigh.updated]).toEqual([b.now() - 60_000, b.now()]);
  });

  it('told that it failed, an entry that is being looked for gives up what waits [NEIGH-17] [NEIGH-25]', () => {
    const { b } = holder;
    b.send(A, 50);
    expect(neighUpdate(b.entry(A), null, 0, NUD_FAILED, NEIGH_UPDATE_F_ADMIN)).toBe(0);
    b.ms(10_000);
    expect([b.state(A), b.reported, b.asked.length]).toEqual(['FAILED', [50], 1]);
  });

  it('a request of the neighbour makes its entry, or updates it, as STALE [NEIGH-24] [NEIGH-26]', () => {
    const { b } = holder;
    const key = 0x0a000009;
    expect(neighEventNs(b.tbl, b.dev, null, key) === null).toBe(true);
    expect(b.state(A)).toBe('-');
    const neigh = neighEventNs(b.tbl, b.dev, mac(9), key) as Neighbour;
    expect(known(neigh)).toBe('9 STALE');
    learn(neigh, 9);
    neighEventNs(b.tbl, b.dev, mac(9), key);
    expect(known(neigh)).toBe('9 REACHABLE');
    neighEventNs(b.tbl, b.dev, mac(OTHER), key);
    expect(known(neigh)).toBe('a STALE');
    expect([b.tbl.stats.lookups, b.tbl.stats.hits]).toEqual([4, 2]);
  });
});

describe('output', () => {
  /** Counts headers that are built one by one. */
  function countHeaders(dev: NetDevice, cached: boolean): () => number {
    const ops = dev.headerOps as NonNullable<NetDevice['headerOps']>;
    let built = 0;
    const create: typeof ops.create = (...args) => {
      built++;
      return ops.create(...args);
    };
    dev.headerOps = { ...ops, create, cache: cached ? ops.cache : null };
    return () => built;
  }

  it('builds the header once and copies it from then on while the neighbour is connected [NEIGH-20] [NEIGH-23]', () => {
    const { b } = holder;
    const built = countHeaders(b.dev, true);
    const neigh = b.entry(A);
    learn(neigh, 9);
    for (let i = 0; i < 3; i++) b.send(A, 50 + i);
    expect([b.sent, built()]).toEqual([['09 64', '09 65', '09 66'], 1]);
    // In doubt, every packet goes by way of n->output.
    learn(neigh, 9, NUD_STALE, NEIGH_UPDATE_F_ADMIN);
    b.send(A);
    b.send(A);
    expect([b.sent.length, built(), b.state(A)]).toEqual([5, 3, 'DELAY']);
  });

  it('copies the new address after it changed [NEIGH-23]', () => {
    const { b } = holder;
    const built = countHeaders(b.dev, true);
    const neigh = b.entry(A);
    learn(neigh, 9);
    b.send(A);
    learn(neigh, 0x0a);
    b.send(A);
    expect([b.sent, built()]).toEqual([['09 114', '0a 114'], 1]);
  });

  it('takes off an old link-layer header before it builds the new one [NEIGH-20]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    learn(neigh, 9);
    const skb = b.packet(100);
    skb.push(14);
    expect(neighOutput(neigh, skb)).toBe(0);
    expect(b.sent).toEqual(['09 114']);
  });

  it('drops a packet without room for the cached header [NEIGH-23]', () => {
    const { b } = holder;
    const neigh = b.entry(A);
    learn(neigh, 9);
    b.send(A);
    const skb = b.kernel.skbs.alloc(100) as SkBuff;
    skb.put(100);
    skb.resetNetworkHeader();
    skb.dev = b.dev;
    skb.data = skb.head;
    expect(neighOutput(neigh, skb)).toBe(1);
    expect([b.sent.length, b.drops(SKB_DROP_REASON_NEIGH_HH_FILLFAIL)]).toEqual([1, 1]);
  });

  it('goes by connected_output while the address is good and by output while it is in doubt [NEIGH-18] [NEIGH-19]', () => {
    const used: string[] = [];
    const note = (what: string) => (neigh: Neighbour, skb: SkBuff): number => {
      used.push(what);
      return neighConnectedOutput(neigh, skb);
    };
    const b = new Bench({ neighOps: { output: note('output'), connectedOutput: note('connected') } });
    const built = countHeaders(b.dev, false);
    const neigh = b.entry(A);
    for (const state of [NUD_STALE, NUD_REACHABLE, NUD_PROBE, NUD_PERMANENT, NUD_DELAY, NUD_NOARP]) {
      learn(neigh, 9, state, NEIGH_UPDATE_F_ADMIN);
      b.send(A);
    }
    expect(used).toEqual(['output', 'connected', 'output', 'connected', 'output', 'connected']);
    // By the timer, too.
    learn(neigh, 9, NUD_REACHABLE, NEIGH_UPDATE_F_ADMIN);
    b.ms(neigh.parms.reachableTime + 10);
    b.send(A);
    expect([used.at(-1), b.state(A), built()]).toEqual(['output', 'STALE', 7]);
    neighEventSend(neigh, null);
    neighConfirm(neigh, b.now());
    b.ms(5000);
    b.send(A);
    expect([used.at(-1), b.state(A)]).toEqual(['connected', 'REACHABLE']);
    expect(b.shutdown()).toEqual({});
  });
});
