/**
 * ping, arping, tracepath and traceroute: the same command lines by Debian 12's programs in namespaces of the kernel underneath and by
 * ours on our stack: both must print the same and return the same. Where there is no root, what the programs said elsewhere is the
 * judge (golden/tools.json; written anew by a run as root with SKBUFF_RECORD=1).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canCompare, groupsOf, ourLab, realResults, type Result, runGroup } from './tools-lab.ts';
import { ARPING, PING, TRACEPATH, TRACEROUTE } from './tools-scripts.ts';

const GOLDEN = new URL('golden/tools.json', import.meta.url);
const possible = canCompare('ping', 'arping', 'tracepath', 'traceroute');
if (!possible) console.warn('oracle of ping, arping, tracepath, traceroute SKIPPED (records are compared instead): it needs root, iputils and traceroute');
/** How often the system's programs are asked before a difference counts. */
const HEARINGS = 3;
const recording = possible && process.env['SKBUFF_RECORD'] === '1';

const MASKS: readonly (readonly [RegExp, string])[] = [
  [/time=[\d.]+ ms/g, 'time=T'],
  [/= [\d.]+\/[\d.]+\/[\d.]+\/[\d.]+ ms/g, '= RTT'],
  [/time \d+ms/g, 'time T'],
  [/ipg\/ewma [\d./]+ ms/g, 'ipg/ewma T'],
  [/^\[\d+\.\d+\] /gm, '[T] '],
  [/  -?\d+\.\d{3} ms/g, '  T ms'],
  [/ *\d+\.\d{3}ms/g, ' Tms'],
  // Times of the timestamp option, and how much later the next host was.
  [/\d+ absolute/g, 'T absolute'],
  [/^(TS: |)\t([\d.]+\t)?\d+$/gm, '$1\t$2T'],
  // What is drawn by lot: identifiers, and the checksum over one.
  [/ident=\d+/g, 'ident=N'],
  [/^( 4  \d  .. .{4}) .{4}(.*) .{4} (10\.)/gm, '$1 IDEN$2 CKSM $3'],
  // Descriptors; there is no IPv6 here.
  [/sock4\.fd: \d+ (\(.*?\)), sock6\.fd: -?\d+ \(.*?\)/g, 'sock4.fd: F $1'],
];

function masked({ status, stdout, stderr }: Result): Result {
  const mask = (text: string): string => MASKS.reduce((all, [from, to]) => all.replace(from, to), text);
  return { status, stdout: mask(stdout), stderr: mask(stderr) };
}

type Records = Readonly<Record<string, readonly Result[]>>;
const recorded: Records = recording ? {} : (JSON.parse(readFileSync(GOLDEN, 'utf8')) as Records);
const written: Record<string, readonly Result[]> = {};

afterAll(() => {
  if (recording) writeFileSync(GOLDEN, `${JSON.stringify(written, null, 1)}\n`);
});

type Group = readonly string[];

/** Lets the programs of the system run a script before the tests of the block, and gives the test of one of its groups. */
function judge(script: string): (title: string, group: Group) => Promise<void> {
  let theirs: ReadonlyMap<string, readonly Result[]> = new Map();

  beforeAll(async () => {
    if (possible) theirs = await realResults(script, 10);
  }, 600_000);

  return async (_title, group) => {
    const key = group.join('\n');
    const lab = await ourLab();
    try {
      const ours = (await runGroup(lab, group)).map(masked);
      let reference = (theirs.get(key) ?? recorded[key] ?? []).map(masked);
      // A busy machine makes the programs miss their own deadlines. Ours has no such luck, good or bad: the judge is heard again, alone.
      for (let asked = 1; possible && asked < HEARINGS && !isDeepStrictEqual(ours, reference); asked++) {
        console.warn(`asked again: ${group[0]}`);
        reference = ((await realResults(key, 1)).get(key) ?? []).map(masked);
      }
      if (recording) written[key] = reference;
      expect(ours).toEqual(reference);
    } finally {
      expect(lab.close()).toEqual({});
    }
  };
}

/** The groups of a script that are wanted, by their first line. */
function titled(script: string, wanted: (group: string) => boolean = () => true): readonly (readonly [string, Group])[] {
  return groupsOf(script)
    .filter((group) => wanted(group.join('\n')))
    .map((group) => [group[0] as string, group]);
}

/** A route is recorded, or timestamps are. */
const hasOptions = (group: string): boolean => /^ping.*-(R|T ts)/m.test(group);

describe('ping', () => {
  const test = judge(PING);
  it.each(titled(PING, (group) => !hasOptions(group)))('%s [TOOL-47]', test);
  it.each(titled(PING, hasOptions))('%s [TOOL-47] [OPT-28]', test);
});

describe('arping', () => {
  it.each(titled(ARPING))('%s [TOOL-02]', judge(ARPING));
});

describe('tracepath', () => {
  it.each(titled(TRACEPATH))('%s [TOOL-52]', judge(TRACEPATH));
});

describe('traceroute', () => {
  it.each(titled(TRACEROUTE))('%s [TOOL-53] [ICMP-39]', judge(TRACEROUTE));
});
