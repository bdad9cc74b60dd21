/** TCP (RFC 9293): the header. */
import type { Payload } from './demux.ts';
import { type Ndo, Truncated, inChecksum, shouldBe, withinPacket } from './ndo.ts';
import { charText, domainPrint } from './print-domain.ts';
import { httpPrint } from './print-http.ts';
import { pseudo } from './print-udp.ts';
import { tcpOptions } from './tcp-options.ts';

const FLAGS: readonly (readonly [number, string])[] = [
  [0x01, 'F'],
  [0x02, 'S'],
  [0x04, 'R'],
  [0x08, 'P'],
  [0x10, '.'],
  [0x20, 'U'],
  [0x40, 'E'],
  [0x80, 'W'],
];

/** Ports whose payload is taken for HTTP. */
const HTTP: ReadonlySet<number> = new Set([80, 8080, 3128]);

const RESET_TEXT = 30;
const FIN_SYN_RST = 7;
const RST = 4;
const SYN = 2;
const ACK = 0x10;

export function tcpPrint(ndo: Ndo, p: Payload): void {
  const { at, length } = p;
  ndo.protocol = 'tcp';
  const bare = p.v6 && ndo.u8(p.ip + 6) !== 6;
  const [src, dst] = p.v6 ? [ndo.ip6(p.ip + 8), ndo.ip6(p.ip + 24)] : [ndo.ip(p.ip + 12), ndo.ip(p.ip + 16)];
  if (!ndo.has(at + 4)) {
    ndo.print(`${src} > ${dst}:`);
    ndo.trunc();
    return;
  }
  const [sport, dport] = [ndo.u16(at), ndo.u16(at + 2)];
  const ports = [ndo.tcpPort(sport), ndo.tcpPort(dport)];
  ndo.print(bare ? `${ports[0]} > ${ports[1]}: ` : `${src}.${ports[0]} > ${dst}.${ports[1]}: `);
  ndo.check(at + 20);
  const hlen = (ndo.u8(at + 12) >>> 4) * 4;
  if (hlen < 20) {
    ndo.print(` tcp ${length - hlen} [bad hdr length ${hlen} - too short, < 20]`);
    return;
  }
  if (ndo.options.qflag) {
    ndo.print(`tcp ${(length - hlen) >>> 0}`);
    if (hlen > length) ndo.print(` [bad hdr length ${hlen} - too long, > ${length}]`);
    return;
  }
  full(ndo, p, `${src} ${sport}`, `${dst} ${dport}`, hlen, [sport, dport]);
}

function full(ndo: Ndo, p: Payload, from: string, to: string, hlen: number, ports: readonly number[]): void {
  const { at, length } = p;
  const flags = ndo.u8(at + 13);
  const text = FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name).join('');
  ndo.print(`Flags [${text === '' ? 'none' : text}]`);
  const relative = numbers(ndo, { seq: ndo.u32(at + 4), ack: ndo.u32(at + 8) }, flags, from, to);
  if (hlen > length) {
    ndo.print(` [bad hdr length ${hlen} - too long, > ${length}]`);
    return;
  }
  if (ndo.options.vflag > 0 && !ndo.options.kflag && !p.fragmented) checksum(ndo, p);
  const data = length - hlen;
  if (ndo.options.vflag > 1 || data > 0 || (flags & FIN_SYN_RST) !== 0) {
    ndo.print(`, seq ${relative.seq}`);
    if (data > 0) ndo.print(`:${(relative.seq + data) >>> 0}`);
  }
  if ((flags & ACK) !== 0) ndo.print(`, ack ${relative.ack}`);
  ndo.print(`, win ${ndo.u16(at + 14)}`);
  if ((flags & 0x20) !== 0) ndo.print(`, urg ${ndo.u16(at + 18)}`);
  if (hlen > 20) {
    ndo.print(', options [');
    if (!tcpOptions(ndo, at + 20, hlen - 20, relative)) return;
    ndo.print(']');
  }
  ndo.print(`, length ${data}`);
  if (data <= 0) return;
  if (!ndo.has(at + hlen)) {
    ndo.print(` [remaining caplen(${ndo.snapend - at}) < header length(${hlen})]`);
    throw new Truncated();
  }
  payload(ndo, at + hlen, data, flags, ports.includes(53), ports.some((port) => HTTP.has(port)));
}

export interface Relative {
  readonly seq: number;
  readonly ack: number;
  /** What SACK blocks are counted from. */
  readonly sackBase: number;
}

/** Numbers counted from the first of the conversation that was seen, unless -S. */
function numbers(ndo: Ndo, { seq, ack }: { seq: number; ack: number }, flags: number, from: string, to: string): Relative {
  if (ndo.options.sflag || (flags & ACK) === 0) return { seq, ack, sackBase: 0 };
  const reverse = from > to;
  const key = reverse ? `${to} ${from}` : `${from} ${to}`;
  const known = ndo.conversations.get(key);
  if (known === undefined || (flags & SYN) !== 0) {
    ndo.conversations.set(key, reverse ? { seq: (ack - 1) >>> 0, ack: seq } : { seq, ack: (ack - 1) >>> 0 });
    return { seq, ack, sackBase: 0 };
  }
  const [mine, theirs] = reverse ? [known.ack, known.seq] : [known.seq, known.ack];
  return { seq: (seq - mine) >>> 0, ack: (ack - theirs) >>> 0, sackBase: theirs };
}

function checksum(ndo: Ndo, p: Payload): void {
  if (!ndo.has(p.at + p.length)) return;
  const sum = ndo.u16(p.at + 16);
  const result = inChecksum(pseudo(ndo, p, p.length, 6), ndo.buf.subarray(p.at, p.at + p.length));
  const hex = (n: number): string => n.toString(16).padStart(4, '0');
  ndo.print(`, cksum 0x${hex(sum)} ${result === 0 ? '(correct)' : `(incorrect -> 0x${hex(shouldBe(sum, result))})`}`);
}

function payload(ndo: Ndo, at: number, length: number, flags: number, dns: boolean, http: boolean): void {
  if ((flags & RST) !== 0) {
    if (ndo.options.vflag > 0) resetCause(ndo, at, length);
    return;
  }
  withinPacket(ndo, Truncated, () => {
    if (dns) domainPrint(ndo, at, length, { mdns: false, tcp: true });
    else if (http) httpPrint(ndo, at, length);
  });
}

/** Text in a reset (RFC 1122 §4.2.2.12): `+` if there is more than what is shown, `!` if not all of it was captured. */
function resetCause(ndo: Ndo, at: number, length: number): void {
  const long = length > RESET_TEXT;
  const shown = long ? RESET_TEXT : length;
  const end = Math.min(at + shown, ndo.snapend);
  ndo.print(` [${ndo.has(at + length) ? '' : '!'}RST${long ? '+' : ''} `);
  for (let i = at; i < end; i++) ndo.print(charText(ndo.u8(i)));
  ndo.print(']');
}
