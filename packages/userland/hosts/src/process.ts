/** A command that runs on a host: a task of its own, its text, its descriptors. */
import { type Net, sysfsRead, sysfsWrite } from '@skbuff/core';
import type { ByteSink, Command, CommandEnv, NetlinkSocket, Signal, Status } from '@skbuff/command';
import { netNsOf, userNsOf } from '@skbuff/namespaces';
import { type NetlinkPort, netlinkPort } from '@skbuff/netlink';
import { procNetOf } from '@skbuff/procfs';
import { sockNet, SysError, type Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { CAP_NET_ADMIN, EACCES, ENOENT, EPERM } from '@skbuff/uapi';
import type { HostNetns } from './netns-directory.ts';
import { runWork } from './rtnl-client.ts';

/** Files of the machine that a command may see, beside what the kernel shows below /proc and /sys. */
export interface Files {
  readText(path: string): string | number;
  readBytes(path: string): Uint8Array | number;
  /** Names in a directory; default: there are none. */
  list?(path: string): readonly string[] | number;
  /** Makes or empties a file. */
  create(path: string): ByteSink | number;
}

/** The ends of a command: its streams, and what is outside of the host it runs on. */
export interface Stdio {
  /** A negative errno: it could not be written. */
  stdout(text: string): number | void;
  stderr(text: string): void;
  /** Bytes on standard output; default: as text, a character for a byte. */
  stdoutBytes?(bytes: Uint8Array): void;
  /** The next bytes of standard input, none at its end; default: nothing is typed in. */
  stdin?(): Promise<Uint8Array>;
  /** Standard output is a terminal. */
  readonly isTerminal?: boolean;
  readonly files?: Files;
  /** The number of its process; default: the next one. */
  readonly pid?: number;
  /** Runs what is no command of the host, as `task`: in its namespaces. */
  exec?(argv: readonly string[], task: Task): Status;
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
const SYSFS_FILE = /^\/sys\/(class\/net|devices)\//;
const PID_FILE = /^\/proc\/(self|\d+)\/./;
const SIGCHLD = 17;

export class Process implements CommandEnv {
  readonly task: Task;
  readonly netns: HostNetns;
  private readonly around: Surroundings;
  private readonly io: Required<Stdio>;
  private readonly handlers: Map<string, () => void> = new Map();
  private readonly ports: NetlinkPort[] = [];
  private readonly children: Process[] = [];
  /** Whose files shadow those in /etc (`/etc/netns/NAME`). */
  private etc: string | null = null;
  /** Exit status that a signal gave, 0 while none has ended the process. */
  killed = 0;
  private writeError = 0;
  /** Kept once a signal has ended the process, whatever the command still waits for. */
  readonly over: Promise<number>;
  private end: (status: number) => void = () => {};

  /** A child of `parent`, with none of its descriptors. Throws `SysError` if there can be none. */
  constructor(parent: Task, around: Surroundings, io: Required<Stdio>, pid: number = 0) {
    const task = parent.clone(SIGCHLD, pid);
    if (typeof task === 'number') throw new SysError('fork', task);
    for (const fd of task.fds.open()) task.close(fd);
    this.task = task;
    this.around = around;
    this.netns = around.netns;
    this.io = io;
    this.over = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get net(): Net {
    return this.task.net;
  }

  // What a signal ended says no more, though its waits return.
  stdout(text: string): void {
    if (this.killed > 0) return;
    const rc = this.io.stdout(text);
    if (typeof rc === 'number' && rc < 0) this.writeError = rc;
  }

  stdoutError(): number {
    return this.writeError;
  }

  stderr(text: string): void {
    if (this.killed === 0) this.io.stderr(text);
  }

  get isTerminal(): boolean {
    return this.io.isTerminal;
  }

  stdin(): Promise<Uint8Array> {
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
    for (const one of [this, ...this.children]) one.killed = 128 + SIGNAL_NUMBER[signal];
    this.exit();
    this.end(this.killed);
  }

  netlink(protocol: number): NetlinkSocket | number {
    const port = netlinkPort(this.net, protocol, { pid: this.task.pid, capable: (cap, over) => this.task.cred.nsCapable(userNsOf(over), cap) });
    if (typeof port === 'number') return port;
    this.ports.push(port);
    this.around.owners.set(port, this);
    return port;
  }

  openNetns(net: Net): number {
    return this.task.openNs(netNsOf(net));
  }

  closeNetns(fd: number): void {
    this.task.close(fd);
  }

  netOfPid(pid: number): Net | null {
    return this.task.findTask(pid)?.net ?? null;
  }

  pidsOf(net: Net): readonly number[] {
    const here = this.task.struct.ns;
    return [...sockNet.of(net).layer.tasks].filter((task) => task.net === net && task.struct.nr(here) > 0).map(({ struct }) => struct.nr(here));
  }

  readFile(path: string): string | number {
    const [, root, rest] = KERNEL_FILE.exec(path) ?? [];
    if (PID_FILE.test(path)) return this.task.procRead(path);
    if (SYSFS_FILE.test(path)) return sysfsRead(this.net, path);
    if (root === undefined || rest === undefined) return this.inEtc(path, (at) => this.io.files.readText(at));
    return this.task.enter(() => (root === 'net' ? procNetOf(this.net).read(rest) : sysctlOf(this.net).read(rest)));
  }

  readBytes(path: string): Uint8Array | number {
    return this.inEtc(path, (at) => this.io.files.readBytes(at));
  }

  readDirectory(path: string): readonly string[] | number {
    return this.io.files.list?.(path) ?? -ENOENT;
  }

  bindEtc(name: string): void {
    this.etc = name;
  }

  /** The file that shadows `path`, or else the file itself. */
  private inEtc<T>(path: string, read: (path: string) => T | number): T | number {
    if (this.etc === null || !path.startsWith('/etc/')) return read(path);
    const shadow = read(`/etc/netns/${this.etc}${path.slice('/etc'.length)}`);
    return typeof shadow === 'number' ? read(path) : shadow;
  }

  writeFile(path: string, text: string): number {
    const [, root, rest] = KERNEL_FILE.exec(path) ?? [];
    if (PID_FILE.test(path)) return this.task.procWrite(path, text);
    if (SYSFS_FILE.test(path)) return this.sysfsError() || sysfsWrite(this.net, path, text);
    if (root === undefined || rest === undefined) return -ENOENT;
    return root === 'net' ? -EACCES : this.task.enter(() => sysctlOf(this.net).write(rest, text));
  }

  /** The files belong to root as the namespace's owner calls him, and a device's settings to who administers it. */
  private sysfsError(): number {
    const { cred } = this.task;
    const owner = userNsOf(this.net);
    if (cred.uid !== owner.kuid(0)) return -EACCES;
    return cred.nsCapable(owner, CAP_NET_ADMIN) ? 0 : -EPERM;
  }

  create(path: string): ByteSink | number {
    return path === '-' ? { write: (bytes) => this.io.stdoutBytes(bytes), close: () => {} } : this.io.files.create(path);
  }

  fork(): CommandEnv {
    const child = new Process(this.task, this.around, this.io);
    child.etc = this.etc;
    this.children.push(child);
    return child;
  }

  run(argv: readonly string[]): Status {
    const command = this.around.commands.get(argv[0] ?? '');
    return command?.run(argv, this) ?? this.io.exec(argv, this.task);
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
    this.task.exit();
    runWork(this.task.kernel);
  }
}
