/** A piece of a word: text, or a variable to fill in. `quoted` text is never split and never an operator. */
export type Segment =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean; readonly fallback?: string };

export type Token =
  | { readonly kind: 'word'; readonly segments: readonly Segment[] }
  | { readonly kind: 'operator'; readonly text: string };

/** The tokens of a line, or why a shell (or this one) does not take it. */
export type LexResult = { readonly tokens: Token[] } | { readonly refused: string };

/** Longest first. A redirection may have a digit before it. */
const OPERATOR = /^(?:&&|\|\||;;|\|&|&>>|&>|[0-9]?(?:>>|>&|>\||<<<|<<|<&|<>|>|<)|[;|&()\n])/;
const VARIABLE = /^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-=]([^{}$`'"]*))?\})/;

/** Leaves the recursion of the lexer; caught in `lex`. */
class Refused extends Error {}

class Lexer {
  private readonly text: string;
  private readonly tokens: Token[] = [];
  private position = 0;
  private segments: Segment[] | undefined;

  constructor(text: string) {
    this.text = text;
  }

  run(): Token[] {
    while (this.position < this.text.length) this.step();
    this.endWord();
    return this.tokens;
  }

  private step(): void {
    const c = this.text[this.position]!;
    // The word before a redirection is an argument unless it is one digit and begins right here.
    const operator = this.segments === undefined || !/[0-9]/.test(c) ? OPERATOR.exec(this.text.slice(this.position, this.position + 4))?.[0] : undefined;
    if (operator !== undefined) return this.operator(operator);
    if (c === ' ' || c === '\t' || c === '\r') {
      this.endWord();
      this.position++;
    } else if (c === '#' && this.segments === undefined) {
      const end = this.text.indexOf('\n', this.position);
      this.position = end < 0 ? this.text.length : end;
    } else if (c === "'") this.single();
    else if (c === '"') this.double();
    else if (c === '\\') this.escape();
    else if (c === '$') this.dollar(false);
    else if (c === '`') throw new Refused('command substitution');
    else this.push(c, false);
  }

  private operator(operator: string): void {
    this.endWord();
    this.tokens.push({ kind: 'operator', text: operator });
    this.position += operator.length;
  }

  private push(text: string, quoted: boolean): void {
    this.append(text, quoted);
    this.position += text.length;
  }

  private append(text: string, quoted: boolean): void {
    const last = this.segments?.at(-1);
    if (last?.kind === 'text' && last.quoted === quoted) this.segments!.splice(-1, 1, { ...last, text: last.text + text });
    else (this.segments ??= []).push({ kind: 'text', text, quoted });
  }

  private single(): void {
    const end = this.text.indexOf("'", this.position + 1);
    if (end < 0) throw new Refused("a quote ' that is not closed");
    this.append(this.text.slice(this.position + 1, end), true);
    this.position = end + 1;
  }

  private double(): void {
    this.append('', true);
    for (this.position++; this.text[this.position] !== '"'; ) {
      const c = this.text[this.position];
      if (c === undefined) throw new Refused('a quote " that is not closed');
      if (c === '`') throw new Refused('command substitution');
      if (c === '$') this.dollar(true);
      else if (c === '\\' && /[$`"\\\n]/.test(this.text[this.position + 1] ?? '')) this.escape();
      else this.push(c, true);
    }
    this.position++;
  }

  private escape(): void {
    const next = this.text[this.position + 1];
    // A backslash at the end of a line joins it with the next one.
    if (next !== '\n') this.append(next ?? '\\', true);
    this.position += 2;
  }

  private dollar(quoted: boolean): void {
    const rest = this.text.slice(this.position);
    const match = VARIABLE.exec(rest);
    if (match) {
      (this.segments ??= []).push({ kind: 'variable', name: match[1] ?? match[2]!, quoted, ...(match[3] !== undefined && { fallback: match[3] }) });
      this.position += match[0].length;
      return;
    }
    if (/^\$\(/.test(rest)) throw new Refused('command substitution');
    if (/^\$[{?$!#@*0-9'"-]/.test(rest)) throw new Refused(`the expansion ${rest.slice(0, 2)}`);
    this.push('$', quoted);
  }

  private endWord(): void {
    if (this.segments) this.tokens.push({ kind: 'word', segments: this.segments });
    this.segments = undefined;
  }
}

/** Splits a line into words and operators with POSIX quoting. Never throws. */
export function lex(text: string): LexResult {
  try {
    return { tokens: new Lexer(text).run() };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { refused: error.message };
  }
}

export type Variables = Readonly<Record<string, string>>;

/** Fills in variables; an unquoted one is split at white space and may give no word at all. */
export function expandWord(segments: readonly Segment[], variables: Variables): string[] {
  const words: string[] = [];
  let open: string | undefined;
  for (const segment of segments) {
    const text = segment.kind === 'text' ? segment.text : valueOf(segment, variables);
    if (segment.kind === 'text' || segment.quoted) {
      open = (open ?? '') + text;
      continue;
    }
    const [first = '', ...rest] = text.split(/[ \t\n]+/);
    if (first !== '') open = (open ?? '') + first;
    for (const part of rest) {
      if (open !== undefined) words.push(open);
      open = part === '' ? undefined : part;
    }
  }
  return open === undefined ? words : [...words, open];
}

function valueOf(segment: Extract<Segment, { kind: 'variable' }>, variables: Variables): string {
  const value = Object.hasOwn(variables, segment.name) ? variables[segment.name] : undefined;
  return value === undefined || (value === '' && segment.fallback !== undefined) ? (segment.fallback ?? '') : value;
}
