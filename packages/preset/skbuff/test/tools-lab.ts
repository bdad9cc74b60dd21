/**
 * The same four hosts in a line, a - r - s - b, in namespaces of the kernel underneath and in a net of ours, and a way to run the same
 * command lines on a in both: what the tests of ping, arping, tracepath and traceroute compare.
 *
 *     a 10.0.1.2 --- 10.0.1.1 r 10.0.2.1 --- 10.0.2.2 s 10.0.3.1 --- (mtu 1400) --- 10.0.3.2 b
 *
 * r has no route to 10.99/16, refuses 10.4/16 (unreachable) and 10.5/16 (prohibit), swallows 10.6/16, and knows ways to 10.7/16 and
 * 10.8/16 through neighbours that do not exist; 10.10/16 goes round between r and s.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from '@skbuff/command';
import { commands, createNet, type Host, type HostNet } from '../src/index.ts';

const HOSTS = '127.0.0.1 localhost\n10.0.3.2 bob bob.lab\n10.0.2.2 esse\n';
const NODES = ['a', 'r', 's', 'b'] as const;
type Node = (typeof NODES)[number];

/** Words of ip, by host. */
const ADDRESSES: Readonly<Record<Node, readonly string[]>> = {
  a: ['link set eth0 address 02:00:00:00:01:02', 'addr add 10.0.1.2/24 brd + dev eth0', 'route add default via 10.0.1.1'],
  r: [
    'link set eth0 address 02:00:00:00:01:01', 'link set eth1 address 02:00:00:00:02:01',
    'addr add 10.0.1.1/24 brd + dev eth0', 'addr add 10.0.2.1/24 brd + dev eth1', 'route add 10.0.3.0/24 via 10.0.2.2',
    'route add unreachable 10.4.0.0/16', 'route add prohibit 10.5.0.0/16', 'route add blackhole 10.6.0.0/16',
    'route add 10.7.0.0/16 via 10.0.1.77', 'route add 10.8.0.0/16 via 10.0.2.99', 'route add 10.10.0.0/16 via 10.0.2.2',
  ],
  s: [
    'link set eth0 address 02:00:00:00:02:02', 'link set eth1 address 02:00:00:00:03:01', 'link set eth1 mtu 1400',
    'addr add 10.0.2.2/24 brd + dev eth0', 'addr add 10.0.3.1/24 brd + dev eth1', 'route add 10.0.1.0/24 via 10.0.2.1',
    'route add 10.10.0.0/16 via 10.0.2.1',
  ],
  b: ['link set eth0 address 02:00:00:00:03:02', 'link set eth0 mtu 1400', 'addr add 10.0.3.2/24 brd + dev eth0', 'route add default via 10.0.3.1'],
};

/** No limits on ICMP but the one of a router's own errors, which cannot be lifted: what is slower must not say less. */
const SYSCTLS: Readonly<Record<string, string>> = {
  'net.ipv4.icmp_ratelimit': '0', 'net.ipv4.icmp_msgs_per_sec': '100000', 'net.ipv4.icmp_msgs_burst': '10000',
  'net.ipv4.conf.all.accept_source_route': '1',
};
const ROUTER_SYSCTLS: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '1', 'net.ipv4.icmp_echo_ignore_broadcasts': '0',
  'net.ipv4.conf.eth0.accept_source_route': '1', 'net.ipv4.conf.eth1.accept_source_route': '1',
};

const isRouter = (node: Node): boolean => node === 'r' || node === 's';

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One line of a script: on which host, whether its result is compared, and its words. */
interface Line {
  readonly node: Node;
  readonly silent: boolean;
  readonly words: string;
}

/** `@r ip link …` is done on r and not compared. */
function lineOf(text: string): Line {
  const m = /^@(\w) (.*)$/.exec(text);
  return m === null ? { node: 'a', silent: false, words: text } : { node: m[1] as Node, silent: true, words: m[2] as string };
}

export interface Lab {
  run(node: Node, words: string): Promise<Result>;
  close(): void;
}

let count = 0;

/** The kernel's. Needs root. */
export function realLab(): Lab {
  const name = (node: Node): string => `skbuff-tl-${process.pid}-${id}-${node}`;
  const id = count++;
  const script: string[] = [];
  for (const node of NODES) {
    script.push(`ip netns add ${name(node)}`);
    mkdirSync(`/etc/netns/${name(node)}`, { recursive: true });
    writeFileSync(`/etc/netns/${name(node)}/hosts`, HOSTS);
    writeFileSync(`/etc/netns/${name(node)}/nsswitch.conf`, 'hosts: files\nprotocols: files\nservices: files\n');
  }
  NODES.slice(0, -1).forEach((node, i) => {
    script.push(`ip -n ${name(node)} link add ${i === 0 ? 'eth0' : 'eth1'} type veth peer name eth0 netns ${name(NODES[i + 1] as Node)}`);
  });
  for (const node of NODES) {
    const up = ['link set lo up', 'link set eth0 up', ...(isRouter(node) ? ['link set eth1 up'] : [])];
    const [links, rest] = [ADDRESSES[node].filter((words) => words.startsWith('link')), ADDRESSES[node].filter((words) => !words.startsWith('link'))];
    const settings = { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1', ...SYSCTLS, ...(isRouter(node) ? ROUTER_SYSCTLS : {}) };
    script.push(`ip netns exec ${name(node)} sysctl -q -w ${Object.entries(settings).map(([key, value]) => `${key}=${value}`).join(' ')}`);
    script.push(`printf '${[...links, ...up, ...rest].join('\\n')}\\n' | ip -n ${name(node)} -batch -`);
  }
  execFileSync('bash', ['-e', '-c', script.join('\n')]);
  return {
    run: (node, words) =>
      new Promise((resolve) => {
        const child = spawn('ip', ['netns', 'exec', name(node), ...words.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
        const text = { stdout: '', stderr: '' };
        for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (data: Buffer) => void (text[stream] += data.toString()));
        child.on('close', (status) => resolve({ status, ...text }));
      }),
    close() {
      for (const node of NODES) {
        execFileSync('ip', ['netns', 'del', name(node)]);
        rmSync(`/etc/netns/${name(node)}`, { recursive: true });
      }
    },
  };
}

/** Hosts have no files of their own: these see the same /etc/hosts. */
function withHosts(command: Command): Command {
  return {
    name: command.name,
    run(argv, env) {
      const readFile = (path: string): string | number => (path === '/etc/hosts' ? HOSTS : env.readFile(path));
      return command.run(argv, Object.create(env, { readFile: { value: readFile } }));
    },
  };
}

export interface OurLab extends Lab {
  readonly net: HostNet;
  readonly hosts: Readonly<Record<Node, Host>>;
  /** What the net still held when it was closed: nothing. */
  close(): Record<string, unknown>;
}

/** Ours; a minute after its boot, as the kernel's namespaces are, too. */
export async function ourLab(): Promise<OurLab> {
  const net = createNet({ debug: true, commands: commands().map(withHosts) });
  const [a, b] = net.hosts('a', 'b') as [Host, Host];
  const hosts = { a, r: net.router('r'), s: net.router('s'), b };
  net.link(a, hosts.r);
  net.link(hosts.r, hosts.s);
  net.link(hosts.s, b);
  for (const node of NODES) {
    for (const words of ADDRESSES[node]) hosts[node].ip([words] as unknown as TemplateStringsArray);
    for (const [key, value] of Object.entries({ ...SYSCTLS, ...(isRouter(node) ? ROUTER_SYSCTLS : {}) })) hosts[node].sysctl(key, value);
  }
  await net.advance(61_000);
  return {
    net,
    hosts,
    async run(node, words) {
      const { code, stdout, stderr } = await hosts[node].run(words.split(' '));
      return { status: code, stdout, stderr };
    },
    close: () => net.close() as Record<string, unknown>,
  };
}

/** Lines of a group see what the lines before them did; groups do not see each other. */
export function groupsOf(script: string): readonly (readonly string[])[] {
  return script.trim().split(/\n\n+/).map((group) => group.split('\n'));
}

/** Runs a group in a lab: the results of the lines that are compared. */
export async function runGroup(lab: Lab, group: readonly string[]): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const { node, silent, words } of group.map(lineOf)) {
    const result = await lab.run(node, words);
    if (!silent) results.push(result);
    else if (result.status !== 0) throw new Error(`${words}: ${result.stdout}${result.stderr}`);
  }
  return results;
}

/** Runs all groups in the kernel's namespaces, so many at a time. */
export async function realResults(script: string, atOnce: number): Promise<Map<string, readonly Result[]>> {
  const results = new Map<string, readonly Result[]>();
  const groups = [...groupsOf(script)];
  const worker = async (): Promise<void> => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      const lab = realLab();
      try {
        results.set(group.join('\n'), await runGroup(lab, group));
      } finally {
        lab.close();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Whether the programs are there, and root. */
export function canCompare(...programs: readonly string[]): boolean {
  return process.getuid?.() === 0 && [...programs, 'ip'].every((program) => spawnSync('which', [program]).status === 0);
}
