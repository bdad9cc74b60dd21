/** Settings below /proc/sys/net. */
import { sysctlOf } from '@skbuff/sysctl';
import type { Copying } from './replicate.ts';

/** One setting may change others (`conf.all.forwarding`), and stands before them in the list: a second turn finds what is left. */
const TURNS = 2;

export function copySysctls({ nets, notes, nodeOf }: Copying): void {
  for (const [from, to] of nets) {
    const [ours, theirs] = [sysctlOf(from), sysctlOf(to)];
    const differ = (): string[] => ours.list('net').filter((path) => theirs.read(path) !== ours.read(path));
    for (let turn = 0; turn < TURNS; turn++) for (const path of differ()) if (theirs.read(path) !== ours.read(path)) theirs.write(path, String(ours.read(path)));
    for (const path of differ()) notes.push(`the setting ${path} of ${nodeOf(from)} could not be copied`);
  }
}
