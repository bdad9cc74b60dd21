/** Words of ip that are seldom said, and what it saves and restores. */

export const SELDOM: Readonly<Record<string, string>> = {
  'what is seldom said': `
@ip link set lo up
@ip link set v0 up
@ip link set v1 up
@settle
@ping -6 -c 1 ::1
ip -6 -s addr show to ::1
ip -6 -s -s -s addr show to ::1
ip -6 -j -s addr show to ::1
ip -6 -echo addr show dev v0
ip -6 -j -echo addr show dev lo
ip -6 addr show label v0 master v0
ip -6 addr show label v0 type dummy
ip -6 -br addr show label v0
ip -br -j addr show label v0
ip -br link show label v0
ip -6 link show master v1 nomaster
ip -6 addr show dev if2
ip -6 addr add 2001:db8::1/64 dev if3
ip -6 addr add 2001:db8::2/64 dev v1:7
ip -6 addr show dev v1:7
ip -6 link show if2
ip -6 link show if9
ip -6 link set if3 alias x
ip -6 route add 2001:db8:5::/64 dev if3
ip -6 route show dev if2
ip -6 addr add local all 2001:db8::9/64 dev v0
ip -6 addr add any dev v0
ip link afstats dev nosuch v1
ip link afstats dev lo dev nosuch
ip -6 route get 2001:db8:5::1 from 2001:db8::1/48
ip -6 route get 2001:db8:5::1/48
ip -6 -c=always route get 2001:db8:5::1 from ::1
ip -6 route get ff02::1 connected fibmatch
ip -6 route add 2001:db8:6::/64 via 2001:db8::7 dev v0 via 2001:db8::8
ip -6 route add 2001:db8:7::/64 dev v0 realm 1/2
ip -6 route add 2001:db8:8::/64 dev v0 realm 4294967295
ip -6 route add 2001:db8:9::/64 dev v0 realm 1/
ip -6 route add 2001:db8:a::/64 dev v0 realm /1
ip -6 route add 2001:db8:a::/64 dev v0 realm 65536/1
ip -6 route add 2001:db8:a::/64 dev v0 src all
ip -6 route
ip -6 neigh add 2001:db8::50 dev v0 managed extern_learn lladdr 02:00:00:00:00:50
ip -6 neigh add proxy 2001:db8::51 dev v0
ip -6 neigh show nud permanent
ip -6 -j neigh show nud permanent
ip -6 neigh show protocol all proxy
ip -6 neigh show protocol none
ip -6 neigh get proxy 2001:db8::52
ip -6 neigh get prox
ip -6 neigh get 2001:db8::52
ip neigh add default dev v0
ip neigh get any dev v0
ip -0 neigh add 2001:db8::1 dev v0
ip -0 neigh add 02:xx:03 dev v0
ip maddr add ff02::5 dev v0
ip -6 maddr show dev a/b
ip -6 netconf show dev if9
ip -M netconf show dev v0
ip -6 token list dev v1 dev v0
ip -6 token list dev v0 dev
ip -6 token set ::5 dev if9
ip -6 addrlabel add prefix 2001:db8::/32 label 5 dev if3
ip -6 addrlabel
ip -0 mroute show v0
ip -6 rule add pref 5 nat 1.2.3.4
ip -6 rule add pref 6 map-to all
ip -6 rule add pref 7 nat 2001:db8::1
ip -6 rule add pref 8 tun_id 9 sport 5 ipproto udp
ip -6 rule add pref 9 ipproto 0x10
ip -6 rule add dev '' uidrange 1-
ip -6 rule add pref 10 t 5
ip -6 rule
ip -6 -j rule
ip -6 rule add no pref 30
ip -6 rule del no
ip -6 rule list d ::1
ip -6 rule list dsf 4
ip -6 rule list s 5
ip -6 rule list src 2001:db8::1
ip -6 rule show sport 0
ip -6 rule show sport 65536
ip -6 -j rule flush pref 7777
ip -6 -j -p rule flush from 2001:db8:99::1
ip -6 mrule add from any lookup 5 pref 12
ip -B mrule
ip -6 mrule foo
ip -6 mrule show
`,
  'what is saved and restored': `
@ip link set lo up
@ip link set v0 up
@ip link set v1 up
@settle
@ip -6 addr add 2001:db8::1/64 dev v0
@ip -6 addr add 2001:db8::2/64 dev v0 preferred_lft 500 valid_lft 1000
@ip -6 addr add 2001:db8:9::1 peer 2001:db8:9::2/128 dev v0
@ip -6 route add 2001:db8:5::/48 via 2001:db8::9 metric 77 mtu 1400 src 2001:db8::1
@ip -6 route add 2001:db8:6::/48 nexthop via 2001:db8::9 dev v0 nexthop via 2001:db8::a dev v0 weight 2
@ip -6 route add blackhole 2001:db8:7::/48
@ip -6 route add default via 2001:db8::9 pref high
@ip -6 route add 2001:db8:8::/64 from 2001:db8::/32 dev v1 table 77
@ip -6 rule add from 2001:db8::1 table 5
@ip -6 rule add fwmark 5 unreachable pref 9
ip -6 addr save dev v0 > addrs
ip -6 route save table all > all
ip -6 route save > main
ip -6 rule save > rules
ip -6 route save foo > nothing
ip -6 route save dev nosuch > nothing
ip -6 addr showdump < addrs
ip -6 -j addr showdump < addrs
ip -6 route showdump < all
ip -6 -j -d route showdump < main
ip -6 rule showdump < rules
@ip -6 addr flush dev v0
@ip -6 route flush table main
@ip -6 route flush table 77
@ip -6 rule flush
ip -6 route
ip -6 addr restore < addrs
ip -6 route restore < all
ip -6 rule restore < rules
ip -6 addr show dev v0
ip -6 route show table all
ip -6 rule
ip -6 route restore < addrs
ip -6 addr restore < main
ip -6 rule restore < nothing
ip -6 route restore < nothing
`,
};
