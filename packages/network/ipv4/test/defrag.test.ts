import {
  SKB_DROP_REASON_DUP_FRAG,
  SKB_DROP_REASON_FRAG_REASM_TIMEOUT,
  SKB_DROP_REASON_FRAG_TOO_FAR,
  SKB_DROP_REASON_NOMEM,
  type NetDevice,
  type SkBuff,
  unregisterNetdevice,
} from '@skbuff/core';
import { ICMP_EXC_FRAGTIME, ICMP_TIME_EXCEEDED, PACKET_HOST } from '@skbuff/uapi';
import { be16, ipComputeCsum } from '@skbuff/wire';
import { type IpPacket, ipPacket } from '@skbuff/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  IP_DEFRAG_AF_PACKET,
  IP_DEFRAG_CONNTRACK_IN,
  IP_DEFRAG_LOCAL_DELIVER,
  IPCB_FRAG_MAX_SIZE,
  ipDefrag,
  ipFragNet,
  ipIsFragment,
  ipcbInit,
} from '../src/index.ts';
import { SEC, useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;
const whole = Uint8Array.from({ length: 240 }, (_, i) => i * 11);

beforeEach(() => {
  dev = t.h.eth('a', '10.0.0.1');
});

/** Bytes `from … to` of the whole as a fragment. */
function fragment(from: number, to: number, more: IpPacket = {}): Uint8Array {
  const fragOff = (from >> 3) | (to < whole.length ? 0x2000 : 0);
  return ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1', id: 7, payload: whole.slice(from, to), fragOff, ...more });
}

const mibs = (...names: string[]): number[] => names.map((name) => t.h.mib('Ip', name));

describe('the timer', () => {
  it('gives an incomplete packet up after 30 s and tells its sender if the first fragment is there [DFR-12, ICMP-37]', () => {
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(160, 240));
    t.h.clock.advance(29.9 * SEC);
    expect(t.h.icmp).toEqual([]);
    t.h.clock.advance(0.2 * SEC);
    expect(t.h.icmp).toEqual([[ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, 0]]);
    expect(mibs('ReasmReqds', 'ReasmFails', 'ReasmTimeout', 'ReasmOKs')).toEqual([2, 1, 1, 0]);
    expect(t.h.drops(SKB_DROP_REASON_FRAG_REASM_TIMEOUT)).toBe(2);
    expect([ipFragNet.of(t.h.net).fqdir.count, ipFragNet.of(t.h.net).fqdir.mem]).toEqual([0, 0]);
  });

  it('says nothing without the first fragment [DFR-12]', () => {
    t.h.receive(dev, fragment(80, 160));
    t.h.clock.advance(31 * SEC);
    expect([t.h.icmp, mibs('ReasmFails', 'ReasmTimeout')]).toEqual([[], [1, 1]]);
  });

  it('says nothing when the interface is gone by then [DFR-12]', () => {
    t.h.receive(dev, fragment(0, 80));
    t.h.routing.release();
    unregisterNetdevice(dev);
    t.h.clock.advance(31 * SEC);
    expect(t.h.icmp).toEqual([]);
  });

  it('follows ipfrag_time and stops when the packet is complete [DFR-12]', () => {
    t.h.sysctl('net/ipv4/ipfrag_time', '5');
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(80, 240));
    expect(t.h.delivered.length).toBe(1);
    t.h.receive(dev, fragment(0, 80, { id: 8 }));
    t.h.clock.advance(5.1 * SEC);
    expect(mibs('ReasmTimeout', 'ReasmOKs')).toEqual([1, 1]);
  });
});

describe('the whole packet', () => {
  it('has the first fragment\'s header without MF and offset, the new length and a good checksum [DFR-08]', () => {
    for (const [from, to] of [[160, 240], [0, 80], [80, 160]] as const) t.h.receive(dev, fragment(from, to, { tos: 0x10 }));
    const ip = t.h.delivered[0] as Uint8Array;
    expect([be16(ip, 2), be16(ip, 6), ip[1], ipComputeCsum(ip, 0, 20)]).toEqual([260, 0, 0x10, 0]);
    expect([...ip.slice(20)]).toEqual([...whole]);
  });

  it('is one packet for the transport: InDelivers rises once [IP4-18]', () => {
    t.h.receive(dev, fragment(0, 80));
    t.h.receive(dev, fragment(80, 240));
    expect([t.h.mib('Ip', 'InReceives'), t.h.mib('Ip', 'InDelivers')]).toEqual([2, 1]);
  });

  it('tells apart packets by identification, addresses and protocol [DFR-03, IP4-05]', () => {
    t.h.receive(dev, fragment(0, 80));
    for (const other of [{ id: 8 }, { saddr: '10.0.0.3' }, { proto: 18 }]) t.h.receive(dev, fragment(80, 240, other));
    expect(t.h.delivered).toEqual([]);
    expect(ipFragNet.of(t.h.net).fqdir.count).toBe(4);
  });
});

describe('limits', () => {
  it('takes nothing above ipfrag_high_thresh, of packets that wait neither [DFR-05]', () => {
    t.h.sysctl('net/ipv4/ipfrag_low_thresh', '0');
    t.h.sysctl('net/ipv4/ipfrag_high_thresh', '2000');
    for (let id = 1; id <= 5; id++) t.h.receive(dev, fragment(0, 80, { id }));
    const { fqdir } = ipFragNet.of(t.h.net);
    expect(fqdir.count).toBe(2);
    expect([mibs('ReasmReqds', 'ReasmFails'), t.h.drops(SKB_DROP_REASON_NOMEM)]).toEqual([[5, 3], 3]);
    t.h.receive(dev, fragment(80, 240, { id: 1 }));
    expect([mibs('ReasmFails'), t.h.delivered.length, fqdir.count]).toEqual([[4], 0, 2]);
    t.h.sysctl('net/ipv4/ipfrag_high_thresh', '3000');
    t.h.receive(dev, fragment(80, 240, { id: 1 }));
    expect([t.h.delivered.length, fqdir.count]).toEqual([1, 1]);
  });

  it('takes nothing at all with a limit of 0 [DFR-05]', () => {
    t.h.sysctl('net/ipv4/ipfrag_low_thresh', '0');
    t.h.sysctl('net/ipv4/ipfrag_high_thresh', '0');
    t.h.receive(dev, fragment(0, 80));
    expect(mibs('ReasmFails')).toEqual([1]);
  });

  it('begins anew when too many fragments of the sender came in between [DFR-06]', () => {
    t.h.sysctl('net/ipv4/ipfrag_max_dist', '3');
    t.h.receive(dev, fragment(0, 80));
    for (let id = 100; id < 104; id++) t.h.receive(dev, fragment(0, 80, { id }));
    t.h.receive(dev, fragment(80, 240));
    expect([t.h.delivered.length, t.h.drops(SKB_DROP_REASON_FRAG_TOO_FAR)]).toEqual([0, 1]);
    t.h.receive(dev, fragment(0, 80));
    expect(t.h.delivered.length).toBe(1);
  });

  it('drops a duplicate and goes on [DFR-09]', () => {
    for (const [from, to] of [[0, 80], [0, 80], [8, 16], [80, 240]] as const) t.h.receive(dev, fragment(from, to));
    expect([t.h.delivered.length, t.h.drops(SKB_DROP_REASON_DUP_FRAG)]).toEqual([1, 2]);
  });
});

describe('size', () => {
  it('may be 65535 bytes in all, not one more [IP4-04, DFR-10]', () => {
    const big = new Uint8Array(65535 - 20);
    const send = (data: Uint8Array, id: number): void => {
      for (let from = 0; from < data.length; from += 1480) {
        const to = Math.min(data.length, from + 1480);
        t.h.receive(dev, ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1', id, payload: data.slice(from, to), fragOff: (from >> 3) | (to < data.length ? 0x2000 : 0) }));
      }
    };
    send(big, 1);
    expect(t.h.delivered.map((ip) => [ip.length, be16(ip, 2)])).toEqual([[65535, 65535]]);
    send(new Uint8Array(65536 - 20), 2);
    expect([t.h.delivered.length, mibs('ReasmOKs', 'ReasmFails')]).toEqual([1, [1, 1]]);
    expect(t.h.kernel.dmesg().at(-1)).toContain('Oversized IP packet from 10.0.0.2');
  });
});

describe('users', () => {
  function received(packet: Uint8Array): SkBuff {
    const skb = t.h.kernel.skbs.allocRx(dev, packet.length) as SkBuff;
    skb.networkHeader = skb.putData(packet, 0, packet.length);
    skb.transportHeader = skb.networkHeader + 20;
    skb.pktType = PACKET_HOST;
    ipcbInit(skb, dev.ifindex);
    return skb;
  }

  it('do not mix their fragments, and get the largest size that was seen [DFR-02, DFR-14, DFR-16]', () => {
    const give = (from: number, to: number, user: number): SkBuff | null => ipDefrag(t.h.net, received(fragment(from, to)), user);
    expect(give(0, 80, IP_DEFRAG_CONNTRACK_IN)).toBeNull();
    expect(give(80, 240, IP_DEFRAG_AF_PACKET)).toBeNull();
    const skb = give(80, 240, IP_DEFRAG_CONNTRACK_IN) as SkBuff;
    expect([skb.len, skb.cb[IPCB_FRAG_MAX_SIZE], ipIsFragment(skb.bytes, skb.networkHeader)]).toEqual([260, 180, false]);
    skb.consume();
  });

  it('keep the route of the fragment that came last [DFR-15]', () => {
    const first = received(fragment(0, 80));
    expect(ipDefrag(t.h.net, first, IP_DEFRAG_LOCAL_DELIVER)).toBeNull();
    const last = received(fragment(80, 240));
    t.h.routing.routeInput(last, 0x0a000001, 0x0a000002, 0, dev);
    const { dst } = last;
    const skb = ipDefrag(t.h.net, last, IP_DEFRAG_LOCAL_DELIVER) as SkBuff;
    expect([skb.dst, skb.dev]).toEqual([dst, dev]);
    skb.consume();
  });

  it('of forwarded packets say nothing to the sender when time is over [DFR-12]', () => {
    const foreign = received(ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.77', fragOff: 0x2000 }));
    ipDefrag(t.h.net, foreign, IP_DEFRAG_CONNTRACK_IN);
    ipDefrag(t.h.net, received(fragment(0, 80)), IP_DEFRAG_CONNTRACK_IN);
    t.h.clock.advance(31 * SEC);
    expect(t.h.icmp.length).toBe(1);
  });
});

it('gives the packet up when there is no memory to make it whole [DFR-11]', () => {
  const skbs: SkBuff[] = [];
  const { skbs: cache } = t.h.kernel;
  t.h.receive(dev, fragment(0, 80));
  const tap = findFirst().clone() as SkBuff;
  const last = cache.allocRx(dev, 300) as SkBuff;
  const packet = fragment(80, 240);
  last.networkHeader = last.putData(packet, 0, packet.length);
  last.transportHeader = last.networkHeader + 20;
  ipcbInit(last, dev.ifindex);
  for (const size of [60000, 100]) for (let skb = cache.alloc(size); skb !== null; skb = cache.alloc(size)) skbs.push(skb);
  expect(ipDefrag(t.h.net, last, IP_DEFRAG_LOCAL_DELIVER)).toBeNull();
  for (const skb of skbs) skb.consume();
  tap.consume();
  expect([mibs('ReasmOKs', 'ReasmFails'), ipFragNet.of(t.h.net).fqdir.mem]).toEqual([[0, 1], 0]);
});

/** The first fragment that waits. */
function findFirst(): SkBuff {
  const { fqdir } = ipFragNet.of(t.h.net);
  for (let hash = 0; ; hash++) {
    const run = fqdir.candidates(hash)[0]?.runs[0];
    if (run !== undefined) return run.first;
  }
}

it('leaves nothing when the namespace dies in the middle [DFR-12]', () => {
  t.h.receive(dev, fragment(0, 80));
  t.h.receive(dev, fragment(160, 240));
  expect(ipFragNet.of(t.h.net).fqdir.mem).toBeGreaterThan(0);
});
