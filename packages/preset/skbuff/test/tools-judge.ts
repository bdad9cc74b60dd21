/** The judge of the tools' tests: the programs of the system, or where there is no root what they said elsewhere. */
import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { groupsOf, type LabPlan, ourLab, realResults, type Result, runGroup } from './tools-lab.ts';

/** How often the system's programs are asked before a difference counts. */
const HEARINGS = 3;

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
  [/flow 0x(?!00005|12345)[0-9a-f]{5}/g, 'flow L'],
];

function masked({ status, stdout, stderr }: Result, more: Court['masks'] = []): Result {
  const mask = (text: string): string => [...MASKS, ...more].reduce((all, [from, to]) => all.replace(from, to), text);
  return { status, stdout: mask(stdout), stderr: mask(stderr) };
}

type Group = readonly string[];
type Records = Readonly<Record<string, readonly Result[]>>;

export interface Court {
  /** Whether the programs of the system can be asked. */
  readonly possible: boolean;
  /** What they said: it is written anew by a run as root with SKBUFF_RECORD=1. */
  readonly golden: URL;
  readonly plan?: LabPlan;
  /** More that differs, and what is compared instead. */
  readonly masks?: readonly (readonly [RegExp, string])[];
}

/** Lets the programs of the system run a script, and gives the test of one of its groups. */
export type Judge = (script: string) => (title: string, group: Group) => Promise<void>;

/** One court holds all the scripts of a file. */
export function courtOf({ possible, golden, plan, masks }: Court): Judge {
  const recording = possible && process.env['SKBUFF_RECORD'] === '1';
  const recorded: Records = recording ? {} : (JSON.parse(readFileSync(golden, 'utf8')) as Records);
  const written: Record<string, readonly Result[]> = {};
  const hidden = (results: readonly Result[]): readonly Result[] => results.map((result) => masked(result, masks));
  afterAll(() => {
    if (recording) writeFileSync(golden, `${JSON.stringify(written, null, 1)}\n`);
  });
  // One script after the other, and none waits for our answers to the one before.
  let heard: Promise<unknown> = Promise.resolve();
  return (script) => {
    const results = heard.then(() => (possible ? realResults(script, 10, plan) : new Map<string, readonly Result[]>()));
    heard = results;
    let theirs: ReadonlyMap<string, readonly Result[]> = new Map();

    beforeAll(async () => {
      theirs = await results;
    }, 600_000);

    return async (_title, group) => {
      const key = group.join('\n');
      const lab = await ourLab(plan);
      try {
        const ours = hidden(await runGroup(lab, group));
        let reference = hidden(theirs.get(key) ?? recorded[key] ?? []);
        // A busy machine makes the programs miss their own deadlines. Ours has no such luck, good or bad: the judge is heard again, alone.
        for (let asked = 1; possible && asked < HEARINGS && !isDeepStrictEqual(ours, reference); asked++) {
          console.warn(`asked again: ${group[0]}`);
          reference = hidden((await realResults(key, 1, plan)).get(key) ?? []);
        }
        if (recording) written[key] = reference;
        expect(ours).toEqual(reference);
      } finally {
        expect(lab.close()).toEqual({});
      }
    };
  };
}

/** The groups of a script that are wanted, by their first line. */
export function titled(script: string, wanted: (group: string) => boolean = () => true): readonly (readonly [string, Group])[] {
  return groupsOf(script)
    .filter((group) => wanted(group.join('\n')))
    .map((group) => [group[0] as string, group]);
}
