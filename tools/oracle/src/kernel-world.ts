/** The same lab in namespaces of the running kernel, built by the script that `skbuff export` prints. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exportScript, type LabTopology } from '@skbuff/cli';
import { type Ran, type Seen, WIRE, type World } from './world.ts';

/** Milliseconds without a frame after which no more is expected. */
const QUIET_MS = 3;

/** Why there is no kernel to compare with, or null. */
export function kernelMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux';
  if (!spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2')) return 'it needs iproute2';
  if (spawnSync('gcc', ['--version']).status !== 0) return 'it needs gcc';
  return existsSync('/usr/include/stdio.h') ? null : 'it needs libc6-dev';
}

let names = 0;

class KernelWorld implements World {
  private readonly prefix: string;
  private readonly script: string;
  private readonly directory: string;
  private readonly ports: readonly string[];
  private readonly wire: ChildProcess | null;
  private readonly lines: AsyncIterator<string> | null;

  constructor(topology: LabTopology) {
    this.prefix = `sko${process.pid}x${names++}-`;
    this.script = exportScript(topology, { seed: 1, prefix: this.prefix });
    this.directory = mkdtempSync(path.join(tmpdir(), 'skbuff-oracle-'));
    this.ports = topology.links.flatMap(({ ends }) => ends.filter(({ node }) => node === WIRE).map((end) => end.interface));
    this.build('up');
    this.wire = this.ports.length === 0 ? null : this.startWire();
    this.lines = this.wire === null ? null : createInterface({ input: this.wire.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  private build(what: 'up' | 'down'): void {
    const { status, stderr } = spawnSync('bash', ['-s', what], { input: this.script, encoding: 'utf8' });
    if (status !== 0 || stderr !== '') throw new Error(`the lab cannot be built from namespaces: ${stderr}`);
  }

  private startWire(): ChildProcess {
    const binary = path.join(this.directory, WIRE);
    execFileSync('gcc', ['-O2', '-o', binary, fileURLToPath(new URL('../c/wire.c', import.meta.url))]);
    return spawn('ip', ['netns', 'exec', `${this.prefix}${WIRE}`, binary, String(QUIET_MS), ...this.ports], { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  /** The first line of the helper. */
  async ready(): Promise<this> {
    if (this.lines !== null && (await this.lines.next()).value !== 'ready') throw new Error('the wire cannot be held');
    return this;
  }

  run(node: string, line: string): Promise<Ran> {
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', `${this.prefix}${node}`, ...line.split(' ')], { encoding: 'utf8', maxBuffer: 1 << 28 });
    return Promise.resolve({ code: status ?? -1, stdout, stderr });
  }

  batch(node: string, options: string, lines: readonly string[]): Promise<Ran> {
    const words = ['-n', `${this.prefix}${node}`, ...options.split(' ').filter((word) => word !== ''), '-force', '-batch', '-'];
    const { status, stdout, stderr } = spawnSync('ip', words, { input: lines.map((line) => `${line}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
    return Promise.resolve({ code: status ?? -1, stdout, stderr });
  }

  async read(node: string, file: string): Promise<string> {
    return (await this.run(node, `cat /proc/net/${file}`)).stdout;
  }

  send(port: string, ...frames: Uint8Array[]): Promise<Seen[]> {
    return this.ask([this.ports.indexOf(port), ...frames.map((frame) => Buffer.from(frame).toString('hex'))].join(' '));
  }

  wait(ms: number): Promise<Seen[]> {
    return this.ask(`wait ${ms}`);
  }

  private async ask(line: string): Promise<Seen[]> {
    if (this.wire === null || this.lines === null) throw new Error('the lab has no node wire');
    this.wire.stdin?.write(`${line}\n`);
    const seen: Seen[] = [];
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done === true) throw new Error('the wire has ended');
      if (value === '.') return seen;
      const [port = '', hex = ''] = (value as string).split(' ');
      seen.push({ port: this.ports[Number(port)] ?? '', frame: new Uint8Array(Buffer.from(hex, 'hex')) });
    }
  }

  async mac(node: string, dev: string): Promise<Uint8Array> {
    const { stdout } = await this.run(node, `cat /sys/class/net/${dev}/address`);
    return new Uint8Array(Buffer.from(stdout.trim().replaceAll(':', ''), 'hex'));
  }

  timeOfDay(): number {
    return Math.floor(Date.now()) % 86_400_000;
  }

  async close(): Promise<void> {
    const { wire } = this;
    if (wire !== null) {
      const gone = new Promise((resolve) => wire.once('exit', resolve));
      wire.stdin?.end();
      await gone;
    }
    this.build('down');
    rmSync(this.directory, { recursive: true });
  }
}

export function kernelWorld(topology: LabTopology): Promise<World> {
  return new KernelWorld(topology).ready();
}
