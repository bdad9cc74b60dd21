/** Every way in which a packet of IPv6 ends early: its reason, the function that drops it, and what would mend it. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { nfRegisterNetHook } from '@skbuff/core';
import { AF_INET6, NF_DROP, NF_INET_FORWARD, NFPROTO_IPV6, SOCK_DGRAM } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { explain } from '../src/index.ts';
import { apply, type DropCase, expectDrop } from './drop-cases.ts';
import { line6 } from './support.ts';

const CASES: readonly DropCase[] = [
  { what: 'forwarding is off', sysctl: [['r1', 'net.ipv6.conf.all.forwarding', 0]], packet: 'icmp > 2001:db8:2::2', reason: 'IP_INADDRERRORS', node: 'r1', function: 'ip6Forward', fix: 'sysctl -w net.ipv6.conf.all.forwarding=1' },
  { what: 'no route on a router', packet: 'icmp > 2001:db8:9::9', reason: 'IP_INNOROUTES', node: 'r1', function: 'ip6PktDiscard', fix: 'ip -6 route add 2001:db8:9::9 via GATEWAY on r1', error: 'no route' },
  { what: 'a blackhole', set: [['r1', '-6 route add blackhole 2001:db8:66::/48']], packet: 'icmp > 2001:db8:66::1', reason: 'NOT_SPECIFIED', node: 'r1', function: 'dstDiscard', fix: 'ip -6 route del blackhole 2001:db8:66::/48 dev lo' },
  { what: 'an unreachable route', set: [['r1', '-6 route add unreachable 2001:db8:66::/48']], packet: 'icmp > 2001:db8:66::1', reason: 'IP_INNOROUTES', node: 'r1', function: 'ip6PktDiscard', fix: 'ip -6 route del unreachable 2001:db8:66::/48 dev lo', error: 'no route' },
  { what: 'a prohibiting route', set: [['r1', '-6 route add prohibit 2001:db8:66::/48']], packet: 'icmp > 2001:db8:66::1', reason: 'IP_INNOROUTES', node: 'r1', function: 'ip6PktProhibit', fix: 'ip -6 route del prohibit 2001:db8:66::/48 dev lo', error: 'prohibited' },
  { what: 'the hop limit', packet: 'icmp > 2001:db8:2::2 ttl 1', reason: 'IP_INHDR', node: 'r1', function: 'ip6Forward', fix: 'greater ttl', error: 'time exceeded' },
  { what: 'a routing loop', set: [['h2', '-6 route add 2001:db8:66::/48 via 2001:db8:2::1'], ['r1', '-6 route add 2001:db8:66::/48 via 2001:db8:2::2']], sysctl: [['h2', 'net.ipv6.conf.all.forwarding', 1]], packet: 'icmp > 2001:db8:66::1', reason: 'IP_INHDR', node: 'h2', function: 'ip6Forward', fix: 'one of them must not send 2001:db8:66::1 back', error: 'time exceeded' },
  { what: 'the MTU', set: [['r1', 'link set dev eth1 mtu 1300']], packet: 'udp > [2001:db8:2::2]:53 len 1400', reason: 'PKT_TOO_BIG', node: 'r1', function: 'ip6Forward', fix: 'ip link set dev eth1 mtu 1448 on both ends', error: 'packet too big (type 2, code 0, mtu 1300)' },
  { what: 'a neighbour that does not answer', packet: 'icmp > 2001:db8:2::77', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ndiscErrorReport', fix: 'is 2001:db8:2::77 up and on the link of r1 eth1?', error: 'address unreachable' },
  { what: 'a neighbour whose address is tentative', set: [['h2', 'addr add 2001:db8:2::5/64 dev eth0']], packet: 'icmp > 2001:db8:2::5', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ndiscErrorReport', fix: 'ip addr add 2001:db8:2::5/64 dev eth0 nodad on h2', error: 'address unreachable' },
  { what: 'a neighbour that speaks no IPv6', sysctl: [['h2', 'net.ipv6.conf.eth0.disable_ipv6', 1]], packet: 'icmp > 2001:db8:2::2', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ndiscErrorReport', fix: 'net.ipv6.conf.eth0.disable_ipv6=0', error: 'address unreachable' },
  { what: 'the far end is down', set: [['h2', 'link set dev eth0 down']], packet: 'icmp > 2001:db8:2::2', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ndiscErrorReport', fix: 'ip link set dev eth0 up on h2', error: 'address unreachable' },
  { what: 'IPv6 is off', sysctl: [['h2', 'net.ipv6.conf.eth0.disable_ipv6', 1]], from: 'h2', packet: 'icmp 2001:db8:1::2 > 2001:db8:2::2 in eth0', reason: 'IPV6DISABLED', node: 'h2', function: 'ipv6Rcv', fix: 'net.ipv6.conf.eth0.disable_ipv6=0' },
  { what: 'an MTU that is too small for IPv6', set: [['h2', 'link set dev eth0 mtu 600']], from: 'h2', packet: 'icmp 2001:db8:1::2 > 2001:db8:2::2 in eth0', reason: 'NOT_SPECIFIED', node: 'h2', function: 'ipv6Rcv', fix: 'ip link set dev eth0 mtu 1280 on h2' },
  { what: 'a source of the link', from: 'r1', packet: 'icmp fe80::7 > 2001:db8:2::2 in eth0', reason: 'IP_INADDRERRORS', node: 'r1', function: 'ip6Forward', fix: 'global address', error: 'beyond the scope of the source' },
  { what: 'a source that is a group', from: 'r1', packet: 'icmp ff02::7 > 2001:db8:2::2 in eth0', reason: 'IP_INHDR', node: 'r1', function: 'ipv6Rcv', fix: 'unicast address' },
  { what: '::1 on a wire', from: 'r1', packet: 'icmp ::1 > 2001:db8:2::2 in eth0', reason: 'IP_INHDR', node: 'r1', function: 'ipv6Rcv', fix: 'addresses of the link' },
  { what: 'a group of one interface on a wire', from: 'r1', packet: 'icmp 2001:db8:1::2 > ff01::1 in eth0', reason: 'IP_INHDR', node: 'r1', function: 'ipv6Rcv', fix: 'wider scope' },
  { what: 'echo requests are ignored', sysctl: [['h2', 'net.ipv6.icmp.echo_ignore_all', 1]], packet: 'icmp > 2001:db8:2::2', reason: 'NOT_SPECIFIED', node: 'h2', function: 'icmpv6Rcv', fix: 'net.ipv6.icmp.echo_ignore_all=0' },
  { what: 'echo requests to groups are ignored', sysctl: [['r1', 'net.ipv6.icmp.echo_ignore_multicast', 1]], from: 'r1', packet: 'icmp 2001:db8:1::2 > ff02::1 in eth0', reason: 'NOT_SPECIFIED', node: 'r1', function: 'icmpv6Rcv', fix: 'net.ipv6.icmp.echo_ignore_multicast=0' },
  { what: 'a group that nobody joined', packet: 'udp > [ff02::5%eth0]:67', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ip6McInput', fix: 'join the group on eth0 (IPV6_JOIN_GROUP)' },
  { what: 'a group without a socket', packet: 'udp > [ff02::1%eth0]:67', reason: 'NOT_SPECIFIED', node: 'r1', function: 'ip6Input', fix: 'listens on UDP port 67' },
  { what: 'no socket', packet: 'udp > [2001:db8:2::2]:53', reason: 'NO_SOCKET', node: 'h2', function: 'udpv6Rcv', fix: 'listens on UDP port 53', error: 'port unreachable' },
  { what: 'a protocol that nobody speaks', from: 'h2', packet: 'tcp [2001:db8:1::2]:5 > [2001:db8:2::2]:80 [S] in eth0', reason: 'IP_NOPROTO', node: 'h2', function: 'ip6ProtocolDeliver', fix: 'plugin', error: 'parameter problem, unknown next header' },
  { what: 'a wrong ICMPv6 checksum', from: 'h2', packet: 'icmp 2001:db8:1::2 > 2001:db8:2::2 in eth0 bad-csum', reason: 'ICMP_CSUM', node: 'h2', function: 'icmpv6Rcv', fix: 'damages packets' },
];

describe('what drops a packet of IPv6', () => {
  it.each(CASES)('$what: $reason on $node', async (c) => {
    await expectDrop(await line6(), c);
  });

  it('is a wrong checksum where the socket is', async () => {
    const { net, h2 } = await line6();
    h2.task.bind(h2.task.socket(AF_INET6, SOCK_DGRAM), new SockaddrIn6(undefined, 53));
    expect((await explain(net, 'h2', 'udp [2001:db8:1::2]:5 > [2001:db8:2::2]:53 in eth0 bad-csum')).verdict).toMatchObject({ outcome: 'dropped', reason: 'SKB_DROP_REASON_UDP_CSUM' });
    expect((await explain(net, 'h2', 'udp [2001:db8:1::2]:5 > [2001:db8:2::2]:53 in eth0')).verdict).toMatchObject({ outcome: 'delivered', node: 'h2' });
  });

  it('is a hook, by its priority and name', async () => {
    const { net, r1 } = await line6();
    const dropDns = (): number => NF_DROP;
    nfRegisterNetHook(r1.ns, { pf: NFPROTO_IPV6, hooknum: NF_INET_FORWARD, priority: 0, hook: dropDns });
    const found = await explain(net, 'h1', 'udp > [2001:db8:2::2]:53');
    expect(found.verdict).toMatchObject({ outcome: 'dropped', node: 'r1', reason: 'SKB_DROP_REASON_NETFILTER_DROP' });
    expect(found.verdict.text).toContain('dropDns at priority 0 dropped it at FORWARD');
  });

  it('is an address that somebody else has', async () => {
    const { net, r1 } = await line6();
    r1.ip`addr add 2001:db8:2::2/64 dev eth1`;
    await net.advance(3000);
    const found = await explain(net, 'h2', 'icmp > 2001:db8:2::1');
    expect(found.verdict.outcome).toBe('delivered');
    const { verdict } = await explain(net, 'r1', 'icmp 2001:db8:2::2 > 2001:db8:2::1');
    expect(verdict).toMatchObject({ outcome: 'refused', errno: 'EADDRNOTAVAIL' });
    expect(verdict.text).toContain('2001:db8:2::2 of r1 eth1 is a duplicate (dadfailed)');
  });
});

describe('what the system call refuses of IPv6', () => {
  it.each([
    ['no route', [['h1', '-6 route del default']], 'icmp > 2001:db8:9::9', 'ENETUNREACH', 'ip -6 route add 2001:db8:9::9 via GATEWAY on h1'],
    ['a blackhole', [['h1', '-6 route add blackhole 2001:db8:66::/48']], 'icmp > 2001:db8:66::1', 'EINVAL', 'ip -6 route del blackhole 2001:db8:66::/48 dev lo'],
    ['a prohibiting route', [['h1', '-6 route add prohibit 2001:db8:66::/48']], 'icmp > 2001:db8:66::1', 'EACCES', 'ip -6 route del prohibit 2001:db8:66::/48 dev lo'],
    ['a source that is not ours', [], 'udp [2001:db8:99::9]:5 > [2001:db8:2::2]:53', 'EADDRNOTAVAIL', 'ip addr add 2001:db8:99::9'],
    ['a source that is tentative', [['h1', 'addr add 2001:db8:1::5/64 dev eth0']], 'udp [2001:db8:1::5]:5 > [2001:db8:2::2]:53', 'EADDRNOTAVAIL', 'ip addr add 2001:db8:1::5/64 dev eth0 nodad on h1'],
    ['a source of a link that is not named', [], 'icmp fe80::ff:fe00:102 > fe80::ff:fe00:101', 'EINVAL', 'write fe80::ff:fe00:102%IFACE'],
    ['an MTU that is too small', [['h1', 'link set dev eth0 mtu 1300']], 'udp > [2001:db8:2::2]:53 len 1400 df', 'EMSGSIZE', 'without df'],
  ] as const)('%s', async (_what, set, packet, errno, fix) => {
    const all = await line6();
    apply(all, { set });
    const { verdict } = await explain(all.net, all.h1, packet);
    expect(verdict).toMatchObject({ outcome: 'refused', node: 'h1', errno });
    expect(verdict.fix ?? '').toContain(fix);
  });

  it('nothing, but sends from ::1 where all other addresses are tentative', async () => {
    const { net, h1 } = await line6();
    h1.ip`link set dev eth0 down`;
    h1.ip`link set dev eth0 up`;
    h1.ip`addr add 2001:db8:1::5/64 dev eth0`;
    const found = await explain(net, 'h1', 'icmp > 2001:db8:1::1');
    expect(found.steps.find(({ kind }) => kind === 'route')?.text).toContain('src ::1');
    expect(found.notes.join()).toMatch(/^2001:db8:1::5 of h1 eth0 is tentative: .*, so h1 sends from ::1; fix: wait until it is over/);
  });

  it('an interface without IPv6', async () => {
    const all = await line6();
    all.h1.sysctl('net.ipv6.conf.eth0.disable_ipv6', 1);
    expect((await explain(all.net, 'h1', 'icmp > 2001:db8:2::2')).verdict).toMatchObject({ outcome: 'refused', fix: 'disable_ipv6 is 1 on h1 eth0: sysctl -w net.ipv6.conf.eth0.disable_ipv6=0' });
  });
});
