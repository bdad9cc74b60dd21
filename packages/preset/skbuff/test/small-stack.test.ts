/** Commands on a kernel that lacks a part of what they ask: they say so as the real ones do, and nothing throws. */
import { packetProtocol, SockaddrLl } from '@skbuff/af-packet';
import { createKernel, type Plugin, VirtualClock } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { AF_PACKET, ETH_P_IPV6, ICMPV6_ECHO_REQUEST, IPPROTO_ICMPV6, SOCK_DGRAM } from '@skbuff/uapi';
import { csumIpv6Magic, csumPartial, inetPton6, setBe16 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { commands, createNet, type Host, type HostNet, linux, type RunResult } from '../src/index.ts';

const LINES = `
ip link show
ip addr add 10.0.0.1/24 dev lo
ip route get 10.0.0.1
ip neigh show
ip rule show
ip ntable show
ip maddr show
ip maddr add 33:33:00:00:00:05 dev lo
ip netconf show
ip netns list
ip netns add n1
ip netns exec n1 ip link
ip monitor link
ip -n n1 link
nstat -a
ifconfig
ifconfig lo 10.0.0.2 netmask 255.0.0.0 up
route -n
route add -host 10.9.9.9 dev lo
arp -n
arp -s 10.0.0.9 02:00:00:00:00:99
netstat -rsi
netstat -r
netstat -s
netstat -i
netstat -u -a -n
netstat -g
ipmaddr show
nameif x 02:00:00:00:00:01
ethtool lo
ethtool -k lo
ethtool -K lo gso off
ethtool -i lo
ethtool -S lo
sysctl -a
sysctl net.ipv4.ip_forward
sysctl -w net.ipv4.ip_forward=1
tcpdump -D
tcpdump -L -i lo
tcpdump -n -i lo -c 1
tcpdump -i any
tcpdump -d ip
tcpdump
ping -c 1 -W 1 127.0.0.1
unshare -n ip link
unshare -Ur uname
nsenter -t 1 -n ip link
hostname
domainname
uname -a
`.trim().split('\n');

const LINES6 = `
ip addr add 2001:db8::1/64 dev lo nodad
ip -6 addr show
ip -6 addr flush dev lo
ip link set lo addrgenmode none
ip -6 route show table all
ip -6 route add 2001:db8:1::/64 dev lo
ip -6 route add blackhole 2001:db8:2::/64
ip -6 route get 2001:db8::1
ip -6 rule show
ip -6 rule add from 2001:db8::/64 table 5
ip -6 neigh show
ip -6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:01 dev lo
ip -6 ntable show
ip -6 maddr show
ip -6 mroute show
ip -6 netconf show
ip -6 addrlabel list
ip token list
ip netns add n1
ip -n n1 -6 addr
ip monitor address
nstat -a
ifconfig lo
ifconfig lo add 2001:db8::2/64
route -6 -n
route -A inet6 add 2001:db8:3::/64 dev lo
netstat -rn -6
netstat -6 -u -a -n
netstat -s -6
netstat -gn
ipmaddr show
sysctl -a -r ipv6
sysctl -w net.ipv6.conf.all.forwarding=1
tcpdump -n -i lo -c 1 ip6
ping -6 -c 1 -W 1 ::1
ping -c 1 -W 1 2001:db8::1
tracepath -6 ::1
traceroute -6 ::1
traceroute -6 -I ::1
ndisc6 ::1 lo
rdisc6 lo
radvd -n -C /none
arping -c 1 -w 1 -I lo 127.0.0.1
ping -4 -c 1 -W 1 127.0.0.1
`.trim().split('\n');

/** The plugins of a host but for one, and for those that require it. */
function without(name: string): Plugin[] {
  const gone = new Set([`@skbuff/${name}`]);
  const plugins = linux();
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    for (const plugin of plugins) if (plugin.requires?.some((needed) => gone.has(needed)) === true) gone.add(plugin.name);
  }
  return plugins.filter((plugin) => !gone.has(plugin.name));
}

async function run(net: HostNet, host: Host, line: string): Promise<RunResult> {
  let result: RunResult | undefined;
  const running = host.start(line);
  void running.done.then((r) => (result = r));
  for (const signal of [null, 'SIGINT', 'SIGKILL'] as const) {
    if (signal !== null) running.kill(signal);
    await net.advance(1500);
    if (result !== undefined) return result;
  }
  throw new Error(`${line}: hangs`);
}

describe.each([
  ...['ipv4', 'af-inet', 'af-packet', 'ethtool', 'fib', 'fib-rules', 'fib4-rules', 'arp', 'icmp', 'raw', 'ping', 'udp'].map((name) => [name, LINES] as const),
  ...['ipv6', 'icmpv6', 'ndisc', 'mld', 'addrconf', 'fib6', 'fib6-rules', 'ip6mr', 'af-inet6', 'udpv6', 'rawv6', 'pingv6', 'fib-rules', 'ping', 'raw'].map((name) => [name, LINES6] as const),
])('on a stack without %s', (name, lines) => {
  it('every command ends with a status, and with a text if it fails', async () => {
    const net = createNet({ plugins: without(name), commands: commands(), clock: new VirtualClock(), debug: true });
    for (const [i, line] of lines.entries()) {
      const { code, stdout, stderr } = await run(net, net.host(`h${i}`), line);
      const end = `${line}: ${code}`;
      expect(end).toMatch(/: \d+$/);
      if (code !== 0 && code < 128) expect(`${end} ${stdout}${stderr}`).not.toBe(`${end} `);
      expect(`${end} ${stdout}${stderr}`).not.toMatch(/undefined|NaN|\[object/);
    }
    expect(net.close()).toEqual({});
  });
});

describe('each plugin', () => {
  const all = linux();

  /** What a plugin cannot be without. */
  function closure(name: string, into: Set<string> = new Set()): Set<string> {
    if (into.has(name)) return into;
    into.add(name);
    for (const needed of all.find((plugin) => plugin.name === name)?.requires ?? []) closure(needed, into);
    return into;
  }

  it.each(all.map(({ name }) => name))('%s works with what it requires, and says what of that is missing', (name) => {
    const needed = closure(name);
    const clock = new VirtualClock();
    const kernel = createKernel({ clock, debug: true, plugins: linux().filter((plugin) => needed.has(plugin.name)) });
    clock.advance(5e9);
    expect(kernel.shutdown()).toEqual({});
    for (const one of all.find((plugin) => plugin.name === name)?.requires ?? []) {
      expect(() => createKernel({ plugins: linux().filter((plugin) => plugin.name !== one && needed.has(plugin.name)) })).toThrow(`requires ${one}, which is not loaded: add it to the plugins`);
    }
  });
});

describe('a stack without IPv4', () => {
  it('routes, answers and configures itself by IPv6', async () => {
    const net = createNet({ plugins: without('ipv4'), commands: commands(), clock: new VirtualClock(), debug: true });
    expect(net.kernel.plugins().map(({ name }) => name).filter((name) => /arp|ipv4|fib$|icmp$|af-inet/.test(name))).toEqual([]);
    const [a, b, r] = [net.host('a'), net.host('b'), net.host('r')];
    const near = net.link(a, r);
    net.link(r, b);
    r.sysctl('net.ipv6.conf.all.forwarding', 1);
    a.addr.add({ dev: 'eth0', cidr: '2001:db8:1::2/64', nodad: true });
    r.addr.add({ dev: 'eth0', cidr: '2001:db8:1::1/64', nodad: true });
    r.addr.add({ dev: 'eth1', cidr: '2001:db8:2::1/64', nodad: true });
    b.addr.add({ dev: 'eth0', cidr: '2001:db8:2::2/64', nodad: true });
    a.route.add({ to: 'default', via: '2001:db8:1::1' });
    b.route.add({ to: 'default', via: '2001:db8:2::1' });
    await net.advance(5000);
    expect((await a.run('ip addr show dev eth0')).stdout).toMatch(/^ +inet6 fe80::\S+ scope link *$/m);
    const echo = echoRequest('2001:db8:1::2', '2001:db8:2::2');
    a.task.sendto(a.task.socket(AF_PACKET, SOCK_DGRAM, packetProtocol(ETH_P_IPV6)), echo, 0, new SockaddrLl(ETH_P_IPV6, near.a.ifindex, near.b.devAddr.subarray(0, 6)));
    await net.advance(5000);
    const counter = (host: Host, name: string): number => Number(new RegExp(`^${name}\\s+(\\d+)$`, 'm').exec(String(procNetOf(host.ns).read('snmp6')))?.[1]);
    expect([counter(r, 'Ip6OutForwDatagrams'), counter(b, 'Icmp6InEchos'), counter(a, 'Icmp6InEchoReplies')]).toEqual([2, 1, 1]);
    expect(net.close()).toEqual({});
  });
});

/** A packet of IPv6 with an echo request in it. */
function echoRequest(saddr: string, daddr: string): Uint8Array {
  const packet = Uint8Array.of(0x60, 0, 0, 0, 0, 8, IPPROTO_ICMPV6, 64, ...(inetPton6(saddr) ?? []), ...(inetPton6(daddr) ?? []), ICMPV6_ECHO_REQUEST, 0, 0, 0, 0, 1, 0, 1);
  setBe16(packet, 42, csumIpv6Magic(packet, 8, 8, IPPROTO_ICMPV6, csumPartial(packet, 40, 8, 0)));
  return packet;
}
