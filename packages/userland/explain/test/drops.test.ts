/** Every way in which a packet ends early: its reason, the function that drops it, and what would mend it. */
import { SockaddrIn } from '@skbuff/af-inet';
import { nfRegisterNetHook } from '@skbuff/core';
import { impairLink } from '@skbuff/fault-injector';
import { NF_ACCEPT, NF_DROP, NF_INET_FORWARD, NF_STOLEN, NFPROTO_IPV4 } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { explain } from '../src/index.ts';
import { type DropCase, expectDrop } from './drop-cases.ts';
import { type Line, line } from './support.ts';

const CASES: readonly DropCase[] = [
  { what: 'forwarding is off', sysctl: [['r1', 'net.ipv4.ip_forward', 0]], packet: 'icmp > 10.0.2.2', reason: 'IP_INADDRERRORS', node: 'r1', function: 'ipError', fix: 'ip_forward is 0 on r1: sysctl -w net.ipv4.ip_forward=1' },
  { what: 'forwarding is off on one interface', sysctl: [['r1', 'net.ipv4.conf.eth0.forwarding', 0]], packet: 'icmp > 10.0.2.2', reason: 'IP_INADDRERRORS', node: 'r1', function: 'ipError', fix: 'sysctl -w net.ipv4.conf.eth0.forwarding=1' },
  { what: 'no route on a router', packet: 'icmp > 10.9.9.9', reason: 'IP_INNOROUTES', node: 'r1', function: 'ipError', fix: 'ip route add 10.9.9.9 via GATEWAY on r1', error: 'net unreachable' },
  { what: 'a blackhole', set: [['r1', 'route add blackhole 10.66.0.0/16']], packet: 'icmp > 10.66.1.1', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ipError', fix: 'ip route del blackhole 10.66.0.0/16' },
  { what: 'an unreachable route', set: [['r1', 'route add unreachable 10.66.0.0/16']], packet: 'icmp > 10.66.1.1', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ipError', fix: 'ip route del unreachable 10.66.0.0/16', error: 'host unreachable' },
  { what: 'a prohibiting route', set: [['r1', 'route add prohibit 10.66.0.0/16']], packet: 'icmp > 10.66.1.1', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ipError', fix: 'ip route del prohibit 10.66.0.0/16', error: 'packet filtered' },
  { what: 'reverse path filtering', sysctl: [['r1', 'net.ipv4.conf.eth0.rp_filter', 1]], from: 'r1', packet: 'icmp 10.0.2.77 > 10.0.2.2 in eth0', reason: 'IP_RPFILTER', node: 'r1', function: 'fibValidateSource', fix: 'rp_filter is 1 on r1 eth0' },
  { what: 'a martian source', from: 'r1', packet: 'udp 127.0.0.1:5 > 10.0.2.2:53 in eth0', reason: 'IP_LOCALNET', node: 'r1', function: 'ipRouteInputNoref', fix: 'route_localnet is 0 on r1' },
  { what: 'a multicast source', from: 'r1', packet: 'udp 224.0.0.9:5 > 10.0.2.2:53 in eth0', reason: 'IP_INVALID_SOURCE', node: 'r1', function: 'ipRouteInputNoref', fix: 'unicast address' },
  { what: 'a source that is ours', from: 'r1', packet: 'udp 10.0.2.1:5 > 10.0.2.2:53 in eth0', reason: 'IP_LOCAL_SOURCE', node: 'r1', function: 'fibValidateSource', fix: 'accept_local=1' },
  { what: 'a martian destination', from: 'r1', packet: 'udp 10.0.1.2:5 > 0.0.0.0:53 in eth0', reason: 'IP_INVALID_DEST', node: 'r1', function: 'ipRouteInputNoref', fix: 'unicast address' },
  { what: 'the TTL', packet: 'icmp > 10.0.2.2 ttl 1', reason: 'IP_INHDR', node: 'r1', function: 'ipForward', fix: 'greater ttl', error: 'time exceeded' },
  { what: 'a routing loop', set: [['h2', 'route add 10.66.0.0/16 via 10.0.2.1'], ['r1', 'route add 10.66.0.0/16 via 10.0.2.2']], sysctl: [['h2', 'net.ipv4.ip_forward', 1]], packet: 'icmp > 10.66.1.1', reason: 'IP_INHDR', node: 'h2', function: 'ipForward', fix: 'one of them must not send 10.66.1.1 back', error: 'time exceeded' },
  { what: 'a ping to everybody', packet: 'icmp > 10.0.1.255', reason: 'INVALID_PROTO', node: 'r1', function: 'icmpRcv', fix: 'icmp_echo_ignore_broadcasts is 1 on r1' },
  { what: 'a datagram to everybody', packet: 'udp > 255.255.255.255:67', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ipLocalDeliver', fix: 'listens on UDP port 67' },
  { what: 'a group that nobody joined', packet: 'udp > 224.0.0.5:67', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ipRouteInputNoref', fix: 'join the group on eth0' },
  { what: 'a neighbour that does not answer', packet: 'icmp > 10.0.2.77', reason: 'NEIGH_FAILED', node: 'r1', function: 'neighEventSend', fix: 'is 10.0.2.77 up and on the link of r1 eth1?', error: 'host unreachable' },
  { what: 'the MTU and DF', set: [['r1', 'link set dev eth1 mtu 600']], packet: 'udp > 10.0.2.2:53 len 1000', reason: 'PKT_TOO_BIG', node: 'r1', function: 'ipForward', fix: 'nodf', error: 'fragmentation needed' },
  { what: 'the far end is down', set: [['h2', 'link set dev eth0 down']], from: 'r1', packet: 'icmp 10.0.1.2 > 10.0.2.2 in eth0', reason: 'NEIGH_FAILED', node: 'r1', function: 'neighEventSend', fix: 'ip link set dev eth0 up on h2', error: 'host unreachable' },
  { what: 'the far end of a known neighbour is down', set: [['r1', 'neigh add 10.0.2.2 lladdr 02:00:00:00:02:02 dev eth1'], ['h2', 'link set dev eth0 down']], packet: 'icmp > 10.0.2.2', reason: 'QDISC_DROP', node: 'r1', function: 'devQueueXmit', fix: 'ip link set dev eth0 up on h2' },
  { what: 'no socket', packet: 'udp > 10.0.2.2:53', reason: 'NO_SOCKET', node: 'h2', function: 'udpRcv', fix: 'listens on UDP port 53', error: 'port unreachable' },
  { what: 'a protocol that nobody speaks', from: 'h2', packet: 'tcp 10.0.1.2:5 > 10.0.2.2:80 [S] in eth0', reason: 'IP_NOPROTO', node: 'h2', function: 'ipProtocolDeliver', fix: 'plugin', error: 'protocol unreachable' },
  { what: 'a wrong IP checksum', from: 'r1', packet: 'udp 10.0.1.2:5 > 10.0.2.2:53 in eth0 bad-ip-csum', reason: 'IP_CSUM', node: 'r1', function: 'ipRcv', fix: 'damages packets' },
  { what: 'a wrong ICMP checksum', from: 'h2', packet: 'icmp 10.0.1.2 > 10.0.2.2 in eth0 bad-csum', reason: 'ICMP_CSUM', node: 'h2', function: 'icmpRcv', fix: 'damages packets' },
];

describe('what drops a packet', () => {
  it.each(CASES)('$what: $reason on $node', async (c) => {
    await expectDrop(line(), c);
  });

  it('drops an UDP datagram with a wrong checksum where the socket is', async () => {
    const { net, h2 } = line();
    const fd = h2.task.socket(2, 2);
    h2.task.bind(fd, new (await import('@skbuff/af-inet')).SockaddrIn(0, 53));
    const found = await explain(net, 'h2', 'udp 10.0.1.2:5 > 10.0.2.2:53 in eth0 bad-csum');
    expect(found.verdict).toMatchObject({ outcome: 'dropped', reason: 'SKB_DROP_REASON_UDP_CSUM' });
  });

  it('names the hook that drops, by its priority and name, and lets it count', async () => {
    const { net, r1 } = line();
    const pass = (): number => NF_ACCEPT;
    const dropDns = (): number => NF_DROP;
    nfRegisterNetHook(r1.ns, { pf: NFPROTO_IPV4, hooknum: NF_INET_FORWARD, priority: -10, hook: pass });
    nfRegisterNetHook(r1.ns, { pf: NFPROTO_IPV4, hooknum: NF_INET_FORWARD, priority: 0, hook: dropDns });
    const found = await explain(net, 'h1', 'udp > 10.0.2.2:53');
    expect(found.verdict).toMatchObject({ outcome: 'dropped', node: 'r1', reason: 'SKB_DROP_REASON_NETFILTER_DROP' });
    expect(found.verdict.text).toContain('dropDns at priority 0 dropped it at FORWARD');
    expect(found.steps.filter((s) => s.kind === 'hook').at(-1)?.text).toBe('FORWARD: dropped by dropDns at priority 0');
  });

  it('says that a hook keeps a packet', async () => {
    const { net, r1 } = line();
    nfRegisterNetHook(r1.ns, { pf: NFPROTO_IPV4, hooknum: NF_INET_FORWARD, priority: 0, hook: (_priv, skb) => (skb.consume(), NF_STOLEN) });
    const found = await explain(net, 'h1', 'udp > 10.0.2.2:53');
    expect(found.verdict).toMatchObject({ outcome: 'held', node: 'r1', text: 'not seen again after ipForward on r1: FORWARD: a hook keeps it' });
  });

  it('drops on a link that was cut', async () => {
    const { net, h1, r1 } = line();
    const cable = impairLink(h1.ns.devGetByName('eth0') as never, r1.ns.devGetByName('eth0') as never);
    if (typeof cable === 'number') throw new Error(String(cable));
    cable.setDown(true);
    const { verdict } = await explain(net, 'h1', 'icmp > 10.0.1.1');
    expect(verdict.outcome).toBe('dropped');
    expect(verdict.node).toBe('h1');
    cable.remove();
  });
});

describe('what the lookup says of a packet that is dropped', () => {
  const routeOf = async (all: Line, from: string, packet: string): Promise<string | undefined> => (await explain(all.net, from, packet)).steps.find((s) => s.kind === 'route' && s.node === 'r1')?.text;

  it('shows the route that was found though nothing is forwarded', async () => {
    const all = line();
    all.r1.sysctl('net.ipv4.ip_forward', 0);
    expect(await routeOf(all, 'h1', 'icmp > 10.0.2.2')).toBe('10.0.2.0/24 dev eth1 (table main) → ipError, EHOSTUNREACH');
    expect(await routeOf(all, 'h1', 'icmp > 10.9.9.9')).toBe('no route to 10.9.9.9 → ipError, EHOSTUNREACH');
  });

  it('shows the route that refuses, also in a table of a rule', async () => {
    const all = line();
    all.r1.ip`route add unreachable 10.66.0.0/16 table 7`;
    all.r1.ip`rule add pref 100 to 10.66.0.0/16 lookup 7`;
    expect(await routeOf(all, 'h1', 'icmp > 10.66.1.1')).toBe('unreachable 10.66.0.0/16 (rule 100: from all to 10.66.0.0/16 lookup 7, table 7) → ipError, EHOSTUNREACH');
  });

  it('says that a martian was refused, before or after the lookup', async () => {
    const all = line();
    expect(await routeOf(all, 'r1', 'udp 127.0.0.1:5 > 10.0.2.2:53 in eth0')).toBe('10.0.2.2 without a lookup, refused');
    expect(await routeOf(all, 'r1', 'udp 10.0.2.1:5 > 10.0.2.2:53 in eth0')).toBe('10.0.2.0/24 dev eth1 (table main), refused');
  });

  it('takes a broadcast without a lookup', async () => {
    const all = line();
    expect(await routeOf(all, 'r1', 'udp 10.0.1.2:5 > 255.255.255.255:53 in eth0')).toBe('255.255.255.255 without a lookup → ipLocalDeliver');
  });
});

describe('what the system call refuses', () => {
  it.each([
    ['no route', 'route del default', 'icmp > 10.9.9.9', 'ENETUNREACH', 'ip route add 10.9.9.9 via GATEWAY on h1'],
    ['a blackhole', 'route add blackhole 10.66.0.0/16', 'icmp > 10.66.1.1', 'EINVAL', 'ip route del blackhole 10.66.0.0/16'],
    ['an unreachable route', 'route add unreachable 10.66.0.0/16', 'icmp > 10.66.1.1', 'EHOSTUNREACH', 'ip route del unreachable 10.66.0.0/16'],
    ['a prohibiting route', 'route add prohibit 10.66.0.0/16', 'icmp > 10.66.1.1', 'EACCES', 'ip route del prohibit 10.66.0.0/16'],
    ['a rule that prohibits', 'rule add to 10.9.0.0/16 prohibit', 'icmp > 10.9.9.9', 'EACCES', ''],
    ['a source that is not ours', 'link set dev eth0 up', 'udp 10.0.9.9:5 > 10.0.2.2:53', 'EADDRNOTAVAIL', 'ip addr add 10.0.9.9'],
    ['DF and an MTU that is too small', 'link set dev eth0 mtu 600', 'udp > 10.0.2.2:53 len 1000 df', 'EMSGSIZE', 'without df'],
  ])('%s', async (_what, words, packet, errno, fix) => {
    const { net, h1 } = line();
    h1.ip([words] as unknown as TemplateStringsArray);
    const { verdict } = await explain(net, h1, packet);
    expect(verdict).toMatchObject({ outcome: 'refused', node: 'h1', errno });
    expect(verdict.fix ?? '').toContain(fix);
  });
});

describe('packets to many', () => {
  it('tells that a joined group lacks the socket alone, and names no gateway', async () => {
    const { net } = line();
    const found = await explain(net, 'h1', 'udp > 224.0.0.1:67');
    expect(found.verdict).toMatchObject({ outcome: 'dropped', node: 'r1', fix: 'start a program on r1 that listens on UDP port 67' });
    expect(found.verdict.text).toContain('no socket of r1 takes UDP port 67 of 224.0.0.1: it is ignored without an error (UdpIgnoredMulti)');
    expect(found.steps.find((step) => step.function === 'ipRouteOutputFlow')?.text).not.toContain('via');
    expect(found.notes.join()).toContain('another copy: dropped on h1');
  });

  it('tells of the host that takes a broadcast before those that do not', async () => {
    const { net, r1 } = line();
    r1.task.bind(r1.task.socket(2, 2), new SockaddrIn(0, 67));
    expect((await explain(net, 'h1', 'udp > 10.0.1.255:67')).verdict).toMatchObject({ outcome: 'delivered', node: 'r1' });
    expect((await explain(net, 'h1', 'udp > 255.255.255.255:68')).verdict).toMatchObject({ outcome: 'dropped', node: 'r1' });
  });
});
