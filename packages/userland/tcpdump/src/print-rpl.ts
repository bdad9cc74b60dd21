/** RPL control messages (RFC 6550). */
import { hexPrint } from './hexdump.ts';
import { type Ndo, Short, hex, tok } from './ndo.ts';

const SECURE = 0x80;
const DIO = 1;
const DAO = 2;
const DAO_ACK = 3;
const NAMES: Readonly<Record<number, string>> = {
  0: 'DODAG Information Solicitation',
  [DIO]: 'DODAG Information Object',
  [DAO]: 'Destination Advertisement Object',
  [DAO_ACK]: 'Destination Advertisement Object Ack',
};

/** `at`: behind the ICMPv6 header, which said `code`. */
export function rplPrint(ndo: Ndo, code: number, at: number, length: number): void {
  if ((code & SECURE) !== 0) {
    ndo.print(', (SEC) [worktodo]');
    return;
  }
  ndo.print(`, (CLR)${tok(NAMES, code, `RPL message, unknown code ${code}`)}`);
  if (ndo.options.vflag === 0) return;
  const end = at + length;
  if (code === DIO) informationObject(ndo, at, length);
  else if (code === DAO) options(ndo, advertisement(ndo, at), end);
  else if (code === DAO_ACK) options(ndo, acknowledgement(ndo, at), end);
}

const MODES: readonly string[] = ['nonstoring', 'storing', 'nonstoring-multicast', 'storing-multicast', 'mop4', 'mop5', 'mop6', 'mop7'];

function informationObject(ndo: Ndo, at: number, length: number): void {
  if (length < 24) {
    ndo.print(` [length ${length} < 24]`);
    ndo.invalid();
    return;
  }
  ndo.need(at + 24);
  const mode = ndo.u8(at + 4);
  const grounded = (mode & 0x80) === 0 ? '' : 'grounded,';
  ndo.print(` [dagid:${ndo.ip6(at + 8)},seq:${ndo.u8(at + 5)},instance:${ndo.u8(at)},rank:${ndo.u16(at + 2)},${grounded}mop:${MODES[(mode >>> 3) & 7]},prf:${mode & 7}]`);
  options(ndo, at + 24, at + length);
}

/** Where the options begin. */
function advertisement(ndo: Ndo, at: number): number {
  ndo.check(at + 20);
  const flags = ndo.u8(at + 1);
  const named = (flags & 0x40) !== 0;
  ndo.print(` [dagid:${dodag(ndo, at, named)},seq:${ndo.u8(at + 3)},instance:${ndo.u8(at)}${(flags & 0x80) === 0 ? '' : ',acK'}${named ? ',Dagid' : ''},${hex(flags, 2)}]`);
  return at + (named ? 20 : 4);
}

function acknowledgement(ndo: Ndo, at: number): number {
  ndo.check(at + 4);
  const named = (ndo.u8(at + 1) & 0x80) !== 0;
  if (named) ndo.check(at + 20);
  ndo.print(` [dagid:${dodag(ndo, at, named)},seq:${ndo.u8(at + 2)},instance:${ndo.u8(at)},status:${ndo.u8(at + 3)}]`);
  return at + (named ? 20 : 4);
}

function dodag(ndo: Ndo, at: number, named: boolean): string {
  return named ? ndo.ip6(at + 4) : '<elided>';
}

const OPTIONS: Readonly<Record<number, string>> = { 1: 'padN', 2: 'metrics', 3: 'routinginfo', 4: 'config', 5: 'rpltarget', 6: 'transitinfo', 8: 'destprefix', 9: 'rpltargetdesc' };

function options(ndo: Ndo, from: number, end: number): void {
  if (ndo.options.vflag < 2) return;
  for (let at = from; at < end; ) {
    const type = ndo.u8(at);
    let size = 1;
    if (type === 0) {
      ndo.print(' opt:pad1');
    } else {
      if (at + 2 > end) throw new Short();
      size = ndo.u8(at + 1) + 2;
      ndo.print(` opt:${tok(OPTIONS, type, `subopt:${type}`)} len:${size} `);
      ndo.check(at + size);
      if (ndo.options.vflag > 2) hexPrint(ndo, ' ', at + 2, size - 2);
    }
    at += size;
  }
}
