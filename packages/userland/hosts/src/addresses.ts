/** Addresses that the typed calls take: as text, or as family and bytes. They throw at once, with what was given, since a typo is the caller's. */
import type { SockAddr } from '@skbuff/sock';
import { AF_INET } from '@skbuff/uapi';
import { afBitLen, inetNtop, type InetPrefix, inetPton, parseMac } from '@skbuff/wire';
import { checkArgs, inet, whole } from './checks.ts';
import { INET_FAMILIES, inetFamily } from './inet-family.ts';

/** `10.0.0.1`, `10.0.0.0/24`, or the same as family, bytes and length of the prefix. */
export type InetText = string | InetPrefix;

/** `10.0.0.1`, all of its bits. */
export function parseAddress(text: string): InetPrefix {
  for (const { family } of INET_FAMILIES) {
    const bytes = inetPton(family, text);
    if (bytes !== null) return { family, bytes, bitlen: afBitLen(family) };
  }
  throw new TypeError(`"${text}" is not an IPv4 address: write four numbers, 10.0.0.1`);
}

/** `10.0.0.1/24`, or `10.0.0.1` for a single host. */
export function parsePrefix(text: string): InetPrefix {
  const slash = String(text).indexOf('/');
  if (slash < 0) return parseAddress(text);
  const plen = text.slice(slash + 1);
  const bits = plen === '' ? Number.NaN : Number(plen);
  const addr = Number.isInteger(bits) && bits >= 0 ? parseAddress(text.slice(0, slash)) : null;
  if (addr === null || bits > addr.bitlen) throw new TypeError(`"${text}" is not a prefix: write 10.0.0.1/24`);
  return { ...addr, bitlen: bits };
}

/** A destination: `default` (of `family`), a prefix, or an address. */
export function parseDestination(text: string, family: number = AF_INET): InetPrefix {
  return text === 'default' ? { family, bytes: new Uint8Array(afBitLen(family) / 8), bitlen: 0 } : parsePrefix(text);
}

/** A socket address, as `Task.bind` and `Task.sendto` take it. */
export function sockaddr(addr: InetText, port: number): SockAddr {
  checkArgs("sockaddr('10.0.0.1', 53)", { addr, port }, { addr: inet, port: whole(0, 0xffff) });
  const { family, bytes } = addressOf(addr);
  return inetFamily(family).sockaddr(bytes, port);
}

export function addressOf(addr: InetText): InetPrefix {
  return typeof addr === 'string' ? parseAddress(addr) : addr;
}

export function prefixOf(prefix: InetText): InetPrefix {
  return typeof prefix === 'string' ? parsePrefix(prefix) : prefix;
}

/** As it was written, or as it would be. */
export function inetText(inet: InetText): string {
  if (typeof inet === 'string') return inet;
  const text = inetNtop(inet.family, inet.bytes) ?? '???';
  return inet.bitlen === afBitLen(inet.family) ? text : `${text}/${inet.bitlen}`;
}

/** `02:00:00:00:00:01` as six bytes. */
export function macBytes(text: string): Uint8Array {
  const mac = parseMac(text);
  if (mac === null) throw new TypeError(`"${text}" is not a link-layer address: write 02:00:00:00:00:01`);
  return mac;
}
