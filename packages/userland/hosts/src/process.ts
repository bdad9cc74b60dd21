/** A command that runs on a host: a task of its own, its text, its descriptors. */
import type { Net } from '@skbuff/core';
import type { Command, CommandEnv, NetlinkSocket, Status } from '@skbuff/command';
import { type NetlinkPort, netlinkPort } from '@skbuff/netlink';
import { procNetOf } from '@skbuff/procfs';
import { kernelTask, sockNet, type Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { EBADF, ENOENT, ESRCH } from '@skbuff/uapi';
import type { HostNetns } from './netns-directory.ts';
import { runWork } from './rtnl-client.ts';

/** Where the text of a command goes. */
export interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** What a command left behind. */
export interface RunResult {
  /** Exit status, 0 to 255. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What every command of a host shares. */
export interface Surroundings {
  readonly commands: ReadonlyMap<string, Command>;
  readonly netns: HostNetns;
  /** Which process a netlink port belongs to: messages may name its descriptors. */
  readonly owners: WeakMap<NetlinkPort, Process>;
}

/** Descriptors of namespaces begin above those of sockets, so that a message cannot mean one by mistake. */
const FIRST_NETNS_FD = 1024;

export class Process implements CommandEnv {
  readonly task: Task;
  readonly netns: HostNetns;
  private readonly around: Surroundings;
  private readonly output: Output;
  private readonly ports: NetlinkPort[] = [];
  private readonly opened: Map<number, Net> = new Map();
  private readonly children: Process[] = [];
  private nextFd = FIRST_NETNS_FD;

  constructor(net: Net, around: Surroundings, output: Output) {
    this.task = kernelTask(net);
    this.around = around;
    this.netns = around.netns;
    this.output = output;
  }

  get net(): Net {
    return this.task.net;
  }

  stdout(text: string): void {
    this.output.stdout(text);
  }

  stderr(text: string): void {
    this.output.stderr(text);
  }

  netlink(protocol: number): NetlinkSocket | number {
    const port = netlinkPort(this.net, protocol, { pid: this.task.pid });
    if (typeof port === 'number') return port;
    this.ports.push(port);
    this.around.owners.set(port, this);
    return port;
  }

  openNetns(net: Net): number {
    this.opened.set(this.nextFd, net.get());
    return this.nextFd++;
  }

  closeNetns(fd: number): void {
    const net = this.opened.get(fd);
    this.opened.delete(fd);
    net?.put();
  }

  /** The namespace of a descriptor of this process, or -EBADF. */
  netOfFd(fd: number): Net | number {
    return this.opened.get(fd) ?? -EBADF;
  }

  netOfPid(pid: number): Net | null {
    const net = netOfPid(this.net, pid);
    return typeof net === 'number' ? null : net;
  }

  pidsOf(net: Net): readonly number[] {
    return [...sockNet.of(net).layer.tasks].filter((task) => task.net === net).map(({ pid }) => pid);
  }

  /** What is below /proc/net and /proc/sys; hosts have no other files, and nothing is typed in. */
  readFile(path: string): string | number {
    if (path === '-') return '';
    const [, root, rest] = /^\/proc\/(net|sys)\/(.+)$/.exec(path) ?? [];
    if (root === undefined || rest === undefined) return -ENOENT;
    return root === 'net' ? procNetOf(this.net).read(rest) : sysctlOf(this.net).read(rest);
  }

  inNet(net: Net): CommandEnv {
    const child = new Process(net, this.around, this.output);
    this.children.push(child);
    return child;
  }

  run(argv: readonly string[]): Status {
    return this.around.commands.get(argv[0] ?? '')?.run(argv, this) ?? -ENOENT;
  }

  now(): number {
    return this.task.kernel.clock.now();
  }

  realTime(): number {
    return this.task.kernel.realTime();
  }

  /** The end: everything that is open is closed, calls that wait return -EINTR. */
  exit(): void {
    for (const child of this.children) child.exit();
    for (const port of this.ports) port.close();
    for (const fd of [...this.opened.keys()]) this.closeNetns(fd);
    this.task.exit();
    runWork(this.task.kernel);
  }
}

/** The namespace of a task, or -ESRCH. */
export function netOfPid(net: Net, pid: number): Net | number {
  for (const task of sockNet.of(net).layer.tasks) if (task.pid === pid) return task.net;
  return -ESRCH;
}
