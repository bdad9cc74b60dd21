/** Words of an expression. */
import { inetPton6 } from '@skbuff/wire';
import { fail, syntaxError } from './filter-error.ts';
import { CONSTANTS, KEYWORDS } from './keywords.ts';

export type Token =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  /** Numbers with dots: a host or a network. */
  | { readonly kind: 'dotted'; readonly text: string }
  | { readonly kind: 'v6'; readonly text: string }
  | { readonly kind: 'mac'; readonly bytes: Uint8Array }
  | { readonly kind: 'op'; readonly op: string }
  | { readonly kind: 'end' };

const OPERATORS = ['&&', '||', '>=', '<=', '!=', '==', '<<', '>>', '&', '|', '!', '=', '<', '>', '+', '-', '*', '/', '%', '^', ':', '(', ')', '[', ']'];

const HEX = '[0-9a-fA-F]';
const NUMBER = /^(?:0[xX][0-9a-fA-F]+|[0-9]+)/;
const DOTTED = /^[0-9]+(?:\.[0-9]+)+/;
/** Six pairs with `:`, `-` or `.` between them, three fours with dots, or twelve digits. */
const MAC = new RegExp(`^(?:${HEX}{1,2}(?:[:.-]${HEX}{1,2}){5}|${HEX}{4}\\.${HEX}{4}\\.${HEX}{4}|${HEX}{12})`);
const QUAD = '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}';
/** Eight groups, or fewer with `::`; the last two may be an IPv4 address. */
const H = `${HEX}{1,4}`;
const V6 = new RegExp(`^(?:(?:${H}:){7}${H}|(?:${H}:){6}${QUAD}|(?:${H}(?::${H})*)?::(?:(?:${H}:)*${QUAD}|${H}(?::${H})*)?)`);
/** Pairs with colons that are too few or too many: taken for an Ethernet address that is wrong. */
const BOGUS = new RegExp(`^(?:${HEX}{1,2}:+){2,}`);
const ID = /^[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/;
const ESCAPED = /^\\[^ !()\n\t]+/;

function longest(text: string, ...patterns: RegExp[]): { index: number; match: string } {
  let best = { index: -1, match: '' };
  patterns.forEach((pattern, index) => {
    const match = pattern.exec(text)?.[0] ?? '';
    if (match.length > best.match.length) best = { index, match };
  });
  return best;
}

/** The tokens come one after the other, so that a fault of the grammar is found before one of a later word. */
export class Lexer {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  next(): Token {
    while (' \r\n\t'.includes(this.text[this.at] ?? '?')) this.at++;
    const rest = this.text.slice(this.at);
    if (rest === '') return { kind: 'end' };
    if (/^[A-Za-z0-9\\:]/.test(rest)) {
      const word = this.word(rest);
      if (word !== null) return word;
    }
    const op = OPERATORS.find((o) => rest.startsWith(o));
    if (op === undefined) syntaxError();
    this.at += op.length;
    if (op === '&&') return { kind: 'word', word: 'and' };
    if (op === '||') return { kind: 'word', word: 'or' };
    if (op === '!') return { kind: 'word', word: 'not' };
    return { kind: 'op', op: op === '==' ? '=' : op };
  }

  private word(rest: string): Token | null {
    if (rest.startsWith('\\')) {
      const escaped = ESCAPED.exec(rest)?.[0];
      if (escaped === undefined) return null;
      this.at += escaped.length;
      return { kind: 'name', text: escaped.slice(1) };
    }
    const { index, match } = longest(rest, MAC, V6, NUMBER, DOTTED, ID, BOGUS);
    if (match === '') return null;
    this.at += match.length;
    if (index === 0) return { kind: 'mac', bytes: parseMac(match) };
    if (index === 1 && inetPton6(match) !== null) return { kind: 'v6', text: match };
    if (index === 1 || index === 5) fail(`bogus ethernet address ${BOGUS.exec(match)?.[0] ?? match}`);
    if (index === 2) return { kind: 'number', value: parseNumber(match) };
    if (index === 3) return { kind: 'dotted', text: match };
    // An expression may say `constructor`, which is a member of every object.
    if (Object.hasOwn(CONSTANTS, match)) return { kind: 'number', value: CONSTANTS[match] as number };
    return Object.hasOwn(KEYWORDS, match) ? { kind: 'word', word: KEYWORDS[match] as string } : { kind: 'name', text: match };
  }
}

function parseNumber(text: string): number {
  const octal = /^0[0-9]+$/.test(text);
  if (octal && /[89]/.test(text)) fail(`number ${text} contains non-octal digit`);
  const value = Number.parseInt(text, /^0[xX]/.test(text) ? 16 : octal ? 8 : 10);
  if (value > 0xffffffff) fail(`number ${text} overflows 32 bits`);
  return value;
}

function parseMac(text: string): Uint8Array {
  const parts = text.split(/[:.-]/);
  const digits = parts.length === 6 ? parts.map((p) => p.padStart(2, '0')).join('') : parts.join('');
  return Uint8Array.from({ length: 6 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
