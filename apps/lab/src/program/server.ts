/** The side of `skbuff run` that holds the kernel: runs the commands that a program's PATH hands over. */
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Net } from '@skbuff/core';
import type { Task } from '@skbuff/sock';
import type { Running, Stdio } from 'skbuff';
import { isDaemon } from '../lab/exec.ts';
import { listen, say, type ToServer } from './protocol.ts';
import { machineFiles } from './files.ts';
import { KernelFiles } from './kernel-files.ts';
import { descentOf, processes } from './processes.ts';
import type { Sandbox } from './sandbox.ts';

/** Where commands run. */
export interface ProgramHost {
  /** Starts a command on a node, as a child of `parent` if that is given. */
  start(node: string, argv: readonly string[], io: Stdio, parent?: Task): Running;
  hasNode(node: string): boolean;
  /** What all commands of a node descend from. */
  taskOf(node: string): Task;
}

/** Where a command runs: on a node, and as whose child if not as its own. */
interface Place {
  readonly node: string;
  readonly task?: Task;
}

type Start = Extract<ToServer, { type: 'start' }>;

export interface ServerOptions {
  /** Where commands run that ask for no other. */
  readonly node: string;
  /** For files; it is there. */
  readonly directory: string;
  readonly sandbox: Sandbox;
}

/** In which a daemon finds out whether it can begin. */
const BEGIN_MS = 20;

/** A number that may be a process: a word, or below /proc. */
const PID_WORD = /(?:^|=|^-t|\/proc\/)(\d{1,7})(?=$|\/)/g;
/** Files are looked over so often, in milliseconds, and for no more than this share of the time; each single one of a device seldom. */
const LOOK_EVERY = 100;
const LOOK_ALL_EVERY = 1000;
const LOOK_SHARE = 1 / 50;

/** Exit status of a command that a mistake of ours has ended. */
const BUG = 70;

export class CommandServer {
  /** The program's process. */
  program = 0;
  private readonly host: ProgramHost;
  private readonly options: ServerOptions;
  private readonly server: Server;
  private readonly connections: Set<Connection> = new Set();
  /** For each program of the machine that runs now the task that started it, by the number that its commands hand on. */
  private readonly programs: Map<string, Required<Place>> = new Map();
  /** Processes that take the place of the command that started them. */
  private readonly replaced: Set<number> = new Set();
  private readonly shown: Map<Net, { readonly files: KernelFiles; readonly users: Task[] }> = new Map();
  private looking: NodeJS.Timeout | undefined;
  private tokens = 0;

  constructor(host: ProgramHost, options: ServerOptions) {
    this.host = host;
    this.options = options;
    this.server = createServer((socket) => this.connections.add(new Connection(this, host, socket)));
    if (options.sandbox.mounts) {
      this.show(host.taskOf(options.node));
      this.lookLater(LOOK_EVERY, 0);
    }
  }

  /** Listens on a UNIX socket. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(path, resolve);
    });
  }

  /** Ends all that still runs, such as what a script left in the background. */
  close(): void {
    clearTimeout(this.looking);
    for (const connection of this.connections) connection.end();
    for (const { files } of this.shown.values()) files.close();
    this.shown.clear();
    this.server.close();
  }

  /** The directory of the files that the program begins with. */
  get files(): string {
    return this.shown.get(this.host.taskOf(this.options.node).net)?.files.directory ?? '';
  }

  /** Where a command is to run, or why it cannot. */
  place(asked: Start): Place | string {
    // The environment may have been emptied on the way.
    const token = asked.task ?? (this.programs.size > 0 ? descentOf(asked.pid, this.program, this.options.directory)?.task : undefined) ?? undefined;
    const program = token === undefined ? undefined : this.programs.get(token);
    if (token !== undefined && program === undefined) return 'the program that started it has ended, and its namespaces with it';
    if (program !== undefined && (asked.node ?? program.node) === program.node) return program;
    const node = asked.node ?? this.options.node;
    return this.host.hasNode(node) ? { node } : `there is no node ${node} (SKBUFF_NODE)`;
  }

  /** Tasks for the processes that a command speaks of and the kernel has not heard of yet; the caller ends them. */
  adopt({ argv, pid: own }: Start): Task[] {
    const root = this.host.taskOf(this.options.node);
    const lists = argv[0] === 'ip' && argv.includes('netns') && argv.some((word) => /^p(i(ds?)?)?$/.test(word));
    const pids = lists ? processes().filter((pid) => !this.replaced.has(pid)) : argv.slice(1).flatMap((word) => [...word.matchAll(PID_WORD)].map(([, pid]) => Number(pid)));
    return [...new Set(pids)].flatMap((pid) => {
      const descent = pid !== own && root.findTask(pid) === null ? descentOf(pid, this.program, this.options.directory) : undefined;
      if (descent === undefined) return [];
      const parent = descent.task === null ? root : this.programs.get(descent.task)?.task;
      const task = parent?.clone(0, pid);
      return typeof task === 'object' ? [task] : [];
    });
  }

  /** A program runs in place of `task`, and in its namespaces: what it hands on to its commands, and the words in front of it. */
  enter(node: string, task: Task, starter: Place): { readonly token: string; readonly before: readonly string[] } {
    const token = String(++this.tokens);
    this.programs.set(token, { node, task });
    const { sandbox, directory } = this.options;
    const seen = (starter.task ?? this.host.taskOf(this.options.node)).net;
    if (!sandbox.mounts) return { token, before: [] };
    const files = this.show(task);
    return { token, before: seen === task.net ? [] : sandbox.enter(directory, files) };
  }

  leave(token: string): void {
    const task = this.programs.get(token)?.task;
    this.programs.delete(token);
    const shown = task === undefined ? undefined : this.shown.get(task.net);
    if (task === undefined || shown === undefined) return;
    shown.users.splice(shown.users.indexOf(task), 1);
    shown.files.use(shown.users.at(-1) ?? null);
  }

  /** A process that takes a command's place has begun, or ended. */
  replace(pid: number, now: boolean): void {
    if (now) this.replaced.add(pid);
    else this.replaced.delete(pid);
  }

  /** What was written to files is told to the kernel. */
  async hearFiles(): Promise<void> {
    // The events of one turn of the loop: what was written before a command was called is among them.
    await new Promise((resolve) => setImmediate(resolve));
    for (const { files } of this.shown.values()) files.settle();
  }

  /** What has changed is in the files. */
  writeFiles(): void {
    for (const { files } of this.shown.values()) files.refresh(false);
  }

  forget(connection: Connection): void {
    this.connections.delete(connection);
  }

  /** The directory of a namespace's files, which from now on are kept as it is. */
  private show(task: Task): string {
    for (const [net, { files }] of this.shown) {
      if (net.alive) continue;
      files.close();
      this.shown.delete(net);
    }
    let shown = this.shown.get(task.net);
    if (shown === undefined) this.shown.set(task.net, (shown = { files: new KernelFiles(path.join(this.options.directory, '.files', String(++this.tokens)), task.net), users: [] }));
    shown.users.push(task);
    shown.files.use(task);
    return shown.files.directory;
  }

  /** Counters and links change by themselves. */
  private lookLater(pause: number, nextAll: number): void {
    this.looking = setTimeout(() => {
      const begin = performance.now();
      const all = begin >= nextAll;
      for (const { files } of this.shown.values()) files.refresh(all);
      const now = performance.now();
      const wait = (now - begin) / LOOK_SHARE;
      if (all) this.lookLater(LOOK_EVERY, now + Math.max(LOOK_ALL_EVERY, wait));
      else this.lookLater(Math.max(LOOK_EVERY, wait), nextAll);
    }, pause).unref();
  }
}

/** One command. */
class Connection {
  private readonly server: CommandServer;
  private readonly host: ProgramHost;
  private readonly socket: Socket;
  private running: Running | null = null;
  private wanted: ((bytes: Uint8Array) => void) | null = null;
  private ended: ((status: number) => void) | null = null;
  /** The program that runs in its place. */
  private pid = 0;
  /** What came last and was not caught, so the status may tell of it. */
  private signal: string | undefined;

  constructor(server: CommandServer, host: ProgramHost, socket: Socket) {
    this.server = server;
    this.host = host;
    this.socket = socket;
    listen<ToServer>(socket, (message) => this.hear(message));
    socket.on('error', () => {});
    socket.on('close', () => {
      // Its command is no more, so neither is what ran in its place.
      if (this.pid !== 0) endProcess(this.pid);
      this.end();
      server.forget(this);
    });
  }

  end(): void {
    this.running?.kill('SIGKILL');
    this.ended?.(128 + 9);
    this.wanted?.(new Uint8Array(0));
    // Nothing is left to be said to what has gone already.
    say(this.socket, { type: 'exit', code: 128 + 9 });
    this.socket.end();
  }

  private hear(message: ToServer): void {
    if (message.type === 'start') void this.start(message);
    else if (message.type === 'stdin') this.wanted?.(Buffer.from(message.base64, 'base64'));
    else if (message.type === 'signal') this.running?.kill((this.signal = message.signal));
    else if (message.type === 'pid') this.server.replace((this.pid = message.pid), true);
    else if (message.type === 'status') this.ended?.(message.status);
  }

  /** What the kernel does not survive is this command's failure, and said to be one. */
  private async start(asked: Start): Promise<void> {
    let code: number;
    try {
      code = await this.run(asked);
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      say(this.socket, { type: 'stderr', text: `${asked.argv[0] ?? ''}: this is a bug in skbuff, please report it: ${process.env['SKBUFF_DEBUG'] === undefined ? message : stack}\n` });
      code = BUG;
    }
    this.running = null;
    say(this.socket, { type: 'exit', code, ...(this.signal !== undefined && { signal: this.signal }) });
  }

  private async run(asked: Start): Promise<number> {
    const { socket, server } = this;
    await server.hearFiles();
    const place = server.place(asked);
    if (typeof place === 'string') {
      say(socket, { type: 'stderr', text: `${asked.argv[0] ?? ''}: ${place}\n` });
      return 127;
    }
    const stdoutBytes = (bytes: Uint8Array): void => say(socket, { type: 'bytes', base64: Buffer.from(bytes).toString('base64') });
    const io: Stdio = {
      pid: asked.pid,
      stdout(text) {
        if (asked.stdoutError === undefined) say(socket, { type: 'stdout', text });
        return asked.stdoutError;
      },
      stderr: (text) => say(socket, { type: 'stderr', text }),
      stdoutBytes,
      stdin: () => this.stdin(),
      isTerminal: asked.terminal,
      files: machineFiles(asked.cwd, asked.files ?? {}, { write: stdoutBytes, close: () => {} }),
      exec: (argv, task) => this.exec(place, argv, task),
    };
    const adopted = server.adopt(asked);
    try {
      const running = this.host.start(place.node, asked.argv, io, place.task);
      if (isDaemon(asked.argv)) return ((await Promise.race([running.done, sleep(BEGIN_MS)])) ?? { code: 0 }).code;
      this.running = running;
      return (await running.done).code;
    } finally {
      for (const task of adopted) task.exit();
      server.writeFiles();
    }
  }

  private stdin(): Promise<Uint8Array> {
    say(this.socket, { type: 'stdin' });
    return new Promise((resolve) => {
      this.wanted = resolve;
    });
  }

  private async exec(place: Place, argv: readonly string[], task: Task): Promise<number> {
    const { token, before } = this.server.enter(place.node, task, place);
    say(this.socket, { type: 'exec', argv, task: token, before });
    const status = await new Promise<number>((resolve) => {
      this.ended = resolve;
    });
    this.ended = null;
    this.server.replace(this.pid, false);
    this.pid = 0;
    this.server.leave(token);
    return status;
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
