/**
 * A command in the PATH of `skbuff run`: hands itself over to the process that holds the kernel, and is its hands and eyes out here.
 * Called as `client.js SOCKET NAME ARGUMENTS…`.
 */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { constants } from 'node:os';
import { listen, say, type ToClient } from './protocol.ts';

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
/** What a shell says of a command that is not there; used when the kernel is gone. */
const GONE = 127;

const [path = '', ...argv] = process.argv.slice(2);
const socket: Socket = connect(path);
/** A program of the machine runs in our place: signals are its affair. */
let running: ReturnType<typeof spawn> | null = null;

socket.on('error', () => {
  process.stderr.write(`${argv[0]}: the kernel of this program has ended\n`);
  process.exit(GONE);
});
socket.on('close', () => process.exit());
// Whoever reads from us has gone, and so do we.
process.stdout.on('error', () => process.exit(0));

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

function exec([name = '', ...args]: readonly string[], task: string): void {
  running = spawn(name, args, { stdio: 'inherit', env: { ...process.env, SKBUFF_TASK: task } });
  const ended = (status: number): void => {
    running = null;
    say(socket, { type: 'status', status });
  };
  running.once('error', (error: NodeJS.ErrnoException) => ended(error.errno ?? -constants.errno.ENOENT));
  running.once('exit', (code, signal) => ended(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
}

listen<ToClient>(socket, (message) => {
  if (message.type === 'stdout' || message.type === 'stderr') process[message.type].write(message.text);
  else if (message.type === 'bytes') process.stdout.write(Buffer.from(message.base64, 'base64'));
  else if (message.type === 'stdin') void readStdin();
  else if (message.type === 'exec') exec(message.argv, message.task);
  else {
    // The loop ends by itself once all is written.
    process.exitCode = message.code;
    socket.removeAllListeners('close');
    socket.end();
    process.stdin.destroy();
  }
});

const { SKBUFF_NODE: node, SKBUFF_TASK: task } = process.env;
say(socket, {
  type: 'start',
  argv,
  cwd: process.cwd(),
  terminal: process.stdout.isTTY === true,
  ...(node !== undefined && { node }),
  ...(task !== undefined && { task }),
});
