/** Commands on a kernel that lacks a part of what they ask: they say so as the real ones do, and nothing throws. */
import { type Plugin, VirtualClock } from '@skbuff/core';
import { describe, expect, it } from 'vitest';
import { commands, createNet, type HostNet, linux, type RunResult } from '../src/index.ts';

const LINES = `
ip link show
ip addr add 10.0.0.1/24 dev lo
ip route get 10.0.0.1
ip neigh show
ip rule show
ip ntable show
ip maddr show
ip maddr add 33:33:00:00:00:05 dev lo
ip netconf show
ip netns list
ip netns add n1
ip netns exec n1 ip link
ip monitor link
ip -n n1 link
nstat -a
ifconfig
ifconfig lo 10.0.0.2 netmask 255.0.0.0 up
route -n
route add -host 10.9.9.9 dev lo
arp -n
arp -s 10.0.0.9 02:00:00:00:00:99
netstat -rsi
netstat -r
netstat -s
netstat -i
netstat -u -a -n
netstat -g
ipmaddr show
nameif x 02:00:00:00:00:01
ethtool lo
ethtool -k lo
ethtool -K lo gso off
ethtool -i lo
ethtool -S lo
sysctl -a
sysctl net.ipv4.ip_forward
sysctl -w net.ipv4.ip_forward=1
tcpdump -D
tcpdump -L -i lo
tcpdump -n -i lo -c 1
tcpdump -i any
tcpdump -d ip
tcpdump
ping -c 1 -W 1 127.0.0.1
unshare -n ip link
unshare -Ur uname
nsenter -t 1 -n ip link
hostname
domainname
uname -a
`.trim().split('\n');

/** The plugins of a host but for one, and for those that require it. */
function without(name: string): Plugin[] {
  const gone = new Set([`@skbuff/${name}`]);
  const plugins = linux();
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    for (const plugin of plugins) if (plugin.requires?.some((needed) => gone.has(needed)) === true) gone.add(plugin.name);
  }
  return plugins.filter((plugin) => !gone.has(plugin.name));
}

async function run(net: HostNet, line: string): Promise<RunResult> {
  const host = net.hosts('h')[0];
  let result: RunResult | undefined;
  const running = host.start(line);
  void running.done.then((r) => (result = r));
  for (const signal of [null, 'SIGINT', 'SIGKILL'] as const) {
    if (signal !== null) running.kill(signal);
    await net.advance(1500);
    if (result !== undefined) return result;
  }
  throw new Error(`${line}: hangs`);
}

function small(name: string): HostNet {
  return createNet({ plugins: without(name), commands: commands(), clock: new VirtualClock(), debug: true });
}

describe.each(['ipv4', 'af-inet', 'af-packet', 'ethtool', 'fib', 'fib-rules', 'fib4-rules', 'arp', 'icmp', 'raw', 'ping', 'udp'])('on a stack without %s', (name) => {
  it('every command ends with a status, and with a text if it fails', async () => {
    for (const line of LINES) {
      const net = small(name);
      const { code, stdout, stderr } = await run(net, line);
      const end = `${line}: ${code}`;
      expect(end).toMatch(/: \d+$/);
      if (code !== 0 && code < 128) expect(`${end} ${stdout}${stderr}`).not.toBe(`${end} `);
      expect(`${end} ${stdout}${stderr}`).not.toMatch(/undefined|NaN|\[object/);
      expect(net.close()).toEqual({});
    }
  });
});
