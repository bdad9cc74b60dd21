import { dstCheck } from '@skbuff/core';
import { Flowi6, type Rt6Info, ip6Mtu } from '@skbuff/ipv6';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { type Fib6Rt, type Fib6RtConfig, fib6GetTable, ip6RouteDel } from '../src/index.ts';
import { SEC, addr6, useHost } from './support.ts';

const t = useHost();

function linked(): void {
  t.h.eth('v0', '2001:db8::1/64', 'fe80::1/64');
  t.h.route('add default via fe80::a dev v0');
}

/** An error about a packet of ours to `to` says that `mtu` bytes would pass. */
function tooBig(to: string, mtu: number): void {
  const skb = t.h.packet('v0', '2001:db8::1', to);
  t.h.routing.updatePmtu(t.h.net, skb, mtu, 0, 0);
  skb.kfree(2);
}

function route(to: string): Rt6Info {
  const fl6 = new Flowi6().init(0);
  fl6.daddr.copy(addr6(to));
  return t.h.routing.routeOutput(t.h.net, null, fl6, 0);
}

function mtuOf(to: string): number {
  const rt = route(to);
  const mtu = ip6Mtu(rt);
  rt.release();
  return mtu;
}

/** A redirect of the router for packets to `dest`. */
function redirect(router: string, target: string, dest: string): void {
  const payload = [137, 0, 0, 0, 0, 0, 0, 0, ...addr6(target).toBytes(), ...addr6(dest).toBytes()];
  const skb = t.h.packet('v0', router, '2001:db8::1', { proto: U.IPPROTO_ICMPV6, payload: Uint8Array.from(payload) });
  t.h.routing.redirectNoHeader(t.h.net, skb, t.h.dev('v0').ifindex);
  skb.kfree(2);
}

describe('the path MTU of a destination', () => {
  it('is learned for it alone, for mtu_expires seconds', () => {
    linked();
    t.h.nud.set('fe80::a', U.NUD_REACHABLE);
    tooBig('2001:dead::1', 1400);
    expect([mtuOf('2001:dead::1'), mtuOf('2001:dead::2')]).toEqual([1400, 1500]);
    t.h.clock.advance(599 * SEC);
    expect(mtuOf('2001:dead::1')).toBe(1400);
    t.h.clock.advance(2 * SEC);
    expect(mtuOf('2001:dead::1')).toBe(1500);
    t.h.clock.advance(31 * SEC);
    expect(t.h.state.stats.rtCache).toBe(0);
  });

  it('is learned where the route has locked one too', () => {
    linked();
    t.h.route('add 2001:db8:5::/48 via fe80::a dev v0');
    const from = fib6GetTable(t.h.state, U.RT_TABLE_MAIN)?.routes().find((rt) => rt.dst.equals(addr6('2001:db8:5::'))) as Fib6Rt;
    from.setMetric(U.RTAX_MTU, 1450);
    from.setMetric(U.RTAX_LOCK, 1 << U.RTAX_MTU);
    expect(mtuOf('2001:db8:5::1')).toBe(1450);
    tooBig('2001:db8:5::1', 1400);
    expect([mtuOf('2001:db8:5::1'), mtuOf('2001:db8:5::2')]).toEqual([1400, 1450]);
  });

  it('is forgotten when a request says so (`ip -6 route flush cache`)', () => {
    linked();
    tooBig('2001:dead::1', 1400);
    tooBig('2001:dead::2', 1300);
    const cfg = { flags: U.RTF_CACHE, dst: addr6('2001:dead::1'), dstLen: 128 };
    const forget = (more: Partial<Fib6RtConfig>): number => ip6RouteDel(t.h.net, { ...cfg, ...more }, null);
    expect([forget({ ifindex: 99 }), forget({ dst: addr6('2001:dead::3') }), forget({ flags: U.RTF_CACHE | U.RTF_GATEWAY, gateway: addr6('fe80::b') }), mtuOf('2001:dead::1')]).toEqual([-U.ESRCH, 0, -U.ESRCH, 1400]);
    expect([forget({ ifindex: t.h.dev('v0').ifindex, flags: U.RTF_CACHE | U.RTF_GATEWAY, gateway: addr6('fe80::a') }), forget({})]).toEqual([0, 0]);
    expect([mtuOf('2001:dead::1'), mtuOf('2001:dead::2')]).toEqual([1500, 1300]);
  });

  it('is not believed below 1280 bytes (RFC 8200 §5), nor above what is known', () => {
    linked();
    tooBig('2001:dead::1', 1279);
    tooBig('2001:dead::2', 9000);
    expect([mtuOf('2001:dead::1'), mtuOf('2001:dead::2'), t.h.state.stats.rtCache]).toEqual([1500, 1500, 0]);
    tooBig('2001:dead::1', 1280);
    tooBig('2001:dead::1', 1300);
    expect(mtuOf('2001:dead::1')).toBe(1280);
  });

  it('makes those who decided before decide anew, received packets too', () => {
    linked();
    t.h.state.v6.devconfAll.forwarding = 1;
    const before = route('2001:dead::1');
    tooBig('2001:dead::1', 1400);
    expect(dstCheck(before)).toBe(false);
    const skb = t.h.packet('v0', '2001:db8::9', '2001:dead::1');
    t.h.routing.routeInput(skb);
    expect(ip6Mtu(skb.dst as Rt6Info)).toBe(1400);
    skb.kfree(2);
    before.release();
  });

  it('of many destinations takes a bounded number of places', () => {
    linked();
    for (let i = 0; i < 15000; i++) tooBig(`2001:dead::${i.toString(16)}`, 1400);
    expect(t.h.state.stats.rtCache).toBeLessThanOrEqual(1024 * 10);
    expect(t.h.state.stats.rtCache).toBeGreaterThan(1024 * 4);
    t.h.route('del default');
    expect(t.h.state.stats.rtCache).toBe(0);
  });

  it('does not exceed that of a link that shrinks, and follows one that grows', () => {
    linked();
    tooBig('2001:dead::1', 1450);
    t.h.routing.mtuChange(t.h.dev('v0'), 1400);
    t.h.idev('v0').cnf.mtu6 = 1400;
    expect(mtuOf('2001:dead::1')).toBe(1400);
    t.h.routing.mtuChange(t.h.dev('v0'), 1500);
    t.h.idev('v0').cnf.mtu6 = 1500;
    expect(mtuOf('2001:dead::1')).toBe(1500);
  });
});

describe('a redirect', () => {
  it('of the first hop leads one destination another way [IP6T-05]', () => {
    linked();
    redirect('fe80::a', 'fe80::b', '2001:dead::1');
    expect([t.h.get('2001:dead::1'), t.h.get('2001:dead::2')]).toEqual(['via fe80::b dev v0', 'via fe80::a dev v0']);
    redirect('fe80::b', 'fe80::c', '2001:dead::1');
    expect(t.h.get('2001:dead::1')).toBe('via fe80::c dev v0');
  });

  it('to the destination itself says that it is on the link', () => {
    linked();
    redirect('fe80::a', '2001:dead::1', '2001:dead::1');
    expect(t.h.get('2001:dead::1')).toBe('dev v0');
  });

  it.each([
    ['somebody else', () => redirect('fe80::99', 'fe80::b', '2001:dead::1')],
    ['the first hop to a global address', () => redirect('fe80::a', '2001:db8::b', '2001:dead::1')],
    ['the first hop for a group', () => redirect('fe80::a', 'fe80::b', 'ff05::1')],
    ['the first hop, where accept_redirects is off', () => ((t.h.idev('v0').cnf.acceptRedirects = 0), redirect('fe80::a', 'fe80::b', '2001:dead::1'))],
    ['the first hop, to a router', () => ((t.h.idev('v0').cnf.forwarding = 1), redirect('fe80::a', 'fe80::b', '2001:dead::1'))],
  ])('of %s is ignored', (_, send) => {
    linked();
    send();
    expect([t.h.get('2001:dead::1'), t.h.state.stats.rtCache]).toEqual(['via fe80::a dev v0', 0]);
  });

  it('to a gateway that does not answer is not followed any more', () => {
    linked();
    redirect('fe80::a', 'fe80::b', '2001:dead::1');
    const learned = route('2001:dead::1');
    t.h.routing.linkFailure(learned);
    expect([t.h.get('2001:dead::1'), dstCheck(learned), t.h.state.stats.rtCache]).toEqual(['via fe80::a dev v0', false, 0]);
    learned.release();
  });

  it('is followed while its gateway calls itself a router', () => {
    linked();
    redirect('fe80::a', 'fe80::b', '2001:dead::1');
    t.h.nud.set('fe80::b', U.NUD_REACHABLE);
    t.h.clock.advance(31 * SEC);
    expect(t.h.get('2001:dead::1')).toBe('via fe80::b dev v0');
    t.h.nud.delete('fe80::b');
    t.h.clock.advance(31 * SEC);
    expect(t.h.get('2001:dead::1')).toBe('via fe80::a dev v0');
  });

  it('is forgotten when its gateway is no router any more, or nobody confirmed it for gc_timeout', () => {
    linked();
    redirect('fe80::a', 'fe80::b', '2001:dead::1');
    t.h.routing.cleanTohost(t.h.net, addr6('fe80::b'));
    expect(t.h.get('2001:dead::1')).toBe('via fe80::a dev v0');
    t.h.nud.set('fe80::b', U.NUD_REACHABLE);
    redirect('fe80::a', 'fe80::b', '2001:dead::1');
    t.h.clock.advance(91 * SEC);
    expect(t.h.get('2001:dead::1')).toBe('via fe80::a dev v0');
  });
});
