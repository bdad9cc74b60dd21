/**
 * The same four hosts in a line, a - r - s - b, in namespaces of the kernel underneath and in a net of ours, and a way to run the same
 * command lines on a in both: what the tests of ping, arping, tracepath and traceroute compare.
 *
 *     a 10.0.1.2 --- 10.0.1.1 r 10.0.2.1 --- 10.0.2.2 s 10.0.3.1 --- (mtu 1400) --- 10.0.3.2 b
 *
 * r has no route to 10.99/16, refuses 10.4/16 (unreachable) and 10.5/16 (prohibit), swallows 10.6/16, and knows ways to 10.7/16 and
 * 10.8/16 through neighbours that do not exist; 10.10/16 goes round between r and s.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from '@skbuff/command';
import { commands, createNet, type Host, type HostNet, type Running } from '../src/index.ts';

const NODES = ['a', 'r', 's', 'b'] as const;
export type Node = (typeof NODES)[number];

/** Something that runs beside what is compared, until the lab is closed. */
export interface Service {
  /** Python, for the kernel underneath: prints a line when it is ready. */
  readonly theirs: string;
  /** The same as a command, named as lines of a script name it. */
  readonly ours: Command;
}

/** What the hosts are given. */
export interface LabPlan {
  /** /etc/hosts */
  readonly hosts: string;
  /** Words of ip, by host. */
  readonly addresses: Readonly<Record<Node, readonly string[]>>;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly routerSysctls: Readonly<Record<string, string>>;
  /** Set on the kernel underneath alone, before it has devices. */
  readonly kernelSysctls: Readonly<Record<string, string>>;
  readonly services?: readonly Service[];
}

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

const LAB4: LabPlan = {
  hosts: '127.0.0.1 localhost\n10.0.3.2 bob bob.lab\n10.0.2.2 esse\n',
  addresses: ADDRESSES,
  sysctls: SYSCTLS,
  routerSysctls: ROUTER_SYSCTLS,
  kernelSysctls: { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' },
};

const assignments = (settings: Readonly<Record<string, string>>): string => Object.entries(settings).map(([key, value]) => `${key}=${value}`).join(' ');

const isRouter = (node: Node): boolean => node === 'r' || node === 's';

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One line of a script: on which host, whether its result is compared, whether it is a {@link Service}, and its words. */
interface Line {
  readonly node: Node;
  readonly silent: boolean;
  readonly service: boolean;
  readonly words: string;
}

/** `@r ip link …` is done on r and not compared; `&r …` starts a service on r. */
function lineOf(text: string): Line {
  const m = /^([@&])(\w) (.*)$/.exec(text);
  if (m === null) return { node: 'a', silent: false, service: false, words: text };
  return { node: m[2] as Node, silent: true, service: m[1] === '&', words: m[3] as string };
}

export interface Lab {
  run(node: Node, words: string): Promise<Result>;
  /** Starts a service; the lab closes when it does. */
  start(node: Node, words: string): Promise<void>;
  close(): void;
}

let count = 0;

/** The kernel's. Needs root. */
export function realLab(plan: LabPlan = LAB4): Lab {
  const name = (node: Node): string => `skbuff-tl-${process.pid}-${id}-${node}`;
  const id = count++;
  const script: string[] = [];
  for (const node of NODES) {
    script.push(`ip netns add ${name(node)}`);
    mkdirSync(`/etc/netns/${name(node)}`, { recursive: true });
    writeFileSync(`/etc/netns/${name(node)}/hosts`, plan.hosts);
    writeFileSync(`/etc/netns/${name(node)}/nsswitch.conf`, 'hosts: files\nprotocols: files\nservices: files\n');
    script.push(`ip netns exec ${name(node)} sysctl -q -w ${assignments(plan.kernelSysctls)}`);
  }
  NODES.slice(0, -1).forEach((node, i) => {
    script.push(`ip -n ${name(node)} link add ${i === 0 ? 'eth0' : 'eth1'} type veth peer name eth0 netns ${name(NODES[i + 1] as Node)}`);
  });
  for (const node of NODES) {
    const up = ['link set lo up', 'link set eth0 up', ...(isRouter(node) ? ['link set eth1 up'] : [])];
    const [links, rest] = [plan.addresses[node].filter((words) => words.startsWith('link')), plan.addresses[node].filter((words) => !words.startsWith('link'))];
    script.push(`ip netns exec ${name(node)} sysctl -q -w ${assignments({ ...plan.sysctls, ...(isRouter(node) ? plan.routerSysctls : {}) })}`);
    script.push(`printf '${[...links, ...up, ...rest].join('\\n')}\\n' | ip -n ${name(node)} -batch -`);
  }
  execFileSync('bash', ['-e', '-c', script.join('\n')]);
  const children: ChildProcess[] = [];
  return {
    run: (node, words) =>
      new Promise((resolve) => {
        const child = spawn('ip', ['netns', 'exec', name(node), ...words.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
        const text = { stdout: '', stderr: '' };
        for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (data: Buffer) => void (text[stream] += data.toString()));
        child.on('close', (status) => resolve({ status, ...text }));
      }),
    start: (node, words) =>
      new Promise((resolve) => {
        const [service, ...args] = words.split(' ');
        const { theirs } = plan.services?.find(({ ours }) => ours.name === service) as Service;
        const child = spawn('ip', ['netns', 'exec', name(node), 'python3', '-u', '-c', theirs, ...args], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
        children.push(child);
        child.stdout.once('data', () => resolve());
      }),
    close() {
      for (const child of children) child.kill();
      for (const node of NODES) {
        execFileSync('ip', ['netns', 'del', name(node)]);
        rmSync(`/etc/netns/${name(node)}`, { recursive: true });
      }
    },
  };
}

/** Hosts have no files of their own: these see the same /etc/hosts. */
function withHosts(command: Command, hosts: string): Command {
  return {
    name: command.name,
    run(argv, env) {
      const readFile = (path: string): string | number => (path === '/etc/hosts' ? hosts : env.readFile(path));
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
export async function ourLab(plan: LabPlan = LAB4): Promise<OurLab> {
  const net = createNet({ debug: true, commands: [...commands(), ...(plan.services ?? []).map(({ ours }) => ours)].map((command) => withHosts(command, plan.hosts)) });
  const [a, r, s, b] = net.hosts(...NODES) as [Host, Host, Host, Host];
  const hosts = { a, r, s, b };
  net.link(a, r);
  net.link(r, s);
  net.link(s, b);
  for (const node of NODES) {
    const ip = (words: string): string => hosts[node].ip([words] as unknown as TemplateStringsArray);
    // The addresses that a device takes by itself are made when it comes up.
    const devices = isRouter(node) ? ['eth0', 'eth1'] : ['eth0'];
    for (const device of devices) ip(`link set ${device} down`);
    for (const words of plan.addresses[node]) if (words.startsWith('link')) ip(words);
    for (const device of devices) ip(`link set ${device} up`);
    for (const words of plan.addresses[node]) if (!words.startsWith('link')) ip(words);
    for (const [key, value] of Object.entries({ ...plan.sysctls, ...(isRouter(node) ? plan.routerSysctls : {}) })) hosts[node].sysctl(key, value);
  }
  await net.advance(61_000);
  const services: Running[] = [];
  return {
    net,
    hosts,
    async run(node, words) {
      const { code, stdout, stderr } = await hosts[node].run(words.split(' '));
      return { status: code, stdout, stderr };
    },
    async start(node, words) {
      services.push(hosts[node].start(words.split(' ')));
      await net.advance(1);
    },
    close() {
      for (const service of services) service.kill('SIGKILL');
      return net.close() as Record<string, unknown>;
    },
  };
}

/** Lines of a group see what the lines before them did; groups do not see each other. */
export function groupsOf(script: string): readonly (readonly string[])[] {
  return script.trim().split(/\n\n+/).map((group) => group.split('\n'));
}

/** Runs a group in a lab: the results of the lines that are compared. */
export async function runGroup(lab: Lab, group: readonly string[]): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const { node, silent, service, words } of group.map(lineOf)) {
    if (service) {
      await lab.start(node, words);
      continue;
    }
    const result = await lab.run(node, words);
    if (!silent) results.push(result);
    else if (result.status !== 0) throw new Error(`${words}: ${result.stdout}${result.stderr}`);
  }
  return results;
}

/** Runs all groups in the kernel's namespaces, so many at a time. */
export async function realResults(script: string, atOnce: number, plan?: LabPlan): Promise<Map<string, readonly Result[]>> {
  const results = new Map<string, readonly Result[]>();
  const groups = [...groupsOf(script)];
  const worker = async (): Promise<void> => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      const lab = realLab(plan);
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
