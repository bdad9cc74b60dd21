/** ARP and RARP (RFC 826, RFC 903, RFC 2390). */
import { defaultPrint } from './hexdump.ts';
import { ETHERTYPES } from './ethertypes.ts';
import { type Ndo, Truncated, tok } from './ndo.ts';

const OPERATIONS: Readonly<Record<number, string>> = {
  1: 'Request',
  2: 'Reply',
  3: 'Reverse Request',
  4: 'Reverse Reply',
  8: 'Inverse Request',
  9: 'Inverse Reply',
  10: 'NACK Reply',
};

const HARDWARE: Readonly<Record<number, string>> = {
  1: 'Ethernet',
  6: 'TokenRing',
  7: 'ArcNet',
  15: 'FrameRelay',
  17: 'Strip',
  24: 'IEEE 1394',
  32: 'InfiniBand',
};

const HEADER = 8;

export function arpPrint(ndo: Ndo, at: number, length: number, caplen: number): void {
  ndo.protocol = 'arp';
  const [hrd, pro, hln, pln, op] = [ndo.u16(at), ndo.u16(at + 2), ndo.u8(at + 4), ndo.u8(at + 5), ndo.u16(at + 6)];
  const spa = at + HEADER + hln;
  const tha = spa + pln;
  const tpa = tha + hln;
  if (!ndo.has(tpa + pln)) {
    throw new Truncated();
  }
  if (!ndo.options.eflag) ndo.print('ARP, ');
  const known = (pro === 0x800 || pro === 0x1000) && pln === 4 && hln > 0;
  if (!known || ndo.options.vflag > 0) {
    ndo.print(`${tok(HARDWARE, hrd, `Unknown Hardware (${hrd})`)} (len ${hln}), ${tok(ETHERTYPES, pro, `Unknown Protocol (0x${pro.toString(16).padStart(4, '0')})`)} (len ${pln})`);
    if (ndo.options.vflag === 0) {
      ndo.print(`, length ${length}`);
      return;
    }
    ndo.print(', ');
  }
  ndo.print(`${tok(OPERATIONS, op, `Unknown (${op})`)} `);
  if (!operation(ndo, { at, hln, pro, pln, op, spa, tha, tpa })) {
    defaultPrint(ndo, at, caplen);
    return;
  }
  ndo.print(`, length ${length}`);
}

interface Arp {
  readonly at: number;
  readonly hln: number;
  readonly pro: number;
  readonly pln: number;
  readonly op: number;
  readonly spa: number;
  readonly tha: number;
  readonly tpa: number;
}

/** False if nothing is known of it. */
function operation(ndo: Ndo, a: Arp): boolean {
  const sha = a.at + HEADER;
  switch (a.op) {
    case 1: {
      const mac = isZero(ndo, a.tha, a.hln) ? '' : ` (${hardware(ndo, a.tha, a.hln)})`;
      ndo.print(`who-has ${protocol(ndo, a, a.tpa)}${mac} tell ${protocol(ndo, a, a.spa)}`);
      return true;
    }
    case 2:
      ndo.print(`${protocol(ndo, a, a.spa)} is-at ${hardware(ndo, sha, a.hln)}`);
      return true;
    case 3:
    case 8:
      ndo.print(`who-is ${hardware(ndo, a.tha, a.hln)} tell ${hardware(ndo, sha, a.hln)}`);
      return true;
    case 4:
      ndo.print(`${hardware(ndo, a.tha, a.hln)} at ${protocol(ndo, a, a.tpa)}`);
      return true;
    case 9:
      ndo.print(`${hardware(ndo, sha, a.hln)} at ${protocol(ndo, a, a.spa)}`);
      return true;
    default:
      return false;
  }
}

function isZero(ndo: Ndo, at: number, length: number): boolean {
  return ndo.buf.subarray(at, at + length).every((b) => b === 0);
}

function hardware(ndo: Ndo, at: number, hln: number): string {
  if (hln === 0) return '<No address>';
  return hln === 6 ? ndo.mac(at) : ndo.hex(at, hln, ':');
}

function protocol(ndo: Ndo, a: Arp, at: number): string {
  if (a.pro !== 0x800 && a.pro !== 0x1000) return '<wrong proto type>';
  return a.pln === 4 ? ndo.ip(at) : '<wrong len>';
}
