/** IGMP (RFC 1112, 2236, 3376). */
import { type Ndo, inChecksum } from './ndo.ts';
import { IGMP3, groupRecords, sourceList } from './print-mcast.ts';

export function igmpPrint(ndo: Ndo, at: number, length: number): void {
  ndo.protocol = 'igmp';
  if (ndo.options.qflag) {
    ndo.print('igmp');
    return;
  }
  const type = ndo.u8(at);
  if (type === 0x11) queryPrint(ndo, at, length);
  else if (type === 0x22) report3(ndo, at, length);
  else if (type === 0x12) oneGroup(ndo, at, length, 'igmp v1 report');
  else if (type === 0x16) oneGroup(ndo, at, length, 'igmp v2 report');
  else if (type === 0x17) oneGroup(ndo, at, length, 'igmp leave');
  else if (type === 0x1f || type === 0x1e) mtrace(ndo, at, length);
  else ndo.print(`igmp-${type}`);
  if (ndo.options.vflag > 0 && ndo.has(at + length) && inChecksum(ndo.buf.subarray(at, at + length)) !== 0) {
    ndo.print(` bad igmp cksum ${ndo.u16(at + 2).toString(16)}!`);
  }
}

/** Both of a route traced along a tree (draft-ietf-idmr-traceroute-ipm): query and answer. */
function mtrace(ndo: Ndo, at: number, length: number): void {
  if (length < 24) {
    ndo.print(` [invalid len ${length}]`);
    return;
  }
  ndo.print(`mtrace ${ndo.u24(at + 21)}: ${ndo.ip(at + 8)} to ${ndo.ip(at + 12)} reply-to ${ndo.ip(at + 16)}`);
}

function oneGroup(ndo: Ndo, at: number, length: number, what: string): void {
  ndo.print(`${what} ${ndo.ip(at + 4)}`);
  if (length !== 8) ndo.print(` [len ${length}]`);
}

function queryPrint(ndo: Ndo, at: number, length: number): void {
  ndo.print('igmp query');
  if (length >= 12) {
    query3(ndo, at, length);
    return;
  }
  const response = ndo.u8(at + 1);
  ndo.print(response === 0 ? ' v1' : ' v2');
  if (response !== 0 && response !== 100) ndo.print(` [max resp time ${response < 600 ? tenths(response) : ''}]`);
  const group = ndo.u32(at + 4);
  if (group !== 0) ndo.print(` [gaddr ${ndo.ip(at + 4)}]`);
  if (length !== 8) ndo.print(` [len ${length}]`);
}

function tenths(n: number): string {
  return String(n);
}

/** Code of 8 bits: above 127 a mantissa and an exponent. */
function floating(code: number): number {
  return code < 128 ? code : ((code & 0xf) | 0x10) << (((code & 0x70) >>> 4) + 3);
}

function query3(ndo: Ndo, at: number, length: number): void {
  ndo.print(' v3');
  const code = ndo.u8(at + 1);
  const tenth = floating(code);
  if (tenth !== 100) ndo.print(` [max resp time ${tenth < 600 ? `${(tenth * 0.1).toFixed(1)}s` : seconds(Math.floor(tenth / 10))}]`);
  robust(ndo, at, length);
}

function seconds(s: number): string {
  const m = Math.floor(s / 60);
  return `${m}m${s % 60 === 0 ? '' : `${s % 60}s`}`;
}

function robust(ndo: Ndo, at: number, length: number): void {
  const group = ndo.u32(at + 4);
  const sources = ndo.u16(at + 10);
  if (sources > 0) {
    if (12 + 4 * sources > length) {
      ndo.print(' [invalid number of sources]');
      return;
    }
    ndo.print(` [gaddr ${ndo.ip(at + 4)}`);
    sourceList(ndo, IGMP3, at + 12, sources);
    ndo.print(']');
  } else if (group !== 0) {
    ndo.print(` [gaddr ${ndo.ip(at + 4)}]`);
  }
}

function report3(ndo: Ndo, at: number, length: number): void {
  ndo.print('igmp v3 report');
  if (length < 16 || (length & 3) !== 0) {
    ndo.print(` [invalid len ${length}]`);
    return;
  }
  groupRecords(ndo, IGMP3, at, length);
}
