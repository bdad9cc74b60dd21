/** Text forms that the typed calls take. They throw at once, with what was given, since a typo is the caller's. */
import { inetPton4, parseMac } from '@skbuff/wire';

export interface Cidr {
  /** u32 */
  readonly addr: number;
  readonly plen: number;
}

/** `10.0.0.1` as u32. */
export function parseAddress(text: string): number {
  const addr = inetPton4(text);
  if (addr < 0) throw new TypeError(`"${text}" is not an IPv4 address: write four numbers, 10.0.0.1`);
  return addr;
}

/** `10.0.0.1/24`, or `10.0.0.1` for a single host. */
export function parseCidr(text: string): Cidr {
  const [addr, plen, more] = text.split('/') as [string, string | undefined, string | undefined];
  const bits = plen === undefined ? 32 : Number(plen);
  if (more !== undefined || plen === '' || !Number.isInteger(bits) || bits < 0 || bits > 32) {
    throw new TypeError(`"${text}" is not a prefix: write 10.0.0.1/24`);
  }
  return { addr: parseAddress(addr), plen: bits };
}

/** A destination: `default`, a prefix, or an address. */
export function parseDestination(text: string): Cidr {
  return text === 'default' ? { addr: 0, plen: 0 } : parseCidr(text);
}

/** `02:00:00:00:00:01` as six bytes. */
export function macBytes(text: string): Uint8Array {
  const mac = parseMac(text);
  if (mac === null) throw new TypeError(`"${text}" is not a link-layer address: write 02:00:00:00:00:01`);
  return mac;
}
