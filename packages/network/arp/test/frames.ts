/** ARP frames as a test writes and reads them. Hardware addresses are their last byte in hex: `aa` is 02:00:00:00:00:aa. */
import { formatMac, inetNtoa, inetPton4, parseMac, setBe16, setBe32 } from '@skbuff/wire';

export interface ArpFields {
  /** Default 1, a request. */
  readonly op?: number;
  readonly sha?: string;
  readonly sip?: string;
  readonly tha?: string;
  readonly tip?: string;
  /** Link-layer destination; default broadcast. */
  readonly to?: string;
  readonly hrd?: number;
  readonly pro?: number;
  readonly hln?: number;
  readonly pln?: number;
  /** Bytes of the ARP packet that are sent. */
  readonly cut?: number;
  /** Bytes behind it, as a switch adds them. */
  readonly pad?: number;
}

/** `*`: broadcast, `-`: zeros. */
export function mac(text: string): Uint8Array {
  if (text === '*') return new Uint8Array(6).fill(0xff);
  if (text === '-') return new Uint8Array(6);
  return text.length === 2 ? Uint8Array.of(2, 0, 0, 0, 0, Number.parseInt(text, 16)) : (parseMac(text) as Uint8Array);
}

/** The frame; by default 02 with 10.0.0.2 asks everybody for 10.0.0.1. */
export function arpFrame(f: ArpFields): Uint8Array {
  const frame = new Uint8Array(42);
  frame.set(mac(f.to ?? '*'), 0);
  frame.set(mac(f.sha ?? '02'), 6);
  setBe16(frame, 12, 0x0806);
  setBe16(frame, 14, f.hrd ?? 1);
  setBe16(frame, 16, f.pro ?? 0x0800);
  frame[18] = f.hln ?? 6;
  frame[19] = f.pln ?? 4;
  setBe16(frame, 20, f.op ?? 1);
  frame.set(mac(f.sha ?? '02'), 22);
  setBe32(frame, 28, inetPton4(f.sip ?? '10.0.0.2'));
  frame.set(mac(f.tha ?? '-'), 32);
  setBe32(frame, 38, inetPton4(f.tip ?? '10.0.0.1'));
  const out = new Uint8Array(14 + (f.cut ?? 28) + (f.pad ?? 0));
  out.set(frame.subarray(0, 14 + (f.cut ?? 28)));
  return out;
}

/** `01 > *: who-has 10.0.0.2 (-) tell 10.0.0.1 (01)`, `01 > 02: reply 10.0.0.1 is-at 01 to 10.0.0.2 (02)`, `01 > 02: ip 10.0.0.1 > 10.0.0.2`. */
export function describeFrame(frame: Uint8Array): string {
  const be16 = (at: number): number => (frame[at] << 8) | frame[at + 1];
  const addr = (at: number): string => inetNtoa(((be16(at) << 16) | be16(at + 2)) >>> 0);
  const way = `${short(frame, 6)} > ${short(frame, 0)}`;
  if (be16(12) !== 0x0806) return `${way}: ip ${addr(26)} > ${addr(30)}`;
  if (be16(20) === 1) return `${way}: who-has ${addr(38)} (${short(frame, 32)}) tell ${addr(28)} (${short(frame, 22)})`;
  return `${way}: reply ${addr(28)} is-at ${short(frame, 22)} to ${addr(38)} (${short(frame, 32)})`;
}

/** The opposite of {@link mac}. */
export function short(bytes: Uint8Array, off = 0): string {
  const text = formatMac(bytes, off);
  if (text === 'ff:ff:ff:ff:ff:ff') return '*';
  return text === '00:00:00:00:00:00' ? '-' : text.startsWith('01:00:5e') ? text : text.slice(-2);
}
