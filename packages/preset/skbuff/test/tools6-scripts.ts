/**
 * What the tests of ping, tracepath, traceroute, ndisc6 and rdisc6 over IPv6 run, on host a of the lab. Groups are parted by empty lines;
 * the lines of one group follow each other on the same lab. `@r …` is done on r and not compared.
 */

export const PING6 = `
ping -c 2 -i 0.3 2001:db8:3::2
ping -6 -c 1 bob
ping -n -c 1 bob
ping6 -c 1 both
ping -c 1 both
ping -c 1 bob.lab
ping -c 1 localhost
ping -4 -c 1 localhost
ping -6 -c 1 localhost
ping4 -c 1 both
ping -c 1 ::
ping -c 1 ::1
ping -c 1 2001:db8:1::2
ping -c 1 2001:db8:1::1

ping -v -c 1 bob
ping -v -6 -c 1 both
ping -v -4 -c 1 both
ping -v -n -e 77 -c 1 bob
ping -e 77 -c 1 bob
ping -D -c 1 bob
ping -a -c 1 bob
ping -U -c 1 bob
ping -B -c 1 bob
ping -d -c 1 bob
ping -C -c 1 bob
ping -r -c 1 2001:db8:1::1
ping -6 -v -c 1 -e 0 bob

ping -c 1 fe80::ff:fe00:101%eth0
ping -c 1 fe80::ff:fe00:101
ping -c 1 -I eth0 fe80::ff:fe00:101
ping -B -c 1 fe80::ff:fe00:101%eth0
ping -c 1 -I fe80::ff:fe00:102%eth0 fe80::ff:fe00:101
ping -c 1 -I fe80::ff:fe00:102 fe80::ff:fe00:101%eth0
ping -c 1 fe80::1%nodev
ping -c 1 1::2::3

ping -n -c 2 -i 0.2 ff02::1%eth0
ping -n -v -c 2 -i 0.2 ff02::1%eth0
ping -n -c 1 -I eth0 ff02::1
ping -n -L -c 1 -W 0.4 ff02::1%eth0
ping -c 1 -W 0.3 ff0e::9
ping -n -c 1 -I eth0 -W 0.3 ff05::2
ping -6 -c 1 -M dont ff02::1%eth0

ping -c 1 -I eth0 bob
ping -c 1 -I 2001:db8:1::2 bob
ping -n -c 1 -I eth0 -I 2001:db8:1::2 bob
ping -6 -c 1 -I 10.0.1.2 -n bob
ping -c 1 -I 9::9 bob
ping -c 1 -I nodev bob
ping -c 1 -I lo -W 0.3 bob
ping -c 1 -I x:y bob

ping -q -c 3 -i 0.2 bob
ping -c 1 -s 0 -n bob
ping -c 1 -s 15 -n bob
ping -c 1 -s 1000 -n bob
ping -c 1 -s 3000 2001:db8:1::1
ping -c 1 -s 65527 2001:db8:1::1
ping -c 1 -s 65528 2001:db8:1::1
ping -c 1 -s 70000 2001:db8:1::1

ping -p ff
ping -p xx -c 0
ping -p xx nosuch
ping -p ff -c 1 -I nodev bob
ping -p abc -q -c 1 bob
ping -R -c 1 four
ping -T tsandaddr -n -c 1 four
ping -4 -c 1 ::ffff:10.0.1.1

ping -c 1 -p ff bob
ping -c 1 -p 0a1b2c -n bob
ping -c 1 -Q 8 bob
ping -6 -c 1 -Q 300 bob
ping -6 -c 1 -Q -5 bob
ping -c 1 -m 5 bob
ping -c 1 -S 4000 bob
ping -c 1 -R bob
ping -c 1 -b bob
ping -c 1 -T tsonly bob
ping -6 -c 1 -T foo bob
ping -c 1 bob 2001:db8:3::2

ping -c 1 -t 1 bob
ping -c 1 -t 2 bob
ping -c 1 -t 3 bob
ping -c 1 -n -v -t 1 bob
ping -c 1 -t 0 bob
ping6 -c 1 -t 256 bob
ping -q -c 1 -t 1 bob
ping -f -c 2 -t 1 bob
ping -D -c 1 -t 1 bob

ping -c 1 -F 5 bob
ping -c 1 -F 5 2001:db8:1::1
ping -c 1 -F 0x12345 bob
ping -c 1 -F 0 bob
ping -F 1048576 bob
ping -F -1 bob
ping -F x bob

ping -c 1 2001:db8:4::1
ping -c 1 -v 2001:db8:5::1
ping -c 1 2001:db8:99::1
ping -c 2 -W 0.5 -i 0.2 2001:db8:6::1
ping -c 3 -i 0.2 -O -W 0.3 2001:db8:6::1
ping -w 1 2001:db8:6::1
ping -w 1 -c 5 -i 0.3 bob
ping -c 1 2001:db8:10::1
ping -c 1 ::ffff:10.0.9.2
ping -c 1 ::10.0.9.2

ping -c 1 2001:db8:1::77

ping -c 3 -i 0.3 2001:db8:1::77

ping -c 1 2001:db8:7::1

ping -n -q -c 1 2001:db8:8::1

ping -c 2 -i 0.3 -s 1400 -M do bob

ping -c 2 -i 0.3 -s 1400 -M want bob

ping -c 3 -i 0.3 -s 1400 bob

ping -c 2 -i 0.3 -s 1400 -M dont bob

ping -c 1 -s 1453 -M do 2001:db8:1::1
ping -q -c 1 -s 1453 -M do 2001:db8:1::1
ping -f -c 1 -s 1453 -M do 2001:db8:1::1
ping -c 1 -s 1452 -M do 2001:db8:1::1

ping -f -c 3 bob
ping -f -q -c 50 bob
ping -l 3 -c 3 -q bob
ping -l 3 -c 3 2001:db8:1::1
ping -A -c 5 -q bob

ping6 -c 1 four
ping6 -c 1 nohost
ping -4 -c 1 bob
ping -4 -c 1 ip6-localhost
ping6 -c 1 10.0.0.1
ping -4 -c 1 ::1
ping -6 -v -c 1 0
ping -6 -4 -c 1 bob
ping6 -4 -c 1 bob
ping6 -V
ping6 -Z
ping6
ping -c 1 four

ping -N help
ping -N foo bob
ping -N name -N ipv6 bob
ping -N subject-ipv6=x bob
ping -N subject-ipv6=fe80::1 -N subject-name=foo bob
ping -N subject-name=foo.. bob
ping -c 1 -N subject-name=foo bob
ping -c 1 -W 0.2 -N name bob
ping -c 1 -W 0.2 -N ipv6-all -N subject-ipv4=four bob
ping -c 1 -N name 10.0.1.1
ping -c 1 -W 0.2 -N name 2001:db8:4::1

@a sysctl -q -w net.ipv4.ping_group_range=0\t0
ping -6 -v -n -c 1 bob
ping -n -c 1 -e 5 -v bob
ping -6 -n -c 1 -t 1 bob
ping -n -c 1 2001:db8:4::1
ping -n -c 1 -s 1500 -M do bob
ping -n -c 1 -F 0 bob
ping -n -c 2 -i 0.2 ff02::1%eth0
ping -n -c 1 -I eth0 fe80::ff:fe00:101
ping -n -c 1 -W 0.3 fe80::ff:fe00:101
`;

export const TRACEPATH6 = `
tracepath bob

tracepath -6 -n bob

tracepath both
tracepath -b bob
tracepath -l 1300 bob
tracepath -l 47 bob
tracepath -6 -l 48 bob
tracepath -l 49 bob
tracepath -n bob/7
tracepath -p 1 -m 2 2001:db8:1::1/7
tracepath 2001:db8:1::1/
tracepath 2001:db8:1::1/x
tracepath 2001:db8:1::1/70000
tracepath -l 0 -m 2 four
tracepath -l -1 bob
tracepath -l 99999999999 bob
tracepath -n -b -m 3 bob
tracepath -4 -m 2 ::ffff:10.0.1.1
tracepath -p 7 -n bob

tracepath fe80::ff:fe00:101%eth0
tracepath -n ::1
tracepath ip6-localhost
tracepath -4 -n localhost

tracepath -m 2 bob

tracepath -m 5 2001:db8:10::1

tracepath 2001:db8:4::1

tracepath 2001:db8:5::1

tracepath 2001:db8:1::77

tracepath -m 1 2001:db8:6::1

tracepath -6 four
tracepath -4 bob
tracepath -6 nohost
tracepath -6 10.0.0.1
tracepath -4 ::1
tracepath -4 -6 bob
`;

export const TRACEROUTE6 = `
traceroute -n -q 1 -w 0.3 ::ffff:10.0.1.1
traceroute -6 ::ffff:10.0.1.1
traceroute -4 -n -q 1 -w 0.3 ::ffff:10.0.1.1
traceroute -s 2001:db8:1::2 ::ffff:10.0.1.1
traceroute -O help
traceroute -T -O help
traceroute -M nosuch
traceroute -q 11 -M nosuch bob
traceroute -P x bob
traceroute -P x bob -Z
traceroute -M raw -O prot=58 -n -m 2 -q 1 -w 0.3 bob
traceroute -M raw -O x bob
traceroute -M raw -O protocol bob
traceroute -P ipv6-icmp -n -m 2 -q 1 -w 0.3 bob
traceroute -I -O raw,dgram bob
traceroute -I -O raw=1 bob
traceroute -M -t 255 -m 3 1::2::3 1500
traceroute --sport=70000 -w 0.2 -m 1 -q 1 -n bob
traceroute -l 1048577 -w 0.2 -m 1 -q 1 -n bob

traceroute -6 bob
traceroute -6 -n 2001:db8:3::2
traceroute bob
traceroute both
traceroute -6 both
traceroute localhost
traceroute -6 localhost
traceroute ip6-localhost
traceroute -4 ip6-localhost

traceroute -6 -I -n bob
traceroute -I bob
traceroute -6 -U -n bob
traceroute -6 -T -n -m 2 bob
traceroute -n -p 53 -U bob
traceroute -6 -P 253 -n bob
traceroute -6 -D -n bob
traceroute -n -I -O raw bob
traceroute -n -I -O dgram bob

traceroute --mtu -n bob

traceroute --mtu bob 1300

traceroute -n -F bob 1450

traceroute -n bob 1450

traceroute -n 2001:db8:4::1
traceroute -n 2001:db8:5::1
traceroute -n -m 3 -w 1 2001:db8:6::1

traceroute -n 2001:db8:1::77

traceroute -n -m 6 2001:db8:10::1

traceroute -n fe80::ff:fe00:101%eth0
traceroute -n -i eth0 fe80::ff:fe00:101
traceroute -n fe80::ff:fe00:101

traceroute -n -s 2001:db8:1::2 bob
traceroute -6 -n -s 10.0.0.1 bob
traceroute -n -s 9::9 bob
traceroute -n -l 5 bob
traceroute -n -t 32 bob
traceroute -n -l 0x12345 -t 3 bob
traceroute -n -r bob
traceroute -n -i eth0 bob
traceroute -n -i lo bob
traceroute -n -i nodev bob
traceroute -n -e bob
traceroute -n --back bob
traceroute -n -g esse bob
traceroute -6 -n -g esse,2001:db8:1::1 both
traceroute -n -g esse -I both
traceroute -n -s 10.0.1.2 bob
traceroute -4 -6 -n both
traceroute --sport=99 -n bob
traceroute -6 -n bob 20
traceroute -6 -n bob 5
traceroute -n -A bob

traceroute -4 bob
traceroute -6 four
traceroute -6 nohost
traceroute -6 10.0.0.1
traceroute -4 ::1
traceroute 1::2::3
`;

/** Who on the way answers what `answer` says: icmp6-responder.ts. */
export const NODEINFO = `
&b answer 139 64 8 8c0000000002000000000000000000000000003c03666f6f036c616200
ping -n -c 1 -W 0.3 -N name bob
ping -v -c 2 -i 0.2 -W 0.3 -N name bob
ping -q -c 1 -N name bob
ping -f -c 1 -N name bob

&b answer 139 64 8 8c0000000002000000000000000000000000003c03666f6f0000
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c0000000002000000000000000000000000003c03666f6f036c616200036261720000
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c010000000200000000000000000000
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c020000000200000000000000000000
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c070000000200000000000000000000
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c0000000002000000000000000000000000003c03666f6f036c
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c0000000002000000000000000000000000
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c0000000002000000000000000000000000003c
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c0000000009000000000000000000000000003c
ping -n -c 1 -W 0.3 -N name bob

&b answer 139 64 8 8c0000000003000000000000000000000000003cfe8000000000000000000000000000010000003c20010db8000000000000000000000001
ping -n -c 1 -W 0.3 -N ipv6 bob

&b answer 139 64 8 8c0000000003000100000000000000000000003cfe800000000000000000000000000001
ping -n -c 1 -W 0.3 -N ipv6 bob

&b answer 139 64 8 8c0000000003000000000000000000000000003cfe80000000000000
ping -n -c 1 -W 0.3 -N ipv6 bob

&b answer 139 64 8 8c000000000300000000000000000000
ping -n -c 1 -W 0.3 -N ipv6 bob

&b answer 139 64 8 8c0000000004000000000000000000000000003c0a0000010000003c0a000002
ping -n -c 1 -W 0.3 -N ipv4 bob

&b answer 139 64 8 8c0000000004000100000000000000000000003c0a000001
ping -n -c 1 -W 0.3 -N ipv4 bob
`;

export const NDISC6 = `
ndisc6 2001:db8:1::1 eth0
ndisc6 fe80::ff:fe00:101 eth0
ndisc6 fe80::ff:fe00:101%eth0 eth0
ndisc6 -q 2001:db8:1::1 eth0
ndisc6 -1 -m -q 2001:db8:1::1 eth0
ndisc6 -m -w 300 -r 2 2001:db8:1::1 eth0
ndisc6 -q -n 2001:db8:1::1 eth0
ndisc6 -qv 2001:db8:1::1 eth0
ndisc6 -s fe80::ff:fe00:102 2001:db8:1::1 eth0
ndisc6 -s fe80::ff:fe00:102%eth0 -q 2001:db8:1::1 eth0
ndisc6 -s 2001:db8:1::2 2001:db8:1::1 eth0
ndisc6 -s 9::9 2001:db8:1::1 eth0

ndisc6 2001:db8:1::77 eth0
ndisc6 -r 1 -w 200 2001:db8:1::77 eth0
ndisc6 -q -r 1 -w 200 2001:db8:1::77 eth0
ndisc6 -r 0 2001:db8:1::1 eth0
ndisc6 -d -w 100 -r 1 2001:db8:1::1 eth0
ndisc6 ff02::1 eth0
ndisc6 ::1 lo
ndisc6 localhost lo
ndisc6 esse eth0 -r 1 -w 100
ndisc6 -r 1 -w 100 2001:db8:1::2 eth0
ndisc6 -r 1 -w 100 fe80::ff:fe00:102 eth0
ndisc6 -r 1 -w 100 :: eth0

ndisc6
ndisc6 a
ndisc6 a b c
ndisc6 -h
ndisc6 -V
ndisc6 --help x
ndisc6 x eth0
ndisc6 10.0.0.1 eth0
ndisc6 1::2::3 eth0
ndisc6 -n esse eth0
ndisc6 2001:db8:1::1 nodev
ndisc6 2001:db8:1::1 averyveryverylongname
`;

export const RDISC6 = `
rdisc6 -1 -r 1 -w 200 lo
rdisc6 -q -d -w 100 eth0
rdisc6 -1 -r 2 -w 200 eth0
rdisc6 -1 -r 1 -w 200 2001:db8:1::77 eth0
rdisc6
rdisc6 nodev
rdisc6 -h
rdisc6 -V
rdisc6 -Z eth0
rdisc6 -Zh
rdisc6 a b c
rdisc6 x nodev
rdisc6 ::1 nodev
rdisc6 -r x eth0
rdisc6 -r -1 eth0
rdisc6 -r 99999999999 eth0
rdisc6 -w x eth0
rdisc6 -s
rdisc6 -s x eth0
rdisc6 -s x y nodev
rdisc6 -s 9::9 nodev
rdisc6 -n esse eth0
rdisc6 --retry=1 --wait 100 --quiet lo
rdisc6 --foo eth0
rdisc6 --retry
rdisc6 --help=3
rdisc6 --s eth0

&r advertise
rdisc6 -1 eth0
rdisc6 -1 -q eth0
rdisc6 -1 fe80::ff:fe00:101 eth0

&r answer 133 255 0 860000003cc8038400001388000002bc030440c000001c2000000e100000000020010db800010000000000000000000003043000ffffffffffffffff0000000020010db8007700000000000000000000180230180000025820010db800aa000018034008ffffffff20010db800ab00010000000000000000180100000000005a190500000000012c20010db800000000000000000000005320010db80000000000000000000000541f05000000000190076578616d706c65036f72670003737562076578616d706c6503636f6d00000005010000000005aa0101020000000101
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0
rdisc6 -n -1 eth0
rdisc6 -m -w 300 -r 2 eth0
rdisc6 eth0
rdisc6 -1 fe80::ff:fe00:101 eth0
rdisc6 -1 -s fe80::ff:fe00:102 eth0
rdisc6 -qv -1 eth0
rdisc6 -vq -1 eth0
rdisc6 --sing eth0 --quiet

&r answer 133 255 0 86000000000000000000000000000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 8600000040fc07080000000000000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000401000010000000100000001
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 8600000040180000ffffffffffffffff
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400800000000000000000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000010102000000010105010000000005dc05010000000004ff0501000000010000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000c8010000000000000801000000000bb8
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000190300000000000120010000000000000000000000000053
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 860000004000000000000000000000001f030000ffffffff03666f6f03626172000362617a000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 860000004000000000000000000000001f02000000000001097a7a7a7a7a7a7a
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 8600000040000000000000000000000003040040
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 860000004000000000000000000000000100020000000101
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000180100100000000a
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000180220080000000a20010db800000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000180140000000000a180241000000000a20010db800000000180381000000000a20010db8000000000000000000000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 860000004000000000000000000000000304814000000000000000000000000020010000000000000000000000000000030300c00000000000000000000000000000000000000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 8600000040000000000000000000000019020000000000010000000000000000190300000000000120010db8000000000000000000000054
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000190400000000000120010db80000000000000000000000530000000000000000190300000000000120010db8000000000000000000000054
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 860000004000000000000000000000001f01000000000001190300000000000120010db8000000000000000000000054
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 8600000040000000000000000000000005020000000005780000000000000000190300000000000120010db8000000000000000000000054
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 8600000040000000000000000000000004020000000000000000000000000000190300000000000120010db8000000000000000000000054
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 860000004000000000000000000000000305408000000000000000000000000020010db80000000000000000000000000000000000000000190300000000000120010db8000000000000000000000054
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000030440c000000000000000000000000020010db8000000000000000000000000030300c00000000000000000000000000000000000000000190300000000000120010db8000000000000000000000054
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000010000000000000000030440c000000001000000010000000020010db8000100000000000000000000
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 255 0 86000000400000000000000000000000010200112233445566778899aabbccdd
rdisc6 -1 -r 1 -w 400 eth0
rdisc6 -1 -q -r 1 -w 400 eth0

&r answer 133 64 0 860000003cc8038400001388000002bc030440c000001c2000000e100000000020010db800010000000000000000000003043000ffffffffffffffff0000000020010db8007700000000000000000000180230180000025820010db800aa000018034008ffffffff20010db800ab00010000000000000000180100000000005a190500000000012c20010db800000000000000000000005320010db80000000000000000000000541f05000000000190076578616d706c65036f72670003737562076578616d706c6503636f6d00000005010000000005aa0101020000000101
rdisc6 -1 -r 1 -w 300 eth0

&r answer 133 255 0 8600000040
rdisc6 -1 -r 1 -w 300 eth0
`;
