/** Options of TCP. */
import { type Ndo, Short, Truncated, hex } from './ndo.ts';
import type { Relative } from './print-tcp.ts';

const NAMES: Readonly<Record<number, string>> = {
  0: 'eol',
  1: 'nop',
  2: 'mss',
  3: 'wscale',
  4: 'sackOK',
  5: 'sack',
  6: 'echo',
  7: 'echoreply',
  8: 'TS',
  11: 'cc',
  12: 'ccnew',
  13: '',
  19: 'md5',
  20: 'scps',
  27: 'QS',
  28: 'uto',
  29: 'tcp-ao',
  30: 'mptcp',
  34: 'tfo',
  254: 'exp',
};

const FAST_OPEN = 0xf989;

/** False if they end in something that cannot be. */
export function tcpOptions(ndo: Ndo, start: number, length: number, relative: Relative): boolean {
  const end = start + length;
  let between = '';
  for (let at = start; at < end; ) {
    ndo.print(between);
    between = ',';
    const kind = ndo.u8(at);
    const single = kind === 0 || kind === 1;
    let size = 1;
    if (!single) {
      if (at + 1 >= end) return bad(ndo, at === start);
      size = ndo.u8(at + 1);
      if (size < 2 || at + size > end) return bad(ndo, at === start);
    }
    ndo.print(NAMES[kind] ?? `unknown-${kind}`);
    const used = single ? 0 : softly(() => option(ndo, kind, at, size, relative));
    if (used < 0) return bad(ndo, at === start);
    // What the option itself takes, not what it says.
    at += single ? 1 : 2 + used;
    if (kind === 0) break;
  }
  return true;
}

/** What an option holds may be cut off without the packet being given up. */
function softly(read: () => number): number {
  try {
    return read();
  } catch (error) {
    throw error instanceof Truncated ? new Short() : error;
  }
}

/** The list is closed only behind an option that was good. */
function bad(ndo: Ndo, first: boolean): boolean {
  ndo.print(first ? '[bad opt]' : '[bad opt]]');
  return false;
}

function option(ndo: Ndo, kind: number, at: number, size: number, relative: Relative): number {
  const data = at + 2;
  ndo.need(Math.min(data, at + size));
  let used = size - 2;
  switch (kind) {
    case 2:
      if (size - 2 < 2 && size !== 3) return -1;
      used = 2;
      ndo.print(` ${ndo.u16(data)}`);
      break;
    case 3:
      if (used < 1) return -1;
      used = 1;
      ndo.print(` ${ndo.u8(data)}`);
      break;
    case 4:
      used = 0;
      break;
    case 5:
      sack(ndo, data, used, relative);
      break;
    case 6:
    case 7:
    case 11:
      if (used < 4) return -1;
      used = 4;
      ndo.print(` ${ndo.u32(data)}`);
      break;
    case 12:
    case 13:
      if (used < 4) return -1;
      used = 4;
      ndo.print(` ${ndo.u32(data)}`);
      break;
    case 8:
      if (used < 8) return -1;
      used = 8;
      ndo.print(` val ${ndo.u32(data)} ecr ${ndo.u32(data + 4)}`);
      break;
    case 19:
      if (used < 16) return -1;
      used = 16;
      ndo.print(` shared secret not supplied with -M, can't check - ${ndo.hex(data, 16)}`);
      break;
    case 28: {
      if (used < 2) return -1;
      used = 2;
      const uto = ndo.u16(data);
      ndo.print(` 0x${uto.toString(16)} ${(uto >>> 1) * ((uto & 1) === 0 ? 1 : 60)}`);
      break;
    }
    case 29:
      if (used < 2) {
        ndo.invalid();
        break;
      }
      ndo.print(` keyid ${ndo.u8(data)} rnextkeyid ${ndo.u8(data + 1)}`);
      if (used > 2) ndo.print(` mac 0x${ndo.hex(data + 2, used - 2)}`);
      break;
    case 34:
      ndo.print(' ');
      fastOpen(ndo, data, used);
      break;
    case 254: {
      if (used < 2) return -1;
      ndo.check(data + used);
      // The number of RFC 6994.
      const experiment = ndo.u16(data);
      ndo.print(experiment === FAST_OPEN ? '-tfo' : `-${hex(experiment, 4)}`);
      if (experiment === FAST_OPEN) fastOpen(ndo, data + 2, used - 2);
      break;
    }
    default:
      if (used > 0) ndo.print(' 0x');
      for (let i = 0; i < used; i++) ndo.print(hex(ndo.u8(data + i), 2));
  }
  if (used !== size - 2) ndo.print(`[len ${size}]`);
  return used;
}

function sack(ndo: Ndo, data: number, used: number, { sackBase }: Relative): void {
  if (used % 8 !== 0) {
    ndo.print(' invalid sack');
    return;
  }
  ndo.print(` ${used / 8} `);
  for (let i = 0; i < used; i += 8) {
    ndo.print(`{${(ndo.u32(data + i) - sackBase) >>> 0}:${(ndo.u32(data + i + 4) - sackBase) >>> 0}}`);
  }
}

function fastOpen(ndo: Ndo, data: number, used: number): void {
  if (used === 0) ndo.print(' cookiereq');
  else if (used < 4 || used > 16 || used % 2 !== 0) ndo.invalid();
  else ndo.print(` cookie ${ndo.hex(data, used)}`);
}
