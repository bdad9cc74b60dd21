import { CHECKSUM_PARTIAL, type NetDevice, SKB_DROP_REASON_PKT_TOO_BIG, skbSetFragList, type SkBuff } from '@skbuff/core';
import { EMSGSIZE, ENOBUFS, ETH_P_IP, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED } from '@skbuff/uapi';
import { be16, setBe16 } from '@skbuff/wire';
import { type IpPacket, ipPacket } from '@skbuff/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { Flowi4, IPCB_FLAGS, IPCB_FRAG_MAX_SIZE, ipDoFragment, ipFragment, type IpFragmentOutput, IPSKB_FRAG_PMTU, type Rtable } from '../src/index.ts';
import { ip4, TestSock, useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;
let pieces: Uint8Array[];
const meta: (readonly [number, number, unknown, unknown])[] = [];

beforeEach(() => {
  dev = t.h.eth('a', '10.0.0.1');
  pieces = [];
  meta.length = 0;
});

const collect: IpFragmentOutput = (_net, _sk, skb) => {
  pieces.push(skb.bytes.slice(skb.data, skb.tail));
  meta.push([skb.mark, skb.priority, skb.dst, skb.dev]);
  skb.consume();
  return 0;
};

function packet(n: number, fields: IpPacket = {}, sk: TestSock | null = null): SkBuff {
  const ip = ipPacket({ saddr: '10.0.0.1', daddr: '10.0.0.9', payload: n, ...fields });
  const skb = t.h.kernel.skbs.alloc(64 + ip.length) as SkBuff;
  skb.reserve(64);
  skb.networkHeader = skb.putData(ip, 0, ip.length);
  skb.transportHeader = skb.networkHeader + 20;
  skb.protocol = ETH_P_IP;
  skb.dev = dev;
  sk?.setOwnerW(skb);
  skb.dstSet(t.h.routing.routeOutput(t.h.net, new Flowi4().init(0, 0, 0, 0, 17, 0, ip4('10.0.0.9'), 0, 0, 0), null) as Rtable);
  return skb;
}

const shape = (): number[][] => pieces.map((ip) => [be16(ip, 2), be16(ip, 6)]);
const mibs = (): number[] => ['FragOKs', 'FragFails', 'FragCreates'].map((name) => t.h.mib('Ip', name));

describe('cutting', () => {
  it('makes 1500, 1500 and 1040 of 4000 bytes [FRG-11, FRG-06, FRG-07, FRG-08]', () => {
    expect(ipFragment(t.h.net, null, packet(3980), 1500, collect)).toBe(0);
    expect(shape()).toEqual([[1500, 0x2000], [1500, 0x2000 | 185], [1040, 370]]);
    expect(mibs()).toEqual([1, 0, 3]);
  });

  it('gives each piece what the packet had, and charges the sender for it [FRG-06, FRG-10]', () => {
    const sk = new TestSock(t.h.net);
    const skb = packet(3000, {}, sk);
    skb.mark = 9;
    skb.priority = 3;
    const { dst } = skb;
    let most = 0;
    const watch: IpFragmentOutput = (net, s, piece) => {
      most = Math.max(most, sk.charged);
      expect(piece.sk).toBe(sk);
      return collect(net, s, piece);
    };
    const before = sk.charged;
    ipFragment(t.h.net, sk, skb, 1500, watch);
    expect(meta).toEqual([[9, 3, dst, dev], [9, 3, dst, dev], [9, 3, dst, dev]].slice(0, pieces.length));
    expect([most > before, sk.charged]).toEqual([true, 0]);
  });

  it('stops at the first error, frees the rest and passes it on [FRG-08]', () => {
    let n = 0;
    const fail: IpFragmentOutput = (net, sk, skb) => (collect(net, sk, skb), ++n === 2 ? -ENOBUFS : 0);
    expect(ipFragment(t.h.net, null, packet(3980), 1500, fail)).toBe(-ENOBUFS);
    expect([pieces.length, mibs()]).toEqual([2, [0, 1, 1]]);
  });

  it('finishes an open checksum first [FRG-06]', () => {
    const skb = packet(2000, { payload: new Uint8Array(2000) });
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.csumStart = skb.transportHeader;
    skb.csumOffset = 6;
    setBe16(skb.bytes, skb.transportHeader, 0x1234);
    ipFragment(t.h.net, null, skb, 1500, collect);
    expect(be16(pieces[0] as Uint8Array, 26)).toBe(0xffff - 0x1234);
  });

  it('keeps DF on the pieces of a packet that came in pieces with DF [FRG-02, DFR-16]', () => {
    const skb = packet(2000, { fragOff: 0x4000 });
    skb.ignoreDf = true;
    skb.cb[IPCB_FLAGS] = IPSKB_FRAG_PMTU;
    skb.cb[IPCB_FRAG_MAX_SIZE] = 1000;
    expect(ipFragment(t.h.net, null, skb, 1500, collect)).toBe(0);
    expect(shape()).toEqual([[996, 0x6000], [996, 0x6000 | 122], [68, 0x4000 | 244]]);
  });
});

describe('a packet that may not be cut', () => {
  it.each([
    ['DF', false, 0],
    ['DF, though its sender does not mind, of fragments that were longer', true, 1400],
  ] as const)('has %s: Fragmentation Needed goes back [FRG-02]', (_what, ignoreDf, maxSize) => {
    const skb = packet(1500, { fragOff: 0x4000 });
    skb.ignoreDf = ignoreDf;
    skb.cb[IPCB_FRAG_MAX_SIZE] = maxSize;
    expect(ipFragment(t.h.net, null, skb, 1300, collect)).toBe(-EMSGSIZE);
    expect(t.h.icmp).toEqual([[ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1300]]);
    expect([mibs(), t.h.drops(SKB_DROP_REASON_PKT_TOO_BIG)]).toEqual([[0, 1, 0], 1]);
  });
});

describe('a list of pieces', () => {
  /** A packet of a first piece of `first` bytes of payload and a list of more. */
  function list(first: number, more: readonly number[], sk: TestSock | null = null): SkBuff {
    const head = packet(first, {}, sk);
    let last: SkBuff | null = null;
    for (const n of more) {
      const piece = t.h.kernel.skbs.alloc(128 + n) as SkBuff;
      piece.reserve(128);
      piece.put(n);
      piece.bytes.fill(n, piece.data, piece.tail);
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

  it('goes as it is when the pieces fit [FRG-03, FRG-04, FRG-05]', () => {
    const sk = new TestSock(t.h.net);
    expect(ipFragment(t.h.net, sk, list(800, [400, 56, 33], sk), 1500, collect)).toBe(0);
    expect(shape()).toEqual([[820, 0x2000], [420, 0x2000 | 100], [76, 0x2000 | 150], [53, 157]]);
    expect([mibs(), sk.charged]).toEqual([[1, 0, 4], 0]);
  });

  it.each([
    ['a piece is no multiple of 8', 800, [401, 56]],
    ['the first is no multiple of 8', 801, [400]],
    ['a piece is too long', 800, [1600]],
  ] as const)('is cut anew when %s [FRG-03]', (_what, first, more) => {
    expect(ipFragment(t.h.net, null, list(first, more), 1500, collect)).toBe(0);
    const total = first + more.reduce((a, b) => a + b, 0);
    expect(pieces.reduce((sum, ip) => sum + ip.length - 20, 0)).toBe(total);
    expect(pieces.slice(0, -1).every((ip) => (ip.length - 20) % 8 === 0 && ip.length <= 1500)).toBe(true);
  });

  it('is cut anew when somebody else looks at it [FRG-03]', () => {
    const skb = list(800, [400]);
    const tap = skb.clone() as SkBuff;
    expect(ipFragment(t.h.net, null, skb, 1500, collect)).toBe(0);
    expect(pieces.map((ip) => ip.length)).toEqual([1220]);
    tap.consume();
  });

  it('is freed behind the piece that failed [FRG-05]', () => {
    let n = 0;
    const fail: IpFragmentOutput = (net, sk, skb) => (collect(net, sk, skb), ++n === 2 ? -ENOBUFS : 0);
    expect(ipDoFragment(t.h.net, null, list(800, [400, 400, 400]), 1500, fail)).toBe(-ENOBUFS);
    expect(mibs()).toEqual([0, 1, 1]);
  });
});
