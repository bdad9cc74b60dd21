/** Our own stack with the command ip in it: one kernel, named namespaces, every run a task of its own. */
import { afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import type { Command, CommandEnv } from '@skbuff/command';
import { createKernel, setupNet, type Kernel, type Net, type Plugin, VirtualClock } from '@skbuff/core';
import { dummy } from '@skbuff/dummy';
import { fib } from '@skbuff/fib';
import { fibRules } from '@skbuff/fib-rules';
import { fib4Rules } from '@skbuff/fib4-rules';
import { FibTrie } from '@skbuff/fib-trie';
import { icmp } from '@skbuff/icmp';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces, netNsOf } from '@skbuff/namespaces';
import { neighbour } from '@skbuff/neighbour';
import { netlink, type NetlinkPort, netlinkPort } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { RTNL_LINKS, rtnetlink } from '@skbuff/rtnetlink';
import { getNetNsByFd, kernelTask, sock, type Task } from '@skbuff/sock';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { EEXIST, ENOENT, ESRCH } from '@skbuff/uapi';
import { udp } from '@skbuff/udp';
import { veth } from '@skbuff/veth';
import { ip } from '../src/index.ts';

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A character for a byte. */
function bytesOf(text: string | undefined): Uint8Array | number {
  return text === undefined ? -ENOENT : Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export class Stack {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  /** Where {@link run} runs. */
  readonly net: Net;
  readonly files: Map<string, string> = new Map();
  readonly commands: Map<string, Command> = new Map([[ip.name, ip]]);
  private readonly names: Map<string, Net> = new Map();
  private readonly owners: WeakMap<NetlinkPort, Task> = new WeakMap();
  private readonly tasks: Set<Task> = new Set();

  constructor() {
    const netns: Plugin = {
      name: 'namespaces of the test',
      requires: ['@skbuff/rtnetlink'],
      init: (ctx) => {
        ctx.get(RTNL_LINKS).netns = { byPid: (_port, pid) => this.netOfPid(pid) ?? -ESRCH, byFd: (port, fd) => getNetNsByFd(this.owners.get(port) as Task, fd) };
      },
    };
    const table = { table: () => new FibTrie() };
    const plugins = [sysctl(), procfs(), netlink(), rtnetlink(), loopback(), veth(), dummy(), neighbour(), arp(), ipv4(), fib(table), fibRules(), fib4Rules(), icmp(), namespaces(), sock(), afInet(), udp(), netns];
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins });
    this.net = setupNet(this.kernel) as Net;
  }

  private netOfPid(pid: number): Net | null {
    for (const task of this.tasks) if (task.pid === pid) return task.net;
    return null;
  }

  /** Runs a command line to its end. */
  run(line: string | readonly string[], net: Net = this.net): Result {
    const out = { stdout: '', stderr: '' };
    const argv = typeof line === 'string' ? line.split(' ') : line;
    const status = this.inside(net, out, (env) => env.run(argv));
    if (typeof status !== 'number') throw new Error(`${argv.join(' ')} waits`);
    // What the kernel does soon afterwards, such as looking at carriers.
    this.clock.advance(0);
    return { status, ...out };
  }

  /** Runs a line that must succeed; what it printed. */
  ip(line: string): string {
    const { status, stdout, stderr } = this.run(`ip ${line}`);
    if (status !== 0) throw new Error(`ip ${line}: ${status} ${stderr}`);
    return stdout;
  }

  /** Runs a line that may wait for something, to its end. */
  async runLater(line: string | readonly string[]): Promise<Result> {
    const out = { stdout: '', stderr: '' };
    const tasks: Task[] = [];
    const ports: NetlinkPort[] = [];
    const argv = typeof line === 'string' ? line.split(' ') : line;
    const status = await this.env(this.newTask(this.net, tasks), ports, tasks, out).run(argv);
    this.endOf(ports, tasks);
    this.clock.advance(0);
    return { status, ...out };
  }

  /** Starts a line that does not end by itself; `out` grows. */
  start(line: string): { readonly out: { stdout: string; stderr: string }; readonly status: Promise<number>; kill(): void } {
    const out = { stdout: '', stderr: '' };
    const tasks: Task[] = [];
    const ports: NetlinkPort[] = [];
    const status = Promise.resolve(this.env(this.newTask(this.net, tasks), ports, tasks, out).run(line.split(' ')));
    return { out, status, kill: () => this.endOf(ports, tasks) };
  }

  private endOf(ports: readonly NetlinkPort[], tasks: readonly Task[]): void {
    for (const port of ports) port.close();
    for (const task of tasks) {
      task.exit();
      this.tasks.delete(task);
    }
  }

  /** What the file `-` holds, once. */
  private takeInput(): Uint8Array {
    const text = this.files.get('-') ?? '';
    this.files.delete('-');
    return Buffer.from(text, 'latin1');
  }

  private inside<T>(net: Net, out: { stdout: string; stderr: string }, fn: (env: CommandEnv) => T): T {
    const tasks: Task[] = [];
    const ports: NetlinkPort[] = [];
    try {
      return fn(this.env(this.newTask(net, tasks), ports, tasks, out));
    } finally {
      const left = ports.filter((port) => !port.closed).length + tasks.reduce((sum, task) => sum + task.fds.open().length, 0);
      this.endOf(ports, tasks);
      if (left > 0) throw new Error('the command left ports or descriptors open');
    }
  }

  private newTask(net: Net, tasks: Task[]): Task {
    const task = kernelTask(net);
    tasks.push(task);
    this.tasks.add(task);
    return task;
  }

  private env(task: Task, ports: NetlinkPort[], tasks: Task[], out: { stdout: string; stderr: string }): CommandEnv {
    const { names, kernel } = this;
    const env: CommandEnv = {
      get net() {
        return task.net;
      },
      task,
      netns: {
        names: () => [...names.keys()].reverse(),
        get: (name) => names.get(name) ?? null,
        attach: (name, net) => (names.has(name) ? -EEXIST : (names.set(name, net.get()), 0)),
        remove: (name) => {
          const net = names.get(name);
          names.delete(name);
          net?.put();
          return net === undefined ? -ENOENT : 0;
        },
        watch: () => -ENOENT,
      },
      stdout: (text) => void (out.stdout += text),
      stderr: (text) => void (out.stderr += text),
      netlink: (protocol) => {
        const port = netlinkPort(task.net, protocol, { pid: task.pid });
        if (typeof port === 'number') return port;
        ports.push(port);
        this.owners.set(port, task);
        return port;
      },
      openNetns: (net) => task.openNs(netNsOf(net)),
      closeNetns: (fd) => void task.close(fd),
      netOfPid: (pid) => this.netOfPid(pid),
      pidsOf: (net) => [...this.tasks].filter((t) => t.net === net).map((t) => t.pid),
      readFile: (path) => (path.startsWith('/proc/net/') ? procNetOf(task.net).read(path.slice('/proc/net/'.length)) : (this.files.get(path) ?? -ENOENT)),
      stdoutError: () => 0,
      readDirectory: () => -ENOENT,
      readBytes: (path) => bytesOf(this.files.get(path)),
      writeFile: (path, text) => (path.startsWith('/proc/sys/') ? sysctlOf(task.net).write(path.slice('/proc/sys/'.length), text) : -ENOENT),
      create: (path) => (path === '-' ? { write: (bytes) => void (out.stdout += String.fromCharCode(...bytes)), close: () => {} } : -ENOENT),
      stdin: () => Promise.resolve(this.takeInput()),
      isTerminal: false,
      onSignal: () => {},
      fork: () => this.env(this.newTask(task.net, tasks), ports, tasks, out),
      bindEtc: () => {},
      run: (argv) => this.commands.get(argv[0] as string)?.run(argv, env) ?? -ENOENT,
      now: () => kernel.clock.now(),
      realTime: () => kernel.realTime(),
    };
    return env;
  }

  /** What is left and should not be: `{}`. */
  close(): Record<string, number> {
    for (const net of this.names.values()) net.put();
    return this.kernel.shutdown();
  }
}
