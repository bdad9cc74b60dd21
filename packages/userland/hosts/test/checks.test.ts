/** What a caller without types, or with a slip, hears: at once, and in words. */
import { afterEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, parsePrefix, sockaddr } from '../src/index.ts';
import { testNet } from './support.ts';

const nets: HostNet[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) expect(net.close()).toEqual({});
});

interface Two {
  readonly net: HostNet;
  readonly a: Host;
  readonly b: Host;
}

function two(): Two {
  const net = testNet();
  nets.push(net);
  const [a, b] = net.hosts('a', 'b');
  net.link(a, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  return { net, a, b };
}

/** As JavaScript has it: anything. */
const any = (value: unknown): never => value as never;
const factory = function arp(): void {};

type Slip = readonly [what: string, call: (two: Two) => unknown, says: string];

const CREATING = 'Write createNet({ plugins: linux(), seed: 1 })';
const LINKING = "Write net.link(a, b, { mtu: 9000, a: { name: 'wan0' } })";
const PINGING = "Write host.ping('10.0.0.2', { count: 3, interval: 200 })";
const SLIPS: readonly Slip[] = [
  ['no options', () => createNet(any(undefined)), `createNet: its options are missing. ${CREATING}`],
  ['no plugins', () => createNet(any({})), `createNet: plugins is missing. ${CREATING}`],
  ['the list that was not made', () => createNet({ plugins: any(factory) }), `createNet: plugins is the function arp, but has to be a list. ${CREATING}`],
  ['a plugin that was not made', () => createNet({ plugins: [any(factory)] }), `createNet: plugins[0] is the function arp, but has to be what a factory makes: arp(), not arp. ${CREATING}`],
  ['no plugin', () => createNet({ plugins: [any(undefined)] }), `createNet: plugins[0] is missing. ${CREATING}`],
  ['a command that cannot run', () => testNet({ commands: [any({ name: 'x' })] }), `createNet: commands[0] is an object, but has to be a name and how to run it. ${CREATING}`],
  ['a seed of letters', () => testNet({ seed: any('abc') }), `createNet: seed is "abc", but has to be a whole number from 0 to 9007199254740991. ${CREATING}`],
  ['a seed that is none', () => testNet({ seed: Number.NaN }), 'createNet: seed is NaN'],
  ['memory for no packet', () => testNet({ memory: 10 }), 'createNet: memory is 10, but has to be a whole number from 1048576 to 2147483648'],
  ['memory of no machine', () => testNet({ memory: 1e15 }), 'createNet: memory is 1000000000000000, but'],
  ['a clock that is none', () => testNet({ clock: any(Date) }), 'createNet: clock is the function Date, but has to be a clock'],
  ['a mistyped option', () => testNet(any({ sed: 3 })), 'createNet: there is no sed, only plugins, commands, seed, realTime, clock, memory, debug, onLog'],
  ['a host without name', ({ net }) => net.host(''), `net.host: name is "", but has to be a name without slashes. Write net.host('h1')`],
  ['a host with a slash', ({ net }) => net.host('a/b'), 'net.host: name is "a/b", but'],
  ['a router with no name', ({ net }) => net.router(any(undefined)), 'net.host: name is missing'],
  ['a link to nobody', ({ net, a }) => net.link(a, any(undefined)), `net.link: b is missing. ${LINKING}`],
  ['a link to a name', ({ net, a }) => net.link(any('a'), a), `net.link: a is "a", but has to be a host of this net. ${LINKING}`],
  ['a link into another net', ({ net, a }) => net.link(a, two().b), 'net.link: b is an object, but has to be a host of this net'],
  ['half a byte', ({ net, a, b }) => net.link(a, b, { mtu: 1500.5 }), `net.link: mtu is 1500.5, but has to be a whole number from 68 to 65535. ${LINKING}`],
  ['an option that a link has not', ({ net, a, b }) => net.link(a, b, any({ delay: 5 })), `net.link: there is no delay, only mtu, a, b. ${LINKING}`],
  ['an option that an end has not', ({ net, a, b }) => net.link(a, b, { a: any({ ip: 'x' }) }), 'net.link: there is no ip, only name, mac'],
  ['a long name', ({ net, a, b }) => net.link(a, b, { b: { name: 'a-name-of-16-let' } }), 'net.link: name is "a-name-of-16-let", but has to be up to 15 characters'],
  ['options that are a number', ({ net, a, b }) => net.link(a, b, any(1500)), 'net.link: 1500 is given where an object of options has to be'],
  ['a capture into nothing', ({ net }) => net.capture(any(undefined)), 'net.capture: sink is missing'],
  ['a capture of a name', ({ net }) => net.capture(() => {}, any('eth0')), 'net.capture: devs[0] is "eth0", but has to be a device, as net.link() gives it'],
  ['an address on no device', ({ a }) => a.addr.add(any({ cidr: '10.0.0.9/24' })), "addr.add: dev is missing. Write addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' })"],
  ['no address', ({ a }) => a.addr.add(any({ dev: 'eth0' })), 'addr.add: cidr is missing'],
  ['nothing', ({ a }) => a.addr.del(any(undefined)), 'addr.del: its options are missing'],
  ['a list', ({ a }) => a.addr.add(any(['eth0'])), 'addr.add: a list is given where an object of options has to be'],
  ['a word of ip route', ({ a }) => a.route.add(any({ dst: 'default', via: '10.0.0.2' })), "route.add: there is no dst, only to, via, dev, src, metric. Write route.add({ to: 'default', via: '10.0.0.1' })"],
  ['a gateway of another family', ({ a }) => a.route.add({ to: '2001:db8::/32', via: '10.0.0.2' }), 'route.add: via is "10.0.0.2", but has to be of the family of to, which is IPv6. Write '],
  ['a source of another family', ({ a }) => a.route.add({ to: '10.1.0.0/16', via: '10.0.0.2', src: '2001:db8::1' }), 'route.add: src is "2001:db8::1", but has to be of the family of to, which is IPv4. Write '],
  ['half a route', ({ a }) => a.route.replace(any({ via: '10.0.0.2' })), 'route.replace: to is missing'],
  ['a number for an address', ({ a }) => a.route.get(any(0x0a000001)), "route.get: to is 167772161, but has to be an address, such as '10.0.0.1' or '2001:db8::1'"],
  ['a metric below 0', ({ a }) => a.route.add({ to: 'default', via: '10.0.0.2', metric: -1 }), 'route.add: metric is -1, but'],
  ['a neighbour without address', ({ a }) => a.neigh.add(any({ dev: 'eth0', to: '10.0.0.2' })), 'neigh.add: address is missing'],
  ['up of letters', ({ a }) => a.link.set({ dev: 'eth0', up: any('yes') }), 'link.set: up is "yes", but has to be true or false'],
  ['a link of no kind', ({ a }) => a.link.add('d0', any(undefined)), "link.add: kind is missing. Write link.add('d0', 'dummy')"],
  ['a link with no name', ({ a }) => a.link.del(any(undefined)), 'link.del: dev is missing'],
  ['a sysctl with no name', ({ a }) => a.sysctl(any(undefined)), "host.sysctl: name is missing. Write host.sysctl('net.ipv4.ip_forward', 1)"],
  ['a sysctl that is none', ({ a }) => a.sysctl('net.ipv4.ip_forward', any(null)), 'host.sysctl: value is null, but has to be text or a number'],
  ['ip as a function', ({ a }) => a.ip(any('addr show')), 'host.ip: command is "addr show", but has to be between backticks. Write host.ip`addr show dev ${name}`'],
  ['ip with a hole', ({ a }) => a.ip`addr show dev ${any(undefined)}`, 'host.ip: values[0] is missing'],
  ['output to nowhere', ({ a }) => a.start('probe', any({})), 'host.start: io is an object, but has to be an object with the functions stdout and stderr'],
  ['a socket address without port', () => sockaddr('10.0.0.1', any(undefined)), "sockaddr: port is missing. Write sockaddr('10.0.0.1', 53)"],
  ['a prefix of nothing', () => parsePrefix(any(undefined)), '"undefined" is not an IP address'],
];

const LATE: readonly Slip[] = [
  ['no command', ({ a }) => a.run(any(undefined)), "host.run: command is missing. Write host.run('ping -c 1 10.0.0.2')"],
  ['numbers for words', ({ a }) => a.run(any(['ping', 1])), 'host.run: command is a list, but has to be a command line, or a list of its words'],
  ['an open quote', ({ a }) => a.run('ping "10.0.0.2'), 'has a quote that is not closed'],
  ['a name for an address', ({ a }) => a.ping('b'), '"b" is not an IP address'],
  ['no address', ({ a }) => a.ping(any(undefined)), `host.ping: dst is missing. ${PINGING}`],
  ['an interval that is none', ({ a }) => a.ping('10.0.0.2', { interval: Number.NaN, count: 2 }), `host.ping: interval is NaN, but has to be milliseconds, 0 to 9e9. ${PINGING}`],
  ['waiting for ever', ({ a }) => a.ping('10.0.0.2', { timeout: Number.POSITIVE_INFINITY }), 'host.ping: timeout is Infinity, but'],
  ['a count of letters', ({ a }) => a.ping('10.0.0.2', { count: any('x') }), 'host.ping: count is "x", but has to be a whole number'],
  ['pinging for ever', ({ a }) => a.ping('10.0.0.2', { count: Number.POSITIVE_INFINITY }), 'host.ping: count is Infinity, but'],
  ['less than nothing', ({ a }) => a.ping('10.0.0.2', { size: -5 }), 'host.ping: size is -5, but has to be a whole number from 0 to 65535'],
  ['more than a packet', ({ a }) => a.ping('10.0.0.2', { size: 70000 }), 'host.ping: size is 70000, but'],
  ['a TTL of no packet', ({ a }) => a.ping('10.0.0.2', { ttl: 999 }), 'host.ping: ttl is 999, but has to be a whole number from 1 to 255'],
  ['a mistyped option', ({ a }) => a.ping('10.0.0.2', any({ cuont: 3 })), 'host.ping: there is no cuont, only count, interval, timeout, size, ttl'],
  ['no end of time', ({ net }) => net.advance(Number.POSITIVE_INFINITY), 'net.advance: ms is Infinity, but has to be milliseconds, 0 to 9e9. Write net.advance(1000)'],
  ['no time', ({ net }) => net.advance(any(undefined)), 'net.advance: ms is missing'],
  ['time that goes back', ({ net }) => net.advance(-5), 'net.advance: ms is -5, but'],
];

describe('a slip', () => {
  it.each(SLIPS)('%s', (_what, call, says) => {
    const given = two();
    const links = given.a.link.list().length;
    expect(() => void call(given)).toThrow(TypeError);
    expect(() => void call(given)).toThrow(says);
    expect(given.a.link.list()).toHaveLength(links);
  });

  it.each(LATE)('is a rejection of what promises: %s', async (_what, call, says) => {
    const promise = call(two());
    expect(promise).toBeInstanceOf(Promise);
    await expect(promise).rejects.toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(says) as string }));
  });

  it('is not what an option is left out by undefined', async () => {
    const { net, a, b } = two();
    net.link(a, b, any({ mtu: undefined, a: undefined }));
    expect((await a.ping('10.0.0.2', any({ count: undefined }))).sent).toBe(1);
  });
});

describe('a net that is closed', () => {
  it('says so, whatever is called', async () => {
    const { net, a, b } = two();
    expect(net.close()).toEqual({});
    const spec = { dev: 'eth0', cidr: '10.0.0.3/24' };
    const route = { to: 'default', via: '10.0.0.2' };
    const calls: readonly (readonly [name: string, call: () => unknown])[] = [
      ['net.host', () => net.host('q')],
      ['net.host', () => net.hosts('q', 'r')],
      ['net.host', () => net.router('q')],
      ['net.link', () => net.link(a, b)],
      ['net.capture', () => net.capture(() => {})],
      ['link.set', () => a.link.set({ dev: 'eth0', up: false })],
      ['link.add', () => a.link.add('d0', 'dummy')],
      ['link.del', () => a.link.del('eth0')],
      ['link.list', () => a.link.list()],
      ['addr.add', () => a.addr.add(spec)],
      ['addr.del', () => a.addr.del(spec)],
      ['addr.list', () => a.addr.list()],
      ['route.add', () => a.route.add(route)],
      ['route.replace', () => a.route.replace(route)],
      ['route.del', () => a.route.del(route)],
      ['route.get', () => a.route.get('10.0.0.2')],
      ['neigh.add', () => a.neigh.add({ dev: 'eth0', to: '10.0.0.2', address: '02:00:00:00:00:02' })],
      ['host.sysctl', () => a.sysctl('net.ipv4.ip_forward')],
      ['host.ip', () => a.ip`addr show`],
      ['host.start', () => a.start('probe')],
    ];
    for (const [name, call] of calls) expect(call, name).toThrow(`${name}: this net is closed. Make another one with createNet()`);
    await expect(a.run('probe')).rejects.toThrow('host.run: this net is closed');
    await expect(a.ping('10.0.0.2')).rejects.toThrow('host.ping: this net is closed');
    await expect(net.advance(1)).rejects.toThrow('net.advance: this net is closed');
  });

  it('may be closed again, and its captures ended', () => {
    const { net } = two();
    const stop = net.capture(() => {});
    expect(net.close()).toEqual({});
    stop();
    expect(net.close()).toEqual({});
    expect([net.all, net.get('a')]).toEqual([[], undefined]);
  });
});
