/** DNS (RFC 1035, 3596, 2782, 6891). */
import { type Ndo, Short, Truncated, hex, tok } from './ndo.ts';

const TYPES: Readonly<Record<number, string>> = {
  1: 'A', 2: 'NS', 3: 'MD', 4: 'MF', 5: 'CNAME', 6: 'SOA', 7: 'MB', 8: 'MG', 9: 'MR', 10: 'NULL', 11: 'WKS', 12: 'PTR', 13: 'HINFO', 14: 'MINFO', 15: 'MX', 16: 'TXT', 17: 'RP', 18: 'AFSDB', 19: 'X25', 20: 'ISDN', 21: 'RT', 22: 'NSAP', 23: 'NSAP_PTR', 24: 'SIG', 25: 'KEY', 26: 'PX', 27: 'GPOS', 28: 'AAAA', 29: 'LOC', 30: 'NXT', 31: 'EID', 32: 'NIMLOC', 33: 'SRV', 34: 'ATMA', 35: 'NAPTR', 36: 'KX', 37: 'CERT', 38: 'A6', 39: 'DNAME', 40: 'SINK', 41: 'OPT', 42: 'APL', 43: 'DS', 44: 'SSHFP', 45: 'IPSECKEY', 46: 'RRSIG', 47: 'NSEC', 48: 'DNSKEY', 49: 'DHCID', 50: 'NSEC3', 51: 'NSEC3PARAM', 52: 'TLSA', 53: 'SMIMEA', 55: 'HIP', 56: 'NINFO', 57: 'RKEY', 58: 'TALINK', 59: 'CDS', 60: 'CDNSKEY', 61: 'OPENPGPKEY', 62: 'CSYNC', 63: 'ZONEMD', 64: 'SVCB', 65: 'HTTPS', 99: 'SPF', 100: 'UINFO', 101: 'UID', 102: 'GID', 103: 'UNSPEC', 104: 'NID', 105: 'L32', 106: 'L64', 107: 'LP', 108: 'EUI48', 109: 'EUI64', 249: 'TKEY', 250: 'TSIG', 251: 'IXFR', 252: 'AXFR', 253: 'MAILB', 254: 'MAILA', 255: 'ANY', 256: 'URI',
};
const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CHAOS', 4: 'HS', 255: 'ANY' };
const OPCODES: readonly string[] = ['', ' inv_q', ' stat', ' op3', ' notify', ' update', ' op6', ' op7', ' op8', ' updateA', ' updateD', ' updateDA', ' updateM', ' updateMA', ' zoneInit', ' zoneRef'];
const RCODES: Readonly<Record<number, string>> = {
  0: '', 1: ' FormErr', 2: ' ServFail', 3: ' NXDomain', 4: ' NotImp', 5: ' Refused', 6: ' YXDomain', 7: ' YXRRSet', 8: ' NXRRSet', 9: ' NotAuth', 10: ' NotZone', 11: ' Resp11', 12: ' Resp12', 13: ' Resp13', 14: ' Resp14', 15: ' NoChange',
};
/** The types that no name is printed for, though they have one. */
const UNNAMED: ReadonlySet<number> = new Set([65, 64]);

const HEADER = 12;
const OPT = 41;

export interface DnsKind {
  readonly mdns: boolean;
  /** Two bytes of length in front. */
  readonly tcp: boolean;
}

export function domainPrint(ndo: Ndo, start: number, size: number, kind: DnsKind): void {
  ndo.protocol = 'domain';
  let at = start;
  let length = size;
  if (kind.tcp) {
    if (length < 2) {
      ndo.print(` domain [length ${length} < 2]`);
      ndo.invalid();
      return;
    }
    at += 2;
    length = Math.min(length - 2, ndo.u16(start));
  }
  if (length < HEADER) {
    ndo.print(`${kind.tcp ? ' ' : ''}domain [length ${length} < 12]`);
    ndo.invalid();
    return;
  }
  if (kind.tcp) ndo.print(' ');
  message(ndo, { at, length, mdns: kind.mdns });
}

interface Message {
  readonly at: number;
  readonly length: number;
  readonly mdns: boolean;
}

function message(ndo: Ndo, m: Message): void {
  const flags = ndo.u16(m.at + 2);
  const counts = [4, 6, 8, 10].map((by) => ndo.u16(m.at + by)) as [number, number, number, number];
  const opcode = OPCODES[(flags >>> 11) & 15] as string;
  if ((flags & 0x8000) !== 0) response(ndo, m, flags, counts, opcode);
  else request(ndo, m, flags, counts, opcode);
  ndo.print(` (${m.length})`);
}

function response(ndo: Ndo, m: Message, flags: number, [qd, an, ns, ar]: [number, number, number, number], opcode: string): void {
  const rcode = flags & 15;
  ndo.print(`${ndo.u16(m.at)}${opcode}${tok(RCODES, rcode, ` Resp${rcode}`)}${(flags & 0x0400) === 0 ? '' : '*'}${(flags & 0x0080) === 0 ? '-' : ''}${(flags & 0x0200) === 0 ? '' : '|'}${(flags & 0x0020) === 0 ? '' : '$'}`);
  if (qd !== 1) ndo.print(` [${qd}q]`);
  let at = m.at + HEADER;
  for (let i = 0; i < qd; i++) {
    if (ndo.options.vflag > 1) {
      ndo.print(i === 0 ? ' q:' : ', q:');
      at = questionPrint(ndo, m, at);
    } else {
      if (i > 0) ndo.print(',');
      at = skipName(ndo, at) + 4;
    }
  }
  ndo.print(` ${an}/${ns}/${ar}`);
  at = records(ndo, m, at, an, '');
  if (ndo.options.vflag <= 1) return;
  if (ns > 0) at = section(ndo, m, at, ns, ' ns:');
  if (ar > 0) section(ndo, m, at, ar, ' ar:');
}

function section(ndo: Ndo, m: Message, at: number, count: number, title: string): number {
  ndo.need(at + 1);
  ndo.print(title);
  return records(ndo, m, at, count, ' ');
}

/** Records, with commas between them. */
function records(ndo: Ndo, m: Message, from: number, count: number, first: string): number {
  let at = from;
  for (let i = 0; i < count; i++) {
    // More were told of than are here.
    if (at >= ndo.snapend && (i > 0 || first === '')) throw new Truncated();
    ndo.print(i === 0 ? first || ' ' : ', ');
    at = recordPrint(ndo, m, at);
  }
  return at;
}

function request(ndo: Ndo, m: Message, flags: number, [qd, an, ns, ar]: [number, number, number, number], opcode: string): void {
  ndo.print(`${ndo.u16(m.at)}${opcode}${(flags & 0x0100) === 0 ? '' : '+'}${(flags & 0x0010) === 0 ? '' : '%'}`);
  if ((flags & 0x6ac8) !== 0 && (flags & 0x06cf) !== 0) ndo.print(` [b2&3=0x${flags.toString(16)}]`);
  if (((flags >>> 11) & 15) === 1) {
    if (qd !== 0) ndo.print(` [${qd}q]`);
    if (an !== 1) ndo.print(` [${an}a]`);
  } else {
    if (an !== 0) ndo.print(` [${an}a]`);
    if (qd !== 1) ndo.print(` [${qd}q]`);
  }
  if (ns !== 0) ndo.print(` [${ns}n]`);
  if (ar !== 0) ndo.print(` [${ar}au]`);
  let at = m.at + HEADER;
  for (let i = 0; i < qd; i++) at = questionPrint(ndo, m, at);
  if (ndo.options.vflag <= 1) return;
  if (an > 0) at = records(ndo, m, at, an, ' ');
  if (ns > 0) at = section(ndo, m, at, ns, ' ns:');
  if (ar > 0) section(ndo, m, at, ar, ' ar:');
}

function typeName(type: number): string {
  return UNNAMED.has(type) ? `Type${type}` : tok(TYPES, type, `Type${type}`);
}

function questionPrint(ndo: Ndo, m: Message, at: number): number {
  const end = skipName(ndo, at);
  const type = ndo.u16(end);
  const cls = ndo.u16(end + 2);
  ndo.print(` ${typeName(type)}`);
  const plain = m.mdns ? cls & 0x7fff : cls;
  if (m.mdns) ndo.print((cls & 0x8000) === 0 ? ' (QM)' : ' (QU)');
  if (plain !== 1) ndo.print(` ${tok(CLASSES, plain, `(Class ${plain})`)}`);
  ndo.print('? ');
  namePrint(ndo, m, at);
  return end + 4;
}

/** A label of bits (RFC 2673). */
const BITS = 0x41;

/** Its bytes, and how many bits: no number stands for 256. */
function bitLabel(ndo: Ndo, at: number): { readonly size: number; readonly bits: number } {
  const bits = ndo.u8(at + 1) || 256;
  return { size: 2 + Math.ceil(bits / 8), bits };
}

function bitLabelPrint(ndo: Ndo, at: number): void {
  const { bits } = bitLabel(ndo, at);
  ndo.print('\\[x');
  let from = at + 2;
  let left = bits;
  for (; left >= 8; left -= 8) ndo.print(hex(ndo.u8(from++), 2));
  if (left > 0) {
    const last = ndo.u8(from) & (0xff00 >>> left);
    ndo.print(left > 4 ? hex(last, 2) : hex(last >>> 4));
  }
  ndo.print(`/${bits}]`);
}

/** Behind a name. */
function skipName(ndo: Ndo, from: number): number {
  let at = from;
  for (;;) {
    const n = ndo.u8(at);
    if (n === 0) return at + 1;
    if (n >= 0xc0) return at + 2;
    if (n >= 0x40 && n !== BITS) throw new Truncated();
    at += n === BITS ? bitLabel(ndo, at).size : n + 1;
  }
}

/** Prints a name, following what it points to, counted from `m.at`; the place behind it. A pointer goes back, in front of where its name began. */
export function namePrint(ndo: Ndo, m: { readonly at: number }, from: number): number {
  let at = from;
  let limit = from;
  let end: number | null = null;
  const n0 = byteOfName(ndo, at);
  if (n0 === 0) {
    ndo.print('.');
    return at + 1;
  }
  // A length that is the last byte of all ends the name.
  for (let n = n0; n !== 0 && at + 1 < ndo.snapend; n = byteOfName(ndo, at)) {
    if (n >= 0xc0) {
      end ??= at + 2;
      ndo.check(at + 2);
      at = m.at + (((n & 0x3f) << 8) | ndo.u8(at + 1));
      if (at >= limit) badLabel(ndo, '<BAD PTR>');
      limit = at;
    } else {
      at += labelPrint(ndo, at, n);
    }
  }
  return end ?? at + 1;
}

function byteOfName(ndo: Ndo, at: number): number {
  ndo.check(at + 1);
  return ndo.u8(at);
}

function badLabel(ndo: Ndo, text: string): never {
  ndo.print(text);
  throw new Short();
}

/** Prints a label and the dot behind it; its bytes. */
function labelPrint(ndo: Ndo, at: number, n: number): number {
  if (n >= 0x80) badLabel(ndo, '<BAD LABEL TYPE>');
  if (n >= 0x40 && n !== BITS) badLabel(ndo, `<ELT ${n & 0x3f}>`);
  if (n === BITS) bitLabelPrint(ndo, at);
  else for (let i = 1; i <= n; i++) ndo.print(charText(byteOfName(ndo, at + i)));
  ndo.print('.');
  return n === BITS ? bitLabel(ndo, at).size : n + 1;
}

/** `fn_print_char` */
export function charText(b: number): string {
  if (b < 0x20) return `^${String.fromCharCode(b ^ 0x40)}`;
  if (b === 0x7f) return '^?';
  if (b < 0x80) return String.fromCharCode(b);
  return `M-${charText(b & 0x7f)}`;
}

function recordPrint(ndo: Ndo, m: Message, at: number): number {
  const end = ndo.options.vflag > 0 ? namePrint(ndo, m, at) : skipName(ndo, at);
  ndo.need(end + 10);
  if (ndo.options.vflag > 0) ndo.print(' ');
  const type = ndo.u16(end);
  const cls = ndo.u16(end + 2);
  const plain = m.mdns ? cls & 0x7fff : cls;
  if (m.mdns && (cls & 0x8000) !== 0) ndo.print('(Cache flush) ');
  if (plain !== 1 && type !== OPT) ndo.print(`${tok(CLASSES, plain, `(Class ${plain})`)} `);
  const ttl = ndo.u32(end + 4);
  if (ndo.options.vflag > 2 && type !== OPT) ndo.print(`[${duration(ttl)}] `);
  const size = ndo.u16(end + 8);
  const data = end + 10;
  ndo.print(typeName(type));
  ndo.need(data + size);
  dataPrint(ndo, m, { type, at: data, size, cls, ttl });
  return data + size;
}

/** `unsigned_relts_print` */
function duration(s: number): string {
  if (s === 0) return '0s';
  const units: readonly (readonly [number, string])[] = [[604800, 'w'], [86400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']];
  let left = s;
  let text = '';
  for (const [unit, letter] of units) {
    const n = Math.floor(left / unit);
    if (n > 0) text += `${n}${letter}`;
    left -= n * unit;
  }
  return text;
}

interface RecordData {
  readonly type: number;
  readonly at: number;
  readonly size: number;
  readonly cls: number;
  readonly ttl: number;
}

function dataPrint(ndo: Ndo, m: Message, { type, at, size, cls, ttl }: RecordData): void {
  switch (type) {
    case 1:
      ndo.print(` ${size < 4 ? '' : ndo.ip(at)}`);
      return;
    case 28:
      if (size >= 16) ndo.print(` ${ndo.ip6(at)}`);
      return;
    case 2:
    case 5:
    case 12:
    case 39:
      ndo.print(' ');
      namePrint(ndo, m, at);
      return;
    case 6:
      if (ndo.options.vflag > 0) soaPrint(ndo, m, at);
      return;
    case 15:
      ndo.print(' ');
      namePrint(ndo, m, at + 2);
      ndo.print(` ${ndo.u16(at)}`);
      return;
    case 16:
      for (let i = at; i < at + size; i += ndo.u8(i) + 1) stringPrint(ndo, i);
      return;
    case 33:
      ndo.print(' ');
      namePrint(ndo, m, at + 6);
      ndo.print(`:${ndo.u16(at + 4)} ${ndo.u16(at)} ${ndo.u16(at + 2)}`);
      return;
    case OPT:
      ndo.print(` UDPsize=${cls}`);
      if ((ttl & 0x8000) !== 0) ndo.print(' DO');
  }
}

function stringPrint(ndo: Ndo, at: number): void {
  ndo.print(' "');
  const n = ndo.u8(at);
  for (let i = 1; i <= n; i++) ndo.print(charText(ndo.u8(at + i)));
  ndo.print('"');
}

function soaPrint(ndo: Ndo, m: Message, from: number): void {
  ndo.print(' ');
  const second = namePrint(ndo, m, from);
  ndo.print(' ');
  const at = namePrint(ndo, m, second);
  for (let i = 0; i < 5; i++) ndo.print(` ${ndo.u32(at + 4 * i)}`);
}
