/** Addresses and prefixes: as words of the command line, as bytes, and as text. */
import { afBitLen, be32, formatMac, inetNtop, type InetPrefix, inetPton } from '@skbuff/wire';
import { AF_BRIDGE, AF_INET, AF_INET6, AF_MPLS, AF_PACKET, AF_UNSPEC } from '@skbuff/uapi';
import type { Args } from './args.ts';
import { getNumber } from './numbers.ts';
import type { Paint } from './printer.ts';

/** An `inet_prefix` as it was written. */
export interface WrittenPrefix extends InetPrefix {
  /** With a prefix length (PREFIXLEN_SPECIFIED). */
  plenGiven: boolean;
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [AF_INET, 'inet'],
  [AF_INET6, 'inet6'],
  [AF_PACKET, 'link'],
  [AF_MPLS, 'mpls'],
  [AF_BRIDGE, 'bridge'],
]);

/** `family_name`. */
export function familyName(family: number): string {
  return NAMES.get(family) ?? '???';
}

/** `read_family`: AF_UNSPEC when the word is none. */
export function readFamily(word: string): number {
  for (const [family, name] of NAMES) if (name === word) return family;
  return AF_UNSPEC;
}

function verbose(family: number): string {
  return family === AF_UNSPEC ? 'any valid' : familyName(family);
}

function afByteLen(family: number): number {
  return afBitLen(family) / 8;
}

function parse4(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length > 4) return null;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    const n = getNumber(part, 0, 255);
    if (n === null) return null;
    bytes[i] = n;
  }
  return bytes;
}

/** Bytes of a link-layer address: hex with colons, or a dotted quad. Null after a complaint. */
export function llAddrA2n(text: string, stderr: (text: string) => void): Uint8Array | null {
  if (text.includes('.')) {
    const quad = parse4(text);
    if (quad === null) stderr(`"${text}" is invalid lladdr.\n`);
    return quad;
  }
  const bytes: number[] = [];
  for (const part of text.split(':')) {
    if (!/^\s*[0-9a-fA-F]/.test(part) || Number.parseInt(part, 16) > 255) {
      stderr(`"${part}" is invalid lladdr.\n`);
      return null;
    }
    bytes.push(Number.parseInt(part, 16));
  }
  return Uint8Array.from(bytes);
}

/** The label of MPLS on top of a stack, which is all of it. */
function parseLabel(text: string): Uint8Array | null {
  const label = getNumber(text, 0, 0xfffff);
  return label === null ? null : Uint8Array.of(label >> 12, (label >> 4) & 0xff, ((label & 0xf) << 4) | 1, 0);
}

/** The bytes of an address of that family. */
function addrBytes(text: string, family: number): Uint8Array | null {
  if (family === AF_PACKET) return llAddrA2n(text, () => {});
  if (family === AF_MPLS) return parseLabel(text);
  return family === AF_INET ? parse4(text) : inetPton(family, text);
}

/** `get_addr_1`: null when it is no address of that family. */
function getAddr1(text: string, family: number): InetPrefix | null {
  if (text === 'default' || text === 'all' || text === 'any') {
    if (family === AF_MPLS) return null;
    const bytes = new Uint8Array(text === 'default' ? afByteLen(family) : 0);
    return { family, bytes, bitlen: afBitLen(family) };
  }
  const fam = family !== AF_UNSPEC ? family : text.includes(':') ? AF_INET6 : AF_INET;
  const bytes = addrBytes(text, fam);
  return bytes === null ? null : { family: fam, bytes, bitlen: bytes.length * 8 };
}

/** Two complaints; reading has cut the word at its first colon. */
function noLinkAddr(args: Args, text: string): never {
  let complaint = '';
  llAddrA2n(text, (said) => (complaint = said));
  return args.die(1, `${complaint}Error: link address is expected rather than "${text.split(':')[0]}".\n`);
}

/** `get_addr`: exits with a complaint. */
export function getAddr(args: Args, text: string, family: number): InetPrefix {
  const addr = getAddr1(text, family);
  if (addr !== null) return addr;
  return family === AF_PACKET ? noLinkAddr(args, text) : args.die(1, `Error: ${verbose(family)} address is expected rather than "${text}".\n`);
}

/** `get_addr32`: exits with a complaint. */
export function getAddr32(args: Args, text: string): Uint8Array {
  const addr = getAddr1(text, AF_INET) ?? args.die(1, `Error: an IP address is expected rather than "${text}"\n`);
  return addr.bytes.length === 0 ? new Uint8Array(4) : addr.bytes;
}

/** `get_prefix`: exits with a complaint. */
export function getPrefix(args: Args, text: string, family: number): WrittenPrefix {
  if (family === AF_PACKET) args.die(1, `Error: "${text}" may be inet prefix, but it is not allowed in this context.\n`);
  const prefix = getPrefix1(text, family);
  return prefix ?? args.die(1, `Error: ${verbose(family)} prefix is expected rather than "${text}".\n`);
}

/** `get_prefix_1`. */
function getPrefix1(text: string, family: number): WrittenPrefix | null {
  if (text === 'default' || text === 'any' || text === 'all') {
    if (family === AF_MPLS) return null;
    const given = text === 'default';
    return { family, bytes: new Uint8Array(given ? afByteLen(family) : 0), bitlen: 0, plenGiven: given };
  }
  const slash = text.indexOf('/');
  const addr = getAddr1(slash < 0 ? text : text.slice(0, slash), family);
  if (addr === null) return null;
  const bits = afBitLen(addr.family);
  if (slash < 0) return { ...addr, bitlen: bits, plenGiven: false };
  const plen = getNetmask(text.slice(slash + 1));
  return plen === null || plen > bits ? null : { ...addr, bitlen: plen, plenGiven: true };
}

/** A prefix length, or a netmask written as an address. */
function getNetmask(text: string): number | null {
  const n = getNumber(text, 0, 0xffff_ffff);
  if (n !== null) return n;
  const mask = text.includes('.') ? parse4(text) : null;
  if (mask === null) return null;
  const host = ~be32(mask, 0) >>> 0;
  return (host & (host + 1)) !== 0 ? null : Math.clz32(host);
}

/** `rt_addr_n2a`: an address as text. */
export function addrN2a(family: number, bytes: Uint8Array): string {
  return family === AF_PACKET ? llAddrN2a(bytes) : (inetNtop(family, bytes) ?? '???');
}

/** What colour an address has. */
export function paintOf(family: number): Paint | null {
  return family === AF_INET ? 'inet' : family === AF_INET6 ? 'inet6' : null;
}

/** `ll_addr_n2a` of a hardware address. */
export function llAddrN2a(bytes: Uint8Array): string {
  return formatMac(bytes, 0, bytes.length);
}
