/** The same play on both worlds, as two transcripts to be compared. */
import { parseTopologyOrThrow } from '@skbuff/cli';
import { mibFiles } from '@skbuff/testkit';
import { kernelWorld } from './kernel-world.ts';
import { stackWorld } from './stack-world.ts';
import type { Ran, World } from './world.ts';

/** What happened, a line each. */
export type Transcript = string[];

export interface Both {
  readonly ours: Transcript;
  readonly theirs: Transcript;
}

/** The same lab on this stack and on the running kernel. */
export class Pair {
  readonly ours: World;
  readonly theirs: World;

  constructor(ours: World, theirs: World) {
    this.ours = ours;
    this.theirs = theirs;
  }

  /** Plays on both. */
  async play(play: (world: World) => Promise<Transcript>): Promise<Both> {
    const [ours, theirs] = await Promise.all([play(this.ours), play(this.theirs)]);
    return { ours, theirs };
  }

  async close(): Promise<void> {
    // Namespaces and helpers go whatever is wrong with ours.
    await this.theirs.close();
    await this.ours.close();
  }
}

/** `yaml` is a topology file. */
export async function openPair(yaml: string): Promise<Pair> {
  const topology = parseTopologyOrThrow(yaml, { file: 'oracle' });
  // First the one that leaves nothing behind if the other cannot be made.
  const ours = await stackWorld(topology);
  return new Pair(ours, await kernelWorld(topology));
}

/** {@link Pair.play} in a lab of its own. */
export async function onBoth(yaml: string, play: (world: World) => Promise<Transcript>): Promise<Both> {
  const pair = await openPair(yaml);
  try {
    return await pair.play(play);
  } finally {
    await pair.close();
  }
}

/** Lines of this file's plays in which both worlds were the same. */
let same = 0;

/** Says, once a file of tests is through, how much of it was compared; nothing where there was nothing to compare with. */
export function tellCompared(what: string): void {
  if (same > 0) console.log(`${what}: ${same} lines are what they are on the running kernel`);
}

/** So many differences are shown one by one; more are probably one that moved everything behind it. */
const SHOWN_SINGLY = 20;

/** Lines of one that the other has not at that place, with some lines around the first: empty if they are equal. */
export function difference({ ours, theirs }: Both, around = 3): string {
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at < 0 && ours.length === theirs.length) {
    same += ours.length;
    return '';
  }
  const first = at < 0 ? ours.length : at;
  const all = ours.filter((line, i) => line !== theirs[i]).length;
  if (all <= SHOWN_SINGLY && ours.length === theirs.length) {
    const pairs = ours.flatMap((line, i) => (line === theirs[i] ? [] : [`line ${i}\n  ours:   ${line}\n  theirs: ${theirs[i]}`]));
    return `${all} of ${ours.length} lines differ\n${pairs.join('\n')}`;
  }
  const part = (lines: Transcript): string => lines.slice(first, first + around).join('\n');
  return `${all} of ${ours.length} lines differ, the first is line ${first}\nbefore:\n${ours.slice(Math.max(0, first - around), first).join('\n')}\nours:\n${part(ours)}\ntheirs:\n${part(theirs)}`;
}

/** Counters that are looked at: groups of one file of /proc/net. */
export interface CounterFile {
  readonly file: string;
  readonly groups: readonly string[];
}

/** Those that packets of IPv4 move. */
export const counters4: readonly CounterFile[] = [
  { file: 'snmp', groups: ['Ip', 'Icmp', 'IcmpMsg', 'Udp'] },
  { file: 'netstat', groups: ['IpExt'] },
];

/** Those that packets of IPv6 move. */
export const counters6: readonly CounterFile[] = [{ file: 'snmp6', groups: ['Ip6', 'Icmp6', 'Udp6'] }];

/** Counters of a node: a name and its number a line. */
export async function counters(world: World, node: string, files: readonly CounterFile[]): Promise<Transcript> {
  const out: Transcript = [];
  for (const { file, groups } of files) {
    const all = mibFiles[file]?.(await world.read(node, file)) ?? {};
    for (const [name, number] of Object.entries(all)) if (groups.some((group) => name.startsWith(`${group}:`))) out.push(`${name} ${number}`);
  }
  return out;
}

/** By how much which counters moved. Some are there only once they have: where they began is nothing that both worlds agree about. */
export function moved(before: Transcript, after: Transcript): Transcript {
  const numbers = new Map(before.map((line) => line.split(' ') as [string, string]));
  return after.flatMap((line) => {
    const [name = '', number] = line.split(' ');
    const by = Number(number) - Number(numbers.get(name) ?? 0);
    return by === 0 ? [] : [`${name} ${by}`];
  });
}

export function describeRan(line: string, { code, stdout, stderr }: Ran): string {
  return `$ ${line}\n${code}\n${stdout}${stderr}`;
}

/** Answers beside their questions: what failed is told on standard error, with the number of its line. */
export function paired(questions: readonly string[], { stdout, stderr }: Ran): Transcript {
  const failed = new Map([...stderr.matchAll(/([^]*?)Command failed -:(\d+)\n/g)].map(([, text = '', line]) => [Number(line), text.trim()]));
  const answers = stdout.split('\n');
  return questions.map((question, i) => `${question}: ${failed.get(i + 1) ?? answers.shift()}`);
}
