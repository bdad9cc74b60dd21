/** h1 (10.0.1.2) – r (10.0.1.1, 10.0.2.1) – h2 (10.0.2.2): three namespaces of one kernel, and commands run in them. */
import { afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import { type Command, type CommandEnv, Exit } from '@skbuff/command';
import { createKernel, type Kernel, type Net, VirtualClock } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { icmp } from '@skbuff/icmp';
import { ip } from '@skbuff/iproute2';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink, netlinkPort } from '@skbuff/netlink';
import { ping as pingSockets } from '@skbuff/ping';
import { procfs } from '@skbuff/procfs';
import { raw } from '@skbuff/raw';
import { RTNL_LINKS, rtnetlink } from '@skbuff/rtnetlink';
import { type CredOptions, kernelTask, sock, type Task } from '@skbuff/sock';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { udp } from '@skbuff/udp';
import { EBADF, ENOENT } from '@skbuff/uapi';
import { veth } from '@skbuff/veth';
import { ping } from '../src/index.ts';

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cred?: CredOptions;
  readonly hosts?: string;
  /** Hears the text while it is written. */
  readonly onStdout?: (text: string) => void;
}

export class Lab {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly nets: Map<string, Net> = new Map();
  private readonly commands: ReadonlyMap<string, Command> = new Map([ip, ping].map((command) => [command.name, command]));

  constructor() {
    const links = {
      name: 'links of the lab',
      requires: ['@skbuff/rtnetlink'],
      init: (ctx: Parameters<ReturnType<typeof rtnetlink>['init']>[0]): void => {
        ctx.get(RTNL_LINKS).netns = { byPid: () => -EBADF, byFd: (_port, fd) => [...this.nets.values()][fd] ?? -EBADF };
      },
    };
    const table = { table: () => new FibTrie() };
    const plugins = [sysctl(), procfs(), netlink(), rtnetlink(), loopback(), veth(), neighbour(), arp(), ipv4(), fib(table), icmp(), sock(), afInet(), udp(), raw(), pingSockets(), links];
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins });
    for (const name of ['h1', 'r', 'h2']) this.nets.set(name, this.kernel.netns.create() as Net);
  }

  async setup(): Promise<this> {
    await this.ip('h1', 'link add e1 address 02:00:00:00:01:02 type veth peer name e1 address 02:00:00:00:01:01 netns r');
    await this.ip('h2', 'link add e1 address 02:00:00:00:02:02 type veth peer name e2 address 02:00:00:00:02:01 netns r');
    for (const [host, dev, addr] of [['h1', 'e1', '10.0.1.2/24'], ['r', 'e1', '10.0.1.1/24'], ['r', 'e2', '10.0.2.1/24'], ['h2', 'e1', '10.0.2.2/24']] as const) {
      await this.ip(host, `addr add ${addr} brd + dev ${dev}`);
      await this.ip(host, `link set ${dev} up`);
      await this.ip(host, 'link set lo up');
    }
    await this.ip('h1', 'route add default via 10.0.1.1');
    await this.ip('h2', 'route add default via 10.0.2.1');
    this.sysctl('r', 'net/ipv4/ip_forward', '1');
    // ICMP has its credit only after a while.
    this.clock.advance(10e9);
    return this;
  }

  net(name: string): Net {
    return this.nets.get(name) as Net;
  }

  sysctl(host: string, path: string, value: string): void {
    const err = sysctlOf(this.net(host)).write(path, value);
    if (err < 0) throw new Error(`${path}: ${err}`);
  }

  /** Runs ip, which must succeed. */
  async ip(host: string, line: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(host, `ip ${line}`);
    if (status !== 0) throw new Error(`ip ${line}: ${status} ${stderr}`);
    return stdout;
  }

  ping(host: string, args: string, options: RunOptions = {}): Promise<Result> {
    return this.run(host, `ping ${args}`.trim(), options);
  }

  async run(host: string, line: string, options: RunOptions = {}): Promise<Result> {
    const out = { stdout: '', stderr: '' };
    const task = kernelTask(this.net(host), options.cred ?? {});
    const env = this.env(task, {
      stdout: (text) => {
        out.stdout += text;
        options.onStdout?.(text);
      },
      stderr: (text) => void (out.stderr += text),
      readFile: (path) => (path === '/etc/hosts' && options.hosts !== undefined ? options.hosts : -ENOENT),
    });
    const argv = line.split(/\s+/);
    try {
      return { status: await (this.commands.get(argv[0] as string) as Command).run(argv, env), ...out };
    } finally {
      task.exit();
    }
  }

  private env(task: Task, io: Pick<CommandEnv, 'stdout' | 'stderr' | 'readFile'>): CommandEnv {
    return {
      ...io,
      net: task.net,
      task,
      netns: { names: () => [...this.nets.keys()], get: (name) => this.nets.get(name) ?? null, add: () => -1, attach: () => -1, remove: () => -1 },
      netlink: (protocol) => netlinkPort(task.net, protocol, { pid: task.pid }),
      openNetns: (net) => [...this.nets.values()].indexOf(net),
      closeNetns: () => {},
      netOfPid: () => null,
      pidsOf: () => [],
      inNet: () => {
        throw new Exit(1);
      },
      run: () => -ENOENT,
      now: () => this.kernel.clock.now(),
      realTime: () => this.kernel.realTime(),
    };
  }
}
