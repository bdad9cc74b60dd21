/** atoi(3): the number that a text begins with, as an `int`; 0 if there is none. What does not fit is cut as strtol(3) and a cast cut it. */
export function atoi(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1];
  if (digits === undefined) return 0;
  const value = BigInt(digits.replace('+', ''));
  const long = value > LONG_MAX ? LONG_MAX : value < -LONG_MAX - 1n ? -LONG_MAX - 1n : value;
  return Number(BigInt.asIntN(32, long));
}

const LONG_MAX = 0x7fff_ffff_ffff_ffffn;
