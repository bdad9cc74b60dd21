/** Rules, neighbours and the smaller objects of ip, and recorded messages. `DIR` is where the files are. */
import { NlMsgBuilder } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { inetPton6, setLe16, setLe32, setLe64 } from '@skbuff/wire';

const addr = (text: string): Uint8Array => inetPton6(text) as Uint8Array;

/** A message: its type, the bytes of its fixed header, and what puts the attributes. */
function message(type: number, header: readonly number[], put: (b: NlMsgBuilder) => void): Uint8Array {
  const b = new NlMsgBuilder();
  const at = b.nlmsgPut(type, 0, 1, 0, header.length);
  b.buf.set(header, at + 16);
  put(b);
  b.nlmsgEnd(at);
  return b.bytes().slice();
}

const le = (n: number): readonly number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];

/** A prefix of a router: family, device, type of the option, length, flags; address, and preferred and valid seconds. */
function prefix([family, dev, type, length, flags]: readonly [number, number, number, number, number], address: string, life?: readonly [number, number]): Uint8Array {
  return message(U.RTM_NEWPREFIX, [family, 0, 0, 0, ...le(dev), type, length, flags, 0], (b) => {
    if (address !== '') b.nlaPut(U.PREFIX_ADDRESS, addr(address));
    if (life !== undefined) b.nlaPut(U.PREFIX_CACHEINFO, Uint8Array.from([...le(life[0]), ...le(life[1])]));
  });
}

function label(type: number, length: number, dev: number, address: string, value: number): Uint8Array {
  return message(type, [U.AF_INET6, 0, length, 0, ...le(dev), ...le(7)], (b) => {
    if (address !== '') b.nlaPut(U.IFAL_ADDRESS, addr(address));
    if (value > 0) b.nlaPutU32(U.IFAL_LABEL, value);
  });
}

interface Mroute {
  readonly type?: number;
  readonly table: number;
  readonly flags?: number;
  readonly from?: readonly [string, string];
  readonly iif?: number;
  /** TTLs and devices. */
  readonly hops?: readonly (readonly [number, number])[];
  /** Packets, bytes, packets from elsewhere, hundredths of a second. */
  readonly stats?: readonly [number, number, number, number];
  readonly rtype?: number;
}

function mroute({ type = U.RTM_NEWROUTE, table, flags = 0, from, iif = 0, hops = [], stats, rtype = U.RTN_MULTICAST }: Mroute): Uint8Array {
  return message(type, [U.RTNL_FAMILY_IP6MR, 128, 128, 0, table < 256 ? table : 0, 17, 0, rtype, ...le(flags)], (b) => {
    b.nlaPutU32(U.RTA_TABLE, table);
    if (from !== undefined) b.nlaPut(U.RTA_SRC, addr(from[0]));
    if (from !== undefined) b.nlaPut(U.RTA_DST, addr(from[1]));
    if (iif > 0) b.nlaPutU32(U.RTA_IIF, iif);
    const ways = new Uint8Array(8 * hops.length);
    for (const [i, [ttl, dev]] of hops.entries()) {
      setLe16(ways, 8 * i, 8);
      ways[8 * i + 3] = ttl;
      setLe32(ways, 8 * i + 4, dev);
    }
    if (hops.length > 0) b.nlaPut(U.RTA_MULTIPATH, ways);
    if (stats === undefined) return;
    const counters = new Uint8Array(24);
    for (const i of [0, 1, 2] as const) setLe64(counters, 8 * i, stats[i]);
    b.nlaPut(U.RTA_MFC_STATS, counters);
    b.nlaPutU64(U.RTA_EXPIRES, stats[3]);
  });
}

const [ONE, TWO]: readonly (readonly [string, string])[] = [
  ['2001:db8::1', 'ff05::1'],
  ['2001:db8:1111:2222:3333:4444:5555:6666', 'ff05:1111:2222:3333:4444:5555:6666:7777'],
];

/** What `ip monitor` finds in files. */
export const FILES: Readonly<Record<string, Uint8Array>> = {
  'prefix.bin': Buffer.concat([
    prefix([U.AF_INET6, 2, 3, 64, 3], '2001:db8::', [900, 1800]),
    prefix([U.AF_INET6, 3, 3, 64, 1], '2001:db8:1::', [0xffffffff, 0xffffffff]),
    prefix([U.AF_INET6, 3, 3, 48, 2], '2001:db8:2::', [0, 0]),
    prefix([U.AF_INET6, 3, 3, 48, 7], '', [5, 6]),
    prefix([U.AF_INET, 3, 3, 48, 0], '2001:db8:2::'),
    prefix([U.AF_INET6, 3, 5, 48, 0], '2001:db8:2::'),
    prefix([U.AF_INET6, 99, 3, 48, 4], '2001:db8:2::'),
  ]),
  'label.bin': Buffer.concat([
    label(U.RTM_NEWADDRLABEL, 32, 0, '2001:db8::', 5), label(U.RTM_DELADDRLABEL, 32, 2, '2001:db8::', 5),
    label(U.RTM_NEWADDRLABEL, 32, 0, '', 5), label(U.RTM_NEWADDRLABEL, 32, 0, '2001:db8::', 0), label(U.RTM_GETADDRLABEL, 32, 0, '2001:db8::', 4),
  ]),
  'mroute2.bin': Buffer.concat([
    mroute({ table: 254, from: ONE, iif: 2, hops: [[1, 2], [5, 3]], stats: [10, 2000, 0, 12345] }),
    mroute({ type: U.RTM_DELROUTE, table: 254, from: ONE, iif: 2, hops: [[1, 2], [0, 3]], stats: [2 ** 40, 2 ** 52, 3, 1] }),
    mroute({ table: 1000, flags: U.RTNH_F_UNRESOLVED, from: ONE }),
    mroute({ table: 100, flags: U.RTNH_F_UNRESOLVED | U.RTNH_F_OFFLOAD, from: ONE, iif: 2 }),
    mroute({ table: 253, iif: 2 }),
    mroute({ table: 255, from: TWO, iif: 99, hops: [[255, 99]], stats: [1, 1, 1, 0] }),
    mroute({ table: 255, from: ONE, iif: 2, rtype: U.RTN_UNICAST }),
  ]),
};

export const OBJECTS: Readonly<Record<string, string>> = {
  rules: `
@ip link set lo up
@ip link set v0 up
@ip link set v1 up
@settle
@ip -6 addr add 2001:db8::1/64 dev v0
ip -6 rule
ip -6 -d rule
ip -6 -j rule
ip -6 rule add from 2001:db8::1 table 100
ip -6 rule add from 2001:db8::1 table 100
ip -6 rule add from 2001:db8::1 table 100 pref 20
ip -6 rule add from 2001:db8::1 table 100 pref 20
ip -6 rule add table 100 pref 20
ip -6 rule add to 2001:db8:5::/48 lookup 200 priority 500
ip -6 rule add fwmark 0x10/0xf0 table 300
ip -6 rule add fwmark 5 blackhole
ip -6 rule add iif v1 unreachable pref 600
ip -6 rule add oif v1 prohibit pref 700
ip -6 rule add to 2001:db8:6::/48 prohibit pref 710
ip -6 rule add to 2001:db8:7::/48 unreachable pref 711
ip -6 rule add iif nosuch table 7
ip -6 rule add not from 2001:db8::/32 table main pref 40000
ip -6 rule add tos 0x10 table 9
ip -6 rule add dsfield 0x3 table 9
ip -6 rule add pref 900 nop
ip -6 rule add pref 901 goto 903
ip -6 rule add pref 903 table 903
ip -6 rule add pref 905 goto 800
ip -6 rule add suppress_prefixlength 0 table main pref 950
ip -6 rule add suppress_ifgroup default table main pref 951
ip -6 rule add suppress_ifgroup 5 table main pref 952
ip -6 rule add pref 960 ipproto udp sport 5 dport 6-9 table 5
ip -6 rule add pref 961 ipproto ipv6-icmp table 5
ip -6 rule add pref 962 uidrange 10-20 table 53
ip -6 rule add pref 963 l3mdev
ip -6 rule add pref 964 realms 5 table 1
ip -6 rule add pref 965 protocol ra table 1
ip -6 rule add from 2001:db8::1/140 table 1
ip -6 rule add from 10.0.0.1 table 1
ip rule add from 2001:db8:77::1 table 1
ip -6 rule add table 0
ip -6 rule add
ip -6 rule add pref 970 throw
ip -6 rule add pref 0 table 5
ip -6 rule add from default table 5 pref 971
ip -6 rule add from all to all table 5 pref 972
ip -6 rule add tun_id 5 table 5 pref 973
ip -6 rule
ip rule
ip -6 -d rule
ip -6 -j rule
ip -6 -j -p rule list pref 960
ip -N -6 rule
ip -6 rule list table 53
ip -6 rule list from 2001:db8::/32
ip -6 rule list to 2001:db8:5::/48
ip -6 rule list 2001:db8:5:1::/64
ip -6 rule list from all
ip -6 rule list fwmark 0x10
ip -6 rule list not
ip -6 rule list iif v1
ip -6 rule list oif v1
ip -6 rule list ipproto udp
ip -6 rule list ipproto ipv6-icmp
ip -6 rule list sport 5
ip -6 rule list dport 6-9
ip -6 rule list uidrange 10-20
ip -6 rule list l3mdev
ip -6 rule list protocol ra
ip -6 rule list tos 0x10
@ip -6 route add 2001:db8:5::/48 via 2001:db8::5 table 200
@ip -6 route add 2001:db8:66::/48 via 2001:db8::6 table 300
@ip -6 route add 2001:db8:66::/48 via 2001:db8::7 table 100
ip -6 route get 2001:db8:5::1
ip -6 route get 2001:db8:66::1
ip -6 route get 2001:db8:66::1 mark 0x1f
ip -6 route get 2001:db8:66::1 mark 5
ip -6 route get 2001:db8:66::1 from 2001:db8::1
ip -6 route get 2001:db8:6::1
ip -6 route get 2001:db8:7::1
ip -6 route get 2001:db8::9 oif v1
ip -6 route get 2001:db8::9 iif v1
ip -6 route get 2001:db8::9
ip -6 route get ::1
ip -6 rule del pref 900
ip -6 rule del from 2001:db8::1
ip -6 rule del from 2001:db8::1
ip -6 rule del from 2001:db8::1
ip -6 rule del table 300
ip -6 rule del
ip -6 rule del pref 903
ip -6 rule del pref 5555
ip -6 rule del pref 0
ip -6 rule del pref 0
ip -6 rule del ipproto udp pref 960
ip -6 -echo rule add pref 980 table 5
ip -6 -echo rule del pref 980 table 5
ip -6 rule
ip -6 rule flush table 5
ip -6 rule flush protocol ra
ip -6 rule flush
ip -6 rule
ip rule
ip -6 rule add pref 32766 table main
ip -6 rule add pref 0 table local
ip -6 rule
ip -6 rule help
`,
  'neighbours, their tables and netconf': `
@ip link set v0 up
@ip link set v1 up
@settle
@ip -6 addr add 2001:db8::1/64 dev v0
ip -6 neigh
ip -6 neigh add 2001:db8::50 lladdr 02:00:00:00:00:50 dev v0
ip -6 neigh add 2001:db8::50 lladdr 02:00:00:00:00:50 dev v0
ip -6 neigh add 2001:db8::51 lladdr 02:00:00:00:00:51 dev v0 router
ip -6 neigh add 2001:db8::52 lladdr 02:00:00:00:00:52 dev v0 nud stale router
ip -6 neigh add 2001:db8::53 lladdr 02:00:00:00:00:53 dev v0 nud reachable
ip -6 neigh add 2001:db8::55 dev v0 nud failed
ip -6 neigh add 2001:db8::56 dev v0 nud none
ip -6 neigh add 2001:db8::57 dev v0 nud permanent
ip -6 neigh add 2001:db8::59 lladdr 02:00:00:00:00:58 dev v0 extern_learn
ip -6 neigh add 2001:db8::5b lladdr 02:00:00:00:00:58 dev v0 protocol zebra
ip -6 neigh add fe80::5c lladdr 02:00:00:00:00:58 dev v1 nud stale
ip -6 neigh add ff02::5c lladdr 02:00:00:00:00:58 dev v1
ip -6 neigh add 10.0.0.1 lladdr 02:00:00:00:00:58 dev v1
ip -6 neigh add 2001:db8::5d lladdr 02:00 dev v0
ip -6 neigh add 2001:db8::5e lladdr 02:00:00:00:00:58 dev lo
ip -6 neigh add 2001:db8::5f dev nosuch
ip neigh add 2001:db8::60 lladdr 02:00:00:00:00:60 dev v0
ip -6 neigh
ip neigh
ip -6 -br neigh
ip -6 -o neigh
ip -6 neigh show dev v0
ip -6 neigh show dev v1
ip -6 neigh show nud permanent
ip -6 neigh show nud stale
ip -6 neigh show 2001:db8::/64
ip -6 neigh show to 2001:db8::50
ip -6 neigh show proxy
ip -6 neigh show unused
ip -6 neigh show protocol zebra
ip -6 neigh get 2001:db8::50 dev v0
ip -6 neigh get 2001:db8::52 dev v0
ip -6 neigh get 2001:db8::99 dev v0
ip -6 neigh get fe80::5c dev v1
ip -6 neigh get proxy 2001:db8::99 dev v0
ip -6 neigh add proxy 2001:db8::70 dev v0
ip -6 neigh add proxy 2001:db8::71 dev v0 router
ip -6 neigh add proxy 2001:db8::70 dev v0
ip -6 neigh show proxy
ip -6 neigh show proxy dev v0
ip neigh show proxy
ip -6 neigh get proxy 2001:db8::70 dev v0
ip -6 neigh del proxy 2001:db8::70 dev v0
ip -6 neigh del proxy 2001:db8::70 dev v0
ip -6 neigh change 2001:db8::50 lladdr 02:00:00:00:00:51 dev v0
ip -6 neigh change 2001:db8::98 lladdr 02:00:00:00:00:51 dev v0
ip -6 neigh replace 2001:db8::50 lladdr 02:00:00:00:00:52 nud stale dev v0
ip -6 neigh change 2001:db8::52 dev v0 nud stale
ip -6 neigh show 2001:db8::52
ip -6 neigh change 2001:db8::52 dev v0 nud stale router
ip -6 neigh del 2001:db8::51 dev v0
ip -6 neigh del 2001:db8::99 dev v0
ip -6 neigh
ip -6 neigh flush all
ip -6 neigh flush
ip -6 neigh
ip -6 neigh
ip -6 ntable show dev v0
ip ntable show dev v0
ip -6 ntable show dev lo
ip -6 ntable show name ndisc_cache dev v0
ip ntable change name ndisc_cache dev v0 reachable 20000
ip -6 ntable show dev v0
ip ntable change name ndisc_cache thresh1 100 thresh2 200 thresh3 300
ip -6 ntable change name ndisc_cache dev v0 base_reachable 40000 retrans 2000
ip -6 ntable show dev v0
ip -6 -o ntable show dev v0
ip -6 netconf
ip netconf
ip -6 netconf show dev v0
ip -6 netconf show dev all
ip -6 -j netconf
ip netconf show dev v0
ip -6 netconf show dev nosuch
sysctl -w net.ipv6.conf.v0.forwarding=1
ip -6 netconf show dev v0
sysctl -w net.ipv6.conf.all.forwarding=1
sysctl -w net.ipv6.conf.v0.proxy_ndp=1
ip -6 netconf
`,
  'labels, tokens, multicast routes': `
@ip link set v0 up
@ip link set v1 up
@settle
ip addrlabel
ip -6 addrlabel
ip -4 addrlabel
ip addrlabel list
ip addrlabel show
ip addrlabel lst
ip addrlabel list foo
ip -j addrlabel
ip -j -p addrlabel list
ip -o addrlabel
ip -d addrlabel
ip -s addrlabel
ip addrlabel add
ip addrlabel add prefix 2001:db8::/32
ip addrlabel add prefix 2001:db8::/32 label 99
ip addrlabel add prefix 2001:db8::/32 label 99
ip addrlabel add prefix 2001:db8::/32 label 98
ip addrlabel add 2001:db8:1::/48 label 98
ip addrlabel add prefix 2001:db8:1::/48 label 98 dev v0
ip addrlabel add prefix 2001:db8:2::/48 label 98 dev nosuch
ip addrlabel add prefix 2001:db8:2::/48 label x
ip addrlabel add prefix 2001:db8:2::/48 label 4294967295
ip addrlabel add prefix 2001:db8:2::/48 label -1
ip addrlabel add prefix 2001:db8:3::1 label 77
ip addrlabel add prefix 2001:db8:4::/129 label 77
ip addrlabel add prefix 10.0.0.0/8 label 77
ip addrlabel add prefix foo label 77
ip addrlabel add prefix default label 78
ip addrlabel add prefix ::/0 label 79 dev v1
ip addrlabel add prefix 2001:db8:5::1/48 label 79
ip addrlabel add label 79
ip addrlabel add prefix
ip addrlabel add foo
ip addrlabel add dev v0 prefix 2001:db8:6::/48 label 0x10
ip addrlabel add prefix 2001:db8:7::/48 prefix 2001:db8:8::/48 label 5
ip addrlabel add prefix ::ffff:10.0.0.0/104 label 6
ip addrlabel
ip -j addrlabel
ip -o addrlabel
ip addrlabel get 2001:db8::1
ip addrlabel get prefix 2001:db8::1
ip addrlabel del
ip addrlabel del prefix 2001:db8::/32
ip addrlabel del prefix 2001:db8::/32
ip addrlabel del prefix 2001:db8:1::/48 dev v0
ip addrlabel del prefix 2001:db8:1::/48 dev v0 label 98
ip addrlabel del prefix 2001:db8:3::1 label 5
ip addrlabel delete prefix 2001:db8:99::/48 label 5
ip addrlabel del prefix ::1/128
ip -s addrlabel flush
ip addrlabel flush foo
ip addrlabel
ip addrlabel flush
ip addrlabel foo
ip addrlabel help
ip addrl help
ip token
ip token list
ip token show
ip token lst
ip token list dev v0
ip token list foo
ip token list dev nosuch
ip -6 token
ip -4 token
ip -j token
ip -j -p token list dev v0
@sysctl -w net.ipv6.conf.v0.router_solicitations=3 net.ipv6.conf.v1.router_solicitations=3 net.ipv6.conf.all.router_solicitations=3
ip token set ::5 dev v0
ip token
ip token set ::5
ip token set dev v0
ip token set 2001:db8::5 dev v0
ip token set ::5 dev nosuch
ip token set 10.0.0.1 dev v0
ip token set foo dev v0
ip token set ::5 ::6 dev v0
ip token set ::5 dev v0 dev v1
ip token set ::1:2:3:4 dev v1
ip token set :: dev v1
ip token set ::7 dev lo
ip token
ip token get
ip token get dev v0
ip token get dev nosuch
ip token get v0
ip token list dev v0
ip token del dev v0
ip token del
ip token del dev nosuch
ip token del ::5 dev v0
ip token
ip token foo
ip token help
ip link set v0 token ::5
ip link set v0 addrgenmode none
ip link set v0 addrgenmode stable_secret
ip link set v0 addrgenmode random
ip link set v0 addrgenmode foo
ip link set v0 addrgenmode eui64
ip -6 link set v1 addrgenmode none
ip mroute
ip mroute show
ip -6 mroute
ip -6 mroute show
ip -6 mroute list
ip -6 mroute lst
ip -4 mroute show
ip -f bridge mroute show
ip -6 -j mroute show
ip -6 -s mroute show
ip -6 mroute show table all
ip -6 mroute show table 5
ip -6 mroute show table foo
ip -6 mroute show iif v0
ip -6 mroute show iif nosuch
ip -6 mroute show dev v0
ip -6 mroute show from 2001:db8::1
ip -6 mroute show to ff05::1
ip -6 mroute show ff05::1
ip -6 mroute show from foo
ip -6 mroute show help
ip -6 mroute add ff05::1
ip mroute show 10.0.0.1
ip -6 mroute foo
ip mroute help
ip mr
ip -6 monitor help
ip foo
ip -6 foo
ip -6 maddr help
ip prefix
ip token del ::9 dev v0
ip token
ip -c token
ip token set
ip token add ::8 dev v0
ip token
ip -c addrlabel
ip -4 addrlabel add prefix 2001:db8::/32 label 5
ip -4 addrlabel flush
ip addrlabel lst
ip addrlabel list
ip -6 monitor file DIR/prefix.bin
ip -4 monitor file DIR/prefix.bin
ip monitor label file DIR/prefix.bin
ip monitor label file DIR/label.bin
ip -c monitor file DIR/label.bin
ip monitor file DIR/mroute2.bin
ip -s -d monitor label file DIR/mroute2.bin
ip -c -s -o monitor dev v0 file DIR/mroute2.bin
ip -j monitor file DIR/mroute2.bin
ip rule add from 2001:db8:77::1 table 1
ip -6 rule
ip rule
ip -6 route add 2001:db8:28:b::/64 dev v0 hoplimit 300
ip route add 10.0.0.0/8 dev v0 hoplimit 256
ip -6 route add 2001:db8:28:c::/64 dev v0 hoplimit lock 9
ip -6 -j -echo addr add 2001:db8:6::1/64 dev v0
ip -6 -j -echo rule add table 5
ip -j -echo addr add 10.0.0.1/24 dev v0
ip -j -echo link set v0 alias x
`,
};
