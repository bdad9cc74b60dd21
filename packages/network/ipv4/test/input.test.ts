import {
  type NetDevice,
  nfRegisterNetHook,
  nfUnregisterNetHook,
  SKB_DROP_REASON_IP_NOPROTO,
  SKB_DROP_REASON_IP_RPFILTER,
  SKB_DROP_REASON_NEIGH_CREATEFAIL,
  SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST,
  skbFillPageDesc,
  type SkBuff,
} from '@skbuff/core';
import {
  ICMP_DEST_UNREACH,
  ICMP_PROT_UNREACH,
  NF_ACCEPT,
  NF_DROP,
  NF_INET_FORWARD,
  NF_INET_LOCAL_IN,
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  NF_INET_PRE_ROUTING,
  NFPROTO_IPV4,
} from '@skbuff/uapi';
import { ipPacket } from '@skbuff/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { Flowi4, IpPayload, ipMakeSkb, ipSendSkb, type Rtable, rtTos2Priority } from '../src/index.ts';
import { cookie, ip4, TestSock, useHost } from './support.ts';

const t = useHost();
let a: NetDevice;

beforeEach(() => {
  a = t.h.eth('a', '10.0.0.1');
  t.h.eth('b', '10.0.1.1');
});

const toUs = (fields = {}): Uint8Array => ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1', ...fields });
const through = (fields = {}): Uint8Array => ipPacket({ saddr: '10.0.0.2', daddr: '10.0.1.2', ...fields });

describe('hooks', () => {
  it('see a packet for this host at PRE_ROUTING and LOCAL_IN, one that is forwarded at PRE_ROUTING, FORWARD and POST_ROUTING [IP4-12, IP4-18, FWD-12, TX4-21]', () => {
    const seen: string[] = [];
    const names = ['PRE_ROUTING', 'LOCAL_IN', 'FORWARD', 'LOCAL_OUT', 'POST_ROUTING'];
    const ops = [NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING].map((hooknum) => ({
      hook: (_priv: unknown, _skb: SkBuff, state: { in: NetDevice | null; out: NetDevice | null }) => {
        seen.push(`${names[hooknum]} ${state.in?.name ?? '-'} ${state.out?.name ?? '-'}`);
        return NF_ACCEPT;
      },
      pf: NFPROTO_IPV4,
      hooknum,
      priority: 0,
    }));
    for (const op of ops) nfRegisterNetHook(t.h.net, op);
    t.h.receive(a, toUs());
    expect(seen.splice(0)).toEqual(['PRE_ROUTING a -', 'LOCAL_IN a -']);
    t.h.receive(a, through());
    expect(seen.splice(0)).toEqual(['PRE_ROUTING a -', 'FORWARD a b', 'POST_ROUTING a b']);
    const fl4 = new Flowi4().init(0, 0, 0, 0, 17, 0, ip4('10.0.0.9'), 0, 0, 0);
    const sk = new TestSock(t.h.net);
    ipSendSkb(t.h.net, ipMakeSkb(sk, fl4, new IpPayload().set(new Uint8Array(4), 0, 4, 0), cookie(), t.h.routing.routeOutput(t.h.net, fl4, sk) as Rtable, 0) as SkBuff);
    expect(seen).toEqual(['LOCAL_OUT - a', 'POST_ROUTING - a']);
    for (const op of ops) nfUnregisterNetHook(t.h.net, op);
  });

  it.each([
    [NF_INET_PRE_ROUTING, 0, 0],
    [NF_INET_LOCAL_IN, 0, 1],
    [NF_INET_FORWARD, 1, 0],
    [NF_INET_POST_ROUTING, 1, 0],
  ])('may drop at point %i [IP4-12, FWD-12]', (hooknum, delivered, forwarded) => {
    const ops = { hook: () => NF_DROP, pf: NFPROTO_IPV4, hooknum, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    t.h.receive(a, toUs());
    t.h.receive(a, through());
    nfUnregisterNetHook(t.h.net, ops);
    expect([t.h.delivered.length, t.h.take().length]).toEqual([delivered, forwarded]);
  });
});

describe('delivery', () => {
  it('strips the header, and resubmits when the handler says so [IP4-19]', () => {
    const got: number[][] = [];
    t.h.ip.addProtocol(200, { handler: (skb) => (got.push([skb.data - skb.networkHeader, skb.len]), -201), errHandler: null, noPolicy: false });
    t.h.ip.addProtocol(201, { handler: (skb) => (got.push([skb.data - skb.networkHeader, skb.len]), skb.consume(), 0), errHandler: null, noPolicy: false });
    t.h.receive(a, toUs({ proto: 200, options: [1, 1, 1, 1], payload: 13 }));
    expect(got).toEqual([[24, 13], [24, 13]]);
    expect(t.h.mib('Ip', 'InDelivers')).toBe(1);
  });

  it('gives raw sockets a copy first; what only they want is no unknown protocol [IP4-19, IP4-20, ICMP-16]', () => {
    const raw: number[] = [];
    t.h.ip.raw = { localDeliver: (_skb, protocol) => raw.push(protocol) > 0 && protocol === 99, icmpError() {} };
    for (const proto of [17, 99, 98]) t.h.receive(a, toUs({ proto }));
    expect(raw).toEqual([17, 99, 98]);
    expect([t.h.delivered.length, t.h.mib('Ip', 'InDelivers'), t.h.mib('Ip', 'InUnknownProtos')]).toEqual([1, 2, 1]);
    expect(t.h.icmp).toEqual([[ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0]]);
    expect(t.h.drops(SKB_DROP_REASON_IP_NOPROTO)).toBe(1);
    t.h.ip.raw = null;
  });

  it('does not look up a route again that is there already [IP4-13]', () => {
    let lookups = 0;
    const { routeInput } = t.h.routing;
    Object.assign(t.h.routing, { routeInput: (...args: Parameters<typeof routeInput>) => (lookups++, routeInput(...args)) });
    t.h.receive(a, toUs());
    expect(lookups).toBe(1);
    const { addrType } = t.h.routing;
    expect(addrType(t.h.net, ip4('10.0.0.1'), null)).toBe(2);
    t.h.receive(a, toUs(), undefined, (skb) => routeInput(skb, ip4('10.0.0.1'), ip4('10.0.0.2'), 0, a));
    expect([lookups, t.h.delivered.length]).toEqual([1, 2]);
  });

  it('follows the route\'s input, whatever that is [IP4-17]', () => {
    const { routeInput } = t.h.routing;
    const way: string[] = [];
    Object.assign(t.h.routing, {
      routeInput: (skb: SkBuff, ...rest: [number, number, number, NetDevice]) => {
        const reason = routeInput(skb, ...rest);
        (skb.dst as unknown as Rtable).input = (s) => (way.push('input'), s.consume(), 0);
        return reason;
      },
    });
    t.h.receive(a, toUs());
    t.h.receive(a, through());
    expect([way, t.h.delivered.length, t.h.take().length]).toEqual([['input', 'input'], 0, 0]);
  });

  it('counts what reverse path filtering refuses [IP4-14]', () => {
    Object.assign(t.h.routing, { routeInput: () => SKB_DROP_REASON_IP_RPFILTER });
    t.h.receive(a, toUs());
    expect([t.h.mib('TcpExt', 'IPReversePathFilter'), t.h.drops(SKB_DROP_REASON_IP_RPFILTER)]).toEqual([1, 1]);
  });

  it('counts groups and broadcasts with their octets [IP4-16]', () => {
    t.h.receive(a, toUs({ daddr: '224.0.0.1', payload: 10 }), Uint8Array.of(1, 0, 0x5e, 0, 0, 1));
    t.h.receive(a, toUs({ daddr: '10.0.0.255', payload: 20 }), new Uint8Array(6).fill(0xff));
    const names = ['InMcastPkts', 'InMcastOctets', 'InBcastPkts', 'InBcastOctets', 'InOctets'];
    expect(names.map((name) => t.h.mib('IpExt', name))).toEqual([1, 30, 1, 40, 70]);
  });

  it('refuses unicast in a multicast frame where that is asked for', () => {
    t.h.receive(a, toUs(), new Uint8Array(6).fill(0xff));
    t.h.sysctl('net/ipv4/conf/a/drop_unicast_in_l2_multicast', '1');
    t.h.receive(a, toUs(), new Uint8Array(6).fill(0xff));
    expect([t.h.delivered.length, t.h.drops(SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST)]).toEqual([1, 1]);
  });

  it('lets go of the sender\'s socket', () => {
    const sk = new TestSock(t.h.net);
    t.h.receive(a, toUs(), undefined, (skb) => sk.setOwnerW(skb));
    expect([sk.charged, t.h.delivered.length]).toEqual([0, 1]);
  });
});

describe('forwarding', () => {
  it('changes a copy of its own when somebody else sees the data [FWD-08]', () => {
    let tap: SkBuff | null = null;
    t.h.receive(a, through({ ttl: 9 }), undefined, (skb) => (tap = skb.clone()));
    const seen = tap as unknown as SkBuff;
    expect([seen.bytes[seen.data + 8], t.h.take()[0]?.ip[8]]).toEqual([9, 8]);
    seen.consume();
  });

  it('sets the priority by the TOS, in 16 steps [FWD-11]', () => {
    expect(Array.from({ length: 16 }, (_, i) => rtTos2Priority(i << 1))).toEqual([0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4]);
    const seen: number[] = [];
    const ops = { hook: (_p: unknown, skb: SkBuff) => (seen.push(skb.priority), NF_ACCEPT), pf: NFPROTO_IPV4, hooknum: NF_INET_FORWARD, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    t.h.receive(a, through({ tos: 0x10 }));
    t.h.sysctl('net/ipv4/ip_forward_update_priority', '0');
    t.h.receive(a, through({ tos: 0x10 }));
    nfUnregisterNetHook(t.h.net, ops);
    expect(seen).toEqual([6, 0]);
  });

  it('offers packets with a router alert to whoever asked for them, before the TTL is looked at [FWD-02, OPT-24]', () => {
    const options = [148, 4, 0, 0];
    t.h.state.routerAlert = (skb) => (skb.consume(), true);
    t.h.receive(a, through({ options, ttl: 1 }));
    t.h.receive(a, through({ ttl: 5 }));
    expect([t.h.take().length, t.h.icmp.length]).toEqual([1, 0]);
    t.h.state.routerAlert = () => false;
    t.h.receive(a, through({ options }));
    t.h.receive(a, through({ options: [148, 4, 0, 1] }));
    expect(t.h.take().length).toBe(2);
    t.h.state.routerAlert = null;
  });

  it('tells about a better way, and forwards all the same [FWD-10]', () => {
    t.h.route('10.0.2.0', 24, a, '10.0.0.9', undefined, true);
    t.h.receive(a, through({ daddr: '10.0.2.2' }));
    expect([t.h.routing.redirects, t.h.take().length]).toEqual([1, 1]);
    t.h.receive(a, through({ daddr: '10.0.2.2', ttl: 1 }));
    expect(t.h.routing.redirects).toBe(1);
  });

  it('does not take packets apart that a device glued together [FWD-01]', () => {
    const glue = (type: number) => (skb: SkBuff): void => {
      const page = t.h.kernel.skbs.arena.allocBlock(100);
      if (page === null) throw new Error('no memory');
      skbFillPageDesc(skb, page, page.start, 8);
      skb.dataLen += 8;
      skb.len += 8;
      skb.shinfo.gsoSize = 1000;
      skb.shinfo.gsoType = type;
    };
    t.h.receive(a, through({ payload: 16 }).subarray(0, 28), undefined, glue(0));
    expect(t.h.take()).toEqual([]);
    expect(t.h.kernel.dmesg().at(-1)).toContain('a: received packets cannot be forwarded while LRO is enabled');
  });

  it('has nowhere to go without neighbours', () => {
    t.h.ip.arpTbl = null;
    t.h.receive(a, through());
    expect([t.h.mib('Ip', 'OutDiscards'), t.h.drops(SKB_DROP_REASON_NEIGH_CREATEFAIL)]).toEqual([1, 1]);
  });
});
