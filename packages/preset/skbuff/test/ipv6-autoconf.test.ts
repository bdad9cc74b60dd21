/** A host finds its addresses and its router by itself: the packages of IPv6 together. Router advertisements come from a raw socket of `r`. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { IPV6 } from '@skbuff/ipv6';
import { check } from '@skbuff/sock';
import { procNetOf } from '@skbuff/procfs';
import { in6Pton, setBe16, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, linux } from '../src/index.ts';

const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const IPPROTO_IPV6 = 41;
const IPPROTO_ICMPV6 = 58;
const IPV6_MULTICAST_HOPS = 18;
const EAFNOSUPPORT = 97;
const INFINITE = 0xffffffff;

let net: HostNet;
let h: Host;
let r: Host;

function wire(options: { readonly ipv6?: boolean } = {}): void {
  net = createNet({ seed: 9, debug: true, plugins: linux(options) });
  [h, r] = net.hosts('h', 'r');
  r.sysctl('net.ipv6.conf.all.forwarding', 1);
}

beforeEach(() => wire());
afterEach(() => expect(net.close()).toEqual({}));

/** The link comes up at second 0. */
function link(): void {
  net.link(h, r, { a: { mac: '02:00:00:00:00:0a' }, b: { mac: '02:00:00:00:00:0b' } });
}

interface Prefix {
  readonly prefix: string;
  readonly plen?: number;
  readonly valid?: number;
  readonly preferred?: number;
}

/** An advertisement to all nodes. */
function advertise(lifetime: number, ...prefixes: readonly Prefix[]): void {
  advertiseAs(0, lifetime, prefixes);
}

/** The same with flags: the preference is among them. */
function advertiseAs(flags: number, lifetime: number, prefixes: readonly Prefix[] = []): void {
  const message = new Uint8Array(16 + 32 * prefixes.length);
  message[0] = 134;
  message[4] = 64;
  message[5] = flags;
  setBe16(message, 6, lifetime);
  prefixes.forEach(({ prefix, plen = 64, valid = 600, preferred = 300 }, i) => {
    const at = 16 + 32 * i;
    message.set([3, 4, plen, 0xc0], at);
    setBe32(message, at + 4, valid);
    setBe32(message, at + 8, preferred);
    in6Pton(prefix)?.store(message, at + 16);
  });
  const fd = check('socket', r.task.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
  check('setsockopt', r.task.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255));
  check('sendto', r.task.sendto(fd, message, 0, new SockaddrIn6(in6Pton('ff02::1') ?? undefined, 0, 2)) as number);
  check('close', r.task.close(fd));
}

const addrs = (): string[] => [...h.ip`-6 -o addr show dev eth0`.matchAll(/inet6 (\S+) scope (.*?) *\\/g)].map(([, addr, words]) => `${addr} ${words}`);
const lifetimes = (): string[] => [...h.ip`-6 -o addr show dev eth0 scope global`.matchAll(/inet6 (\S+) .*valid_lft (\S+?)(?:sec)? preferred_lft (\S+?)(?:sec)? *$/gm)].map(([, addr, valid, preferred]) => `${addr} ${valid} ${preferred}`);
const sec = (n: number): Promise<void> => net.advance(n * 1000);

describe('IPv6 as a whole', () => {
  it('brings its files, transports, neighbours, routes and multicast routes [IP6C-01]', async () => {
    link();
    await sec(3);
    const files = ['if_inet6', 'igmp6', 'ip6_mr_vif', 'ipv6_route', 'snmp6', 'udp6', 'raw6', 'anycast6', 'ip6_flowlabel', 'dev_snmp6/eth0'];
    for (const file of files) expect([file, typeof procNetOf(h.ns).read(file)]).toEqual([file, 'string']);
    const { protos, routing, ndisc, mroute } = net.kernel.services.get(IPV6);
    expect([17, 43, 44, 58, 60].filter((nexthdr) => protos[nexthdr] === null)).toEqual([]);
    expect([routing, ndisc, mroute].includes(null)).toBe(false);
    expect((await h.run('ping -6 -c 1 fe80::ff:fe00:b%eth0')).code).toBe(0);
    expect(h.ip`-6 neigh show`).toMatch(/^fe80::ff:fe00:b dev eth0 lladdr 02:00:00:00:00:0b router REACHABLE/);
  });

  it('is the EtherType 0x86dd to the stack [IP6C-02]', async () => {
    link();
    await sec(3);
    const count = (host: Host): number => Number(/Ip6InReceives\s+(\d+)/.exec(procNetOf(host.ns).read('snmp6') as string)?.[1]);
    const before = count(r);
    await h.run('ping -6 -c 3 fe80::ff:fe00:b%eth0');
    expect(count(r) - before).toBeGreaterThanOrEqual(3);
  });

  it('has a header of 40 bytes and headers behind it; ICMPv6 carries the search for neighbours and groups too [ARCH-12]', async () => {
    link();
    const seen: string[] = [];
    const started = r.start('tcpdump -i eth0 -n -e -t -l ip6', { stdout: (text) => void seen.push(text), stderr: () => {} });
    await sec(3);
    await h.run('ping -6 -c 1 fe80::ff:fe00:b%eth0');
    started.kill('SIGINT');
    await started.done;
    const text = seen.join('');
    // Ethernet, IPv6, ICMPv6, 56 bytes.
    expect(text).toContain('length 118: fe80::ff:fe00:a > fe80::ff:fe00:b: ICMP6, echo request');
    expect(text).toMatch(/:: > ff02::16: HBH ICMP6, multicast listener report v2/);
    expect(text).toMatch(/fe80::ff:fe00:a > ff02::1:ff00:b: ICMP6, neighbor solicitation, who has fe80::ff:fe00:b/);
  });

  it('is not there without its packages, as with ipv6.disable=1', async () => {
    expect(net.close()).toEqual({});
    net = createNet({ seed: 9, debug: true, plugins: linux({ ipv6: false }) });
    [h, r] = net.hosts('h', 'r');
    link();
    await sec(3);
    expect(h.task.socket(AF_INET6, SOCK_DGRAM)).toBe(-EAFNOSUPPORT);
    expect(h.ip`-6 addr show`).toBe('');
    expect((await h.run('ip -6 addr add 2001:db8::1/64 dev eth0')).stderr).toBe('RTNETLINK answers: Operation not supported\n');
    expect((await h.run('sysctl net.ipv6.conf.all.forwarding')).code).not.toBe(0);
    expect(h.ns.devGetByName('eth0')?.stats[0]).toBe(0);
  });
});

describe('a host that is plugged in', () => {
  it('tries its link-local address, and then has it [IP6C-03]', async () => {
    link();
    await net.advance(1);
    expect(addrs()).toEqual(['fe80::ff:fe00:a/64 link tentative']);
    await sec(3);
    expect(addrs()).toEqual(['fe80::ff:fe00:a/64 link']);
  });

  it('asks for routers as soon as it may speak, oftener at first [IP6C-04]', async () => {
    link();
    const seen: string[] = [];
    const started = r.start('tcpdump -i eth0 -n -tt -l icmp6 and ip6[40] == 133', { stdout: (text) => void seen.push(text), stderr: () => {} });
    // Its address is its own after two seconds at most.
    await sec(2.5);
    expect(seen.join('')).toContain('router solicitation');
    await sec(37);
    started.kill('SIGINT');
    await started.done;
    const asked = seen.join('').trim().split('\n').map((line) => line.replace(/^(\d+\.\d)\d*/, '$1'));
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(asked.every((line) => line.includes('IP6 fe80::ff:fe00:a > ff02::2: ICMP6, router solicitation'))).toBe(true);
    const times = asked.map((line) => Number.parseFloat(line));
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(gaps[0]).toBeGreaterThan(3.5);
    expect(gaps[1]).toBeGreaterThan((gaps[0] as number) * 1.5);
  });

  it('hears what routers tell all nodes: prefix and identifier make an address, other lengths none [IP6C-05] [IP6C-06]', async () => {
    link();
    await sec(3);
    advertise(1800, { prefix: '2001:db8:1::' }, { prefix: '2001:db8:2::', plen: 56 });
    await sec(3);
    expect(addrs()).toEqual(['2001:db8:1::ff:fe00:a/64 global dynamic mngtmpaddr', 'fe80::ff:fe00:a/64 link']);
    expect(h.ip`-6 route show 2001:db8:2::/56`).toMatch(/^2001:db8:2::\/56 dev eth0 proto kernel metric 256 expires \d+sec/);
  });

  it('has addresses with identifiers of chance if it wants [IP6C-07]', async () => {
    h.sysctl('net.ipv6.conf.default.use_tempaddr', 2);
    link();
    await sec(3);
    advertise(1800, { prefix: '2001:db8:1::', valid: 100_000, preferred: 50_000 });
    await sec(3);
    const temporary = addrs().filter((line) => line.includes('temporary'));
    expect(temporary).toHaveLength(1);
    expect(temporary[0]).toMatch(/^2001:db8:1:0:[0-9a-f:]+\/64 global temporary dynamic$/);
    expect(temporary[0]).not.toContain('ff:fe00:a');
    // It is the one that is shown to others.
    expect(h.ip`-6 route get 2001:db8:9::1`).toContain(`src ${temporary[0]?.split('/')[0]}`);
  });

  it('takes the router that says it is one, and lets it go when it says it is none [IP6C-08]', async () => {
    link();
    await sec(3);
    advertise(1800);
    expect(h.ip`-6 route show default`).toMatch(/^default via fe80::ff:fe00:b dev eth0 proto ra metric 1024 expires 1[78]\d\dsec hoplimit 64 pref medium/);
    advertise(0);
    expect(h.ip`-6 route show default`).toBe('');
  });

  it('shows an address to nobody new when it is no longer preferred, and loses it at its end [IP6C-09]', async () => {
    link();
    await sec(3);
    advertise(1800, { prefix: '2001:db8:1::', valid: 20, preferred: 10 });
    advertise(1800, { prefix: '2001:db8:2::', valid: INFINITE, preferred: INFINITE });
    await sec(3);
    expect(lifetimes().sort()).toEqual(['2001:db8:1::ff:fe00:a/64 17 7', '2001:db8:2::ff:fe00:a/64 forever forever']);
    expect(h.ip`-6 route get 2001:db8:1::9`).toContain('src 2001:db8:1::ff:fe00:a');
    await sec(8);
    expect(addrs().some((line) => line.startsWith('2001:db8:1::ff:fe00:a/64 global deprecated'))).toBe(true);
    // Where there is one that is not deprecated, that is taken; but it still answers.
    expect(h.ip`-6 route get 2001:db8:1::9`).toContain('src 2001:db8:2::ff:fe00:a');
    r.ip`-6 addr add 2001:db8:1::1/64 dev eth0 nodad`;
    expect((await r.run('ping -6 -c 1 2001:db8:1::ff:fe00:a')).code).toBe(0);
    await sec(12);
    expect(addrs().filter((line) => line.startsWith('2001:db8:1:'))).toEqual([]);
  });

  it('moves from one prefix to another while the old one ages [IP6C-10]', async () => {
    link();
    await sec(3);
    advertise(1800, { prefix: '2001:db8:1::', valid: 8000, preferred: 100 });
    await sec(3);
    advertise(1800, { prefix: '2001:db8:1::', valid: 7300, preferred: 0 }, { prefix: '2001:db8:2::', valid: 9000, preferred: 900 });
    await sec(3);
    expect(lifetimes()).toEqual(['2001:db8:2::ff:fe00:a/64 8997 897', '2001:db8:1::ff:fe00:a/64 7297 0']);
    expect(h.ip`-6 route get 2001:db8:9::1`).toContain('src 2001:db8:2::ff:fe00:a');
  });

  it.each([
    [0, 0, false],
    [0, 1, true],
    [0, 2, true],
    [1, 0, false],
    [1, 1, false],
    [1, 2, true],
  ])('with forwarding %i and accept_ra %i hears routers: %s [IP6C-12]', async (forwarding, accept, hears) => {
    link();
    await sec(3);
    h.sysctl('net.ipv6.conf.eth0.forwarding', forwarding);
    h.sysctl('net.ipv6.conf.eth0.accept_ra', accept);
    advertise(1800, { prefix: '2001:db8:1::' });
    await sec(3);
    expect([h.ip`-6 route show default` !== '', addrs().some((line) => line.startsWith('2001:db8:1:'))]).toEqual([hears, hears]);
  });

  it('tells who watches of a router whose preference changes, and of one that goes without a time', async () => {
    link();
    await sec(3);
    let said = '';
    const monitor = h.start('ip -6 monitor route', { stdout: (text) => void (said += String(text)), stderr: () => {} });
    const heard = async (): Promise<string[]> => {
      await sec(1);
      const text = said;
      said = '';
      return text.split('\n').map((line) => line.replace(/ +$/, '')).filter((line) => line !== '');
    };
    advertiseAs(0x08, 1800);
    expect(await heard()).toEqual(['default via fe80::ff:fe00:b dev eth0 proto ra metric 1024 expires 1800sec pref high']);
    advertiseAs(0x08, 1800);
    expect(await heard()).toEqual([]);
    // As it was, but for the preference.
    advertiseAs(0, 900);
    expect(await heard()).toEqual(['default via fe80::ff:fe00:b dev eth0 proto ra metric 1024 expires 1799sec hoplimit 64 pref medium']);
    expect(h.ip`-6 route show default`).toMatch(/expires 899sec hoplimit 64 pref medium/);
    advertise(0);
    expect(await heard()).toEqual(['Deleted default via fe80::ff:fe00:b dev eth0 proto ra metric 1024 hoplimit 64 pref medium']);
    h.ip`-6 route add 2001:db8:5::/64 dev eth0 expires 100`;
    h.ip`-6 route del 2001:db8:5::/64 dev eth0`;
    expect(await heard()).toEqual(['2001:db8:5::/64 dev eth0 metric 1024 expires 100sec pref medium', 'Deleted 2001:db8:5::/64 dev eth0 metric 1024 pref medium']);
    monitor.kill('SIGTERM');
    await monitor.done;
  });

  it('keeps the route to a prefix for the sake of a static address, whatever routers say of it then', async () => {
    link();
    await sec(3);
    const route = (): string => h.ip`-6 route show 2001:db8:1::/64`.trim();
    advertise(0, { prefix: '2001:db8:1::' });
    expect(route()).toBe('2001:db8:1::/64 dev eth0 proto kernel metric 256 expires 600sec pref medium');
    h.ip`-6 addr add 2001:db8:1::1/64 dev eth0`;
    expect(route()).toBe('2001:db8:1::/64 dev eth0 proto kernel metric 256 pref medium');
    advertise(0, { prefix: '2001:db8:1::' });
    expect(route()).toBe('2001:db8:1::/64 dev eth0 proto kernel metric 256 pref medium');
    advertise(0, { prefix: '2001:db8:1::', valid: 0, preferred: 0 });
    expect(route()).toBe('2001:db8:1::/64 dev eth0 proto kernel metric 256 pref medium');
  });

  it('counts a prefix for as long as it is told, and shows as much of that as fits', async () => {
    link();
    await sec(3);
    advertise(0, { prefix: '2001:db8:1::', valid: INFINITE - 1, preferred: 0 });
    expect(h.ip`-6 route show 2001:db8:1::/64`).toContain('expires 21474836sec');
    await sec(60);
    expect(h.ip`-6 route show 2001:db8:1::/64`).toContain('expires 21474836sec');
  });

  it('forgets a router whose time is over when the link has another address or goes', async () => {
    link();
    await sec(3);
    const show = (): string => h.ip`-6 route show default`.replace(/expires.*/, '').trim();
    for (const line of ['link set eth0 address 02:00:00:00:00:1a', 'link set lo down']) {
      advertise(2);
      await sec(3);
      expect(show()).toBe('default via fe80::ff:fe00:b dev eth0 proto ra metric 1024');
      h.ip`${line}`;
      expect(show()).toBe('');
    }
  });

  it('shows what a redirect taught it: where to, not from whom', async () => {
    link();
    await sec(3);
    advertise(1800, { prefix: '2001:db8:1::' });
    await sec(3);
    r.ip`-6 addr add 2001:db8:1::1/64 dev eth0 nodad`;
    r.ip`-6 route add 2001:db8:5::/64 via fe80::99 dev eth0`;
    await h.run('ping -6 -c 1 -W 1 2001:db8:5::9');
    expect(h.ip`-6 -d route show cache`.trim()).toBe('unicast 2001:db8:5::9 via fe80::99 dev eth0 metric 1024 hoplimit 64 pref medium');
    expect(h.ip`-6 route get 2001:db8:5::9`.trim()).toBe('2001:db8:5::9 from :: via fe80::99 dev eth0 src 2001:db8:1::ff:fe00:a metric 1024 hoplimit 64 pref medium');
  });

  it('has routes to the loopback that end, where those of other prefixes are refusals and do not', async () => {
    h.ip`-6 addr del ::1/128 dev lo`;
    h.ip`-6 addr add ::1/64 dev lo metric 77 valid_lft 4000 preferred_lft 3000`;
    h.ip`-6 addr add 2001:db8:4::1/64 dev lo valid_lft 4000 preferred_lft 3000`;
    expect(h.ip`-6 route show dev lo`.split('\n').map((line) => line.trim())).toEqual(['::/64 proto kernel metric 77 expires 4000sec pref medium', '2001:db8:4::/64 proto kernel metric 256 pref medium', '']);
  });

  it('is in the groups of routers while it is one [IP6M-06]', async () => {
    link();
    await sec(3);
    const groups = (): string[] => ['ff02::2', 'ff01::2', 'ff05::2'].filter((group) => h.ip`-6 maddr show dev eth0`.includes(`inet6 ${group}\n`));
    expect(groups()).toEqual([]);
    h.sysctl('net.ipv6.conf.eth0.forwarding', 1);
    expect(groups()).toEqual(['ff02::2', 'ff01::2', 'ff05::2']);
    h.sysctl('net.ipv6.conf.eth0.forwarding', 0);
    expect(groups()).toEqual([]);
  });
});
