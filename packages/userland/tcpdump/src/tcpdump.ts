/** The command. */
import { type BpfInsn, BpfBuffer, BpfProgram, bpfDisassemble, bpfRun } from '@skbuff/bpf';
import type { Command, CommandEnv } from '@skbuff/command';
import type { PcapPacket } from '@skbuff/pcap';
import { DLT_EN10MB, DLT_LINUX_SLL2, LINK_TYPES, isCompileError, pcapCompile } from '@skbuff/pcap-filter';
import { EINTR, ENETDOWN, strerror } from '@skbuff/uapi';
import { defaultDevice, deviceDlt, deviceIndex, listDevices } from './devices.ts';
import { Live } from './live.ts';
import { Failure, USAGE, VERSION, failure } from './messages.ts';
import { filterNames, printNames } from './name-table.ts';
import { Ndo } from './ndo.ts';
import { type TcpdumpOptions, parseOptions } from './options.ts';
import { type LinkPrinter, linkPrinter, packetLine } from './packet-line.ts';
import { Output, openSavefile } from './savefile.ts';
import { Stamps } from './timestamp.ts';

/** `tcpdump`, as tcpdump 4.99.3 with libpcap 1.10.3. */
export const tcpdump: Command = {
  name: 'tcpdump',
  run(argv, env) {
    try {
      const status = run(parseOptions(argv.slice(1)), env);
      return typeof status === 'number' ? status : status.catch((error: unknown) => failed(env, error));
    } catch (error) {
      return failed(env, error);
    }
  },
};

function failed(env: CommandEnv, error: unknown): number {
  if (!(error instanceof Failure)) throw error;
  env.stderr(error.message);
  return error.status;
}

function run(options: TcpdumpOptions, env: CommandEnv): number | Promise<number> {
  if (options.help) {
    env.stdout(USAGE);
    return 0;
  }
  if (options.version) {
    env.stdout(VERSION);
    return 0;
  }
  if (options.listDevices) {
    env.stdout(listDevices(env));
    return 0;
  }
  if (options.read !== null) return fromFile(options, env, options.read);
  if (options.dflag > 0 && options.device === null) {
    if (options.dlt === null) env.stderr('Warning: assuming Ethernet\n');
    return dump(options, env, filter(options, env, options.dlt ?? DLT_EN10MB));
  }
  return fromDevice(options, env);
}

/** The expression, from -F or the command line, compiled. */
function filter(options: TcpdumpOptions, env: CommandEnv, dlt: number): BpfInsn[] {
  let { expression } = options;
  if (options.filterFile !== null) {
    const text = env.readFile(options.filterFile);
    if (typeof text === 'number') failure(`can't open ${options.filterFile}: ${strerror(text)}`);
    // A comment ends with its line.
    expression = text.replace(/#[^\n]*/g, ' ').replace(/\n/g, ' ');
  }
  const program = pcapCompile(expression, { dlt, snaplen: options.snaplen, optimize: options.optimize, names: filterNames(env) });
  return isCompileError(program) ? failure(program.error) : program;
}

/** -d, -dd, -ddd */
function dump(options: TcpdumpOptions, env: CommandEnv, insns: readonly BpfInsn[]): number {
  const hex = (n: number, width = 0): string => `0x${(n >>> 0).toString(16).padStart(width, '0')}`;
  if (options.dflag === 1) env.stdout(bpfDisassemble(insns));
  else if (options.dflag === 2) env.stdout(insns.map(({ code, jt, jf, k }) => `{ ${hex(code)}, ${jt}, ${jf}, ${hex(k, 8)} },\n`).join(''));
  else env.stdout(`${insns.length}\n${insns.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k >>> 0}\n`).join('')}`);
  return 0;
}

function linkText(dlt: number): string {
  const known = LINK_TYPES.find((type) => type.dlt === dlt);
  return known === undefined ? `link-type ${dlt}` : `link-type ${known.name} (${known.description})`;
}

/** Does with each packet what was asked for. */
class Handler {
  count = 0;
  private readonly env: CommandEnv;
  private readonly options: TcpdumpOptions;
  private readonly print: LinkPrinter | null;
  private readonly output: Output | null;
  private readonly ndo: Ndo;
  private readonly stamps: Stamps;

  constructor(env: CommandEnv, options: TcpdumpOptions, dlt: number, snaplen: number) {
    const { write, nanoseconds, fileSize, fileCount } = options;
    this.env = env;
    this.options = options;
    this.ndo = new Ndo(options, printNames(env));
    this.stamps = new Stamps({ tflag: options.tflag, nanoseconds });
    this.output = write === null ? null : new Output(env, { path: write, dlt, snaplen, nanoseconds, fileSize, fileCount });
    const silent = options.countMode || (write !== null && !options.print);
    this.print = silent ? null : (linkPrinter(dlt) ?? failure(`packet printing is not supported for ${linkText(dlt)}: use -w`));
  }

  /** False if that was the last one. */
  packet(packet: PcapPacket): boolean {
    this.count++;
    this.output?.write(packet);
    if (this.print !== null) {
      const number = this.options.numbers ? `${String(this.count).padStart(5)}  ` : '';
      this.env.stdout(packetLine(this.ndo, this.print, packet, number + this.stamps.of(packet.time)));
    }
    return this.count !== this.options.count;
  }

  close(): void {
    this.output?.close();
  }
}

function fromFile(options: TcpdumpOptions, env: CommandEnv, path: string): number {
  const source = openSavefile(env, path);
  env.stderr(`reading from file ${path}, ${linkText(source.dlt)}, snapshot length ${source.snaplen}\n`);
  const insns = filter({ ...options, snaplen: source.snaplen }, env, source.dlt);
  if (options.dflag > 0) return dump(options, env, insns);
  const program = new BpfProgram(insns);
  const handler = new Handler(env, options, source.dlt, source.snaplen);
  let status = 0;
  for (;;) {
    const packet = source.next();
    if (packet === null) break;
    if ('error' in packet) {
      env.stderr(`tcpdump: pcap_loop: ${packet.error}\n`);
      status = 1;
      break;
    }
    if (bpfRun(program, new BpfBuffer(packet.bytes, packet.originalLength)) !== 0 && !handler.packet(packet)) break;
  }
  handler.close();
  if (options.countMode && status === 0) env.stdout(`${plural(handler.count, 'packet')}\n`);
  return status;
}

function plural(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** A name, or the number that -D gives it. */
function findDevice(options: TcpdumpOptions, env: CommandEnv): string {
  const name = options.device ?? defaultDevice(env) ?? failure('no suitable device found');
  if (name === 'any' || deviceIndex(env, name) >= 0) return name;
  const listed = /^[0-9]+$/.test(name) ? listDevices(env).split('\n')[Number(name) - 1] : undefined;
  const found = listed?.replace(/^[0-9]+\./, '').split(' ')[0];
  return found !== undefined && found !== '' ? found : failure(`${name}: No such device exists\n(No such device exists)`);
}

function fromDevice(options: TcpdumpOptions, env: CommandEnv): number | Promise<number> {
  const device = findDevice(options, env);
  const dlt = device === 'any' ? DLT_LINUX_SLL2 : deviceDlt(env, device);
  if (options.listLinkTypes) {
    const type = LINK_TYPES.find((known) => known.dlt === dlt);
    env.stdout(`Data link types for ${device} (use option -y to set):\n  ${type?.name ?? dlt} (${type?.description ?? ''})\n`);
    return 0;
  }
  if (options.dlt !== null && options.dlt !== dlt) {
    const asked = LINK_TYPES.find((known) => known.dlt === options.dlt);
    failure(`${device}: ${asked?.name ?? ''} is not one of the DLTs supported by this device`);
  }
  const insns = filter(options, env, dlt);
  if (options.dflag > 0) return dump(options, env, insns);
  const { snaplen, promiscuous, direction } = options;
  const live = new Live(env, { device, dlt, snaplen, promiscuous: promiscuous && device !== 'any', direction });
  live.setFilter(insns);
  const handler = new Handler(env, options, dlt, snaplen);
  live.start();
  announce(options, env, device, dlt);
  return capture(env, live, handler);
}

function announce(options: TcpdumpOptions, env: CommandEnv, device: string, dlt: number): void {
  const quiet = options.vflag === 0 && (options.write === null || options.print);
  const head = quiet ? 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n' : 'tcpdump: ';
  env.stderr(`${head}listening on ${device}, ${linkText(dlt)}, snapshot length ${options.snaplen} bytes\n`);
}

async function capture(env: CommandEnv, live: Live, handler: Handler): Promise<number> {
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    env.onSignal(signal, () => {
      stopped = true;
    });
  }
  let status = 0;
  let more = true;
  while (more && !stopped) {
    const packet = await live.next();
    if (packet === -EINTR || packet === null) continue;
    if (typeof packet === 'number') {
      env.stderr(`tcpdump: pcap_loop: ${packet === -ENETDOWN ? 'The interface disappeared' : `recvfrom failed: ${strerror(packet)}`}\n`);
      status = 1;
      break;
    }
    more = handler.packet(packet);
  }
  handler.close();
  // Perhaps a line was being printed: an empty one, just in case.
  if (stopped) env.stdout('\n');
  const { received, dropped } = live.statistics();
  live.close();
  env.stderr(`${plural(handler.count, 'packet')} captured\n${plural(received, 'packet')} received by filter\n${plural(dropped, 'packet')} dropped by kernel\n`);
  return status;
}

