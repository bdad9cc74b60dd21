/** Messages as a test writes and reads them. Hardware addresses are their last byte in hex: `aa` is 02:00:00:00:00:aa. */
import { icmp6Message, ip6Bytes, ip6Packet } from '@skbuff/testkit';
import { formatMac, In6Addr, in6Pton } from '@skbuff/wire';

export const RS = 133;
export const RA = 134;
export const NS = 135;
export const NA = 136;
export const REDIRECT = 137;

/** Flags of an advertisement. */
export const R = 0x80;
export const S = 0x40;
export const O = 0x20;

export function mac(last: string): Uint8Array {
  return Uint8Array.of(2, 0, 0, 0, 0, Number.parseInt(last, 16));
}

/** The opposite of {@link mac}; others as they are. */
export function short(bytes: Uint8Array, off = 0): string {
  const text = formatMac(bytes, off);
  return text.startsWith('02:00:00:00:00:') ? text.slice(-2) : text;
}

export function addr6(text: string): In6Addr {
  const a = in6Pton(text);
  if (a === null) throw new Error(`not an IPv6 address: ${text}`);
  return a;
}

/** Source (1) and target (2) link-layer address. */
export const sll = (last: string): number[] => [1, 1, ...mac(last)];
export const tll = (last: string): number[] => [2, 1, ...mac(last)];

/** What the message has behind its checksum. */
export const be32Bytes = (n: number): number[] => [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];
export const be16Bytes = (n: number): number[] => [(n >>> 8) & 0xff, n & 0xff];

export interface Message {
  readonly type: number;
  readonly code?: number;
  readonly saddr: string;
  readonly daddr: string;
  /** Behind the checksum. */
  readonly data: readonly number[];
  readonly hopLimit?: number;
  /** Link-layer destination; default that of the group, or this host's 01. */
  readonly to?: string;
  readonly from?: string;
}

export function messageFrame(m: Message): Uint8Array {
  const group = ip6Bytes(m.daddr);
  const to = m.to !== undefined ? mac(m.to) : group[0] === 0xff ? Uint8Array.from([0x33, 0x33, ...group.subarray(12)]) : mac('01');
  const payload = icmp6Message(m.saddr, m.daddr, m.type, m.code ?? 0, m.data);
  return Uint8Array.from([...to, ...mac(m.from ?? '02'), 0x86, 0xdd, ...ip6Packet({ saddr: m.saddr, daddr: m.daddr, ttl: m.hopLimit ?? 255, proto: 58, payload })]);
}

/** A solicitation: `target` is asked for. */
export function ns(saddr: string, daddr: string, target: string, options: readonly number[] = [], more: Partial<Message> = {}): Uint8Array {
  return messageFrame({ type: NS, saddr, daddr, data: [0, 0, 0, 0, ...ip6Bytes(target), ...options], ...more });
}

/** An advertisement; flags: {@link R}, {@link S}, {@link O}. */
export function na(saddr: string, daddr: string, target: string, flags: number, options: readonly number[] = [], more: Partial<Message> = {}): Uint8Array {
  return messageFrame({ type: NA, saddr, daddr, data: [flags, 0, 0, 0, ...ip6Bytes(target), ...options], ...more });
}

export function rs(saddr: string, options: readonly number[] = [], more: Partial<Message> = {}): Uint8Array {
  return messageFrame({ type: RS, saddr, daddr: 'ff02::2', data: [0, 0, 0, 0, ...options], ...more });
}

/** What a router says; by default for 1800 s. */
export interface RaFields {
  readonly saddr?: string;
  readonly hopLimit?: number;
  readonly flags?: number;
  readonly lifetime?: number;
  /** Milliseconds. */
  readonly reachable?: number;
  readonly retrans?: number;
  readonly options?: readonly number[];
  readonly cut?: number;
}

export function ra(f: RaFields = {}, more: Partial<Message> = {}): Uint8Array {
  const data = [f.hopLimit ?? 0, f.flags ?? 0, ...be16Bytes(f.lifetime ?? 1800), ...be32Bytes(f.reachable ?? 0), ...be32Bytes(f.retrans ?? 0), ...(f.options ?? [])];
  return messageFrame({ type: RA, saddr: f.saddr ?? 'fe80::2', daddr: 'ff02::1', data: data.slice(0, f.cut ?? data.length), ...more });
}

export function redirect(saddr: string, target: string, dest: string, options: readonly number[], more: Partial<Message> = {}): Uint8Array {
  return messageFrame({ type: REDIRECT, saddr, daddr: 'fe80::1', data: [0, 0, 0, 0, ...ip6Bytes(target), ...ip6Bytes(dest), ...options], ...more });
}

const NAMES: Readonly<Record<number, string>> = { [RS]: 'RS', [RA]: 'RA', [NS]: 'NS', [NA]: 'NA', [REDIRECT]: 'redirect' };

/** `01 > 33:33:ff:00:00:02 2001:db8::1 > ff02::1:ff00:2 NS 2001:db8::2 sll 01`, `01 > 02 fe80::1 > fe80::2 NA fe80::1 RSO tll 01`, `… ip 17`. */
export function describeFrame(frame: Uint8Array): string {
  const at = (off: number): string => new In6Addr().load(frame, off).toString();
  const way = `${short(frame, 6)} > ${short(frame, 0)} ${at(22)} > ${at(38)}`;
  const name = frame[20] === 58 ? NAMES[frame[54] as number] : undefined;
  if (name === undefined) return `${way} ip ${frame[20]}`;
  const flags = name === 'NA' ? ` ${flagText(frame[58] as number)}` : '';
  const target = name === 'RS' ? '' : ` ${at(62)}${name === 'redirect' ? ` for ${at(78)}` : ''}`;
  return `${way} ${name}${target}${flags}${optionText(frame, name === 'RS' ? 62 : name === 'redirect' ? 94 : 78)}`;
}

function flagText(flags: number): string {
  return `${(flags & R) !== 0 ? 'R' : ''}${(flags & S) !== 0 ? 'S' : ''}${(flags & O) !== 0 ? 'O' : ''}` || '-';
}

function optionText(frame: Uint8Array, from: number): string {
  let text = '';
  for (let off = from; off < frame.length; off += (frame[off + 1] as number) * 8) {
    const type = frame[off] as number;
    if (type === 1 || type === 2) text += ` ${type === 1 ? 'sll' : 'tll'} ${short(frame, off + 2)}`;
    else text += ` option ${type} of ${(frame[off + 1] as number) * 8}`;
  }
  return text;
}
