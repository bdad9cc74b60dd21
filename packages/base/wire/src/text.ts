/** Text forms of addresses, as the tools print them and as inet_pton(3) and inet_aton(3) read them. */

/** `10.0.0.1` for 0x0a000001. */
export function inetNtoa(addr: number): string {
  return `${addr >>> 24}.${(addr >>> 16) & 0xff}.${(addr >>> 8) & 0xff}.${addr & 0xff}`;
}

/** The address of a dotted quad (four decimal numbers without leading zeros, as inet_pton(3) wants), or -1. */
export function inetPton4(text: string): number {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (m === null) return -1;
  let addr = 0;
  for (let i = 1; i <= 4; i++) {
    const part = m[i] as string;
    const n = Number(part);
    if (n > 255 || (part.length > 1 && part[0] === '0')) return -1;
    addr = addr * 256 + n;
  }
  return addr;
}

/** An address as inet_aton(3) takes it (one to four numbers, decimal, octal or hexadecimal, the last fills what is left), or -1. */
export function inetAton(text: string): number {
  const parts = text.split('.');
  if (parts.length > 4 || parts.some((part) => !/^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.test(part))) return -1;
  const numbers = parts.map((part) => Number(/^0[0-7]+$/.test(part) ? `0o${part}` : part));
  const last = numbers.pop() as number;
  if (last >= 256 ** (4 - numbers.length) || numbers.some((n) => n > 255)) return -1;
  return numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), 0) + last;
}

/** `02:00:00:00:00:01` for `len` bytes at `off`. */
export function formatMac(b: Uint8Array, off = 0, len = 6): string {
  let out = '';
  for (let i = 0; i < len; i++) out += (i === 0 ? '' : ':') + b[off + i].toString(16).padStart(2, '0');
  return out;
}

/** Six bytes of a MAC address written with colons (one or two hex digits each), or null. */
export function parseMac(text: string): Uint8Array | null {
  const parts = text.split(':');
  if (parts.length !== 6 || parts.some((p) => !/^[0-9a-fA-F]{1,2}$/.test(p))) return null;
  return Uint8Array.from(parts, (p) => Number.parseInt(p, 16));
}

/** The netmask of a prefix length 0..32. */
export function inetMakeMask(plen: number): number {
  return plen === 0 ? 0 : (0xffffffff << (32 - plen)) >>> 0;
}

/** The prefix length of a contiguous mask; of any other the number of leading ones. */
export function inetMaskLen(mask: number): number {
  return Math.clz32(~mask);
}

/** 224.0.0.0/4. */
export function ipv4IsMulticast(addr: number): boolean {
  return (addr & 0xf0000000) === (0xe0000000 | 0);
}

/** 127.0.0.0/8. */
export function ipv4IsLoopback(addr: number): boolean {
  return addr >>> 24 === 127;
}

/** 0.0.0.0. The rest of 0.0.0.0/8 is ordinary unicast space for Linux since 5.3. */
export function ipv4IsZeronet(addr: number): boolean {
  return addr === 0;
}

/** 255.255.255.255. */
export function ipv4IsLbcast(addr: number): boolean {
  return addr === 0xffffffff;
}
