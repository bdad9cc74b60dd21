/** The side of `skbuff run` that holds the kernel: runs the commands that a program's PATH hands over. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Task } from '@skbuff/sock';
import type { Running, Stdio } from 'skbuff';
import { listen, say, type ToServer } from './protocol.ts';
import { machineFiles } from './files.ts';

/** Where commands run. */
export interface ProgramHost {
  /** Starts a command on a node, as a child of `parent` if that is given. */
  start(node: string, argv: readonly string[], io: Stdio, parent?: Task): Running;
  hasNode(node: string): boolean;
}

/** Where a command runs: on a node, and as whose child if not as its own. */
interface Place {
  readonly node: string;
  readonly task?: Task;
}

type Start = Extract<ToServer, { type: 'start' }>;

export class CommandServer {
  private readonly host: ProgramHost;
  private readonly node: string;
  private readonly server: Server;
  private readonly connections: Set<Connection> = new Set();
  /** For each program of the machine that runs now a task in its place, by the number that its commands hand on. */
  private readonly programs: Map<string, Required<Place>> = new Map();
  private tokens = 0;

  /** @param node where commands run that ask for no other */
  constructor(host: ProgramHost, node: string) {
    this.host = host;
    this.node = node;
    this.server = createServer((socket) => this.connections.add(new Connection(this, host, socket)));
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
    for (const connection of this.connections) connection.end();
    this.server.close();
  }

  /** Where a command is to run, or why it cannot. */
  place(asked: Start): Place | string {
    const program = asked.task === undefined ? undefined : this.programs.get(asked.task);
    if (asked.task !== undefined && program === undefined) return 'the program that started it has ended, and its namespaces with it';
    if (program !== undefined && (asked.node ?? program.node) === program.node) return program;
    const node = asked.node ?? this.node;
    return this.host.hasNode(node) ? { node } : `there is no node ${node} (SKBUFF_NODE)`;
  }

  /** A task that stands for a program while it runs, in the namespaces of `parent`: what the program hands on, or a negative errno. */
  enter(node: string, parent: Task): string | number {
    const task = parent.clone(0);
    if (typeof task === 'number') return task;
    const token = String(++this.tokens);
    this.programs.set(token, { node, task });
    return token;
  }

  /** From now on the program's task has the number of its process. */
  number(token: string, pid: number): void {
    const program = this.programs.get(token);
    const task = program?.task.clone(0, pid);
    if (program === undefined || task === undefined || typeof task === 'number') return;
    program.task.exit();
    this.programs.set(token, { node: program.node, task });
  }

  leave(token: string): void {
    this.programs.get(token)?.task.exit();
    this.programs.delete(token);
  }

  forget(connection: Connection): void {
    this.connections.delete(connection);
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
  private token = '';
  /** What came last and was not caught, so the status may tell of it. */
  private signal: string | undefined;

  constructor(server: CommandServer, host: ProgramHost, socket: Socket) {
    this.server = server;
    this.host = host;
    this.socket = socket;
    listen<ToServer>(socket, (message) => this.hear(message));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.end();
      server.forget(this);
    });
  }

  end(): void {
    this.running?.kill('SIGKILL');
    this.ended?.(128 + 9);
    this.wanted?.(new Uint8Array(0));
    this.socket.destroy();
  }

  private hear(message: ToServer): void {
    if (message.type === 'start') void this.start(message);
    else if (message.type === 'stdin') this.wanted?.(Buffer.from(message.base64, 'base64'));
    else if (message.type === 'signal') this.running?.kill((this.signal = message.signal));
    else if (message.type === 'pid') this.server.number(this.token, message.pid);
    else if (message.type === 'status') this.ended?.(message.status);
  }

  private async start(asked: Start): Promise<void> {
    const { socket } = this;
    const place = this.server.place(asked);
    if (typeof place === 'string') {
      say(socket, { type: 'stderr', text: `${asked.argv[0] ?? ''}: ${place}\n` });
      return say(socket, { type: 'exit', code: 127 });
    }
    const { node, task: parent } = place;
    const stdoutBytes = (bytes: Uint8Array): void => say(socket, { type: 'bytes', base64: Buffer.from(bytes).toString('base64') });
    const io: Stdio = {
      pid: asked.pid,
      stdout: (text) => say(socket, { type: 'stdout', text }),
      stderr: (text) => say(socket, { type: 'stderr', text }),
      stdoutBytes,
      stdin: () => this.stdin(),
      isTerminal: asked.terminal,
      files: machineFiles(asked.cwd, asked.files ?? {}, { write: stdoutBytes, close: () => {} }),
      exec: (argv, task) => this.exec(node, argv, task),
    };
    this.running = this.host.start(node, asked.argv, io, parent);
    const { code } = await this.running.done;
    this.running = null;
    say(socket, { type: 'exit', code, ...(this.signal !== undefined && { signal: this.signal }) });
  }

  private stdin(): Promise<Uint8Array> {
    say(this.socket, { type: 'stdin' });
    return new Promise((resolve) => {
      this.wanted = resolve;
    });
  }

  private async exec(node: string, argv: readonly string[], parent: Task): Promise<number> {
    const token = this.server.enter(node, parent);
    if (typeof token === 'number') return token;
    this.token = token;
    say(this.socket, { type: 'exec', argv, task: token });
    const status = await new Promise<number>((resolve) => {
      this.ended = resolve;
    });
    this.ended = null;
    this.server.leave(token);
    return status;
  }
}
