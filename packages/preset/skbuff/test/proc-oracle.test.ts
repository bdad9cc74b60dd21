/**
 * /proc/net after the same commands and the same traffic, of the kernel underneath in two namespaces of its own and of our stack: the same
 * bytes. Needs root, iproute2 and python3; says aloud when it cannot.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { SockaddrIn } from '@skbuff/af-inet';
import { procNetOf } from '@skbuff/procfs';
import { kernelTask, type Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, VirtualClock } from '../src/index.ts';

const has = (command: string): boolean => spawnSync(command, ['-V']).status === 0;
const possible = process.getuid?.() === 0 && has('ip') && has('python3');
if (!possible) console.warn('/proc/net oracle SKIPPED: it needs root, iproute2 and python3');

const NAMES = [`skbuff-pa-${process.pid}`, `skbuff-pb-${process.pid}`] as const;

const SETUP = [
  'a ip link set lo up',
  'b ip link set lo up',
  'b ip link set b0 address 02:00:00:00:00:02',
  'a ip link set a0 address 02:00:00:00:00:01 up',
  'b ip link set b0 up',
  'a ip addr add 10.0.0.1/24 brd + dev a0',
  'a ip addr add 10.0.1.1/24 dev a0',
  'b ip addr add 10.0.0.2/24 brd + dev b0',
  'a ip route add 10.7.0.0/16 via 10.0.0.2 metric 5 mtu 1300',
  'a ip route add 10.8.0.0/16 via 10.0.0.2 advmss 1000 window 5000',
  'a ip route add blackhole 10.9.0.0/16',
  'a ip route add default via 10.0.0.2',
  'a ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev a0',
  'b ip neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev b0',
  'a ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev a0',
  'a ip neigh add proxy 10.0.0.10 dev a0',
] as const;

/** How the text is made comparable: null for none. */
type Mask = ((text: string) => string) | null;

/** Memory addresses, inode numbers and bytes of receive queues differ; reference counts are of the machine. */
const socketLines = (text: string): string =>
  text
    .replace(/^( *\d+: .*\s)\d+ (\d+) [0-9a-f]{16}/gm, '$1I $2 P')
    .replace(/^ *\d+:/gm, 'slot:')
    .replace(/( 00000000:)[89A-F][0-9A-F]{3} /g, '$1chosen ')
    .replace(/ +$/gm, '')
    .split('\n')
    .sort()
    .join('\n');
/** What waits in queues is counted in pages of the machine's allocator. */
const onlyProtocols = (text: string): string =>
  text
    .split('\n')
    .filter((line) => /^(protocol|UDP |RAW |PING )/.test(line))
    .join('\n')
    // The column grows with the memory that all namespaces of the machine use.
    .replace(/UDP +1344 +(\d+) +\d+/, 'UDP 1344 $1 M');
const sorted = (text: string): string => text.split('\n').sort().join('\n');

const FILES: readonly (readonly [file: string, mask: Mask])[] = [
  ['dev', null],
  ['dev_mcast', (text) => text.replace(/^.* 3333.*\n/gm, '')],
  ['snmp', null],
  ['netstat', (text) => text.replace(/^MPTcpExt.*\n/gm, '')],
  ['udp', socketLines],
  ['raw', socketLines],
  ['icmp', socketLines],
  ['sockstat', (text) => text.replace(/^TCP:.*/m, 'TCP').replace(/(UDP: .*mem) \d+/, '$1 M')],
  ['ptype', (text) => text.replace(/^(0004|86dd).*\n/gm, '')],
  // Proxies without a device outlive their namespaces on this kernel and turn up in later ones.
  ['arp', (text) => sorted(text.replace(/^.* \*\n/gm, ''))],
  ['route', null],
  ['fib_trie', null],
  ['fib_triestat', null],
  ['rt_cache', null],
  ['igmp', null],
  ['mcfilter', null],
  ['protocols', onlyProtocols],
];

/** Bytes to send from a port of 10.0.0.1, or of a raw or ping socket. */
const PYTHON = `
import os, socket, sys, time
S = socket
def udp(bind=None, flags=0):
    s = S.socket(S.AF_INET, S.SOCK_DGRAM)
    if bind: s.bind(bind)
    return s
keep = [udp(('10.0.0.1', 1000)), udp(('0.0.0.0', 2000)), udp()]
def send(s, data, to):
    try: s.sendto(data, to)
    except OSError as e: pass
c = udp(('10.0.0.1', 3000)); c.connect(('10.0.0.2', 7)); keep.append(c)
keep.append(S.socket(S.AF_INET, S.SOCK_RAW, 89))
p = S.socket(S.AF_INET, S.SOCK_DGRAM, S.IPPROTO_ICMP); p.bind(('0.0.0.0', 77)); keep.append(p)
mc = udp(('0.0.0.0', 4000)); mc.setsockopt(S.IPPROTO_IP, S.IP_ADD_MEMBERSHIP, S.inet_aton('224.0.0.5') + S.inet_aton('127.0.0.1')); keep.append(mc)
for i in range(3): send(keep[0], b'x' * (100 + i), ('10.0.0.2', 9))
for i in range(2): send(keep[0], b'y' * 50, ('10.0.0.1', 2000))
send(keep[0], b'z' * 4000, ('10.0.0.2', 9))
send(keep[0], b'n', ('10.9.0.1', 9))
send(keep[0], b'v', ('10.0.0.1', 9))
send(keep[1], b'w' * 70000, ('10.0.0.2', 9))
send(p, bytes([8, 0, 0, 0, 0, 0, 0, 1]) + b'ping' * 4, ('10.0.0.2', 0))
b = udp(); b.setsockopt(S.SOL_SOCKET, S.SO_BROADCAST, 1); b.sendto(b'b' * 20, ('10.0.0.255', 5000)); keep.append(b)
time.sleep(0.4)
print('ready', flush=True)
sys.stdin.read()
`;

const raw = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** What the program above does, on our stack. */
function traffic(task: Task): void {
  const udp = (addr = '', port = 0): number => {
    const fd = task.socket(U.AF_INET, U.SOCK_DGRAM, 0);
    if (port !== 0) task.bind(fd, to(addr, port));
    return fd;
  };
  const send = (fd: number, data: string, addr: string, port: number): void => void task.sendto(fd, raw(data), U.MSG_DONTWAIT, to(addr, port));
  const [one, two] = [udp('10.0.0.1', 1000), udp('0.0.0.0', 2000)];
  udp();
  task.connect(udp('10.0.0.1', 3000), to('10.0.0.2', 7));
  task.socket(U.AF_INET, U.SOCK_RAW, 89);
  const ping = task.socket(U.AF_INET, U.SOCK_DGRAM, U.IPPROTO_ICMP);
  task.bind(ping, to('0.0.0.0', 77));
  task.setsockopt(udp('0.0.0.0', 4000), U.SOL_IP, U.IP_ADD_MEMBERSHIP, Uint8Array.of(224, 0, 0, 5, 127, 0, 0, 1));
  for (let i = 0; i < 3; i++) send(one, 'x'.repeat(100 + i), '10.0.0.2', 9);
  for (let i = 0; i < 2; i++) send(one, 'y'.repeat(50), '10.0.0.1', 2000);
  send(one, 'z'.repeat(4000), '10.0.0.2', 9);
  send(one, 'n', '10.9.0.1', 9);
  send(one, 'v', '10.0.0.1', 9);
  send(two, 'w'.repeat(70000), '10.0.0.2', 9);
  send(ping, '\b\0\0\0\0\0\0\x01pingpingpingping', '10.0.0.2', 0);
  const broadcast = udp();
  task.setsockopt(broadcast, U.SOL_SOCKET, U.SO_BROADCAST, 1);
  send(broadcast, 'b'.repeat(20), '10.0.0.255', 5000);
}

function to(addr: string, port: number): SockaddrIn {
  const [a = 0, b = 0, c = 0, d = 0] = addr.split('.').map(Number);
  return new SockaddrIn(((a << 24) | (b << 16) | (c << 8) | d) >>> 0, port);
}

describe.skipIf(!possible)('/proc/net as the kernel underneath has it', () => {
  const clock = new VirtualClock();
  let net: HostNet;
  let hosts: readonly [Host, Host];
  let tasks: readonly Task[];
  let child: ChildProcess;

  beforeAll(async () => {
    theirs();
    child = spawn('ip', ['netns', 'exec', NAMES[0], 'python3', '-c', PYTHON]);
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', () => reject(new Error('python3 ended')));
    });
    net = createNet({ clock, debug: true });
    hosts = net.hosts('a', 'b');
    await setUpOurs();
    tasks = hosts.map(({ ns }) => kernelTask(ns));
    traffic(tasks[0] as Task);
    clock.advance(4e8);
    await ready;
  });

  function theirs(): void {
    for (const name of NAMES) {
      execFileSync('ip', ['netns', 'add', name]);
      for (const which of ['all', 'default']) execFileSync('ip', ['netns', 'exec', name, 'sysctl', '-q', '-w', `net.ipv6.conf.${which}.disable_ipv6=1`]);
      execFileSync('ip', ['netns', 'exec', name, 'sysctl', '-q', '-w', 'net.ipv4.ping_group_range=0 0']);
      // Our stack does not tell routers about groups yet.
      execFileSync('ip', ['netns', 'exec', name, 'sysctl', '-q', '-w', 'net.ipv4.igmp_link_local_mcast_reports=0']);
    }
    execFileSync('ip', ['-n', NAMES[0], 'link', 'add', 'a0', 'type', 'veth', 'peer', 'name', 'b0', 'netns', NAMES[1]]);
    for (const line of SETUP) execFileSync('ip', ['netns', 'exec', line.startsWith('a') ? NAMES[0] : NAMES[1], ...line.slice(2).split(' ')]);
  }

  async function setUpOurs(): Promise<void> {
    for (const host of hosts) {
      host.sysctl('net.ipv4.ping_group_range', '0 0');
      for (const which of ['all', 'default']) host.sysctl(`net.ipv6.conf.${which}.disable_ipv6`, '1');
    }
    net.link(hosts[0], hosts[1], { a: { name: 'a0' }, b: { name: 'b0' } });
    for (const host of hosts) for (const dev of ['a0', 'b0']) await host.run(`ip link set ${dev} down`);
    for (const line of SETUP) expect(await hosts[line.startsWith('a') ? 0 : 1].run(line.slice(2))).toMatchObject({ code: 0, stderr: '' });
  }

  afterAll(() => {
    child.kill();
    for (const name of NAMES) execFileSync('ip', ['netns', 'del', name]);
    for (const task of tasks) task.exit();
    expect(net.close()).toEqual({});
  });

  it.each(FILES.flatMap(([file, mask]) => (['a', 'b'] as const).map((which) => [file, which, mask] as const)))('%s of host %s [CFG-01]', (file, which, mask) => {
    const host = hosts[which === 'a' ? 0 : 1];
    const mine = procNetOf(host.ns).read(file);
    const kernel = execFileSync('ip', ['netns', 'exec', NAMES[which === 'a' ? 0 : 1], 'cat', `/proc/net/${file}`]).toString();
    const masked = mask ?? ((text: string): string => text);
    expect(masked(String(mine))).toBe(masked(kernel));
  });

  it.each(['udp', 'icmp'])('every line of %s is padded to 127 columns', (file) => {
    const lines = String(procNetOf(hosts[0].ns).read(file)).trim().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.slice(1, -1).every((line) => line.length === 127)).toBe(true);
  });
});
