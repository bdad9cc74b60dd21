/** What a running kernel (6.18) did with the same packets is the expectation: counters of /proc/net/snmp6 and reasons of the kfree_skb event. */
import { devOpen, type NetDevice, nfRegisterNetHook, nfUnregisterNetHook, type PacketType, type SkBuff } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { icmp6Message, ip6Packet } from '@skbuff/testkit';
import { ETH_P_IPV6, IPSTATS_MIB_CEPKTS, IPSTATS_MIB_INOCTETS, NF_ACCEPT, NF_DROP, NFPROTO_IPV6 } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { IP6SKB_MULTIPATH, ip6ListRcv, ip6ProtocolDeliver } from '../src/index.ts';
import { mroute, useHost6 } from './support.ts';

const t = useHost6();
let a: NetDevice;
const US = '2001:db8:a::1';
const THEM = '2001:db8:a::2';

beforeEach(() => {
  a = t.h.eth('a', US);
});

const toUs = (fields = {}): Uint8Array => ip6Packet({ saddr: THEM, daddr: US, ...fields });
const bad = (change: (packet: Uint8Array) => void): Uint8Array => {
  const packet = toUs();
  change(packet);
  return packet;
};

/** What became of one packet: counters of the interface and reasons of loss. */
function outcome(packet: Uint8Array, to?: Uint8Array): [Record<string, number>, Record<string, number>] {
  t.h.receive(a, packet, to);
  expect(t.h.counters()).toEqual(t.h.counters(a));
  return [t.h.counters(a), t.h.drops];
}

describe('ip6_rcv_core', () => {
  it('delivers what is right, headers first [IP6R-01, IP6R-05, IP6R-06, IP6R-15, IP6C-02, IP6H-01, IP6H-02]', () => {
    t.h.receive(a, toUs({ payload: 20 }));
    expect(t.h.delivered).toEqual([toUs({ payload: 20 })]);
    expect(t.h.counters(a)).toEqual({ INPKTS: 1, INDELIVERS: 1 });
    expect(t.h.counters()).toEqual({ INPKTS: 1, INDELIVERS: 1 });
    expect(procNetOf(t.h.net).read('snmp6')).toMatch(/^Ip6InReceives +\t1$[^]*^Ip6InDelivers +\t1$/m);
    expect([t.h.state.stats[IPSTATS_MIB_INOCTETS], t.h.idev(a).stats[IPSTATS_MIB_INOCTETS]]).toEqual([60, 60]);
  });

  it.each([
    ['a version that is not 6', bad((p) => (p[0] = 0x50)), { INHDRERRORS: 1 }, 'UNHANDLED_PROTO'],
    ['less than a header', toUs().slice(0, 30), { INHDRERRORS: 1 }, 'IP_INHDR'],
    ['a payload longer than the frame', toUs({ payloadLen: 500 }), { INTRUNCATEDPKTS: 1 }, 'PKT_TOO_SMALL'],
    ['::1 as destination', toUs({ daddr: '::1' }), { INHDRERRORS: 1 }, 'IP_INHDR'],
    ['::1 as source', toUs({ saddr: '::1' }), { INHDRERRORS: 1 }, 'IP_INHDR'],
    ['a group as source', toUs({ saddr: 'ff02::1' }), { INHDRERRORS: 1 }, 'IP_INHDR'],
    ['a group of interface-local scope', toUs({ daddr: 'ff01::1' }), { INHDRERRORS: 1 }, 'IP_INHDR'],
    ['a group of the reserved scope 0', toUs({ daddr: 'ff00::1' }), { INHDRERRORS: 1 }, 'IP_INHDR'],
  ])('drops %s [IP6R-02, IP6R-03, IP6R-04, IP6H-03]', (_what, packet, counted, reason) => {
    expect(outcome(packet)).toEqual([{ INPKTS: 1, ...counted }, { [reason]: 1 }]);
    expect(t.h.delivered).toEqual([]);
  });

  it('drops what is for another host without counting it', () => {
    expect(outcome(toUs(), Uint8Array.of(2, 0, 0, 0, 0, 0x77))).toEqual([{}, { OTHERHOST: 1 }]);
  });

  it('drops everything where IPv6 is off', () => {
    t.h.idev(a).cnf.disableIpv6 = 1;
    expect(outcome(toUs())).toEqual([{ INPKTS: 1, INDISCARDS: 1 }, { IPV6DISABLED: 1 }]);
  });

  it('counts in the namespace alone what comes in by an interface that does not know IPv6', () => {
    const bare = t.h.device('c');
    devOpen(bare);
    t.h.receive(bare, toUs());
    expect([t.h.counters(), t.h.drops]).toEqual([{ INPKTS: 1, INDISCARDS: 1 }, { NOT_SPECIFIED: 1 }]);
  });

  it('takes unicast in a frame to many, unless the interface refuses it', () => {
    const many = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
    t.h.receive(a, toUs(), many);
    expect(t.h.delivered.length).toBe(1);
    t.h.idev(a).cnf.dropUnicastInL2Multicast = 1;
    t.h.receive(a, toUs(), many);
    expect(t.h.delivered.length).toBe(1);
    expect([t.h.counters(a), t.h.drops]).toEqual([{ INPKTS: 2, INDELIVERS: 1, INHDRERRORS: 1 }, { UNICAST_IN_L2_MULTICAST: 1 }]);
  });

  it('cuts off what the link padded', () => {
    t.h.receive(a, Uint8Array.from([...toUs(), ...new Uint8Array(20)]));
    expect(t.h.delivered).toEqual([toUs()]);
  });

  it('counts what congestion marks say', () => {
    t.h.receive(a, toUs({ tos: 3 }));
    expect([t.h.state.stats[IPSTATS_MIB_CEPKTS], t.h.idev(a).stats[IPSTATS_MIB_CEPKTS]]).toEqual([1, 1]);
  });
});

describe('delivery', () => {
  it('answers a next header that nobody knows with a parameter problem that points at it [IP6R-12, IP6X-03]', () => {
    expect(outcome(toUs({ proto: 200 }))).toEqual([{ INPKTS: 1, INUNKNOWNPROTOS: 1 }, { IP_NOPROTO: 1 }]);
    expect(t.h.icmp).toEqual([[4, 1, 6]]);
  });

  it('gives raw sockets a copy first; with that a packet counts as delivered, whatever its next header [IP6R-08, IP6R-13]', () => {
    const seen: number[] = [];
    t.h.ip.raw = { localDeliver: (_skb, nexthdr) => seen.push(nexthdr) > 0, icmpError() {}, raChain: () => false };
    t.h.receive(a, toUs({ proto: 200 }));
    t.h.receive(a, toUs());
    expect(seen).toEqual([200, 17]);
    expect([t.h.counters(a), t.h.icmp, t.h.delivered.length]).toEqual([{ INPKTS: 2, INDELIVERS: 2 }, [], 1]);
    t.h.ip.raw = null;
  });

  it('goes from header to header as long as handlers say so [IP6R-09]', () => {
    const order: string[] = [];
    t.h.ip.addProtocol(201, {
      handler(skb) {
        order.push(`header at ${skb.data - skb.networkHeader}`);
        skb.cb[7] = 40;
        skb.transportHeader += 8;
        return 1;
      },
      errHandler: null,
      final: false,
      noPolicy: true,
    });
    t.h.receive(a, toUs({ ext: [[201, [0, 0, 1, 4, 0, 0, 0, 0]]], payload: 9 }));
    expect(order).toEqual(['header at 40']);
    expect(t.h.delivered.length).toBe(1);
    expect(t.h.counters(a)).toEqual({ INPKTS: 1, INDELIVERS: 1 });
  });

  it('follows a transport that says what it carries, but into no extension header [IP6R-09, IP6R-10]', () => {
    const carrier = (next: number): void => {
      t.h.ip.protos[202] = { handler: (skb) => (skb.pull(8), next), errHandler: null, final: true, noPolicy: false };
    };
    t.h.ip.protos[203] = { handler: (skb) => (skb.consume(), 0), errHandler: null, final: false, noPolicy: true };
    carrier(17);
    t.h.receive(a, toUs({ proto: 202, payload: 20 }));
    expect(t.h.counters(a)).toEqual({ INPKTS: 1, INDELIVERS: 1 });
    carrier(203);
    t.h.receive(a, toUs({ proto: 202, payload: 20 }));
    expect(t.h.counters(a)).toEqual({ INPKTS: 2, INDELIVERS: 1, INDISCARDS: 1 });
    t.h.ip.protos[202] = t.h.ip.protos[203] = null;
  });

  it('counts nothing more of a packet that its handler has dropped', () => {
    t.h.ip.addProtocol(202, { handler: (skb) => (skb.kfree(2), -1), errHandler: null, final: true, noPolicy: false });
    expect(outcome(toUs({ proto: 202 }))).toEqual([{ INPKTS: 1 }, { NOT_SPECIFIED: 1 }]);
  });

  it('takes the headers out of a sum that the device made [IP6R-10]', () => {
    let sums: number[] = [];
    t.h.ip.protos[204] = { handler: (skb) => ((sums = [skb.ipSummed, skb.csum % 0xffff]), skb.consume(), 0), errHandler: null, final: true, noPolicy: false };
    const packet = toUs({ proto: 204, payload: Uint8Array.of(0x12, 0x34, 0, 1) });
    let whole = 0;
    for (let i = 0; i < packet.length; i += 2) whole += ((packet[i] as number) << 8) | (packet[i + 1] as number);
    t.h.receive(a, packet, undefined, (skb) => {
      skb.ipSummed = 2;
      skb.csum = whole;
    });
    expect(sums).toEqual([2, 0x1235]);
    t.h.ip.protos[204] = null;
  });

  it('hands what a reader of ESP or the like has unpacked straight to the transport', () => {
    t.h.ip.protos[205] = { handler: (skb) => (ip6ProtocolDeliver(t.h.net, skb, 17, true), 0), errHandler: null, final: false, noPolicy: true };
    t.h.receive(a, toUs({ proto: 205 }));
    expect(t.h.delivered.length).toBe(1);
    t.h.ip.protos[205] = null;
  });
});

describe('multicast', () => {
  const many = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
  const group = (fields = {}): Uint8Array => toUs({ daddr: 'ff02::1', ...fields });

  it('is for this host where the interface is in the group, and freed otherwise [IP6M-01]', () => {
    t.h.mld.groups.add('a ff02::1');
    t.h.receive(a, group(), many);
    t.h.receive(a, group({ daddr: 'ff02::77' }), many);
    expect(t.h.delivered.length).toBe(1);
    expect([t.h.counters(a), t.h.counters(), t.h.drops]).toEqual([
      { INPKTS: 2, INMCASTPKTS: 2, INDELIVERS: 1 },
      { INPKTS: 2, INMCASTPKTS: 2, INDELIVERS: 1 },
      { NOT_SPECIFIED: 1 },
    ]);
  });

  it('does not reach a transport from a source that nobody wants, unless it is MLD [IP6R-10, IP6R-14, IP6M-03]', () => {
    t.h.mld.groups.add('a ff02::1');
    t.h.mld.blocked.add('fe80::2');
    t.h.ip.addProtocol(58, { handler: (skb) => (skb.consume(), 0), errHandler: null, final: true, noPolicy: false });
    t.h.receive(a, group({ saddr: 'fe80::2' }), many);
    expect([t.h.counters(a), t.h.drops]).toEqual([{ INPKTS: 1, INMCASTPKTS: 1, INDISCARDS: 1 }, { IP_INADDRERRORS: 1 }]);
    for (const type of [130, 131, 132, 143]) t.h.receive(a, group({ saddr: 'fe80::2', proto: 58, payload: icmp6Message('fe80::2', 'ff02::1', type) }), many);
    expect(t.h.counters(a)['INDELIVERS']).toBe(4);
    t.h.receive(a, group({ saddr: 'fe80::2', proto: 58, payload: icmp6Message('fe80::2', 'ff02::1', 128) }), many);
    expect(t.h.counters(a)['INDELIVERS']).toBe(4);
  });

  it.each([
    ['ff05::1', true, 'delivered and forwarded'],
    ['ff05::2', false, 'forwarded'],
    ['ff02::1', true, 'delivered'],
    ['ff02::2', false, 'freed'],
  ])('to %s, member: %s, is %s by a multicast router [IP6M-02]', (daddr, member, what) => {
    const forwarded: SkBuff[] = [];
    t.h.state.devconfAll.mcForwarding = 1;
    t.h.ip.mroute = mroute((skb) => (forwarded.push(skb), skb.consume(), 0));
    if (member) t.h.mld.groups.add(`a ${daddr}`);
    t.h.receive(a, group({ daddr }), many);
    const parts = [t.h.delivered.length === 1 ? 'delivered' : '', forwarded.length === 1 ? 'forwarded' : ''].filter((x) => x !== '');
    expect(parts.join(' and ') || 'freed').toBe(what);
    t.h.ip.mroute = null;
  });

  it('with a router alert for MLD is heard by a multicast router whatever the group, if it is MLD [IP6M-02]', () => {
    t.h.state.devconfAll.mcForwarding = 1;
    let forwarded = 0;
    t.h.ip.mroute = mroute((skb) => (forwarded++, skb.consume(), 0));
    let heard = 0;
    t.h.ip.addProtocol(58, { handler: (skb) => (heard++, skb.consume(), 0), errHandler: null, final: true, noPolicy: false });
    const alert: [number, number[]][] = [[0, [0, 0, 5, 2, 0, 0, 1, 0]]];
    t.h.receive(a, group({ daddr: 'ff05::77', ext: alert, proto: 58, payload: icmp6Message(THEM, 'ff05::77', 131) }), many);
    t.h.mld.groups.add('a ff05::78');
    t.h.receive(a, group({ daddr: 'ff05::78', ext: alert, proto: 58, payload: icmp6Message(THEM, 'ff05::78', 128) }), many);
    expect([heard, forwarded]).toEqual([1, 0]);
    const other: [number, number[]][] = [[0, [0, 0, 5, 2, 0, 9, 1, 0]]];
    t.h.receive(a, group({ daddr: 'ff05::78', ext: other, proto: 58, payload: icmp6Message(THEM, 'ff05::78', 128) }), many);
    expect([heard, forwarded]).toEqual([2, 1]);
    t.h.ip.mroute = null;
  });
});

describe('hooks', () => {
  it.each([
    [0, 'PRE_ROUTING'],
    [1, 'LOCAL_IN'],
  ])('may drop at point %i, %s [IP6R-01, IP6R-07]', (hooknum) => {
    const seen: string[] = [];
    const ops = { hook: (_p: unknown, _s: SkBuff, st: { in: NetDevice | null }) => (seen.push(st.in?.name ?? ''), seen.length === 1 ? NF_DROP : NF_ACCEPT), pf: NFPROTO_IPV6, hooknum, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    t.h.receive(a, toUs());
    t.h.receive(a, toUs());
    nfUnregisterNetHook(t.h.net, ops);
    expect([seen, t.h.delivered.length]).toEqual([['a', 'a'], 1]);
  });
});

describe('lists', () => {
  /** Packets arrive at once. */
  function receiveAll(packets: readonly Uint8Array[]): void {
    let first: SkBuff | null = null;
    for (const packet of [...packets].reverse()) {
      const skb = t.h.net.skbs.allocRx(a, packet.length) as SkBuff;
      skb.putData(packet, 0, packet.length);
      skb.protocol = ETH_P_IPV6;
      skb.dev = a;
      skb.skbIif = a.ifindex;
      skb.next = first;
      first = skb;
    }
    ip6ListRcv(first as SkBuff, null as unknown as PacketType, a);
  }

  it('take the route of the packet before where the flow is the same, and keep their order', () => {
    const packets = [toUs({ payload: 8 }), toUs({ payload: 9 }), toUs({ payload: 10, saddr: '2001:db8:a::3' }), toUs({ payload: 11, saddr: '2001:db8:a::3', tos: 4 })];
    receiveAll([...packets, toUs({ payloadLen: 900 })]);
    expect(t.h.delivered).toEqual(packets);
    expect(t.h.routing.lookups).toBe(3);
    expect(t.h.counters(a)).toEqual({ INPKTS: 5, INDELIVERS: 4, INTRUNCATEDPKTS: 1 });
  });

  it('ask again where the route was one of several', () => {
    t.h.ip.routing = { ...t.h.routing.provider, routeInput: (skb) => (t.h.routing.provider.routeInput(skb), void (skb.cb[0] = IP6SKB_MULTIPATH)) };
    receiveAll([toUs(), toUs(), toUs()]);
    expect([t.h.routing.lookups, t.h.delivered.length]).toEqual([3, 3]);
  });

  it('pass the hook one by one', () => {
    let n = 0;
    const ops = { hook: () => (++n === 2 ? NF_DROP : NF_ACCEPT), pf: NFPROTO_IPV6, hooknum: 0, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    receiveAll([toUs(), toUs(), toUs()]);
    nfUnregisterNetHook(t.h.net, ops);
    expect([n, t.h.delivered.length]).toEqual([3, 2]);
  });
});
