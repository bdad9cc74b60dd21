/** What becomes of packets with extension headers; the whole of what Linux does is in kernel.test.ts. */
import { rmmod, type SkBuff, skbSetFragList } from '@skbuff/core';
import { in6DevGet, type Inet6Dev, IP6CB_FLAGS, IP6CB_RA, IP6SKB_JUMBOGRAM, IP6SKB_ROUTERALERT } from '@skbuff/ipv6';
import { ethFrame, type Ip6Packet, icmp6Message, receiveFrame } from '@skbuff/testkit';
import { ETH_P_IPV6, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ROUTING } from '@skbuff/uapi';
import { be16, be32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { A, FAR, in6, packet, R, SEC, useRouter } from './support.ts';

const t = useRouter();
const OPTIONS = [0, 0, 1, 4, 0, 0, 0, 0];
type Ext = NonNullable<Ip6Packet['ext']>;

/** What is sent back for an echo request with these headers: type, code and of errors the second word. */
function answer(ext: Ext, f: Ip6Packet = {}): number[] {
  t.r.receive(t.r.v0, packet({ ext, ...f }));
  t.r.clock.advance(SEC);
  return t.r.take().flatMap(({ ip }) => [ip[40] as number, ip[41] as number, ...((ip[40] as number) < 128 ? [be32(ip, 44)] : [])]);
}

const hop = (...body: number[]): Ext => [[0, [0, (body.length + 2) / 8 - 1, ...body]]];
const dst = (...body: number[]): Ext => [[60, [0, (body.length + 2) / 8 - 1, ...body]]];

describe('extension headers', () => {
  it('come in any order and number, but hop-by-hop options only first [IP6X-01, IP6X-02]', () => {
    expect([answer([[0, OPTIONS], [60, OPTIONS], [60, OPTIONS]]), answer([[60, OPTIONS], [43, [0, 0, 4, 0, 0, 0, 0, 0]]]).length]).toEqual([[129, 0], 0]);
    expect([answer([[60, OPTIONS], [0, OPTIONS]]), answer([[0, OPTIONS], [0, OPTIONS]])]).toEqual([[4, 1, 40], [4, 1, 40]]);
  });

  it('are read by their destination alone, but for hop-by-hop options [IP6X-01]', () => {
    const far = (ext: Ext): string[] => (t.r.receive(t.r.v0, packet({ daddr: FAR, ext, payload: icmp6Message(A, FAR, 128) })), t.r.take().map(({ dev, ip }) => `${dev} ${ip[6]} ${ip[7]}`));
    const unknown = [0, 0, 0x5e, 4, 0, 0, 0, 0];
    expect([far([[60, unknown]]), far([[0, unknown]]), far([[43, [0, 2, 0, 1, ...new Array<number>(20).fill(0)]]])]).toEqual([['v1 60 63'], [], ['v1 43 63']]);
  });

  it('that nobody handles are answered with their place, where one of them says what they are [IP6X-03, IP6X-12]', () => {
    const first = (proto: number): number[] => answer([], { proto, payload: new Uint8Array(16) });
    expect([first(253), first(50), first(51), answer([[60, OPTIONS]], { proto: 253 })]).toEqual([[4, 1, 6], [4, 1, 6], [4, 1, 6], [4, 1, 40]]);
    // IPsec's are protocols like any other.
    const seen: number[] = [];
    const undos = [50, 51].map((proto) => t.r.ip.addProtocol(proto, { handler: (skb) => (seen.push(proto), skb.consume(), 0), errHandler: null, final: false, noPolicy: true }));
    expect([first(50), first(51), seen]).toEqual([[], [], [50, 51]]);
    for (const undo of undos) undo?.();
  });

  it('have handlers by their numbers, all but hop-by-hop options, which the IPv6 header alone announces [IP6X-05, IP6X-06]', () => {
    const { protos } = t.r.ip;
    const numbers = [IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS, 59];
    expect(numbers.map((n) => [protos[n]?.final, protos[n]?.noPolicy, protos[n]?.errHandler])).toEqual(numbers.map(() => [false, true, null]));
    expect([protos[IPPROTO_HOPOPTS], t.r.ip.addProtocol(IPPROTO_ROUTING, protos[58] as never)]).toEqual([null, null]);
    expect([answer(hop(1, 4, 0, 0, 0, 1)), t.r.counters().Ip6InHdrErrors, t.r.drops]).toEqual([[], 1, { IP_INHDR: 1 }]);
  });

  it('note a router alert with its value, and a payload beyond 65535 bytes [IP6X-07, IP6X-08]', () => {
    const noted: number[][] = [];
    t.r.ip.addProtocol(99, { handler: (skb) => (noted.push([IP6CB_FLAGS, IP6CB_RA].map((at) => skb.cb[at] as number), [skb.len]), skb.consume(), 0), errHandler: null, final: true, noPolicy: true });
    answer(hop(5, 2, 0x12, 0x34, 1, 0), { proto: 99 });
    const length = 70_000;
    const ext = hop(0xc2, 4, 0, 1, (length >> 8) & 0xff, length & 0xff);
    const frame = ethFrame(t.r.v0, packet({ ext, proto: 99, payload: new Uint8Array(30_000), payloadLen: 0 }), { type: ETH_P_IPV6 });
    receiveFrame(t.r.v0, frame, (skb) => {
      // The rest, and five bytes that do not belong to it.
      const rest = t.r.kernel.skbs.alloc(length - 30_008 + 5) as SkBuff;
      rest.put(length - 30_008 + 5);
      skbSetFragList(skb, rest);
      skb.len += rest.len;
      skb.dataLen += rest.len;
    });
    t.r.clock.advance(0);
    const flags = noted.map(([first]) => (first as number) & (IP6SKB_ROUTERALERT | IP6SKB_JUMBOGRAM));
    expect([flags[0], noted[0]?.[1], flags[2], noted[3]]).toEqual([IP6SKB_ROUTERALERT, 0x1234, IP6SKB_JUMBOGRAM, [length - 8]]);
    expect([answer(hop(5, 4, 0, 0, 0, 0)), answer(hop(0xc2, 4, 0, 0, 1, 0)), answer(hop(0xc2, 4, 0, 1, 0x11, 0x70))]).toEqual([[], [4, 0, 44], [4, 0, 42]]);
  });

  it('trace nothing, but are dropped if what is to be traced makes no sense and the interface looks', () => {
    // Behind two bytes of padding, for alignment: length, kind, namespace, words of a node, words that are left, fields of 32 bits.
    const trace = (len: number, kind: number, node: number, left: number, fields: number): Ext => hop(1, 0, 0x31, len, 0, kind, 0, 1, node << 3, left, fields >>> 24, (fields >>> 16) & 255, (fields >>> 8) & 255, fields & 255, ...new Array<number>(8).fill(0));
    const good = [trace(18, 0, 1, 2, 0x80000000), trace(18, 0, 2, 2, 0x00800000), trace(18, 0, 5, 2, 0x00a00401), trace(18, 0, 0, 0, 0), trace(18, 1, 9, 9, 0), trace(18, 0, 1, 0x82, 0x00100000)];
    const bad = [trace(18, 0, 1, 2, 0x00800000), trace(18, 0, 2, 2, 0x40000000), trace(18, 0, 1, 3, 0x40000000), trace(18, 0, 0, 0, 0x00000400), hop(1, 0, 0x31, 1, 0, 0), hop(1, 0, 0x31, 8, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)];
    expect([...good, ...bad].map((ext) => answer(ext).length)).toEqual(new Array(12).fill(2));
    const { cnf } = in6DevGet(t.r.v0) as Inet6Dev;
    cnf.ioam6Enabled = 1;
    expect([good.map((ext) => answer(ext)[0]), bad.map((ext) => answer(ext)), t.r.counters().Ip6InHdrErrors]).toEqual([good.map(() => 129), bad.map(() => []), 6]);
    expect([answer(hop(0x31, 2, 0, 1, 0, 0)), answer(hop(1, 0, 0x31, 2, 0, 1))]).toEqual([[], [129, 0]]);
  });

  it('are padded with as many zeros as alignment needs, not more [IP6X-04, IP6X-09]', () => {
    for (const make of [hop, dst]) {
      expect([make(0, 0, 0, 0, 0, 0), make(1, 4, 0, 0, 0, 0), make(0x1e, 5, 1, 2, 3, 4, 5, 1, 5, 0, 0, 0, 0, 0)].map((ext) => answer(ext))).toEqual([[129, 0], [129, 0], [129, 0]]);
      expect([make(1, 4, 0, 0, 1, 0), make(1, 6, 0, 0, 0, 0, 0, 0, 0x1e, 4, 0, 0, 0, 0), make(1, 5, 0, 0, 0, 0)].map((ext) => answer(ext))).toEqual([[], [], []]);
    }
  });

  it('of routing pass when there is nothing left to visit; to visit more is refused, whatever the type [IP6X-10]', () => {
    const rt = (type: number, left: number): number[] => answer([[43, [0, 2, type, left, ...new Array<number>(20).fill(0)]]]);
    expect([0, 2, 77].map((type) => [rt(type, 0), rt(type, 1)])).toEqual([0, 2, 77].map(() => [[129, 0], [4, 0, 42]]));
    expect([rt(3, 0), rt(4, 0), t.r.counters().Ip6InHdrErrors]).toEqual([[], [], 3]);
  });

  it('of routing with shortened addresses lead on where interfaces allow it, what is left out said anew (RFC 6554)', () => {
    const tail = (addr: string, from: number): number[] => [...in6(addr).toBytes()].slice(from);
    const rpl = (left: number, cmpr: number, pad: number, ...list: number[]): Ext => [[43, [0, (list.length + pad) / 8, 3, left, cmpr, pad << 4, 0, 0, ...list, ...new Array<number>(pad).fill(0)]]];
    const one = rpl(1, 0, 0, ...tail(FAR, 0));
    /** Where the packet went, with how many hops left, to whom, and its routing header. */
    const goes = (ext: Ext): unknown => {
      t.r.receive(t.r.v0, packet({ ext, ttl: 9 }));
      t.r.clock.advance(SEC);
      return t.r.take().map(({ dev, ip }) => (ip[6] === 43 ? [dev, ip[7], [...ip.slice(24, 40)], [...ip.slice(40, ip.length - 12)], be16(ip, 4) === ip.length - 40] : [...ip.slice(40, 42), be32(ip, 44)]));
    };
    expect(goes(one)).toEqual([]);
    for (const name of ['all', 'v0']) t.r.sysctl(`net/ipv6/conf/${name}/rpl_seg_enabled`, 1);
    // As the running kernel sends it: what was the destination has the first five bytes of the new one.
    expect(goes(one)).toEqual([['v1', 8, tail(FAR, 0), [58, 2, 3, 0, 0xf5, 0x50, 0, 0, ...tail(R, 5), 0, 0, 0, 0, 0], true]]);
    // Longer and shorter than it was.
    expect(goes(rpl(2, 0x5f, 4, ...tail(FAR, 5), 5))).toEqual([['v1', 8, tail(FAR, 0), [58, 3, 3, 1, 0x55, 0x20, 0, 0, ...tail(R, 5), ...tail('2001:db8::5', 5), 0, 0], true]]);
    expect(goes(rpl(2, 0x0f, 7, ...tail(FAR, 0), 5))).toEqual([['v1', 8, tail(FAR, 0), [58, 3, 3, 1, 0x55, 0x20, 0, 0, ...tail(R, 5), ...tail('2001:db8::5', 5), 0, 0], true]]);
    expect([goes(rpl(1, 0, 0, ...tail('ff02::1', 0))), goes(rpl(1, 0, 8)), goes(rpl(2, 0, 0, ...tail(FAR, 0)))]).toEqual([[], [], [[4, 0, 43]]]);
    expect([goes(rpl(4, 0, 0, ...[R, R, FAR, R].flatMap((a) => tail(a, 0)))), answer(rpl(0, 0, 0, ...tail(FAR, 0)))]).toEqual([[[4, 0, 0]], [129, 0]]);
  });

  it('with options may stand before a routing header and behind it [IP6X-13]', () => {
    const rt = [0, 0, 0, 0, 0, 0, 0, 0];
    expect(answer([[60, OPTIONS], [43, rt], [60, OPTIONS]])).toEqual([129, 0]);
    expect(answer([[60, OPTIONS], [43, rt], [60, [0, 0, 0x9e, 4, 0, 0, 0, 0]]])).toEqual([4, 2, 58]);
  });

  it('with unknown options: passed over, dropped, answered, answered unless for many; as many as are allowed [IP6X-15]', () => {
    for (const [make, name] of [[hop, 'max_hbh'], [dst, 'max_dst']] as const) {
      const of = (option: number): number[] => answer(make(option, 4, 1, 2, 3, 4));
      expect([0x1e, 0x5e, 0x9e, 0xde].map(of)).toEqual([[129, 0], [], [4, 2, 42], [4, 2, 42]]);
      const many = (option: number): number[] => {
        t.r.receive(t.r.v0, packet({ daddr: 'ff02::1', ext: make(option, 4, 1, 2, 3, 4), payload: icmp6Message(A, 'ff02::1', 128) }), Uint8Array.of(0x33, 0x33, 0, 0, 0, 1));
        t.r.clock.advance(SEC);
        return t.r.take().map(({ ip }) => ip[40] as number);
      };
      expect([many(0x9e), many(0xde)]).toEqual([[4], []]);
      const three = make(0x1e, 0, 0x1e, 0, 0x1e, 0);
      const limit = (n: number): number[] => (t.r.sysctl(`net/ipv6/${name}_opts_number`, n), answer(three));
      expect([limit(2), limit(3), limit(-3), limit(8)]).toEqual([[], [129, 0], [], [129, 0]]);
    }
  });

  it('are told to nobody in a stack without ICMPv6', () => {
    expect(rmmod(t.r.kernel, '@skbuff/icmpv6')).toBe(0);
    for (const ext of [dst(0x9e, 4, 0, 0, 0, 0), hop(0x9e, 4, 0, 0, 0, 0), hop(0xc2, 4, 0, 0, 1, 0)]) expect(answer(ext)).toEqual([]);
    expect(answer([[44, [0, 0, 0, 1, 0, 0, 0, 1]]], { payload: new Uint8Array(7) })).toEqual([]);
    expect(t.r.counters().Ip6InHdrErrors).toBe(4);
  });
});
