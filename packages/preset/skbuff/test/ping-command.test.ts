import { SockaddrIn } from '@skbuff/af-inet';
import type { Task } from '@skbuff/sock';
import { AF_INET, SOCK_DGRAM } from '@skbuff/uapi';
import { createNet, type Host, type HostNet } from '../src/index.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let net: HostNet;
let a: Host;
let r: Host;
let b: Host;

beforeEach(async () => {
  net = createNet({ debug: true });
  [a, b] = net.hosts('a', 'b');
  r = net.router('r');
  net.link(a, r);
  net.link(r, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.1.2/24' });
  r.addr.add({ dev: 'eth0', cidr: '10.0.1.1/24' });
  r.addr.add({ dev: 'eth1', cidr: '10.0.2.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.2.2/24' });
  a.route.add({ to: 'default', via: '10.0.1.1' });
  b.route.add({ to: 'default', via: '10.0.2.1' });
  // ICMP's rate limit earns its credit from the boot on: at 0 there is none.
  await net.advance(1000);
});

afterEach(() => {
  expect(net.close()).toEqual({});
});

/** Exit status, and both texts with times masked. */
async function run(command: string): Promise<string> {
  const { code, stdout, stderr } = await a.run(command);
  const mask = (text: string): string => text.replace(/time=[\d.]+ ms/g, 'time=T').replace(/= [\d./]+ ms/g, '= T');
  return `${mask(stdout)}${mask(stderr)}[${code}]`;
}

const stats = (host: string, line: string, last = ''): string => `\n--- ${host} ping statistics ---\n${line}\n${last}\n`;
const RTT = 'rtt min/avg/max/mdev = T';

describe('answers', () => {
  const replies = (ttl: number, n: number): string =>
    Array.from({ length: n }, (_, i) => `64 bytes from 10.0.2.2: icmp_seq=${i + 1} ttl=${ttl} time=T\n`).join('');
  const expected = `PING 10.0.2.2 (10.0.2.2) 56(84) bytes of data.\n${replies(63, 3)}${stats('10.0.2.2', '3 packets transmitted, 3 received, 0% packet loss, time 2000ms', RTT)}[0]`;

  it('come over a raw socket', async () => {
    expect(await run('ping -c 3 10.0.2.2')).toBe(expected);
  });

  it('come over a ping socket', async () => {
    a.sysctl('net.ipv4.ping_group_range', '0 1000');
    expect(await run('ping -c 3 10.0.2.2')).toBe(expected);
    expect((await a.run('ping -v -c 1 10.0.2.2')).stderr).toContain('(socktype: SOCK_DGRAM)');
  });

  it('have no time when the payload has no room for one', async () => {
    expect(await run('ping -c 1 -s 15 10.0.2.2')).toBe(
      `PING 10.0.2.2 (10.0.2.2) 15(43) bytes of data.\n23 bytes from 10.0.2.2: icmp_seq=1 ttl=63\n${stats('10.0.2.2', '1 packets transmitted, 1 received, 0% packet loss, time 0ms')}[0]`,
    );
  });

  it('are counted without a line of their own (-q), from a device (-I) and for a flood', async () => {
    const end = stats('10.0.2.2', '1 packets transmitted, 1 received, 0% packet loss, time 0ms', RTT);
    expect(await run('ping -q -c 1 -I eth0 10.0.2.2')).toBe(`PING 10.0.2.2 (10.0.2.2) from 10.0.1.2 eth0: 56(84) bytes of data.\n${end}[0]`);
    expect(await run('ping -q -c 1 -I 10.0.1.2 10.0.2.2')).toBe(`PING 10.0.2.2 (10.0.2.2) from 10.0.1.2 : 56(84) bytes of data.\n${end}[0]`);
    expect((await a.run('ping -f -c 3 10.0.2.2')).stdout).toContain('.\b \b.\b \b.\b \b\n--- 10.0.2.2');
  });

  it('end a ping without -c when it is stopped', async () => {
    const running = a.start('ping 10.0.2.2');
    await net.advance(2500);
    running.kill('SIGINT');
    const { code, stdout } = await running.done;
    expect([code, stdout.match(/icmp_seq=\d/g)]).toEqual([0, ['icmp_seq=1', 'icmp_seq=2', 'icmp_seq=3']]);
    expect(stdout).toContain('3 packets transmitted, 3 received, 0% packet loss, time 2000ms');
  });
});

describe('a signal', () => {
  const running = async (command: string, ms: number, ...signals: ('SIGINT' | 'SIGQUIT')[]): Promise<string> => {
    const process = a.start(command);
    for (const signal of signals) {
      await net.advance(ms);
      process.kill(signal);
    }
    const { code, stdout, stderr } = await process.done;
    return `${stdout}${stderr}[${code}]`;
  };

  it('SIGQUIT has ping say on the way what it knows [TOOL-47]', async () => {
    const text = await running('ping -i 0.4 10.0.2.2', 500, 'SIGQUIT', 'SIGQUIT', 'SIGINT');
    expect(text).toContain('\r2/2 packets, 0% loss, min/avg/ewma/max = 0.000/0.000/0.000/0.000 ms\n\r3/3 packets, 0% loss,');
    expect(text).toContain('4 packets transmitted, 4 received');
    expect(await running('ping 10.0.1.77', 500, 'SIGQUIT', 'SIGINT')).toContain('\r0/1 packets, 100% loss\n[1]');
  });

  it('SIGINT ends arping with its summary [TOOL-02]', async () => {
    const text = await running('arping -I eth0 10.0.1.1', 2500, 'SIGINT');
    expect(text).toMatch(/^ARPING 10\.0\.1\.1 from 10\.0\.1\.2 eth0\n(Unicast reply from 10\.0\.1\.1 .*\n){3}Sent 3 probes \(1 broadcast\(s\)\)\nReceived 3 response\(s\)\n\[0\]$/);
    expect(await running('arping -I eth0 10.0.1.77', 1500, 'SIGINT')).toContain('Sent 2 probes (2 broadcast(s))\nReceived 0 response(s)\n[1]');
  });
});

describe('errors', () => {
  const one = (dst: string, line: string): string =>
    `PING ${dst} (${dst}) 56(84) bytes of data.\n${line}\n${stats(dst, '1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms')}[1]`;

  for (const range of ['1 0', '0 1000']) {
    it(`of the way are told (ping_group_range ${range})`, async () => {
      a.sysctl('net.ipv4.ping_group_range', range);
      r.ip`route add prohibit 10.5.0.0/16`;
      expect(await run('ping -c 1 -t 1 10.0.2.2')).toBe(one('10.0.2.2', 'From 10.0.1.1 icmp_seq=1 Time to live exceeded'));
      expect(await run('ping -c 1 10.9.9.9')).toBe(one('10.9.9.9', 'From 10.0.1.1 icmp_seq=1 Destination Net Unreachable'));
      expect(await run('ping -c 1 10.5.0.1')).toBe(one('10.5.0.1', 'From 10.0.1.1 icmp_seq=1 Packet filtered'));
      expect(await run('ping -c 1 10.0.1.77')).toBe(one('10.0.1.77', 'From 10.0.1.2 icmp_seq=1 Destination Host Unreachable'));
    });
  }

  it('of a path that is too narrow, and of a link', async () => {
    r.link.set({ dev: 'eth1', mtu: 1000 });
    expect(await run('ping -c 2 -i 0.3 -s 1200 -M do 10.0.2.2')).toBe(
      `PING 10.0.2.2 (10.0.2.2) 1200(1228) bytes of data.\nFrom 10.0.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1000)\n${stats('10.0.2.2', '2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 300ms')}ping: local error: message too long, mtu=1000\n[1]`,
    );
  });

  it('are missing where nothing answers', async () => {
    r.ip`route add blackhole 10.6.0.0/16`;
    expect(await run('ping -c 3 -i 0.3 -O -W 0.5 10.6.0.1')).toBe(
      `PING 10.6.0.1 (10.6.0.1) 56(84) bytes of data.\nno answer yet for icmp_seq=1\nno answer yet for icmp_seq=2\n${stats('10.6.0.1', '3 packets transmitted, 0 received, 100% packet loss, time 600ms')}[1]`,
    );
  });

  it.each([
    ['ping', 'ping: usage error: Destination address required\n[1]'],
    ['ping -c 0 x', "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n[1]"],
    ['ping -c x y', "ping: invalid argument: 'x'\n[1]"],
    ['ping -t 256 10.0.2.2', "ping: invalid argument: '256': out of range: 0 <= value <= 255\n[1]"],
    ['ping -t 0 10.0.2.2', 'ping: cannot set unicast time-to-live: Invalid argument\n[2]'],
    ['ping -W -1 10.0.2.2', 'ping: bad linger time: -1\n[2]'],
    ['ping -M x 10.0.2.2', 'ping: invalid -M argument: x\n[2]'],
    ['ping -Q 300 10.0.2.2', 'ping: the decimal value of TOS bits must be in range 0-255: 300\n[2]'],
    ['ping -p xyz 10.0.2.2', 'ping: patterns must be specified as hex digits: xyz\n[2]'],
    ['ping -I nodev 10.0.2.2', 'ping: SO_BINDTODEVICE nodev: No such device\n[2]'],
    ['ping -I 9.9.9.9 10.0.2.2', 'ping: bind: Cannot assign requested address\n[2]'],
    ['ping nosuch.invalid', 'ping: nosuch.invalid: Name or service not known\n[2]'],
    ['ping 10.0.1.255', 'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n[2]'],
  ])('of the caller: %s', async (command, text) => {
    expect(await run(command)).toBe(text);
  });

  it('of a host without a route', async () => {
    a.route.del({ to: 'default' });
    expect(await run('ping -c 1 10.0.2.2')).toBe('ping: connect: Network is unreachable\n[2]');
  });
});

describe('a flood that is answered at once', () => {
  it('lets time pass: a host that always finds something to do has its slices of it', async () => {
    const flood = a.start('ping -q -f 127.0.0.1');
    await net.advance(8);
    flood.kill('SIGINT');
    const { code, stdout } = await flood.done;
    const [, sent = 0, received = 0, ms = 99] = /(\d+) packets transmitted, (\d+) received, .* time (\d+)ms/.exec(stdout)?.map(Number) ?? [];
    // The answer to the last one may still be in the queue.
    expect([code, sent > 1000, sent - received < 2, ms <= 12]).toEqual([0, true, true, true]);
  });

  it('lets the program around it run, under real time too', async () => {
    const real = createNet({ debug: true, realTime: true });
    const host = real.host('h');
    const flood = host.start('ping -q -f 127.0.0.1');
    await new Promise((resolve) => void setTimeout(resolve, 20));
    flood.kill('SIGINT');
    const { code, stdout } = await flood.done;
    expect([code, / received, .* packet loss/.test(stdout)]).toEqual([0, true]);
    expect(real.close()).toEqual({});
  });

  it('of two tasks that answer each other lets time pass as well', async () => {
    const [one, two] = [a.task.clone(0), a.task.clone(0)] as [Task, Task];
    const fds = [one, two].map((task) => task.socket(AF_INET, SOCK_DGRAM)) as [number, number];
    [one, two].forEach((task, i) => task.bind(fds[i] as number, new SockaddrIn(0x7f000001, 7000 + i)));
    let rounds = 0;
    const answer = async (task: Task, fd: number, to: number): Promise<void> => {
      for (const room = new Uint8Array(4); (await task.recvfrom(fd, room)) > 0; rounds++) task.sendto(fd, room, 0, new SockaddrIn(0x7f000001, to));
    };
    const both = [answer(one, fds[0], 7001), answer(two, fds[1], 7000)];
    one.sendto(fds[0], new Uint8Array(4), 0, new SockaddrIn(0x7f000001, 7001));
    await net.advance(8);
    expect(rounds).toBeGreaterThan(100);
    one.exit();
    two.exit();
    await Promise.all(both);
  });
});
