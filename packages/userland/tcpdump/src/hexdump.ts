/** Packets as numbers and characters: -x, -X, -A, and what no printer knows. */
import type { Ndo } from './ndo.ts';

const PER_LINE = 16;
const printable = (b: number): boolean => b > 0x20 && b < 0x7f;

/** `hex_and_ascii_print`: pairs of bytes and characters. */
export function hexAndAscii(ndo: Ndo, indent: string, at: number, length: number, offset = 0): void {
  for (let i = 0; i < length; i += PER_LINE) {
    const line = ndo.buf.subarray(at + i, at + Math.min(length, i + PER_LINE));
    const text = Array.from(line, (b) => (printable(b) ? String.fromCharCode(b) : '.')).join('');
    ndo.print(`${indent}0x${hex4(i + offset)}: ${pairs(line).padEnd(40)}  ${text}`);
  }
}

/** `hex_print` */
export function hexPrint(ndo: Ndo, indent: string, at: number, length: number, offset = 0): void {
  for (let i = 0; i < length; i += PER_LINE) {
    ndo.print(`${indent}0x${hex4(i + offset)}: ${pairs(ndo.buf.subarray(at + i, at + Math.min(length, i + PER_LINE)))}`);
  }
}

function hex4(n: number): string {
  return n.toString(16).padStart(4, '0');
}

/** A blank in front of each pair. */
function pairs(line: Uint8Array): string {
  let text = '';
  for (let i = 0; i < line.length; i++) text += (i % 2 === 0 ? ' ' : '') + (line[i] as number).toString(16).padStart(2, '0');
  return text;
}

/** `ascii_print`: line ends stay, a carriage return in front of one goes. */
export function asciiPrint(ndo: Ndo, at: number, length: number): void {
  ndo.print('\n');
  for (let i = 0; i < length; i++) {
    const b = ndo.buf[at + i] as number;
    if (b === 0x0d) {
      // Kept only if no line end follows, and more than one byte does.
      if (i + 2 < length && ndo.buf[at + i + 1] !== 0x0a) ndo.print('.');
      continue;
    }
    ndo.print(b === 0x0a || b === 0x09 || (b >= 0x20 && b < 0x7f) ? String.fromCharCode(b) : '.');
  }
}

/** Bytes that no printer knows. */
export function defaultPrint(ndo: Ndo, at: number, length: number): void {
  if (length <= 0) return;
  hexAndAscii(ndo, '\n\t', at, Math.max(0, Math.min(length, ndo.snapend - at)));
}

/** The same of a whole frame, which -q and -x leave out. */
export function frameRestPrint(ndo: Ndo, at: number, length: number): void {
  const { qflag, xflag, bigXflag } = ndo.options;
  if (!qflag && xflag === 0 && bigXflag === 0) defaultPrint(ndo, at, length);
}

/** What -x and its like show behind the line. `hdrlen`: the link layer's header, which is left out unless the letter is doubled. */
export function packetDump(ndo: Ndo, caplen: number, hdrlen: number): void {
  const { xflag, bigXflag, aflag } = ndo.options;
  const dump = (all: boolean, show: (at: number, length: number, offset: number) => void): void => {
    if (all) show(0, caplen, 0);
    else if (caplen > hdrlen) show(hdrlen, caplen - hdrlen, 0);
  };
  if (bigXflag > 0) dump(bigXflag > 1, (at, length) => hexAndAscii(ndo, '\n\t', at, length));
  else if (xflag > 0) dump(xflag > 1, (at, length) => hexPrint(ndo, '\n\t', at, length));
  else if (aflag > 0) dump(aflag > 1, (at, length) => asciiPrint(ndo, at, length));
}
