/**
 * The same command lines, by the system's ip in a namespace of the running kernel and by ours on our own stack: both must print the
 * same and return the same. Needs root and iproute2; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('iproute2 oracle SKIPPED: it needs root and the command ip of iproute2');

const NAME = `skbuff-ip-${process.pid}`;

/** In order: each line sees what the lines before it did. */
const SCRIPT = `
link
link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02
link show
-br link
-s link
-j link
-o link show v0
link show nosuch
link add v0 type veth
link add x0 type nosuchkind
link set v0 up
link show v0
link set v1 up
link set lo up
link show up
-br link
link set v1 mtu 1400 txqueuelen 50
link set v1 alias eins
link set v1 group 7
link show group 7
link show v1
link set v1 mtu 12
link set v1 mtu 70000
link set v1 name v0
link set v1 name w1
link set w1 down
link set w1 name v1
link set v1 address 02:00:00:00:00:33
link set v1 address 01:00:00:00:00:33
link set v1 arp off
link set v1 multicast off
link set v1 promisc on
link set v1 allmulticast on
link show v1
link set v1 arp on multicast on promisc off allmulticast off
link set v1 up
link property add dev v1 altname eine-zweite
link show eine-zweite
link property add dev v0 altname eine-zweite
link property del dev v1 altname eine-zweite
link show type veth
link show type dummy
link del nosuch
addr add 10.0.0.1/24 dev v0
addr add 10.0.0.1/24 dev v0
addr add 10.0.0.2/24 brd + dev v0
addr add 10.0.1.1/25 broadcast 10.0.1.127 label v0:1 dev v0
addr add 10.0.2.1 peer 10.0.3.1/24 dev v0
addr add 10.0.4.1/24 scope link metric 50 dev v0
addr add 10.0.5.1/24 noprefixroute dev v0
addr add 127.1.1.1/8 dev v0
addr add 10.0.6.1/33 dev v0
addr add 10.0.6.1/24 dev nosuch
addr add 0.0.0.0/0 dev v0
addr add 224.0.0.5/24 dev v0
addr
addr show v0
-4 addr show dev v0
-br addr
-o -4 addr
-j addr show v0
addr show scope link
addr show secondary
addr show label v0:1
addr show to 10.0.2.0/23
addr del 10.0.9.9/24 dev v0
addr change 10.0.4.1/24 metric 60 dev v0
addr replace 10.0.7.1/24 dev v0
route
route show table all
-d route
-j route
route add 10.1.0.0/16 via 10.0.0.254
route add 10.1.0.0/16 via 10.0.0.254
route add 10.2.0.0/16 dev v0 metric 10 src 10.0.0.1
route add 10.2.0.0/16 via 10.0.0.253 metric 20
route add 10.3.0.0/16 via 172.16.0.1
route add 10.3.0.0/16 via 172.16.0.1 dev v0 onlink
route add 10.3.0.0/16 dev nosuch
route add 10.4.0.1/16 dev v0
route add blackhole 10.4.0.0/16
route add unreachable 10.5.0.0/16
route add prohibit 10.6.0.0/16
route add throw 10.7.0.0/16
route add 10.8.0.0/16 via 10.0.0.254 mtu lock 1300 advmss 1200 table 100
route add 10.8.0.0/16 via 10.0.0.254 table 1000 proto static
route add 10.9.0.0/16 nexthop via 10.0.0.252 weight 2 nexthop via 10.0.1.2
route add 10.10.0.0/16 via 10.0.0.254 tos 0x10
route add 10.11.0.0/16 via 10.0.0.254 src 10.99.0.1
route add default via 10.0.0.254
route append default via 10.0.0.253
route prepend default via 10.0.0.252
route replace 10.1.0.0/16 via 10.0.0.251
route change 10.1.0.0/16 via 10.0.0.250 mtu 1200
route change 10.77.0.0/16 via 10.0.0.250
route
route show table 100
route show table 1000
route show table 77
route show table all
route show 10.2.0.0/16
route show root 10.0.0.0/8
route show match 10.1.2.3
route show dev v0
route show via 10.0.0.254
route show type blackhole
route show proto kernel
route show default
route get 10.0.0.9
route get 10.0.0.1
route get 10.0.0.255
route get 10.1.2.3
route get 10.2.2.3
route get 10.4.0.1
route get 10.5.0.1
route get 10.6.0.1
route get 10.7.0.1
route get 127.0.0.1
route get 8.8.8.8
-j route get 10.1.2.3
route get fibmatch 10.1.2.3
route get 10.1.2.3 from 10.0.0.2
route get 10.1.2.3 from 10.99.0.2
route get 224.1.1.1 from 10.99.0.2
route get 10.1.2.3 from 224.0.0.9
route get 10.1.2.3 oif v0
route get 224.0.0.1 oif v0
route get 255.255.255.255 oif v0
route del 10.1.0.0/16
route del 10.1.0.0/16
route del 10.2.0.0/16 metric 20
route del default via 10.0.0.253
route del blackhole 10.4.0.0/16
-s route flush table 100
-s route flush 10.5.0.0/16
-s route flush root 10.6.0.0/15
route
neigh
neigh add 10.0.0.50 lladdr 02:00:00:00:00:50 dev v0
neigh add 10.0.0.50 lladdr 02:00:00:00:00:50 dev v0
neigh show
neigh change 10.0.0.50 lladdr 02:00:00:00:00:51 dev v0
neigh show dev v0
neigh change 10.0.0.51 lladdr 02:00:00:00:00:51 dev v0
neigh replace 10.0.0.50 lladdr 02:00:00:00:00:52 nud stale dev v0
neigh show
-j neigh
neigh get 10.0.0.50 dev v0
neigh get 10.0.0.99 dev v0
neigh show nud stale
neigh show nud permanent
neigh add proxy 10.0.0.60 dev v0
neigh show proxy dev v0
neigh del proxy 10.0.0.60 dev v0
neigh del 10.0.0.50 dev v0
neigh del 10.0.0.99 dev v0
neigh add 10.0.0.50 lladdr 02:00 dev v0
-s neigh flush dev v1
rule
-d rule
-j rule
rule add from 10.0.0.1 table 100
rule add from 10.0.0.1 table 100
rule add from 10.0.0.1 table 100 pref 20
rule add from 10.0.0.1 table 100 pref 20
rule add table 100 pref 20
rule add to 10.5.0.0/16 lookup 200 priority 500
rule add fwmark 0x10/0xf0 table 300
rule add fwmark 5 blackhole
rule add iif v1 unreachable pref 600
rule add oif v1 prohibit pref 700
rule add to 10.6.0.0/16 prohibit pref 710
rule add to 10.7.0.0/16 unreachable pref 711
rule add iif nosuch table 7
rule add not from 10.0.0.0/8 table main pref 40000
rule add tos 0x10 table 9
rule add dsfield 0x3 table 9
rule add dsfield 0x90 table 9
rule add pref 900 nop
rule add pref 901 goto 903
rule add pref 903 table 903
rule add pref 905 goto 800
rule add suppress_prefixlength 0 table main pref 950
rule add pref 962 uidrange 10-20 table 53
rule add pref 963 l3mdev
rule add pref 964 realms 5 table 1
rule add from 10.0.0.1/40 table 1
rule add table 0
rule add
rule add pref 965 throw
rule add pref 0 table 5
rule
-d rule
-j rule
rule list table 53
rule list pref 500
rule list from 10.0.0.0/8
rule list from 10.0.0.0/8 table 100
rule list from all
rule list from 10.0.0.1/99
rule list to 10.5.0.0/16
rule list 10.5.1.0/24
rule list fwmark 0x10
rule list fwmark 0/0xf0
rule list fwmark 1/2/3
rule list not
rule list iif v1
rule list oif v1
rule list dev averyveryverylongname
rule list tos 0x10
rule list l3mdev
rule list uidrange 10-20
rule list protocol static
rule list protocol foo
rule list pref 500 pref 600
rule list table foo
rule list foo
rule add fwmark 1/2/3 table 4
rule add fwmark 0/0xff table 4 pref 970
rule add fwmark 0xff/0 table 4 pref 971
rule add l3mdev table 4
rule add uidrange 0-4294967295 table 4
rule add tun_id x table 4
rule add tun_id 18446744073709551616 table 4
rule add tun_id 0 prohibit pref 972
rule list pref 972
rule del pref 972
rule add tun_id -1 table 4 pref 973
rule add tun_id 5 iif v1 uidrange 1-2 table 4 pref 974
rule add type nat pref 975 protocol 200
rule
-j rule
rule list tun_id 5
rule flush tun_id 5
rule flush protocol 200
rule flush fwmark 0xff
rule flush table all
rule flush foo
-f bridge rule
-f bridge rule flush
rule
route add 10.5.0.0/16 via 10.0.0.5 table 200
route add 10.66.0.0/16 via 10.0.0.6 table 300
route get 10.5.1.1
route get 10.66.0.1
route get 10.66.0.1 mark 0x1f
route get 10.6.1.1
route get 10.7.1.1
route get 10.0.0.9 oif v1
route get 10.0.0.9 mark 5
route get 10.0.0.9
route get 10.0.0.1
route show table 200
link add nosuch type veth peer name nosuch1
rule list table 7
link set nosuch name other
rule list table 7
link set other name nosuch
link del nosuch
rule list table 7
rule del pref 900
rule del from 10.0.0.1
rule del from 10.0.0.1
rule del table 300
rule del
rule del pref 903
rule list
rule del pref 5555
rule del pref 0
rule
route get 10.0.0.1
rule flush
rule
rule add table main
rule add pref 32766 table main
rule add pref 32767 table default
rule
rule del table 5
rule del pref 0
rule add pref 0 table local
rule
route get 10.5.1.1
link set v0 down
route
route show table all
addr show v0
link set v0 up
route
addr del 10.0.0.1/24 dev v0
addr show v0
route
-s addr flush dev v0 scope link
addr flush dev v0
addr show v0
route show table all
link del v0
link
addr show nosuch
route get 10.0.0.9
`;

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let stack: Stack;

describe.skipIf(!possible)("against the system's ip", () => {
  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    // Our stack has no IPv6.
    for (const which of ['all', 'default']) execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', `net.ipv6.conf.${which}.disable_ipv6=1`]);
    stack = new Stack();
  });
  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(stack.close()).toEqual({});
  });

  function theirs(line: string): Result {
    const { status, stdout, stderr } = spawnSync('ip', ['-n', NAME, ...line.split(' ')]);
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  it.each(SCRIPT.trim().split('\n'))('ip %s', (line) => {
    expect(stack.run(`ip ${line}`)).toEqual(theirs(line));
  });
});
