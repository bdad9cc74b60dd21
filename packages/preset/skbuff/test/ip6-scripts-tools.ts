/** net-tools and sysctl. */

export const TOOLS: Readonly<Record<string, string>> = {
  'net-tools': `
ifconfig -a
@ip link set lo up
@ip link set v0 up
@ip link set v1 up
@settle
ifconfig
ifconfig lo
ifconfig v0
ifconfig v0 inet6 add 2001:db8::1/64
ifconfig v0 inet6 add 2001:db8::2
ifconfig v0 add 2001:db8::3/64
ifconfig v0 inet6 2001:db8::4/64
ifconfig v0 inet6 2001:db8::4
ifconfig v0 inet6 add foo:bar/64
ifconfig v0 inet6 netmask ::1
ifconfig v0 inet6 broadcast ::1
ifconfig v0 inet6 add :foo
route -A inet6 -C add default dev v0
route -A inet6 add foo:bar dev v0
ifconfig v0 inet6 add ::
ifconfig v0 inet6 add ff02::1
ifconfig v0 inet6 add 2001:db8::1/64
ifconfig v0 inet6 add
ifconfig v0 inet6 add fe80::99/64
ifconfig v0 inet6 add fec0::99/64
ifconfig v0 inet6 add ::1.2.3.4/96
ifconfig v0
ifconfig -a
ip -6 addr show v0
ifconfig v0 inet6 del 2001:db8::2
ifconfig v0 inet6 del 2001:db8::2
ifconfig v0 inet6 del 2001:db8::1/64
ifconfig v0 inet6 del 2001:db8::1
ifconfig v0 del 2001:db8::4/64
ifconfig v0 inet6 del foo
ifconfig v0 inet6 del 2001:db8::99
ifconfig nosuch inet6 add 2001:db8::1/64
ifconfig nosuch inet6 del 2001:db8::1/64
ifconfig v0:1 inet6 add 2001:db8::1/64
ifconfig v0 inet6 netmask 255.0.0.0
ifconfig v0 inet6 up
ifconfig v0 inet6 broadcast 10.0.0.1
ifconfig v0 inet6 pointopoint ::1
ifconfig v0 inet6 dstaddr ::1
ifconfig v0 inet6
ifconfig v0 inet6 tunnel ::1
ifconfig v0 tunnel ::10.0.0.1
ifconfig v0 inet 10.0.0.1 add 2001:db8:9::1/64
ifconfig v0
@ip -6 addr flush dev v0
@ip -6 addr add 2001:db8::1/64 dev v0
@ip -6 addr add fe80::1/64 dev v0
route -A inet6 -n
route -6 -n
route --inet6 -n
route -A inet6 -en
route -A inet6 -een
route -A inet6 -ne
route -A inet6 -C
route -A inet6 -nC
route -A inet6 -nF
route -A inet6 -nFC
route -A inet6 add 2001:db8:1::/48 gw 2001:db8::fe
route -A inet6 add 2001:db8:1::/48 gw 2001:db8::fe
route -A inet6 add 2001:db8:2::/48 dev v0
route -A inet6 add 2001:db8:2::/48 v0
route -A inet6 add 2001:db8:3::1 dev v0
route -A inet6 add 2001:db8:3::1/48 dev v0
route -A inet6 add default gw fe80::5 dev v0
route -A inet6 add default gw fe80::6
route -A inet6 add default gw 2001:db8::fe metric 5
route -A inet6 add default dev v1
route -A inet6 add ::/0 gw 2001:db8::fd
route -A inet6 add 2001:db8:4::/48 gw 2001:db8:99::1
route -A inet6 add 2001:db8:4::/48
route -A inet6 add 2001:db8:4::/48 dev nosuch
route -A inet6 add 2001:db8:4::/129 dev v0
route -A inet6 add 10.0.0.0/8 dev v0
route -A inet6 add 2001:db8:5::/48 dev v0 metric x
route -A inet6 add 2001:db8:5::/48 dev v0 metric
route -A inet6 add 2001:db8:5::/48 gw
route -A inet6 add 2001:db8:5::/48 gw foo
route -A inet6 add 2001:db8:5::/48 gw 2001:db8::1 gw 2001:db8::2
route -A inet6 add 2001:db8:5::/48 gw 2001:db8:77::/64 dev v0
route -A inet6 add 2001:db8:6::/48 dev v0 mod
route -A inet6 add 2001:db8:6::/48 dev v0 dyn
route -A inet6 add 2001:db8:6::/48 dev v0 device v1
route -A inet6 add 2001:db8:7::/48 foo
route -A inet6 add -net 2001:db8:8::/48 dev v0
route -A inet6 add -host 2001:db8:8::1 dev v0
route -A inet6 add 2001:db8:9::/48 dev v0 reject
route -A inet6 add 2001:db8:9::/48 reject
route -A inet6 add 2001:db8:9::/48 mtu 1300 dev v0
route -A inet6 add
route -A inet6 del
route -A inet6 flush
route -A inet6 foo
route -A inet6 -n
ip -6 route
ip -6 route show table all
route -A inet6 -een
route -A inet6 del 2001:db8:1::/48 gw 2001:db8::fe
route -A inet6 del 2001:db8:1::/48
route -A inet6 del 2001:db8:2::/48
route -A inet6 del default
route -A inet6 del default dev v1
route -A inet6 del default gw fe80::5 dev v0 metric 1
route -A inet6 -n
@ip -6 route add blackhole 2001:db8:aa::/48
@ip -6 route add unreachable 2001:db8:ab::/48 metric 99999999
@ip -6 route add 2001:db8:ac::/48 nexthop via fe80::7 dev v0 nexthop via fe80::8 dev v1 weight 5
route -A inet6 -n
route -A inet6 -nC
netstat -rn6
netstat -rnC6
netstat -rn46
netstat -gn6
netstat -gn4
ipmaddr show ipv6
ipmaddr show ipv6 dev v0
ifconfig v0 inet6 del 2001:db8::1/64
ifconfig v0 down
ifconfig v0 up
ip -6 addr show v0
`,
  'families of net-tools': `
@ip link set lo up
@ip link set v0 up
@ip link set v1 up
@settle
route -6 -h
route -4 -h
route -h -6
route -A inet6 --help
route -A inet6,inet -h
route -A unix -h
route -A foo -h
route -A foo -V
route -V -A foo
route -A inet6,inet
route -A inet,inet6 -n
route -6 -4 -n
route -A inet -A inet6 -n
route --inet --inet6 -C
route -A inet6,foo
route -A inet6,
route -A inet6,inet add foo
route -A inet6,inet flush
route -A inet6,inet foo
route -6 -N
route -6 add 2001:db8::/32 dev v0 -Z
netstat -A inet6,inet -rn
netstat -4 -6 -rn
netstat -A inet,foo -rn
netstat -6 -Z
ifconfig nosuch -promisc
ifconfig nosuch -allmulti -arp
`,
  sysctl: `
sysctl net.ipv6.conf.all.stable_secret
sysctl net.ipv6.conf.v0.stable_secret
sysctl -n net.ipv6.conf.all.stable_secret
sysctl -e net.ipv6.conf.all.stable_secret
sysctl -a -r stable_secret
sysctl net.ipv6.conf.v0.stable_secret=2001:db8::1
sysctl net.ipv6.conf.v0.stable_secret
sysctl net.ipv6.conf.v0.stable_secret=foo
sysctl -a -r ipv6.conf.v0
sysctl -a -r ipv6.conf.all
sysctl -a -r ipv6.conf.default
sysctl -a -r ipv6.conf.lo
sysctl -a -r ipv6.neigh
sysctl -a -r ipv6.route
sysctl -a -r ipv6.icmp
sysctl net.ipv6.conf.v0
sysctl net.ipv6.route.flush
sysctl -w net.ipv6.route.flush=1
sysctl net.ipv6.conf.v0.mtu
sysctl -w net.ipv6.conf.v0.mtu=1000
sysctl -w net.ipv6.conf.v0.mtu=1280
sysctl -w net.ipv6.conf.v0.addr_gen_mode=9
sysctl -w net.ipv6.conf.all.disable_ipv6=1
sysctl -w net.ipv6.conf.all.disable_ipv6=0
sysctl -w net.ipv6.conf.v0.hop_limit=0
sysctl -w net.ipv6.conf.v0.hop_limit=256
sysctl -w net.ipv6.bindv6only=2
sysctl -N net.ipv6.conf.all.stable_secret
sysctl -b net.ipv6.conf.all.stable_secret
sysctl net.ipv6.conf.all
sysctl net.ipv6.conf.all.stable_secret net.ipv6.conf.all.mtu
sysctl -N net.ipv6.conf.all
sysctl net.ipv6.conf.lo
sysctl net.ipv6.conf
nstat -as Ip6*
nstat -asz Ip6* Icmp6* Udp6* UdpLite6*
nstat -asj Icmp6*
nstat -aszjp Ip6In*
`,
};
