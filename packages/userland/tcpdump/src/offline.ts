/** Reading files: -r, and -V with a list of them. */
import { type BpfInsn, BpfBuffer, BpfProgram, bpfRun } from '@skbuff/bpf';
import type { CommandEnv } from '@skbuff/command';
import { strerror } from '@skbuff/uapi';
import { dump, filter } from './filter.ts';
import { Handler, linkText, plural } from './handler.ts';
import { failure } from './messages.ts';
import type { TcpdumpOptions } from './options.ts';
import { type PacketSource, openSavefile } from './savefile.ts';

/** The exit status. */
export async function fromFiles(options: TcpdumpOptions, env: CommandEnv): Promise<number> {
  const [first, ...others] = options.readList === null ? [options.read ?? ''] : listed(env, options.readList);
  if (first === undefined) failure(`Nothing in ${options.readList}`);
  let source = await open(env, first);
  const insns = compile(options, env, source);
  if (options.user !== null) findUser(env, options.user);
  if (options.dflag > 0) return dump(options, env, insns);
  const handler = new Handler(env, options, source.dlt, source.snaplen);
  let status = readAll(env, source, insns, handler);
  for (const path of others) {
    if (status !== 0) break;
    const { dlt } = source;
    source = await open(env, path);
    if (source.dlt !== dlt && options.write !== null) failure(`${path}: new dlt value ${source.dlt} is not ${dlt}`);
    status = readAll(env, source, compile(options, env, source), handler);
  }
  handler.close();
  if (options.countMode && status === 0) env.stdout(`${plural(handler.count, 'packet')}\n`);
  return Math.max(0, status);
}

/** -Z: there must be such a user, whoever the process is. */
function findUser(env: CommandEnv, user: string): void {
  const text = env.readFile('/etc/passwd');
  const known = typeof text === 'string' && text.split('\n').some((line) => line.startsWith(`${user}:`));
  if (!known && user !== 'root') failure(`Couldn't find user '${user}'`);
}

function listed(env: CommandEnv, path: string): string[] {
  const text = env.readFile(path);
  if (typeof text === 'number') failure(`Unable to open file: ${strerror(text)}`);
  return text.split('\n').filter((line) => line !== '');
}

async function open(env: CommandEnv, path: string): Promise<PacketSource> {
  const source = await openSavefile(env, path);
  env.stderr(`reading from file ${path}, ${linkText(source.dlt)}, snapshot length ${source.snaplen}\n`);
  return source;
}

function compile(options: TcpdumpOptions, env: CommandEnv, { dlt, snaplen }: PacketSource): BpfInsn[] {
  return filter({ ...options, snaplen }, env, dlt);
}

/** 0 at the file's end, 1 after a complaint, -1 if no more packets are wanted. */
function readAll(env: CommandEnv, source: PacketSource, insns: readonly BpfInsn[], handler: Handler): number {
  const program = new BpfProgram(insns);
  for (let packet = source.next(); packet !== null; packet = source.next()) {
    if ('error' in packet) {
      env.stderr(`tcpdump: pcap_loop: ${packet.error}\n`);
      return 1;
    }
    if (bpfRun(program, new BpfBuffer(packet.bytes, packet.originalLength)) !== 0 && !handler.packet(packet)) return -1;
  }
  return 0;
}
