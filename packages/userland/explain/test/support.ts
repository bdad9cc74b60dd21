/** Networks of whole hosts, and the topology that most tests ask about. */
import { afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import type { Plugin } from '@skbuff/core';
import { dummy } from '@skbuff/dummy';
import { fib } from '@skbuff/fib';
import { fibRules } from '@skbuff/fib-rules';
import { fib4Rules } from '@skbuff/fib4-rules';
import { FibTrie } from '@skbuff/fib-trie';
import { createNet as createHostNet, type Host, type HostNet } from '@skbuff/hosts';
import { icmp } from '@skbuff/icmp';
import { ip } from '@skbuff/iproute2';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces } from '@skbuff/namespaces';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { ping } from '@skbuff/ping';
import { procfs } from '@skbuff/procfs';
import { raw } from '@skbuff/raw';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { udp } from '@skbuff/udp';
import { veth } from '@skbuff/veth';
import { afterEach, expect } from 'vitest';

export function plugins(): Plugin[] {
  return [
    sysctl(), namespaces(), procfs(), netlink(), rtnetlink(), loopback(), veth(), dummy(), neighbour(), arp(), ipv4(), fib({ table: () => new FibTrie() }), fibRules(), fib4Rules(), icmp(),
    sock(), afInet(), udp(), raw(), ping(),
  ];
}

const open: HostNet[] = [];

afterEach(() => {
  for (const net of open.splice(0)) expect(net.close()).toEqual({});
});

export function createNet(): HostNet {
  const net = createHostNet({ plugins: plugins(), commands: [ip], debug: true });
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
export function line(): Line {
  const net = createNet();
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
