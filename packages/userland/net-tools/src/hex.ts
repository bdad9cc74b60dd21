/** Addresses of IPv6 as the files of /proc/net have them: all digits, no colons. */

export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
