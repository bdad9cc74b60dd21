import { SKB_DROP_REASON_DUP_FRAG, SKB_DROP_REASON_FRAG_REASM_TIMEOUT, SKB_DROP_REASON_NOT_SPECIFIED, type NetDevice, unregisterNetdevice } from '@skbuff/core';
import { sysctlOf } from '@skbuff/sysctl';
import { type Ip6Packet, ip6Packet } from '@skbuff/testkit';
import { EINVAL } from '@skbuff/uapi';
import { be16 } from '@skbuff/wire';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { IP6CB_FLAGS, IP6CB_FRAG_MAX_SIZE, IP6CB_NHOFF, IP6SKB_FRAGMENTED, ip6FragNet } from '../src/index.ts';
import { useHost6 } from './support.ts';

const SEC = 1e9;
const t = useHost6();
let dev: NetDevice;
const whole = Uint8Array.from({ length: 240 }, (_, i) => i * 11);

beforeEach(() => {
  dev = t.h.eth('a', '2001:db8::1');
});

interface Fragment extends Ip6Packet {
  readonly id?: number;
  /** Options between the IPv6 header and the fragment header. */
  readonly before?: readonly (readonly [number, readonly number[]])[];
  readonly behind?: readonly (readonly [number, readonly number[]])[];
}

/** Bytes `from … to` of `of` as a fragment. */
function fragment(from: number, to: number, { id = 7, before = [], behind = [], ...more }: Fragment = {}, of = whole): Uint8Array {
  const off = from | (to < of.length ? 1 : 0);
  const header = [0, 0, off >> 8, off & 0xff, id >>> 24, (id >> 16) & 0xff, (id >> 8) & 0xff, id & 0xff];
  return ip6Packet({ saddr: '2001:db8::2', daddr: '2001:db8::1', payload: of.slice(from, to), ext: [...before, [44, header], ...behind], ...more });
}

const counts = (): unknown => {
  const { REASMREQDS = 0, REASMOKS = 0, REASMFAILS = 0, REASMTIMEOUT = 0 } = t.h.counters();
  return [REASMREQDS, REASMOKS, REASMFAILS, REASMTIMEOUT];
};
const left = (): number[] => [ip6FragNet.of(t.h.net).fqdir.count, ip6FragNet.of(t.h.net).fqdir.mem];
const drops = (reason: number): number => t.h.kernel.skbs.drops[reason] as number;

describe('the whole packet', () => {
  it('has no fragment header any more, and what was before it; the rest of IPv6 knows that it was in fragments [IP6X-11]', () => {
    const before = [[60, [0, 0, 1, 4, 0, 0, 0, 0]]] as const;
    const cb: number[] = [];
    const proto = t.h.ip.protos[17];
    t.h.ip.protos[17] = { ...(proto as NonNullable<typeof proto>), handler: (skb) => (cb.push(...[IP6CB_NHOFF, IP6CB_FLAGS, IP6CB_FRAG_MAX_SIZE].map((at) => skb.cb[at] as number)), skb.consume(), 0) };
    for (const [from, to] of [[160, 240], [0, 80], [80, 160]] as const) t.h.receive(dev, fragment(from, to, { before }));
    t.h.ip.protos[17] = proto ?? null;
    expect([cb, left()]).toEqual([[40, IP6SKB_FRAGMENTED, 40 + 8 + 8 + 80], [0, 0]]);
    for (const [from, to] of [[160, 240], [0, 80], [80, 160]] as const) t.h.receive(dev, fragment(from, to, { before, id: 8 }));
    expect(t.h.delivered).toEqual([ip6Packet({ saddr: '2001:db8::2', daddr: '2001:db8::1', payload: whole, ext: before })]);
  });

  it('is delivered as one, counted on the interface too [IP6X-11]', () => {
    for (const [from, to] of [[0, 80], [80, 240]] as const) t.h.receive(dev, fragment(from, to));
    expect([counts(), t.h.counters(dev).REASMOKS, t.h.counters().INDELIVERS]).toEqual([[2, 1, 0, 0], 1, 1]);
  });

  it('is the packet itself, if it is in one piece: it waits for no other', () => {
    t.h.receive(dev, fragment(80, 160));
    t.h.receive(dev, fragment(0, 240));
    expect([t.h.delivered.length, be16(t.h.delivered[0] as Uint8Array, 4), left()[0]]).toEqual([1, 248, 1]);
  });

  it('may have headers inside that came in the first fragment', () => {
    const behind = [[60, [0, 0, 1, 4, 0, 0, 0, 0]]] as const;
    const inner = ip6Packet({ payload: whole, ext: behind }).slice(40);
    const piece = (from: number, to: number): Uint8Array => fragment(from, to, { proto: 60 }, inner);
    t.h.receive(dev, piece(96, inner.length));
    t.h.receive(dev, piece(0, 96));
    expect(t.h.delivered).toEqual([ip6Packet({ saddr: '2001:db8::2', daddr: '2001:db8::1', payload: whole, ext: behind })]);
  });

  it('comes together in whatever order and pieces, among others of the same sender [DFR-04]', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 29 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(cuts, cuts, fc.infiniteStream(fc.nat()), (one, two, random) => {
        t.h.delivered.length = 0;
        const pieces = [one, two].flatMap((list, id) => {
          const at = [0, ...[...list].sort((a, b) => a - b).map((n) => n * 8), 240];
          return at.slice(1).map((to, i) => ({ key: random.next().value as number, bytes: fragment(at[i] as number, to, { id: id + 100 }) }));
        });
        for (const { bytes } of pieces.sort((a, b) => a.key - b.key)) t.h.receive(dev, bytes);
        const expected = ip6Packet({ saddr: '2001:db8::2', daddr: '2001:db8::1', payload: whole });
        return t.h.delivered.length === 2 && t.h.delivered.every((got) => Buffer.from(got).equals(Buffer.from(expected))) && left().every((n) => n === 0);
      }),
      { numRuns: 60 },
    );
  });

  it('never has bytes of two that overlap: either the pieces fit, or nothing comes of them (RFC 5722)', () => {
    const pieces = fc.array(fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 1, max: 8 }), fc.boolean()), { maxLength: 12 });
    let id = 1000;
    fc.assert(
      fc.property(pieces, (list) => {
        id++;
        t.h.delivered.length = 0;
        for (const [at, n, forged] of list) {
          const of = forged ? whole.map((b) => b ^ 0xff) : whole;
          t.h.receive(dev, fragment(at * 8, Math.min((at + n) * 8, 128), { id }, of.slice(0, 128)));
        }
        t.h.clock.advance(61 * SEC);
        const [got] = t.h.delivered;
        // Every block of 8 bytes is from one of the senders, and all of them are there.
        return left().every((n) => n === 0) && (got === undefined || (got.length === 168 && got.slice(40).every((b, i) => b === whole[i] || b === ((whole[i] as number) ^ 0xff))));
      }),
      { numRuns: 80 },
    );
  });
});

describe('what is wrong', () => {
  it('overlaps lose the whole packet, the same bytes once more do not', () => {
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(16, 32));
    expect([drops(SKB_DROP_REASON_DUP_FRAG), left()[0]]).toEqual([2, 1]);
    t.h.receive(dev, fragment(72, 160));
    t.h.receive(dev, fragment(80, 240));
    expect([counts(), t.h.delivered, left()[0]]).toEqual([[5, 0, 1, 0], [], 1]);
  });

  it('is told to the sender: length not a multiple of 8, beyond 65535, a header cut off, headers missing', () => {
    t.h.receive(dev, fragment(0, 81));
    t.h.receive(dev, fragment(65528, 65544, {}, new Uint8Array(65544)));
    t.h.receive(dev, ip6Packet({ daddr: '2001:db8::1', proto: 44, payload: new Uint8Array(7) }));
    t.h.receive(dev, fragment(0, 16, { proto: 6 }));
    t.h.receive(dev, fragment(0, 0, { proto: 17 }));
    t.h.receive(dev, fragment(0, 240, { before: [[44, [0, 0, 0, 0, 0, 0, 0, 1]]] }));
    expect(t.h.icmp).toEqual([[4, 0, 4], [4, 0, 42], [4, 0, 40], [4, 3, 0], [4, 3, 0], [4, 0, 48]]);
    expect([t.h.counters().INHDRERRORS, t.h.counters(dev).INHDRERRORS, drops(SKB_DROP_REASON_NOT_SPECIFIED)]).toEqual([6, 6, 6]);
  });

  it('ECN fields that contradict each other: somebody on the way knows nothing of it (RFC 3168 §5.3)', () => {
    const of = (a: number, b: number, id: number): number | undefined => {
      t.h.receive(dev, fragment(0, 80, { id, tos: a }));
      t.h.receive(dev, fragment(80, 240, { id, tos: b }));
      return t.h.delivered.splice(0).map((ip) => (be16(ip, 0) >> 4) & 3)[0];
    };
    expect([of(0, 0, 1), of(1, 2, 2), of(2, 3, 3), of(3, 3, 4), of(0, 1, 5), of(0, 3, 6)]).toEqual([0, 1, 3, 3, undefined, undefined]);
    expect(counts()).toEqual([12, 4, 2, 0]);
  });
});

describe('the key', () => {
  it('is sender, receiver and identification; of link-local addresses the interface as well', () => {
    const other = t.h.eth('b', 'fe80::1');
    t.h.addr(t.h.idev(dev), 'fe80::1');
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(80, 240, { id: 8 }));
    t.h.receive(dev, fragment(80, 240, { saddr: '2001:db8::3' }));
    expect([left()[0], t.h.delivered.length]).toEqual([3, 0]);
    t.h.receive(other, fragment(80, 240));
    expect([left()[0], t.h.delivered.length]).toEqual([2, 1]);
    const local = { saddr: 'fe80::2', daddr: 'fe80::1' };
    t.h.receive(dev, fragment(0, 80, local));
    t.h.receive(other, fragment(80, 240, local));
    expect([left()[0], t.h.delivered.length]).toEqual([4, 1]);
  });
});

describe('time and memory', () => {
  it('gives an incomplete packet up after 60 s and tells its sender if the first fragment is there', () => {
    t.h.receive(dev, fragment(160, 240));
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(80, 160, { id: 9 }));
    t.h.clock.advance(59.9 * SEC);
    expect(t.h.icmp).toEqual([]);
    t.h.clock.advance(0.2 * SEC);
    expect([t.h.icmp, counts(), drops(SKB_DROP_REASON_FRAG_REASM_TIMEOUT), left()]).toEqual([[[3, 1, 0]], [3, 0, 2, 2], 3, [0, 0]]);
  });

  it('says and counts nothing when the interface is gone by then', () => {
    t.h.receive(dev, fragment(0, 80));
    t.h.routing.release();
    unregisterNetdevice(dev);
    t.h.clock.advance(61 * SEC);
    expect([t.h.icmp, counts(), left()]).toEqual([[], [1, 0, 0, 0], [0, 0]]);
  });

  it('has limits that can be set, each in its bounds', () => {
    const write = (name: string, text: string): number => sysctlOf(t.h.net).write(`net/ipv6/ip6frag_${name}`, text);
    const read = (): unknown[] => ['high_thresh', 'low_thresh', 'time'].map((name) => sysctlOf(t.h.net).read(`net/ipv6/ip6frag_${name}`));
    expect(read()).toEqual(['4194304\n', '3145728\n', '60\n']);
    expect([write('high_thresh', '3145727'), write('low_thresh', '4194305'), write('time', '2147484'), write('time', '-1')]).toEqual([-EINVAL, -EINVAL, -EINVAL, 0]);
    expect([write('low_thresh', '0'), write('high_thresh', '1'), write('time', '5')]).toEqual([0, 0, 0]);
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(0, 80, { id: 8 }));
    // Nor does what waits get any more.
    t.h.receive(dev, fragment(80, 160));
    expect([counts(), left()[0]]).toEqual([[3, 0, 2, 0], 1]);
    t.h.clock.advance(5.1 * SEC);
    expect(counts()).toEqual([3, 0, 3, 1]);
  });

  it('holds nothing when the namespace goes', () => {
    t.h.receive(dev, fragment(0, 80));
    expect(left()[0]).toBe(1);
  });
});
