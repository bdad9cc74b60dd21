/** Forwarded packets: what is found at a glance is what a lookup finds, whatever has changed since. */
import { Flowi6, ipv6Net, RT6_LOOKUP_F_HAS_SADDR } from '@skbuff/ipv6';
import { IPPROTO_UDP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { Fib6Result } from '../src/index.ts';
import { ip6PolRoute } from '../src/route6-lookup.ts';
import { rt6DropWays } from '../src/route6-ways.ts';
import { SEC, addr6, useHost, wayText } from './support.ts';

const t = useHost();

function router(): void {
  t.h.eth('v0', '2001:db8::1/64');
  t.h.eth('v1', '2001:db8:1::1/64');
  ipv6Net.of(t.h.net).devconfAll.forwarding = 1;
}

/** Three packets, of which the later ones need no lookup. */
const ways = (daddr: string): string[] => [1, 2, 3].map(() => t.h.input('v0', '2001:db8::9', daddr));

/** By a lookup that knows nothing of earlier ones. */
function lookedUp(daddr: string): string {
  const fl6 = new Flowi6().init(0);
  fl6.saddr.copy(addr6('2001:db8::9'));
  fl6.daddr.copy(addr6(daddr));
  fl6.iif = t.h.dev('v0').ifindex;
  fl6.proto = IPPROTO_UDP;
  return wayText(ip6PolRoute(t.h.state, fl6, fl6.iif, RT6_LOOKUP_F_HAS_SADDR, new Fib6Result(), null));
}

describe('a next hop that many routes share', () => {
  it('is one decision', () => {
    router();
    for (let i = 16; i < 48; i++) t.h.route(`add 2001:db8:5:${i.toString(16)}::/64 via 2001:db8:1::2`);
    const before = t.h.ip.dstOps.entries;
    for (let i = 16; i < 48; i++) expect(ways(`2001:db8:5:${i.toString(16)}::9`)).toEqual(new Array(3).fill('via 2001:db8:1::2 dev v1'));
    expect(t.h.state.ways.length).toBe(1);
    // One for each route, found by its first packet, and the one that they share.
    expect(t.h.ip.dstOps.entries - before).toBe(33);
  });

  it.each([
    ['a better route', 'add 2001:db8:5::/48 via 2001:db8:1::3 metric 5', 'via 2001:db8:1::3 dev v1'],
    ['a longer prefix', 'add 2001:db8:5:5::/64 dev v1', 'dev v1'],
    ['its replacement', 'replace 2001:db8:5::/48 via 2001:db8:1::4', 'via 2001:db8:1::4 dev v1'],
    ['its end', 'del 2001:db8:5::/48', 'via 2001:db8::2 dev v0'],
    ['a route for the source', 'add 2001:db8:5::/48 from 2001:db8::/64 via 2001:db8:1::6', 'via 2001:db8:1::6 dev v1'],
  ])('gives way to %s', (_what, line, way) => {
    router();
    t.h.route('add default via 2001:db8::2');
    t.h.route('add 2001:db8:5::/48 via 2001:db8:1::2');
    expect(ways('2001:db8:5:5::1')).toEqual(new Array(3).fill('via 2001:db8:1::2 dev v1'));
    expect(t.h.route(line)).toBe('');
    expect(ways('2001:db8:5:5::1')).toEqual(new Array(3).fill(way));
  });

  it('is not taken when the device is down, nor by a host', () => {
    router();
    t.h.route('add default via 2001:db8::2 metric 2048');
    t.h.route('add default via 2001:db8:1::2');
    ways('2002::1');
    t.h.down('v1');
    expect(ways('2002::1')).toEqual(new Array(3).fill('via 2001:db8::2 dev v0'));
    t.h.up('v1');
    expect(t.h.route('add default via 2001:db8:1::2 dev v1 onlink')).toBe('');
    expect(ways('2002::1')).toEqual(new Array(3).fill('via 2001:db8:1::2 dev v1'));
    ipv6Net.of(t.h.net).devconfAll.forwarding = 0;
    // A host takes the router that answers.
    t.h.nud.set('2001:db8::2', 2);
    t.h.nud.set('2001:db8:1::2', 0x20);
    expect(ways('2002::1')).toEqual(new Array(3).fill(lookedUp('2002::1')));
  });

  it('ends with the time of its route', () => {
    router();
    t.h.route('add default via 2001:db8::2 metric 2048');
    t.h.route('add 2001:db8:5::/48 via 2001:db8:1::2');
    ways('2001:db8:5::1');
    const rt = t.h.state.main.routes().find(({ plen }) => plen === 48);
    t.h.routing.setExpires(t.h.net, rt!, t.h.net.timers.jiffies + 1000);
    t.h.clock.advance(2 * SEC);
    expect(ways('2001:db8:5::1')).toEqual(new Array(3).fill('via 2001:db8::2 dev v0'));
  });

  it('is the same as a lookup finds, through 1,000 changes by chance', () => {
    router();
    const random = t.h.kernel.random.fork('changes');
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
    const prefixes = ['default', '2001:db8:5::/48', '2001:db8:5:5::/64', '2001:db8:5:5::5', '2001:db8:6::/40', '2002::/16'];
    const hops = ['via 2001:db8::2', 'via 2001:db8:1::2', 'via 2001:db8:1::3', 'dev v1', 'dev v0'];
    const targets = ['2001:db8:5::1', '2001:db8:5:5::1', '2001:db8:5:5::5', '2001:db8:6::1', '2002::1', '3fff::1', '2001:db8::7', '2001:db8:1::1'];
    for (let i = 0; i < 1000; i++) {
      const verb = pick(['add', 'add', 'append', 'replace', 'del', 'change']);
      const from = random.below(8) === 0 ? ` from ${pick(['2001:db8::/64', '2001:db8:77::/64'])}` : '';
      const more = verb === 'del' ? '' : pick(['', '', ' metric 5', ' expires 1']);
      t.h.route(`${verb} ${pick(prefixes)}${from} ${pick(hops)}${more}`);
      if (random.below(20) === 0) pick([() => t.h.down('v1'), () => t.h.up('v1'), () => t.h.clock.advance(SEC), () => rt6DropWays(t.h.state), () => t.h.routing.cacheFlush(t.h.net)])();
      for (const daddr of targets) {
        const found = lookedUp(daddr);
        if (ways(daddr).some((way) => way !== found)) expect([i, daddr, ...ways(daddr)]).toEqual([i, daddr, ...new Array(3).fill(found)]);
      }
    }
  });
});
