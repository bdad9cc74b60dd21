import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Diagnostic, DiagnosticText } from './diagnostic.ts';
import { expandEnv, type Env } from './expand.ts';

/** More values than a lab of thousands of nodes has; an alias bomb passes it within milliseconds. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;
/** After so many syntax errors the rest is most often a consequence of them. */
const MAX_SYNTAX_ERRORS = 3;

const NESTED: DiagnosticText = { message: 'the file is nested too deeply', expected: `at most ${MAX_DEPTH} levels` };

/** Offsets in the text: start, end (exclusive). */
type Range = readonly [start: number, end: number];

interface Entry {
  readonly key?: Range;
  readonly value: Range;
  /** A scalar as it is written, after `${…}`: `env: {A: 010}` means the text 010, not eight or ten. */
  readonly text?: string;
}

/** A document as plain values, and where each of them stands. */
export interface YamlTree {
  readonly value: unknown;
  readonly diagnostics: Diagnostic[];
  /** The scalar at a JSON pointer as written. */
  text(pointer: string): string | undefined;
  /** A diagnostic at the value, or at its key, of a JSON pointer; at the nearest ancestor that exists. */
  report(severity: Diagnostic['severity'], pointer: string, part: 'key' | 'value', text: DiagnosticText): Diagnostic;
}

/** `a`, `b/c` → `/a/b~1c`. */
export function child(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The parts of a JSON pointer, unescaped. */
export function pointerParts(pointer: string): string[] {
  return pointer === '' ? [] : pointer.slice(1).split('/').map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `/topology/nodes/h1/exec/0` → `topology.nodes.h1.exec[0]`. */
export function displayPath(pointer: string): string {
  return pointerParts(pointer).reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[${part}]`;
    const name = /^[\w-]+$/.test(part) ? part : JSON.stringify(part);
    return path === '' ? name : `${path}.${name}`;
  }, '');
}

/** Thrown and caught in this file only, to leave the recursion. */
class Refused extends Error {
  readonly range: Range;
  readonly text: DiagnosticText;
  constructor(range: Range, text: DiagnosticText) {
    super(text.message);
    this.range = range;
    this.text = text;
  }
}

class Converter {
  readonly entries = new Map<string, Entry>();
  readonly badKeys: Range[] = [];
  private readonly doc: Document;
  private readonly env: Env;
  private readonly open = new Set<Node>();
  private count = 0;

  constructor(doc: Document, env: Env) {
    this.doc = doc;
    this.env = env;
  }

  /** `spot`: where an alias was written, so that what it brings in is reported where it is used. */
  convert(node: unknown, pointer: string, key?: Range, spot?: Range): unknown {
    const own = rangeOf(node);
    const value = spot ?? own ?? key ?? [0, 0];
    if (++this.count > MAX_VALUES) {
      throw new Refused(value, { message: 'aliases expand this file to too many values', expected: `at most ${MAX_VALUES} values`, hint: 'write out what is meant instead of nesting aliases' });
    }
    if (this.open.size > MAX_DEPTH) throw new Refused(value, NESTED);
    this.entries.set(pointer, { value, ...(key && { key }) });
    if (isAlias(node)) return this.alias(node.resolve(this.doc), node.source, pointer, value, key);
    if (isScalar(node)) return this.scalar(node.value, node.source, node.type === 'PLAIN', pointer, value, key);
    if (!isMap(node) && !isSeq(node)) return null;
    this.open.add(node);
    const result = isMap(node) ? this.map(node, pointer, spot) : node.items.map((item, i) => this.convert(item, child(pointer, i), undefined, spot));
    this.open.delete(node);
    return result;
  }

  private alias(target: Node | undefined, name: string, pointer: string, value: Range, key?: Range): unknown {
    if (target === undefined) throw new Refused(value, { message: `the alias *${name} has no anchor before it`, found: `*${name}`, expected: `&${name} on a value above` });
    if (this.open.has(target)) throw new Refused(value, { message: `the alias *${name} holds itself`, found: `*${name}`, expected: 'an alias of something that is complete before it' });
    return this.convert(target, pointer, key, value);
  }

  private scalar(raw: unknown, source: string | undefined, isPlain: boolean, pointer: string, value: Range, key?: Range): unknown {
    const written = source ?? (raw === null || raw === undefined ? '' : String(raw));
    const text = expandEnv(written, this.env);
    this.entries.set(pointer, { value, text, ...(key && { key }) });
    if (text === written) return raw === undefined ? null : raw;
    return isPlain ? retype(text) : text;
  }

  private map(node: YAMLMap, pointer: string, spot?: Range): Record<string, unknown> {
    const result = Object.create(null) as Record<string, unknown>;
    const own = new Set<string>();
    for (const pair of node.items) {
      if (isMerge(pair)) continue;
      const name = this.keyName(pair);
      if (name === undefined) continue;
      own.add(name);
      result[name] = this.convert(pair.value, child(pointer, name), spot ?? rangeOf(pair.key), spot);
    }
    for (const pair of node.items) if (isMerge(pair)) this.merge(pair.value, result, own, pointer, spot);
    return result;
  }

  /** `<<: *base` or `<<: [*a, *b]`: own keys win, then the first that has the key. */
  private merge(source: unknown, result: Record<string, unknown>, own: Set<string>, pointer: string, spot?: Range): void {
    const range = spot ?? rangeOf(source) ?? [0, 0];
    const target: unknown = isAlias(source) ? source.resolve(this.doc) : source;
    if (isSeq(target) && !this.open.has(target)) {
      this.open.add(target);
      for (const item of target.items) this.merge(item, result, own, pointer, range);
      this.open.delete(target);
      return;
    }
    if (!isMap(target) || this.open.has(target)) throw new Refused(range, { message: '<< merges maps only', expected: 'an alias of a map' });
    this.open.add(target);
    for (const pair of target.items) {
      const name = isMerge(pair) ? undefined : this.keyName(pair);
      if (name === undefined || own.has(name)) continue;
      own.add(name);
      result[name] = this.convert(pair.value, child(pointer, name), range, range);
    }
    for (const pair of target.items) if (isMerge(pair)) this.merge(pair.value, result, own, pointer, range);
    this.open.delete(target);
  }

  private keyName(pair: Pair): string | undefined {
    const key: unknown = isAlias(pair.key) ? pair.key.resolve(this.doc) : pair.key;
    if (isScalar(key)) return expandEnv(key.source ?? String(key.value), this.env);
    if (key === null) return '';
    this.badKeys.push(rangeOf(pair.key) ?? [0, 0]);
    return undefined;
  }
}

function rangeOf(node: unknown): Range | undefined {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
  return range ? [range[0]!, range[1]!] : undefined;
}

function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN';
}

/** A plain scalar that became another text through a variable gets the type it would have had if written so. */
function retype(text: string): unknown {
  if (text === '' || text === 'null' || text === '~') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Parses `source`; never throws. If `value` is undefined the diagnostics say why. */
export function parseYaml(source: string, file: string, env: Env): YamlTree {
  const lines = new LineCounter();
  const at = (range: Range, severity: Diagnostic['severity'], path: string, text: DiagnosticText): Diagnostic => {
    const offset = Math.max(0, Math.min(range[0], source.length));
    const { line, col } = lines.linePos(offset);
    const end = source.slice(offset, range[1]).search(/[\r\n]|$/);
    return { severity, file, line: Math.max(1, line), column: Math.max(1, col), path, ...text, length: Math.max(1, end) };
  };
  const diagnostics: Diagnostic[] = [];
  const [doc, value, converter] = read(source, lines, env, diagnostics, at);
  const entries = converter?.entries ?? new Map<string, Entry>();
  for (const range of converter?.badKeys ?? []) {
    diagnostics.push(at(range, 'error', '', { message: 'a key must be text', found: 'a list or map as key' }));
  }
  if (doc === undefined && diagnostics.length === 0) diagnostics.push(at([0, 0], 'error', '', { message: 'this is no YAML' }));
  return {
    value,
    diagnostics,
    text: (pointer) => entries.get(pointer)?.text,
    report(severity, pointer, part, text) {
      let spot = pointer;
      while (spot !== '' && !entries.has(spot)) spot = spot.slice(0, spot.lastIndexOf('/'));
      const entry = entries.get(spot);
      const range = (part === 'key' ? entry?.key : undefined) ?? entry?.value ?? [0, 0];
      return at(range, severity, displayPath(pointer), text);
    },
  };
}

type At = (range: Range, severity: Diagnostic['severity'], path: string, text: DiagnosticText) => Diagnostic;

function read(source: string, lines: LineCounter, env: Env, diagnostics: Diagnostic[], at: At): [Document | undefined, unknown, Converter | undefined] {
  let doc: Document;
  try {
    doc = parseDocument(source, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  } catch {
    // The parser recurses: thousands of brackets end in a RangeError.
    diagnostics.push(at([0, 0], 'error', '', NESTED));
    return [undefined, undefined, undefined];
  }
  // Unclosed brackets all end at the same place; the first complaint says it.
  const seen = new Set<number>();
  const errors = doc.errors.filter(({ pos: [start] }) => !seen.has(start) && seen.add(start));
  const more = errors.length - MAX_SYNTAX_ERRORS;
  for (const [i, error] of errors.slice(0, MAX_SYNTAX_ERRORS).entries()) {
    const text = syntaxText(error.code, error.message);
    const rest = more > 0 && i === MAX_SYNTAX_ERRORS - 1 ? { hint: `${text.hint === undefined ? '' : `${text.hint}; `}${more} more ${more === 1 ? 'error is' : 'errors are'} not shown, and may go away with these` } : {};
    diagnostics.push(at(error.pos, 'error', '', { ...text, ...rest }));
  }
  if (doc.errors.some((e) => e.code !== 'DUPLICATE_KEY')) return [doc, undefined, undefined];
  const converter = new Converter(doc, env);
  try {
    return [doc, converter.convert(doc.contents, ''), converter];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    diagnostics.push(at(error.range, 'error', '', error.text));
    return [doc, undefined, undefined];
  }
}

function syntaxText(code: string, message: string): DiagnosticText {
  if (code === 'DUPLICATE_KEY') return { message: 'this key stands twice in the same map', hint: 'remove or rename one of them' };
  if (code === 'MULTIPLE_DOCS') return { message: 'there is more than one document in this file', expected: 'one topology per file', hint: 'remove the `---` between them' };
  if (code === 'TAB_AS_INDENT') return { message: `broken YAML: ${message}`, hint: 'indent with spaces' };
  if (message.includes('call stack')) return NESTED;
  return { message: `broken YAML: ${message}` };
}
