/** A lab in real time, with its exec lines run; what is wrong with the file goes to standard error. */
import { captureDirectory } from '../lab/capture-directory.ts';
import { setUp } from '../lab/run.ts';
import { createStackHost, type StackHost } from '../lab/stack-host.ts';
import { type Diagnostic, TopologyError } from '../topology/diagnostic.ts';
import { formatDiagnostics } from '../topology/format.ts';
import type { LabTopology, ParseResult } from '../topology/model.ts';
import { paintFor } from '../report/colors.ts';

export interface OpenOptions {
  readonly seed?: number;
  readonly pcap?: string;
}

/** Null: the file cannot be run. */
export async function openLab(parsed: ParseResult, options: OpenOptions): Promise<{ host: StackHost; topology: LabTopology } | null> {
  const { topology, diagnostics, source } = parsed;
  const paint = paintFor(process.stderr, process.env);
  const complain = (list: readonly Diagnostic[]): void => void process.stderr.write(`${formatDiagnostics(list, source, paint)}\n`);
  if (diagnostics.length > 0) complain(diagnostics);
  if (topology === undefined) return null;
  let host: StackHost;
  try {
    host = createStackHost(topology, { seed: options.seed ?? topology.seed ?? 1, realTime: true, ...(options.pcap !== undefined && { captures: captureDirectory(options.pcap) }) });
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    complain(error.diagnostics);
    return null;
  }
  for (const note of await setUp(host, topology)) process.stderr.write(`${note.kind} ${note.at.file}:${note.at.line}: ${note.node}: ${note.text}\n`);
  return { host, topology };
}
