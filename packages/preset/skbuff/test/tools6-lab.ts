/**
 * The four hosts of tools-lab.ts over IPv6:
 *
 *     a 2001:db8:1::2 --- ::1 r 2001:db8:2::1 --- ::2 s 2001:db8:3::1 --- (mtu 1400) --- ::2 b
 *
 * r has no route to 2001:db8:99::/48, refuses :4::/48 (unreachable) and :5::/48 (prohibit), swallows :6::/48, and knows ways to :7::/48 and
 * :8::/48 through neighbours that do not exist; :10::/48 goes round between r and s. a and r speak IPv4 as well.
 */
import { ANSWER } from './icmp6-responder.ts';
import { ADVERTISE } from './radvd-service.ts';
import type { LabPlan } from './tools-lab.ts';

export const LAB6: LabPlan = {
  hosts: [
    '127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback', 'ff02::1 ip6-allnodes',
    '10.0.1.1 four both', '2001:db8:3::2 bob bob.lab both', '2001:db8:2::2 esse', '',
  ].join('\n'),
  addresses: {
    a: ['link set eth0 address 02:00:00:00:01:02', 'addr add 10.0.1.2/24 brd + dev eth0', 'addr add 2001:db8:1::2/64 dev eth0 nodad', 'route add default via 2001:db8:1::1'],
    r: [
      'link set eth0 address 02:00:00:00:01:01', 'link set eth1 address 02:00:00:00:02:01', 'addr add 10.0.1.1/24 brd + dev eth0',
      'addr add 2001:db8:1::1/64 dev eth0 nodad', 'addr add 2001:db8:2::1/64 dev eth1 nodad', 'route add 2001:db8:3::/64 via 2001:db8:2::2',
      'route add unreachable 2001:db8:4::/48', 'route add prohibit 2001:db8:5::/48', 'route add blackhole 2001:db8:6::/48',
      'route add 2001:db8:7::/48 via 2001:db8:1::77', 'route add 2001:db8:8::/48 via 2001:db8:2::99', 'route add 2001:db8:10::/48 via 2001:db8:2::2',
    ],
    s: [
      'link set eth0 address 02:00:00:00:02:02', 'link set eth1 address 02:00:00:00:03:01', 'link set eth1 mtu 1400',
      'addr add 2001:db8:2::2/64 dev eth0 nodad', 'addr add 2001:db8:3::1/64 dev eth1 nodad', 'route add 2001:db8:1::/64 via 2001:db8:2::1',
      'route add 2001:db8:10::/48 via 2001:db8:2::1',
    ],
    b: ['link set eth0 address 02:00:00:00:03:02', 'link set eth0 mtu 1400', 'addr add 2001:db8:3::2/64 dev eth0 nodad', 'route add default via 2001:db8:3::1'],
  },
  sysctls: { 'net.ipv6.icmp.ratelimit': '0', 'net.ipv4.icmp_ratelimit': '0', 'net.ipv4.icmp_msgs_per_sec': '100000', 'net.ipv4.icmp_msgs_burst': '10000' },
  routerSysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' },
  kernelSysctls: { 'net.ipv6.conf.all.accept_dad': '0', 'net.ipv6.conf.default.accept_dad': '0' },
  services: [ANSWER, ADVERTISE],
};
