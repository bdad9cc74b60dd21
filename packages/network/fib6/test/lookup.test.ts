import { dstCheck } from '@skbuff/core';
import type { Rt6Info } from '@skbuff/ipv6';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { SEC, addr6, useHost } from './support.ts';

const t = useHost();

/** A host with one link and two routers on it. */
function linked(): void {
  t.h.eth('v0', '2001:db8::1/64', 'fe80::1/64');
  t.h.eth('v1', '2001:db8:1::1/64', 'fe80::2/64');
}

/** Gateways of 60 destinations, how often each. */
function spread(): Record<string, number> {
  const count: Record<string, number> = {};
  for (let i = 0; i < 600; i++) {
    const way = t.h.get(`2001:dead::${i.toString(16)}`);
    count[way] = (count[way] ?? 0) + 1;
  }
  return count;
}

describe('the way of what the host sends', () => {
  it('is the longest prefix, then the least metric [IP6T-07]', () => {
    linked();
    t.h.route('add default via 2001:db8::2');
    t.h.route('add 2001:db8:5::/48 via 2001:db8::3');
    t.h.route('add 2001:db8:5::/48 via 2001:db8::4 metric 5');
    t.h.route('add 2001:db8:5:5::/64 dev v1');
    expect(['2001:dead::1', '2001:db8:5::1', '2001:db8:5:5::1', '2001:db8::9', '2001:db8::1', '::1', 'fe80::1'].map((a) => t.h.get(a))).toEqual([
      'via 2001:db8::2 dev v0',
      'via 2001:db8::4 dev v0',
      'dev v1',
      'dev v0',
      'dev lo',
      'dev lo',
      'dev lo',
    ]);
  });

  it('leads nowhere where a route says so, each with its errno, and on at the next table by throw [IP6T-07]', () => {
    linked();
    expect(t.h.get('2001:dead::1')).toBe('ENETUNREACH');
    for (const route of ['blackhole 2001:db8:d::/48', 'unreachable 2001:db8:e::/48', 'prohibit 2001:db8:f::/48', 'throw 2001:db8:a::/48']) expect(t.h.route(`add ${route}`)).toBe('');
    t.h.route('add default via 2001:db8::2');
    expect(['d', 'e', 'f', 'a'].map((x) => t.h.get(`2001:db8:${x}::1`))).toEqual(['EINVAL', 'EHOSTUNREACH', 'EACCES', 'ENETUNREACH']);
  });

  it('goes by the interface that is asked for, which a link-local destination needs [IP6T-07]', () => {
    linked();
    t.h.route('add default via fe80::9 dev v0');
    t.h.route('append default via fe80::9 dev v1 metric 2000');
    expect([t.h.get('2001:dead::1'), t.h.get('2001:dead::1', { oif: 'v1' }), t.h.get('fe80::77', { oif: 'v1' }), t.h.get('ff02::1', { oif: 'v1' })]).toEqual(['via fe80::9 dev v0', 'via fe80::9 dev v1', 'dev v1', 'dev v1']);
    expect(t.h.get('fe80::1', { oif: 'v1' })).toBe('dev v1');
  });

  it('takes a route for the source before that for everybody, which a longer destination hides [IP6T-07]', () => {
    linked();
    for (const r of ['default via 2001:db8::2', 'default from 2001:db8:5::/48 via 2001:db8::3', '2001:db8:9::/48 via 2001:db8::4', '2001:db8:9::/48 from 2001:db8:5::/48 via 2001:db8::5']) expect(t.h.route(`add ${r}`)).toBe('');
    expect(t.h.show()).toEqual([
      'default from 2001:db8:5::/48 via 2001:db8::3 dev v0 metric 1024',
      '2001:db8::/64 dev v0 metric 256',
      '2001:db8:1::/64 dev v1 metric 256',
      '2001:db8:9::/48 from 2001:db8:5::/48 via 2001:db8::5 dev v0 metric 1024',
      '2001:db8:9::/48 via 2001:db8::4 dev v0 metric 1024',
      'fe80::/64 dev v0 metric 256',
      'fe80::/64 dev v1 metric 256',
      'default via 2001:db8::2 dev v0 metric 1024',
    ]);
    // The routes to 2001:db8:9::/48 for everybody are passed over: so does Linux.
    expect([t.h.get('2001:db8:9::1'), t.h.get('2001:db8:9::1', { from: '2001:db8::1' }), t.h.get('2001:db8:8::1')]).toEqual(['via 2001:db8::2 dev v0', 'via 2001:db8::2 dev v0', 'via 2001:db8::2 dev v0']);
    expect([t.h.input('v0', '2001:db8:5::1', '2001:db8:9::1'), t.h.input('v0', '2001:db8:5::1', '2001:db8:8::1')]).toEqual(['via 2001:db8::5 dev v0', 'via 2001:db8::3 dev v0']);
  });

  it('counts no more when its time has passed, and is gone with the next look around [IP6T-07]', () => {
    linked();
    t.h.route('add default via 2001:db8::2 expires 100');
    t.h.route('add default via 2001:db8::3 metric 2000');
    expect(t.h.get('2001:dead::1')).toBe('via 2001:db8::2 dev v0');
    t.h.clock.advance(101 * SEC);
    expect(t.h.get('2001:dead::1')).toBe('via 2001:db8::3 dev v0');
    t.h.clock.advance(30 * SEC);
    expect(t.h.show().filter((line) => line.startsWith('default'))).toEqual(['default via 2001:db8::3 dev v0 metric 2000']);
  });
});

describe('several ways', () => {
  it('share the destinations by weight, and a dead one has none [IP6T-07]', () => {
    linked();
    t.h.route('add default nexthop via 2001:db8::2 nexthop via 2001:db8:1::2 weight 3');
    const first = spread();
    expect(Object.keys(first).sort()).toEqual(['via 2001:db8:1::2 dev v1', 'via 2001:db8::2 dev v0']);
    expect(first['via 2001:db8::2 dev v0'] / 600).toBeCloseTo(0.25, 1);
    expect(spread()).toEqual(first);
    t.h.down('v1');
    expect(t.h.show().filter((line) => line.startsWith('default'))).toEqual(['default via 2001:db8::2 dev v0 metric 1024', 'default via 2001:db8:1::2 dev v1 metric 1024 dead linkdown']);
    expect(spread()).toEqual({ 'via 2001:db8::2 dev v0': 600 });
  });

  it('leave with the last of them', () => {
    linked();
    t.h.route('add default nexthop via 2001:db8::2 nexthop via 2001:db8:1::2');
    t.h.down('v1');
    t.h.down('v0');
    expect(t.h.show()).toEqual([]);
  });

  it('whose gateways do not answer give way to worse ones, on a host', () => {
    linked();
    t.h.route('add default nexthop via 2001:db8::3 nexthop via 2001:db8::4');
    t.h.route('append default via 2001:db8::2 metric 2000');
    for (const gw of ['3', '4']) t.h.nud.set(`2001:db8::${gw}`, U.NUD_FAILED);
    expect(t.h.get('2001:dead::1')).toBe('via 2001:db8::2 dev v0');
    // They are asked whether they are there again; the third one, of whom nothing is known yet, is not.
    expect(t.h.probes).toEqual(['v0 2001:db8::3', 'v0 2001:db8::4']);
    t.h.state.v6.devconfAll.forwarding = 1;
    expect(t.h.get('2001:dead::1')).toMatch(/via 2001:db8::[34] dev v0/);
  });

  it('are asked only once in router_probe_interval, first that long after the route was made', () => {
    linked();
    t.h.route('add default via 2001:db8::2');
    const after = (seconds: number): number => {
      t.h.clock.advance(seconds * SEC);
      t.h.get('2001:dead::1');
      t.h.get('2001:dead::1');
      return t.h.probes.length;
    };
    expect([after(0), after(60), after(1), after(60), after(1)]).toEqual([0, 0, 1, 1, 2]);
  });

  it('are preferred as their routers say, of equal metric', () => {
    linked();
    const gw = { add: (name: string, pref: number) => t.h.routing.raRouter(t.h.dev('v0'), addr6(name), { lifetime: 1800, pref, metric: 1024, hopLimit: 0, mtu: 0 }) };
    gw.add('fe80::a', 3);
    gw.add('fe80::b', 0);
    expect(t.h.get('2001:dead::1')).toBe('via fe80::b dev v0');
    gw.add('fe80::c', 1);
    expect(t.h.get('2001:dead::1')).toBe('via fe80::c dev v0');
    t.h.nud.set('fe80::c', U.NUD_FAILED);
    expect(t.h.get('2001:dead::1')).toBe('via fe80::b dev v0');
  });
});

describe('the way of a received packet', () => {
  it('leads to this host, on, or nowhere [IP6T-06] [IP6R-05]', () => {
    linked();
    t.h.route('add default via 2001:db8::2');
    t.h.route('add unreachable 2001:db8:e::/48');
    const from = '2001:db8:1::9';
    expect(['2001:db8:1::1', '2001:db8::1', '2001:db8::9', '2001:dead::1', '2001:db8:e::1'].map((to) => t.h.input('v1', from, to))).toEqual(['dev lo', 'dev lo', 'dev v0', 'via 2001:db8::2 dev v0', 'EHOSTUNREACH']);
    expect(t.h.input('v1', 'fe80::9', 'fe80::2')).toBe('dev lo');
    expect(t.h.input('v1', 'fe80::9', 'ff02::1')).toBe('dev v1');
  });

  it('stays the same object while nothing changes, and is looked for anew when something does [IP6T-05]', () => {
    linked();
    t.h.state.v6.devconfAll.forwarding = 1;
    t.h.route('add default via 2001:db8::2');
    const decide = (to: string): Rt6Info => {
      const skb = t.h.packet('v1', '2001:db8:1::9', to);
      t.h.routing.routeInput(skb);
      const rt = skb.dst as Rt6Info;
      rt.hold();
      skb.kfree(2);
      return rt;
    };
    const first = decide('2001:dead::1');
    const second = decide('2001:beef::1');
    expect([first === second, dstCheck(first)]).toEqual([true, true]);
    t.h.route('add 2001:dead::/32 via 2001:db8::3');
    expect(dstCheck(first)).toBe(false);
    const third = decide('2001:dead::1');
    expect([third === first, third.gateway.toString(), dstCheck(third)]).toEqual([false, '2001:db8::3', true]);
    t.h.routing.cacheFlush(t.h.net);
    expect(dstCheck(third)).toBe(false);
    t.h.route('del 2001:dead::/32');
    expect(decide('2001:dead::1').gateway.toString()).toBe('2001:db8::2');
    for (const rt of [first, second, third]) rt.release();
    (t.h.state.main.root.leaf?.nh.rt as Rt6Info).release();
  });
});

describe('a packet that no route takes', () => {
  const follow = (to: string): void => {
    const skb = t.h.packet('v1', '2001:db8:1::9', to);
    t.h.routing.routeInput(skb);
    (skb.dst as Rt6Info).input(skb);
  };

  it('is answered with the code of its route, and counted [IP6R-06]', () => {
    linked();
    for (const route of ['blackhole 2001:db8:d::/48', 'unreachable 2001:db8:e::/48', 'prohibit 2001:db8:f::/48']) t.h.route(`add ${route}`);
    for (const to of ['2001:dead::1', '2001:db8:d::1', '2001:db8:e::1', '2001:db8:f::1']) follow(to);
    expect(t.h.icmp).toEqual(['1/0 2001:dead::1', '1/0 2001:db8:e::1', '1/1 2001:db8:f::1']);
    expect([t.h.stats[U.IPSTATS_MIB_INNOROUTES], t.h.idev('v1').stats[U.IPSTATS_MIB_INNOROUTES]]).toEqual([3, 3]);
  });

  it('to nobody counts as one with a bad address', () => {
    linked();
    follow('::');
    expect([t.h.stats[U.IPSTATS_MIB_INNOROUTES], t.h.stats[U.IPSTATS_MIB_INADDRERRORS]]).toEqual([0, 1]);
  });
});
