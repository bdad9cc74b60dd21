import { NETDEV_UNREGISTER, unregisterNetdevice } from '@skbuff/core';
import { RA_ROUTER_NEW, type Rt6Info, in6DevGet } from '@skbuff/ipv6';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { SEC, addr6, useHost } from './support.ts';

const t = useHost();

function ra(gateway: string, more: { lifetime?: number; pref?: number; metric?: number; hopLimit?: number; mtu?: number } = {}): number {
  return t.h.routing.raRouter(t.h.dev('v0'), addr6(gateway), { lifetime: 1800, pref: 0, metric: 1024, hopLimit: 0, mtu: 0, ...more });
}

const routers = (): string[] => t.h.show().filter((line) => line.startsWith('default'));

describe('a router that advertises itself', () => {
  it('is a default route for its lifetime, longer with each advertisement', () => {
    t.h.eth('v0', 'fe80::1/64');
    expect(ra('fe80::a', { lifetime: 100, hopLimit: 33, mtu: 1400 })).toBe(RA_ROUTER_NEW);
    expect([routers(), t.h.get('2001:dead::1')]).toEqual([['default via fe80::a dev v0 metric 1024'], 'via fe80::a dev v0']);
    const rt = t.h.state.main.root.leaf;
    expect([rt?.protocol, rt?.metrics?.[U.RTAX_HOPLIMIT], rt?.metrics?.[U.RTAX_MTU], rt?.flagsShown]).toEqual([U.RTPROT_RA, 33, 1400, U.RTF_UP | U.RTF_GATEWAY | U.RTF_DEFAULT | U.RTF_ADDRCONF | U.RTF_EXPIRES]);
    t.h.clock.advance(60 * SEC);
    ra('fe80::a', { lifetime: 100 });
    t.h.clock.advance(60 * SEC);
    expect(t.h.get('2001:dead::1')).toBe('via fe80::a dev v0');
    t.h.clock.advance(41 * SEC);
    expect(t.h.get('2001:dead::1')).toBe('ENETUNREACH');
    t.h.clock.advance(30 * SEC);
    expect(routers()).toEqual([]);
  });

  it('is none any more with lifetime 0, and another with another metric', () => {
    t.h.eth('v0', 'fe80::1/64');
    ra('fe80::a');
    ra('fe80::b');
    expect(routers()).toEqual(['default via fe80::a dev v0 metric 1024', 'default via fe80::b dev v0 metric 1024']);
    ra('fe80::a', { metric: 512 });
    ra('fe80::b', { lifetime: 0 });
    expect(routers()).toEqual(['default via fe80::a dev v0 metric 512']);
  });

  it('does not share its packets with others: the one that is preferred has them all', () => {
    t.h.eth('v0', 'fe80::1/64');
    ra('fe80::a');
    ra('fe80::b');
    expect([t.h.get('2001:dead::1'), t.h.get('2001:dead::2'), t.h.state.main.root.leaf?.siblings]).toEqual(['via fe80::a dev v0', 'via fe80::a dev v0', null]);
    ra('fe80::b', { pref: 1 });
    expect(t.h.get('2001:dead::1')).toBe('via fe80::b dev v0');
  });

  it('is not believed by a router, unless accept_ra is 2', () => {
    t.h.eth('v0', 'fe80::1/64');
    ra('fe80::a');
    t.h.idev('v0').cnf.acceptRa = 2;
    t.h.routing.purgeDfltRouters(t.h.net);
    expect(routers().length).toBe(1);
    ra('fe80::b');
    t.h.idev('v0').cnf.acceptRa = 1;
    t.h.routing.purgeDfltRouters(t.h.net);
    expect(routers()).toEqual([]);
  });

  it('that turns out to be a host is none', () => {
    t.h.eth('v0', 'fe80::1/64');
    ra('fe80::a');
    ra('fe80::b');
    t.h.routing.cleanTohost(t.h.net, addr6('fe80::a'));
    expect(routers()).toEqual(['default via fe80::b dev v0 metric 1024']);
  });
});

describe('a route that a router advertises (RFC 4191)', () => {
  const info = (prefix: string, plen: number, lifetime: number, pref = 0): void => t.h.routing.routeInfo(t.h.dev('v0'), addr6('fe80::a'), addr6(prefix), plen, pref, lifetime);
  const more = (): string[] => t.h.show().filter((line) => line.includes('via'));

  it('holds for its lifetime, for ever with the longest, and no more with none', () => {
    t.h.eth('v0', 'fe80::1/64');
    info('2001:db8:5::', 48, 100);
    info('2001:db8:6::', 48, 0xffffffff);
    info('2001:db8:7::', 48, 0);
    const left = (): number => ((t.h.state.main.routes().find(({ plen, expires }) => plen === 48 && expires !== 0)?.expires ?? 0) - t.h.net.timers.jiffies) / 1000;
    expect(left()).toBe(100);
    info('2001:db8:5::', 48, 3_000_000_000);
    expect(left()).toBe(3_000_000_000);
    info('2001:db8:5::', 48, 100);
    expect(more()).toEqual(['2001:db8:5::/48 via fe80::a dev v0 metric 1024', '2001:db8:6::/48 via fe80::a dev v0 metric 1024']);
    t.h.clock.advance(131 * SEC);
    expect(more()).toEqual(['2001:db8:6::/48 via fe80::a dev v0 metric 1024']);
    info('2001:db8:6::', 48, 0);
    expect(more()).toEqual([]);
  });

  it('to everywhere is the default route of the router; of an unknown preference it says nothing', () => {
    t.h.eth('v0', 'fe80::1/64');
    info('::', 0, 600, 1);
    info('2001:db8:5::', 48, 600, 2);
    expect(more()).toEqual(['default via fe80::a dev v0 metric 1024']);
    ra('fe80::a', { lifetime: 0 });
    expect(more()).toEqual([]);
  });
});

describe('devices', () => {
  it('take their routes with them when they go down', () => {
    t.h.eth('v0', '2001:db8::1/64');
    t.h.eth('v1', '2001:db8:1::1/64');
    t.h.route('add 2001:db8:5::/48 via 2001:db8::2');
    t.h.route('add blackhole 2001:db8:6::/48');
    t.h.down('v0');
    expect(t.h.show()).toEqual(['2001:db8:1::/64 dev v1 metric 256', 'blackhole 2001:db8:6::/48 dev lo metric 1024']);
    expect(t.h.show(U.RT_TABLE_LOCAL)).toEqual(['local ::1 dev lo metric 0', 'local 2001:db8:1::1 dev v1 metric 0', 'multicast ff00::/8 dev v1 metric 256']);
  });

  it('that lose their carrier keep them, and may be passed over', () => {
    const dev = t.h.eth('v0', '2001:db8::1/64');
    t.h.eth('v1');
    t.h.route('add default via 2001:db8::2');
    t.h.route('add default dev v1 metric 2000');
    t.h.routing.syncDownDev(dev, 4);
    expect([t.h.show()[0], t.h.get('2001:dead::1'), t.h.get('2001:db8::1')]).toEqual(['2001:db8::/64 dev v0 metric 256 linkdown', 'via 2001:db8::2 dev v0', 'dev lo']);
    t.h.idev('v0').cnf.ignoreRoutesWithLinkdown = 1;
    expect(t.h.get('2001:dead::1')).toBe('dev v1');
    t.h.routing.syncUp(dev, U.RTNH_F_LINKDOWN);
    expect(t.h.get('2001:dead::1')).toBe('via 2001:db8::2 dev v0');
  });

  it('that leave are let go by those who hold a decision', () => {
    const dev = t.h.eth('v0', '2001:db8::1/64');
    t.h.route('add default via 2001:db8::2');
    const held = [t.h.routing.icmp6DstAlloc(dev, addr6('fe80::9')), t.h.routing.lookup(t.h.net, addr6('2001:dead::1'), null, 0, 0) as Rt6Info];
    expect(held.map((rt) => [rt.dev.name, rt.idev === in6DevGet(dev)])).toEqual([['v0', true], ['v0', true]]);
    unregisterNetdevice(dev);
    expect(held.map((rt) => [rt.dev.name, rt.idev?.dev.name])).toEqual([['lo', 'lo'], ['lo', 'lo']]);
    for (const rt of held) rt.release();
    expect(NETDEV_UNREGISTER).toBe(6);
  });
});

describe('what address configuration asks for', () => {
  it('finds the route to a prefix by its flags and device', () => {
    const dev = t.h.eth('v0', '2001:db8::1/64');
    const find = (flags: number, noflags: number): string | null => t.h.routing.getPrefixRoute(t.h.net, dev, addr6('2001:db8::'), 64, flags, noflags, true)?.dst.toString() ?? null;
    expect([find(0, 0), find(U.RTF_ADDRCONF, 0), find(0, U.RTF_UP), find(U.RTF_UP, U.RTF_EXPIRES)]).toEqual(['2001:db8::', null, null, '2001:db8::']);
    const rt = t.h.routing.getPrefixRoute(t.h.net, dev, addr6('2001:db8::'), 64, 0, 0, true);
    if (rt === null) throw new Error('no route');
    t.h.routing.setExpires(t.h.net, rt, t.h.net.timers.jiffies + 1000);
    expect([find(U.RTF_EXPIRES, 0), find(0, U.RTF_EXPIRES)]).toEqual(['2001:db8::', null]);
    t.h.routing.setExpires(t.h.net, rt, 0);
    expect([find(U.RTF_EXPIRES, 0), find(0, U.RTF_EXPIRES)]).toEqual([null, '2001:db8::']);
  });

  it('takes an address out of the preferred sources of routes', () => {
    const dev = t.h.eth('v0');
    const ifp = t.h.addr(dev, '2001:db8::1/64');
    t.h.route('add default via 2001:db8::2 src 2001:db8::1');
    const prefsrc = (): string => {
      const rt = t.h.routing.lookup(t.h.net, addr6('2001:dead::1'), null, 0, 0) as Rt6Info;
      const text = rt.prefsrc.toString();
      rt.release();
      return text;
    };
    expect(prefsrc()).toBe('2001:db8::1');
    t.h.routing.removePrefsrc(ifp);
    expect(prefsrc()).toBe('::');
  });
});
