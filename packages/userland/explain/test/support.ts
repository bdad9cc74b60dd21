/** Networks of whole hosts, and the topology that most tests ask about. */
import { addrconf } from '@skbuff/addrconf';
import { afInet } from '@skbuff/af-inet';
import { afInet6 } from '@skbuff/af-inet6';
import { arp } from '@skbuff/arp';
import type { Plugin } from '@skbuff/core';
import { dummy } from '@skbuff/dummy';
import { fib } from '@skbuff/fib';
import { fibRules } from '@skbuff/fib-rules';
import { fib4Rules } from '@skbuff/fib4-rules';
import { FibTrie } from '@skbuff/fib-trie';
import { fib6 } from '@skbuff/fib6';
import { fib6Rules } from '@skbuff/fib6-rules';
import { Fib6Trie } from '@skbuff/fib6-trie';
import { createNet as createHostNet, type Host, type HostNet } from '@skbuff/hosts';
import { icmp } from '@skbuff/icmp';
import { icmpv6 } from '@skbuff/icmpv6';
import { ip as ipCommand } from '@skbuff/iproute2';
import { ipv4 } from '@skbuff/ipv4';
import { ipv6 } from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { mld } from '@skbuff/mld';
import { namespaces } from '@skbuff/namespaces';
import { ndisc } from '@skbuff/ndisc';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { ping } from '@skbuff/ping';
import { procfs, procNetOf } from '@skbuff/procfs';
import { raw } from '@skbuff/raw';
import { rawv6 } from '@skbuff/rawv6';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { udp } from '@skbuff/udp';
import { udpv6 } from '@skbuff/udpv6';
import { veth } from '@skbuff/veth';
import { afterEach, expect } from 'vitest';

/** `six`: with IPv6. */
export function plugins(six = true): Plugin[] {
  return [
    sysctl(), namespaces(), procfs(), netlink(), rtnetlink(), loopback(), veth(), dummy(), neighbour(), arp(), ipv4(), fib({ table: () => new FibTrie() }), fibRules(), fib4Rules(), icmp(),
    sock(), afInet(), udp(), raw(), ping(),
    ...(six ? [ipv6(), icmpv6(), ndisc(), mld(), addrconf(), fib6({ table: () => new Fib6Trie() }), fib6Rules(), afInet6(), udpv6(), rawv6()] : []),
  ];
}

const open: HostNet[] = [];

afterEach(() => {
  for (const net of open.splice(0)) expect(net.close()).toEqual({});
});

export function createNet(six = true): HostNet {
  const net = createHostNet({ plugins: plugins(six), commands: [ipCommand], debug: true });
  open.push(net);
  return net;
}

export interface Line {
  readonly net: HostNet;
  readonly h1: Host;
  readonly r1: Host;
  readonly h2: Host;
}

/** `h1 10.0.1.2 — 10.0.1.1 r1 10.0.2.1 — 10.0.2.2 h2`, eth0 and eth1 in this order. */
export function line(six = true): Line {
  const net = createNet(six);
  const [h1, r1, h2] = [net.host('h1'), net.router('r1'), net.host('h2')];
  net.link(h1, r1, { a: { mac: '02:00:00:00:01:02' }, b: { mac: '02:00:00:00:01:01' } });
  net.link(r1, h2, { a: { mac: '02:00:00:00:02:01' }, b: { mac: '02:00:00:00:02:02' } });
  h1.ip`addr add 10.0.1.2/24 dev eth0`;
  h1.ip`route add default via 10.0.1.1`;
  r1.ip`addr add 10.0.1.1/24 dev eth0`;
  r1.ip`addr add 10.0.2.1/24 dev eth1`;
  h2.ip`addr add 10.0.2.2/24 dev eth0`;
  h2.ip`route add default via 10.0.2.1`;
  return { net, h1, r1, h2 };
}

/** {@link line} of IPv6: `h1 2001:db8:1::2 — 2001:db8:1::1 r1 2001:db8:2::1 — 2001:db8:2::2 h2`. Nothing is tentative any more. */
export async function line6(): Promise<Line> {
  const all = line();
  const { net, h1, r1, h2 } = all;
  r1.sysctl('net.ipv6.conf.all.forwarding', 1);
  h1.ip`addr add 2001:db8:1::2/64 dev eth0 nodad`;
  h1.ip`route add default via 2001:db8:1::1`;
  r1.ip`addr add 2001:db8:1::1/64 dev eth0 nodad`;
  r1.ip`addr add 2001:db8:2::1/64 dev eth1 nodad`;
  h2.ip`addr add 2001:db8:2::2/64 dev eth0 nodad`;
  h2.ip`route add default via 2001:db8:2::1`;
  await net.advance(5000);
  return all;
}

export const ip = (host: Host, words: string): string => host.ip([words] as unknown as TemplateStringsArray);

/** What `ip` shows of the hosts; times and use left out. */
export function dumpsOf(net: HostNet, commands: readonly string[]): string {
  return net.all.map((host) => commands.map((words) => `${host.name} ${words}\n${ip(host, words)}`).join('')).join('').replace(/ (used|probes|refcnt) \S+/g, '');
}

/** Everything that can be read of a network, counters too. */
export function stateOf(net: HostNet, commands: readonly string[]): string {
  const files = net.all.map(({ name, ns }) => {
    const proc = procNetOf(ns);
    return [name, ...proc.list().map((path) => `${path}: ${String(proc.read(path))}`), ...ns.devList.map((dev) => `${dev.name}: ${[...dev.stats].join()}`)].join('\n');
  });
  const { kernel } = net;
  return [...files, dumpsOf(net, commands), `${kernel.clock.now()} ${kernel.skbs.inUse} ${kernel.timers.pendingCount} ${kernel.dmesg().length}`].join('\n');
}
