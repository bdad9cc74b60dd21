/** One host: a namespace, a task in it, typed calls, commands. */
import type { Net } from '@skbuff/core';
import type { Signal, Status } from '@skbuff/command';
import { check, kernelTask, type SockAddr, SysError, type Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { __NEW_UTS_LEN, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWUTS, ENOENT, EROFS } from '@skbuff/uapi';
import { type InetText, parseScoped } from './addresses.ts';
import { checkArgs, checkCall, checkEach, inet, like, listed, optional, scalar, whole, word, words } from './checks.ts';
import { Links, Neighbours, Routes } from './control.ts';
import { inetFamily } from './inet-family.ts';
import { Addresses } from './host-addr.ts';
import { HostNetns } from './netns-directory.ts';
import { echo, PING_OPTIONS, type PingOptions, type PingResult } from './ping.ts';
import { type Files, Process, type RunResult, type Stdio, type Surroundings } from './process.ts';
import { RtnlClient } from './rtnl-client.ts';
import { splitWords } from './words.ts';

/** A command under way. */
export interface Running {
  readonly done: Promise<RunResult>;
  /** kill(2): a command that catches the signal goes on; any other ends, with a status of 128 and the signal's number. */
  kill(signal?: Signal | 'SIGKILL'): void;
}

/** `ip` wrote to standard error and failed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly command: string;
  readonly result: RunResult;

  constructor(command: string, result: RunResult) {
    super(`${command}: ${result.stderr.trim() === '' ? `exit status ${result.code}` : result.stderr.trim()}`);
    this.command = command;
    this.result = result;
  }
}

export class Host {
  readonly name: string;
  /** Its network namespace. */
  readonly ns: Net;
  /** System calls as a process of this host makes them. */
  readonly task: Task;
  readonly link: Links;
  readonly addr: Addresses;
  readonly route: Routes;
  readonly neigh: Neighbours;
  private readonly client: RtnlClient;
  private readonly around: Surroundings;

  /** Use `HostNet.host`. */
  constructor(name: string, ns: Net, shared: Omit<Surroundings, 'netns'>) {
    this.name = name;
    this.ns = ns;
    this.around = { ...shared, netns: new HostNetns() };
    this.task = kernelTask(ns);
    // A machine of its own has names of its own, and files.
    check('unshare', this.task.unshare(CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWIPC));
    check('sethostname', this.task.sethostname(latin1(name), Math.min(name.length, __NEW_UTS_LEN)));
    this.client = new RtnlClient(ns, this.task.pid);
    this.link = new Links(ns, this.client);
    this.addr = new Addresses(ns, this.client);
    this.route = new Routes(ns, this.client);
    this.neigh = new Neighbours(ns, this.client);
  }

  /** Reads `net.ipv4.ip_forward`, or writes it. Throws `SysError`. */
  sysctl(name: string, value?: string | number): string {
    checkCall(this.ns.kernel, "host.sysctl('net.ipv4.ip_forward', 1)", { name, value }, { name: word, value: optional(scalar) });
    const path = sysctlPath(name);
    const tree = sysctlOf(this.ns);
    const err = value === undefined ? 0 : this.task.enter(() => tree.write(path, `${value}\n`));
    const text = err < 0 ? err : this.task.enter(() => tree.read(path));
    if (typeof text === 'number') throw new SysError(`sysctl ${name}`, text);
    return text.trimEnd();
  }

  /** A socket address as {@link task} takes it. The address may have a zone, an interface of this host: `fe80::1%eth0`. */
  sockaddr(addr: InetText, port: number): SockAddr {
    checkCall(this.ns.kernel, "host.sockaddr('fe80::1%eth0', 53)", { addr, port }, { addr: inet, port: whole(0, 0xffff) });
    const { family, bytes, scopeId } = parseScoped(this.ns, addr);
    return inetFamily(family).sockaddr(bytes, port, scopeId);
  }

  /** Runs a command to its end. A name that is no command gives code 127, as in a shell. Rejects with `TypeError` what is no command line. */
  async run(command: string | readonly string[]): Promise<RunResult> {
    checkCall(this.ns.kernel, "host.run('ping -c 1 10.0.0.2')", { command }, { command: words });
    return this.start(command).done;
  }

  /**
   * Starts a command, as a child of the host's own task or of another one on it; `io` hears its text as it is written, and gives it
   * standard input, files and programs.
   */
  start(command: string | readonly string[], io?: Stdio, parent: Task = this.task): Running {
    checkCall(this.ns.kernel, "host.start('ping 10.0.0.2', { stdout, stderr })", { command, io }, { command: words, io: optional(STDIO) });
    const argv = typeof command === 'string' ? splitWords(command) : command;
    const text = new Collected(io);
    const process = new Process(parent, this.around, text, io?.pid);
    const done = finish(process, argv, text);
    return { done, kill: (signal = 'SIGTERM') => process.signal(signal) };
  }

  /**
   * The command ip with what stands between the backticks, at once: returns what it prints, or throws {@link CommandError}. What
   * has to wait (`ip netns exec … ping`) is for {@link run}.
   */
  ip(strings: TemplateStringsArray, ...values: readonly (string | number)[]): string {
    const example = 'host.ip`addr show dev ${name}`';
    checkCall(this.ns.kernel, example, { command: strings }, { command: (value) => (listed(value) === '' ? '' : 'between backticks') });
    checkEach(example, 'values', values, scalar);
    const line = strings.reduce((all, part, i) => `${all}${values[i - 1] ?? ''}${part}`);
    const text = new Collected();
    const process = new Process(this.task, this.around, text);
    try {
      const status = process.run(['ip', ...splitWords(line)]);
      if (typeof status !== 'number') throw new TypeError(`ip ${line}: this has to wait, so call it as await host.run(…)`);
      const result = text.result(status);
      if (status < 0) throw new CommandError(`ip ${line}`, { ...result, stderr: 'the command ip is not among the commands of this net' });
      if (status !== 0) throw new CommandError(`ip ${line}`, result);
      return result.stdout;
    } finally {
      process.exit();
    }
  }

  /**
   * Sends echo requests and waits for the answers; what gets none is no error. A link-local address names its interface: `fe80::1%eth0`. Rejects with `TypeError` for what is no address or option,
   * and with `SysError` (ENETUNREACH, EMSGSIZE …) if no request could be sent at all.
   */
  async ping(dst: InetText, options: PingOptions = {}): Promise<PingResult> {
    const example = "host.ping('10.0.0.2', { count: 3, interval: 200 })";
    checkCall(this.ns.kernel, example, { dst }, { dst: inet });
    checkArgs(example, options, PING_OPTIONS);
    return echo(this.task, dst, options);
  }

  /** Ends what runs on the host. Its namespace goes with the kernel. Called by `HostNet.close`. */
  close(): void {
    this.client.close();
    this.around.netns.close();
    this.task.exit();
  }
}

const STDIO = like({ stdout: 'function', stderr: 'function' }, 'an object with the functions stdout and stderr');
const NO_FILES: Files = { readText: () => -ENOENT, readBytes: () => -ENOENT, create: () => -EROFS };

/** The streams of a command: its text is kept and passed on, what is missing is empty. */
class Collected implements Required<Stdio> {
  readonly isTerminal: boolean;
  readonly files: Files;
  readonly pid: number;
  private readonly out: string[] = [];
  private readonly err: string[] = [];
  private readonly next: Stdio | undefined;

  constructor(next?: Stdio) {
    this.next = next;
    this.isTerminal = next?.isTerminal ?? false;
    this.files = next?.files ?? NO_FILES;
    this.pid = next?.pid ?? 0;
  }

  stdin(): Promise<Uint8Array> {
    return this.next?.stdin?.() ?? Promise.resolve(new Uint8Array(0));
  }

  stdoutBytes(bytes: Uint8Array): void {
    if (this.next?.stdoutBytes !== undefined) return this.next.stdoutBytes(bytes);
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    this.stdout(text);
  }

  exec(argv: readonly string[], task: Task): Status {
    return this.next?.exec?.(argv, task) ?? -ENOENT;
  }

  stdout(text: string): number | void {
    const rc = this.next?.stdout(text);
    if (typeof rc === 'number' && rc < 0) return rc;
    this.out.push(text);
  }

  stderr(text: string): void {
    this.err.push(text);
    this.next?.stderr(text);
  }

  result(code: number): RunResult {
    return { code, stdout: this.out.join(''), stderr: this.err.join('') };
  }
}

/** A byte for a character. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Exit status of a shell for a name that it does not know. */
const NOT_FOUND = 127;

async function finish(process: Process, argv: readonly string[], text: Collected): Promise<RunResult> {
  try {
    const status = await Promise.race([process.run(argv), process.over]);
    if (process.killed > 0) return text.result(process.killed);
    if (status >= 0) return text.result(status);
    text.stderr(`${argv[0] ?? ''}: command not found\n`);
    return text.result(NOT_FOUND);
  } finally {
    process.exit();
  }
}

/** As sysctl(8): the first separator decides which one separates; the other one stands for itself swapped. */
function sysctlPath(name: string): string {
  if (/[./]/.exec(name)?.[0] !== '.') return name;
  return name.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'));
}
