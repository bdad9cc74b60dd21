/** Gluing and cutting of an invented transport whose header is four bytes. */
import {
  GRO_CB_OFFSET,
  GRO_CB_SAME_FLOW,
  napiComplete,
  napiDisable,
  napiEnable,
  napiGroReceive,
  type NapiStruct,
  type NetDevice,
  netifNapiAdd,
  netifNapiDel,
  SKB_GSO_UDP_L4,
  type SkBuff,
  SkBuffHead,
  skbFlowDissect,
  skbGetHash,
  skbGroReceive,
  skbGsoSegment,
  skbSegment,
} from '@skbuff/core';
import { bytesOf, type Ip6Packet, ip6Packet } from '@skbuff/testkit';
import { EINVAL, EPROTONOSUPPORT, ETH_P_IPV6 } from '@skbuff/uapi';
import { be16 } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { ipv6GroFlush } from '../src/index.ts';
import { useHost6 } from './support.ts';

const PROTO = 204;
const t = useHost6();
let a: NetDevice;
let got: { payloadLen: number; size: number; segs: number }[];

beforeEach(() => {
  a = t.h.eth('a', '2001:db8:a::1');
  got = [];
  t.h.ip.addOffload(PROTO, {
    gsoSegment: (skb) => (skb.pull(4), skbSegment(skb, true)),
    groReceive(held, skb) {
      skb.cb[GRO_CB_OFFSET] += 4;
      for (let p = held.first; p !== null; p = p.next) {
        if (p.cb[GRO_CB_SAME_FLOW] === 0) continue;
        return ipv6GroFlush(p, skb) || skbGroReceive(p, skb) !== 0 ? p : null;
      }
      return null;
    },
    groComplete: (skb) => ((skb.shinfo.gsoType |= SKB_GSO_UDP_L4), 0),
  });
  t.h.ip.addProtocol(PROTO, {
    handler(skb) {
      got.push({ payloadLen: be16(skb.bytes, skb.networkHeader + 4), size: skb.shinfo.gsoSize, segs: skb.shinfo.gsoSegs || 1 });
      skb.consume();
      return 0;
    },
    errHandler: null,
    final: true,
    noPolicy: true,
  });
});

const packet = (fields: Ip6Packet = {}): Uint8Array => ip6Packet({ saddr: '2001:db8:a::2', daddr: '2001:db8:a::1', proto: PROTO, payload: 24, ...fields });

/** All of these come in one poll of a device that glues. */
function arrive(...packets: readonly Uint8Array[]): void {
  const ring = new SkBuffHead();
  const napi: NapiStruct = netifNapiAdd(a, (n) => {
    for (let skb = ring.dequeue(); skb !== null; skb = ring.dequeue()) napiGroReceive(n, skb);
    napiComplete(t.h.net.softnet, n, 0);
    return 0;
  });
  napiEnable(napi);
  for (const bytes of packets) {
    const skb = t.h.net.skbs.allocRx(a, 14 + bytes.length) as SkBuff;
    skb.put(14);
    skb.bytes.fill(0, skb.data, skb.data + 14);
    skb.putData(bytes, 0, bytes.length);
    skb.macHeader = skb.data;
    skb.pull(14);
    skb.protocol = ETH_P_IPV6;
    skb.dev = a;
    ring.queueTail(skb);
  }
  const { softirq, softnet } = t.h.kernel;
  softirq.localBhDisable();
  softnet.napiSchedule(napi);
  softirq.localBhEnable();
  t.h.clock.advance(0);
  napiDisable(softnet, napi);
  netifNapiDel(a, napi);
}

describe('GRO', () => {
  it('glues packets whose headers agree, and puts the length of the whole right', () => {
    arrive(packet(), packet(), packet());
    expect(got).toEqual([{ payloadLen: 64, size: 20, segs: 3 }]);
    expect(t.h.counters(a)).toEqual({ INPKTS: 1, INDELIVERS: 1 });
  });

  it.each<[string, Ip6Packet]>([
    ['the source', { saddr: '2001:db8:a::3' }],
    ['the flow label', { flowlabel: 1 }],
    ['the traffic class', { tos: 4 }],
    ['the hop limit', { ttl: 9 }],
    ['the headers before the transport', { ext: [[60, [0, 0, 1, 4, 0, 0, 0, 0]]] }],
  ])('keeps packets apart that differ in %s', (_what, fields) => {
    arrive(packet(), packet(fields));
    expect(got.map((g) => g.segs)).toEqual([1, 1]);
  });

  it('glues behind extension headers if those are the same too', () => {
    const ext = (option: number): Ip6Packet => ({ ext: [[60, [0, 0, 1, 4, 0, 0, 0, 0]], [60, [0, 0, option, 4, 0, 0, 0, 0]]] });
    arrive(packet(ext(1)), packet(ext(1)), packet(ext(0x1e)));
    expect(got.map((g) => [g.segs, g.payloadLen])).toEqual([
      [2, 60],
      [1, 40],
    ]);
  });

  it('leaves alone what is damaged, short or of no known transport', () => {
    arrive(packet({ payloadLen: 20 }), packet({ payloadLen: 20 }), packet({ proto: 60, payload: Uint8Array.of(PROTO, 3, 0, 0, 0, 0, 0, 0) }));
    expect(got.map((g) => g.segs)).toEqual([1, 1]);
    t.h.ip.protos[205] = t.h.ip.protos[PROTO] as never;
    arrive(packet({ proto: 205 }), packet({ proto: 205 }));
    t.h.ip.protos[205] = null;
    expect(got.length).toBe(4);
  });
});

describe('GSO', () => {
  function superPacket(fields: Ip6Packet): SkBuff {
    const bytes = packet(fields);
    const skb = t.h.net.skbs.alloc(200 + bytes.length) as SkBuff;
    skb.reserve(100);
    skb.put(14);
    skb.networkHeader = skb.put(bytes.length);
    skb.bytes.set(bytes, skb.networkHeader);
    skb.protocol = ETH_P_IPV6;
    skb.dev = a;
    skb.shinfo.gsoSize = 10;
    return skb;
  }

  function cut(fields: Ip6Packet): Uint8Array[] | number | null {
    const skb = superPacket(fields);
    const segs = skbGsoSegment(skb, 0);
    skb.consume();
    if (segs === null || typeof segs === 'number') return segs;
    const all: Uint8Array[] = [];
    for (let seg: SkBuff | null = segs; seg !== null; ) {
      const next: SkBuff | null = seg.next;
      seg.next = null;
      all.push(bytesOf(seg).subarray(14));
      seg.consume();
      seg = next;
    }
    return all;
  }

  it.each<[string, Ip6Packet, number]>([
    ['alone', {}, 40],
    ['behind extension headers', { ext: [[0, [0, 0, 1, 4, 0, 0, 0, 0]], [60, [0, 1, 1, 12, ...new Array<number>(12).fill(0)]]] }, 64],
  ])('gives each segment all headers and its own length: %s', (_what, fields, hlen) => {
    const payload = Uint8Array.from({ length: 29 }, (_, i) => i);
    const segs = cut({ ...fields, payload }) as Uint8Array[];
    const whole = packet({ ...fields, payload });
    expect(segs.map((seg) => [seg.length, be16(seg, 4) + 40])).toEqual([10, 10, 5].map((n) => [hlen + 4 + n, hlen + 4 + n]));
    expect(segs.flatMap((seg) => [...seg.subarray(hlen + 4)])).toEqual([...payload.subarray(4)]);
    for (const seg of segs) expect([...seg.subarray(6, hlen)]).toEqual([...whole.subarray(6, hlen)]);
  });

  it('refuses what nobody knows to cut, and what is no packet', () => {
    expect(cut({ proto: 205 })).toBe(-EPROTONOSUPPORT);
    const skb = superPacket({});
    skb.trim(14 + 30);
    expect(skbGsoSegment(skb, 0)).toBe(-EINVAL);
    skb.consume();
  });
});

describe('flows', () => {
  function flowOf<T>(fields: Ip6Packet, read: (skb: SkBuff) => T, cutTo = 999): T {
    const bytes = ip6Packet({ payload: Uint8Array.of(3, 232, 7, 208, 0, 8, 0, 0), ...fields }).subarray(0, cutTo);
    const skb = t.h.net.skbs.alloc(bytes.length) as SkBuff;
    skb.networkHeader = skb.put(bytes.length);
    skb.bytes.set(bytes, skb.data);
    skb.protocol = ETH_P_IPV6;
    const result = read(skb);
    skb.consume();
    return result;
  }
  const dissect = (fields: Ip6Packet, cutTo?: number): unknown[] =>
    flowOf(fields, (skb) => [skbFlowDissect(skb)].flatMap((k) => [k.ipProto, k.source, k.dest, k.addrLen, k.thoff - skb.data, k.laterFragment]), cutTo);
  const hash = (fields: Ip6Packet): number => flowOf(fields, skbGetHash);

  it('are known by ports, behind whatever headers, but not of fragments', () => {
    const pad = [0, 0, 1, 4, 0, 0, 0, 0];
    expect(dissect({})).toEqual([17, 1000, 2000, 16, 40, false]);
    expect(dissect({ ext: [[0, pad], [43, [0, 1, 9, 0, ...new Array<number>(12).fill(0)]], [60, pad]] })).toEqual([17, 1000, 2000, 16, 72, false]);
    expect(dissect({ ext: [[44, [0, 0, 0, 1, 0, 0, 0, 5]]] })).toEqual([17, -1, -1, 16, 48, false]);
    expect(dissect({ ext: [[44, [0, 0, 0, 9, 0, 0, 0, 5]]] })).toEqual([17, -1, -1, 16, 48, true]);
    expect(dissect({ proto: 58 }).slice(0, 3)).toEqual([58, -1, -1]);
    expect(dissect({ ext: [[60, pad]] }, 44).slice(0, 3)).toEqual([60, -1, -1]);
    expect(dissect({}, 30).slice(0, 4)).toEqual([0, -1, -1, 0]);
  });

  it('have one number in both directions, another for other ports; a flow label says it alone', () => {
    const back = { saddr: '2001:db8::2', daddr: '2001:db8::1', payload: Uint8Array.of(7, 208, 3, 232, 0, 8, 0, 0) };
    const other = { payload: Uint8Array.of(3, 233, 7, 208, 0, 8, 0, 0) };
    expect(hash(back)).toBe(hash({}));
    expect(hash(other)).not.toBe(hash({}));
    expect(hash({ ...other, flowlabel: 5 })).toBe(hash({ flowlabel: 5 }));
    expect(hash({ flowlabel: 6 })).not.toBe(hash({ flowlabel: 5 }));
    expect(hash({ saddr: '2001:db8::3' })).not.toBe(hash({}));
  });
});
