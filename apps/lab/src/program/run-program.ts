/** Runs a program of the machine whose network commands are ours. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCommands } from './commands.ts';
import { findProgram } from './find-program.ts';
import { RUN } from './processes.ts';
import { REAL_TOOLS, Sandbox } from './sandbox.ts';
import { CommandServer, type ProgramHost } from './server.ts';

export interface ProgramOptions {
  /** Names of the commands that come first in PATH. */
  readonly commands: Iterable<string>;
  /** Where they run. */
  readonly node: string;
  /** Default: inherited. Tests read the program's output. */
  readonly stdio?: 'inherit' | ['pipe', 'pipe', 'pipe'];
  readonly onSpawn?: (child: ReturnType<typeof spawn>) => void;
  /** The built client. */
  readonly client?: string;
  /** Default: the best that the machine allows. */
  readonly sandbox?: Sandbox;
}

/** Exit status when there is no place to work in. */
const UNUSABLE = 2;

/** A directory of its own for commands and the socket, or null after a complaint. */
function workDirectory(): string | null {
  try {
    return mkdtempSync(path.join(tmpdir(), 'skbuff-'));
  } catch (error) {
    process.stderr.write(`skbuff run: no directory can be made in ${tmpdir()}: ${(error as NodeJS.ErrnoException).code}\n   to mend: TMPDIR=/tmp skbuff run …, or another directory that can be written\n`);
    return null;
  }
}

/** These end us; the program hears of them and decides, and we end with it. */
const PASSED_ON = ['SIGTERM', 'SIGHUP'] as const;

/** Runs the program to its end; its exit status, 128 and the signal's number if one ended it, 127 if it could not be started. */
export async function runProgram(host: ProgramHost, argv: readonly string[], options: ProgramOptions): Promise<number> {
  const found = findProgram(argv[0] ?? '');
  if (typeof found === 'number') return notFound(argv[0] ?? '', found);
  const { node, sandbox = new Sandbox(), client = fileURLToPath(new URL('./client.js', import.meta.url)) } = options;
  const directory = workDirectory();
  if (directory === null) return UNUSABLE;
  if (sandbox.warning !== null) process.stderr.write(`skbuff run: ${sandbox.warning}\n`);
  const server = new CommandServer(host, { node, directory, sandbox });
  const running = new Program(directory);
  try {
    const socket = path.join(directory, '.kernel');
    await server.listen(socket);
    const names = writeCommands(directory, client, socket, options.commands);
    return await running.run([...sandbox.start(directory, names, server.files), ...argv], options, server);
  } finally {
    server.close();
    running.close();
  }
}

function notFound(name: string, errno: number): number {
  const missing = errno === -constants.errno.ENOENT;
  const what = name === '' ? "''" : name;
  process.stderr.write(`skbuff run: ${missing ? `${what}: command not found` : `${what}: cannot be executed; a script without the x bit: skbuff run -- bash ${what}`}\n`);
  return missing ? 127 : 126;
}

/** The process, and what is to be gone when we are. */
class Program {
  private readonly directory: string;
  private child: ReturnType<typeof spawn> | null = null;
  private pending: NodeJS.Signals | null = null;
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    if (this.child === null) this.pending = signal;
    else this.child.kill(signal);
  };
  /** However we end. */
  private readonly onExit = (): void => {
    this.child?.kill();
    rmSync(this.directory, { recursive: true, force: true });
  };

  constructor(directory: string) {
    this.directory = directory;
    for (const signal of PASSED_ON) process.on(signal, this.onSignal);
    process.on('exit', this.onExit);
  }

  run([name = '', ...args]: readonly string[], options: ProgramOptions, server: CommandServer): Promise<number> {
    // One that came while we were busy has waited until now.
    return new Promise((resolve) => setImmediate(resolve)).then(() => (this.pending === null ? this.spawn(name, args, options, server) : 128 + constants.signals[this.pending]));
  }

  close(): void {
    for (const signal of PASSED_ON) process.off(signal, this.onSignal);
    process.off('exit', this.onExit);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private spawn(name: string, args: readonly string[], options: ProgramOptions, server: CommandServer): Promise<number> {
    const child = spawn(name, args, { stdio: options.stdio ?? 'inherit', env: environment(this.directory) });
    this.child = child;
    server.program = child.pid ?? 0;
    options.onSpawn?.(child);
    return new Promise<number>((resolve) => {
      child.once('error', ({ message }) => {
        process.stderr.write(`skbuff run: ${message}\n`);
        resolve(126);
      });
      // What it left in the background may hold its output open.
      child.once('exit', () => {
        this.child = null;
        server.close();
      });
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  }
}

/** The program may be one of another `skbuff run`, whose tasks mean nothing to us. */
function environment(directory: string): NodeJS.ProcessEnv {
  const { SKBUFF_TASK: _theirs, ...env } = process.env;
  return { ...env, PATH: `${directory}${path.delimiter}${env['PATH'] ?? ''}`, [RUN]: directory, [REAL_TOOLS]: path.join(directory, '.real') };
}
