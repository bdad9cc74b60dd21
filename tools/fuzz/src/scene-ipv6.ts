/** Hosts of IPv6: 2001:db8:1::/64 and 2001:db8:2::/64. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { NetDevice } from '@skbuff/core';
import { fib6Net } from '@skbuff/fib6';
import type { Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { in6Pton } from '@skbuff/wire';
import type { Host } from 'skbuff';
import { Frames6 } from './frames6.ts';
import type { Places } from './frames.ts';
import { openSocket, PORTS, type Scene } from './scene.ts';

export const ipv6Scene: Scene = {
  what: 'frames of IPv6',
  configure(a, r, b) {
    a.ip`-6 addr add 2001:db8:1::1/64 dev eth0 nodad`;
    r.ip`-6 addr add 2001:db8:1::254/64 dev eth0 nodad`;
    r.ip`-6 addr add 2001:db8:2::254/64 dev eth1 nodad`;
    b.ip`-6 addr add 2001:db8:2::1/64 dev eth0 nodad`;
    // Whatever routers say.
    a.ip`-6 route add default via 2001:db8:1::254 metric 1`;
    b.ip`-6 route add default via 2001:db8:2::254 metric 1`;
    r.ip`-6 route add blackhole 2001:db8:3::/64`;
    r.ip`-6 route add prohibit 2001:db8:4::/64`;
    r.ip`-6 route add 2001:db8:5::/64 via 2001:db8:2::1 mtu lock 1300`;
    r.ip`-6 route add 2001:db8:6::/64 nexthop via 2001:db8:2::1 nexthop via 2001:db8:1::1`;
    settings(a, r, b);
  },
  open,
  frames: (random, devices) => new Frames6(random, placesOf(devices)),
  learned: ({ ns }) => fib6Net.of(ns).stats.rtCache,
  reached: '2001:db8:2::1',
};

function settings(a: Host, r: Host, b: Host): void {
  r.sysctl('net.ipv6.conf.all.forwarding', 1);
  for (const host of [a, r, b]) {
    host.sysctl('net.ipv6.conf.all.accept_source_route', 1);
    host.sysctl('net.ipv6.conf.eth0.accept_source_route', 1);
    host.sysctl('net.ipv6.conf.all.seg6_enabled', 1);
    host.sysctl('net.ipv6.conf.eth0.seg6_enabled', 1);
    host.sysctl('net.ipv6.icmp.ratelimit', 0);
  }
  r.sysctl('net.ipv6.conf.eth1.accept_ra', 2);
  r.sysctl('net.ipv6.conf.all.proxy_ndp', 1);
  r.ip`-6 neigh add proxy 2001:db8:1::77 dev eth0`;
  a.sysctl('net.ipv6.conf.eth0.use_tempaddr', 2);
  a.sysctl('net.ipv6.conf.eth0.accept_ra_rt_info_max_plen', 64);
  b.sysctl('net.ipv6.conf.eth0.accept_untracked_na', 1);
  b.sysctl('net.ipv4.ping_group_range', '0 100');
}

function open(task: Task): readonly number[] {
  const on = (name: number): readonly [number, number, number] => [U.SOL_IPV6, name, 1];
  const all = [U.IPV6_RECVERR, U.IPV6_RECVPKTINFO, U.IPV6_RECVHOPLIMIT, U.IPV6_RECVTCLASS, U.IPV6_RECVHOPOPTS, U.IPV6_RECVDSTOPTS, U.IPV6_RECVRTHDR, U.IPV6_RECVPATHMTU].map(on);
  const udp = openSocket(task, U.AF_INET6, U.SOCK_DGRAM, 0, all);
  task.bind(udp, new SockaddrIn6(undefined, 1000));
  const group = new Uint8Array(20);
  in6Pton('ff0e::1:1')?.store(group, 0);
  group[16] = 2;
  task.setsockopt(udp, U.SOL_IPV6, U.IPV6_ADD_MEMBERSHIP, group);
  const connected = openSocket(task, U.AF_INET6, U.SOCK_DGRAM, 0, all);
  task.bind(connected, new SockaddrIn6(undefined, 2000));
  void task.connect(connected, new SockaddrIn6(in6Pton('2001:db8:1::1') ?? undefined, 53));
  task.bind(openSocket(task, U.AF_INET6, U.SOCK_DGRAM, 0, []), new SockaddrIn6(undefined, 4000));
  const raw = openSocket(task, U.AF_INET6, U.SOCK_RAW, U.IPPROTO_ICMPV6, all);
  openSocket(task, U.AF_INET6, U.SOCK_RAW, 253, []);
  const tap = openSocket(task, U.AF_PACKET, U.SOCK_RAW, 0x0300, [[U.SOL_PACKET, U.PACKET_AUXDATA, 1]]);
  return [udp, connected, raw, tap];
}

function placesOf(devices: readonly NetDevice[]): Places {
  const own = devices.map((dev) => dev.devAddr.slice(0, 6));
  const linkLocal = own.map((mac) => `fe80::${[mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]].map((byte) => byte.toString(16).padStart(2, '0')).join('').replace(/(.{4})(?=.)/g, '$1:')}`);
  return {
    macs: [...own, ...own, Uint8Array.of(0x33, 0x33, 0, 0, 0, 1), Uint8Array.of(2, 9, 9, 9, 9, 9), new Uint8Array(6), Uint8Array.of(255, 255, 255, 255, 255, 255)],
    hosts: ['2001:db8:1::1', '2001:db8:1::254', '2001:db8:2::254', '2001:db8:2::1', ...linkLocal, 'ff02::1'],
    others: [
      '2001:db8:1::77', '2001:db8:2::88', '2001:db8:3::1', '2001:db8:4::1', '2001:db8:5::1', '2001:db8:6::1', '2001:db8:1::', '2001:db8:2::', '::', '::1', '::ffff:10.0.0.1', '::10.0.0.1', 'fe80::77', 'fec0::1', 'fd00::1',
      'ff01::1', 'ff02::2', 'ff02::16', 'ff02::1:ff00:1', 'ff02::1:ff00:254', 'ff0e::1:1', 'ff05::2', 'ff00::1', '2002::1', '3fff::1',
    ],
    ports: PORTS,
  };
}
