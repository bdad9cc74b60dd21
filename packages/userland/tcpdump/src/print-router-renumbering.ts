/** Router renumbering (RFC 2894; the prefixes as its draft placed them). */
import { type Ndo, hex, tok } from './ndo.ts';

const HEADER = 16;
const MATCH = 24;
const USE = 32;
const COMMAND = 0;

/** `at`: of the ICMPv6 header. */
export function routerRenumbering(ndo: Ndo, at: number): void {
  if (!ndo.has(at + HEADER)) {
    ndo.trunc();
    return;
  }
  const code = ndo.u8(at + 1);
  ndo.print(`, ${tok({ [COMMAND]: 'command', 1: 'result', 255: 'sequence number reset' }, code, `code-#${code}`)}, seq=${ndo.u32(at + 4)}`);
  if (ndo.options.vflag > 0) header(ndo, at);
  if (code === COMMAND && !prefixes(ndo, at + HEADER)) ndo.trunc();
}

function header(ndo: Ndo, at: number): void {
  const flags = ndo.u8(at + 9);
  const reserved = ndo.u32(at + 12);
  ndo.print(`[${letters('TRASP', 0x80, flags)}${flags === 0 ? '' : ','}seg=${ndo.u8(at + 8)},maxdelay=${ndo.u16(at + 10)}${reserved === 0 ? '' : `rsvd=0x${hex(reserved)}`}]`);
}

function letters(names: string, first: number, flags: number): string {
  return [...names].filter((_, i) => (flags & (first >>> i)) !== 0).join('');
}

const MATCH_CODES: Readonly<Record<number, string>> = { 1: 'add', 2: 'change', 3: 'setglobal' };

/** One match and what to put in its place. False if something is missing. */
function prefixes(ndo: Ndo, at: number): boolean {
  if (!ndo.has(at + MATCH)) return false;
  const between = ndo.options.vflag > 1 ? '\n\t' : ' ';
  const code = ndo.u8(at);
  const limits = ndo.options.vflag > 0 ? `ord=${ndo.u8(at + 2)},min=${ndo.u8(at + 4)},max=${ndo.u8(at + 5)},` : '';
  ndo.print(`${between}match(${tok(MATCH_CODES, code, `#${code}`)},${limits}${ndo.ip6(at + 8)}/${ndo.u8(at + 3)})`);
  // In words of eight bytes less one for each use; three stand for the match alone.
  const words = ndo.u8(at + 1) - 3;
  if (words < 0 || words % 4 !== 0) return false;
  for (let use = at + MATCH, left = words / 4; left > 0; left--, use += USE) {
    if (!ndo.has(use + USE)) return false;
    ndo.print(between);
    usePrint(ndo, use);
  }
  return true;
}

function usePrint(ndo: Ndo, at: number): void {
  const flags = ndo.u8(at + 12);
  const times = ndo.options.vflag > 0 ? `mask=0x${hex(ndo.u8(at + 2))},raflags=0x${hex(ndo.u8(at + 3))},vltime=${lifetime(ndo.u32(at + 4))},pltime=${lifetime(ndo.u32(at + 8))},` : '';
  ndo.print(`use(${letters('VP', 0x80, flags)}${flags === 0 ? '' : ','}${times}${ndo.ip6(at + 16)}/${ndo.u8(at)}/${ndo.u8(at + 1)})`);
}

function lifetime(seconds: number): string {
  return seconds === 0xffffffff ? 'infty' : String(seconds);
}
