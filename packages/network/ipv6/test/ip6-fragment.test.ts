import { CHECKSUM_PARTIAL, type NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff, skbSetFragList } from '@skbuff/core';
import { bytesOf, ip6Packet } from '@skbuff/testkit';
import { EINVAL, EMSGSIZE, ENOBUFS, IPV6_PMTUDISC_PROBE } from '@skbuff/uapi';
import { be16, be32, setBe16 } from '@skbuff/wire';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { IP6CB_FRAG_MAX_SIZE, type Ip6FragmentOutput, ip6FindFirstFragopt, ip6Fragment, ipv6SelectIdent, type Rt6Info } from '../src/index.ts';
import { TestSock6, in6, useHost6 } from './support.ts';

const t = useHost6();
let dev: NetDevice;
let pieces: Uint8Array[];

beforeEach(() => {
  dev = t.h.eth('a', '2001:db8::1');
  pieces = [];
});

const collect: Ip6FragmentOutput = (_net, _sk, skb) => (pieces.push(bytesOf(skb)), skb.consume(), 0);
const data = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i * 7);

/** A packet of `n` bytes behind its headers, on its way out by `dev`. */
function packet(n: number, ext: readonly (readonly [number, readonly number[]])[] = [], sk: TestSock6 | null = null, room = 64): SkBuff {
  const bytes = ip6Packet({ saddr: '2001:db8::1', daddr: '2001:db8::2', payload: data(n), ext, payloadLen: 0 });
  const skb = t.h.kernel.skbs.alloc(room + bytes.length + 16) as SkBuff;
  skb.reserve(room);
  skb.networkHeader = skb.putData(bytes, 0, bytes.length);
  skb.transportHeader = skb.networkHeader + 40;
  skb.ignoreDf = true;
  const rt = t.h.ip.routing?.routeOutput(t.h.net, null, { daddr: in6('2001:db8::2'), oif: 0 } as never, 0) as Rt6Info;
  skb.dstSet(rt);
  skb.dev = dev;
  sk?.setOwnerW(skb);
  return skb;
}

/** The bytes behind the last header of all pieces in a row; null if something is wrong with one. `hlen`: bytes that all have. */
function glued(hlen = 40): number[] | null {
  const id = be32(pieces[0] as Uint8Array, hlen + 4);
  const all: number[] = [];
  for (const [i, ip] of pieces.entries()) {
    const more = i < pieces.length - 1 ? 1 : 0;
    if (be16(ip, 4) !== ip.length - 40 || be32(ip, hlen + 4) !== id || be16(ip, hlen + 2) !== (all.length | more) || ip[hlen + 1] !== 0) return null;
    all.push(...ip.slice(hlen + 8));
  }
  return all;
}

const sizes = (): number[] => pieces.map((ip) => ip.length);
const counts = (d: NetDevice | null = null): unknown => {
  const { FRAGOKS = 0, FRAGFAILS = 0, FRAGCREATES = 0 } = t.h.counters(d);
  return [FRAGOKS, FRAGFAILS, FRAGCREATES];
};

describe('cutting', () => {
  it('makes pieces of a multiple of 8 bytes, with the same identification and a fragment header behind what all need [IP6X-11]', () => {
    expect(ip6Fragment(t.h.net, null, packet(4000), collect)).toBe(0);
    expect([sizes(), glued(), pieces.map((ip) => [ip[6], ip[40]])]).toEqual([[1496, 1496, 1152], [...data(4000)], [[44, 17], [44, 17], [44, 17]]]);
    expect([counts(), counts(dev)]).toEqual([[1, 0, 3], [1, 0, 3]]);
  });

  it('leaves hop-by-hop options, a routing header and what is before it in every piece; options for the end are cut [IP6X-11]', () => {
    const hop = [0, [0, 0, 1, 4, 0, 0, 0, 0]] as const;
    const dst = [60, [0, 0, 1, 4, 0, 0, 0, 0]] as const;
    const rt = [43, [0, 0, 4, 0, 0, 0, 0, 0]] as const;
    expect(ip6Fragment(t.h.net, null, packet(2000, [hop]), collect)).toBe(0);
    expect([sizes(), glued(48), pieces.map((ip) => [ip[6], ip[40], ip[48]])]).toEqual([[1496, 616], [...data(2000)], [[0, 44, 17], [0, 44, 17]]]);
    pieces = [];
    expect(ip6Fragment(t.h.net, null, packet(2000, [hop, dst, rt, dst]), collect)).toBe(0);
    expect(glued(64)).toEqual([17, ...dst[1].slice(1), ...data(2000)]);
    expect(pieces.map((ip) => [ip[6], ip[40], ip[48], ip[56], ip[64]])).toEqual([[0, 60, 43, 44, 60], [0, 60, 43, 44, 60]]);
  });

  it('comes out right for every length and MTU', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 1280, max: 1600 }), (n, mtu) => {
        pieces = [];
        t.h.idev(dev).cnf.mtu6 = mtu;
        const err = ip6Fragment(t.h.net, null, packet(n), collect);
        t.h.idev(dev).cnf.mtu6 = 1500;
        return err === 0 && sizes().every((size) => size <= mtu) && Buffer.from(glued() ?? []).equals(Buffer.from(data(n)));
      }),
      { numRuns: 60 },
    );
  });

  it('makes them no longer than the socket wants, nor than the fragments in which the packet came', () => {
    const sk = new TestSock6(t.h.net);
    sk.pinet6.fragSize = 1288;
    ip6Fragment(t.h.net, sk, packet(2000, [], sk), collect);
    const skb = packet(2000);
    skb.cb[IP6CB_FRAG_MAX_SIZE] = 1400;
    ip6Fragment(t.h.net, null, skb, collect);
    const small = packet(2000);
    small.cb[IP6CB_FRAG_MAX_SIZE] = 600;
    ip6Fragment(t.h.net, null, small, collect);
    expect([sizes(), sk.charged]).toEqual([[1288, 808, 1400, 696, 1280, 816], 0]);
  });

  it('looks at the link alone for a socket that probes the path', () => {
    const sk = new TestSock6(t.h.net);
    sk.pinet6.pmtudisc = IPV6_PMTUDISC_PROBE;
    const skb = packet(1600, [], sk);
    (skb.dst as Rt6Info).pmtu = 1280;
    ip6Fragment(t.h.net, sk, skb, collect);
    expect(sizes()).toEqual([1496, 200]);
  });

  it('finishes an open checksum first', () => {
    const skb = packet(2000);
    skb.bytes.fill(0, skb.transportHeader, skb.tail);
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.csumStart = skb.transportHeader;
    skb.csumOffset = 6;
    setBe16(skb.bytes, skb.transportHeader, 0x1234);
    ip6Fragment(t.h.net, null, skb, collect);
    expect(be16(pieces[0] as Uint8Array, 54)).toBe(0xffff - 0x1234);
  });

  it('stops at the first error, frees the rest and passes it on', () => {
    let n = 0;
    const fail: Ip6FragmentOutput = (net, sk, skb) => (collect(net, sk, skb), ++n === 2 ? -ENOBUFS : 0);
    expect(ip6Fragment(t.h.net, null, packet(4000), fail)).toBe(-ENOBUFS);
    expect([pieces.length, counts()]).toEqual([2, [0, 1, 1]]);
  });
});

describe('what may not be cut', () => {
  it('is what somebody else sent, and what came in longer fragments: Packet Too Big goes back [IP6X-11]', () => {
    const foreign = packet(2000);
    foreign.ignoreDf = false;
    const longer = packet(2000);
    longer.cb[IP6CB_FRAG_MAX_SIZE] = 1501;
    expect([foreign, longer].map((skb) => ip6Fragment(t.h.net, null, skb, collect))).toEqual([-EMSGSIZE, -EMSGSIZE]);
    expect([t.h.icmp, counts(), pieces, t.h.kernel.skbs.drops[SKB_DROP_REASON_NOT_SPECIFIED]]).toEqual([[[2, 0, 1500], [2, 0, 1500]], [0, 2, 0], [], 2]);
  });

  it('is what has headers that make no sense', () => {
    const skb = packet(8, [[60, [0, 255, 1, 4, 0, 0, 0, 0]]]);
    expect([ip6FindFirstFragopt(skb, { nhoff: 0 }), ip6Fragment(t.h.net, null, skb, collect), counts()]).toEqual([-EINVAL, -EINVAL, [0, 1, 0]]);
  });

  it('is what would have more header than a piece takes', () => {
    const hop: readonly [number, readonly number[]] = [0, [0, 155, ...new Array<number>(156 * 8 - 2).fill(0)]];
    t.h.idev(dev).cnf.mtu6 = 1280;
    expect(ip6Fragment(t.h.net, null, packet(100, [hop]), collect)).toBe(-EMSGSIZE);
    expect(t.h.icmp).toEqual([[2, 0, 1280]]);
  });
});

describe('a list of pieces', () => {
  /** A first piece of `first` bytes and a list of more, as ip6AppendData lays them out. */
  function list(first: number, more: readonly number[], sk: TestSock6 | null = null, room = 128): SkBuff {
    const head = packet(first, [], sk, 128);
    let last: SkBuff | null = null;
    let at = first;
    for (const n of more) {
      const piece = t.h.kernel.skbs.alloc(room + n) as SkBuff;
      piece.reserve(room);
      piece.putData(data(at + n), at, n);
      at += n;
      head.len += n;
      head.dataLen += n;
      head.truesize += piece.truesize;
      if (sk !== null) sk.charged += piece.truesize;
      if (last === null) skbSetFragList(head, piece);
      else last.next = piece;
      last = piece;
    }
    return head;
  }

  it('goes out as it is: every sk_buff a fragment, each pays for itself [IP6X-11]', () => {
    const sk = new TestSock6(t.h.net);
    const skb = list(1400, [1400, 333], sk);
    const same: SkBuff[] = [];
    expect(ip6Fragment(t.h.net, sk, skb, (net, s, piece) => (same.push(piece), collect(net, s, piece)))).toBe(0);
    expect([same[0] === skb, sizes(), glued(), sk.charged, counts()]).toEqual([true, [1448, 1448, 381], [...data(3133)], 0, [1, 0, 3]]);
  });

  it.each([
    ['too long', 1400, [1456], 128],
    ['not a multiple of 8', 1400, [1399, 10], 128],
    ['without room for headers', 1400, [1400, 10], 8],
    ['first too long', 1456, [8], 128],
  ] as const)('is cut anew if a piece is %s', (_what, first, more, room) => {
    const total = first + more.reduce((sum, n) => sum + n, 0);
    expect(ip6Fragment(t.h.net, null, list(first, more, null, room), collect)).toBe(0);
    expect([glued(), sizes()[0]]).toEqual([[...data(total)], 1496]);
  });

  it('is freed from where one could not be sent', () => {
    expect(ip6Fragment(t.h.net, null, list(1400, [1400, 8]), (net, s, piece) => (collect(net, s, piece), -ENOBUFS))).toBe(-ENOBUFS);
    expect([pieces.length, counts()]).toEqual([1, [0, 1, 0]]);
  });
});

it('identifications are drawn by chance, and never 0', () => {
  const { random } = t.h.net.kernel;
  const draws = [0, 0, 5];
  const u32 = random.u32.bind(random);
  random.u32 = () => draws.shift() ?? u32();
  expect(ipv6SelectIdent(t.h.net)).toBe(5);
  random.u32 = u32;
  expect(new Set(Array.from({ length: 50 }, () => ipv6SelectIdent(t.h.net))).size).toBe(50);
});
