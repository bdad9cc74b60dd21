import { NETIF_F_GRO, type NetDevice } from '@skbuff/core';
import { type TwoHosts, type UdpFrame, sin, udpFrame } from '@skbuff/testbed';
import { AF_INET, SOCK_DGRAM, SOL_UDP, UDP_GRO, UDP_SEGMENT } from '@skbuff/uapi';
import { be16, setBe16 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { TSO, USO, ethtool, join, pair, payload, read, readAll, to } from './gso-support.ts';
import { useLab } from './support.ts';

const t = useLab();

/** The receiver has UDP_GRO and its device GRO, the sender's hands over segments. */
function merging(lab: TwoHosts): { s: number; r: number } {
  const sockets = pair(lab);
  expect(lab.tb.setsockopt(sockets.r, SOL_UDP, UDP_GRO, 1)).toBe(0);
  ethtool(lab.vb, NETIF_F_GRO, true);
  ethtool(lab.va, TSO | USO, false);
  return sockets;
}

/** Frames that come up on a device: length and identification. */
function arriving({ kernel }: TwoHosts, dev: NetDevice): string[] {
  const seen: string[] = [];
  kernel.softnet.addPack(tapOf(dev, seen));
  return seen;
}

function tapOf(dev: NetDevice, seen: string[]): Parameters<NetDevice['net']['softnet']['addPack']>[0] {
  return {
    type: 3,
    dev,
    net: null,
    ignoreOutgoing: true,
    listFunc: null,
    func(skb): number {
      seen.push(`${skb.len}@${be16(skb.bytes, skb.networkHeader + 4)}`);
      skb.consume();
      return 0;
    },
  };
}

interface Datagram extends Omit<UdpFrame, 'to' | 'dport'> {
  readonly df?: boolean;
  readonly frag?: number;
  readonly dport?: number;
  /** Added to the checksum of IP. */
  readonly spoil?: number;
  readonly smac?: number;
  readonly pad?: number;
}

function frameOf(lab: TwoHosts, d: Datagram): Uint8Array {
  const plain = udpFrame({ dport: 53, payload: payload(100), fragOff: (d.df === true ? 0x4000 : 0) | (d.frag ?? 0), ...d, to: lab.vb });
  const f = Uint8Array.of(...plain, ...new Uint8Array(d.pad ?? 0));
  f[11] = d.smac ?? 0;
  setBe16(f, 24, be16(f, 24) ^ (d.spoil ?? 0));
  return f;
}

/** All of them come in one poll; what the device passes on, and what the socket reads. */
function arrive(lab: TwoHosts, r: number, datagrams: readonly Datagram[]): [wire: string, socket: string] {
  const seen: string[] = [];
  const tap = tapOf(lab.vb, seen);
  lab.kernel.softnet.addPack(tap);
  lab.kernel.softirq.localBhDisable();
  for (const d of datagrams) {
    const frame = frameOf(lab, d);
    const skb = lab.kernel.skbs.allocRx(lab.va, frame.length);
    if (skb === null) throw new Error('no memory');
    skb.putData(frame, 0, frame.length);
    skb.dev = lab.va;
    skb.networkHeader = skb.data + 14;
    lab.kernel.xmit.devQueueXmit(skb);
  }
  lab.kernel.softirq.localBhEnable();
  lab.kernel.softnet.removePack(tap);
  return [seen.join(' '), read(lab.tb, r)];
}

const small = payload(40);
const large = payload(140);

describe('a device with GRO and a socket with UDP_GRO', () => {
  it('glue what the sender’s device was given in segments, and the socket reads it as it was sent [RX-12] [FEA-06]', () => {
    const { lab } = t;
    const { s, r } = merging(lab);
    lab.ta.setsockopt(s, SOL_UDP, UDP_SEGMENT, 1000);
    lab.ta.sendto(s, payload(2500), 0, to);
    const [one] = readAll(lab.tb, r);
    expect([one?.gro, one?.data]).toEqual([1000, payload(2500)]);
    const stats = [...lab.vb.stats.subarray(0, 4)];
    expect([stats, [...lab.va.stats.subarray(0, 4)]]).toEqual([stats, [stats[1], stats[0], stats[3], stats[2]]]);
    ethtool(lab.vb, NETIF_F_GRO, false);
    lab.ta.sendto(s, payload(2500), 0, to);
    expect(read(lab.tb, r)).toBe('1000 1000 500');
  });

  it('both are needed', () => {
    const { lab } = t;
    const { s, r } = merging(lab);
    const other = lab.tb.socket(AF_INET, SOCK_DGRAM);
    lab.tb.bind(other, sin('10.0.0.2', 54));
    lab.ta.setsockopt(s, SOL_UDP, UDP_SEGMENT, 1000);
    const seen = arriving(lab, lab.vb);
    lab.ta.sendto(s, payload(2500), 0, sin('10.0.0.2', 54));
    lab.tb.setsockopt(r, SOL_UDP, UDP_GRO, 0);
    lab.ta.sendto(s, payload(2500), 0, to);
    expect(seen.map((f) => f.split('@')[0]).join(' ')).toBe('1028 1028 528 1028 1028 528');
    expect([read(lab.tb, other), read(lab.tb, r)]).toEqual(['1000 1000 500', '1000 1000 500']);
    for (const pt of lab.vb.ptypeAll) lab.kernel.softnet.removePack(pt);
  });

  it('glue no more than 64 datagrams', () => {
    const { lab } = t;
    const { s, r } = merging(lab);
    lab.ta.setsockopt(s, SOL_UDP, UDP_SEGMENT, 500);
    lab.ta.sendto(s, payload(500 * 127 + 20), 0, to);
    const all = readAll(lab.tb, r);
    expect([all.map(({ data, gro }) => [data.length, gro]), join(all)]).toEqual([[[32000, 500], [31520, 500]], payload(63520)]);
  });

  it('glue to the longest packet there is', () => {
    const { lab } = t;
    const { s, r } = merging(lab);
    for (const size of [1472, 1024]) {
      lab.ta.setsockopt(s, SOL_UDP, UDP_SEGMENT, size);
      lab.ta.sendto(s, payload(65507), 0, to);
      expect(read(lab.tb, r)).toBe(`65507/${size}`);
    }
  });

  // What Linux 6.18 does with the same frames.
  it.each<readonly [string, readonly Datagram[], string, string]>([
    ['two of a kind', [{}, { id: 2 }], '228@1', '200/100'],
    ['a shorter one, which is the last', [{}, { id: 2 }, { id: 3, payload: small }, { id: 4 }], '268@1 128@4', '240/100 100'],
    ['a longer one, which begins anew', [{}, { id: 2, payload: large }, { id: 3, payload: large }], '128@1 308@2', '100 280/140'],
    ['one identification for all', [{}, {}, {}], '328@1', '300/100'],
    ['one identification for all, with DF', [{ df: true }, { df: true }, { df: true }], '328@1', '300/100'],
    ['identifications that count, with DF', [{ df: true }, { id: 2, df: true }, { id: 3, df: true }], '328@1', '300/100'],
    ['identifications that count no more', [{}, { id: 2 }, { id: 2 }], '228@1 128@2', '200/100 100'],
    ['identifications that begin to count', [{}, {}, { id: 2 }], '228@1 128@2', '200/100 100'],
    ['a gap between identifications', [{}, { id: 3 }, { id: 4 }], '128@1 228@3', '100 200/100'],
    ['identifications that wrap', [{ id: 65535 }, { id: 0 }, { id: 1 }], '328@65535', '300/100'],
    ['another TTL', [{}, { id: 2, ttl: 63 }], '128@1 128@2', '100 100'],
    ['another TOS', [{}, { id: 2, tos: 4 }], '128@1 128@2', '100 100'],
    ['another DF', [{}, { id: 2, df: true }], '128@1 128@2', '100 100'],
    ['two flows, by port', [{}, { id: 2, sport: 1001 }, { id: 2 }, { id: 3, sport: 1001 }], '228@1 228@2', '200/100 200/100'],
    ['two flows, by address', [{}, { id: 2, saddr: '10.0.0.3' }, { id: 2 }], '228@1 128@2', '200/100 100'],
    ['two flows, by sender’s MAC', [{}, { id: 2, smac: 9 }, { id: 2 }], '228@1 128@2', '200/100 100'],
    ['a fragment, which is none of GRO’s', [{}, { id: 2, frag: 0x2000 }, { id: 2 }], '128@2 228@1', '200/100'],
    ['options', [{ options: [1, 1, 1, 0] }, { id: 2, options: [1, 1, 1, 0] }], '132@1 132@2', '100 100'],
    ['no checksum', [{ check: 0 }, { id: 2, check: 0 }], '128@1 128@2', '100 100'],
    ['one without a checksum', [{}, { id: 2, check: 0 }, { id: 3 }], '128@2 128@1 128@3', '100 100 100'],
    ['one that is damaged', [{}, { id: 2, check: 0x1234 }, { id: 3 }], '128@2 128@1 128@3', '100 100'],
    ['one whose IP header is damaged', [{}, { id: 2, spoil: 1 }, { id: 2 }], '128@2 228@1', '200/100'],
    ['padded frames', [{ payload: payload(4), pad: 14 }, { id: 2, payload: payload(4), pad: 14 }], '46@1 46@2', '4 4'],
    ['a length that is not all', [{}, { id: 2, ulen: 90 }], '128@2 128@1', '82 100'],
    ['no payload', [{ payload: payload(0) }, { id: 2, payload: payload(0) }], '28@1 28@2', '0 0'],
  ])('%s [RX-12]', (_what, datagrams, wire, socket) => {
    const { lab } = t;
    const { r } = merging(lab);
    expect(arrive(lab, r, datagrams)).toEqual([wire, socket]);
  });

  it('hold eight flows: the ninth drives the oldest out [RX-12]', () => {
    const { lab } = t;
    const { r } = merging(lab);
    const flows = (n: number): Datagram[] => [1, 2].flatMap((id) => Array.from({ length: n }, (_, i) => ({ id, sport: 60 + i })));
    expect(arrive(lab, r, flows(8))[1]).toBe(new Array<string>(8).fill('200/100').join(' '));
    expect(arrive(lab, r, flows(9))[1]).toBe(new Array<string>(18).fill('100').join(' '));
  });

  it('hold nothing beyond a poll, but for as long as the device is told [RX-12]', () => {
    const { lab } = t;
    const { r } = merging(lab);
    const polls = (): string => [{}, { id: 2 }].map((d) => arrive(lab, r, [d])[1]).join('|');
    expect(polls()).toBe('100|100');
    lab.vb.groFlushTimeout = 50_000;
    expect([polls(), read(lab.tb, r)]).toEqual(['|', '']);
    lab.clock.advance(49_999);
    expect(read(lab.tb, r)).toBe('');
    lab.clock.advance(50_001);
    expect(read(lab.tb, r)).toBe('200/100');
  });

  it('lets go of what they hold when the device goes down', () => {
    const { lab } = t;
    const { r } = merging(lab);
    lab.vb.groFlushTimeout = 50_000;
    arrive(lab, r, [{}, { id: 2 }]);
    ethtool(lab.vb, NETIF_F_GRO, false);
    expect([lab.kernel.skbs.inUse, read(lab.tb, r)]).toEqual([0, '']);
  });

  it('leave a tap of the sender’s what it saw', () => {
    const { lab } = t;
    const { s, r } = merging(lab);
    const kept: Uint8Array[] = [];
    const clones: { len: number; read(): Uint8Array; free(): void }[] = [];
    const pt = {
      ...tapOf(lab.va, []),
      ignoreOutgoing: false,
      func: (skb: Parameters<ReturnType<typeof tapOf>['func']>[0]): number => {
        const bytes = (): Uint8Array => {
          const out = new Uint8Array(skb.len);
          skb.copyBits(0, out, 0, skb.len);
          return out;
        };
        kept.push(bytes());
        clones.push({ len: skb.len, read: bytes, free: () => skb.consume() });
        return 0;
      },
    };
    lab.kernel.softnet.addPack(pt);
    lab.ta.setsockopt(s, SOL_UDP, UDP_SEGMENT, 1000);
    lab.ta.sendto(s, payload(2500), 0, to);
    lab.kernel.softnet.removePack(pt);
    const [one] = readAll(lab.tb, r);
    expect([one?.data, clones.map((c) => c.len)]).toEqual([payload(2500), [1042, 1042, 542]]);
    expect(clones.map((c) => c.read())).toEqual(kept);
    for (const c of clones) c.free();
  });
});
