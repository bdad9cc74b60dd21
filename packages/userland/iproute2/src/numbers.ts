/** Numbers on the command line: as strtol(3) with base 0 reads them, the whole word. */

const NUMBER = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/;

const U64_MAX = 0xffff_ffff_ffff_ffffn;

function parse(text: string, base: number): bigint | null {
  if (base === 16) return /^\s*(0[xX])?[0-9a-fA-F]+$/.test(text) ? BigInt(`0x${text.trim().replace(/^0[xX]/, '')}`) : null;
  if (base === 10) return /^\s*[+-]?[0-9]+$/.test(text) ? BigInt(text.trim().replace(/^\+/, '')) : null;
  const m = NUMBER.exec(text);
  if (m === null) return null;
  const digits = m[2] as string;
  const octal = /^0[0-7]+$/.test(digits);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return m[1] === '-' ? -value : value;
}

/** A number in `min` … `max`, or null. */
export function getNumber(text: string, min: number, max: number, base = 0): number | null {
  const value = parse(text, base);
  return value === null || value < BigInt(min) || value > BigInt(max) ? null : Number(value);
}

export function getInteger(text: string, base = 0): number | null {
  return getNumber(text, -0x8000_0000, 0x7fff_ffff, base);
}

/** 32 bits; strtoul(3) takes a minus sign, so that of -1 nothing remains that fits. */
export function getUnsigned(text: string, base = 0): number | null {
  return getNumber(text, 0, 0xffff_ffff, base);
}

/** 64 bits; strtoull(3) takes a minus sign too, and -1 is the highest number. */
export function getU64(text: string, base = 0): bigint | null {
  const value = parse(text, base);
  return value === null || value > U64_MAX || value < -U64_MAX ? null : BigInt.asUintN(64, value);
}

export function getU16(text: string, base = 0): number | null {
  return getNumber(text, 0, 0xffff, base);
}

export function getU8(text: string, base = 0): number | null {
  return getNumber(text, 0, 0xff, base);
}
