/** Little-endian words and texts in the structures of user space. */

export function le32(b: Uint8Array, off: number): number {
  return ((b[off] as number) | ((b[off + 1] as number) << 8) | ((b[off + 2] as number) << 16) | ((b[off + 3] as number) << 24)) >>> 0;
}

export function setLe32(b: Uint8Array, off: number, value: number): void {
  for (let i = 0; i < 4; i++) b[off + i] = value >>> (8 * i);
}

/** A counter of 64 bits. */
export function setLe64(b: Uint8Array, off: number, value: number): void {
  setLe32(b, off, value % 0x100000000);
  setLe32(b, off + 4, Math.floor(value / 0x100000000));
}

/** `strscpy` into `length` bytes, the rest zero. */
export function setText(b: Uint8Array, off: number, length: number, text: string): void {
  for (let i = 0; i < length; i++) b[off + i] = i < text.length && i < length - 1 ? text.charCodeAt(i) : 0;
}
