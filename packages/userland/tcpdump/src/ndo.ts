/** What a printer works on: the options, the packet, and the text so far (`netdissect_options`). */
import { be16, be24, be32, csumFold, csumPartial, inetNtoa, inetNtop6 } from '@skbuff/wire';
import { OUIS } from './oui.ts';

/** Thrown at a byte that was not captured: the line ends with `[|protocol]`. */
export class Truncated extends Error {
  override readonly name = 'Truncated';
}

/** The same where the printer itself gives up: what is around it goes on, so that -x still knows the link layer's header. */
export class Short extends Truncated {}

export interface PrintOptions {
  /** -n: 0 names, 1 numbers. */
  readonly nflag: number;
  readonly eflag: boolean;
  readonly qflag: boolean;
  readonly vflag: number;
  /** -S */
  readonly sflag: boolean;
  /** -K */
  readonly kflag: boolean;
  /** -N: names of hosts without their domain. */
  readonly nDomain: boolean;
  /** -u, -X …: 0 none, 1 -x, 2 -xx. */
  readonly xflag: number;
  /** -X, -XX. */
  readonly bigXflag: number;
  /** -A, -AA. */
  readonly aflag: number;
}

/** Names of hosts and ports. */
export interface NameTable {
  /** Null if an address has none. */
  host(address: string): string | null;
  tcpPort(port: number): string | null;
  udpPort(port: number): string | null;
  ether(mac: string): string | null;
  device(index: number): string | null;
}

export interface Sequences {
  seq: number;
  ack: number;
}

/** Printers that others come back to: a packet may carry another one. */
export interface Nested {
  ip(ndo: Ndo, at: number, length: number): void;
  ip6(ndo: Ndo, at: number, length: number): void;
  /** False if the type is not known. */
  ethertype(ndo: Ndo, type: number, at: number, length: number, caplen: number): boolean;
}

export class Ndo {
  readonly options: PrintOptions;
  readonly names: NameTable;
  /** First numbers of each TCP conversation, in the direction of its key. */
  readonly conversations: Map<string, Sequences> = new Map();
  buf: Uint8Array = new Uint8Array(0);
  /** Behind the last byte that may be looked at. */
  snapend = 0;
  protocol = '';
  text = '';
  /** Addresses of the frame, for what prints them when nothing better is known; null behind a header that has none. */
  macs: { readonly src: string; readonly dst: string } | null = null;
  /** Hop limit or time to live of the packet around. */
  ttl = 0;

  /** Set by whoever prints a packet. @internal */
  nested: Nested = { ip: () => {}, ip6: () => {}, ethertype: () => false };

  constructor(options: PrintOptions, names: NameTable) {
    this.options = options;
    this.names = names;
  }

  print(text: string): void {
    this.text += text;
  }

  /** `nd_print_invalid` */
  invalid(): void {
    this.text += ' (invalid)';
  }

  trunc(): void {
    this.text += ` [|${this.protocol}]`;
  }

  /** True if bytes up to `end` were captured. */
  has(end: number): boolean {
    return end <= this.snapend;
  }

  need(end: number): void {
    if (end > this.snapend) throw new Truncated();
  }

  check(end: number): void {
    if (end > this.snapend) throw new Short();
  }

  u8(at: number): number {
    this.need(at + 1);
    return this.buf[at] as number;
  }

  u16(at: number): number {
    this.need(at + 2);
    return be16(this.buf, at);
  }

  u24(at: number): number {
    this.need(at + 3);
    return be24(this.buf, at);
  }

  u32(at: number): number {
    this.need(at + 4);
    return be32(this.buf, at);
  }

  hex(at: number, length: number, separator = ''): string {
    this.need(at + length);
    return Array.from(this.buf.subarray(at, at + length), (b) => b.toString(16).padStart(2, '0')).join(separator);
  }

  ip(at: number): string {
    this.need(at + 4);
    return this.name(inetNtoa(be32(this.buf, at)));
  }

  ip6(at: number): string {
    this.need(at + 16);
    return this.name(inetNtop6(this.buf, at));
  }

  mac(at: number): string {
    const text = this.hex(at, 6, ':');
    return this.options.nflag > 0 ? text : (this.names.ether(text) ?? `${text} (oui ${tok(OUIS, be24(this.buf, at), 'Unknown')})`);
  }

  /** The name of an interface, for the cooked capture that tells its index. */
  interfaceName(index: number): string {
    return this.names.device(index) ?? '?';
  }

  private name(text: string): string {
    if (this.options.nflag > 0) return text;
    const found = this.names.host(text);
    if (found === null) return text;
    return this.options.nDomain ? (found.split('.')[0] as string) : found;
  }

  udpPort(port: number): string {
    return this.options.nflag > 0 ? String(port) : (this.names.udpPort(port) ?? String(port));
  }

  tcpPort(port: number): string {
    return this.options.nflag > 0 ? String(port) : (this.names.tcpPort(port) ?? String(port));
  }
}

/** What is cut off in what `print` prints ends its text, not that of what is around it. */
export function withinPacket(ndo: Ndo, cut: typeof Truncated, print: () => void): void {
  try {
    print();
  } catch (error) {
    if (!(error instanceof cut)) throw error;
    ndo.trunc();
  }
}

/** In lower case, of at least so many digits. */
export function hex(n: number, digits = 1): string {
  return n.toString(16).padStart(digits, '0');
}

/** `tok2str`: the name of a number, or `format` of it. */
export function tok(table: Readonly<Record<number, string>>, n: number, otherwise: string): string {
  return table[n] ?? otherwise;
}

/** `bittok2str`: the names of the bits that are set. */
export function bits(table: readonly (readonly [number, string])[], n: number, none: string, separator = ', '): string {
  const names = table.filter(([bit]) => (n & bit) === bit).map(([, name]) => name);
  return names.length === 0 ? none : names.join(separator);
}

/** The Internet checksum of several pieces; each but the last of even length. 0 if the sum in them is right. */
export function inChecksum(...parts: readonly Uint8Array[]): number {
  return csumFold(parts.reduce((sum, b) => csumPartial(b, 0, b.length, sum), 0));
}

/** What the checksum in the packet should have been, if `sum` is what came out over all of it (`in_cksum_shouldbe`). */
export function shouldBe(inPacket: number, sum: number): number {
  let n = inPacket + sum;
  n = (n & 0xffff) + (n >>> 16);
  return (n + (n >>> 16)) & 0xffff;
}
