/** Settings below /proc/sys/net. */
import { sysctlOf } from '@skbuff/sysctl';
import { FAMILIES } from './families.ts';
import type { Copying } from './replicate.ts';

/** One setting may change others (`conf.all.forwarding`), and stands before them in the list: a second turn finds what is left. */
const TURNS = 2;

/** Before there are devices: the copy is not to try the addresses that it gets, nor to ask for routers. */
export function holdStill({ nets }: Copying): void {
  for (const to of nets.values()) for (const { still } of FAMILIES) for (const [path, value] of still) sysctlOf(to).write(path, value);
}

/** All but those that hold the copy still; with `held` those. */
export function copySysctls({ nets, notes, nodeOf }: Copying, held: boolean): void {
  const still = new Set(FAMILIES.flatMap((family) => family.still.map(([path]) => nameOf(path))));
  for (const [from, to] of nets) {
    const [ours, theirs] = [sysctlOf(from), sysctlOf(to)];
    const paths = ours.list('net').filter((path) => still.has(nameOf(path)) === held);
    const differ = (): string[] => paths.filter((path) => theirs.read(path) !== ours.read(path));
    for (let turn = 0; turn < TURNS; turn++) for (const path of differ()) if (theirs.read(path) !== ours.read(path)) theirs.write(path, String(ours.read(path)));
    for (const path of differ()) notes.push(`the setting ${path} of ${nodeOf(from)} could not be copied`);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
