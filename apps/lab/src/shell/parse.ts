import { expandWord, lex, type Segment, type Token, type Variables } from './lex.ts';
import type { ShellCommand, ShellGroup, ShellScript, ShellStep, Sink } from './script.ts';
import { unwrap } from './unwrap.ts';

/** `sh -c "sh -c '…'"` and so on: deeper than this is no lab. */
const MAX_NESTING = 8;

const KEYWORDS: ReadonlySet<string> = new Set(['if', 'then', 'else', 'elif', 'fi', 'for', 'while', 'until', 'do', 'done', 'case', 'esac', 'function', 'select', '{', '}', '!', '[[', 'time', 'coproc']);
const REFUSED_OPERATORS: Readonly<Record<string, string>> = {
  '|': 'a pipe (|)', '|&': 'a pipe (|&)', '&': 'a command in the background (&)', '(': 'a subshell', ')': 'a subshell', ';;': 'case',
};
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;

interface Redirects {
  stdout: Sink;
  stderr: Sink;
}

/** Reads one exec line with the node's environment. Never throws. */
export function parseLine(line: string, env: Variables): ShellScript {
  return new LineParser({ ...env }, 0, false).parse(line);
}

class LineParser {
  private readonly variables: Record<string, string>;
  private readonly nesting: number;
  private readonly steps: ShellStep[] = [];
  private connector: ShellStep['connector'] = ';';
  private errexit: boolean;
  /** Why the line cannot be run. */
  private refused: string | undefined;

  constructor(variables: Record<string, string>, nesting: number, errexit: boolean) {
    this.errexit = errexit;
    this.variables = variables;
    this.nesting = nesting;
  }

  parse(line: string): ShellScript {
    const lexed = lex(line);
    if ('refused' in lexed) return { refused: `${lexed.refused} is not supported` };
    let from = 0;
    const { tokens } = lexed;
    for (let i = 0; i <= tokens.length && this.refused === undefined; i++) {
      const token = tokens[i];
      if (token !== undefined && (token.kind === 'word' || isRedirect(token.text))) continue;
      this.simple(tokens.slice(from, i), token);
      if (token !== undefined) this.connect(token.text, i === from);
      from = i + 1;
    }
    if (this.refused === undefined && this.connector !== ';') this.refused = `nothing follows ${this.connector}`;
    return this.refused === undefined ? { group: this.group() } : { refused: this.refused };
  }

  private group(): ShellGroup {
    return { kind: 'group', steps: this.steps };
  }

  private connect(operator: string, isEmpty: boolean): void {
    const refused = REFUSED_OPERATORS[operator];
    if (refused !== undefined) this.refused ??= `${refused} is not supported`;
    // A line may end after && and ||; a list may have empty lines.
    else if (operator === '\n' && isEmpty) return;
    else if (isEmpty) this.refused ??= `there is no command before ${operator}`;
    else this.connector = operator === '\n' ? ';' : (operator as ShellStep['connector']);
  }

  /** One simple command: assignments, words, redirections. */
  private simple(tokens: readonly Token[], end: Token | undefined): void {
    if (tokens.length === 0 || (end?.kind === 'operator' && end.text === '(')) return;
    const argv: string[] = [];
    const redirects: Redirects = { stdout: 'stdout', stderr: 'stderr' };
    const local: Record<string, string> = {};
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!;
      if (token.kind === 'operator') this.redirect(token.text, tokens[++i], redirects);
      else if (argv.length === 0 && isAssignment(token.segments)) this.assign(token.segments, local);
      else argv.push(...expandWord(token.segments, this.variables));
    }
    if (KEYWORDS.has(argv[0] ?? '') && isBare(tokens[0])) this.refused ??= `the shell keyword ${argv[0]} is not supported`;
    if (argv.length === 0) this.setVariables(local);
    else if (this.refused === undefined) this.add(argv, redirects, local);
  }

  /** Assignments are done while reading; what is left of them at run time is a success. */
  private setVariables(values: Readonly<Record<string, string>>): void {
    Object.assign(this.variables, values);
    this.step({ kind: 'command', argv: ['true'], stdout: 'stdout', stderr: 'stderr' });
  }

  private assign(segments: readonly Segment[], into: Record<string, string>): void {
    // No field splitting in an assignment: quote everything.
    const [whole = ''] = expandWord(segments.map((s) => ({ ...s, quoted: true })), { ...this.variables, ...into });
    const equals = whole.indexOf('=');
    into[whole.slice(0, equals)] = whole.slice(equals + 1);
  }

  private redirect(operator: string, target: Token | undefined, redirects: Redirects): void {
    const [, digit, kind] = /^([0-9]?)(.*)$/s.exec(operator)!;
    const path = target?.kind === 'word' ? expandWord(target.segments, this.variables).join(' ') : undefined;
    if (path === undefined || path === '') this.refused ??= `nothing follows ${operator}`;
    else if (kind!.startsWith('<') && !(kind === '<' && path === '/dev/null')) this.refused ??= `the redirection ${operator} is not supported`;
    else if (!kind!.startsWith('<')) this.redirectOutput(digit!, kind!, path, redirects);
  }

  private redirectOutput(digit: string, kind: string, path: string, redirects: Redirects): void {
    const isBoth = kind.startsWith('&') || (kind === '>&' && digit === '' && !/^[0-9]$/.test(path));
    const sink = kind === '>&' && /^[0-9]$/.test(path) ? duplicate(path, redirects) : fileSink(path, kind.includes('>>'));
    if (sink === undefined || !['', '1', '2'].includes(digit)) this.refused ??= `the file descriptor in ${digit}${kind}${path} is not supported`;
    else {
      if (isBoth || digit !== '2') redirects.stdout = sink;
      if (isBoth || digit === '2') redirects.stderr = sink;
    }
  }

  private add(words: readonly string[], redirects: Redirects, local: Record<string, string>): void {
    const { argv, assignments, script, errexit, refused } = unwrap(words);
    if (refused !== undefined) this.refused ??= refused;
    else if (script !== undefined) this.nest(script, errexit, redirects, { ...this.variables, ...local, ...assignments });
    else if (argv[0] === 'export') this.setVariables(Object.fromEntries(argv.slice(1).filter((w) => ASSIGNMENT.test(w)).map((w) => [w.slice(0, w.indexOf('=')), w.slice(w.indexOf('=') + 1)])));
    else if (argv[0] === 'set') {
      this.errexit ||= /^-[a-z]*e/.test(argv[1] ?? '');
      this.setVariables({});
    } else if (argv.length > 0) this.step({ kind: 'command', argv, ...redirects });
  }

  private nest(script: string, errexit: boolean, redirects: Redirects, variables: Record<string, string>): void {
    if (this.nesting >= MAX_NESTING) {
      this.refused ??= 'shells nested so deeply are not supported';
      return;
    }
    const inner = new LineParser(variables, this.nesting + 1, errexit).parse(script);
    if ('refused' in inner) {
      this.refused ??= inner.refused;
      return;
    }
    this.step(redirectGroup(inner.group, redirects));
  }

  private step(run: ShellCommand | ShellGroup): void {
    this.steps.push({ connector: this.connector, errexit: this.errexit, run });
    this.connector = ';';
  }
}

function isRedirect(operator: string): boolean {
  return /^[0-9]?[<>]|^&>/.test(operator);
}

function isBare(token: Token | undefined): boolean {
  return token?.kind === 'word' && token.segments.every((s) => s.kind === 'text' && !s.quoted);
}

function isAssignment(segments: readonly Segment[]): boolean {
  const first = segments[0];
  return first?.kind === 'text' && !first.quoted && ASSIGNMENT.test(first.text);
}

function duplicate(descriptor: string, redirects: Redirects): Sink | undefined {
  return descriptor === '1' ? redirects.stdout : descriptor === '2' ? redirects.stderr : undefined;
}

function fileSink(path: string, append: boolean): Sink {
  if (path === '/dev/null') return 'null';
  if (path === '/dev/stdout') return 'stdout';
  return path === '/dev/stderr' ? 'stderr' : { path, append };
}

/** What a shell inherits, its commands inherit. */
function redirectGroup(group: ShellGroup, outer: Redirects): ShellGroup {
  const map = (sink: Sink): Sink => (sink === 'stdout' ? outer.stdout : sink === 'stderr' ? outer.stderr : sink);
  const steps = group.steps.map(({ run, ...step }) => ({
    ...step,
    run: run.kind === 'group' ? redirectGroup(run, outer) : { ...run, stdout: map(run.stdout), stderr: map(run.stderr) },
  }));
  return { ...group, steps };
}
