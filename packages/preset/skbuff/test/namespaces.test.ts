/** Network namespaces as the users of the whole stack see them. */
import { createKernel, devOpen, type Net, type NetDevice, VirtualClock } from '@skbuff/core';
import { fibNet } from '@skbuff/fib';
import { procNetOf } from '@skbuff/procfs';
import { enterNet, kernelTask, type Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, linux, SockaddrIn } from '../src/index.ts';

const ANY = 0;
const LOOPBACK = 0x7f000001;
let net: HostNet;
let clock: VirtualClock;
let h: Host;

beforeEach(() => {
  clock = new VirtualClock();
  net = createNet({ debug: true, clock });
  h = net.host('h');
});
afterEach(() => {
  expect(net.close()).toEqual({});
});

async function run(line: string, on: Host = h): Promise<string> {
  const { code, stdout, stderr } = await on.run(line);
  return `${stdout}${stderr}[${code}]`;
}

function udp(task: Task, port: number, addr: number = ANY): number {
  const fd = task.socket(U.AF_INET, U.SOCK_DGRAM);
  const err = task.bind(fd, new SockaddrIn(addr, port));
  return err < 0 ? err : fd;
}

function received(task: Task, fd: number): string | number {
  const buf = new Uint8Array(100);
  const n = task.recvfrom(fd, buf, U.MSG_DONTWAIT) as number;
  return n < 0 ? n : String.fromCharCode(...buf.subarray(0, n));
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Namespaces of the kernel. */
const count = (): number => net.kernel.netns.list.length;

describe('a namespace', () => {
  it('has devices, names and numbers of its own [NET-07] [NET-08] [NET-09] [NET-14] [NETNS-01] [NETNS-03]', async () => {
    for (const name of ['n1', 'n2']) {
      h.ip`netns add ${name}`;
      h.ip`-n ${name} link add d0 type dummy`;
    }
    expect(await run('ip netns list')).toBe('n2\nn1\n[0]');
    const index = (name: string): string => h.ip`-n ${name} -o link show d0`.split(':')[0] as string;
    expect([index('n1'), index('n2'), await run('ip link show d0')]).toEqual(['2', '2', 'Device "d0" does not exist.\n[1]']);
    const [n1, n2] = net.kernel.netns.list.slice(-2) as [Net, Net];
    expect([(n1.devGetByName('d0') as NetDevice).net === n1, (n2.devGetByName('d0') as NetDevice).net === n2, n1.devGetByName('d0') === n2.devGetByName('d0')]).toEqual([true, true, false]);
    h.ip`-n n1 addr add 10.9.0.1/24 dev d0`;
    h.ip`-n n1 link set d0 up`;
    expect([procNetOf(n1).read('route'), procNetOf(n2).read('route')]).toEqual([expect.stringContaining('d0\t0000090A'), expect.not.stringContaining('d0')]);
  });

  it('has settings, tables and rules of its own [NET-12] [ARCH-11]', () => {
    h.ip`netns add n1`;
    const n1 = net.kernel.netns.list.at(-1) as Net;
    h.sysctl('net.ipv4.icmp_echo_ignore_all', 1);
    h.ip`rule add table 5 pref 10`;
    h.ip`route add blackhole 10.0.0.0/8 table 5`;
    expect([h.ip`rule list pref 10`, h.ip`-n n1 rule list pref 10`]).toEqual(['10:\tfrom all lookup 5\n', '']);
    expect([fibNet.of(h.ns).tables.has(5), fibNet.of(n1).tables.has(5)]).toEqual([true, false]);
    const other = net.host('other');
    expect(other.sysctl('net.ipv4.icmp_echo_ignore_all')).toBe('0');
  });

  it('has sockets of its own: the same port serves in two [NET-10]', () => {
    const other = net.host('other');
    const [a, b] = [udp(h.task, 53), udp(other.task, 53)];
    expect([a, b, udp(h.task, 53)].map((fd) => fd >= 0)).toEqual([true, true, false]);
    const from = h.task.socket(U.AF_INET, U.SOCK_DGRAM);
    h.task.sendto(from, bytes('here'), 0, new SockaddrIn(LOOPBACK, 53));
    clock.advance(0);
    expect([received(h.task, a), received(other.task, b)]).toEqual(['here', -U.EAGAIN]);
    enterNet(h.task, other.ns);
    h.task.sendto(from, bytes('still here'), 0, new SockaddrIn(LOOPBACK, 53));
    clock.advance(0);
    expect([received(h.task, a), received(other.task, b)]).toEqual(['still here', -U.EAGAIN]);
  });

  it('may be made inside another one, and outlives it [NS-16] [NETNS-01]', async () => {
    h.ip`netns add n1`;
    h.ip`netns exec n1 ip netns add n2`;
    h.ip`-n n2 link add d0 type dummy`;
    h.ip`netns del n1`;
    expect([await run('ip netns list'), await run('ip -n n2 -br link show d0')]).toEqual(['n2\n[0]', expect.stringMatching(/^d0 /)]);
  });

  it('lives while it has a name, a process in it, or an open descriptor or socket [NS-12] [NETNS-02] [NET-04]', () => {
    const before = count();
    h.ip`netns add n1`;
    const n1 = net.kernel.netns.list.at(-1) as Net;
    const task = kernelTask(h.ns);
    enterNet(task, n1);
    const fd = udp(task, 7);
    enterNet(task, h.ns);
    h.ip`netns attach n2 ${h.task.pid}`;
    const seen: number[] = [];
    const look = (act: () => void): void => {
      act();
      clock.advance(0);
      seen.push(count() - before);
    };
    look(() => void h.ip`netns del n1`);
    look(() => void task.close(fd));
    look(() => void h.ip`netns del n2`);
    task.exit();
    expect(seen).toEqual([1, 0, 0]);
  });

  it('of a process or a name is where a device goes by number, name and process [NETNS-07] [NET-16]', async () => {
    const other = net.host('other');
    h.ip`netns add n1`;
    h.ip`link add d0 type dummy`;
    h.ip`addr add 10.9.0.1/24 dev d0`;
    h.ip`link set d0 up`;
    expect(h.ip`route`).toContain('10.9.0.0/24 dev d0');
    h.ip`link set d0 netns ${other.task.pid}`;
    expect([h.ip`route`, await run('ip addr show d0', other)]).toEqual(['', expect.not.stringContaining('inet ')]);
    expect(other.ip`-br link show d0`).toMatch(/^d0 +DOWN/);
    other.ip`link set d0 netns ${h.task.pid} name x0`;
    h.ip`link set x0 netns n1`;
    expect(h.ip`-n n1 -br link show x0`).toMatch(/^x0 /);
    h.ip`link add x0 type dummy`;
    expect(await run('ip link set x0 netns n1')).toBe('Error: An interface with the same name exists in the target netns.\n[2]');
    expect(await run('ip link set x0 netns 999999')).toBe('RTNETLINK answers: No such process\n[2]');
    expect(await run('ip link set lo netns n1')).toBe('Error: The interface netns is immutable.\n[2]');
  });

  it('that loses its other half in the middle of traffic takes the packets along', async () => {
    const other = net.host('other');
    h.ip`netns add n1`;
    h.ip`link add v0 type veth peer name v1 netns n1`;
    h.ip`addr add 10.9.0.1/24 dev v0`;
    h.ip`link set v0 up`;
    h.ip`-n n1 addr add 10.9.0.2/24 dev v1`;
    h.ip`-n n1 link set v1 up`;
    const pinging = h.ping('10.9.0.2', { count: 5, interval: 10, timeout: 100 });
    const fd = h.task.socket(U.AF_INET, U.SOCK_DGRAM);
    for (let i = 0; i < 50; i++) h.task.sendto(fd, bytes('x'), 0, new SockaddrIn(0x0a090002, 9));
    h.ip`netns del n1`;
    const { replies } = await pinging;
    expect([replies.length < 5, h.ns.devGetByName('v0')]).toEqual([true, null]);
    expect((await other.ping('127.0.0.1')).replies.length).toBe(1);
  });
});

describe('the first namespace', () => {
  it('is there from the start, and enough for a stack [NET-11] [NET-17]', () => {
    const own = new VirtualClock();
    const kernel = createKernel({ plugins: linux(), clock: own, debug: true });
    expect([kernel.netns.list.length, kernel.initNet.devList.map((dev) => dev.name)]).toEqual([1, ['lo']]);
    const task = kernelTask(kernel.initNet);
    const fd = udp(task, 5);
    expect(devOpen(kernel.initNet.loopbackDev as NetDevice)).toBe(0);
    expect(task.sendto(fd, bytes('alone'), 0, new SockaddrIn(LOOPBACK, 5))).toBe(5);
    own.advance(0);
    expect(received(task, fd)).toBe('alone');
    task.exit();
    expect(kernel.shutdown()).toEqual({});
  });
});

describe('a policy rule', () => {
  it('sends packets of one source another way, of hosts that are forwarded too [RULE-02] [RULE-10] [TOOL-26]', async () => {
    const r = net.router('r');
    const [left, right] = net.hosts('left', 'right');
    for (const to of [left, right]) net.link(r, to);
    net.link(h, r);
    h.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
    h.addr.add({ dev: 'eth0', cidr: '10.0.0.3/24' });
    h.route.add({ to: 'default', via: '10.0.0.1' });
    r.addr.add({ dev: 'eth2', cidr: '10.0.0.1/24' });
    for (const [i, to] of [left, right].entries()) {
      r.addr.add({ dev: `eth${i}`, cidr: `10.1.${i}.1/24` });
      to.addr.add({ dev: 'eth0', cidr: `10.1.${i}.2/24` });
      to.addr.add({ dev: 'lo', cidr: '99.0.0.1/32' });
      to.route.add({ to: 'default', via: `10.1.${i}.1` });
    }
    r.ip`route add 99.0.0.0/8 via 10.1.0.2`;
    r.ip`route add 99.0.0.0/8 via 10.1.1.2 table 200`;
    r.ip`rule add from 10.0.0.3 table 200`;
    const socks = [left, right].map((to) => udp(to.task, 9));
    const send = (saddr: number): unknown => {
      const fd = udp(h.task, 0, saddr);
      h.task.sendto(fd, bytes('x'), 0, new SockaddrIn(0x63000001, 9));
      h.task.close(fd);
      clock.advance(1e6);
      return [left, right].map((to, i) => received(to.task, socks[i] as number) === 'x');
    };
    expect([send(0x0a000002), send(0x0a000003)]).toEqual([[true, false], [false, true]]);
    r.ip`rule add iif eth2 to 99.0.0.1 prohibit pref 5`;
    expect(send(0x0a000002)).toEqual([false, false]);
    r.ip`rule del pref 5`;
    r.ip`rule del from 10.0.0.3`;
    expect([send(0x0a000002), send(0x0a000003)]).toEqual([[true, false], [true, false]]);
  });
});

describe('what a socket sends to a group', () => {
  it('is heard by its own host, if that is in the group and the socket does not mind; others hear it in any case', () => {
    const other = net.host('other');
    net.link(h, other);
    for (const [i, host] of [h, other].entries()) {
      host.addr.add({ dev: 'eth0', cidr: `10.0.0.${i + 1}/24` });
      host.route.add({ to: '224.0.0.0/4', dev: 'eth0' });
    }
    const [here, there] = [udp(h.task, 7), udp(other.task, 7)];
    for (const [task, fd] of [[h.task, here], [other.task, there]] as const) task.setsockopt(fd, U.SOL_IP, U.IP_ADD_MEMBERSHIP, Uint8Array.of(239, 1, 1, 1, 0, 0, 0, 0));
    const fd = h.task.socket(U.AF_INET, U.SOCK_DGRAM);
    const send = (loop: number): unknown => {
      h.task.setsockopt(fd, U.SOL_IP, U.IP_MULTICAST_LOOP, loop);
      h.task.sendto(fd, bytes('x'), 0, new SockaddrIn(0xef010101, 7));
      clock.advance(1e9);
      return [received(h.task, here), received(other.task, there)];
    };
    expect([send(1), send(0), send(1)]).toEqual([['x', 'x'], [-U.EAGAIN, 'x'], ['x', 'x']]);
  });
});
