/** Neighbour Discovery (RFC 4861, 4191, 8106). */
import { hexPrint } from './hexdump.ts';
import { type Ndo, Short, bits, hex, tok } from './ndo.ts';
import { namePrint } from './print-domain.ts';

/** Those that have options, or other lists, and tell their length in front of them. */
export const ND_TYPES: ReadonlySet<number> = new Set([133, 134, 135, 136, 137, 145, 147]);

const RA_FLAGS: readonly (readonly [number, string])[] = [
  [0x80, 'managed'],
  [0x40, 'other stateful'],
  [0x20, 'home agent'],
  [0x02, 'ipv6 only'],
];

const NA_FLAGS: readonly (readonly [number, string])[] = [
  [0x80000000, 'router'],
  [0x40000000, 'solicited'],
  [0x20000000, 'override'],
];

const PREFERENCE: readonly string[] = ['medium', 'high', 'rsv', 'low'];

export function ndPrint(ndo: Ndo, at: number, length: number, type: number): void {
  const verbose = ndo.options.vflag > 0;
  switch (type) {
    case 133:
      if (verbose) ndOptions(ndo, at + 8, length - 8);
      return;
    case 134:
      if (verbose) advertisement(ndo, at, length);
      return;
    case 135:
      ndo.print(`, who has ${ndo.ip6(at + 8)}`);
      if (verbose) ndOptions(ndo, at + 24, length - 24);
      return;
    case 136: {
      ndo.print(`, tgt is ${ndo.ip6(at + 8)}`);
      if (!verbose) return;
      const flags = ndo.u32(at + 4);
      const names = NA_FLAGS.filter(([bit]) => Math.floor(flags / bit) % 2 === 1).map(([, name]) => name);
      ndo.print(`, Flags [${names.length === 0 ? 'none' : names.join(', ')}]`);
      ndOptions(ndo, at + 24, length - 24);
      return;
    }
    case 145:
      if (verbose) homeAgents(ndo, at, length);
      return;
    case 147:
      if (verbose) mobilePrefixes(ndo, at, length);
      return;
    default:
      ndo.print(`, ${ndo.ip6(at + 24)} to ${ndo.ip6(at + 8)}`);
      if (verbose) ndOptions(ndo, at + 40, length - 40);
  }
}

function advertisement(ndo: Ndo, at: number, length: number): void {
  const flags = ndo.u8(at + 5);
  ndo.print(`\n\thop limit ${ndo.u8(at + 4)}, Flags [${bits(RA_FLAGS, flags, 'none')}], pref ${PREFERENCE[(flags >>> 3) & 3]}, router lifetime ${ndo.u16(at + 6)}s, reachable time ${ndo.u32(at + 8)}ms, retrans timer ${ndo.u32(at + 12)}ms`);
  ndOptions(ndo, at + 16, length - 16);
}

/** The reply of home agent address discovery (RFC 6275 §6.6). */
function homeAgents(ndo: Ndo, at: number, length: number): void {
  ndo.print(`, id 0x${hex(ndo.u16(at + 4), 4)}`);
  for (let i = 8; i < length; i += 16) ndo.print(`, ${ndo.ip6(at + i)}`);
}

/** The mobile prefix advertisement (RFC 6275 §6.8). */
function mobilePrefixes(ndo: Ndo, at: number, length: number): void {
  ndo.print(`, id 0x${hex(ndo.u16(at + 4), 4)}`);
  const flags = ndo.u16(at + 6);
  const names = `${(flags & 0x8000) === 0 ? '' : 'M'}${(flags & 0x4000) === 0 ? '' : 'O'}`;
  if (names !== '') ndo.print(` ${names}`);
  ndOptions(ndo, at + 8, length - 8);
}

const OPTIONS: Readonly<Record<number, string>> = {
  1: 'source link-address',
  2: 'destination link-address',
  3: 'prefix info',
  4: 'redirected header',
  5: 'mtu',
  7: 'advertisement interval',
  8: 'homeagent information',
  24: 'route info',
  25: 'rdnss',
  31: 'dnssl',
};

function ndOptions(ndo: Ndo, start: number, length: number): void {
  const end = start + length;
  for (let at = start; at < end; ) {
    if (at >= ndo.snapend) return;
    ndo.check(at + 2);
    const type = ndo.u8(at);
    const size = ndo.u8(at + 1) * 8;
    if (size === 0 || at + size > end || !ndo.has(at + size)) {
      ndo.trunc();
      return;
    }
    optionHead(ndo, type, size);
    if (!ndOption(ndo, type, at, size, start)) return;
    if (ndo.options.vflag > 1) hexPrint(ndo, '\n\t    ', at + 2, size - 2);
    at += size;
  }
}

function optionHead(ndo: Ndo, type: number, size: number): void {
  ndo.print(`\n\t  ${tok(OPTIONS, type, 'unknown')} option (${type}), length ${size} (${size / 8}): `);
}

const PREFIX_FLAGS: readonly (readonly [number, string])[] = [
  [0x80, 'onlink'],
  [0x40, 'auto'],
  [0x20, 'router'],
];

const time = (s: number): string => (s === 0xffffffff ? 'infinity' : `${s}s`);

/** False if nothing more can be said. */
function ndOption(ndo: Ndo, type: number, at: number, size: number, start: number): boolean {
  switch (type) {
    case 1:
    case 2:
      ndo.print(ndo.hex(at + 2, size - 2, ':'));
      return true;
    case 3:
      ndo.print(`${ndo.ip6(at + 16)}/${ndo.u8(at + 2)}${size !== 32 ? 'badlen' : ''}, Flags [${bits(PREFIX_FLAGS, ndo.u8(at + 3), 'none')}], valid time ${time(ndo.u32(at + 4))}, pref. time ${time(ndo.u32(at + 8))}`);
      return true;
    case 4:
      // From the first option on, not from this one: so it is in tcpdump.
      hexPrint(ndo, '\n\t    ', start, size);
      return true;
    case 5:
      ndo.print(` ${ndo.u32(at + 4)}${size !== 8 ? 'bad option length' : ''}`);
      return true;
    case 7:
      ndo.print(` ${ndo.u32(at + 4)}ms`);
      return true;
    case 8:
      ndo.print(` preference ${ndo.u16(at + 4)}, lifetime ${ndo.u16(at + 6)}`);
      return true;
    case 24:
      routeInfo(ndo, at, size);
      return true;
    case 25:
      ndo.print(` lifetime ${ndo.u32(at + 4)}s,`);
      for (let i = 8; i + 16 <= size; i += 16) ndo.print(` addr: ${ndo.ip6(at + i)}`);
      return true;
    case 31:
      searchList(ndo, at, size, start);
      return true;
    default:
      if (ndo.options.vflag > 1) return true;
      hexPrint(ndo, '\n\t  ', at + 2, size - 2);
      // What stands behind it is not read.
      return false;
  }
}

/** As much of the prefix as there is. */
function routeInfo(ndo: Ndo, at: number, size: number): void {
  if (size > 24) throw new Short();
  const prefix = new Uint8Array(16);
  prefix.set(ndo.buf.subarray(at + 8, at + size));
  const saved = { buf: ndo.buf, end: ndo.snapend };
  ndo.buf = prefix;
  ndo.snapend = 16;
  const text = ndo.ip6(0);
  ndo.buf = saved.buf;
  ndo.snapend = saved.end;
  ndo.print(` ${text}/${ndo.u8(at + 2)}, pref=${PREFERENCE[(ndo.u8(at + 3) >>> 3) & 3]}, lifetime=${time(ndo.u32(at + 4))}`);
}

function searchList(ndo: Ndo, start: number, size: number, first: number): void {
  ndo.print(` lifetime ${ndo.u32(start + 4)}s, domain(s):`);
  const end = start + size;
  for (let at = start + 8; at < end && ndo.u8(at) !== 0; ) {
    ndo.print(' ');
    // Pointers are counted from the first option on, and a name may run on into the next one.
    at = namePrint(ndo, { at: first }, at);
  }
}
