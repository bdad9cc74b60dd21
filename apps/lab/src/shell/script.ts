/** Where a stream of a command goes. */
export type Sink = 'stdout' | 'stderr' | 'null' | { readonly path: string; readonly append: boolean };

/** One command with its arguments, after quoting, variables and wrappers such as sudo. */
export interface ShellCommand {
  readonly kind: 'command';
  readonly argv: readonly string[];
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** A list of commands: a whole line, or what `sh -c '…'` holds. */
export interface ShellGroup {
  readonly kind: 'group';
  readonly steps: readonly ShellStep[];
}

export interface ShellStep {
  /** How it follows the step before it. */
  readonly connector: ';' | '&&' | '||';
  /** Under `sh -e`, or after `set -e`: a failure here ends the list. */
  readonly errexit: boolean;
  readonly run: ShellCommand | ShellGroup;
}

/** A line that can be run, or why not. */
export type ShellScript = { readonly group: ShellGroup } | { readonly refused: string };

/** Every command of a group, in the order of the text. */
export function commandsOf(group: ShellGroup): ShellCommand[] {
  return group.steps.flatMap(({ run }) => (run.kind === 'command' ? run : commandsOf(run)));
}

interface Outcome {
  readonly code: number;
  readonly exited: boolean;
}

/** Runs the commands of a group as a shell would and returns the last exit code. `run` gives the exit code of one command. */
export async function runGroup(group: ShellGroup, run: (command: ShellCommand) => Promise<number>): Promise<number> {
  let code = 0;
  for (const [i, step] of group.steps.entries()) {
    if ((step.connector === '&&' && code !== 0) || (step.connector === '||' && code === 0)) continue;
    const outcome = await runStep(step, run, code);
    code = outcome.code;
    const next = group.steps[i + 1]?.connector;
    if (outcome.exited || (step.errexit && code !== 0 && (next === undefined || next === ';'))) return code;
  }
  return code;
}

async function runStep(step: ShellStep, run: (command: ShellCommand) => Promise<number>, code: number): Promise<Outcome> {
  if (step.run.kind === 'group') return { code: await runGroup(step.run, run), exited: false };
  const [name, status] = step.run.argv;
  if (name === 'exit') return { code: exitStatus(status, code), exited: true };
  return { code: await run(step.run), exited: false };
}

/** `exit`, `exit 3`; what is no number makes a shell end with 2. */
function exitStatus(word: string | undefined, last: number): number {
  if (word === undefined) return last;
  return /^\s*\d{1,9}\s*$/.test(word) ? Number(word) & 255 : 2;
}
