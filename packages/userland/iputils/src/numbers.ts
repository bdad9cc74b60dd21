/** Numbers on the command line, and what ping says about bad ones. */
import { Exit } from '@skbuff/command';

/** Writes a line to standard error. */
export type Complain = (text: string) => void;

/** `error(status, 0, …)`: one line with the command's name, then the end. */
export function die(complain: Complain, status: number, text: string): never {
  complain(text);
  throw new Exit(status);
}

const LONG_MAX = 9223372036854775807n;

/** A whole decimal number in a range; what is none ends the command with status 1. */
export function wholeNumber(text: string, min: bigint, max: bigint, complain: Complain): number {
  if (!/^\s*[+-]?\d+$/.test(text)) die(complain, 1, `invalid argument: '${text}'`);
  const value = BigInt(text.trim().replace(/^\+/, ''));
  if (value > LONG_MAX || value < -LONG_MAX - 1n) die(complain, 1, `invalid argument: '${text}': Numerical result out of range`);
  if (value < min || value > max) die(complain, 1, `invalid argument: '${text}': out of range: ${min} <= value <= ${max}`);
  return Number(value);
}

export const MAX_LONG: bigint = LONG_MAX;
export const MAX_INT: bigint = 2147483647n;

/** A number with a fraction, as strtod(3) reads it; what follows is complained about, and lets the rest stand. */
export function realNumber(text: string, complain: Complain): number {
  const digits = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(text)?.[0] ?? '';
  const garbage = text.slice(digits.length);
  if (garbage !== '') {
    complain(`option argument contains garbage: ${garbage}`);
    complain('this will become fatal error in the future');
  }
  return digits === '' ? 0 : Number(digits);
}

/** strtol(3) in base 0, or NaN. */
export function cNumber(text: string): number {
  if (!/^[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.test(text)) return Number.NaN;
  return /^[+-]?0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
}

/** An address as inet_aton(3) reads it: one to four parts, each decimal, octal or hexadecimal. -1: it is none. */
export function inetAton(text: string): number {
  const parts = text.split('.');
  if (parts.length > 4) return -1;
  let addr = 0;
  for (const [i, part] of parts.entries()) {
    const value = /^\d/.test(part) ? cNumber(part) : Number.NaN;
    const last = i === parts.length - 1;
    if (!(value < (last ? 2 ** (8 * (5 - parts.length)) : 256))) return -1;
    addr += last ? value : value * 2 ** (24 - 8 * i);
  }
  return addr;
}
