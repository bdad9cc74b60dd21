/** The side of `skbuff run` that holds the kernel: runs the commands that a program's PATH hands over. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Net } from '@skbuff/core';
import type { Running, Stdio } from 'skbuff';
import { listen, say, type ToServer } from './protocol.ts';
import { machineFiles } from './files.ts';

/** Where commands run. */
export interface ProgramHost {
  /** Starts a command on a node, in the node's own namespace or in `net`. */
  start(node: string, argv: readonly string[], io: Stdio, net?: Net): Running;
  hasNode(node: string): boolean;
}

type Start = Extract<ToServer, { type: 'start' }>;

export class CommandServer {
  private readonly host: ProgramHost;
  private readonly node: string;
  private readonly server: Server;
  private readonly connections: Set<Connection> = new Set();
  /** Namespaces that programs of the machine run in now, by the number that they hand on. */
  private readonly nets: Map<string, Net> = new Map();
  private tokens = 0;

  /** @param node where commands run that ask for no other */
  constructor(host: ProgramHost, node: string) {
    this.host = host;
    this.node = node;
    this.server = createServer((socket) => this.connections.add(new Connection(this, socket)));
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

  /** Starts what a client asks for, or says why not. */
  start(asked: Start, io: Stdio): Running | string {
    const net = asked.net === undefined ? undefined : this.nets.get(asked.net);
    if (asked.net !== undefined && net === undefined) return 'the namespace that it was started in is gone';
    const node = asked.node ?? this.node;
    if (!this.host.hasNode(node)) return `there is no node ${node} (SKBUFF_NODE)`;
    return this.host.start(node, asked.argv, io, net);
  }

  /** Keeps a namespace while a program runs in it; returns what the program hands on. */
  lend(net: Net): string {
    const token = String(++this.tokens);
    this.nets.set(token, net.get());
    return token;
  }

  giveBack(token: string): void {
    const net = this.nets.get(token);
    this.nets.delete(token);
    net?.put();
  }

  forget(connection: Connection): void {
    this.connections.delete(connection);
  }
}

/** One command. */
class Connection {
  private readonly server: CommandServer;
  private readonly socket: Socket;
  private running: Running | null = null;
  private wanted: ((text: string) => void) | null = null;
  private ended: ((status: number) => void) | null = null;

  constructor(server: CommandServer, socket: Socket) {
    this.server = server;
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
    this.wanted?.('');
    this.socket.destroy();
  }

  private hear(message: ToServer): void {
    if (message.type === 'start') void this.start(message);
    else if (message.type === 'stdin') this.wanted?.(message.text);
    else if (message.type === 'signal') this.running?.kill(message.signal);
    else if (message.type === 'status') this.ended?.(message.status);
  }

  private async start(asked: Start): Promise<void> {
    const { socket } = this;
    const running = this.server.start(asked, {
      stdout: (text) => say(socket, { type: 'stdout', text }),
      stderr: (text) => say(socket, { type: 'stderr', text }),
      stdoutBytes: (bytes) => say(socket, { type: 'bytes', base64: Buffer.from(bytes).toString('base64') }),
      stdin: () => this.stdin(),
      isTerminal: asked.terminal,
      files: machineFiles(asked.cwd),
      exec: (argv, net) => this.exec(argv, net),
    });
    if (typeof running === 'string') {
      say(socket, { type: 'stderr', text: `${asked.argv[0] ?? ''}: ${running}\n` });
      return say(socket, { type: 'exit', code: 127 });
    }
    this.running = running;
    const { code } = await running.done;
    this.running = null;
    say(socket, { type: 'exit', code });
  }

  private stdin(): Promise<string> {
    say(this.socket, { type: 'stdin' });
    return new Promise((resolve) => {
      this.wanted = resolve;
    });
  }

  private async exec(argv: readonly string[], net: Net): Promise<number> {
    const token = this.server.lend(net);
    say(this.socket, { type: 'exec', argv, net: token });
    const status = await new Promise<number>((resolve) => {
      this.ended = resolve;
    });
    this.ended = null;
    this.server.giveBack(token);
    return status;
  }
}
