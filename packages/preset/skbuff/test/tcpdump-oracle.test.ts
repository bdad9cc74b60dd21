/**
 * Captures on an interface and on all of them: the same filters by Debian 12's tcpdump in namespaces of the kernel underneath and by ours
 * on our stack, while the same packets pass: both must print the same, and count the same. Where there is no root, what it said elsewhere
 * is the judge (golden/tcpdump.json; written anew by a run as root with SKBUFF_RECORD=1).
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Signal } from '@skbuff/command';
import type { Files } from '@skbuff/hosts';
import { ENOENT } from '@skbuff/uapi';
import { createNet } from '../src/index.ts';
import { canCompare } from './tools-lab.ts';

const GOLDEN = new URL('golden/tcpdump.json', import.meta.url);
const possible = canCompare('tcpdump', 'ping', 'traceroute');
if (!possible) console.warn('oracle of tcpdump SKIPPED (records are compared instead): it needs root, tcpdump, iputils and traceroute');
const recording = possible && process.env['SKBUFF_RECORD'] === '1';

/** What the command is given; a word `SIG…` in front is the signal that ends it. */
const COOKED: readonly string[] = [
  '-tn -i any',
  '-tn -i any icmp',
  '-tn -i any ip',
  '-tn -i any arp',
  '-tne -i any arp',
  '-tn -i any not ip',
  '-tn -i any udp port 33434',
  '-tn -i any portrange 33000-34000',
  '-tn -i any icmp and host 10.0.0.2',
  '-tn -i any net 10.0.0.0/8',
  '-tn -i any -O udp port 33434 or arp',
  '-tn -i any -y LINUX_SLL icmp',
  '-tne -i any -y LINUX_SLL arp or icmp',
  '-tn -i any -y LINUX_SLL outbound and not arp',
  '-tn -i any outbound',
  '-tn -i any inbound and ip',
  '-tn -i any -Q out icmp',
  '-tn -i any -Q in icmp',
  '-tn -i any arp[6:2] = 2',
  '-tn -i any icmp[icmptype] == icmp-echo and ip[8] > 5',
  '-tn -i any ip[8] < 5',
  // The length without the cooked header.
  '-tn -i any less 100 and not arp',
  '-tn -i any -s 30 icmp',
];

/** What the kernel cannot be asked, and what it is asked in another way. */
const HEADER_FIELDS: readonly string[] = [
  '-tn -i any link[11] = 6 and icmp[0] = 8',
  '-tn -i any link[1] = 0 and icmp[0] = 8',
  '-tn -i any link[12:4] = 0x02000000 and icmp[0] = 0',
  '-tn -i any -y LINUX_SLL link[6:4] = 0x02000000',
  '-tn -i any link[10] = 4 and icmp[0] = 8',
  '-tn -i any link[0:2] = 0x806',
  '-tn -i any link[0] = 8',
  '-tn -i any link[8:2] = 772',
  '-tn -i any link[len - 4] >= 0',
  '-tn -i any ip protochain 17',
  '-tn -i eth0 ip protochain 17',
];

const OTHERS: readonly string[] = [
  '-te -i eth0 arp',
  '-te -i any arp',
  '-tn -i eth0 -s 30 icmp',
  'SIGTERM -tn -i eth0 icmp',
  'SIGINT -tn -i eth0 --immediate-mode -w /dev/null icmp',
  'SIGTERM -tn -i any --immediate-mode -w /dev/null icmp',
  'SIGHUP -tn -i eth0 --immediate-mode -w /dev/null --print icmp',
  '-tn -i eth0 --count icmp',
  '-i any vlan',
  '-d -i any icmp',
  '-d -i eth0 -y EN10MB icmp',
  '-d -y EN10MB icmp',
  '-i eth0 -y RAW',
];

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function masked({ code, stdout, stderr }: Result): Result {
  const text = stdout.replace(/\bid \d+/g, 'id N').replace(/\.\d+ > 10\.0\.0\.2\.33434/g, '.P > 10.0.0.2.33434').replace(/ifindex \d+/g, 'ifindex N');
  return { code, stdout: text, stderr };
}

function parse(line: string): { signal: Signal; words: string[] } {
  const [first = '', ...rest] = line.split(' ');
  return first.startsWith('SIG') ? { signal: first as Signal, words: rest } : { signal: 'SIGINT', words: [first, ...rest] };
}

const TRAFFIC: readonly string[] = ['ping -c 1 10.0.0.2', 'traceroute -n -q 1 -m 1 10.0.0.2', 'ping -c 1 127.0.0.1'];

let labs = 0;

function byTheirs(line: string): Promise<Result> {
  const { signal, words } = parse(line);
  const [a, b] = [`skbuff-td-${process.pid}-${labs}-a`, `skbuff-td-${process.pid}-${labs++}-b`];
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `
    ip netns add ${a}; ip netns add ${b}
    trap 'ip netns del ${a}; ip netns del ${b}' EXIT
    for n in ${a} ${b}; do ip netns exec $n sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; ip -n $n link set lo up; done
    ip -n ${a} link add eth0 address 02:00:00:00:00:01 type veth peer name eth0 address 02:00:00:00:00:02 netns ${b}
    ip -n ${a} addr add 10.0.0.1/24 dev eth0; ip -n ${b} addr add 10.0.0.2/24 dev eth0
    ip -n ${b} link set eth0 up; ip -n ${a} link set eth0 up; sleep 0.3
    cd /; ip netns exec ${a} timeout 30 tcpdump -l ${quoted} & capture=$!
    sleep 1.5
    for words in ${TRAFFIC.map((words) => `'${words}'`).join(' ')}; do ip netns exec ${a} $words > /dev/null; done
    sleep 0.3; kill -${signal} $capture 2> /dev/null; wait $capture`;
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (data: Buffer) => void (text[stream] += data.toString()));
    child.on('close', (code) => resolve({ code, ...text }));
  });
}

/** Files may be written, and are gone then. */
const NOWHERE: Files = { readText: () => -ENOENT, readBytes: () => -ENOENT, create: () => ({ write: () => {}, close: () => {} }) };

async function byOurs(line: string): Promise<Result> {
  const { signal, words } = parse(line);
  const net = createNet({ debug: true });
  const [a, b] = net.hosts('a', 'b');
  net.link(a, b);
  a.ip`link set eth0 address 02:00:00:00:00:01`;
  b.ip`link set eth0 address 02:00:00:00:00:02`;
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  await net.advance(2000);
  const capture = a.start(['tcpdump', ...words], { stdout: () => {}, stderr: () => {}, files: NOWHERE });
  await net.advance(100);
  for (const traffic of TRAFFIC) expect((await a.run(traffic)).code).toBe(0);
  await net.advance(100);
  capture.kill(signal);
  const result = await capture.done;
  expect(net.close()).toEqual({});
  return result;
}

const recorded: Readonly<Record<string, Result>> = recording ? {} : (JSON.parse(readFileSync(GOLDEN, 'utf8')) as Record<string, Result>);
const theirs: Record<string, Result> = {};

beforeAll(async () => {
  const lines = [...COOKED, ...HEADER_FIELDS, ...OTHERS];
  const worker = async (): Promise<void> => {
    for (let line = lines.shift(); line !== undefined; line = lines.shift()) theirs[line] = masked(await byTheirs(line));
  };
  if (possible) await Promise.all(Array.from({ length: 8 }, worker));
}, 300_000);

afterAll(() => {
  if (recording) writeFileSync(GOLDEN, `${JSON.stringify(theirs, null, 1)}\n`);
});

async function compare(line: string): Promise<void> {
  expect(masked(await byOurs(line))).toEqual(theirs[line] ?? recorded[line]);
}

describe('tcpdump', () => {
  it.each(COOKED)('filters what all interfaces see: %s [TOOL-51]', compare);
  it.each(HEADER_FIELDS)('filters by the cooked header, itself what the kernel cannot: %s', compare);
  it.each(OTHERS)('says what the binary says: %s', compare);
});
