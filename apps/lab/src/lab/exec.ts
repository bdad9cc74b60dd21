/** One exec line on one node: read as a shell reads it, run command by command. */
import { errnoName } from '@skbuff/uapi';
import type { ExecLine, LabNode } from '../topology/model.ts';
import type { ExecNote } from '../report/model.ts';
import { classify, type Classification } from '../shell/classify.ts';
import { parseLine } from '../shell/parse.ts';
import { runGroup, type ShellCommand, type Sink } from '../shell/script.ts';
import type { ExecOutput, ExecResult, LabHost } from './lab-host.ts';

/** Requests that a `ping` without an end of its own may send. */
const PING_COUNT = 4;
/** Options of ping(8) that take a value, and those of them that make it end. */
const PING_VALUES = /^[cwWiIsStmpQlMFGe]$/;
const PING_ENDS = /^[cw]$/;

/** Commands that go on in the background, and options with which they do not. */
const DAEMONS: ReadonlyMap<string, RegExp> = new Map([['radvd', /^(-[nchv]|--(nodaemon|configtest|help|version))$/]]);

/** Whether a command goes on in the background, also behind `ip netns exec NAME`. */
export function isDaemon(words: readonly string[]): boolean {
  const [name = '', ...args] = words[0] === 'ip' && words[1] === 'netns' && words[2] === 'exec' ? words.slice(4) : words;
  const foreground = DAEMONS.get(name);
  return foreground !== undefined && !args.some((word) => foreground.test(word));
}

/** What a line did. */
export interface LineResult extends ExecResult {
  /** What was passed over, in the line's order. */
  readonly notes: readonly string[];
}

/** `ping` (or `ping4`, `ping6`) as people leave it running gets an end; null if it has one. */
export function boundPing(argv: readonly string[]): readonly string[] | null {
  const [name = ''] = argv;
  if (!/^ping[46]?$/.test(name)) return null;
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] as string;
    if (!/^-[A-Za-z0-9]/.test(word)) continue;
    const value = [...word.slice(1)].find((letter) => PING_VALUES.test(letter));
    if (value === undefined) continue;
    if (PING_ENDS.test(value)) return null;
    if (word.endsWith(value)) i++;
  }
  return [name, '-c', String(PING_COUNT), ...argv.slice(1)];
}

/** Runs a line. A part that is passed over counts as if it had succeeded. Never rejects. */
export async function runLine(host: LabHost, node: LabNode, line: string, live?: ExecOutput): Promise<LineResult> {
  const script = parseLine(line, node.env);
  if ('refused' in script) return { code: 0, stdout: '', stderr: '', notes: [`\`${line}\` is passed over: ${script.refused}`] };
  const run = new LineRun(host, node.name, live);
  const code = await runGroup(script.group, (command) => run.command(command));
  return { code, stdout: run.stdout, stderr: run.stderr, notes: run.notes };
}

class LineRun {
  stdout = '';
  stderr = '';
  readonly notes: string[] = [];
  private readonly host: LabHost;
  private readonly node: string;
  private readonly live: ExecOutput | undefined;

  constructor(host: LabHost, node: string, live: ExecOutput | undefined) {
    this.host = host;
    this.node = node;
    this.live = live;
  }

  async command(command: ShellCommand): Promise<number> {
    const what = classify(command, this.host.commands);
    if (what.kind === 'status') return what.code;
    if (what.kind === 'note') return this.note(what.note);
    if (what.kind === 'sysctl') return this.sysctl(what, command);
    if (what.kind === 'print') return this.print(what.text, command);
    if (what.kind === 'file') return this.file(what);
    if (what.kind === 'run') return this.run(what.argv, command);
    await this.host.runUntil(this.host.now() + what.ns);
    return 0;
  }

  private async run(words: readonly string[], command: ShellCommand): Promise<number> {
    const bounded = this.live === undefined ? boundPing(words) : null;
    if (bounded !== null) this.notes.push(`\`${words.join(' ')}\` would never end: it sends ${PING_COUNT} requests`);
    const output: ExecOutput = { stdout: (text) => this.write(command.stdout, text), stderr: (text) => this.write(command.stderr, text) };
    if (isDaemon(words)) return (await this.host.daemon(this.node, words, output)).code;
    return (await this.host.exec(this.node, bounded ?? words, output)).code;
  }

  private note(text: string): number {
    this.notes.push(text);
    return 0;
  }

  private print(text: string, command: ShellCommand): number {
    this.write(command.stdout, text);
    return 0;
  }

  private file({ path, text, append }: Extract<Classification, { kind: 'file' }>): number {
    return this.host.writeFile(this.node, path, text, append) ? 0 : this.note(`nothing is written to ${path}: it is no file of a node`);
  }

  private sysctl(what: Extract<Classification, { kind: 'sysctl' }>, command: ShellCommand): number {
    let code = 0;
    for (const { path, value } of what.settings) {
      const err = this.host.writeSysctl(this.node, path, value);
      if (err >= 0) continue;
      code = 1;
      this.write(command.stderr, `/proc/sys/${path}: ${errnoName(err)}\n`);
    }
    return code;
  }

  private write(sink: Sink, text: string): void {
    if (sink === 'stdout') {
      this.stdout += text;
      this.live?.stdout(text);
    } else if (sink === 'stderr') {
      this.stderr += text;
      this.live?.stderr(text);
    }
  }
}

/** What the report says about an exec line; nothing if it just worked. */
export function execNotes(node: LabNode, line: ExecLine, result: LineResult): ExecNote[] {
  const common = { node: node.name, line: line.line, at: line.at };
  const notes = result.notes.map((text): ExecNote => ({ ...common, kind: 'note', text }));
  if (result.code === 0) return notes;
  return [...notes, { ...common, kind: 'failed', text: failure(result) }];
}

/** Why: the last thing said on stderr, or else on stdout (as ping does). */
function failure({ code, stdout, stderr }: LineResult): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).trim().split('\n').filter((text) => text !== '');
  const said = lines.find((text) => /packets transmitted/.test(text)) ?? lines.at(-1);
  return said === undefined ? `exit code ${code}` : `${said} (exit code ${code})`;
}
