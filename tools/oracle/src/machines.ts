/** Two machines on one cable, in real time: each is a namespace of the running kernel, or a host of this stack behind a TAP of the kernel's. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFrameDevice, type FramePort } from '@skbuff/frame-port';
import { EROFS } from '@skbuff/uapi';
import { createNet, type Host, type HostNet, type Running } from 'skbuff';
import { Helper } from './helper.ts';
import { StackCalls } from './stack-calls.ts';
import type { Calls, Ran } from './world.ts';

/** A machine with a device eth0, which is down. */
export interface Machine {
  /** Words separated by blanks, no shell. */
  run(line: string): Promise<Ran>;
  /** Starts the program that makes system calls; it ends with the machine. */
  calls(): Promise<Calls>;
  /** Starts radvd with this configuration; it ends with the machine. */
  advertise(config: string): void;
  close(): Promise<void>;
}

let names = 0;

/** A namespace of the running kernel. */
export class KernelMachine implements Machine {
  readonly netns: string = `skm${process.pid}x${names++}`;
  private readonly directory: string = mkdtempSync(path.join(tmpdir(), 'skbuff-machine-'));
  private readonly helpers: Helper[] = [];
  private readonly programs: ChildProcess[] = [];

  constructor() {
    this.ip(`netns add ${this.netns}`);
    this.ip(`-n ${this.netns} link set lo up`);
  }

  /** ip, of the machine that it all runs on. Throws if it fails. */
  ip(line: string): void {
    execFileSync('ip', line.split(' '), { stdio: 'pipe' });
  }

  /** Makes a TAP; what is plugged into it is its port. */
  async tap(name: string): Promise<FramePort> {
    const helper = this.helper('tap', [name]);
    if ((await helper.next()) !== 'ready') throw new Error('there is no TAP');
    return new TapPort(helper);
  }

  private helper(name: string, args: readonly string[]): Helper {
    const helper = new Helper(this.directory, name, this.netns, args);
    this.helpers.push(helper);
    return helper;
  }

  run(line: string): Promise<Ran> {
    return new Promise((resolve) => {
      execFile('ip', ['netns', 'exec', this.netns, ...line.split(' ')], (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      });
    });
  }

  calls(): Promise<Calls> {
    return Promise.resolve(this.helper('calls', []));
  }

  advertise(config: string): void {
    const file = path.join(this.directory, 'radvd.conf');
    writeFileSync(file, config);
    this.programs.push(spawn('ip', ['netns', 'exec', this.netns, 'radvd', '-n', '-m', 'none', '-C', file, '-p', `${file}.pid`], { stdio: 'ignore' }));
  }

  async close(): Promise<void> {
    for (const program of this.programs) {
      const gone = new Promise((resolve) => program.once('exit', resolve));
      program.kill();
      await gone;
    }
    for (const helper of this.helpers) await helper.close();
    this.ip(`netns del ${this.netns}`);
    rmSync(this.directory, { recursive: true });
  }
}

/** The far end of a TAP: what the kernel sends comes in by it. */
class TapPort implements FramePort {
  onFrame: ((frame: Uint8Array) => void) | null = null;
  private readonly helper: Helper;

  constructor(helper: Helper) {
    this.helper = helper;
    void this.receive();
  }

  private async receive(): Promise<void> {
    for await (const line of this.helper) this.onFrame?.(new Uint8Array(Buffer.from(line, 'hex')));
  }

  send(frame: Uint8Array): void {
    this.helper.write(Buffer.from(frame).toString('hex'));
  }

  /** The TAP is the kernel's. */
  close(): void {}
}

/** A host of this stack, which follows the clock of the machine. */
export class StackMachine implements Machine {
  private readonly net: HostNet = createNet({ realTime: true, debug: true });
  private readonly host: Host = this.net.host('h');
  private readonly programs: (StackCalls | Running)[] = [];

  constructor(port: FramePort, mac: Uint8Array) {
    const dev = createFrameDevice(this.host.ns, { name: 'eth0', port, address: mac });
    if (typeof dev === 'number') throw new Error(`eth0: ${dev}`);
  }

  run(line: string): Promise<Ran> {
    return this.host.run(line.split(' '));
  }

  calls(): Promise<Calls> {
    const calls = new StackCalls(this.host.task);
    this.programs.push(calls);
    return Promise.resolve(calls);
  }

  advertise(config: string): void {
    const files = { readText: () => config, readBytes: () => -EROFS, create: () => -EROFS };
    this.programs.push(this.host.start(['radvd', '-n', '-m', 'none', '-C', 'radvd.conf'], { stdout: () => {}, stderr: () => {}, files }));
  }

  async close(): Promise<void> {
    for (const program of this.programs) {
      if (program instanceof StackCalls) {
        program.close();
        continue;
      }
      program.kill('SIGTERM');
      await program.done;
    }
    const leaks = this.net.close();
    if (Object.keys(leaks).length > 0) throw new Error(`left behind: ${JSON.stringify(leaks)}`);
  }
}

export type Kind = 'kernel' | 'ours';

/** One is ours at most: who is on the other end of the cable is the kernel. */
export interface Cable {
  readonly a: Machine;
  readonly b: Machine;
  close(): Promise<void>;
}

const macText = (end: 'a' | 'b'): string => `02:00:00:00:00:0${end}`;
const macOf = (end: 'a' | 'b'): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, Number.parseInt(end, 16));

/** `a` has the hardware address 02:00:00:00:00:0a, `b` 02:00:00:00:00:0b. */
export async function openCable(a: Kind, b: Kind): Promise<Cable> {
  if (a === 'kernel' && b === 'kernel') {
    const [one, other] = [new KernelMachine(), new KernelMachine()];
    one.ip(`-n ${one.netns} link add eth0 address ${macText('a')} type veth peer name eth0 address ${macText('b')} netns ${other.netns}`);
    return cable(one, other);
  }
  const kernel = new KernelMachine();
  const port = await kernel.tap('eth0');
  kernel.ip(`-n ${kernel.netns} link set eth0 address ${macText(a === 'kernel' ? 'a' : 'b')}`);
  const ours = new StackMachine(port, macOf(a === 'kernel' ? 'b' : 'a'));
  return a === 'kernel' ? cable(kernel, ours) : cable(ours, kernel);
}

function cable(a: Machine, b: Machine): Cable {
  return {
    a,
    b,
    async close() {
      for (const one of [a, b]) if (one instanceof StackMachine) await one.close();
      for (const one of [a, b]) if (one instanceof KernelMachine) await one.close();
    },
  };
}
