/** `skbuff export`: the lab as a script that builds it from namespaces of Linux. */
import { exportScript } from '../export/shell-script.ts';
import { formatDiagnostics } from '../topology/format.ts';
import { paintFor } from '../report/colors.ts';
import { readTopology } from './read-topology.ts';

export interface ExportCommandOptions {
  readonly seed?: number;
  readonly prefix?: string;
}

/** Prints the script. 0, or 2 if the file cannot be read. */
export function exportCommand(file: string, { seed, prefix }: ExportCommandOptions): number {
  const { topology, diagnostics, source } = readTopology(file);
  if (diagnostics.length > 0) process.stderr.write(`${formatDiagnostics(diagnostics, source, paintFor(process.stderr, process.env))}\n`);
  if (topology === undefined) return 2;
  process.stdout.write(exportScript(topology, { seed: seed ?? topology.seed ?? 1, ...(prefix !== undefined && { prefix }) }));
  return 0;
}
