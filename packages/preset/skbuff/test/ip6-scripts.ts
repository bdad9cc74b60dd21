/** Addresses and routes: command lines for the test that asks Debian's commands about IPv6; each sees what those before it did. */

export const ADDRESSES_AND_ROUTES: Readonly<Record<string, string>> = {
  addresses: `
ip -6 addr
ip link set lo up
@ip link set v0 up
@ip link set v1 up
@settle
ip -6 addr
ip addr
ip -6 route
ip -6 route show table all
ip -6 -br addr
ip -6 -o addr
ip -6 -j addr
ip -6 -j -p addr show v0
ip -6 addr add 2001:db8::1/64 dev v0
ip -6 addr add 2001:db8::1/64 dev v0
ip -6 addr add 2001:db8::2/64 dev v0 nodad
ip -6 addr add 2001:db8::3/64 dev v0 home
ip -6 addr add 2001:db8::4/64 dev v0 mngtmpaddr
ip -6 addr add 2001:db8::5/64 dev v0 noprefixroute
ip -6 addr add 2001:db8::6/64 dev v0 optimistic
ip -6 addr add 2001:db8::7/64 dev v0 autojoin
ip -6 addr add ff05::7/64 dev v0 autojoin
ip -6 addr add ff05::8/64 dev v0
ip -6 addr add 2001:db8::8/64 dev v0 temporary
ip -6 addr add 2001:db8::9/64 dev v0 deprecated tentative permanent dadfailed stable-privacy secondary
ip -6 addr add 2001:db8:1::1 peer 2001:db8:2::1/64 dev v0
ip -6 addr add 2001:db8:1::2/128 dev v0
ip -6 addr add 2001:db8:1::3 dev v0
ip -6 addr add 2001:db8:1::4/129 dev v0
ip -6 addr add 2001:db8:3::1/64 dev v0 valid_lft 1000 preferred_lft 500
ip -6 addr add 2001:db8:3::2/64 dev v0 valid_lft 1000 preferred_lft 0
ip -6 addr add 2001:db8:3::3/64 dev v0 valid_lft 0 preferred_lft 0
ip -6 addr add 2001:db8:3::4/64 dev v0 valid_lft 100 preferred_lft 500
ip -6 addr add 2001:db8:3::5/64 dev v0 valid_lft forever preferred_lft 500
ip -6 addr add 2001:db8:3::6/64 dev v0 preferred_lft 500
ip -6 addr add 2001:db8:4::1/64 dev v0 metric 77
ip -6 addr add 2001:db8:4::2/64 dev v0 scope link
ip -6 addr add fec0::1/64 dev v0
ip -6 addr add fe80::77/64 dev v0
ip -6 addr add ::1/128 dev v0
ip -6 addr add :: dev v0
ip -6 addr add ::ffff:1.2.3.4/128 dev v0
ip -6 addr add ::1.2.3.4/128 dev v0
ip -6 addr add 2001:db8::1/64 dev lo
ip -6 addr add 2001:db8:9::1/64 dev lo
ip -6 addr add 2001:db8::1/64 dev nosuch
ip -6 addr add 2001:db8::x/64 dev v0
ip -6 addr add 10.0.0.1/24 dev v0
ip addr add 2001:db8:5::1/64 dev v1 label foo
ip addr add 2001:db8:5::2/64 brd + dev v1
ip addr add 2001:db8:5::3/64 brd 2001:db8::ff dev v1
ip addr add 2001:db8:5::4/64 anycast 2001:db8:5::ff dev v1
ip addr add 2001:db8:5::5/64 dev v1 proto 5
ip -6 addr
ip addr
ip -6 -o addr
ip -6 -br addr
ip -N -6 addr show dev v0
ip -6 route
ip -6 route show table all
ip -6 addr show scope link
ip -6 addr show scope global
ip -6 addr show scope host
ip -6 addr show scope site
ip -6 addr show to 2001:db8::/64
ip -6 addr show to 2001:db8::/32 dev v0
ip addr show to 2001:db8::/32 dev v0
ip -6 addr show tentative
ip -6 addr show -tentative
ip -6 addr show deprecated
ip -6 addr show dynamic
ip -6 addr show permanent
ip -6 addr show mngtmpaddr
ip -6 addr show home
ip -6 addr show nodad
ip -6 addr show temporary
ip -6 addr show secondary
ip -6 addr show primary
ip -6 addr show noprefixroute
ip -6 addr show optimistic
ip -6 addr show dadfailed
ip -6 addr show stable-privacy
ip -6 addr show up
ip -6 addr show type veth
ip -6 addr show label v0
ip -6 addr show master v0
ip -4 addr show
ip -6 addr change 2001:db8::1/64 dev v0 valid_lft 500 preferred_lft 400
ip -6 addr change 2001:db8::5/64 dev v0
ip -6 addr change 2001:db8::2/64 dev v0 noprefixroute
ip -6 addr change 2001:db8:4::1/64 dev v0 metric 88
ip -6 addr replace 2001:db8:4::9/64 dev v0
ip -6 addr replace 2001:db8:4::9/64 dev v0 home
ip -6 addr change 2001:db8:77::9/64 dev v0
ip -6 addr change 2001:db8:1::1 peer 2001:db8:2::2/64 dev v0
ip -6 addr show dev v0
ip -6 route
ip -6 -echo addr add 2001:db8:6::1/64 dev v0
ip -6 -echo addr del 2001:db8:6::1/64 dev v0
ip -6 addr del 2001:db8::2 dev v0
ip -6 addr del 2001:db8::3/64 dev v0
ip -6 addr del 2001:db8::4/65 dev v0
ip -6 addr del 2001:db8::99/64 dev v0
ip -6 addr del 2001:db8:1::1 peer 2001:db8:2::2/64 dev v0
ip -6 addr del 2001:db8:1::1 dev v0
ip -6 addr show dev v0
ip -6 addr flush dev v0 scope link
ip -6 addr flush dev v0 to 2001:db8:3::/64
ip -6 addr show dev v0
ip -6 addr flush
ip -6 addr flush dev nosuch
ip -6 addr
ip -6 route show table all
ip addr
ip -6 addr help
ip -6 maddr
ip maddr
ip -o maddr
ip -6 maddr show dev v0
ip -6 maddr add 33:33:00:00:00:05 dev v0
ip -6 maddr
`,
  routes: `
@ip link set lo up
@ip link set v0 up
@ip link set v1 up
@settle
@ip -6 addr add 2001:db8::1/64 dev v0
@ip -6 addr add 2001:db8:1::1/64 dev v1
ip -6 route
ip -6 -d route
ip -6 route add 2001:db8:10::/48 via 2001:db8::fe
ip -6 route add 2001:db8:10::/48 via 2001:db8::fe
ip -6 route add 2001:db8:10::/48 via 2001:db8::fd metric 20
ip -6 route add 2001:db8:11::/48 via fe80::1 dev v0
ip -6 route add 2001:db8:11::/48 via fe80::1
ip -6 route add 2001:db8:12::/48 dev v0
ip -6 route add 2001:db8:12::1/48 dev v0
ip -6 route add 2001:db8:13::/48 via 2001:db8:99::1
ip -6 route add 2001:db8:13::/48 via 2001:db8:99::1 dev v0 onlink
ip -6 route add 2001:db8:13::/48 via 2001:db8:99::1 dev v0
ip -6 route add 2001:db8:14::/48 dev nosuch
ip -6 route add 2001:db8:14::/48 via 2001:db8::1
ip -6 route add 2001:db8:14::/48 via fe80::ff:fe00:1 dev v0
ip -6 route add blackhole 2001:db8:15::/48
ip -6 route add unreachable 2001:db8:16::/48
ip -6 route add prohibit 2001:db8:17::/48
ip -6 route add throw 2001:db8:18::/48
ip -6 route add unreachable default metric 99999
ip -6 route add blackhole 2001:db8:15:1::/64 dev v0
ip -6 route add local 2001:db8:19::1 dev lo
ip -6 route add local 2001:db8:19:1::/64 dev v0
ip -6 route add anycast 2001:db8:19::2 dev v0
ip -6 route add broadcast 2001:db8:19::3 dev v0
ip -6 route add multicast ff05::/64 dev v0
ip -6 route add multicast ff05::/64 dev v0 table local
ip -6 route add nat 2001:db8:19::4 dev v0
ip -6 route add xresolve 2001:db8:19::4 dev v0
ip -6 route add 2001:db8:20::/48 via 2001:db8::fe mtu 1300 advmss 1200 hoplimit 9
ip -6 route add 2001:db8:21::/48 via 2001:db8::fe mtu lock 1300 table 100
ip -6 route add 2001:db8:22::/48 via 2001:db8::fe table 1000 proto static
ip -6 route add 2001:db8:23::/48 via 2001:db8::fe pref high
ip -6 route add 2001:db8:23:1::/64 via 2001:db8::fe pref low
ip -6 route add 2001:db8:23:2::/64 via 2001:db8::fe pref medium
ip -6 route add 2001:db8:23:3::/64 via 2001:db8::fe pref 7
ip -6 route add 2001:db8:23:4::/64 via 2001:db8::fe pref foo
ip -6 route add 2001:db8:24::/48 via 2001:db8::fe expires 1000
ip -6 route add 2001:db8:24:2::/64 via 2001:db8::fe expires x
ip -6 route add 2001:db8:25::/48 from 2001:db8::/64 via 2001:db8::fe
ip -6 route add 2001:db8:25::/48 from 2001:db8::/65 via 2001:db8::fe
ip -6 route add default from 2001:db8::1 via 2001:db8::fe
ip -6 route add 2001:db8:26::/48 src 2001:db8::1 via 2001:db8::fe
ip -6 route add 2001:db8:26:1::/64 src 2001:db8:88::1 via 2001:db8::fe
ip -6 route add 2001:db8:27::/48 nexthop via 2001:db8::fe weight 2 nexthop via 2001:db8:1::fe
ip -6 route add 2001:db8:27:1::/64 nexthop via fe80::1 dev v0 nexthop via fe80::2 dev v1 weight 5
ip -6 route add 2001:db8:27:2::/64 nexthop dev v0 nexthop dev v1
ip -6 route add 2001:db8:27:3::/64 nexthop via fe80::1 nexthop via fe80::2 dev v1 weight 5
ip -6 route add 2001:db8:27:4::/64 nexthop via 2001:db8::fe dev v0 onlink nexthop via 2001:db8:1::fe
ip -6 route append 2001:db8:10::/48 via 2001:db8::fc
ip -6 route append 2001:db8:10::/48 via 2001:db8::fb
ip -6 route prepend 2001:db8:10::/48 via 2001:db8::fa
ip -6 route replace 2001:db8:12::/48 via 2001:db8::fe
ip -6 route change 2001:db8:12::/48 via 2001:db8::fd mtu 1290
ip -6 route change 2001:db8:77::/48 via 2001:db8::fd
ip -6 route test 2001:db8:12::/48 via 2001:db8::fd
ip -6 route add 2001:db8:28::/48 tos 0x10 via 2001:db8::fe
ip -6 route add 2001:db8:28:1::/64 scope link dev v0
ip -6 route add 2001:db8:28:2::/64 scope host dev v0
ip -6 route add 2001:db8:28:3::/64 realm 5 dev v0
ip -6 route add 2001:db8:28:4::/64 via inet 10.0.0.1 dev v0
ip -6 route add 2001:db8:28:6::/64 dev v0 rtt 100ms rttvar 5s ssthresh 10 window 100 initcwnd 5 quickack 1 features ecn
ip -6 route add 2001:db8:28:7::/64 dev v0 ttl-propagate enabled
ip -6 route add 2001:db8:28:8::/64 dev v0 nhid 5
ip -6 route add 2001:db8:28:9::/64 dev v0 metric 0
ip -6 route add 2001:db8:28:a::/64 dev v0 mtu 1000
ip -6 route add 2001:db8:28:c::/64 dev v0 proto ra
ip -6 route add 2001:db8:28:d::/64 dev v0 proto redirect
ip -6 route add 2001:db8:28:e::/64 dev v0 proto kernel
ip -6 route add ff00::/8 dev v0 table local metric 5
ip -6 route add ::/0 via fe80::99 dev v0
ip -6 route add default via fe80::98 dev v1 metric 10
ip -6 route add default dev v1 metric 11
ip -6 route add ::1 dev v0
ip -6 route add 10.0.0.0/8 dev v0
ip route add 2001:db8:29::/64 dev v0
ip route add 2001:db8:29::/64 dev v0 via fe80::5
ip -6 route add 2001:db8:30::/129 dev v0
ip -6 route
ip -6 -d route
ip -6 -o route
ip -6 -N route
ip -6 -s route
ip route
ip -6 route show table all
ip route show table all
ip -6 -d route show table all
ip -6 route show table local
ip -6 route show table 100
ip -6 route show table 1000
ip -6 route show cache
ip -6 route show cached
ip -6 route show 2001:db8:10::/48
ip -6 route show exact 2001:db8:10::/48
ip -6 route show root 2001:db8:10::/44
ip -6 route show match 2001:db8:23:1::5
ip -6 route show from 2001:db8::/64
ip -6 route show dev v0
ip -6 route show dev v1 table all
ip -6 route show via 2001:db8::fe
ip -6 route show via fe80::1
ip -6 route show src 2001:db8::1
ip -6 route show type blackhole
ip -6 route show type local table all
ip -6 route show type anycast table all
ip -6 route show type multicast table all
ip -6 route show proto kernel
ip -6 route show proto ra
ip -6 route show metric 20
ip -6 route show scope link
ip -6 route show default
ip -6 route show realms 5
ip -6 route show tos 0
ip -6 route get 2001:db8::9
ip -6 route get 2001:db8::1
ip -6 route get 2001:db8::
ip -6 route get ::1
ip -6 route get ::
ip -6 route get 2001:db8:10::1
ip -6 route get 2001:db8:11::1
ip -6 route get 2001:db8:15::1
ip -6 route get 2001:db8:15:1::1
ip -6 route get 2001:db8:16::1
ip -6 route get 2001:db8:17::1
ip -6 route get 2001:db8:18::1
ip -6 route get 2001:db8:19::1
ip -6 route get 2001:db8:19:1::1
ip -6 route get 2001:db8:19::2
ip -6 route get 2001:db8:20::1
ip -6 route get 2001:db8:24::1
ip -6 route get 2001:db8:26::1
ip -6 route get ff02::1
ip -6 route get ff02::1 oif v1
ip -6 route get ff05::1
ip -6 route get fe80::5
ip -6 route get fe80::5 oif v1
ip -6 route get fe80::5 dev v1
ip -6 route get fe80::ff:fe00:1
ip -6 route get 3fff::1
ip -6 route get 3fff::1 oif lo
ip -6 route get 3fff::1 oif nosuch
ip -6 route get 2001:db8:10::1 oif v1
ip -6 route get 2001:db8:10::1 from 2001:db8::1
ip -6 route get 2001:db8:10::1 from 2001:db8:99::1
ip -6 route get 2001:db8:10::1 from ff02::1
ip -6 route get 2001:db8:25::1 from 2001:db8::1
ip -6 route get 2001:db8:10::1 from 2001:db8::77 iif v0
ip -6 route get 2001:db8::1 from 2001:db8::77 iif v0
ip -6 route get 2001:db8:10::1 iif v0
ip -6 route get 2001:db8:10::1 from 2001:db8::77 iif nosuch
ip -6 route get 2001:db8:10::1 mark 5
ip -6 route get 2001:db8:10::1 uid 5
ip -6 route get 2001:db8:10::1 ipproto udp sport 5 dport 6
ip -6 route get 2001:db8:10::1 ipproto icmp
ip -6 route get 2001:db8:10::1 ipproto ipv6-icmp
ip -6 route get 2001:db8:10::1 ipproto 99
ip -6 route get 2001:db8:10::1 tos 0x10
ip -6 route get 2001:db8:10::1 notify
ip -6 route get 2001:db8:10::1 connected
ip -6 route get fibmatch 2001:db8:10::1
ip -6 route get fibmatch 3fff::1
ip -6 route get fibmatch 2001:db8::1
ip -6 route get fibmatch 2001:db8:17::1
ip -6 route get 2001:db8:10::/48
ip -6 route get 10.0.0.1
ip -6 route get
ip -6 route get 2001:db8:10::1 flowlabel 5
ip -6 -j route get 2001:db8:10::1
ip -6 -d route get 2001:db8:10::1
ip -6 -o route get 2001:db8:10::1
ip route get 2001:db8:10::1
ip route get 2001:db8:10::1 from 2001:db8::1
ip -6 -echo route add 2001:db8:31::/64 dev v0
ip -6 -echo route del 2001:db8:31::/64 dev v0
ip -6 route del 2001:db8:10::/48 metric 20
ip -6 route del 2001:db8:10::/48
ip -6 route del 2001:db8:10::/48 via 2001:db8::fa
ip -6 route del 2001:db8:10::/48 via 2001:db8::77
ip -6 route del 2001:db8:10::/47
ip -6 route del blackhole 2001:db8:15::/48
ip -6 route del 2001:db8:16::/48
ip -6 route del unreachable default
ip -6 route del 2001:db8:27::/48 nexthop via 2001:db8::fe
ip -6 route del 2001:db8:27:1::/64 nexthop via fe80::1 dev v0
ip -6 route del 2001:db8:27:4::/64
ip -6 route del default
ip -6 route del default dev v1 metric 11
ip -6 route del 2001:db8:21::/48 table 100
ip -6 route del 2001:db8:21::/48 table 100
ip -6 route del 2001:db8:25::/48 from 2001:db8::/64
ip -6 route del local ::1
ip -6 route
ip -6 route flush cache
ip -6 -s route flush cache
ip -6 route flush table cache
ip -6 -s route flush table 1000
ip -6 -s route flush proto ra
ip -6 route flush
ip -6 -s route flush dev v1
ip -6 route show table all
ip -6 route flush table all
ip -6 route show table all
ip -6 route help
ip link set v0 down
ip -6 route show table all
ip link set v0 up
@settle
ip -6 route show table all
`,
  mrule: `
@ip link set v0 up
ip -6 mrule
ip -6 mrule show
ip -6 mrule list table 100
ip -6 mrule add pref 100 iif v0 table 100
ip -6 mrule add fwmark 5 table 102
ip -6 mrule add prohibit iif v1
ip -6 mrule add goto 32767 pref 10
ip -6 mrule add oif v1 pref 12 table 5
ip -6 mrule add tos 0x10 table 5
ip -6 mrule add ipproto udp table 5 pref 9
ip -6 mrule add from 2001:db8::/64 table 101
ip -6 mrule add uidrange 5-6 table 5 pref 7
ip -6 mrule add suppress_prefixlength 5 table 5 pref 6
ip -6 mrule add pref 6 table 5
ip -6 mrule add not iif v0 blackhole pref 4
ip -6 mrule add nop pref 3
ip -6 mrule add unreachable pref 2
ip -6 mrule add pref 100 iif v0 table 100
ip -6 mrule show
ip -d -6 mrule show
ip -6 -j mrule show
ip -6 rule show
ip -6 mrule del pref 100
ip -6 mrule del pref 100
ip -6 mrule del fwmark 5
ip -6 mrule show
ip -6 mrule flush
ip -6 mrule show
ip -6 mrule add table main pref 32767
ip -6 mrule show
ip -6 mrule del pref 32767
`,
};
