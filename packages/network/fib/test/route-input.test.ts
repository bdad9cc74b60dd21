/** The way of received packets. Drop reasons and counters are those of a Linux 6.18 for the same packets. */
import { devOpen, dropReasonName, dstCheck, type NetDevice, type SkBuff } from '@skbuff/core';
import { IPCB_FLAGS, IPSKB_DOREDIRECT, LINUX_MIB_IPRPFILTER, type Rtable, fibComputeSpecDst, ipv4Net } from '@skbuff/ipv4';
import { IPSTATS_MIB_INADDRERRORS, IPSTATS_MIB_INNOROUTES } from '@skbuff/uapi';
import * as U from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { SEC, describe as show, inetNtoa, ip4, useHost } from './support.ts';

const t = useHost();
let v0: NetDevice;
let w0: NetDevice;

beforeEach(() => {
  t.h.loUp();
  v0 = t.h.eth('v0', '10.0.0.1/24');
  w0 = t.h.eth('w0', '10.1.0.1/24');
  t.h.route('10.50.0.0/16', { type: U.RTN_UNREACHABLE });
  t.h.route('10.51.0.0/16', { type: U.RTN_PROHIBIT });
  t.h.route('10.52.0.0/16', { type: U.RTN_BLACKHOLE });
  t.h.route('10.53.0.0/16', { type: U.RTN_THROW });
  t.h.route('10.54.0.0/16', { type: U.RTN_MULTICAST, scope: U.RT_SCOPE_LINK, oif: w0.ifindex });
});

const LOCAL = 'ipLocalDeliver dev lo';
const NO_HOST = `ipError dev lo ${-U.EHOSTUNREACH}`;
const NO_NET = `ipError dev lo ${-U.ENETUNREACH}`;

describe('impossible and special addresses', () => {
  it.each<[what: string, saddr: string, daddr: string, host: string, router: string]>([
    ['multicast source', '224.0.0.5', '10.0.0.1', 'IP_INVALID_SOURCE', 'IP_INVALID_SOURCE'],
    ['limited broadcast as source', '255.255.255.255', '10.0.0.1', 'IP_INVALID_SOURCE', 'IP_INVALID_SOURCE'],
    ['no source', '0.0.0.0', '10.0.0.1', 'IP_INVALID_SOURCE', 'IP_INVALID_SOURCE'],
    ['a source in 0.0.0.0/8', '0.1.0.0', '10.0.0.1', LOCAL, LOCAL],
    ['a destination in 0.0.0.0/8', '10.0.0.2', '0.1.0.0', NO_HOST, NO_NET],
    ['no destination', '10.0.0.2', '0.0.0.0', 'IP_INVALID_DEST', 'IP_INVALID_DEST'],
    ['loopback destination', '10.0.0.2', '127.0.0.1', 'IP_LOCALNET', 'IP_LOCALNET'],
    ['loopback source', '127.0.0.2', '10.0.0.1', 'IP_LOCALNET', 'IP_LOCALNET'],
    ['a source of ours', '10.0.0.1', '10.0.0.1', 'IP_LOCAL_SOURCE', 'IP_LOCAL_SOURCE'],
    ['a source of ours, to somebody else', '10.0.0.1', '10.1.0.7', NO_HOST, 'IP_LOCAL_SOURCE'],
    ['a class E source', '241.0.0.1', '10.0.0.1', LOCAL, LOCAL],
    ['a class E destination', '10.0.0.2', '241.0.0.1', NO_HOST, NO_NET],
    ['a destination without a route', '10.0.0.2', '99.0.0.1', NO_HOST, NO_NET],
    ['an unreachable route', '10.0.0.2', '10.50.0.1', NO_HOST, NO_HOST],
    ['a prohibit route', '10.0.0.2', '10.51.0.1', NO_HOST, `ipError dev lo ${-U.EACCES}`],
    ['a blackhole', '10.0.0.2', '10.52.0.1', NO_HOST, `ipError dev lo ${-U.EINVAL}`],
    ['a throw route', '10.0.0.2', '10.53.0.1', NO_HOST, NO_NET],
    ['a multicast route', '10.0.0.2', '10.54.0.1', NO_HOST, 'IP_INVALID_DEST'],
    ['a group nobody joined', '10.0.0.2', '239.0.0.1', 'NOT_SPECIFIED', 'NOT_SPECIFIED'],
    ['all hosts', '10.0.0.2', '224.0.0.1', LOCAL, LOCAL],
    ['all hosts, without a source', '0.0.0.0', '224.0.0.1', LOCAL, LOCAL],
    ['all hosts from loopback', '127.0.0.1', '224.0.0.1', 'IP_LOCALNET', 'IP_LOCALNET'],
    ['all hosts from a group', '224.0.0.1', '224.0.0.1', 'IP_INVALID_SOURCE', 'IP_INVALID_SOURCE'],
    ['all hosts from an address of ours', '10.0.0.1', '224.0.0.1', 'IP_LOCAL_SOURCE', 'IP_LOCAL_SOURCE'],
    ['the broadcast address of the link', '10.0.0.2', '10.0.0.255', LOCAL, LOCAL],
    ['that of another link', '10.0.0.2', '10.1.0.255', LOCAL, LOCAL],
    ['limited broadcast', '10.0.0.2', '255.255.255.255', LOCAL, LOCAL],
    ['limited broadcast without a source', '0.0.0.0', '255.255.255.255', LOCAL, LOCAL],
    ['limited broadcast from an address of ours', '10.0.0.1', '255.255.255.255', 'IP_LOCAL_SOURCE', 'IP_LOCAL_SOURCE'],
    ['a broadcast address as source', '10.0.0.255', '10.0.0.1', LOCAL, LOCAL],
    ['a source without a route', '77.0.0.1', '10.0.0.1', LOCAL, LOCAL],
    ['to be forwarded', '10.0.0.2', '10.1.0.7', NO_HOST, 'ipForward dev w0'],
  ])('%s [FIB-06 FIB-17 FIB-24]', (_what, saddr, daddr, host, router) => {
    expect(t.h.input(v0, saddr, daddr)).toBe(host);
    t.h.forwarding();
    expect(t.h.input(v0, saddr, daddr)).toBe(router);
  });

  it.each<[what: string, saddr: string, strict: string, loose: string]>([
    ['from the way back', '10.0.0.2', LOCAL, LOCAL],
    ['from another interface', '10.1.0.5', 'IP_RPFILTER', LOCAL],
    ['without a way back', '77.0.0.1', 'IP_RPFILTER', 'IP_RPFILTER'],
    ['ours', '10.0.0.1', 'IP_LOCAL_SOURCE', 'IP_LOCAL_SOURCE'],
    ['a broadcast address', '10.0.0.255', 'IP_INVALID_SOURCE', 'IP_INVALID_SOURCE'],
    ['unreachable', '10.50.0.1', 'IP_RPFILTER', 'IP_RPFILTER'],
  ])('rp_filter: a source %s', (_what, saddr, strict, loose) => {
    t.h.inDev(v0).cnf.rpFilter = 1;
    expect(t.h.input(v0, saddr, '10.0.0.1')).toBe(strict);
    t.h.inDev(v0).cnf.rpFilter = 2;
    expect(t.h.input(v0, saddr, '10.0.0.1')).toBe(loose);
    t.h.inDev(v0).cnf.rpFilter = 0;
    t.h.inDev(v0).all.rpFilter = 1;
    expect(t.h.input(v0, saddr, '10.0.0.1')).toBe(strict);
  });

  it('rp_filter is counted, and satisfied by any interface that a multipath route uses', () => {
    t.h.inDev(v0).cnf.rpFilter = 1;
    t.h.receive(v0, '10.1.0.5', '10.0.0.1');
    expect(ipv4Net.of(t.h.net).linuxMib[LINUX_MIB_IPRPFILTER]).toBe(1);
    const hop = (dev: NetDevice, gw: string) => ({ oif: dev.ifindex, gw: ip4(gw), flags: 0, weight: 1, flow: 0 });
    t.h.route('77.0.0.0/8', { nexthops: [hop(w0, '10.1.0.9'), hop(v0, '10.0.0.9')] });
    expect(t.h.input(v0, '77.0.0.1', '10.0.0.1')).toBe(LOCAL);
  });

  it('route_localnet lets 127.0.0.0/8 in, accept_local addresses of ours', () => {
    t.h.inDev(v0).cnf.routeLocalnet = 1;
    expect([t.h.input(v0, '10.0.0.2', '127.0.0.1'), t.h.input(v0, '127.0.0.2', '10.0.0.1')]).toEqual([LOCAL, LOCAL]);
    t.h.inDev(v0).cnf.acceptLocal = 1;
    expect(t.h.input(v0, '10.0.0.1', '10.0.0.1')).toBe(LOCAL);
    t.h.inDev(v0).cnf.rpFilter = 1;
    expect([t.h.input(v0, '10.0.0.1', '10.0.0.1'), t.h.input(v0, '10.1.0.1', '10.0.0.1')]).toEqual([LOCAL, 'IP_RPFILTER']);
  });

  it('a local route of the user makes its addresses sources of ours', () => {
    t.h.route('10.99.0.0/16', { type: U.RTN_LOCAL, scope: U.RT_SCOPE_HOST, table: U.RT_TABLE_LOCAL, oif: v0.ifindex });
    expect(t.h.input(v0, '10.99.1.1', '10.0.0.1')).toBe(LOCAL);
    t.h.state.hasCustomLocalRoutes = true;
    expect(t.h.input(v0, '10.99.1.1', '10.0.0.1')).toBe('IP_LOCAL_SOURCE');
  });

  it('logs martians where that is wished', () => {
    t.h.inDev(v0).cnf.logMartians = 1;
    t.h.input(v0, '127.0.0.2', '10.0.0.1');
    t.h.input(v0, '10.0.0.2', '127.0.0.1');
    expect(t.h.log.slice(-2)).toEqual(['IPv4: martian source 10.0.0.1 from 127.0.0.2, on dev v0', 'IPv4: martian destination 127.0.0.1 from 10.0.0.2, dev v0']);
  });

  it('a device without IPv4 receives nothing', () => {
    const dev = t.h.device('x0');
    expect(devOpen(dev)).toBe(0);
    t.h.inDev(dev).cnf.forwarding = 1;
    expect(t.h.input(dev, '10.0.0.2', '10.0.0.1')).toBe(LOCAL);
  });
});

describe('a router between two links', () => {
  it('passes packets from one to the other, and no transport sees them [FIB-22]', () => {
    t.h.forwarding();
    t.h.receive(v0, '10.0.0.2', '10.1.0.7');
    expect([t.h.sent.map((s) => `${s.dev} ttl ${s.ip[8]}`), t.h.delivered]).toEqual([['w0 ttl 63'], []]);
  });

  it('answers from the address that was asked, or from that of the way back [FIB-13]', () => {
    const spec = (saddr: string, daddr: string): string => {
      const skb = t.h.packet(v0, saddr, daddr);
      t.h.ip.routing!.routeInput(skb, ip4(daddr), ip4(saddr), 0, v0);
      const addr = inetNtoa(fibComputeSpecDst(t.h.net, skb));
      skb.consume();
      return addr;
    };
    expect([spec('10.0.0.2', '10.1.0.1'), spec('10.0.0.2', '10.0.0.255'), spec('0.0.0.0', '255.255.255.255'), spec('10.0.0.2', '224.0.0.1')]).toEqual(['10.1.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1']);
  });
});

describe('the decision is kept', () => {
  beforeEach(() => {
    t.h.forwarding();
    expect(t.h.route('192.168.0.0/16', { gw: ip4('10.1.0.9') })).toBe(0);
  });

  it('for all destinations, sources and arrival interfaces of a next hop [FNH-02 FNH-04 FIB-26]', () => {
    const x0 = t.h.eth('x0', '10.2.0.1/24');
    t.h.inDev(x0).cnf.forwarding = 1;
    const rt = t.h.inputRt(v0, '10.0.0.2', '192.168.1.1');
    expect(show(rt)).toBe('ipForward dev w0 via 10.1.0.9');
    const others = [t.h.inputRt(v0, '10.0.0.3', '192.168.77.1'), t.h.inputRt(x0, '10.2.0.3', '192.168.1.1'), t.h.inputRt(v0, '10.0.0.2', '10.1.0.7')];
    expect(others.map((other) => other === rt)).toEqual([true, true, false]);
  });

  it('so that a thousand destinations cost no memory [FIB-26]', () => {
    t.h.inputRt(v0, '10.0.0.2', '192.168.1.1');
    const before = t.h.ip.dstOps.entries;
    for (let i = 0; i < 1000; i++) t.h.inputRt(v0, '10.0.0.2', `192.168.${i >> 8}.${i & 255}`);
    expect(t.h.ip.dstOps.entries).toBe(before);
    expect(t.h.state.fib.uncached.size).toBe(0);
  });

  it('borrowed by the packet, which releases nothing [FIB-11]', () => {
    const rt = t.h.inputRt(v0, '10.0.0.2', '192.168.1.1');
    const skb = t.h.packet(v0, '10.0.0.2', '192.168.1.1');
    t.h.ip.routing!.routeInput(skb, ip4('192.168.1.1'), ip4('10.0.0.2'), 0, v0);
    expect([skb.dst === rt, skb.dstNoref, rt.refcnt, rt.isInput()]).toEqual([true, true, 1, true]);
    skb.consume();
    expect(rt.refcnt).toBe(1);
  });

  it('until any route changes [FNH-06]', () => {
    const rt = t.h.inputRt(v0, '10.0.0.2', '192.168.1.1');
    t.h.route('192.168.7.0/24', { gw: ip4('10.1.0.8') });
    const next = t.h.inputRt(v0, '10.0.0.2', '192.168.1.1');
    expect(next === rt).toBe(false);
    expect([dstCheck(rt), dstCheck(next)]).toEqual([false, true]);
    expect(show(t.h.inputRt(v0, '10.0.0.2', '192.168.7.1'))).toBe('ipForward dev w0 via 10.1.0.8');
  });

  it('for local delivery too [FIB-10]', () => {
    const rt = t.h.inputRt(v0, '10.0.0.2', '10.0.0.1');
    expect([t.h.inputRt(w0, '10.1.0.2', '10.0.0.1') === rt, rt.rtFlags >>> 0]).toEqual([true, 0x80000000]);
  });

  it('but not with a realm, nor for groups and limited broadcast [FNH-05 FIB-08 FIB-09]', () => {
    const multicast = t.h.packet(v0, '10.0.0.2', '224.0.0.1');
    t.h.ip.routing!.routeInput(multicast, ip4('224.0.0.1'), ip4('10.0.0.2'), 0, v0);
    const broadcast = t.h.packet(v0, '10.0.0.2', '255.255.255.255');
    t.h.ip.routing!.routeInput(broadcast, 0xffffffff, ip4('10.0.0.2'), 0, v0);
    expect([(multicast.dst as Rtable).rtFlags >>> 0, (broadcast.dst as Rtable).rtFlags >>> 0]).toEqual([0xa0000000, 0x90000000]);
    expect([multicast.dstNoref, broadcast.dstNoref, t.h.state.fib.uncached.size]).toEqual([false, false, 2]);
    multicast.consume();
    broadcast.consume();
    expect(t.h.state.fib.uncached.size).toBe(0);

    t.h.route('10.0.0.2/32', { oif: v0.ifindex, scope: U.RT_SCOPE_LINK, flow: 5 });
    const own = t.h.packet(v0, '10.0.0.2', '192.168.1.1');
    expect(t.h.ip.routing!.routeInput(own, ip4('192.168.1.1'), ip4('10.0.0.2'), 0, v0)).toBe(0);
    expect(own.dstNoref).toBe(false);
    own.consume();
  });

  it('over two next hops, by source and destination, in proportion to their weights', () => {
    const hop = (gw: string, weight: number) => ({ oif: w0.ifindex, gw: ip4(gw), flags: 0, weight, flow: 0 });
    t.h.route('172.16.0.0/12', { nexthops: [hop('10.1.0.9', 1), hop('10.1.0.8', 3)] });
    const ways = Array.from({ length: 2000 }, (_, i) => show(t.h.inputRt(v0, '10.0.0.2', `172.16.${i >> 8}.${i & 255}`)));
    const share = ways.filter((way) => way.endsWith('10.1.0.8')).length / ways.length;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.05);
    expect(show(t.h.inputRt(v0, '10.0.0.2', '172.16.0.7'))).toBe(ways[7]);
  });
});

describe('back where it came from', () => {
  let out: SkBuff;
  const redirected = (saddr: string, daddr: string): boolean => {
    out = t.h.packet(v0, saddr, daddr);
    expect(t.h.ip.routing!.routeInput(out, ip4(daddr), ip4(saddr), 0, v0)).toBe(0);
    const flag = (out.cb[IPCB_FLAGS] & IPSKB_DOREDIRECT) !== 0;
    out.consume();
    return flag;
  };

  beforeEach(() => {
    t.h.forwarding();
    t.h.route('192.168.0.0/16', { gw: ip4('10.0.0.9') });
  });

  it('marks the packet for a redirect if the sender is a neighbour [REDIR-02]', () => {
    expect(redirected('10.0.0.2', '192.168.1.1')).toBe(true);
    expect(redirected('77.0.0.1', '192.168.1.1')).toBe(false);
    expect(redirected('10.0.0.2', '10.1.0.7')).toBe(false);
  });

  it('not without send_redirects [REDIR-02 REDIR-11]', () => {
    t.h.inDev(v0).cnf.sendRedirects = 0;
    expect(redirected('10.0.0.2', '192.168.1.1')).toBe(true);
    t.h.inDev(v0).all.sendRedirects = 0;
    expect(redirected('10.0.0.2', '192.168.1.1')).toBe(false);
  });

  it('without shared media only if sender and gateway are in one network [REDIR-02]', () => {
    t.h.inDev(v0).cnf.sharedMedia = 0;
    t.h.inDev(v0).all.sharedMedia = 0;
    t.h.addr(v0, '10.7.0.1/24');
    expect([redirected('10.0.0.2', '192.168.1.1'), redirected('10.7.0.2', '192.168.1.1')]).toEqual([true, false]);
  });

  it('is no way for an ARP request, except with proxy_arp_pvlan', () => {
    const ask = (): string => {
      const skb = t.h.packet(v0, '10.0.0.2', '192.168.1.1', 0, 17, U.ETH_P_ARP);
      const reason = t.h.ip.routing!.routeInput(skb, ip4('192.168.1.1'), ip4('10.0.0.2'), 0, v0);
      skb.consume();
      return dropReasonName(reason);
    };
    expect(ask()).toBe('ARP_PVLAN_DISABLE');
    t.h.inDev(v0).cnf.proxyArpPvlan = 1;
    expect(ask()).toBe('NOT_DROPPED_YET');
  });
});

describe('ipError', () => {
  const counters = (): [number, number] => [t.h.stats[IPSTATS_MIB_INADDRERRORS], t.h.stats[IPSTATS_MIB_INNOROUTES]];

  it('on a host counts and is silent [FIB-20]', () => {
    for (const daddr of ['99.0.0.1', '10.50.0.1', '10.51.0.1', '10.52.0.1', '10.53.0.1']) t.h.receive(v0, '10.0.0.2', daddr);
    expect([counters(), t.h.icmp]).toEqual([[5, 0], []]);
  });

  it.each<[what: string, daddr: string, icmp: [number, number] | null, counted: [number, number]]>([
    ['without a route: network unreachable', '99.0.0.1', [U.ICMP_DEST_UNREACH, U.ICMP_NET_UNREACH], [0, 1]],
    ['throw: the same', '10.53.0.1', [U.ICMP_DEST_UNREACH, U.ICMP_NET_UNREACH], [0, 1]],
    ['unreachable: host unreachable', '10.50.0.1', [U.ICMP_DEST_UNREACH, U.ICMP_HOST_UNREACH], [0, 0]],
    ['prohibit: filtered', '10.51.0.1', [U.ICMP_DEST_UNREACH, U.ICMP_PKT_FILTERED], [0, 0]],
    ['blackhole: nothing', '10.52.0.1', null, [0, 0]],
  ])('on a router, %s [FIB-20 FIB-17]', (_what, daddr, icmp, counted) => {
    t.h.forwarding();
    t.h.receive(v0, '10.0.0.2', daddr);
    expect(t.h.icmp).toEqual(icmp === null ? [] : [[...icmp, '0', daddr]]);
    expect(counters()).toEqual(counted);
    expect(t.h.kernel.skbs.inUse).toBe(0);
  });

  it('tells a sender five times at once, then once a second; every sender has a credit of its own [FIB-20]', () => {
    t.h.forwarding();
    for (let i = 0; i < 8; i++) t.h.receive(v0, '10.0.0.2', '10.50.0.1');
    expect(t.h.icmp.length).toBe(5);
    t.h.receive(v0, '10.0.0.3', '10.50.0.1');
    expect(t.h.icmp.length).toBe(6);
    t.h.clock.advance(2 * SEC);
    for (let i = 0; i < 8; i++) t.h.receive(v0, '10.0.0.2', '10.50.0.1');
    expect(t.h.icmp.length).toBe(8);
  });
});
