/**
 * What `ip monitor` prints while a script changes things: in a namespace of the running kernel by the system's ip, and on our own stack
 * by ours. Text and order must be the same. Needs root and iproute2; says aloud when it cannot.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sysctlOf } from '@skbuff/sysctl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('monitor oracle SKIPPED: it needs root and the command ip of iproute2');

const NAME = `skbuff-mon-${process.pid}`;

/** Lines of ip; `sysctl NAME=VALUE`; `wait` until carriers have been looked at. */
const SCRIPT = `
link set lo up
link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02
link set v0 up
wait
link set v1 up
wait
addr add 10.0.0.1/24 dev v0
addr add 10.0.0.2/24 brd + dev v0
addr add 10.0.0.3/24 dev v0
addr add 10.3.0.1 peer 10.4.0.1/24 dev v0
addr change 10.0.0.1/24 dev v0 metric 50
route add 10.1.0.0/16 via 10.0.0.254
route add 10.2.0.0/16 via 10.0.0.254 table 100
route change 10.1.0.0/16 via 10.0.0.253
route replace 10.1.0.0/16 via 10.0.0.252
route append 10.1.0.0/16 via 10.0.0.251
route prepend 10.1.0.0/16 via 10.0.0.250
route add 10.1.0.0/16 via 10.0.0.250
route add blackhole 10.4.0.0/16
route add default nexthop via 10.0.0.7 nexthop via 10.0.0.8 weight 3
route add 10.6.0.0/16 dev v0 metric 7 mtu 1400 src 10.0.0.1
route del 10.2.0.0/16 table 100
route flush 10.1.0.0/16
neigh add 10.0.0.50 lladdr 02:00:00:00:00:50 dev v0
neigh change 10.0.0.50 lladdr 02:00:00:00:00:51 dev v0
neigh replace 10.0.0.50 lladdr 02:00:00:00:00:52 nud stale dev v0
neigh add 10.0.0.51 lladdr 02:00:00:00:00:51 dev v1
neigh add proxy 10.0.0.60 dev v0
neigh del proxy 10.0.0.60 dev v0
neigh del 10.0.0.51 dev v1
rule add from 10.0.0.1 table 100
rule add to 10.5.0.0/16 blackhole pref 7
rule add iif v0 goto 32766 pref 9
rule del from 10.0.0.1
rule del pref 9
sysctl net.ipv4.conf.v0.forwarding=1
sysctl net.ipv4.conf.v0.forwarding=1
sysctl net.ipv4.conf.all.rp_filter=1
sysctl net.ipv4.conf.v0.rp_filter=2
sysctl net.ipv4.conf.v0.proxy_arp=1
sysctl net.ipv4.conf.default.proxy_arp=1
sysctl net.ipv4.conf.default.forwarding=1
sysctl net.ipv4.conf.v0.bc_forwarding=1
sysctl net.ipv4.conf.v0.arp_ignore=1
sysctl net.ipv4.conf.v0.ignore_routes_with_linkdown=1
sysctl net.ipv4.ip_forward=1
sysctl net.ipv4.conf.all.forwarding=0
link set v0 mtu 1400
link set v0 txqueuelen 77
link set v0 alias eins
link set v0 name w0
wait
link property add dev w0 altname zwei
link property del dev w0 altname zwei
link set w0 address 02:00:00:00:00:03
link set w0 promisc on
link set w0 promisc off
link set w0 allmulticast on
link set w0 multicast off
link set w0 arp off
link set w0 arp on
link set w0 group 7
link set w0 mtu 1300 up
link set v1 down
wait
link set v1 up
wait
addr del 10.0.0.1/24 dev w0
addr flush dev w0
addr add 10.8.0.1/24 dev w0
route add 10.9.0.0/16 via 10.8.0.9
link set v1 arp off
link set v1 arp on
neigh add 10.8.0.9 lladdr 02:00:00:00:00:09 dev w0
neigh add 10.8.0.10 lladdr 02:00:00:00:00:0a nud reachable dev w0
link set w0 down
wait
link set w0 up
wait
route add 10.9.0.0/16 via 10.8.0.9
neigh add 10.8.0.9 lladdr 02:00:00:00:00:09 dev w0
link del w0
wait
`;

const LINES = SCRIPT.trim().split('\n');

let stack: Stack;
let dir = '';

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** What each of the monitors has written after each line of the script. */
function theirs(monitors: readonly string[], lines: readonly string[]): string[][] {
  const running = monitors.map((monitor, i) => {
    const file = join(dir, `${i}`);
    const fd = openSync(file, 'w');
    return { file, fd, child: spawn('ip', ['-n', NAME, ...monitor.split(' ')], { stdio: ['ignore', fd, fd] }) };
  });
  sleep(800);
  const heard: string[][] = monitors.map(() => []);
  for (const line of lines) {
    if (line.startsWith('sysctl ')) execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', line.slice(7)]);
    else if (line !== 'wait') spawnSync('ip', ['-n', NAME, ...line.split(' ')]);
    sleep(line === 'wait' ? 1300 : 30 + 15 * monitors.length);
    running.forEach(({ file }, i) => heard[i]?.push(readFileSync(file, 'utf8')));
  }
  for (const { child, fd } of running) {
    child.kill();
    closeSync(fd);
  }
  return heard;
}

async function ours(monitors: readonly string[], lines: readonly string[]): Promise<string[][]> {
  const running = monitors.map((monitor) => stack.start(`ip ${monitor}`));
  const heard: string[][] = monitors.map(() => []);
  for (const line of lines) {
    if (line.startsWith('sysctl ')) {
      const [name, value] = line.slice(7).split('=') as [string, string];
      sysctlOf(stack.net).write(name.replaceAll('.', '/'), `${value}\n`);
    } else if (line === 'wait') stack.clock.advance(1.3e9);
    else stack.run(`ip ${line}`);
    await new Promise((resolve) => setImmediate(resolve));
    running.forEach(({ out }, i) => heard[i]?.push(out.stdout));
  }
  for (const { kill } of running) kill();
  return heard;
}

/**
 * Without IPv6, which our stack has not, and the number of queues, which is that of processors; and without what ip says at its start of a namespace of
 * the machine that somebody else is just making.
 */
function byLine(lines: readonly string[], heard: readonly string[]): string {
  const known = (text: string): string => text.replace(/^Error: Peer netns reference is invalid\.\n/gm, '').replace(/^(\[NETCONF\])?(Deleted )?inet6 .*\n/gm, '').replace(/used \d+\/\d+\/\d+/g, 'used T').replace(/num(.)xqueues \d+/g, 'num$1xqueues N');
  return lines.map((line, i) => `# ${line}\n${known((heard[i] as string).slice((heard[i - 1] ?? '').length))}`).join('');
}

/** Runs a script on both sides; per monitor what ours and what theirs wrote. */
async function both(monitors: readonly string[], lines: readonly string[], before: readonly string[] = []): Promise<{ ours: string; theirs: string }[]> {
  execFileSync('ip', ['netns', 'add', NAME]);
  try {
    for (const which of ['all', 'default']) execFileSync('ip', ['netns', 'exec', NAME, 'sysctl', '-q', '-w', `net.ipv6.conf.${which}.disable_ipv6=1`]);
    stack = new Stack();
    for (const line of before) {
      execFileSync('ip', ['-n', NAME, ...line.split(' ')]);
      stack.ip(line);
    }
    const want = theirs(monitors, lines);
    const have = await ours(monitors, lines);
    return monitors.map((_, i) => ({ ours: byLine(lines, have[i] as string[]), theirs: byLine(lines, want[i] as string[]) }));
  } finally {
    execFileSync('ip', ['netns', 'del', NAME]);
    expect(stack.close()).toEqual({});
  }
}

const PAIR = ['link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02', 'link set lo up'];

const SHORT = `
link set v0 up
wait
link set v1 up
wait
addr add 10.0.0.1/24 dev v0
addr add 10.1.0.1/24 dev v1
route add 10.9.0.0/16 via 10.0.0.9
rule add from 10.0.0.1 table 5
neigh add 10.0.0.3 dev v0 lladdr 02:00:00:00:00:09
sysctl net.ipv4.conf.v0.rp_filter=1
route del 10.9.0.0/16
rule del from 10.0.0.1
link set v0 name w0
addr del 10.0.0.1/24 dev w0
link del w0
wait
`;

const MONITORS = [
  'monitor dev v0 all',
  '-4 monitor label',
  '-6 monitor label',
  '-0 monitor',
  '-o monitor',
  '-d monitor link',
  '-s -s monitor neigh',
  '-br monitor',
  '-c=always monitor all',
  '-j monitor route rule',
  '-N monitor all',
  'monitor la add ru',
  'monitor r ne netc',
];

describe.skipIf(!possible)("against the system's ip monitor", () => {
  let short: { ours: string; theirs: string }[] = [];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'skbuff-monitor-'));
    short = await both(MONITORS, SHORT.trim().split('\n'), PAIR);
  }, 60_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('every announcement of a long script, with labels [TOOL-24] [TLI-03] [RTNL-10] [RTNL-11] [RTNL-12]', async () => {
    const [all] = await both(['monitor all'], LINES);
    expect(all?.ours).toBe(all?.theirs);
  }, 60_000);

  it.each(MONITORS.map((monitor, i) => [monitor, i] as const))('ip %s', (_monitor, i) => {
    expect(short[i]?.ours).toBe(short[i]?.theirs);
  });
});
