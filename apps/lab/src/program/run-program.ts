/** Runs a program of the machine whose network commands are ours. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellQuote } from '../shell/quote.ts';
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
}

/** A file that a shell may execute; the paths may hold any character. */
function wrapper(client: string, socket: string, name: string): string {
  return `#!/bin/sh\nexec ${[process.execPath, client, socket, name].map(shellQuote).join(' ')} "$@"\n`;
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

/**
 * `sudo` in front of a command, which would otherwise look for it in a PATH of its own and change the real machine. Nobody is asked: these
 * commands need no other user. Programs of the machine run as whoever called.
 */
const SUDO = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    -[ughpCrtTUDR]|--user|--group|--host|--prompt|--chdir) shift; [ $# -eq 0 ] || shift ;;
    -i|-s|--login|--shell) shift; [ $# -gt 0 ] || set -- "\${SHELL:-/bin/sh}" ;;
    -v|-k|-K|--validate) exit 0 ;;
    -*) shift ;;
    [A-Za-z_]*=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { echo 'sudo (of skbuff run): no command to run' >&2; exit 1; }
exec "$@"
`;

/** Runs the program to its end; its exit status, 128 and the signal's number if one ended it, 127 if it could not be started. */
export async function runProgram(host: ProgramHost, [name = '', ...args]: readonly string[], options: ProgramOptions): Promise<number> {
  const { node, stdio = 'inherit', client = fileURLToPath(new URL('./client.js', import.meta.url)) } = options;
  const directory = workDirectory();
  if (directory === null) return UNUSABLE;
  const socket = path.join(directory, '.kernel');
  const server = new CommandServer(host, node);
  try {
    await server.listen(socket);
    for (const command of options.commands) writeFileSync(path.join(directory, command), wrapper(client, socket, command), { mode: 0o755 });
    writeFileSync(path.join(directory, 'sudo'), SUDO, { mode: 0o755 });
    const env = { ...process.env, PATH: `${directory}${path.delimiter}${process.env['PATH'] ?? ''}` };
    const child = spawn(name, args, { stdio, env });
    options.onSpawn?.(child);
    return await new Promise<number>((resolve) => {
      child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
        process.stderr.write(`skbuff run: ${code === 'ENOENT' ? `${name}: command not found` : code === 'EACCES' ? `${name}: cannot be executed; a script without the x bit: skbuff run -- bash ${name}` : message}\n`);
        resolve(code === 'ENOENT' ? 127 : 126);
      });
      // What it left in the background may hold its output open.
      child.once('exit', () => server.close());
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
