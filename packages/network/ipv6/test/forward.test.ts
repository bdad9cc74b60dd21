/** What a running kernel (6.18) did with the same packets is the expectation: counters of /proc/net/snmp6 and dev_snmp6, and reasons of the kfree_skb event. */
import { type NetDevice, nfRegisterNetHook, nfUnregisterNetHook, type SkBuff, skbFillPageDesc } from '@skbuff/core';
import { icmp6Message, ip6Packet } from '@skbuff/testkit';
import { ENOMEM, NF_ACCEPT, NF_DROP, NFPROTO_IPV6, RTAX_LOCK, RTAX_MTU } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Rt6Info } from '../src/index.ts';
import { useHost6 } from './support.ts';

const t = useHost6();
let a: NetDevice;
let b: NetDevice;

beforeEach(() => {
  a = t.h.eth('a', '2001:db8:a::1');
  b = t.h.eth('b', '2001:db8:b::1');
  t.h.state.devconfAll.forwarding = 1;
});

const through = (fields = {}): Uint8Array => ip6Packet({ saddr: '2001:db8:a::2', daddr: '2001:db8:b::2', ...fields });

/** What became of one packet: counters of the arrival interface, of the other one, and reasons of loss. */
function outcome(packet: Uint8Array, to?: Uint8Array, prepare?: (skb: SkBuff) => void): unknown[] {
  t.h.receive(a, packet, to, prepare);
  return [t.h.counters(a), t.h.counters(b), t.h.drops];
}

const FORWARDED = [{ INPKTS: 1 }, { OUTFORWDATAGRAMS: 1, OUTPKTS: 1 }, {}];

describe('ip6_forward', () => {
  it('sends on what is for others with one hop less, and nothing else of it is changed [IP6F-12, IP6H-04]', () => {
    expect(outcome(through({ payload: 30, ttl: 9, tos: 0x28, flowlabel: 0x12345 }))).toEqual(FORWARDED);
    expect(t.h.take()).toEqual([{ dev: 'b', ip: through({ payload: 30, ttl: 8, tos: 0x28, flowlabel: 0x12345 }) }]);
    expect(t.h.counters()).toEqual({ INPKTS: 1, OUTFORWDATAGRAMS: 1, OUTPKTS: 1 });
  });

  it('goes by a gateway where the route has one', () => {
    const seen: Uint8Array[] = [];
    t.h.route('2001:db8:c::', 48, b, 'fe80::77');
    b.ops = { ...b.ops, ndoStartXmit: (skb) => (seen.push(skb.bytes.slice(skb.data, skb.data + 6)), skb.consume(), 0) };
    t.h.receive(a, through({ daddr: '2001:db8:c::2' }));
    expect(seen).toEqual([Uint8Array.of(2, 0, 0, 0, 0, 0x77)]);
  });

  it('refuses while the host is no router, unless the arrival interface is told to [IP6F-01]', () => {
    t.h.state.devconfAll.forwarding = 0;
    expect(outcome(through())).toEqual([{ INPKTS: 1, INADDRERRORS: 1 }, {}, { IP_INADDRERRORS: 1 }]);
    t.h.idev(a).cnf.forceForwarding = 1;
    t.h.receive(a, through());
    expect([t.h.take().length, t.h.icmp]).toEqual([1, []]);
  });

  it('drops what came in a frame to many [IP6F-04]', () => {
    expect(outcome(through(), new Uint8Array(6).fill(0xff))).toEqual([{ INPKTS: 1 }, {}, { NOT_SPECIFIED: 1 }]);
  });

  it('drops what a device has glued together so that it cannot be taken apart [IP6F-02]', () => {
    const glue = (skb: SkBuff): void => {
      const page = t.h.kernel.skbs.arena.allocBlock(100);
      if (page === null) throw new Error('no memory');
      skbFillPageDesc(skb, page, page.start, 8);
      skb.dataLen += 8;
      skb.len += 8;
      skb.shinfo.gsoSize = 1000;
    };
    expect(outcome(through({ payload: 16 }).subarray(0, 48), undefined, glue)).toEqual([{ INPKTS: 1 }, {}, { NOT_SPECIFIED: 1 }]);
    expect(t.h.kernel.dmesg().at(-1)).toContain('a: received packets cannot be forwarded while LRO is enabled');
  });

  it('drops without memory for a header of its own [IP6F-11]', () => {
    t.h.kernel.skbs.cow = () => -ENOMEM;
    b.hardHeaderLen = 200;
    expect(outcome(through())).toEqual([{ INPKTS: 1 }, { OUTFORWDATAGRAMS: 1, OUTDISCARDS: 1 }, { NOT_SPECIFIED: 1 }]);
  });

  it.each([0, 1])('answers a hop limit of %i with time exceeded [IP6F-06]', (ttl) => {
    expect(outcome(through({ ttl }))).toEqual([{ INPKTS: 1, INHDRERRORS: 1 }, {}, { IP_INHDR: 1 }]);
    expect(t.h.icmp).toEqual([[3, 0, 0]]);
  });

  it.each([
    ['::', [], 'IP_INADDRERRORS'],
    ['fe80::2', [[1, 2, 0]], 'IP_INADDRERRORS'],
  ])('does not let a source of %s off its link [IP6F-09]', (saddr, icmp, reason) => {
    expect(outcome(through({ saddr }))).toEqual([{ INPKTS: 1, INADDRERRORS: 1 }, {}, { [reason]: 1 }]);
    expect(t.h.icmp).toEqual(icmp);
  });

  it.each(['fec0::1', 'fc00::1', '::ffff:10.0.0.1', '::2'])('forwards from %s', (saddr) => {
    expect(outcome(through({ saddr }))).toEqual(FORWARDED);
  });
});

describe('length', () => {
  const routed = (prepare: (rt: Rt6Info) => void): void => t.h.route('2001:db8:b::2', 128, b, '', prepare);
  const TOO_BIG = [{ INPKTS: 1, INTOOBIGERRORS: 1 }, { OUTFORWDATAGRAMS: 1, FRAGFAILS: 1 }, { PKT_TOO_BIG: 1 }];

  it('of more than the way out takes is answered with Packet Too Big: routers do not fragment [IP6F-10, IP6X-11]', () => {
    t.h.idev(b).cnf.mtu6 = 1300;
    expect(outcome(through({ payload: 1260 }))).toEqual(FORWARDED);
    t.h.take();
    expect(outcome(through({ payload: 1261 }))).toEqual([{ INPKTS: 2, INTOOBIGERRORS: 1 }, { OUTFORWDATAGRAMS: 2, OUTPKTS: 1, FRAGFAILS: 1 }, { PKT_TOO_BIG: 1 }]);
    expect([t.h.icmp, t.h.take()]).toEqual([[[2, 0, 1300]], []]);
  });

  it('may always be 1280 bytes [IP6F-10]', () => {
    t.h.idev(b).cnf.mtu6 = 1000;
    t.h.receive(a, through({ payload: 1241 }));
    expect(t.h.icmp).toEqual([[2, 0, 1280]]);
  });

  it('goes by the MTU of the route where that is locked [IP6F-10]', () => {
    routed((rt) => {
      rt.metrics = new Uint32Array(RTAX_MTU + 20);
      rt.metrics[RTAX_MTU] = 1300;
      rt.metrics[RTAX_LOCK] = 1 << RTAX_MTU;
    });
    expect(outcome(through({ payload: 1350 }))).toEqual(TOO_BIG);
    expect(t.h.icmp).toEqual([[2, 0, 1300]]);
  });

  it('is noticed only on the way out where the MTU of the route is not locked', () => {
    routed((rt) => {
      rt.metrics = new Uint32Array(RTAX_MTU + 20);
      rt.metrics[RTAX_MTU] = 1300;
    });
    expect(outcome(through({ payload: 1350 }))).toEqual([{ INPKTS: 1 }, { OUTFORWDATAGRAMS: 1, FRAGFAILS: 1 }, { NOT_SPECIFIED: 1 }]);
    expect(t.h.icmp).toEqual([[2, 0, 1300]]);
  });

  it('of the fragments in which a packet came counts too [IP6F-10]', () => {
    t.h.idev(b).cnf.mtu6 = 1300;
    const reassembled = (skb: SkBuff): void => void (skb.cb[8] = 1400);
    const ops = { hook: (_p: unknown, skb: SkBuff) => (reassembled(skb), (skb.ignoreDf = true), NF_ACCEPT), pf: NFPROTO_IPV6, hooknum: 0, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    expect(outcome(through({ payload: 1350 }))).toEqual(TOO_BIG);
    nfUnregisterNetHook(t.h.net, ops);
  });
});

describe('router alert', () => {
  it('brings a packet to the sockets that wait for it, and to nobody else [IP6F-05, IP6X-07]', () => {
    const asked: number[] = [];
    t.h.ip.raw = { localDeliver: () => false, icmpError() {}, raChain: (skb, sel) => (asked.push(sel), sel === 7 && (skb.consume(), true)) };
    const alert = (value: number): Uint8Array => through({ ext: [[0, [0, 0, 5, 2, 0, value, 1, 0]]] });
    t.h.receive(a, alert(7));
    expect([asked, t.h.take().length]).toEqual([[7], 0]);
    t.h.receive(a, alert(8));
    expect([asked, t.h.take().length]).toEqual([[7, 8], 1]);
    t.h.ip.raw = null;
  });
});

describe('proxied neighbours', () => {
  beforeEach(() => {
    t.h.state.devconfAll.proxyNdp = 1;
    t.h.proxied.add('2001:db8:b::2').add('fe80::99');
    t.h.ip.addProtocol(58, { handler: (skb) => (t.h.delivered.push(new Uint8Array()), skb.consume(), 0), errHandler: null, final: true, noPolicy: true });
  });

  it.each([133, 134, 135, 136, 137])('get neighbour discovery of type %i answered by this host [IP6F-07]', (type) => {
    t.h.receive(a, through({ proto: 58, payload: icmp6Message('2001:db8:a::2', '2001:db8:b::2', type) }));
    expect([t.h.delivered.length, t.h.take().length]).toEqual([1, 0]);
  });

  it('get everything else forwarded [IP6F-07]', () => {
    t.h.receive(a, through({ proto: 58, payload: icmp6Message('2001:db8:a::2', '2001:db8:b::2', 128) }));
    t.h.receive(a, through());
    expect([t.h.delivered.length, t.h.take().length]).toEqual([0, 2]);
  });

  it('are not reached by link-local addresses over a router [IP6F-07]', () => {
    t.h.route('fe80::', 64, b);
    expect(outcome(through({ daddr: 'fe80::99' }))).toEqual([{ INPKTS: 1, INDISCARDS: 1 }, {}, { NOT_SPECIFIED: 1 }]);
    expect(t.h.icmp).toEqual([[1, 3, 0]]);
  });
});

describe('redirects', () => {
  beforeEach(() => {
    t.h.route('2001:db8:c::', 48, a, '2001:db8:a::9');
  });
  const back = (daddr: string, fields = {}): Uint8Array => through({ daddr, ...fields });

  it('name the gateway or the destination itself to who might have sent straight there, which is forwarded all the same [IP6F-08]', () => {
    t.h.receive(a, back('2001:db8:c::1'));
    t.h.receive(a, back('2001:db8:a::7'));
    expect([t.h.redirects, t.h.take().map((s) => s.dev)]).toEqual([['2001:db8:a::9', '2001:db8:a::7'], ['a', 'a']]);
  });

  it('come by six at once and then one a second for each destination [IP6F-08]', () => {
    for (let i = 0; i < 10; i++) t.h.receive(a, back('2001:db8:c::1'));
    const burst = t.h.redirects.length;
    t.h.receive(a, back('2001:db8:c::2'));
    expect(t.h.redirects.length).toBe(burst + 1);
    t.h.clock.advance(1e9);
    for (let i = 0; i < 3; i++) t.h.receive(a, back('2001:db8:c::1'));
    expect([burst, t.h.redirects.length]).toEqual([6, 8]);
  });

  it('do not ask whether the source is one that may leave its link', () => {
    t.h.receive(a, back('2001:db8:c::1', { saddr: 'fe80::2' }));
    expect([t.h.redirects.length, t.h.take().length, t.h.icmp]).toEqual([1, 1, []]);
  });

  it('are not sent about packets that are routed by their source [IP6F-08]', () => {
    const srcrt = (_p: unknown, skb: SkBuff): number => ((skb.cb[4] = 40), NF_ACCEPT);
    const ops = { hook: srcrt, pf: NFPROTO_IPV6, hooknum: 0, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    t.h.receive(a, back('2001:db8:c::1'));
    nfUnregisterNetHook(t.h.net, ops);
    expect([t.h.redirects, t.h.take().length]).toEqual([[], 1]);
  });
});

describe('hooks', () => {
  it('see a forwarded packet with one hop less at FORWARD, and then at POST_ROUTING [IP6F-12, IP6T-04]', () => {
    const seen: string[] = [];
    const ops = [2, 4].map((hooknum) => ({
      hook: (_p: unknown, skb: SkBuff, st: { in: NetDevice | null; out: NetDevice | null }) => {
        seen.push(`${hooknum} ${st.in?.name ?? '-'} ${st.out?.name ?? '-'} ${skb.bytes[skb.networkHeader + 7]}`);
        return hooknum === 4 ? NF_DROP : NF_ACCEPT;
      },
      pf: NFPROTO_IPV6,
      hooknum,
      priority: 0,
    }));
    for (const op of ops) nfRegisterNetHook(t.h.net, op);
    t.h.receive(a, through({ ttl: 5 }));
    for (const op of ops) nfUnregisterNetHook(t.h.net, op);
    expect([seen, t.h.take()]).toEqual([['2 a b 4', '4 a b 4'], []]);
  });
});
