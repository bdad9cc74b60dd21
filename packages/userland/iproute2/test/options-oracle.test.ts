/**
 * Options of ip, its smaller objects, dumps in files and batches: by the system's ip in a namespace of the running kernel and by ours on
 * our own stack. Both must print the same and return the same. Needs root and iproute2; says aloud when it cannot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('options oracle SKIPPED: it needs root and the command ip of iproute2');

const NAME = `skbuff-opt-${process.pid}`;

const SETUP = `
link set lo up
link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02
link set v0 up
link set v1 up
addr add 10.0.0.1/24 dev v0
addr add 10.3.0.1/24 peer 10.4.0.1 dev v0
addr add 10.0.0.2/24 brd + dev v0
route add 10.1.0.0/16 via 10.0.0.5
route add default nexthop via 10.0.0.7 nexthop dev v1 weight 4
route add blackhole 10.2.0.0/16
route add 10.6.0.0/16 via 10.0.0.5 proto static metric 7 mtu 1400
neigh add 10.0.0.3 dev v0 lladdr 02:00:00:00:00:09
rule add from 1.2.3.4 to 5.6.7.8/8 iif v0 table 5
`;

/** In order: each line sees what the lines before it did. What stands behind `<` is standard input; `> x` keeps the output for `< x`. */
const SCRIPT = `
-c link
-c -br link
-c addr
-c -br addr
-c -o addr
-c neigh
-c -br neigh
-c route
-c route show table all
-c -d route
-c rule
-c route get 10.1.2.3
-color=never link show lo
-c=auto link show lo
-c=always link show lo
-color=foo link
-co=al link
-colour link
-j -c link show v0
-c -j addr show v0
-br link
-br addr
-br -4 addr
-br neigh
-j -br link
-j -br addr
-j -br neigh
-j -p addr show v0
-j -p -d route
-j -p route get 10.1.2.3
-p -j rule
-p link show lo
--json link show lo
-o link
-o addr
-o route
-o rule
-o neigh
-o -s link show lo
-oneline route show table all
-N route
-N addr show v0
-N link show v0
-N rule
-N neigh
-Numeric route show table all
-numeric link
-f inet addr
-f inet6 addr show v0
-f link link show lo
-f foo link
-family inet route
-f
-4 addr show v0
-6 addr show v0
-0 addr show lo
-M addr
-4 link show lo
-B link
-h link show lo
-human link show lo
-he
-s -h link show lo
-iec link show lo
-iec -s link show lo
-s -s link show lo
-s -s -j link show lo
-stat link show lo
-statistics -details link show lo
-loops x link show lo
-l 3 addr flush dev nosuch
-rc 5 link show lo
-rcvbuf x link
-rcvbuf
-t link show lo
-ts link show lo
-timestamp link show lo
-force link show lo
-V
-Version
-a netns exec
-n nosuch link
-netns nosuch link
-b nosuch
-batch nosuch
-- link show lo
-x
--foo
foo
foo bar
a show v0
a s v0
ad l dev v0
l sh v0
l ls v0
li list v0
r
ro s
ro ls
ru
ru s
ru l
n
ne s
nei list
neighbour
neighbor show
nt help
m help
mo help
netc help
addr help
link help
route help
rule help
neigh help
maddr help
ntable help
monitor help
netconf help
help
mon foo
mon dev nosuch
mon dev
mon file nosuch
mon file
link show dev averyveryverylongname
link set dev averyveryverylongname up
link show dev a/b
link set v0 name a/b
addr add 10.9.9.9/24 dev a/b
addr show scope foo
addr show scope 254
addr show scope host
addr show to 10.0.0.0/8 label v*
addr show dev v0 dev v1
addr show type veth
addr show up primary
addr show v0 permanent
addr show -tentative
addr show group default
addr show group foo
addr show master v0
addr show vrf v0
addr show nomaster
addr show dynamic
route show proto static
route show proto 2
route show proto foo
route show scope link
route show scope 253
route show table foo
route show table 254
route show metric 7
route show tos 5
route show type foo
route show dev v0 proto kernel
route show src 10.0.0.1
route show src 10.0.0.0/8
route show exact 10.1.0.0/16
route show to root 10.0.0.0/8
route show cache
route show table cache
-4 route show 10.0.0.0/24
neigh show dev v0 nud permanent
neigh show nud foo
neigh show to 10.0.0.0/8
neigh show unused
neigh show proxy dev v0
neigh show nomaster
neigh show protocol static
neigh add 10.0.0.33 lladdr zz dev v0
neigh add 10.0.0.33 lladdr 02:00:00:00:00:33 nud foo dev v0
neigh add 10.0.0.33
neigh get 10.0.0.3
neigh flush
-s neigh flush dev v1
-s -s neigh flush to 10.0.0.7/32 nud permanent
neigh show
ntable show dev v0 name arp_cache
-4 ntable show dev v0
-o ntable show dev v0 name arp_cache
-j ntable show dev v0 name arp_cache
-j -p ntable show dev lo name arp_cache
-c ntable show dev lo name arp_cache
-s ntable show dev lo name arp_cache
ntable show name nosuch
ntable show dev nosuch
ntable show foo
ntable show name
-6 ntable show name arp_cache
ntable change
ntable change name arp_cache
ntable change name arp_cache dev v0
ntable change dev v0 locktime 12
ntable change name arp_cache dev v0 locktime x
ntable change name arp_cache dev v0 queue -1
ntable change name arp_cache dev v0 locktime -1
ntable change name arp_cache dev nosuch foo
ntable change name arp_cache dev v0 foo
ntable change name arp_cache name ndisc_cache
ntable change name foo locktime 5
ntable change name arp_cache thresh1 300
ntable change name arp_cache gc_int 5
ntable change name arp_cache dev v0 queue 7
ntable change name arp_cache dev v0 base_reachable 1000 retrans 2000 gc_stale 3000 delay_probe 4000 app_probes 1 ucast_probes 2 mcast_probes 4 anycast_delay 100 proxy_delay 60 proxy_queue 70 locktime 80
ntable chg name arp_cache dev v1 app_probes 9
ntable show dev v0 name arp_cache
ntable add
nt l dev v1 name arp_cache
-4 netconf
-4 netconf show
-4 netconf show dev v0
-4 netconf list dev nosuch
-4 netconf show dev
-4 -j netconf
-4 -j -p netconf
-4 -j netconf show dev v0
-4 -c netconf
-4 netconf show foo
-0 netconf
netconf foo
-4 maddr
-4 maddr show dev v0
-0 maddr show dev v0
maddr add 01:02:03:04:05:06 dev v0
maddr add 01:02:03:04:05:06 dev v0
-0 maddr show v0
-0 -j maddr show v0
-0 -o maddr show v0
-0 -c maddr show v0
maddr del 01:02:03:04:05:06 dev v0
maddr del 01:02:03:04:05:06 dev v0
maddr add 01:02:03:04:05:06
maddr add 01:02:03:04:05:06 dev nosuch
maddr add 224.0.0.5 dev v0
maddr add foo dev v0
maddr add name v0 01:02:03:04:05:06
maddr add 01:02:03:04:05:06:07 dev v0
maddr add 01:02:03:04:05:06 01:02:03:04:05:07 dev v0
maddr add 01:02:03:04:05:06 dev averyveryverylongname
maddr show dev nosuch
maddr show dev
maddr show v0 v1
maddr foo
-B maddr
-echo addr add 10.12.0.1/24 dev v0
-j -echo addr add 10.12.0.2/24 dev v0
-echo addr del 10.12.0.2/24 dev v0
-echo route add 10.13.0.0/16 via 10.0.0.5
-j -echo route add 10.14.0.0/16 via 10.0.0.5
-echo route del 10.14.0.0/16
-echo route add 10.13.0.0/16 via 10.0.0.5
-echo rule add from 9.9.9.9 table 9
-j -echo rule add from 9.9.9.8 table 9
-echo rule del from 9.9.9.9 table 9
-echo neigh add 10.0.0.44 lladdr 02:00:00:00:00:44 dev v0
-echo link add e0 address 02:00:00:00:0e:00 type veth peer name e1 address 02:00:00:00:0e:01
-echo link set e0 up
-echo link del e0
-ec link
addr save dev v0 > addrs
addr showdump < addrs
-j addr showdump < addrs
-o addr showdump < addrs
route save > routes
route showdump < routes
-j route showdump < routes
rule save > rules
rule showdump < rules
route restore < addrs
addr restore < routes
rule restore < routes
addr restore < nothing
addr showdump < nothing
rule restore < nothing
addr restore < addrs
addr flush dev v0
addr show dev v0
route
addr restore < addrs
route restore < routes
addr show dev v0
route
rule del from 1.2.3.4
rule save from 9.9.9.8 > one
rule del from 9.9.9.8
rule restore < one
rule
-b - < lines
-batch - < lines
-force -b - < lines
-j -b - < good
-br -b - < good
-b - < quoted
-4 -b - < good
link show v0
rule flush
route add default via 10.0.0.5 metric 5
route add 10.77.0.0/16 via 10.0.0.6 table 6
route add 10.77.0.0/16 via 10.0.0.8 table 17
route add 10.77.0.0/16 via 10.0.0.9 table 89
rule add pref 10 ipproto tcp table 6
rule add pref 11 ipproto udp sport 53 table 17
rule add pref 12 ipproto udp dport 100-200 table 17
rule add pref 12 ipproto udp dport 100-200 table 17
rule add pref 13 dport 100 table 89
rule add pref 14 ipproto foo table 5
rule add pref 15 ipproto ospf table 5
rule add pref 15 ipproto 132 table 5
rule add pref 16 ipproto 200 table 5
rule add pref 17 sport 0 table 5
rule add pref 18 sport 200-100 table 5
rule add pref 19 sport 5-5 table 5
rule add pref 19 sport 65535 table 5
rule add pref 19 dport 10-65535 table 5
rule add pref 19 dport x table 5
rule add pref 20 ipproto 0 sport 5 table 5
rule add pref 21 ipproto ipv6-icmp table 5
rule add pref 22 ipproto ICMP table 5
rule add pref 24 ipproto esp table 5
rule add pref 26 ipproto 256 table 5
rule add pref 30 uidrange 1000-2000 table 17
rule
-N rule
-j rule
rule list ipproto udp
rule list sport 53
rule list dport 100-200
route get 10.77.0.1
route get 10.77.0.1 ipproto tcp
route get 10.77.0.1 ipproto tcp sport 9 dport 100
route get 10.77.0.1 ipproto udp sport 53
route get 10.77.0.1 ipproto udp sport 54
route get 10.77.0.1 ipproto udp dport 99
route get 10.77.0.1 ipproto udp dport 100
route get 10.77.0.1 ipproto udp dport 200
route get 10.77.0.1 ipproto udp dport 201
route get 10.77.0.1 ipproto icmp
route get 10.77.0.1 uid 999
route get 10.77.0.1 uid 1000
route get 10.77.0.1 uid 2000
route get 10.77.0.1 uid 2001
route get 10.77.0.1 ipproto foo
route get 10.77.0.1 ipproto ospf
rule del ipproto tcp table 6
rule del dport 100 table 89
rule del dport 1 table 89
route get 10.77.0.1 ipproto tcp dport 100
rule add pref 40 realms 3/4 table 89
rule del pref 30
route get 10.77.0.1
rule
-j rule
`;

const FILES: Readonly<Record<string, string>> = {
  nothing: '',
  lines: 'link show lo\nlink show nosuch\naddr show lo\n# no more\n\naddr add 10.0.0.1/33 dev v0\nroute get 10.1.2.3\n',
  good: 'link show lo # the first\naddr show \\\n  lo\n',
  quoted: 'link set v0 alias "two words"\nlink set v0 alias \'x y\'\nlink set "v0" up\n',
};

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What differs between two runs, machines and kernels: times, random settings, queues by processor, and IPv6. */
function masked({ status, stdout, stderr }: Result): Result {
  const text = stdout
    .replace(/\b(reachable"?:? ?)\d+/g, (all: string, key: string) => (all.startsWith('reachable') ? `${key}R` : all))
    .replace(/used \d+\/\d+\/\d+/g, 'used T')
    .replace(/numtxqueues \d+ numrxqueues \d+/g, 'num')
    .replace(/addrgenmode eui64 /g, '')
    .replace(/,?{"link":"33:33:[^}]*},?/g, '')
    .replace(/.*link +(\u001b\[33m)?33:33:.*\n/g, '')
    .replace(/inet6 ndisc_cache[^]*?\n\n/g, '');
  return { status, stdout: text, stderr };
}

let stack: Stack;
let dir = '';
const kept: { ours: Map<string, string>; theirs: Map<string, string> } = { ours: new Map(), theirs: new Map() };

describe.skipIf(!possible)("against the system's ip", () => {
  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAME]);
    // Our stack has no IPv6.
    for (const which of ['all', 'default']) execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', `net.ipv6.conf.${which}.disable_ipv6=1`]);
    dir = mkdtempSync(join(tmpdir(), 'skbuff-options-'));
    stack = new Stack();
    for (const line of SETUP.trim().split('\n')) {
      execFileSync('ip', ['-n', NAME, ...line.split(' ')]);
      stack.ip(line);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200);
    stack.clock.advance(1.2e9);
    for (const side of [kept.ours, kept.theirs]) for (const [name, text] of Object.entries(FILES)) side.set(name, text);
  });
  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAME]);
    rmSync(dir, { recursive: true, force: true });
    expect(stack.close()).toEqual({});
  });

  function theirs(words: readonly string[], input: string | undefined): Result {
    // A pipe would not do: ip goes back to the beginning.
    writeFileSync(join(dir, 'input'), Buffer.from(input ?? '', 'latin1'));
    const fd = openSync(join(dir, 'input'), 'r');
    const { status, stdout, stderr } = spawnSync('ip', ['-n', NAME, ...words], { stdio: [fd, 'pipe', 'pipe'] });
    closeSync(fd);
    return { status, stdout: stdout.toString('latin1'), stderr: stderr.toString() };
  }

  async function ours(words: readonly string[], input: string | undefined): Promise<Result> {
    if (input === undefined) return stack.run(['ip', ...words]);
    stack.files.set('-', input);
    return stack.runLater(['ip', ...words]);
  }

  it.each(SCRIPT.trim().split('\n'))('ip %s', async (line) => {
    const [command, from, to] = [/^[^<>]*/, /< (\w+)/, /> (\w+)/].map((re) => re.exec(line)) as [RegExpExecArray, RegExpExecArray | null, RegExpExecArray | null];
    const words = command[0].trim().split(' ');
    const input = (side: ReadonlyMap<string, string>): string | undefined => (from === null ? undefined : side.get(from[1] as string));
    const have = await ours(words, input(kept.ours));
    const want = theirs(words, input(kept.theirs));
    if (to === null) return expect(masked(have)).toEqual(masked(want));
    kept.ours.set(to[1] as string, have.stdout);
    kept.theirs.set(to[1] as string, want.stdout);
    expect([have.status, have.stderr, have.stdout.length, have.stdout.slice(0, 4)]).toEqual([want.status, want.stderr, want.stdout.length, want.stdout.slice(0, 4)]);
  });
});
