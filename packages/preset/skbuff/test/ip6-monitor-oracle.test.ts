/**
 * What `ip -6 monitor` prints while a script changes things: in a namespace of the running kernel by the system's commands, and on our
 * stack by ours. Text and order must be the same. Needs root and iproute2; says aloud when it cannot.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createNet, VirtualClock } from '../src/index.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2-6.1') === true;
if (!possible) console.warn('ip6 monitor oracle SKIPPED: it needs root and iproute2 6.1');

const NAME = `skbuff-ip6mon-${process.pid}`;
const LINK = 'ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02';
const QUIET = `sysctl -q -w ${['all', 'default', 'v0', 'v1'].flatMap((dev) => [`net.ipv6.conf.${dev}.accept_dad=0`, `net.ipv6.conf.${dev}.router_solicitations=0`]).join(' ')}`;
const MONITOR = 'ip -6 monitor label';

/** `wait`: until carriers have been looked at. */
const SCRIPT = `
ip link set lo up
ip link set v0 up
ip link set v1 up
wait
ip -6 addr add 2001:db8::1/64 dev v0
ip -6 addr add 2001:db8::2/64 dev v0 home
ip -6 addr add 2001:db8:1::1 peer 2001:db8:2::1/64 dev v0
ip -6 addr change 2001:db8::1/64 dev v0 metric 50
ip -6 route add 2001:db8:10::/48 via 2001:db8::fe
ip -6 route add 2001:db8:11::/48 via 2001:db8::fe table 100
ip -6 route change 2001:db8:10::/48 via 2001:db8::fd
ip -6 route replace 2001:db8:10::/48 via 2001:db8::fc
ip -6 route append 2001:db8:10::/48 via 2001:db8::fb
ip -6 route add blackhole 2001:db8:12::/48
ip -6 route add default nexthop via 2001:db8::7 nexthop via 2001:db8::8 weight 3
ip -6 route del 2001:db8:10::/48 via 2001:db8::fb
ip -6 route del 2001:db8:11::/48 table 100
ip -6 route flush 2001:db8:10::/48
ip -6 neigh add 2001:db8::50 lladdr 02:00:00:00:00:50 dev v0
ip -6 neigh change 2001:db8::50 lladdr 02:00:00:00:00:51 dev v0 router
ip -6 neigh replace 2001:db8::50 lladdr 02:00:00:00:00:52 nud stale dev v0
ip -6 neigh add proxy 2001:db8::60 dev v0
ip -6 neigh del proxy 2001:db8::60 dev v0
ip -6 neigh del 2001:db8::50 dev v0
ip -6 rule add from 2001:db8::1 table 100
ip -6 rule add to 2001:db8:5::/48 blackhole pref 7
ip -6 rule del from 2001:db8::1
sysctl -qw net.ipv6.conf.v0.forwarding=1
sysctl -qw net.ipv6.conf.v0.forwarding=1
sysctl -qw net.ipv6.conf.v0.proxy_ndp=1
sysctl -qw net.ipv6.conf.default.proxy_ndp=1
sysctl -qw net.ipv6.conf.v0.ignore_routes_with_linkdown=1
sysctl -qw net.ipv6.conf.default.forwarding=1
sysctl -qw net.ipv6.conf.all.forwarding=1
sysctl -qw net.ipv6.conf.all.forwarding=0
sysctl -qw net.ipv6.conf.v0.disable_ipv6=1
sysctl -qw net.ipv6.conf.v0.disable_ipv6=0
ip addrlabel add prefix 2001:db8::/32 label 99
ip token set ::5 dev v0
ip link set v0 addrgenmode none
ip link set v0 mtu 1400
ip link set v0 mtu 1200
ip link set v0 mtu 1500
ip link set v1 down
wait
ip link set v1 up
wait
ip -6 addr flush dev v0
ip link set v0 down
wait
ip link set v0 up
wait
ip link del v0
wait
`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Where reports of groups go to is a neighbour that comes when it has to; and ip tells at its start of a namespace that somebody else is just making. */
function masked(text: string): readonly string[] {
  return text.split('\n').filter((line) => !line.includes('ff02::') && line !== 'Error: Peer netns reference is invalid.');
}

async function theirs(lines: readonly string[]): Promise<string> {
  const run = (line: string): void => void spawnSync('ip', ['netns', 'exec', NAME, ...line.split(' ')]);
  execFileSync('ip', ['netns', 'add', NAME]);
  try {
    run(LINK);
    run(QUIET);
    let heard = '';
    const child = spawn('ip', ['-n', NAME, ...MONITOR.split(' ').slice(1)]);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => void (heard += data.toString()));
    await pause(1000);
    for (const line of lines) {
      if (line !== 'wait') run(line);
      await pause(line === 'wait' ? 2600 : 40);
    }
    child.kill();
    return heard;
  } finally {
    execFileSync('ip', ['netns', 'del', NAME]);
  }
}

async function ours(lines: readonly string[]): Promise<string> {
  const clock = new VirtualClock();
  const net = createNet({ clock, debug: true });
  const host = net.host('h');
  // A host begins with lo up; the kernel's namespaces do not.
  for (const line of ['ip link set lo down', 'ip addr flush dev lo', LINK, QUIET]) await host.run(line);
  let heard = '';
  const monitor = host.start(MONITOR, { stdout: (text) => void (heard += text), stderr: (text) => void (heard += text) });
  await pause(0);
  for (const line of lines) {
    if (line === 'wait') clock.advance(2.6e9);
    else await host.run(line);
    clock.advance(0);
    await pause(0);
  }
  monitor.kill('SIGINT');
  await monitor.done;
  expect(net.close()).toEqual({});
  return heard;
}

describe.skipIf(!possible)('ip -6 monitor', () => {
  it('prints what the kernel announces of addresses, routes, neighbours, rules and settings', { timeout: 120_000 }, async () => {
    const lines = SCRIPT.trim().split('\n');
    expect(masked(await ours(lines))).toEqual(masked(await theirs(lines)));
  });
});
