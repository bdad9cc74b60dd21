/** How the kernel reads numbers that are written to a sysctl file (`kernel/sysctl.c`, `proc_dointvec` and its kin). */
import { HZ } from '@skbuff/core';
import { EINVAL } from '@skbuff/uapi';
import type { SysctlFile } from './sysctl.ts';

export const INT_MIN = -0x80000000;
export const INT_MAX = 0x7fffffff;
export const UINT_MAX = 0xffffffff;

/** The longest number, its sign included. */
const TMPBUFLEN = 21;

/**
 * Up to `max` numbers separated by white space: decimal, `0x…` or `0…` (octal), with a sign if `signed`. What follows the last one
 * is not looked at. -EINVAL if there is none, or something else stands where one is expected.
 */
export function procGetLongs(text: string, max: number, signed = true): readonly number[] | number {
  const values: number[] = [];
  let rest = text.replace(/\0.*$/s, '').replace(/^\s+/, '');
  while (values.length < max && rest !== '') {
    const token = /^(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)(?=\s|$)/.exec(rest);
    if (token === null || token[0].length > TMPBUFLEN || (!signed && token[1] !== '')) return -EINVAL;
    const digits = token[2] as string;
    const value = digits.length > 1 && /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
    values.push(token[1] === '-' ? -value : value);
    rest = rest.slice(token[0].length).replace(/^\s+/, '');
  }
  return values.length === 0 ? -EINVAL : values;
}

/** What an integer file is: its range (default: that of an `int`), and what to do beyond storing. */
export interface IntOptions {
  readonly min?: number;
  readonly max?: number;
  /** Nobody may write. */
  readonly readOnly?: boolean;
}

/** `proc_dointvec_minmax` for one number. `set` gets a value in range and may refuse it: 0 or a negative errno. */
export function sysctlInt<T>(get: (owner: T) => number, set: (owner: T, value: number) => number | void, options: IntOptions = {}): SysctlFile<T> {
  const { min = INT_MIN, max = INT_MAX, readOnly = false } = options;
  const write = (owner: T, text: string): number => {
    if (text === '') return 0;
    const values = procGetLongs(text, 1, min < 0);
    if (typeof values === 'number') return values;
    const value = values[0] as number;
    return value < min || value > max ? -EINVAL : (set(owner, value) ?? 0);
  };
  return { read: (owner) => `${get(owner)}\n`, write: readOnly ? null : write };
}

/**
 * `proc_dointvec_minmax` for several numbers, shown with tabs between them. Numbers that are not given keep their value. `set` gets
 * all of them and may refuse: 0 or a negative errno.
 */
export function sysctlIntVec<T>(
  get: (owner: T) => readonly number[],
  set: (owner: T, values: readonly number[]) => number,
  options: IntOptions = {},
): SysctlFile<T> {
  const { min = INT_MIN, max = INT_MAX, readOnly = false } = options;
  const write = (owner: T, text: string): number => {
    if (text === '') return 0;
    const old = get(owner);
    const values = procGetLongs(text, old.length, min < 0);
    if (typeof values === 'number') return values;
    if (values.some((value) => value < min || value > max)) return -EINVAL;
    return set(owner, [...values, ...old.slice(values.length)]);
  };
  return { read: (owner) => `${get(owner).join('\t')}\n`, write: readOnly ? null : write };
}

/** The names of the fields of `T` that are plain numbers. */
type NumberKeys<T> = { [K in keyof T]: T[K] extends number ? (number extends T[K] ? K : never) : never }[keyof T];

/** {@link sysctlInt} over a field of the owner. */
export function sysctlField<T>(key: NumberKeys<T>, options: IntOptions = {}): SysctlFile<T> {
  return sysctlInt(
    (owner) => owner[key] as number,
    (owner, value) => {
      (owner as Record<PropertyKey, unknown>)[key] = value;
    },
    options,
  );
}

/** `proc_dointvec_jiffies`: a field that counts jiffies, in seconds; as many as an `int` of jiffies can hold, of either sign. */
export function sysctlSeconds<T>(key: NumberKeys<T>): SysctlFile<T> {
  const max = Math.floor(INT_MAX / HZ);
  return sysctlInt(
    (owner) => Math.trunc((owner[key] as number) / HZ),
    (owner, value) => {
      (owner as Record<PropertyKey, unknown>)[key] = value * HZ;
    },
    { min: -max, max },
  );
}
