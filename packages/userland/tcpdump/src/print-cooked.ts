/** Linux cooked captures and BSD's loopback. */
import { ETHERTYPES } from './ethertypes.ts';
import { frameRestPrint } from './hexdump.ts';
import { type Ndo, tok } from './ndo.ts';
import { ethertypePrint } from './print-ether.ts';
import { ip6Print } from './print-ip6.ts';
import { ipPrint } from './print-ip.ts';
import { llcPrint } from './print-llc.ts';

const TYPES: Readonly<Record<number, string>> = { 0: 'In', 1: 'B', 2: 'M', 3: 'P', 4: 'Out' };

const typeText = (type: number): string => `${tok(ETHERTYPES, type, 'Unknown')} (0x${type.toString(16).padStart(4, '0')})`;

export function sllPrint(ndo: Ndo, at: number, length: number, caplen: number): number {
  ndo.protocol = 'sll';
  if (caplen < 16 || length < 16) {
    ndo.trunc();
    return 0;
  }
  const protocol = ndo.u16(at + 14);
  const head = (): void => {
    ndo.print(`${tok(TYPES, ndo.u16(at), `Unknown (${ndo.u16(at)})`).padStart(3)} `);
    address(ndo, at + 6, ndo.u16(at + 4));
    typePrint(ndo, protocol, length);
  };
  if (ndo.options.eflag) head();
  return inner(ndo, protocol, at, 16, length, caplen, head);
}

export function sll2Print(ndo: Ndo, at: number, length: number, caplen: number): number {
  ndo.protocol = 'sll2';
  if (caplen < 20 || length < 20) {
    ndo.trunc();
    return 0;
  }
  const protocol = ndo.u16(at);
  const index = ndo.u32(at + 4);
  const type = ndo.u8(at + 10);
  ndo.print(`${ndo.interfaceName(index).padEnd(5)} ${tok(TYPES, type, `Unknown (${type})`).padEnd(3)} `);
  const head = (): void => {
    ndo.print(`ifindex ${index} `);
    address(ndo, at + 12, ndo.u8(at + 11));
    typePrint(ndo, protocol, length);
  };
  if (ndo.options.eflag) head();
  return inner(ndo, protocol, at, 20, length, caplen, head);
}

function address(ndo: Ndo, at: number, length: number): void {
  if (length === 6) ndo.print(`${ndo.mac(at)} `);
}

function typePrint(ndo: Ndo, protocol: number, length: number): void {
  if (!ndo.options.qflag) ndo.print(`ethertype ${typeText(protocol)}, length ${length}: `);
}

/** The payload; of one that is not known the header is printed, if it is not yet. */
function inner(ndo: Ndo, protocol: number, at: number, hdrlen: number, length: number, caplen: number, head: () => void): number {
  const here = at + hdrlen;
  if (protocol === 4) {
    if (llcPrint(ndo, here, length - hdrlen, caplen - hdrlen) < 0) frameRestPrint(ndo, here, caplen - hdrlen);
  } else if (!ethertypePrint(ndo, protocol, here, length - hdrlen, caplen - hdrlen)) {
    if (!ndo.options.eflag) head();
    frameRestPrint(ndo, here, caplen - hdrlen);
  }
  return hdrlen;
}

export function nullPrint(ndo: Ndo, at: number, length: number, caplen: number): number {
  ndo.protocol = 'null';
  if (length < 4 || caplen < 4) {
    ndo.trunc();
    return caplen;
  }
  const raw = ndo.u32(at);
  // In the byte order of the machine that captured.
  const family = raw > 0xffff ? ((raw >>> 24) | ((raw >>> 8) & 0xff00)) : raw;
  const name = tok(FAMILIES, family, 'Unknown');
  const head = (): void => ndo.print(`${ndo.options.qflag ? (FAMILIES[family] ?? `Unknown AF ${family}`) : `AF ${name} (${family})`}, length ${length}: `);
  if (ndo.options.eflag) head();
  if (family === 2) ipPrint(ndo, at + 4, length - 4);
  else if (FAMILIES[family] === 'IPv6') ip6Print(ndo, at + 4, length - 4);
  else {
    if (!ndo.options.eflag) head();
    frameRestPrint(ndo, at + 4, caplen - 4);
  }
  return 4;
}

/** Numbers of the systems that write such captures; Linux has another for IPv6. */
const FAMILIES: Readonly<Record<number, string>> = { 2: 'IPv4', 24: 'IPv6', 28: 'IPv6', 30: 'IPv6' };
