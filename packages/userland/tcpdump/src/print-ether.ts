/** Link layers, and what is found by an Ethernet type. */
import { ETHERTYPES } from './ethertypes.ts';
import { frameRestPrint } from './hexdump.ts';
import { type Ndo, tok } from './ndo.ts';
import { arpPrint } from './print-arp.ts';
import { ip6Print } from './print-ip6.ts';
import { ipPrint } from './print-ip.ts';
import { llcPrint } from './print-llc.ts';

const ETHER_HDRLEN = 14;
const VLAN: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);

/** Prints a frame and gives the length of its headers. */
export function etherPrint(ndo: Ndo, at: number, length: number, caplen: number): number {
  ndo.protocol = 'ether';
  if (length < ETHER_HDRLEN || caplen < ETHER_HDRLEN) {
    ndo.trunc();
    return caplen;
  }
  ndo.macs = { src: ndo.mac(at + 6), dst: ndo.mac(at) };
  let type = ndo.u16(at + 12);
  let hdrlen = ETHER_HDRLEN;
  const headed = ndo.options.eflag;
  if (headed) printMacs(ndo);
  // The type of the frame, or behind a tag of what is tagged; what is cut off before a tag is whole has none.
  const typed = (): void => {
    if (headed) ndo.print(hdrlen === ETHER_HDRLEN ? typeAndLength(ndo, type, length) : innerType(type));
  };
  for (;;) {
    const rest = length - hdrlen;
    const here = at + hdrlen;
    if (type <= 1500) {
      typed();
      return lengthField(ndo, here, type, rest, caplen - hdrlen, hdrlen);
    }
    if (!VLAN.has(type)) {
      typed();
      if (ethertypePrint(ndo, type, here, rest, caplen - hdrlen)) return hdrlen;
      if (!headed) {
        printMacs(ndo);
        ndo.print(typeAndLength(ndo, type, length));
      }
      frameRestPrint(ndo, here, caplen - hdrlen);
      return hdrlen;
    }
    if (rest < 4 || caplen - hdrlen < 4) {
      ndo.protocol = 'vlan';
      ndo.trunc();
      return caplen;
    }
    typed();
    const tci = ndo.u16(here);
    type = ndo.u16(here + 2);
    hdrlen += 4;
    if (headed) ndo.print(tagText(tci));
  }
}

function tagText(tci: number): string {
  return `vlan ${tci & 0xfff}, p ${tci >>> 13}${(tci & 0x1000) === 0 ? '' : ', DEI'}, `;
}

function innerType(type: number): string {
  return type > 1500 ? `ethertype ${typeText(type)}, ` : '802.3';
}

function typeText(type: number): string {
  return `${tok(ETHERTYPES, type, 'Unknown')} (0x${type.toString(16).padStart(4, '0')})`;
}

function printMacs(ndo: Ndo): void {
  ndo.print(`${ndo.macs?.src} > ${ndo.macs?.dst}, `);
}

function typeAndLength(ndo: Ndo, type: number, length: number): string {
  if (type <= 1500) return `802.3, length ${Math.min(type, length - ETHER_HDRLEN)}: `;
  const hex = type.toString(16).padStart(4, '0');
  return ndo.options.qflag ? `${tok(ETHERTYPES, type, `Unknown Ethertype (0x${hex})`)}, length ${length}: ` : `ethertype ${typeText(type)}, length ${length}: `;
}

function lengthField(ndo: Ndo, at: number, type: number, length: number, caplen: number, hdrlen: number): number {
  const used = Math.min(length, type);
  const kept = Math.min(caplen, used);
  ndo.snapend = Math.min(ndo.snapend, at + kept);
  const llc = llcPrint(ndo, at, used, kept);
  if (llc < 0) frameRestPrint(ndo, at, kept);
  return hdrlen + Math.abs(llc);
}

/** `ethertype_print`: false if the type is not known. */
export function ethertypePrint(ndo: Ndo, type: number, at: number, length: number, caplen: number): boolean {
  switch (type) {
    case 0x800:
      ipPrint(ndo, at, length);
      return true;
    case 0x86dd:
      ip6Print(ndo, at, length);
      return true;
    case 0x806:
    case 0x8035:
      arpPrint(ndo, at, length, caplen);
      return true;
    default:
      return false;
  }
}

/** DLT_RAW */
export function rawPrint(ndo: Ndo, at: number, length: number): number {
  if (ndo.options.eflag) ndo.print('ip: ');
  ipNPrint(ndo, at, length);
  return 0;
}

/** `ipN_print`: the version tells which. */
export function ipNPrint(ndo: Ndo, at: number, length: number): void {
  if (length < 1) {
    ndo.print('truncated-ip %d');
    return;
  }
  const version = ndo.u8(at) >>> 4;
  if (version === 4) ipPrint(ndo, at, length);
  else if (version === 6) ip6Print(ndo, at, length);
  else ndo.print(`unknown ip ${version}`);
}
