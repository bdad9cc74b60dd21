/** Frames against hosts and a router with sockets open. */
import { dropReasonName, type Kernel, type NetDevice, Random, SKB_DROP_REASON_NOT_SPECIFIED } from '@skbuff/core';
import { NEIGHBOUR } from '@skbuff/neighbour';
import type { Task } from '@skbuff/sock';
import { receiveFrame } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { createNet, type Host, type HostNet, VirtualClock } from 'skbuff';
import { fault, type Outcome, outcome, tally, thrown } from './report.ts';
import type { Scene } from './scene.ts';

/** Each of so many frames has a network of its own, which is taken down and looked over afterwards. */
const EPOCH = 50_000;

class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly net: HostNet;
  readonly hosts: readonly Host[];
  readonly devices: readonly NetDevice[];
  /** Sockets that are read now and then; the others fill up. */
  private readonly read: { readonly task: Task; readonly fd: number }[] = [];
  private readonly into: Uint8Array = new Uint8Array(65536);
  private readonly control: Uint8Array = new Uint8Array(512);

  constructor(scene: Scene, seed: number) {
    this.net = createNet({ seed, debug: true, clock: this.clock, memory: 16 << 20 });
    const [a, r, b] = this.net.hosts('a', 'r', 'b');
    this.hosts = [a, r, b];
    const left = this.net.link(a, r);
    const right = this.net.link(r, b);
    this.devices = [left.a, left.b, right.a, right.b];
    scene.configure(a, r, b);
    this.clock.advance(3e9);
    for (const { task } of this.hosts) for (const fd of scene.open(task)) this.read.push({ task, fd });
  }

  /** Everything that waits in the sockets, errors too. */
  drain(): void {
    for (const { task, fd } of this.read) {
      for (const flags of [U.MSG_DONTWAIT, U.MSG_DONTWAIT | U.MSG_ERRQUEUE]) {
        let left = 1000;
        while (--left > 0 && (task.recvmsg(fd, { name: null, iov: [this.into], control: this.control, controllen: 512, flags: 0 } as never, flags) as number) >= 0);
      }
    }
  }
}

export async function fuzzFrames(scene: Scene, count: number, seed: number, until: () => boolean = () => false): Promise<Outcome> {
  const result = outcome(scene.what);
  for (let epoch = 0; result.done < count && !until(); epoch++) await oneNetwork(scene, result, Math.min(EPOCH, count - result.done), seed + epoch);
  return result;
}

async function oneNetwork(scene: Scene, result: Outcome, count: number, seed: number): Promise<void> {
  const world = new World(scene, seed);
  const { clock, devices, net } = world;
  const { skbs } = net.kernel;
  const random = new Random(seed).fork('frames');
  const frames = scene.frames(random, devices);
  skbs.dropMonitor = (_skb, reason) => {
    tally(result.ends, dropReasonName(reason));
    if (reason === SKB_DROP_REASON_NOT_SPECIFIED) tally(result.unspecified, whoDropped());
  };
  for (let i = 0; i < count; i++) {
    const dev = devices[random.below(devices.length)] as NetDevice;
    const frame = frames.next(dev.devAddr.subarray(0, 6));
    // No device takes in less than a header: that is for it to say, not for the stack.
    if (frame.length < U.ETH_HLEN) continue;
    try {
      receiveFrame(dev, frame);
      if (i % 16 === 0) clock.advance(i % 4096 === 0 ? 5e9 : 1e5);
      if (i % 64 === 0) world.drain();
    } catch (error) {
      thrown(result, error, frame);
    }
    if (skbs.inUse > result.mostPackets) result.mostPackets = skbs.inUse;
    if (i % 256 === 0) {
      result.mostNeighbours = Math.max(result.mostNeighbours, neighbours(net.kernel));
      result.mostLearned = Math.max(result.mostLearned, ...world.hosts.map(scene.learned));
    }
  }
  result.done += count;
  // Fragments and neighbours that did not answer are given up; then all is as before.
  clock.advance(120e9);
  world.drain();
  const { replies } = await (world.hosts[0] as Host).ping(scene.reached, { count: 2 });
  if (replies.length !== 2) fault(result, `seed ${seed}: after ${count} frames a does not reach b any more`);
  const leaks = net.close();
  if (Object.keys(leaks).length > 0) fault(result, `seed ${seed}: leaks ${JSON.stringify(leaks)}`);
}

/** Entries of all tables that garbage collection may take: a flood of addresses must not make more than the limit. */
function neighbours(kernel: Kernel): number {
  return Math.max(...kernel.services.get(NEIGHBOUR).tables.map(({ gcEntries }) => gcEntries));
}

/** The function that dropped a packet, from the stack: only asked where no reason was given. */
function whoDropped(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(2);
  const names = lines.map((line) => /at (?:\w+\.)?([\w$]+)/.exec(line)?.[1] ?? '?').filter((name) => !PLUMBING.has(name));
  return names.slice(0, 2).join(' ← ');
}

const PLUMBING: ReadonlySet<string> = new Set(['dropMonitor', 'countDrop', 'kfree', 'drop', 'error', 'bad', 'dropped', 'traceKfree', 'unreachable', 'forwardDrop', 'skbs']);
