/**
 * The same command lines in the same order, by the system's net-tools in namespaces of the kernel underneath and by ours on our stack:
 * both must print the same and return the same. Needs root, net-tools 2.10 and iproute2; says aloud when it cannot.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SockaddrIn } from '@skbuff/af-inet';
import type { Command } from '@skbuff/command';
import { kernelTask, type Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands, createNet, type Host, type HostNet, VirtualClock } from '../src/index.ts';

const prints = (command: string, words: string): boolean => spawnSync(command, ['-V']).stdout?.toString().includes(words) === true;
const possible = process.getuid?.() === 0 && prints('ifconfig', 'net-tools 2.10') && prints('ip', 'iproute2');
if (!possible) console.warn('net-tools oracle SKIPPED: it needs root, net-tools 2.10 and iproute2');

const NAME = `skbuff-nt-${process.pid}`;
const ETHERS = `/tmp/${NAME}-ethers`;

/** What stands behind `@` is done and not compared; `settle` waits until the kernel has looked at carriers: it does so once a second. */
const SCRIPT = `
ifconfig
ifconfig -a
ifconfig lo up
@sockets
ifconfig
ifconfig lo
ifconfig v0
ifconfig nosuch
ifconfig v0 10.0.0.1
@settle
ifconfig v0
ifconfig v0 netmask 255.255.255.0
ifconfig v0 10.0.0.2 netmask 255.255.0.0 broadcast 10.0.255.254
ifconfig v1 up
@settle
ifconfig
ifconfig -s
ifconfig -a -s
ifconfig -s v0
ifconfig v0:1 172.16.0.1 netmask 255.255.255.0
ifconfig v0:1
ifconfig -a
ifconfig v0:1 down
ifconfig v0:1
ifconfig v0 mtu 1400
ifconfig v0 mtu 10
ifconfig v0 mtu x
ifconfig v0 txqueuelen 77
ifconfig v0 -arp
ifconfig v0
ifconfig v0 arp
ifconfig v0 promisc
ifconfig v0 allmulti
ifconfig v0
ifconfig v0 -promisc -allmulti
ifconfig v0 hw ether 02:00:00:00:00:77
ifconfig v0 hw ether 01:00:00:00:00:77
ifconfig v0 hw ether 02:00
ifconfig v0 hw foo 02:00:00:00:00:78
ifconfig v0 hw
ifconfig v0 add 10.5.0.1/24
ifconfig v0 add 10.6.0.1
ifconfig -a
ifconfig v0 del 10.5.0.1
ifconfig v0 del 10.9.9.9
ifconfig v0 pointopoint 10.0.0.9
ifconfig v0
ifconfig v0 dstaddr 10.0.0.10
ifconfig v0 -pointopoint
ifconfig v0 10.0.0.999
ifconfig v0 inet 10.0.0.5
ifconfig v0 -broadcast
ifconfig v0 broadcast
ifconfig v0 multicast
ifconfig v0 -multicast
ifconfig v0
ifconfig v0 inet6 ::1
ifconfig v0 inet6 10.0.0.1
ifconfig v0 unix 10.0.0.1
ifconfig v0 ax25 foo
ifconfig v0 tunnel ::1
ifconfig v0 tunnel 10.0.0.1
arp -d 10.9.9.9 dev nosuch
ifconfig v0 mem_start 0x100
ifconfig v0 io_addr 0x300
ifconfig v0 irq 5
ifconfig v0 media foo
ifconfig v0 dynamic
ifconfig v0 trailers
ifconfig v0 -trailers
ifconfig v0 outfill 5
ifconfig v0 keepalive 5
ifconfig v0 name v7
@settle
ifconfig v0 down
ifconfig v0 name v7
ifconfig v7 name v0
ifconfig v0 10.0.0.1/24
ifconfig v0
ifconfig v0 10.0.0.1/33
ifconfig v0 down
ifconfig v0 up
@settle
ifconfig v0 broadcast 10.0.0.77 netmask 255.255.255.128
ifconfig v0 netmask
ifconfig v0 netmask 255.0.255.0
ifconfig -v nosuch
ifconfig -v v0
ifconfig -x
ifconfig --version
ifconfig --foo
ifconfig nosuch 10.0.0.1
ifconfig nosuch up
ifconfig nosuch mtu 100
ifconfig averyveryverylongname up
ifconfig v0 up mtu 1500 10.0.0.1
@settle
route
route -n
route -e -n
route -ee -n
route -een
route -nC
route -Cn
route -FC
@ping -c 2 -i 0.2 -q 127.0.0.1
route -F -n
route add -net 10.9.0.0 netmask 255.255.0.0 dev v0
route add -net 10.9.0.0/16 dev v0
route add -net 10.10.0.0/16 gw 10.0.0.9
route add 10.20.0.0/16 dev v0
route add 10.21.0.0 netmask 255.255.0.0 dev v0
route add -net 10.22.0.0/16 gw default
route add -net loopback netmask 255.0.0.0 dev lo
route add link-local netmask 255.255.0.0 dev v0
route add -host localhost dev lo
route add -net 10.23.0.0/16 dev v0 window 10
route add -net 10.24.0.0/16 gw 10.0.0.9 gw 10.0.0.8
route add -host 10.25.0.1 reject
route -net 10.9.0.0/16 dev v0
route add default gw 10.0.0.9 -d
route add default gw 10.0.0.9 -F -v
route del -C 10.9.0.0/16 dev v0
route add 10.11.0.1 gw -- -host
route add -host 10.27.0.1 dev v0 constructor
arp -n -a -e 1
arp -n -a 1
arp -n 1
ifconfig v0 -s
ifconfig v0 02:00:00:00:00:78
ifconfig v0:9 dynamic 172.16.0.1/24 down down
ifconfig nosuch 10.0.0.1/99 10.0.0.2/99 down
nameif v0:1 /nowhere
nameif x 02:00:00:00:00:01 y zz
nameif -
ipmaddr show constructor
ipmaddr show v0 link
ipmaddr show v0 v0
ipmaddr show dev v0 v1
route add -net 10.26.0.0/16 dev v0 metric 4 mtu 1200
route -n
route -en
route -een
route add -net 10.10.0.0/16 gw 10.0.0.9 metric 5
route add -host 10.11.0.1 gw 10.0.0.9
route add -host 10.11.0.2 dev v0
route add default gw 10.0.0.9
route add default 10.0.0.8
route add -net default gw 10.0.0.8 metric 3
route add -net 10.12.0.0/16 reject
route add -net 10.13.0.0/16 gw 10.0.0.9 mss 1000 window 2000 irtt 300
route add -net 10.14.0.0/16 gw 172.99.0.1
route add -net 10.15.0.1/16 dev v0
route add -net 10.15.0.0 dev v0
route add -net 192.168.5.0 dev v0
route add -net 10.16.0.0/16
route add -net 10.16.0.0/16 dev nosuch
route add -net 10.16.0.0/33 dev v0
route add -net 10.17.0.0 netmask 255.0.255.0 dev v0
route add -net 10.17.0.0 netmask 255.255.0.0 netmask 255.0.0.0 dev v0
route add -host 10.17.0.1 netmask 255.255.255.0 dev v0
route add 10.18.0.1 v0
route add 10.18.0.2 dev v0 metric x
route add 10.18.0.2 dev v0 mss 10
route add 10.18.0.2 dev v0 foo
route add 10.18.0.3 gw
route add -net
route add
route del
route -n
route -een
route del -net 10.9.0.0/16
route del -net 10.9.0.0/16
route del -host 10.11.0.1
route del default
route del default
route del default gw 10.0.0.8
route del -net 10.12.0.0/16 reject
route del -net 10.13.0.0/16 gw 10.0.0.99
route del -net 10.13.0.0/16 gw 10.0.0.9
route flush
route foo
route -x
route -V
route --inet -n
route -4 -n
route -A foo -n
route -n -v
route add -net 0.0.0.0/0 gw 10.0.0.9 dev v0 modify
route -n
arp -n
arp -an
arp -nv
arp -s 10.0.0.50 02:00:00:00:00:50
arp -s 10.0.0.51 02:00:00:00:00:51 temp
arp -s 10.0.0.52 02:00:00:00:00:52 pub
arp -i v0 -s 10.0.0.53 02:00:00:00:00:53
arp -i v1 -s 10.0.0.54 02:00:00:00:00:54
arp -i nosuch -s 10.0.0.54 02:00:00:00:00:54
arp -Ds 10.0.0.55 v0 pub
arp -Ds 10.0.0.56 nosuch pub
arp -Ds 10.0.0.57 v0
arp -s 10.0.0.58 02:00
arp -s 10.0.0.59
arp -s
arp -s 99.0.0.1 02:00:00:00:00:50
arp -s 10.0.0.60 02:00:00:00:00:60 foo
arp -s 10.0.0.61 02:00:00:00:00:61 netmask 255.255.255.0 pub
arp -s 10.0.0.61 02:00:00:00:00:61 netmask 255.255.255.0
arp -s 10.0.0.62 02:00:00:00:00:62 dev v0
arp -n
arp -an
arp -env
arp -nv
arp -n 10.0.0.50
arp -n 10.0.0.99
arp -an 10.0.0.50
arp -an 10.0.0.99
arp -n -i v0
arp -n -i v1
arp -n -i nosuch
arp -n -H ether
arp -n -H foo
arp -n -H ax25
arp -t ether -n
arp -d 10.0.0.50
arp -d 10.0.0.50
arp -d 10.0.0.52 pub
arp -d 10.0.0.52 pub
arp -i v0 -d 10.0.0.53
arp -d 10.0.0.55 pub
arp -d 10.0.0.99
arp -d
arp -f /nonexistent
arp -f ETHERS
arp -f
arp -x
arp -A inet -n
arp -A foo -n
arp -V
arp -an
netstat -i
netstat -ie
netstat -ia
netstat -iev
netstat -rn
netstat -rne
netstat -rnee
netstat -rnC
netstat -gn
netstat -gn -4
netstat -s
netstat -su
netstat -sw
netstat -st
netstat -an
netstat -aun
netstat -auen
netstat -au
netstat -aue
netstat -ae --inet
netstat -uao
netstat --udp --all --numeric
netstat -w
netstat -an --numeric-ports -u
netstat -luw
netstat -W -aun
netstat -uwan
netstat -up
netstat -anp --inet
netstat --route -n
netstat --interfaces
netstat --statistics --udp
netstat -c -z
netstat -ri
netstat -A inet -an
netstat -uan -e -e
netstat --numeric-hosts -au
netstat -auenp
netstat -auno
netstat -awn
netstat -lun
netstat -lnu4
netstat -un
netstat -an --inet
netstat -an --ip
netstat -anS
netstat -M
netstat -anW
netstat -rn -A inet
netstat -rn -A foo
netstat -V
ipmaddr
ipmaddr show
ipmaddr show dev v0
ipmaddr show dev nosuch
ipmaddr show ipv4
ipmaddr show link
ipmaddr show all
ipmaddr add 33:33:00:00:00:05 dev v0
ipmaddr show dev v0
ipmaddr del 33:33:00:00:00:05 dev v0
ipmaddr del 33:33:00:00:00:05 dev v0
ipmaddr add 33:33:00 dev v0
ipmaddr add 33:33:00:00:00:05
ipmaddr add 33:33:00:00:00:05 dev nosuch
ipmaddr foo
ipmaddr -4
ipmaddr -V
nameif v1 02:00:00:00:00:01
nameif
nameif -s w1 02:00:00:00:00:02
nameif w1 02:00:00
nameif w1 02:00:00:00:00:99
nameif v0 02:00:00:00:00:77
nameif w2
`;

const LINES = SCRIPT.trim().replaceAll('ETHERS', ETHERS).split('\n');
/** The script has a part for each command; what is common stands in the part before. */
const start = (command: string): number => LINES.findIndex((line) => line.split(' ')[0] === command);
const part = (from: string, to: string): readonly string[] => LINES.slice(start(from), to === '' ? undefined : start(to));

const PYTHON = `
import socket as S, sys
a = S.socket(S.AF_INET, S.SOCK_DGRAM); a.bind(('0.0.0.0', 53))
b = S.socket(S.AF_INET, S.SOCK_DGRAM); b.bind(('127.0.0.1', 2000))
c = S.socket(S.AF_INET, S.SOCK_DGRAM); c.bind(('127.0.0.1', 3000)); c.connect(('127.0.0.1', 2000)); c.send(bytes(10))
r = S.socket(S.AF_INET, S.SOCK_RAW, 89)
print('ready', flush=True)
sys.stdin.read()
`;

/** Our hosts have no files of their own: these see the machine's /etc. */
function withFiles(command: Command): Command {
  return {
    name: command.name,
    run(argv, env) {
      const readFile = (path: string): string | number => (path.startsWith('/proc/') ? env.readFile(path) : existsSync(path) ? readFileSync(path, 'utf8') : -U.ENOENT);
      return command.run(argv, Object.create(env, { readFile: { value: readFile } }));
    },
  };
}

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(!possible)("against the system's net-tools", () => {
  const clock = new VirtualClock();
  let net: HostNet;
  let host: Host;
  let child: ChildProcess | null = null;
  let task: Task | null = null;

  beforeAll(async () => {
    writeFileSync(ETHERS, '# comment\n10.0.0.91 02:00:00:00:00:91\n10.0.0.92 02:00:00:00:00:92 temp\n10.0.0.93\n10.0.0.94 xx\n');
    execFileSync('ip', ['netns', 'add', NAME]);
    for (const which of ['all', 'default']) execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', `net.ipv6.conf.${which}.disable_ipv6=1`]);
    net = createNet({ clock, debug: true, commands: commands().map(withFiles) });
    host = net.host('h');
    for (const which of ['all', 'default']) host.sysctl(`net.ipv6.conf.${which}.disable_ipv6`, '1');
    const link = ['link', 'add', 'v0', 'address', '02:00:00:00:00:01', 'type', 'veth', 'peer', 'name', 'v1', 'address', '02:00:00:00:00:02'];
    execFileSync('ip', ['-n', NAME, ...link]);
    await host.run(['ip', ...link]);
    // A host begins with lo up; the kernel's namespaces do not.
    await host.run('ip link set lo down');
    await host.run('ip addr flush dev lo');
  });

  afterAll(() => {
    rmSync(ETHERS);
    child?.kill();
    task?.exit();
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(net.close()).toEqual({});
  });

  function theirs(line: string): Result {
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', NAME, ...line.split(' ')]);
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  async function ours(line: string): Promise<Result> {
    const { code, stdout, stderr } = await host.run(line);
    // What the kernel does soon afterwards, such as looking at carriers.
    clock.advance(0);
    return { status: code, stdout, stderr };
  }

  /** Sockets of both kinds and states, on both sides. */
  async function openSockets(): Promise<void> {
    const python = spawn('ip', ['netns', 'exec', NAME, 'python3', '-c', PYTHON]);
    child = python;
    await new Promise((resolve, reject) => {
      python.stdout.once('data', resolve);
      python.once('exit', reject);
    });
    task = kernelTask(host.ns);
    const [any, bound, connected] = [0, 1, 2].map(() => (task as Task).socket(U.AF_INET, U.SOCK_DGRAM, 0)) as [number, number, number];
    task.bind(any, new SockaddrIn(0, 53));
    task.bind(bound, new SockaddrIn(0x7f000001, 2000));
    task.bind(connected, new SockaddrIn(0x7f000001, 3000));
    task.connect(connected, new SockaddrIn(0x7f000001, 2000));
    task.sendto(connected, new Uint8Array(10));
    task.socket(U.AF_INET, U.SOCK_RAW, 89);
    clock.advance(0);
  }

  async function check(line: string): Promise<void> {
    if (line === '@sockets') await openSockets();
    else if (line === '@settle') await new Promise((resolve) => setTimeout(resolve, 1200));
    else if (line.startsWith('@')) expect((await ours(line.slice(1))).status).toBe(theirs(line.slice(1)).status);
    else expect(masked(line, await ours(line))).toEqual(masked(line, theirs(line)));
  }

  it.each(part('ifconfig', 'route'))('%s [TOOL-11]', check);
  it.each(part('route', 'arp'))('%s [TOOL-49]', check);
  it.each(part('arp', 'netstat'))('%s [TOOL-01]', check);
  it.each(part('netstat', 'ipmaddr'))('%s [TOOL-45]', check);
  it.each(part('ipmaddr', ''))('%s', check);
});

/** Counters that our kernel does not have: netstat reads the same files on both sides. */
const FILES: Readonly<Record<string, string | null>> = {
  "the kernel's": null,
  'what MPTCP counts, which has no table, and a group that nobody knows':
    'TcpExt: SyncookiesSent DelayedACKs\nTcpExt: 0 5\nIpExt: InNoRoutes InOctets\nIpExt: 0 7\n' +
    'MPTcpExt: MPCapableSYNRX MPJoinNoTokenFound DSSCorruptionFallback\nMPTcpExt: 3 0 9\nFooExt: Bar\nFooExt: 1\n',
  'nothing that MPTCP has counted': 'TcpExt: SyncookiesSent\nTcpExt: 0\nMPTcpExt: MPCapableSYNRX\nMPTcpExt: 0\n',
  'MPTCP alone': 'MPTcpExt: MPCapableSYNRX\nMPTcpExt: 2\n',
};

describe.skipIf(!possible)('counters of', () => {
  const path = `/tmp/${NAME}-netstat`;
  const FILE_CASES = Object.keys(FILES).flatMap((name) => ['-s', '-st', '-su', '-sw'].map((line) => [name, line] as const));

  it.each(FILE_CASES)('%s: netstat %s [TOOL-45]', async (name, line) => {
    const given = FILES[name] ?? null;
    if (given !== null) writeFileSync(path, given);
    // The file is mounted where the shell, which becomes netstat, finds it.
    const script = `ip link set lo up; ${given === null ? '' : `mount --bind ${path} /proc/$$/net/netstat;`} cat /proc/$$/net/snmp /proc/$$/net/netstat; echo ====; exec netstat ${line}`;
    const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script], { encoding: 'utf8' });
    rmSync(path, { force: true });
    const [files = '', said] = stdout.split('====\n');
    const at = files.search(/^(MP)?TcpExt:/m);
    const texts: Readonly<Record<string, string>> = { '/proc/net/snmp': files.slice(0, at), '/proc/net/netstat': files.slice(at) };
    const net = createNet({ debug: true, commands: commands().map((command) => ({ name: command.name, run: (argv, env) => command.run(argv, Object.create(env, { readFile: { value: (file: string) => texts[file] ?? -U.ENOENT } })) })) });
    const { code, ...ours } = await net.host('h').run(`netstat ${line}`);
    expect({ status: code, ...ours }).toEqual({ status, stdout: said, stderr });
    expect(at).toBeGreaterThan(0);
    expect(net.close()).toEqual({});
  });
});

/** ARP's entries and sockets stand in the order of a hash; what MPTCP counts is not ours. */
function masked(line: string, { status, stdout, stderr }: Result): Result {
  let text = stdout.replace(/^MPTcpExt:\n/m, '');
  // Inode numbers, and the program that python is.
  text = text.replace(/((?:root|0) {2,})\d{5,} +/g, '$1I ').replace(/(\d+\/python3|-) +$/gm, '-');
  if (/^arp|^netstat.*[uwa]/.test(line) && !/-V|statist|interf/.test(line)) text = text.replace(/^.* \*\n/gm, '').split('\n').sort().join('\n');
  return { status, stdout: text, stderr };
}
