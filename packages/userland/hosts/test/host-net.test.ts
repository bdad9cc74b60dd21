import { afterEach, describe, expect, it } from 'vitest';
import { sysctlOf } from '@skbuff/sysctl';
import { AF_INET, AF_INET6 } from '@skbuff/uapi';
import { type Host, type HostNet, parsePrefix } from '../src/index.ts';
import { testNet } from './support.ts';

let net: HostNet;
let closed = false;
afterEach(() => {
  if (!closed) expect(net.close()).toEqual({});
  closed = false;
});

function pair(): [Host, Host] {
  net = testNet();
  const [a, b] = net.hosts('a', 'b');
  net.link(a, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  return [a, b];
}

function routed(): [Host, Host, Host] {
  net = testNet();
  const [a, b] = net.hosts('a', 'b');
  const r = net.router('r');
  net.link(a, r);
  net.link(r, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.1.2/24' });
  r.addr.add({ dev: 'eth0', cidr: '10.0.1.1/24' });
  r.addr.add({ dev: 'eth1', cidr: '10.0.2.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.2.2/24' });
  a.route.add({ to: 'default', via: '10.0.1.1' });
  b.route.add({ to: 'default', via: '10.0.2.1' });
  return [a, r, b];
}

describe('a network of hosts', () => {
  it('pings over a cable, in no time', async () => {
    const [a] = pair();
    const { sent, replies } = await a.ping('10.0.0.2', { count: 3 });
    expect(sent).toBe(3);
    expect(replies).toEqual([1, 2, 3].map((seq) => ({ seq, from: '10.0.0.2', ttl: 64, rtt: 0 })));
    expect(net.now()).toBe(2e9);
  });

  it('pings through a router, which takes one from the TTL', async () => {
    const [a] = routed();
    const { replies } = await a.ping('10.0.2.2', { ttl: 9, size: 1000 });
    expect(replies).toMatchObject([{ ttl: 63 }]);
    expect(await a.ping('10.0.2.2', { ttl: 1 })).toMatchObject({ sent: 1, replies: [] });
  });

  it('hears nothing where nobody is, and does not wait longer than told', async () => {
    const [a] = pair();
    expect(await a.ping('10.0.0.99', { timeout: 250 })).toEqual({ sent: 1, replies: [], errors: [] });
    expect(net.now()).toBe(250e6);
  });

  it('does not take for loss what cannot be sent', async () => {
    const [a] = pair();
    const code = (value: string, message: string): unknown => expect.objectContaining({ name: 'SysError', code: value, message: expect.stringContaining(message) as string });
    await expect(a.ping('192.0.2.1')).rejects.toThrow(code('ENETUNREACH', 'ping 192.0.2.1 ENETUNREACH: Network is unreachable. There is no route'));
    await expect(a.ping('10.0.0.2', { size: 65508 })).rejects.toThrow(code('EMSGSIZE', 'has room for 65507 bytes'));
    await expect(a.ping('10.0.0.255')).rejects.toThrow(code('EACCES', 'a broadcast address'));
    expect(a.task.fds.open()).toEqual([]);
    expect(net.now()).toBe(0);
  });

  it('tells what could be sent from what could not', async () => {
    const [a] = pair();
    const pinging = a.ping('192.0.2.1', { count: 4, interval: 100, timeout: 50 });
    await net.advance(150);
    a.route.add({ to: 'default', via: '10.0.0.2' });
    await net.advance(100);
    a.route.del({ to: 'default' });
    const { sent, replies, errors } = await pinging;
    expect([sent, replies]).toEqual([1, []]);
    expect(errors.map(({ seq, error }) => [seq, error.code])).toEqual([[1, 'ENETUNREACH'], [2, 'ENETUNREACH'], [4, 'ENETUNREACH']]);
  });

  it('counts beyond what a packet has room for', async () => {
    const [a] = pair();
    const { sent, replies } = await a.ping('10.0.0.2', { count: 65540, interval: 0.01, size: 0 });
    expect([sent, replies.length, replies.at(-1)?.seq]).toEqual([65540, 65540, 65540]);
  });

  it('names links eth0, eth1 … or as it is told, with the given addresses and MTU', () => {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    net.link(a, b);
    net.link(a, b, { mtu: 9000, a: { name: 'left', mac: '02:00:00:00:00:0a' }, b: { mac: '02:00:00:00:00:0b' } });
    expect(a.link.list().map(({ name, up, mtu }) => [name, up, mtu])).toEqual([['lo', true, 65536], ['eth0', true, 1500], ['left', true, 9000]]);
    expect(a.link.list().at(-1)?.address).toBe('02:00:00:00:00:0a');
    expect(b.link.list().at(-1)).toMatchObject({ name: 'eth1', address: '02:00:00:00:00:0b' });
  });

  it('gives addresses by the seed', () => {
    const macs = (seed: number): string[] => {
      net = testNet({ seed });
      const [a, b] = net.hosts('a', 'b');
      net.link(a, b);
      const found = [...a.link.list(), ...b.link.list()].map(({ address }) => address);
      expect(net.close()).toEqual({});
      return found;
    };
    expect(macs(5)).toEqual(macs(5));
    expect(macs(5)).not.toEqual(macs(6));
    closed = true;
  });

  it('refuses what cannot be, in words', () => {
    const [a, b] = pair();
    expect(() => net.host('a')).toThrow('there is a host a already');
    expect(() => net.link(a, b, { a: { name: 'eth0' } })).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(() => net.link(a, b, { a: { mac: '01:00:00:00:00:01' } })).toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL' }));
    expect(() => net.link(a, b, { a: { mac: 'x' } })).toThrow('"x" is not a link-layer address');
    expect(() => a.addr.add({ dev: 'eth7', cidr: '10.0.0.1/24' })).toThrow('there are: lo, eth0');
    expect(() => a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/33' })).toThrow('"10.0.0.1/33" is not a prefix');
    expect(() => a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' })).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(a.link.list()).toHaveLength(2);
  });

  it('keeps captures of all cables', async () => {
    const [a] = pair();
    const pieces: Uint8Array[] = [];
    const stop = net.capture((bytes) => pieces.push(bytes));
    await a.ping('10.0.0.2');
    const some = pieces.length;
    stop();
    await a.ping('10.0.0.2');
    // Section, two interfaces; ARP and echo, there and back, on both ends.
    expect(some).toBe(3 + 8);
    expect(pieces).toHaveLength(some);
  });

  it('lets time pass when asked', async () => {
    net = testNet();
    await net.advance(1500);
    expect(net.now()).toBe(1.5e9);
  });

  it('runs in real time', async () => {
    net = testNet({ realTime: true });
    const [a, b] = net.hosts('a', 'b');
    net.link(a, b);
    a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
    b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
    const { replies } = await a.ping('10.0.0.2', { count: 2, interval: 5 });
    expect(replies.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('has room for as many neighbours as its machines would have each for itself', () => {
    pair();
    const rooms = [1, 2, 3].map((i) => sysctlOf(net.kernel.initNet).read(`net/ipv4/neigh/default/gc_thresh${i}`));
    expect(rooms).toEqual(['256\n', '1024\n', '2048\n']);
  });

  it('ends what runs when it is closed', async () => {
    const [a] = pair();
    const running = a.start('probe wait');
    const waiting = a.ping('10.0.0.77', { count: 5 });
    expect(net.close()).toEqual({});
    closed = true;
    expect((await running.done).code).toBe(1);
    expect((await waiting).replies).toEqual([]);
  });
});

describe('typed calls', () => {
  it('asks for routes as ip route get does', () => {
    const [a] = routed();
    expect(a.route.get('10.0.2.2')).toEqual({ dev: 'eth0', via: '10.0.1.1', src: '10.0.1.2' });
    expect(a.route.get('10.0.1.7')).toEqual({ dev: 'eth0', src: '10.0.1.2' });
    a.route.del({ to: 'default' });
    expect(() => a.route.get('10.0.2.2')).toThrow(expect.objectContaining({ code: 'ENETUNREACH' }));
  });

  it('lists addresses with device and scope', () => {
    const [a] = pair();
    const forEver = { flags: [], validLft: Number.POSITIVE_INFINITY, preferredLft: Number.POSITIVE_INFINITY };
    expect(a.addr.list()).toEqual([
      { dev: 'lo', family: AF_INET, address: '127.0.0.1', cidr: '127.0.0.1/8', global: false, ...forEver, proto: null },
      { dev: 'eth0', family: AF_INET, address: '10.0.0.1', cidr: '10.0.0.1/24', global: true, ...forEver, proto: null },
      { dev: 'lo', family: AF_INET6, address: '::1', cidr: '::1/128', global: false, ...forEver, proto: 'kernel_lo' },
      { dev: 'eth0', family: AF_INET6, address: expect.stringMatching(/^fe80::/), cidr: expect.stringMatching(/\/64$/), global: false, ...forEver, flags: ['tentative'], proto: 'kernel_ll' },
    ]);
    a.addr.del({ dev: 'eth0', cidr: '10.0.0.1/24' });
    expect(a.addr.list().map(({ address }) => address)).not.toContain('10.0.0.1');
  });

  it('takes family and bytes as well as text', async () => {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    net.link(a, b);
    a.addr.add({ dev: 'eth0', cidr: parsePrefix('10.0.0.1/24') });
    b.addr.add({ dev: 'eth0', cidr: parsePrefix('10.0.0.2/24') });
    a.route.add({ to: parsePrefix('10.9.0.0/16'), via: parsePrefix('10.0.0.2'), src: parsePrefix('10.0.0.1') });
    a.route.add({ to: 'default', via: parsePrefix('10.0.0.2') });
    expect(a.route.get(parsePrefix('10.9.1.1'))).toEqual({ dev: 'eth0', via: '10.0.0.2', src: '10.0.0.1' });
    expect(a.addr.list().find(({ dev }) => dev === 'eth0')?.cidr).toBe('10.0.0.1/24');
    a.neigh.add({ dev: 'eth0', to: parsePrefix('10.0.0.9'), address: '02:00:00:00:00:09' });
    expect(a.ip`neigh show`).toBe('10.0.0.9 dev eth0 lladdr 02:00:00:00:00:09 PERMANENT \n');
    expect((await a.ping(parsePrefix('10.0.0.2'))).replies).toHaveLength(1);
    expect(() => a.route.del({ to: parsePrefix('10.7.0.0/16') })).toThrow('ip route del 10.7.0.0/16');
  });

  it('adds and removes links', () => {
    net = testNet();
    const a = net.host('a');
    a.link.add('d0', 'dummy');
    a.link.set({ dev: 'd0', up: true, mtu: 1300, name: 'd1' });
    expect(a.link.list().at(-1)).toMatchObject({ name: 'd1', mtu: 1300, up: true });
    a.link.del('d1');
    expect(a.link.list()).toHaveLength(1);
  });

  it('uses a neighbour that is told', async () => {
    const [a, b] = pair();
    const mac = b.link.list().at(-1)?.address ?? '';
    a.neigh.add({ dev: 'eth0', to: '10.0.0.2', address: mac });
    let frames = 0;
    net.capture(() => frames++, a.ns.devGetByName('eth0')!);
    frames = 0;
    await a.ping('10.0.0.2');
    // Echo there and back, and b's own question for a's address.
    expect(frames).toBe(4);
  });

  it('reads and writes sysctls in both spellings', () => {
    net = testNet();
    const r = net.router('r');
    expect(r.sysctl('net.ipv4.ip_forward')).toBe('1');
    expect(r.sysctl('net/ipv4/ip_forward', 0)).toBe('0');
    expect(() => r.sysctl('net.ipv4.nothing')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => r.sysctl('net.ipv4.ip_default_ttl', 'x')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});

describe('commands', () => {
  it('are applied at once between backticks, and print or throw what they say', () => {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    net.link(a, b);
    a.ip`addr add ${'10.9.0.1'}/${24} dev eth0`;
    expect(a.ip`-br addr show dev eth0`).toMatch(/^eth0@if\d+ +UP +10\.9\.0\.1\/24 fe80::\S+\/64 $/m);
    expect(() => a.ip`link set eth7 up`).toThrow('ip link set eth7 up: Cannot find device "eth7"');
  });

  it('give code and text; a name that is none gives 127', async () => {
    net = testNet();
    const a = net.host('a');
    expect(await a.run(['probe', 'x y', 'z'])).toEqual({ code: 0, stdout: 'x y|z 0\n', stderr: '' });
    expect(await a.run('frobnicate -x')).toEqual({ code: 127, stdout: '', stderr: 'frobnicate: command not found\n' });
  });

  it('read /proc and no other file', async () => {
    net = testNet();
    const a = net.host('a');
    expect((await a.run('probe read /proc/sys/net/ipv4/ip_forward')).stdout).toBe('0\n');
    expect((await a.run('probe read /proc/net/protocols')).stdout).toContain('UDP');
    expect((await a.run('probe read /etc/hosts')).stdout).toBe('errno 2');
  });

  it('can be ended', async () => {
    net = testNet();
    const running = net.host('a').start('probe wait');
    running.kill();
    expect((await running.done).code).toBe(128 + 15);
    const interrupted = net.host('b').start('probe wait');
    interrupted.kill('SIGINT');
    expect((await interrupted.done).code).toBe(128 + 2);
  });

  it('may catch signals and go on', async () => {
    net = testNet({ realTime: true });
    const running = net.host('a').start('probe catch');
    running.kill('SIGQUIT');
    await net.advance(1);
    running.kill('SIGINT');
    expect(await running.done).toEqual({ code: 0, stdout: 'SIGQUIT errno 4\nSIGINT errno 4\n', stderr: '' });
  });

  it('have the streams, files and programs that the caller gives', async () => {
    net = testNet();
    const lines = ['one\n', 'two\n'];
    const wrote: string[] = [];
    const a = net.host('a');
    const io = {
      stdout: () => {},
      stderr: () => {},
      stdin: () => Promise.resolve(Buffer.from(lines.shift() ?? '')),
      isTerminal: true,
      files: {
        readText: (path: string) => `text of ${path}`,
        readBytes: () => Uint8Array.of(1, 2, 3),
        create: (path: string) => ({ write: (bytes: Uint8Array) => void wrote.push(`${path} ${bytes.join(' ')}`), close: () => void wrote.push('closed') }),
      },
      exec: (argv: readonly string[]) => argv.length,
    };
    expect((await a.start('probe cat', io).done).stdout).toBe('one\ntwo\nterminal true\n');
    expect((await a.start('probe read /etc/hosts', io).done).stdout).toBe('text of /etc/hosts');
    expect((await a.start('probe copy in out', io).done).code).toBe(0);
    expect(wrote).toEqual(['out 1 2 3', 'closed']);
    expect((await a.start('probe copy in -', io).done).stdout).toBe('\u0001\u0002\u0003');
    expect((await a.start('bash -c true', io).done).code).toBe(3);
  });

  it('write settings as a shell does', async () => {
    net = testNet();
    const a = net.host('a');
    expect((await a.run('probe write /proc/sys/net/ipv4/ip_forward 1')).code).toBe(0);
    expect(a.sysctl('net.ipv4.ip_forward')).toBe('1');
    expect((await a.run('probe write /proc/net/route 1')).stdout).toBe('errno 13');
    expect((await a.run('probe write /etc/hosts 1')).stdout).toBe('errno 2');
    expect((await a.run('probe copy in out')).stdout).toBe('errno 2');
  });

  it('that are not root’s write no settings [CFG-03]', async () => {
    net = testNet();
    const a = net.host('a');
    a.ip`link add d0 type dummy`;
    const [mtu, somaxconn] = ['/sys/class/net/d0/mtu', '/proc/sys/net/core/somaxconn'];
    const codes: string[] = [];
    for (const who of ['1000', 'inside', '0']) for (const path of [mtu, somaxconn]) codes.push((await a.run(`probe as ${who} ${path} 1`)).stdout);
    // Root of another user namespace is root to files, but not to devices; and the last one asks for an MTU of 1, which may be.
    expect(codes).toEqual(['-13', '-13', '-1', '0', '0', '0']);
    expect((await a.run(`probe read ${mtu}`)).stdout).toBe('1\n');
  });

  it('know the namespaces of their own host only, and move links there', () => {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    a.ip`netns add inner`;
    a.ip`link add d0 type dummy`;
    a.ip`link set d0 netns inner`;
    expect(a.link.list()).toHaveLength(1);
    expect(a.ip`-n inner -br link`).toContain('d0');
    expect(() => b.ip`-n inner link`).toThrow('Cannot open network namespace "inner"');
    b.ip`netns add inner`;
    expect(b.ip`-n inner -br link`).not.toContain('d0');
  });

  it('find the namespace of a process', () => {
    net = testNet();
    const [a, b] = net.hosts('a', 'b');
    a.ip`link add d0 type dummy`;
    a.ip`link set d0 netns ${b.task.pid}`;
    expect(b.link.list().map(({ name }) => name)).toEqual(['lo', 'd0']);
  });
});
