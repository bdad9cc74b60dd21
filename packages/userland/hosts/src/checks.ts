/** What the public calls take: a slip is said at once, by the name of the call and of its argument, with how to write it. */
import type { Kernel } from '@skbuff/core';

/** The end of the sentence "it has to be …" for a value that does not fit; '' for one that does. */
export type Kind = (value: unknown) => string;
/** A kind for every option of `T`. */
export type Kinds<T> = { readonly [Name in keyof T]-?: Kind };

/** Milliseconds that a double counts in nanoseconds. */
const LONGEST = 9e9;

export const word: Kind = (value) => (typeof value === 'string' && value !== '' ? '' : 'text');
export const flag: Kind = (value) => (typeof value === 'boolean' ? '' : 'true or false');
export const callback: Kind = (value) => (typeof value === 'function' ? '' : 'a function');
export const scalar: Kind = (value) => (typeof value === 'string' || Number.isFinite(value) ? '' : 'text or a number');
export const words: Kind = (value) => (typeof value === 'string' || isListOf(value, 'string') ? '' : 'a command line, or a list of its words');
export const milliseconds: Kind = (value) => (between(value, 0, LONGEST) ? '' : 'milliseconds, 0 to 9e9');
export const listed: Kind = (value) => (Array.isArray(value) ? '' : 'a list');
export const record: Kind = (value) => (isRecord(value) ? '' : 'an object');
export const inet: Kind = (value) => (typeof value === 'string' || has(value, { family: 'number', bytes: 'object', bitlen: 'number' }) ? '' : "an address, such as '10.0.0.1' or '2001:db8::1'");
export const hostName: Kind = (value) => (matches(value, /^[^/]+$/) ? '' : 'a name without slashes');
export const deviceName: Kind = (value) => (matches(value, /^[^\s/:]{1,15}$/) ? '' : 'up to 15 characters, none of them a blank, / or :');

export function whole(min: number, max: number): Kind {
  return (value) => (Number.isInteger(value) && between(value, min, max) ? '' : `a whole number from ${min} to ${max}`);
}

/** An object whose members are of these types, as `typeof` calls them. */
export function like(members: Readonly<Record<string, string>>, wanted: string): Kind {
  return (value) => (has(value, members) ? '' : wanted);
}

/** It may be left out. */
export function optional(kind: Kind): Kind {
  return (value) => (value === undefined ? '' : kind(value));
}

/** Throws `TypeError` if `args` has what is none of `kinds`, or if one of them does not fit. `example`: the call, as it is written. */
export function checkArgs(example: string, args: unknown, kinds: Readonly<Record<string, Kind>>): void {
  const wrong = wrongOf(args, kinds);
  if (wrong !== '') throw new TypeError(`${nameOf(example)}: ${wrong}. Write ${example}`);
}

/** The same for every one of a list. */
export function checkEach(example: string, what: string, list: readonly unknown[], kind: Kind): void {
  for (const [i, one] of list.entries()) checkArgs(example, { [`${what}[${i}]`]: one }, { [`${what}[${i}]`]: kind });
}

/** {@link checkArgs} for a call that needs the net to be there: throws `Error` once it is closed. */
export function checkCall(kernel: Kernel, example: string, args: unknown, kinds: Readonly<Record<string, Kind>>): void {
  if (isClosed(kernel)) throw new Error(`${nameOf(example)}: this net is closed. Make another one with createNet()`);
  checkArgs(example, args, kinds);
}

/** It was shut down: no plugin is left. */
export function isClosed(kernel: Kernel): boolean {
  return kernel.plugins().length === 0;
}

function wrongOf(args: unknown, kinds: Readonly<Record<string, Kind>>): string {
  if (!isRecord(args)) return args === undefined ? 'its options are missing' : `${show(args)} is given where an object of options has to be`;
  const stranger = Object.keys(args).find((name) => !Object.hasOwn(kinds, name));
  if (stranger !== undefined) return `there is no ${stranger}, only ${Object.keys(kinds).join(', ')}`;
  for (const [name, kind] of Object.entries(kinds)) {
    const wanted = kind(args[name]);
    if (wanted !== '') return args[name] === undefined ? `${name} is missing` : `${name} is ${show(args[name])}, but has to be ${wanted}`;
  }
  return '';
}

const nameOf = (example: string): string => example.slice(0, example.search(/[(`]/));

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `the function ${value.name}`.trimEnd();
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

const between = (value: unknown, min: number, max: number): boolean => typeof value === 'number' && value >= min && value <= max;
const matches = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value);
const isListOf = (value: unknown, type: string): boolean => Array.isArray(value) && value.every((each) => typeof each === type);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const has = (value: unknown, members: Readonly<Record<string, string>>): boolean => isRecord(value) && Object.entries(members).every(([name, type]) => typeof value[name] === type);
