/** `skbuff run`: a program of the machine, such as a script, whose network commands act on our kernel. */
import { runProgram } from '../program/run-program.ts';
import type { ParseResult } from '../topology/model.ts';
import { parseTopology } from '../topology/parse.ts';
import { openLab, type OpenOptions } from './open-lab.ts';
import { readTopology } from './read-topology.ts';

export interface RunCommandOptions extends OpenOptions {
  readonly topology?: string;
  readonly node?: string;
}

/** A machine alone, as a script finds one: `lo` is up, and there is nothing else. */
const ALONE = 'name: run\ntopology:\n  nodes:\n    localhost: { kind: linux }\n';
/** The terminal sends these to the program too; it decides what they mean, as under a shell. */
const LEFT_TO_PROGRAM = ['SIGINT', 'SIGQUIT'] as const;
const ignore = (): void => {};

/** The exit status of the program; 2 if there is no such lab or node. */
export async function runCommand(words: readonly string[], options: RunCommandOptions): Promise<number> {
  const parsed: ParseResult = options.topology === undefined ? parseTopology(ALONE, { file: 'localhost' }) : readTopology(options.topology);
  const opened = await openLab(parsed, options);
  if (opened === null) return 2;
  const { host, topology } = opened;
  const names = topology.nodes.map(({ name }) => name);
  const node = options.node ?? names[0] ?? '';
  for (const signal of LEFT_TO_PROGRAM) process.on(signal, ignore);
  try {
    if (host.hasNode(node)) return await runProgram(host, words, { commands: host.commands, node });
    const there = options.topology === undefined ? `without --topology there is one machine, ${names[0]}` : `the file has ${names.join(', ')}`;
    process.stderr.write(`skbuff run: there is no node ${node}; ${there}\n`);
    return 2;
  } finally {
    for (const path of host.close().captures) process.stderr.write(`captured ${path}\n`);
    for (const signal of LEFT_TO_PROGRAM) process.off(signal, ignore);
  }
}
