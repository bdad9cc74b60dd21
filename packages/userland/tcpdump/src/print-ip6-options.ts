/** Hop-by-hop and destination options (RFC 8200, 2711, 2675, 6275). */
import { type Ndo, hex } from './ndo.ts';

export interface Options {
  /** Of the header in bytes; negative if it was not to be read. */
  readonly size: number;
  /** The length that a jumbogram's option tells; 0 without one. */
  readonly jumbo: number;
}

interface Reader {
  readonly hopopts: boolean;
  /** What the IPv6 header tells. */
  readonly payload: number;
  seen: boolean;
  jumbo: number;
}

export function optionsHeader(ndo: Ndo, at: number, name: 'HBH' | 'DSTOPT', payload: number): Options {
  const reader: Reader = { hopopts: name === 'HBH', payload, seen: false, jumbo: 0 };
  ndo.protocol = reader.hopopts ? 'hbhopt' : 'dstopt';
  ndo.need(at + 2);
  const size = (ndo.u8(at + 1) + 1) * 8;
  if (!ndo.has(at + size)) {
    ndo.trunc();
    return { size: -1, jumbo: 0 };
  }
  ndo.print(`${name} `);
  // A jumbogram is told apart by its option, printed or not.
  const read = reader.hopopts || ndo.options.vflag > 0;
  const whole = !read || optionsPrint(ndo, reader, at + 2, at + size);
  return { size: whole ? size : -1, jumbo: reader.jumbo };
}

const PAD1 = 0;
const PADN = 1;
const ROUTER_ALERT = 5;
const JUMBO = 0xc2;
const HOME_ADDRESS = 0xc9;

function optionsPrint(ndo: Ndo, reader: Reader, from: number, end: number): boolean {
  for (let at = from; at < end; ) {
    const type = ndo.u8(at);
    const size = type === PAD1 ? 1 : at + 1 < end ? ndo.u8(at + 1) + 2 : end + 1;
    if (at + size > end || !option(ndo, reader, { type, at, size, left: end - at })) {
      ndo.trunc();
      return false;
    }
    at += size;
  }
  if (ndo.options.vflag > 0) ndo.print(' ');
  return true;
}

interface Option {
  readonly type: number;
  readonly at: number;
  readonly size: number;
  /** Bytes of the header from here on. */
  readonly left: number;
}

/** Those whose length is looked at. */
const SIZES: Readonly<Record<number, readonly [name: string, least: number, most: number]>> = {
  [ROUTER_ALERT]: ['rtalert', 4, 4],
  [JUMBO]: ['jumbo', 6, 6],
  [HOME_ADDRESS]: ['homeaddr', 18, 257],
};

/** False if its length cannot be. */
function option(ndo: Ndo, reader: Reader, o: Option): boolean {
  const [name, least, most] = SIZES[o.type] ?? ['', 0, 257];
  if (o.left < least || o.size < least || o.size > most) {
    ndo.print(`(${name}: ${o.left < least ? 'trunc' : `invalid len ${o.size - 2}`})`);
    return false;
  }
  const text = optionText(ndo, reader, o);
  if (ndo.options.vflag === 0) return true;
  ndo.print(text);
  if (o.type !== HOME_ADDRESS) return true;
  if (!subOptions(ndo, o.at + least, o.at + o.size)) return false;
  ndo.print(')');
  return true;
}

/** What may stand behind a home address. */
function subOptions(ndo: Ndo, from: number, end: number): boolean {
  for (let at = from; at < end; ) {
    const type = ndo.u8(at);
    const size = type === PAD1 ? 1 : at + 1 < end ? ndo.u8(at + 1) + 2 : end + 1;
    if (at + size > end) return false;
    ndo.print(type === PAD1 ? ', pad1' : type === PADN ? ', padn' : `, sopt_type 0x${hex(type, 2)}: len=${size - 2}`);
    at += size;
  }
  return true;
}

function optionText(ndo: Ndo, reader: Reader, { type, at, size }: Option): string {
  switch (type) {
    case PAD1:
      return '(pad1)';
    case PADN:
      return '(padn)';
    case ROUTER_ALERT:
      return `(rtalert: 0x${hex(ndo.u16(at + 2), 4)}) `;
    case JUMBO:
      return `(jumbo: ${jumboText(reader, ndo.u32(at + 2))}) `;
    case HOME_ADDRESS:
      return `(homeaddr: ${ndo.ip6(at + 2)}`;
    default:
      return `(opt_type 0x${hex(type, 2)}: len=${size - 2})`;
  }
}

/** The length, and what is wrong about it. */
function jumboText(reader: Reader, length: number): string {
  const again = reader.seen;
  reader.seen = true;
  if (again) return `${length} - already seen`;
  if (!reader.hopopts) return `${length} - not a hop-by-hop option`;
  if (reader.payload !== 0) return `${length} - payload len != 0`;
  if (length < 65536) return `${length} - < 65536`;
  reader.jumbo = length;
  return String(length);
}
