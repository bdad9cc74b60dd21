/** The same lab in namespaces of the running kernel, built by the script that `skbuff export` prints. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportScript, type LabTopology } from '@skbuff/cli';
import { Helper } from './helper.ts';
import { type Calls, type Ran, type Seen, WIRE, type World } from './world.ts';

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
  private readonly helpers: Helper[] = [];
  private readonly wire: Helper | null;
  /** Processes of nodes, whose /proc/…/net is theirs. */
  private readonly inhabitants: Map<string, Helper> = new Map();
  private readonly macs: Map<string, Uint8Array> = new Map();

  constructor(topology: LabTopology) {
    this.prefix = `sko${process.pid}x${names++}-`;
    this.script = exportScript(topology, { seed: 1, prefix: this.prefix });
    this.directory = mkdtempSync(path.join(tmpdir(), 'skbuff-oracle-'));
    this.ports = topology.links.flatMap(({ ends }) => ends.filter(({ node }) => node === WIRE).map((end) => end.interface));
    this.build('up');
    this.wire = this.ports.length === 0 ? null : this.start(WIRE, WIRE, [String(QUIET_MS), ...this.ports]);
  }

  private start(name: string, node: string, args: readonly string[]): Helper {
    const helper = new Helper(this.directory, name, `${this.prefix}${node}`, args);
    this.helpers.push(helper);
    return helper;
  }

  private build(what: 'up' | 'down'): void {
    const { status, stderr } = spawnSync('bash', ['-s', what], { input: this.script, encoding: 'utf8' });
    if (status !== 0 || stderr !== '') throw new Error(`the lab cannot be built from namespaces: ${stderr}`);
  }

  /** The first line of the helper. */
  async ready(): Promise<this> {
    if (this.wire !== null && (await this.wire.next()) !== 'ready') throw new Error('the wire cannot be held');
    return this;
  }

  calls(node: string): Promise<Calls> {
    return Promise.resolve(this.start('calls', node, []));
  }

  run(node: string, line: string): Promise<Ran> {
    const [command, ...words] = line.split(' ');
    const netns = `${this.prefix}${node}`;
    // ip goes there by itself, which costs a third.
    const argv = command === 'ip' ? ['-n', netns, ...words] : ['netns', 'exec', netns, command as string, ...words];
    return new Promise((resolve) => {
      execFile('ip', argv, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      });
    });
  }

  batch(node: string, options: string, lines: readonly string[]): Promise<Ran> {
    const words = ['-n', `${this.prefix}${node}`, ...options.split(' ').filter((word) => word !== ''), '-force', '-batch', '-'];
    const { status, stdout, stderr } = spawnSync('ip', words, { input: lines.map((line) => `${line}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
    return Promise.resolve({ code: status ?? -1, stdout, stderr });
  }

  async read(node: string, file: string): Promise<string> {
    let there = this.inhabitants.get(node);
    if (there === undefined) {
      there = this.start('calls', node, []);
      this.inhabitants.set(node, there);
      // Once it answers it is in its namespace.
      await there.ask('poll');
    }
    return readFileSync(`/proc/${there.pid}/net/${file}`, 'utf8');
  }

  send(port: string, ...frames: Uint8Array[]): Promise<Seen[]> {
    return this.ask([this.ports.indexOf(port), ...frames.map((frame) => Buffer.from(frame).toString('hex'))].join(' '));
  }

  wait(ms: number): Promise<Seen[]> {
    return this.wire === null ? new Promise((resolve) => setTimeout(() => resolve([]), ms)) : this.ask(`wait ${ms}`);
  }

  private async ask(line: string): Promise<Seen[]> {
    if (this.wire === null) throw new Error('the lab has no node wire');
    this.wire.write(line);
    const seen: Seen[] = [];
    for (;;) {
      const answer = await this.wire.next();
      if (answer === '.') return seen;
      const [port = '', hex = ''] = answer.split(' ');
      seen.push({ port: this.ports[Number(port)] ?? '', frame: new Uint8Array(Buffer.from(hex, 'hex')) });
    }
  }

  async mac(node: string, dev: string): Promise<Uint8Array> {
    const key = `${node}:${dev}`;
    const known = this.macs.get(key);
    if (known !== undefined) return known;
    const { stdout } = await this.run(node, `cat /sys/class/net/${dev}/address`);
    const mac = new Uint8Array(Buffer.from(stdout.trim().replaceAll(':', ''), 'hex'));
    this.macs.set(key, mac);
    return mac;
  }

  timeOfDay(): number {
    return Math.floor(Date.now()) % 86_400_000;
  }

  async close(): Promise<void> {
    for (const helper of this.helpers) await helper.close();
    this.build('down');
    rmSync(this.directory, { recursive: true });
  }
}

export function kernelWorld(topology: LabTopology): Promise<World> {
  return new KernelWorld(topology).ready();
}
