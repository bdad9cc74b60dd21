/** Addresses that the typed calls take: as text, or as family and bytes. They throw at once, with what was given, since a typo is the caller's. */
import type { Net } from '@skbuff/core';
import type { SockAddr } from '@skbuff/sock';
import { AF_INET } from '@skbuff/uapi';
import { afBitLen, inetNtop, type InetPrefix, inetPton, parseMac } from '@skbuff/wire';
import { checkArgs, inet, whole } from './checks.ts';
import { INET_FAMILIES, inetFamily } from './inet-family.ts';

/** `10.0.0.1`, `10.0.0.0/24`, `2001:db8::1`, or the same as family, bytes and length of the prefix. */
export type InetText = string | InetPrefix;

/** `10.0.0.1`, `2001:db8::1`: all of its bits. */
export function parseAddress(text: string): InetPrefix {
  const found = addressIn(String(text));
  if (found !== null) return found;
  const [address, zone] = zoneOf(text);
  if (zone !== '' && addressIn(address) !== null) throw new TypeError(`"${text}" has a zone: the interface is told as dev here, and only host.ping, route.get and host.sockaddr take it with the address`);
  throw new TypeError(`"${text}" is not an IP address: write 10.0.0.1 or 2001:db8::1`);
}

function addressIn(text: string): InetPrefix | null {
  for (const { family } of INET_FAMILIES) {
    const bytes = inetPton(family, text);
    if (bytes !== null) return { family, bytes, bitlen: afBitLen(family) };
  }
  return null;
}

/** What stands before the last `%`, and the interface behind it; '' without one. */
function zoneOf(text: string): readonly [address: string, zone: string] {
  const at = String(text).lastIndexOf('%');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** An address, and the interface on whose link it is: `fe80::1%eth0`, `fe80::1%2`; 0: none is named. */
export interface ScopedAddress extends InetPrefix {
  readonly scopeId: number;
}

/** An address that may have a zone, which is an interface of `net`. */
export function parseScoped(net: Net, addr: InetText): ScopedAddress {
  if (typeof addr !== 'string') return { ...addr, scopeId: 0 };
  const [address, zone] = zoneOf(addr);
  if (zone === '') return { ...parseAddress(addr), scopeId: 0 };
  const found = addressIn(address);
  if (found === null || !inetFamily(found.family).hasZones) throw new TypeError(`"${addr}" is not an IP address: write 10.0.0.1, 2001:db8::1 or fe80::1%eth0`);
  const scopeId = /^\d+$/.test(zone) ? Number(zone) : (net.devGetByName(zone)?.ifindex ?? 0);
  if (scopeId === 0) throw new TypeError(`"${addr}": there is no interface ${zone} here; there are: ${net.devList.map(({ name }) => name).join(', ')}`);
  return { ...found, scopeId };
}

/** `10.0.0.1/24`, or `10.0.0.1` for a single host. */
export function parsePrefix(text: string): InetPrefix {
  const slash = String(text).indexOf('/');
  if (slash < 0) return parseAddress(text);
  const plen = text.slice(slash + 1);
  const bits = plen === '' ? Number.NaN : Number(plen);
  const addr = Number.isInteger(bits) && bits >= 0 ? parseAddress(text.slice(0, slash)) : null;
  if (addr === null || bits > addr.bitlen) throw new TypeError(`"${text}" is not a prefix: write 10.0.0.1/24 or 2001:db8::1/64`);
  return { ...addr, bitlen: bits };
}

/** A destination: `default` (of `family`), a prefix, or an address. */
export function parseDestination(text: string, family: number = AF_INET): InetPrefix {
  return text === 'default' ? { family, bytes: new Uint8Array(afBitLen(family) / 8), bitlen: 0 } : parsePrefix(text);
}

/** A socket address, as `Task.bind` and `Task.sendto` take it. One with a zone is made by `host.sockaddr`, which knows the interfaces. */
export function sockaddr(addr: InetText, port: number): SockAddr {
  checkArgs("sockaddr('10.0.0.1', 53)", { addr, port }, { addr: inet, port: whole(0, 0xffff) });
  const { family, bytes } = addressOf(addr);
  return inetFamily(family).sockaddr(bytes, port, 0);
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
