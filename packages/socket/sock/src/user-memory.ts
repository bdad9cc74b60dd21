/** Pointers in the argument of an ioctl(2). */
import { EFAULT } from '@skbuff/uapi';
import { leS64 } from '@skbuff/wire';

/** -1: the argument ends before the pointer does. */
function pointer(arg: Uint8Array, off: number): number {
  return off + 8 > arg.length ? -1 : leS64(arg, off);
}

/**
 * What a pointer at `off` of the argument points at: `length` bytes. There is no address space here, so what a pointer means lies behind
 * the structure in the same bytes, and its value is the distance from their start. Null for a null pointer, -EFAULT for one that
 * leads outside.
 */
export function userMemory(arg: Uint8Array, off: number, length: number): Uint8Array | null | number {
  const at = pointer(arg, off);
  if (at === 0) return null;
  return at < 0 || at + length > arg.length ? -EFAULT : arg.subarray(at, at + length);
}

/** As {@link userMemory}: the text up to a zero, `max` characters at the most. */
export function userString(arg: Uint8Array, off: number, max: number): string | null | number {
  const at = pointer(arg, off);
  if (at === 0) return null;
  if (at < 0 || at >= arg.length) return -EFAULT;
  let text = '';
  for (let i = at; i < arg.length && arg[i] !== 0 && text.length < max; i++) text += String.fromCharCode(arg[i] as number);
  return text;
}
