/** A replica of a network with IPv6: nothing is tried, nothing asked, and what is tentative stays so. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { Host, HostNet } from '@skbuff/hosts';
import { ip as ipCommand } from '@skbuff/iproute2';
import { procNetOf } from '@skbuff/procfs';
import { sysctlOf } from '@skbuff/sysctl';
import { AF_INET6, IPPROTO_ICMPV6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, IPV6_V6ONLY, SOCK_DGRAM, SOCK_RAW } from '@skbuff/uapi';
import { In6Addr, in6Pton, inetPton6 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { explain, replicate } from '../src/index.ts';
import { dumpsOf, ip, line6, stateOf } from './support.ts';

const DUMPS = ['-details addr', '-6 rule', '-6 route show table all', '-6 neigh', '-6 neigh show proxy', 'addrlabel'];

/** In which order interfaces came is left out. */
const dumps = (net: HostNet): string => dumpsOf(net, DUMPS).replace(/^anycast fe80:: .*\n/gm, '');
const state = (net: HostNet): string => stateOf(net, DUMPS);

/** A router advertisement by the first interface: a default route and a prefix. */
function advertise(router: Host): void {
  const message = new Uint8Array(16 + 32);
  message.set([134, 0, 0, 0, 64, 0, 0x07, 0x08]);
  message.set([3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40], 16);
  message.set(inetPton6('2001:db8:abc::') as Uint8Array, 32);
  const fd = router.task.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  router.task.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
  void router.task.sendto(fd, message, 0, new SockaddrIn6(in6Pton('ff02::1') as In6Addr, 0, 2));
  router.task.close(fd);
}

/** The topology with something of everything. */
async function rich(): ReturnType<typeof line6> {
  const all = await line6();
  const { net, h1, r1, h2 } = all;
  h1.sysctl('net.ipv6.conf.eth0.use_tempaddr', 2);
  advertise(r1);
  ip(r1, 'link add d0 type dummy');
  r1.sysctl('net.ipv6.conf.d0.addr_gen_mode', 1);
  ip(r1, 'link set dev d0 up');
  ip(r1, 'addr add fe80::d0/64 dev d0');
  ip(r1, 'addr add 2001:db8:d0::1/64 dev d0 valid_lft 900 preferred_lft 300');
  ip(r1, 'addr add 2001:db8:d0::2/64 dev d0 noprefixroute');
  ip(r1, 'addr add 10.9.0.1/24 dev d0 valid_lft 900 preferred_lft 300');
  ip(r1, '-6 route add unreachable 2001:db8:66::/48 metric 5');
  ip(r1, '-6 route add 2001:db8:50::/64 nexthop via 2001:db8:1::2 weight 2 nexthop via 2001:db8:2::2');
  ip(r1, '-6 route add 2001:db8:51::/64 via 2001:db8:2::2 src 2001:db8:d0::1 mtu 1400 table 7');
  ip(r1, '-6 rule add pref 100 from 2001:db8:1::/64 lookup 7');
  ip(r1, 'neigh add 2001:db8:2::9 lladdr 02:00:00:00:09:09 dev eth1');
  ip(r1, 'neigh add 2001:db8:2::8 lladdr 02:00:00:00:09:08 dev eth1 nud stale');
  ip(r1, 'neigh add proxy 2001:db8:2::7 dev eth0');
  ip(h1, 'addrlabel add prefix 2001:db8:9::/48 label 99');
  ip(h1, 'addrlabel del prefix 2002::/16 label 2');
  ip(h2, '-6 route del 2001:db8:2::/64 dev eth0');
  r1.sysctl('net.ipv6.conf.eth0.accept_dad', 2);
  r1.sysctl('net.ipv6.conf.default.router_solicitations', 7);
  h1.sysctl('net.ipv6.conf.default.hop_limit', 99);
  const fd = h2.task.socket(AF_INET6, SOCK_DGRAM);
  h2.task.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  h2.task.bind(fd, new SockaddrIn6(undefined, 53));
  await net.advance(3000);
  ip(h2, 'addr add 2001:db8:2::5/64 dev eth0');
  return all;
}

describe('a replica of IPv6', () => {
  it('says the same of itself', async () => {
    const { net } = await rich();
    const replica = replicate(net, [ipCommand]);
    expect(replica.notes).toEqual([]);
    expect(dumps(replica.net)).toBe(dumps(net));
    expect(ip(net.get('h1') as Host, 'addr')).toMatch(/temporary dynamic/);
    expect(ip(net.get('h1') as Host, '-6 route')).toMatch(/default via fe80::\S+ dev eth0 proto ra/);
    for (const [i, { ns }] of net.all.entries()) {
      const [ours, theirs] = [sysctlOf(ns), sysctlOf((replica.net.all[i] as Host).ns)];
      expect(theirs.list('net').map((path) => `${path} ${String(theirs.read(path))}`)).toEqual(ours.list('net').map((path) => `${path} ${String(ours.read(path))}`));
    }
    expect(replica.close()).toEqual({});
  });

  it('tries no address: what is tentative stays so, and nobody asks for routers', async () => {
    const { net } = await rich();
    const replica = replicate(net, [ipCommand]);
    const before = ip(replica.net.get('h2') as Host, 'addr');
    expect(before).toContain('2001:db8:2::5/64 scope global tentative');
    await replica.net.advance(20_000);
    expect(ip(replica.net.get('h2') as Host, 'addr')).toBe(before);
    for (const { ns } of replica.net.all) expect(String(procNetOf(ns).read('snmp6'))).not.toMatch(/Icmp6OutRouterSolicits\s+[1-9]/);
    expect(replica.close()).toEqual({});
  });

  it('has the routes that routers have announced', async () => {
    const { net, h1, r1 } = await line6();
    ip(h1, '-6 route del default');
    advertise(r1);
    await net.advance(3000);
    const found = await explain(net, 'h1', 'icmp 2001:db8:1::2 > 2001:db8:2::2');
    expect(found.steps.find(({ kind }) => kind === 'route')?.text).toBe('default via fe80::ff:fe00:101 dev eth0 (table main) src 2001:db8:1::2');
    expect(found.answer).toMatchObject({ outcome: 'delivered', node: 'h1' });
  });

  it('has sockets that take only IPv6, and those that take both', async () => {
    const { net, h2 } = await rich();
    h2.task.bind(h2.task.socket(AF_INET6, SOCK_DGRAM), new SockaddrIn6(undefined, 54));
    const outcome = async (packet: string): Promise<string> => (await explain(net, 'r1', packet)).verdict.outcome;
    expect(await outcome('udp > [2001:db8:2::2]:53')).toBe('delivered');
    expect(await outcome('udp > 10.0.2.2:53')).toBe('dropped');
    expect(await outcome('udp > 10.0.2.2:54')).toBe('delivered');
  });
});

describe('a network with IPv6 that is asked about', () => {
  it.each(['udp > [2001:db8:2::2]:53', 'icmp > 2001:db8:2::2', 'icmp > 2001:db8:2::77', 'icmp > 2001:db8:66::1', 'icmp > 2001:db8:2::2 ttl 1', 'udp > [2001:db8:2::2]:54 len 5000', 'icmp > ff02::1%eth0'])('is the same before and after: %s', async (packet) => {
    const { net } = await rich();
    const before = state(net);
    const { steps } = await explain(net, 'h1', packet);
    expect(steps.length).toBeGreaterThan(5);
    expect(state(net)).toBe(before);
  });

  it('goes on as if nobody had asked: the same packets at the same time', async () => {
    const capture = async (ask: boolean): Promise<string> => {
      const { net, h1 } = await rich();
      const bytes: number[] = [];
      net.capture((part) => void bytes.push(...part));
      await h1.ping('2001:db8:2::2', { count: 2 });
      if (ask) await explain(net, 'h1', 'icmp > 2001:db8:2::77');
      await h1.ping('2001:db8:2::2', { count: 2 });
      await net.advance(10_000);
      return bytes.join();
    };
    expect(await capture(true)).toBe(await capture(false));
  });
});
