/**
 * What ip refuses, and what it says then; words for things that this system has no module for; families that it does not know; names of
 * hosts. By the system's ip in a namespace of the running kernel and by ours on our own stack: both must print the same and return the
 * same. Needs root and iproute2; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('words oracle SKIPPED: it needs root and the command ip of iproute2');

const NAME = `skbuff-words-${process.pid}`;
const LONG = 'a'.repeat(256);

const HOSTS = `127.0.0.1 localhost
10.0.0.1 one
10.0.0.2 two second
10.0.0.3 three
10.0.0.255 bcast
224.0.0.1 allhosts
10.9.0.0 net9
5.5.5.5 five
10.0.0.9 nine
`;

const SETUP = `
link set lo up
link add foo address 02:00:00:00:00:01 type veth peer name bar address 02:00:00:00:00:02
link set foo up
link set bar up
addr add 10.0.0.1/24 brd + dev foo
addr add 10.0.0.2 peer 10.0.0.3 dev bar
route add 10.9.0.0/16 via 10.0.0.2 src 10.0.0.1 dev foo
route add 10.7.0.0/16 via 10.0.0.2 src 10.0.0.1 dev foo
route add 5.5.5.5 nexthop via 10.0.0.2 dev foo nexthop via 10.0.0.3 dev bar
neigh add 10.0.0.9 lladdr 02:00:00:00:00:01 dev foo
neigh add proxy 10.0.0.2 dev foo
rule add from 10.0.0.1 to 5.5.5.5 table 7
`;

/** Two single quotes are an empty word. */
const SCRIPT = `
link add a0 mtu 1000 type veth peer name a1 mtu 1000
link set a0 name all
link set a1 name default
-4 netconf show dev all
-4 netconf
link set all up
addr add 10.55.0.1/24 dev all
-4 addr show dev all
route show dev all
link add all type veth
link set all name a0
-4 netconf
link del a0
link add foo9 mtu 1000 type veth peer name default mtu 1000
-br link
link add default type veth
link add foo type veth peer name default
link
link add foo type veth
link
netconf
-6 route
-f mpls route
-6 route show table all
-6 addr
-6 neigh
-f mpls addr
-M link
-M neigh
-M rule
-f bridge route
-f bridge addr
-0 addr
-0 route
-0 neigh
addr add 10.0.0.1/24 dev foo valid_lft 0
addr add 10.0.0.1/24 dev foo valid_lft 0 preferred_lft 0
addr add 10.0.0.1/24 dev foo preferred_lft 0
addr add 10.0.0.1/24 dev foo preferred_lft 5 valid_lft 0
link afstats
link afstats dev foo
link afstats dev nosuch
link afstats foo
link afst
-j link afstats
-s link afstats
link xstats
link xstats foo
link xstats type
link xstats type bridge
link xstats type bridge dev nosuch
link xstats type vlan
link xstats type nosuch
link xstats help
link set foo vf
link set foo vf x
link set foo vf 0
link set foo vf 0 mac
link set foo vf 0 mac 02:00:00:00:00:09
link set foo vf 0 mac 02:00:00
link set foo vf 0 vlan 5
link set foo vf 0 vlan 5 qos 2 proto 802.1ad
link set foo vf 0 vlan x
link set foo vf 0 rate 5
link set foo vf 0 max_tx_rate 5 min_tx_rate 3
link set foo vf 0 spoofchk on
link set foo vf 0 spoofchk maybe
link set foo vf 0 trust on
link set foo vf 0 state auto
link set foo vf 0 state bad
link set foo vf 0 node_guid 00:11:22:33:44:55:66:77
link set foo vf 0 query_rss off
link set foo vf 0 bogus
link set foo xdp off
link set foo xdp
link set foo xdpgeneric off
link set foo xdpdrv off
link set foo xdpoffload off
link set foo xdp obj nosuch.o
link set foo xdp pinned /nosuch
link set foo xdp bogus
link set foo xdp off up
route show vrf nix
route show vrf foo
route get 1.1.1.1 vrf nix
route add 1.1.1.1 vrf nix dev foo
neigh show vrf nix
neigh show vrf foo
neigh show master nix
addr show vrf nix
link show vrf nix
rule show vrf nix
route flush vrf nix
-f mpls route show table all
-0 route show table all
-f mpls -br addr
-0 addr show dev foo
-f mpls neigh
-f mpls netconf
-0 netconf
-f mpls ntable
-f mpls maddr
-0 maddr
-f mpls route get 1.1.1.1
-f mpls route add 100 via inet 10.0.0.2
-f mpls route flush table all
-f mpls addr flush dev foo
-f mpls addr add 1 dev foo
-f mpls addr add 10.0.0.3/24 dev foo
-f link route
-f foo route
-f decnet route
-f any route
-s route flush cache
route flush cache
route flush table cache
-s route flush table cache
-s route flush cached
-6 -s route flush cache
-4 -s route flush cache
-s route flush cache 10.0.0.0/8
-s route flush cache table all
-s -s route flush cache
-f mpls -s route flush cache
route show cache
route show table cache
route show cached 10.0.0.0/8
-r route
-r route show table all
-r route get 127.0.0.1
-r route get 10.0.0.2
-r neigh
-r -j addr show lo
-r -br addr
-r rule
-r maddr show dev lo
-j -r route show table local
-r link show lo
addr add localhost dev foo
-r addr add localhost dev foo
-r route get localhost
-r route show 127.0.0.0/8 table local
-r netconf show dev lo
netns exec '' true
-n '' link
-n nosuch link
netns add ''
netns del ''
netns identify ''
netns identify 99999999
netns pids ''
netns pids nosuch
netns set '' 5
netns attach '' 5
netns attach foo 99999999
netns attach foo x
netns attach foo 0
netns attach foo -1
netns exec . true
netns exec .. true
netns exec a/b true
-n . link
-n a/b link
-batch ''
-batch nosuch
link set foo netns 99999999
link set foo netns nosuch
link set foo netns 0
link set foo netns -1
link set foo netns ''
link set foo netns .
link add z0 netns 99999999 type veth
link add z0 type veth peer name z1 netns 99999999
-r addr
-r -j addr
-r -o addr
-r -j route show table all
-r route get 10.9.0.1
-r route get 5.5.5.5
-r route get 10.0.0.255
-r -j route get 5.5.5.5
-r neigh show proxy
-r -j neigh
-r -br neigh
-r -j rule
-r maddr
-r netconf
-r route show via 10.0.0.2
-r route show src 10.0.0.1
-r route show 10.0.0.0/24
-r route show 5.5.5.5
-r neigh get 10.0.0.9 dev foo
-r addr show to 10.0.0.1
-r neigh show 10.0.0.9
-r -N route
-res route
-r route show root 5.0.0.0/8
-r -d route
route add 1.2.3.4 encap
route add 1.2.3.4 encap foo
route add 1.2.3.4 encap ip
route add 1.2.3.4 encap ip id
route add 1.2.3.4 encap ip id x
route add 1.2.3.4 encap ip dst x dev foo
route add 1.2.3.4 encap ip bogus dev foo
route add 1.2.3.4 encap mpls 100 dev foo
route add 1.2.3.4 encap mpls x dev foo
route add 1.2.3.4 encap mpls 100/200 ttl 5 dev foo
route add 1.2.3.6 ttl-propagate enabled dev foo
route add 1.2.3.7 ttl-propagate disabled dev foo
route add 1.2.3.8 ttl-propagate x dev foo
route add 1.2.3.8 ttl-propagate
route show
link xstats type bridge bogus
link xstats type bridge help
link xstats type bridge igmp
link xstats type bridge stp
link xstats type bridge dev
link xstats type bridge dev foo
link xstats type bond bogus
link xstats type bridge_slave bogus
link xstats type bridge_slave help
link xstats type bridge_slave dev nosuch
-j link xstats type bridge
link xstats type tun
link xs type br
link afstats dev
link set foo vf 0 mac 02:00:00:00:00:09 up
link set foo vf 0 mac x
link set foo vf -1 mac 02:00:00:00:00:09
link set foo vf 0 vlan 5 qos x
link set foo vf 0 vlan 5 proto x
link set foo vf 0 vlan 5 qos
link set foo vf 0 rate x
link set foo vf 0 max_tx_rate x
link set foo vf 0 min_tx_rate x
link set foo vf 0 min_tx_rate 5 max_tx_rate 3
link set foo vf 0 min_tx_rate 5
link set foo vf 0 rate 5 max_tx_rate 7
link set foo vf 0 trust maybe
link set foo vf 0 query_rss maybe
link set foo vf 0 state
link set foo vf 0 node_guid x
link set foo vf 0 port_guid 00:11:22:33:44:55:66:77
link set foo vf 0 mac 02:00:00:00:00:09 vlan 5 spoofchk off
link set foo vf 0 bogus 1
link set foo vf 0 mac 02:00:00:00:00:09 bogus 1
link set vf 0 mac 02:00:00:00:00:09 dev foo
link set vf 0 mac 02:00:00:00:00:09
link set foo vf 0 mac 02:00:00:00:00:09 vf 1 mac 02:00:00:00:00:08
link add v9 vf 0 mac 02:00:00:00:00:09 type veth
link set foo vf 0 vlan 4096
link set foo vf 0 vlan 5 vlan 6
link set foo vf 0 mac 02:00:00:00:00:09 mac 02:00:00:00:00:08
link set dev foo xdp off
link set foo mtu 1400 xdp off
link set foo xdp off mtu 1300
link set xdp off
link set xdp off dev foo
link set nosuch xdp off
link set foo xdpgen off
link set foo xdp object
link set foo xdp obj /nosuch.o
link set foo xdp pinned
link set foo xdp offx
link set foo xdp fd 5
link add v9 xdp off type veth
link set lo xdp off
link show foo
route add 1.2.3.4 encap ip id 5 dst
route add 1.2.3.4 encap ip id 5 id 6 dev foo
route add 1.2.3.4 encap ip ttl x dev foo
route add 1.2.3.4 encap ip tos x dev foo
route add 1.2.3.4 encap mpls 100 ttl x dev foo
route add 1.2.3.4 encap mpls 100 foo dev foo
route add 1.2.3.4 encap mpls 100/ dev foo
route add 1.2.3.4 encap mpls 99999999 dev foo
route add 1.2.3.4 encap ip6 dst 1.2.3.4 dev foo
route add 1.2.3.4 encap ip6 hoplimit x dev foo
route add 1.2.3.4 encap ip6 tc x dev foo
route add 1.2.3.4 encap ip dst ::1 dev foo
link add link foo name z0 type vlan prot 802.1ad i 5 reorder on
link add link foo name z0 type vlan id 5 ingress-qos-map 1:2 3:x
link add link foo name z0 type vlan id 5 egress-qos-map
link add link foo name z0 type vlan help
link add link foo name z0 type vlan gvrp
link add link foo name z0 type vlan gvrp x
link add z0 type vrf help
link add z0 type bridge vlan_protocol x
link add z0 type bridge group_address x
link add z0 type bridge group_fwd_mask x
link add z0 type bridge priority x
link add z0 type bridge forward_delay x
link add z0 type bridge hello_time x
link add z0 type bridge max_age x
link add z0 type bridge ageing_time x
link add z0 type bridge vlan_filtering x
link add z0 type bridge vlan_default_pvid x
link add z0 type bridge vlan_stats_enabled x
link add z0 type bridge vlan_stats_per_port x
link add z0 type bridge mcast_router x
link add z0 type bridge mcast_snooping x
link add z0 type bridge mcast_vlan_snooping x
link add z0 type bridge mcast_query_use_ifaddr x
link add z0 type bridge mcast_querier x
link add z0 type bridge mcast_hash_elasticity x
link add z0 type bridge mcast_hash_max x
link add z0 type bridge mcast_last_member_count x
link add z0 type bridge mcast_startup_query_count x
link add z0 type bridge mcast_last_member_interval x
link add z0 type bridge mcast_membership_interval x
link add z0 type bridge mcast_querier_interval x
link add z0 type bridge mcast_query_interval x
link add z0 type bridge mcast_query_response_interval x
link add z0 type bridge mcast_startup_query_interval x
link add z0 type bridge mcast_stats_enabled x
link add z0 type bridge mcast_igmp_version x
link add z0 type bridge mcast_mld_version x
link add z0 type bridge nf_call_iptables x
link add z0 type bridge nf_call_ip6tables x
link add z0 type bridge nf_call_arptables x
link add z0 type bridge no_linklocal_learn x
link add z0 type bridge stp
link add link foo name foo.5 type vlan id 5
link add link foo name foo.5 type vlan
link add link foo name foo.5 type vlan id
link add link foo name foo.5 type vlan id x
link add link foo name foo.5 type vlan id 99999
link add link foo name foo.5 type vlan proto 802.1ad id 5 reorder_hdr off gvrp on mvrp on loose_binding on bridge_binding off ingress-qos-map 1:2 egress-qos-map 3:4
link add link foo name foo.5 type vlan reorder_hdr x
link add link foo name foo.5 type vlan proto x
link add link foo name foo.5 type vlan ingress-qos-map 1-2
link add link foo name m0 type macvlan mode x
link add link foo name m0 type macvlan mode
link add link foo name m0 type macvlan mode bridge flags 1 bcqueuelen 5
link add link foo name m0 type macvlan bcqueuelen x
link add link foo name i0 type ipvlan mode l2
link add link foo name i0 type ipvlan mode l9
link add link foo name i0 type ipvlan mode l3s bridge
link add link foo name i0 type ipvlan private vepa
link add br0 type bridge stp_state x
link add vr type vrf table 10
link add vr type vrf
link add vr type vrf table x
link add vr type vrf table
link add w0 type wireguard
link add n0 type nlmon
link set foo type vlan
link set foo type bridge_slave state 3
link set foo type bridge_slave
link set foo type bridge_slave bogus 1
link set foo type veth
link set foo type nosuch
link set foo type vrf table 5
link show type vlan
link show type bridge_slave
link show type nosuch
link help
netns list ''
netns list /
netns foo /
netns monitor /
netns list-id /
netns help /
netns identify self
netns identify -1
netns identify x
netns identify 0
netns pids a b
link set lo netns /run/netns/x
netns set x -1
`;

let stack: Stack;

describe.skipIf(!possible)("against the system's ip", () => {
  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    // Our stack has no IPv6.
    for (const which of ['all', 'default']) execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', `net.ipv6.conf.${which}.disable_ipv6=1`]);
    mkdirSync(`/etc/netns/${NAME}`, { recursive: true });
    writeFileSync(`/etc/netns/${NAME}/hosts`, HOSTS);
    stack = new Stack();
    stack.files.set('/etc/hosts', HOSTS);
    for (const line of SETUP.trim().split('\n')) {
      execFileSync('ip', ['-n', NAME, ...line.split(' ')]);
      stack.ip(line);
    }
  });
  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    rmSync(`/etc/netns/${NAME}`, { recursive: true });
    expect(stack.close()).toEqual({});
  });

  it.each(SCRIPT.trim().split('\n'))('ip %s', (line) => {
    const words = line.split(' ').map((word) => (word === "''" ? '' : word.replace('LONG', LONG)));
    const { status, stdout, stderr } = spawnSync('ip', ['-n', NAME, ...words]);
    // The counters of groups and neighbours of IPv6 cannot be taken away.
    const theirs = stdout.toString().replace(/\tinet6 ff.*\n/g, '').replace(/\tlink {2}33:33:.*\n/g, '').replace(/^(Deleted )?inet6 .*\n/gm, '');
    expect(stack.run(['ip', ...words])).toEqual({ status, stdout: theirs, stderr: stderr.toString() });
  });
});
