/** A lab that a command has asked for: built, its exec lines done. What is wrong with it is printed. */
import { createStackHost, type StackHost } from '../lab/stack-host.ts';
import type { CaptureTarget } from '../lab/lab-host.ts';
import { setUp } from '../lab/run.ts';
import { paintFor } from '../report/colors.ts';
import { TopologyError } from '../topology/diagnostic.ts';
import { formatDiagnostics } from '../topology/format.ts';
import type { LabTopology } from '../topology/model.ts';
import { didYouMean } from '../topology/suggest.ts';
import { readTopology } from './read-topology.ts';


/** The file, or null when it cannot be run; then its diagnostics are printed. */
export function readLab(file: string): LabTopology | null {
  const { topology, diagnostics, source } = readTopology(file);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) complain(formatDiagnostics(errors, source, paintFor(process.stderr, process.env)));
  return topology ?? null;
}

/** Null: the stack refuses it, and says why. */
export async function virtualLab(topology: LabTopology, options: { readonly seed?: number; readonly captureStream?: CaptureTarget }): Promise<StackHost | null> {
  const { captureStream } = options;
  try {
    const host = createStackHost(topology, { seed: options.seed ?? topology.seed ?? 1, realTime: false, ...(captureStream !== undefined && { captureStream }) });
    // Lines that fail do not end a lab, but a reader of its packets has to know of them.
    for (const note of await setUp(host, topology)) if (note.kind === 'failed') complain(`${note.at.file}:${note.at.line}: ${note.node}: \`${note.line}\`: ${note.text}`);
    return host;
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    complain(formatDiagnostics(error.diagnostics, undefined, paintFor(process.stderr, process.env)));
    return null;
  }
}

/** Whether the file has that node; if not, says which it has. */
export function hasNode(topology: LabTopology, name: string): boolean {
  const names = topology.nodes.map((node) => node.name);
  if (names.includes(name)) return true;
  const hint = didYouMean(name, names);
  complain(`skbuff: ${topology.file}: there is no node ${name}${hint === undefined ? '' : `: ${hint}`}\n   expected: ${names.join(', ')}`);
  return false;
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}
