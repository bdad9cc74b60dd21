/**
 * A command in the PATH of `skbuff run`: hands itself over to the process that holds the kernel, and is its hands and eyes out here.
 * Called as `client.js SOCKET NAME open|closed ARGUMENTS…`: what standard output was.
 */
import { spawn } from 'node:child_process';
import { fstatSync, readFileSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { constants } from 'node:os';
import { findProgram } from './find-program.ts';
import { listen, say, type ToClient } from './protocol.ts';

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
/** What a shell says of a command that is not there; used when the kernel is gone. */
const GONE = 127;

const [path = '', name = '', output, ...words] = process.argv.slice(2);
const argv: readonly string[] = [name, ...words];
const socket: Socket = connect(path);
/** A program of the machine runs in our place: signals are its affair. */
let running: ReturnType<typeof spawn> | null = null;
/** What ended the program. */
let endedBy: string | undefined;

function gone(): never {
  process.stderr.write(`${argv[0]}: the kernel of this program has ended\n`);
  process.exit(GONE);
}

socket.on('error', gone);
socket.on('close', gone);
for (const stream of [process.stdout, process.stderr]) {
  // Whoever reads from us has gone, and so do we. What else fails the commands do not look at while they print.
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') dieOf('SIGPIPE');
  });
}

for (const signal of SIGNALS) {
  process.on(signal, () => {
    // The terminal has sent these two to the whole group.
    if (running === null) say(socket, { type: 'signal', signal });
    else if (signal === 'SIGHUP' || signal === 'SIGTERM') running.kill(signal);
  });
}

let input: AsyncIterator<Buffer> | null = null;

/** Asked for again and again; not touched before, since it may be a script's own. */
async function readStdin(): Promise<void> {
  input ??= process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const { value } = await input.next().catch(() => ({ value: undefined }));
  say(socket, { type: 'stdin', base64: (value as Buffer | undefined)?.toString('base64') ?? '' });
}

function exec(argv: readonly string[], before: readonly string[], task: string): void {
  const found = findProgram(argv[0] ?? '');
  if (typeof found === 'number') return say(socket, { type: 'status', status: found });
  const [name = '', ...args] = [...before, ...argv];
  running = spawn(name, args, { stdio: 'inherit', env: { ...process.env, SKBUFF_TASK: task } });
  const ended = (status: number): void => {
    running = null;
    say(socket, { type: 'status', status });
  };
  if (running.pid !== undefined) say(socket, { type: 'pid', pid: running.pid });
  running.once('error', (error: NodeJS.ErrnoException) => ended(error.errno ?? -constants.errno.ENOENT));
  running.once('exit', (code, signal) => {
    endedBy = signal ?? undefined;
    ended(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
  });
}

/** By its default action: Node ignores SIGPIPE from the start, and a handler that comes and goes takes that back. */
function dieOf(signal: string): void {
  process.on(signal, () => {});
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** As a parent finds it that looks at more than the status: bash says "Terminated", Python -15. */
function endAs(code: number, signal: string | undefined): void {
  process.exitCode = code;
  if (signal === undefined || code !== 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)) return;
  process.on('exit', () => dieOf(signal));
}

/** Files that only this process can read, such as what `<(…)` of bash makes; the kernel's must not wait for what may wait for it. */
const OWN_FILE = /^\/(?:dev|proc\/self)\/(?:stdin|fd\/\d+)$/;

/** A write of nothing fails where every write does, as into /dev/full, and is not seen anywhere else. */
function stdoutError(): number {
  if (output === 'closed') return -constants.errno.EBADF;
  try {
    if (fstatSync(1).isCharacterDevice() && process.stdout.isTTY !== true) writeSync(1, new Uint8Array(0));
    return 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? 0;
  }
}

function ownFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of argv.slice(1).filter((word) => OWN_FILE.test(word))) {
    try {
      files[name] = readFileSync(name).toString('base64');
    } catch {
      // It is there to be written, or not at all: the command will say so.
    }
  }
  return files;
}

listen<ToClient>(socket, (message) => {
  if (message.type === 'stdout' || message.type === 'stderr') process[message.type].write(message.text);
  else if (message.type === 'bytes') process.stdout.write(Buffer.from(message.base64, 'base64'));
  else if (message.type === 'stdin') void readStdin();
  else if (message.type === 'exec') exec(message.argv, message.before, message.task);
  else {
    // The loop ends by itself once all is written.
    endAs(message.code, message.signal ?? endedBy);
    socket.removeAllListeners('close');
    socket.end();
    process.stdin.destroy();
  }
});

const { SKBUFF_NODE: node, SKBUFF_TASK: task } = process.env;
const files = ownFiles();
const unwritable = stdoutError();
say(socket, {
  type: 'start',
  argv,
  cwd: process.cwd(),
  terminal: process.stdout.isTTY === true,
  pid: process.pid,
  ...(Object.keys(files).length > 0 && { files }),
  ...(unwritable < 0 && { stdoutError: unwritable }),
  ...(node !== undefined && { node }),
  ...(task !== undefined && { task }),
});
