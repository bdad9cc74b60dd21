/** A command that runs on a host: a task of its own, its text, its descriptors. */
import type { Net } from '@skbuff/core';
import type { ByteSink, Command, CommandEnv, NetlinkSocket, Signal, Status } from '@skbuff/command';
import { type NetlinkPort, netlinkPort } from '@skbuff/netlink';
import { procNetOf } from '@skbuff/procfs';
import { kernelTask, sockNet, type Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { EACCES, EBADF, ENOENT, ESRCH } from '@skbuff/uapi';
import type { HostNetns } from './netns-directory.ts';
import { runWork } from './rtnl-client.ts';

/** Files of the machine that a command may see, beside what the kernel shows below /proc and /sys. */
export interface Files {
  readText(path: string): string | number;
  readBytes(path: string): Uint8Array | number;
  /** Makes or empties a file. */
  create(path: string): ByteSink | number;
}

/** The ends of a command: its streams, and what is outside of the host it runs on. */
export interface Stdio {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Bytes on standard output; default: as text, a character for a byte. */
  stdoutBytes?(bytes: Uint8Array): void;
  /** The next piece of standard input, '' at its end; default: nothing is typed in. */
  stdin?(): Promise<string>;
  /** Standard output is a terminal. */
  readonly isTerminal?: boolean;
  readonly files?: Files;
  /** Runs what is no command of the host, in one of its namespaces. */
  exec?(argv: readonly string[], net: Net): Status;
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

/** Exit status that a shell gives a command that a signal ended, less 128. */
const SIGNAL_NUMBER: Readonly<Record<Signal | 'SIGKILL', number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

/** Files that the kernel makes. */
const KERNEL_FILE = /^\/proc\/(net|sys)\/(.+)$/;

/** Descriptors of namespaces begin above those of sockets, so that a message cannot mean one by mistake. */
const FIRST_NETNS_FD = 1024;

export class Process implements CommandEnv {
  readonly task: Task;
  readonly netns: HostNetns;
  private readonly around: Surroundings;
  private readonly io: Required<Stdio>;
  private readonly handlers: Map<string, () => void> = new Map();
  private readonly ports: NetlinkPort[] = [];
  private readonly opened: Map<number, Net> = new Map();
  private readonly children: Process[] = [];
  private nextFd = FIRST_NETNS_FD;
  /** Exit status that a signal gave, 0 while none has ended the process. */
  killed = 0;

  constructor(net: Net, around: Surroundings, io: Required<Stdio>) {
    this.task = kernelTask(net);
    this.around = around;
    this.netns = around.netns;
    this.io = io;
  }

  get net(): Net {
    return this.task.net;
  }

  stdout(text: string): void {
    this.io.stdout(text);
  }

  stderr(text: string): void {
    this.io.stderr(text);
  }

  get isTerminal(): boolean {
    return this.io.isTerminal;
  }

  stdin(): Promise<string> {
    return this.io.stdin();
  }

  onSignal(signal: Signal, handler: () => void): void {
    this.handlers.set(signal, handler);
  }

  /** kill(2), from outside. What the process runs in another namespace is the process itself, so it hears of it, too. */
  signal(signal: Signal | 'SIGKILL'): void {
    let caught = false;
    for (const { handlers, task } of [this, ...this.children]) {
      const handler = handlers.get(signal);
      if (handler === undefined) continue;
      caught = true;
      handler();
      task.interrupt();
    }
    if (caught) return;
    this.killed = 128 + SIGNAL_NUMBER[signal];
    this.exit();
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

  readFile(path: string): string | number {
    const [, root, rest] = KERNEL_FILE.exec(path) ?? [];
    if (root === undefined || rest === undefined) return this.io.files.readText(path);
    return root === 'net' ? procNetOf(this.net).read(rest) : sysctlOf(this.net).read(rest);
  }

  readBytes(path: string): Uint8Array | number {
    return this.io.files.readBytes(path);
  }

  writeFile(path: string, text: string): number {
    const [, root, rest] = KERNEL_FILE.exec(path) ?? [];
    if (root === undefined || rest === undefined) return -ENOENT;
    return root === 'net' ? -EACCES : sysctlOf(this.net).write(rest, text);
  }

  create(path: string): ByteSink | number {
    return path === '-' ? { write: (bytes) => this.io.stdoutBytes(bytes), close: () => {} } : this.io.files.create(path);
  }

  inNet(net: Net): CommandEnv {
    const child = new Process(net, this.around, this.io);
    this.children.push(child);
    return child;
  }

  run(argv: readonly string[]): Status {
    const command = this.around.commands.get(argv[0] ?? '');
    return command?.run(argv, this) ?? this.io.exec(argv, this.net);
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
