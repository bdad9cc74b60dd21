/** Single packets, each with what should become of it: the tables of the suites on errors and on forwarding. */
import { ethFrame } from '@skbuff/testkit';
import { describeFrame, tell } from './frames.ts';
import { type CounterFile, counters, describeRan, difference, moved, openPair, type Pair, type Transcript } from './transcript.ts';
import { WIRE_MAC, type World } from './world.ts';

/** What the cases of a suite are about. `P`: what is said of a packet. */
export interface CaseKind<P> {
  /** The packet; `id` is to tell it apart. */
  readonly packet: (fields: P, id: number) => Uint8Array;
  /** Looked at before and after. */
  readonly counters: readonly CounterFile[];
  /** Milliseconds that pass after commands, in which a node tells others what changed: of that nothing is shown. Default 0. */
  readonly settle?: number;
}

export interface Case<P> {
  /** What comes out, each as {@link tell} says it. */
  readonly out: readonly string[];
  /** To the node `r` by `w1`. */
  readonly packets: readonly P[];
  /** Commands on `r` before, and after. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Link-layer destination; default `r`'s own. */
  readonly mac?: readonly number[];
  /** Milliseconds that pass before the last look. */
  readonly wait?: number;
}

export const BROADCAST: readonly number[] = [255, 255, 255, 255, 255, 255];

/** Plays one case: what came out, to the byte, and the counters that it moved. The first lines are {@link tell}'s. */
async function playCase<P>(world: World, kind: CaseKind<P>, { packets, before = [], after = [], mac, wait }: Case<P>, id: number): Promise<Transcript> {
  const out: Transcript = [];
  const run = async (lines: readonly string[]): Promise<void> => {
    for (const line of lines) out.push(describeRan(line, await world.run('r', line)));
    if (lines.length > 0 && kind.settle !== undefined) await world.wait(kind.settle);
  };
  await run(before);
  const counted = await counters(world, 'r', kind.counters);
  const to = mac ?? (await world.mac('r', 'eth1'));
  const seen = await world.send('w1', ...packets.map((packet) => ethFrame(to, kind.packet(packet, id), { from: WIRE_MAC })));
  if (wait !== undefined) seen.push(...(await world.wait(wait)));
  // Which link was looked at first is chance.
  seen.sort((a, b) => (a.port < b.port ? -1 : a.port > b.port ? 1 : 0));
  out.push(...seen.map((one) => describeFrame(one, id, world.timeOfDay())));
  out.push(...moved(counted, await counters(world, 'r', kind.counters)));
  await run(after);
  return [...seen.map(tell), '', ...out];
}

/** What sets things below `directory` of the sysctls for one case: to what, and to what they are set afterwards. */
export function settings(directory: string): (...values: (readonly [name: string, on: number, off: number])[]) => Required<Pick<Case<never>, 'before' | 'after'>> {
  return (...values) => ({
    before: values.map(([name, on]) => `sysctl -w ${directory}.${name}=${on}`),
    after: values.map(([name, , off]) => `sysctl -w ${directory}.${name}=${off}`).reverse(),
  });
}

/** A lab in both worlds, on which cases are played one after the other. */
export class CasePlayer<P> {
  private readonly kind: CaseKind<P>;
  private readonly pair: Pair;
  private id = 0x4000;

  private constructor(kind: CaseKind<P>, pair: Pair) {
    this.kind = kind;
    this.pair = pair;
  }

  static async open<P>(kind: CaseKind<P>, lab: string): Promise<CasePlayer<P>> {
    return new CasePlayer(kind, await openPair(lab));
  }

  /** What differs between the worlds, and what came out in ours as {@link tell} says it. */
  async play(one: Case<P>): Promise<{ readonly difference: string; readonly out: readonly string[] }> {
    const id = this.id++;
    const both = await this.pair.play((world) => playCase(world, this.kind, one, id));
    return { difference: difference(both), out: both.ours.slice(0, both.ours.indexOf('')) };
  }

  /** Lets time pass in both worlds, so that what a lab says by itself when it comes up is over. */
  async wait(ms: number): Promise<void> {
    await this.pair.play(async (world) => (await world.wait(ms), []));
  }

  /** The address of the node `r` that is made of the hardware address of one of its devices. */
  async linkLocal(dev: string): Promise<string> {
    const { stdout } = await this.pair.ours.run('r', `ip -6 addr show dev ${dev} scope link`);
    return /inet6 ([^/]+)/.exec(stdout)?.[1] ?? '';
  }

  close(): Promise<void> {
    return this.pair.close();
  }
}
