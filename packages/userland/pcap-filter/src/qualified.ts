/** From a name, number or address with its qualifiers to a test. */
import { inetPton6 } from '@skbuff/wire';
import { type Cond, anyOf } from './cond.ts';
import { fail } from './filter-error.ts';
import { ip4Address, ip6Address, portIs, portWithin } from './addresses.ts';
import { etherAddress } from './link-layer.ts';
import { protocolIs, protocolInChain, protoNumber } from './protocols.ts';
import type { Token } from './lexer.ts';
import { DLT_EN10MB, type Layers } from './link.ts';
import type { Registers } from './loads.ts';
import type { FilterNames } from './names.ts';
import type { Kind, Qualifiers } from './qualifiers.ts';

export interface NameContext {
  readonly layers: Layers;
  readonly names: FilterNames;
  readonly regs: Registers;
}

export interface Address {
  readonly token: Extract<Token, { kind: 'name' | 'number' | 'dotted' | 'v6' | 'mac' }>;
  /** Behind a slash. */
  readonly prefix: number | null;
  readonly mask: string | null;
}

export function qualified(ctx: NameContext, { token, prefix, mask }: Address, q: Qualifiers | null): Cond {
  if (q === null) {
    // An address that is no Ethernet one is read before its qualifiers are missed.
    if (token.kind === 'mac') fail('ethernet address used in non-ether expression');
    if (token.kind === 'v6') fail('invalid qualifier against IPv6 address');
    fail('syntax error in filter expression');
  }
  switch (token.kind) {
    case 'name':
      return qualifiedName(ctx, token.text, q);
    case 'number':
      return qualifiedNumber(ctx, token.value, q);
    case 'dotted':
      return qualifiedDotted(ctx, token.text, prefix, mask, q);
    case 'v6':
      return qualifiedV6(ctx, token.text, prefix, q);
    case 'mac':
      if (q.proto !== 'link' || (q.kind !== 'host' && q.kind !== 'default')) fail('ethernet address used in non-ether expression');
      return etherAddress(ctx.layers, token.bytes, q.dir);
  }
}

const isHost = (kind: Kind): boolean => kind === 'host' || kind === 'default';
const PORT_PROTOS: ReadonlySet<string> = new Set(['default', 'tcp', 'udp', 'sctp']);

function checkPortProto(q: Qualifiers): void {
  if (!PORT_PROTOS.has(q.proto)) fail(`illegal qualifier of '${q.kind}'`);
}

function checkPort(port: number): number {
  return port > 65535 ? fail(`illegal port number ${port} > 65535`) : port;
}

function qualifiedNumber(ctx: NameContext, value: number, q: Qualifiers): Cond {
  const { layers: l } = ctx;
  switch (q.kind) {
    case 'port':
      checkPortProto(q);
      return portIs(l, checkPort(value), q.proto, q.dir);
    case 'portrange':
      checkPortProto(q);
      return portWithin(l, checkPort(value), value, q.proto, q.dir);
    case 'proto':
      return protocolIs(l, value, q.proto);
    case 'protochain':
      return protocolInChain(l, ctx.regs, value, q.proto);
    case 'gateway':
      return fail("'gateway' requires a name");
    default: {
      if (q.proto === 'link') fail('illegal link layer address');
      if (q.kind !== 'net' || q.proto === 'decnet') return ip4Address(l, value, 0xffffffff, q.proto, q.dir, kindName(q));
      const [addr, mask] = leftAligned(value);
      return ip4Address(l, addr, mask, q.proto, q.dir, 'net');
    }
  }
}

function kindName(q: Qualifiers): string {
  return q.kind === 'net' ? 'net' : 'host';
}

/** A network's number stands at the left of its address. */
function leftAligned(value: number): [addr: number, mask: number] {
  let addr = value >>> 0;
  let mask = 0xffffffff;
  while (addr !== 0 && addr >>> 24 === 0) {
    addr = (addr << 8) >>> 0;
    mask = (mask << 8) >>> 0;
  }
  return [addr, mask];
}

/** Up to four numbers with dots: their value, and how many bits they are. */
function parseDotted(text: string): { value: number; bits: number } {
  const parts = text.split('.').map(Number);
  if (parts.some((n) => n > 255)) fail(`invalid IPv4 address '${text}'`);
  return { value: parts.reduce((sum, n) => sum * 256 + n, 0), bits: parts.length * 8 };
}

/** The value at the left of 32 bits. */
function atLeft({ value, bits }: { value: number; bits: number }): number {
  return bits >= 32 ? value >>> 0 : (value * 2 ** (32 - bits)) >>> 0;
}

function prefixMask(bits: number): number {
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

function qualifiedDotted(ctx: NameContext, text: string, prefix: number | null, mask: string | null, q: Qualifiers): Cond {
  if (text.split('.').length > 4) return qualifiedName(ctx, text, q);
  if (prefix !== null || mask !== null) return maskedNetwork(ctx, text, prefix, mask, q);
  const { layers: l } = ctx;
  if (q.proto === 'decnet' && (isHost(q.kind) || q.kind === 'net')) return ip4Address(l, decnetAddress(text), 0, 'decnet', q.dir, 'host');
  const dotted = parseDotted(text);
  if (q.kind === 'gateway') fail("'gateway' requires a name");
  if (!isHost(q.kind) && q.kind !== 'net') fail(`'${q.kind}' modifier applied to ip host`);
  if (q.proto === 'link') fail('illegal link layer address');
  return ip4Address(l, atLeft(dotted), prefixMask(dotted.bits), q.proto, q.dir, kindName(q));
}

/** `area.node`. */
function decnetAddress(text: string): number {
  const [area = 0, node = 0] = text.split('.').map(Number);
  return ((area << 10) | (node & 0x3ff)) & 0xffff;
}

function maskedNetwork(ctx: NameContext, text: string, prefix: number | null, mask: string | null, q: Qualifiers): Cond {
  const addr = atLeft(parseDotted(text));
  if (prefix !== null && prefix > 32) fail('mask length must be <= 32');
  const bits = mask === null ? prefixMask(prefix as number) : atLeft(parseDotted(mask));
  if ((addr & ~bits) !== 0) fail(`non-network bits set in "${mask === null ? `${text}/${prefix}` : `${text} mask ${mask}`}"`);
  if (q.kind !== 'net') fail('Mask syntax for networks only');
  return ip4Address(ctx.layers, addr, bits, q.proto, q.dir, 'net');
}

function qualifiedV6(ctx: NameContext, text: string, prefix: number | null, q: Qualifiers): Cond {
  const addr = inetPton6(text) ?? fail(`invalid ip6 address ${text}`);
  const bits = prefix ?? 128;
  if (bits > 128) fail('mask length must be <= 128');
  const mask = Uint8Array.from({ length: 16 }, (_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - 8 * i)));
  if (addr.some((byte, i) => (byte & ~(mask[i] as number)) !== 0)) fail(`non-network bits set in "${text}/${bits}"`);
  if (isHost(q.kind)) {
    if (bits !== 128) fail('Mask syntax for networks only');
    return ip6Address(ctx.layers, addr, mask, q.proto, q.dir, 'host');
  }
  if (q.kind !== 'net') fail('invalid qualifier against IPv6 address');
  return ip6Address(ctx.layers, addr, mask, q.proto, q.dir, 'net');
}

function qualifiedName(ctx: NameContext, name: string, q: Qualifiers): Cond {
  const { layers: l, names } = ctx;
  switch (q.kind) {
    case 'net': {
      const [addr, mask] = leftAligned(names.network(name) ?? fail(`unknown network '${name}'`));
      return ip4Address(l, addr, mask, q.proto, q.dir, 'net');
    }
    case 'port': {
      checkPortProto(q);
      const found = names.port(name) ?? fail(`unknown port '${name}'`);
      return portIs(l, found.port, serviceProto(found, q.proto, `port '${name}'`), q.dir);
    }
    case 'portrange':
      checkPortProto(q);
      return namedRange(ctx, name, q);
    case 'gateway':
      return fail("'gateway' not supported in this configuration");
    case 'proto':
      return protocolIs(l, protoNumber(names, name, q.proto), q.proto);
    case 'protochain':
      return protocolInChain(l, ctx.regs, protoNumber(names, name, q.proto), q.proto);
    default:
      return namedHost(ctx, name, q);
  }
}

/** A name that only one of TCP and UDP has means that one. */
function serviceProto(found: { readonly tcp: boolean; readonly udp: boolean }, asked: string, what: string): string {
  const real = found.tcp && found.udp ? 'default' : found.tcp ? 'tcp' : found.udp ? 'udp' : 'default';
  if (asked === 'default') return real;
  if (real !== 'default' && real !== asked) fail(`${what} is ${real}`);
  return asked;
}

function namedRange(ctx: NameContext, name: string, q: Qualifiers): Cond {
  const { names } = ctx;
  const unknown = (): never => fail(`unknown port in range '${name}'`);
  const end = (text: string): { port: number; tcp: boolean; udp: boolean } => {
    if (!/^[0-9]+$/.test(text)) return names.port(text) ?? unknown();
    return { port: checkPort(Number(text)), tcp: true, udp: true };
  };
  // Names have dashes too: the range is cut where both halves mean something.
  const cut = [...name].flatMap((c, i) => (c === '-' ? [i] : [])).find((i) => known(names, name.slice(0, i)) && known(names, name.slice(i + 1)));
  if (cut === undefined && !name.includes('-')) unknown();
  const at = cut ?? name.indexOf('-');
  const from = end(name.slice(0, at));
  const to = end(name.slice(at + 1));
  const same = from.tcp === to.tcp && from.udp === to.udp ? from : { tcp: true, udp: true };
  return portWithin(ctx.layers, from.port, to.port, serviceProto(same, q.proto, `port in range '${name}'`), q.dir);
}

function known(names: FilterNames, text: string): boolean {
  return /^[0-9]+$/.test(text) || names.port(text) !== null;
}

function namedHost(ctx: NameContext, name: string, q: Qualifiers): Cond {
  const { layers: l, names } = ctx;
  if (q.proto === 'link') {
    if (l.dlt !== DLT_EN10MB) fail('only ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel supports link-level host name');
    return etherAddress(l, names.ether(name) ?? fail(`unknown ether host '${name}'`), q.dir);
  }
  if (q.proto === 'decnet') fail(`decnet name support not included, '${name}' cannot be translated\n`);
  const found = names.host(name) ?? fail(`unknown host '${name}'`);
  const ones = new Uint8Array(16).fill(0xff);
  const v4 = q.proto === 'ip6' ? [] : found.v4.map((addr) => ip4Address(l, addr, 0xffffffff, q.proto, q.dir, 'host'));
  const only4 = q.proto === 'ip' || q.proto === 'arp' || q.proto === 'rarp';
  const v6 = only4 ? [] : found.v6.map((addr) => ip6Address(l, addr, ones, q.proto, q.dir, 'host'));
  if (v4.length + v6.length === 0) fail(`unknown host '${name}' for specified address family`);
  return anyOf([...v4, ...v6]);
}
