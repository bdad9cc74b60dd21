/** Hosts of IPv4: 10.1.1.0/24 and 10.1.2.0/24. */
import type { NetDevice } from '@skbuff/core';
import { type FibNet, fibNet } from '@skbuff/fib';
import type { Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { type Host, sockaddr, SockaddrIn } from 'skbuff';
import { Frames, type Places } from './frames.ts';
import { openSocket, PORTS, type Scene } from './scene.ts';

export const ipv4Scene: Scene = {
  what: 'frames of IPv4',
  configure(a, r, b) {
    a.addr.add({ dev: 'eth0', cidr: '10.1.1.1/24' });
    r.addr.add({ dev: 'eth0', cidr: '10.1.1.254/24' });
    r.addr.add({ dev: 'eth1', cidr: '10.1.2.254/24' });
    b.addr.add({ dev: 'eth0', cidr: '10.1.2.1/24' });
    a.route.add({ to: 'default', via: '10.1.1.254' });
    b.route.add({ to: 'default', via: '10.1.2.254' });
    r.ip`route add blackhole 10.1.3.0/24`;
    r.ip`route add prohibit 10.1.4.0/24`;
    r.ip`route add 10.1.5.0/24 via 10.1.2.1 mtu lock 600`;
    settings(r, b);
  },
  open,
  frames: (random, devices) => new Frames(random, placesOf(devices)),
  learned: ({ ns }) => learnedOf(fibNet.of(ns)),
  reached: '10.1.2.1',
};

function learnedOf({ tables }: FibNet): number {
  let count = 0;
  for (const { store } of tables.values()) for (const head of store.heads) for (let fa = head; fa != null; fa = fa.next) for (const { exceptions } of fa.info.nhs) count += [...(exceptions?.all() ?? [])].length;
  return count;
}

function settings(r: Host, b: Host): void {
  r.sysctl('net.ipv4.ip_forward', 1);
  for (const host of [r, b]) {
    host.sysctl('net.ipv4.conf.all.accept_source_route', 1);
    host.sysctl('net.ipv4.icmp_ratelimit', 0);
  }
  r.sysctl('net.ipv4.conf.eth0.proxy_arp', 1);
  r.sysctl('net.ipv4.conf.eth1.rp_filter', 1);
  b.sysctl('net.ipv4.icmp_echo_ignore_broadcasts', 0);
  b.sysctl('net.ipv4.conf.all.arp_accept', 1);
  b.sysctl('net.ipv4.ping_group_range', '0 100');
}

function open(task: Task): readonly number[] {
  const all = [[U.SOL_IP, U.IP_RECVERR, 1], [U.SOL_IP, U.IP_PKTINFO, 1], [U.SOL_IP, U.IP_RECVOPTS, 1], [U.SOL_IP, U.IP_RECVTTL, 1]] as const;
  const udp = openSocket(task, U.AF_INET, U.SOCK_DGRAM, 0, all);
  task.bind(udp, new SockaddrIn(0, 1000));
  task.setsockopt(udp, U.SOL_IP, U.IP_ADD_MEMBERSHIP, Uint8Array.of(224, 1, 1, 1, 0, 0, 0, 0));
  const connected = openSocket(task, U.AF_INET, U.SOCK_DGRAM, 0, all);
  task.bind(connected, new SockaddrIn(0, 2000));
  void task.connect(connected, sockaddr('10.1.1.1', 53));
  task.bind(openSocket(task, U.AF_INET, U.SOCK_DGRAM, 0, []), new SockaddrIn(0, 4000));
  const raw = openSocket(task, U.AF_INET, U.SOCK_RAW, U.IPPROTO_ICMP, all);
  openSocket(task, U.AF_INET, U.SOCK_RAW, 253, []);
  const tap = openSocket(task, U.AF_PACKET, U.SOCK_RAW, 0x0300, [[U.SOL_PACKET, U.PACKET_AUXDATA, 1]]);
  openSocket(task, U.AF_PACKET, U.SOCK_DGRAM, 0x0300, []);
  openSocket(task, U.AF_PACKET, U.SOCK_DGRAM, 0x0608, []);
  return [udp, connected, raw, tap];
}

function placesOf(devices: readonly NetDevice[]): Places {
  const own = devices.map((dev) => dev.devAddr.slice(0, 6));
  return {
    macs: [...own, ...own, Uint8Array.of(255, 255, 255, 255, 255, 255), Uint8Array.of(1, 0, 0x5e, 1, 1, 1), Uint8Array.of(2, 9, 9, 9, 9, 9), new Uint8Array(6)],
    hosts: ['10.1.1.1', '10.1.1.254', '10.1.2.254', '10.1.2.1'],
    others: [
      '10.1.1.77', '10.1.2.88', '10.1.3.1', '10.1.4.1', '10.1.5.1', '10.1.1.255', '10.1.2.255', '10.1.1.0', '255.255.255.255', '0.0.0.0', '127.0.0.1', '224.0.0.1', '224.1.1.1', '239.9.9.9', '240.0.0.1', '192.0.2.1',
    ],
    ports: PORTS,
  };
}
