/**
 * Little-endian access, the host order of x86-64: structures of system calls, netlink, files of packets. No bounds are checked;
 * reading past the end of an array gives zeros.
 */

/** 16 bits at `off`, 0..65535. */
export function le16(b: Uint8Array, off: number): number {
  return b[off] | (b[off + 1] << 8);
}

export function setLe16(b: Uint8Array, off: number, value: number): void {
  b[off] = value;
  b[off + 1] = value >>> 8;
}

/** 32 bits at `off`, unsigned: 0..2^32-1. */
export function le32(b: Uint8Array, off: number): number {
  return (b[off] | (b[off + 1] << 8) | (b[off + 2] << 16) | (b[off + 3] << 24)) >>> 0;
}

/** 32 bits at `off`, signed: an `int` of C. */
export function leS32(b: Uint8Array, off: number): number {
  return b[off] | (b[off + 1] << 8) | (b[off + 2] << 16) | (b[off + 3] << 24);
}

/** Stores the lower 32 bits of a signed or unsigned number. */
export function setLe32(b: Uint8Array, off: number, value: number): void {
  b[off] = value;
  b[off + 1] = value >>> 8;
  b[off + 2] = value >>> 16;
  b[off + 3] = value >>> 24;
}

/** 64 bits at `off`, signed: a `long` of C. Exact between -2^53 and 2^53. */
export function leS64(b: Uint8Array, off: number): number {
  return leS32(b, off + 4) * 0x1_0000_0000 + le32(b, off);
}

/** 64 bits at `off`, unsigned and exact. */
export function le64(b: Uint8Array, off: number): bigint {
  return (BigInt(le32(b, off + 4)) << 32n) | BigInt(le32(b, off));
}

/** Stores the lower 64 bits of a whole number. One that is no bigint is exact between -2^53 and 2^53. */
export function setLe64(b: Uint8Array, off: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    setLe32(b, off, Number(value & 0xffff_ffffn));
    setLe32(b, off + 4, Number((value >> 32n) & 0xffff_ffffn));
    return;
  }
  setLe32(b, off, value % 0x1_0000_0000);
  setLe32(b, off + 4, Math.floor(value / 0x1_0000_0000));
}
