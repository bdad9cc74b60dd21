/** The lab on this stack, under virtual time. */
import { createStackHost, type LabTopology, setUp, type StackHost } from '@skbuff/cli';
import { VirtualClock } from '@skbuff/core';
import { SockaddrLl } from '@skbuff/af-packet';
import { procNetOf } from '@skbuff/procfs';
import { AF_PACKET, ETH_P_ALL, MSG_DONTWAIT, SOCK_RAW, SOL_PACKET } from '@skbuff/uapi';
import { StackCalls } from './stack-calls.ts';
import { type Calls, type Ran, type Seen, WIRE, type World } from './world.ts';

/** PACKET_IGNORE_OUTGOING of linux/if_packet.h. */
const PACKET_IGNORE_OUTGOING = 23;

interface Port {
  readonly name: string;
  readonly fd: number;
}

/** How long frames may be under way, milliseconds: nothing here takes time. */
const QUIET_MS = 1;

class StackWorld implements World {
  private readonly host: StackHost;
  private readonly ports: readonly Port[];
  private readonly programs: StackCalls[] = [];
  private readonly buffer: Uint8Array = new Uint8Array(66_000);

  constructor(host: StackHost) {
    this.host = host;
    const devs = host.net.get(WIRE)?.ns.devList ?? [];
    this.ports = devs.filter(({ name }) => name !== 'lo').map(({ name, ifindex }) => ({ name, fd: this.open(ifindex) }));
  }

  private get task(): NonNullable<ReturnType<StackHost['net']['get']>>['task'] {
    const wire = this.host.net.get(WIRE);
    if (wire === undefined) throw new Error('the lab has no node wire');
    return wire.task;
  }

  private open(ifindex: number): number {
    const fd = this.task.socket(AF_PACKET, SOCK_RAW, 0);
    this.task.setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    const err = this.task.bind(fd, new SockaddrLl(ETH_P_ALL, ifindex));
    if (err < 0) throw new Error(`bind: ${err}`);
    return fd;
  }

  run(node: string, line: string): Promise<Ran> {
    return this.host.exec(node, line.split(' '));
  }

  batch(node: string, options: string, lines: readonly string[]): Promise<Ran> {
    const input = [Buffer.from(lines.map((line) => `${line}\n`).join(''))];
    const io = { stdout: () => {}, stderr: () => {}, stdin: () => Promise.resolve(input.shift() ?? new Uint8Array(0)) };
    return this.host.start(node, ['ip', ...options.split(' ').filter((word) => word !== ''), '-force', '-batch', '-'], io).done;
  }

  read(node: string, file: string): Promise<string> {
    const ns = this.host.net.get(node)?.ns;
    const text = ns === undefined ? 0 : procNetOf(ns).read(file);
    if (typeof text === 'number') throw new Error(`${node} has no /proc/net/${file}`);
    return Promise.resolve(text);
  }

  calls(node: string): Promise<Calls> {
    const task = this.host.net.get(node)?.task;
    if (task === undefined) throw new Error(`there is no node ${node}`);
    const calls = new StackCalls(task);
    this.programs.push(calls);
    return Promise.resolve(calls);
  }

  send(port: string, ...frames: Uint8Array[]): Promise<Seen[]> {
    const { fd } = this.ports.find(({ name }) => name === port) ?? { fd: -1 };
    for (const frame of frames) {
      const sent = this.task.sendto(fd, frame);
      if (sent !== frame.length) throw new Error(`sendto ${port}: ${String(sent)}`);
    }
    return this.wait(QUIET_MS);
  }

  async wait(ms: number): Promise<Seen[]> {
    await this.host.net.advance(ms);
    return this.ports.flatMap((port) => this.drain(port));
  }

  private drain({ name, fd }: Port): Seen[] {
    const seen: Seen[] = [];
    for (;;) {
      const n = this.task.recvfrom(fd, this.buffer, MSG_DONTWAIT);
      if (typeof n !== 'number' || n < 0) return seen;
      seen.push({ port: name, frame: this.buffer.slice(0, n) });
    }
  }

  mac(node: string, dev: string): Promise<Uint8Array> {
    const device = this.host.net.get(node)?.ns.devGetByName(dev);
    if (device === undefined || device === null) throw new Error(`${node} has no ${dev}`);
    return Promise.resolve(device.devAddr.slice(0, 6));
  }

  timeOfDay(): number {
    return Math.floor(this.host.net.kernel.realTime() / 1e6) % 86_400_000;
  }

  close(): Promise<void> {
    for (const program of this.programs) program.close();
    const { leaks } = this.host.close();
    if (Object.keys(leaks).length > 0) throw new Error(`left behind: ${JSON.stringify(leaks)}`);
    return Promise.resolve();
  }
}

export async function stackWorld(topology: LabTopology): Promise<World> {
  const host = createStackHost(topology, { seed: 1, realTime: false, clock: new VirtualClock({ epoch: Date.now() * 1e6 }) });
  const notes = await setUp(host, topology);
  if (notes.length > 0) throw new Error(notes.map(({ node, line, text }) => `${node}: ${line}: ${text}`).join('\n'));
  return new StackWorld(host);
}
