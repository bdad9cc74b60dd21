/** Texts in the structures of user space. */

/** `strscpy` into `length` bytes, the rest zero. */
export function setText(b: Uint8Array, off: number, length: number, text: string): void {
  for (let i = 0; i < length; i++) b[off + i] = i < text.length && i < length - 1 ? text.charCodeAt(i) : 0;
}
