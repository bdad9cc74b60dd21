/** `skbuff test`. */
import { captureDirectory } from '../lab/capture-directory.ts';
import { createStackHost } from '../lab/stack-host.ts';
import { runLab } from '../lab/run.ts';
import { paintFor } from '../report/colors.ts';
import { exitCode } from '../report/exit-code.ts';
import { renderJson } from '../report/json.ts';
import type { LabOutcome } from '../report/model.ts';
import { renderText } from '../report/text.ts';
import { TopologyError } from '../topology/diagnostic.ts';
import { readTopology } from './read-topology.ts';

export interface TestOptions {
  readonly seed?: number;
  readonly pcap?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** What a bug in the stack looks like from outside. */
const EXIT_BUG = 70;

/** Runs the files one after the other and prints the report. The exit code. */
export async function testCommand(files: readonly string[], options: TestOptions): Promise<number> {
  const progress = new Progress();
  const outcomes: LabOutcome[] = [];
  let leaked = false;
  for (const file of files) {
    const { outcome, leaks } = await testOne(file, options, files.length > 1, progress);
    outcomes.push(outcome);
    if (Object.keys(leaks).length === 0) continue;
    leaked = true;
    process.stderr.write(`skbuff: ${file}: the stack left something behind, which is a bug in it: ${JSON.stringify(leaks)}\n`);
  }
  progress.clear();
  process.stdout.write(options.json === true ? renderJson(outcomes) : renderText(outcomes, paintFor(process.stdout, process.env), options.verbose === true));
  return leaked ? EXIT_BUG : exitCode(outcomes);
}

interface Tested {
  readonly outcome: LabOutcome;
  readonly leaks: Readonly<Record<string, number>>;
}

async function testOne(file: string, options: TestOptions, many: boolean, progress: Progress): Promise<Tested> {
  const { topology, diagnostics, source } = readTopology(file);
  if (topology === undefined) return { outcome: { kind: 'bad-input', file, diagnostics, source }, leaks: {} };
  try {
    const { report, leaks } = await runLab(topology, createStackHost, {
      seed: options.seed ?? topology.seed ?? 1,
      diagnostics,
      // Two labs may have interfaces of one name.
      ...(options.pcap !== undefined && { captures: captureDirectory(options.pcap, many ? topology.name : '') }),
      onProgress: (done, all, what) => progress.show(`${topology.name}: ${done}/${all} ${what}`),
    });
    return { outcome: { kind: 'ran', report }, leaks };
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    return { outcome: { kind: 'bad-input', file, diagnostics: error.diagnostics, source }, leaks: {} };
  }
}

/** One line on a terminal's standard error, written over and over. */
class Progress {
  private readonly on = process.stderr.isTTY === true && process.env['CI'] === undefined;

  show(text: string): void {
    if (this.on) process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  clear(): void {
    if (this.on) process.stderr.write('\r\x1b[K');
  }
}
