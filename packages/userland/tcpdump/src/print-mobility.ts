/** The mobility header (RFC 6275). */
import { type Ndo, hex } from './ndo.ts';

/** Bytes that each type has in front of its options. */
const FIXED: readonly number[] = [8, 16, 16, 24, 24, 12, 12, 24];
const NAMES: readonly string[] = ['BRR', 'HoTI', 'CoTI', 'HoT', 'CoT', 'BU', 'BA', 'BE'];

export function mobilityPrint(ndo: Ndo, at: number): void {
  ndo.protocol = 'mobility';
  ndo.check(at + 2);
  const words = ndo.u8(at + 1);
  const size = (words + 1) * 8;
  const type = ndo.u8(at + 2);
  const fixed = FIXED[type] ?? 0;
  if (size < fixed) {
    ndo.print(`(header length ${size} is too small for type ${type})`);
    ndo.trunc();
    return;
  }
  ndo.print(`mobility: ${NAMES[type] ?? `type-#${type} len=${words}`}`);
  if (type >= FIXED.length) return;
  message(ndo, at, type);
  if (ndo.options.vflag > 0) options(ndo, at + fixed, at + size);
}

function message(ndo: Ndo, at: number, type: number): void {
  switch (type) {
    case 1:
    case 2:
      if (ndo.options.vflag > 0) ndo.print(` ${type === 1 ? 'Home' : 'Care-of'} Init Cookie=${cookie(ndo, at + 8)}`);
      return;
    case 3:
    case 4:
      ndo.print(` nonce id=0x${hex(ndo.u16(at + 6))}`);
      if (ndo.options.vflag === 0) return;
      ndo.print(` ${type === 3 ? 'Home' : 'Care-of'} Init Cookie=${cookie(ndo, at + 8)}`);
      ndo.print(` ${type === 3 ? 'Home' : 'Care-of'} Keygen Token=${cookie(ndo, at + 16)}`);
      return;
    case 5:
      ndo.print(` seq#=${ndo.u16(at + 6)}`);
      ndo.check(at + 10);
      ndo.print(flags(ndo.u16(at + 8)));
      ndo.print(` lifetime=${ndo.u16(at + 10) * 4}`);
      return;
    case 6:
      ndo.print(` status=${ndo.u8(at + 6)}`);
      if ((ndo.u8(at + 7) & 0x80) !== 0) ndo.print(' K');
      ndo.print(` seq#=${ndo.u16(at + 8)}`);
      ndo.print(` lifetime=${ndo.u16(at + 10) * 4}`);
      return;
    case 7:
      ndo.print(` status=${ndo.u8(at + 6)}`);
      ndo.print(` homeaddr ${ndo.ip6(at + 8)}`);
  }
}

function cookie(ndo: Ndo, at: number): string {
  return `${hex(ndo.u32(at), 8)}:${hex(ndo.u32(at + 4), 8)}`;
}

function flags(value: number): string {
  const names = [...'AHLK'].filter((_, i) => (value & (0x8000 >>> i)) !== 0).join('');
  return names === '' ? '' : ` ${names}`;
}

/** The byte behind each option must have been captured too. */
function options(ndo: Ndo, from: number, end: number): void {
  for (let at = from; at < end; ) {
    const type = ndo.u8(at);
    const size = type === 0 ? 1 : at + 1 < end ? ndo.u8(at + 1) + 2 : 2;
    if (at + size > end || !ndo.has(at + size + 1) || !option(ndo, type, at, size, end)) {
      ndo.trunc();
      return;
    }
    at += size;
  }
}

const OPTIONS: Readonly<Record<number, readonly [name: string, size: number]>> = { 2: ['refresh', 4], 3: ['altcoa', 18], 4: ['ni', 6], 5: ['auth', 12] };

function option(ndo: Ndo, type: number, at: number, size: number, end: number): boolean {
  const [name, least] = OPTIONS[type] ?? ['', 0];
  if (at + least > end) {
    ndo.print(`(${name}: trunc)`);
    return false;
  }
  ndo.print(optionText(ndo, type, at, size));
  return true;
}

function optionText(ndo: Ndo, type: number, at: number, size: number): string {
  switch (type) {
    case 0:
      return '(pad1)';
    case 1:
      return '(padn)';
    case 2:
      return `(refresh: ${ndo.u16(at + 2) * 4})`;
    case 3:
      return `(alt-CoA: ${ndo.ip6(at + 2)})`;
    case 4:
      return `(ni: ho=0x${hex(ndo.u16(at + 2), 4)} co=0x${hex(ndo.u16(at + 4), 4)})`;
    case 5:
      return '(auth)';
    default:
      return `(type-0x${hex(type, 2)}: len=${size - 2})`;
  }
}
