/** ICMP (RFC 792, 950, 1256, 4884, 4950). */
import { type Ndo, inChecksum, shouldBe, tok } from './ndo.ts';

const UNREACHABLE: Readonly<Record<number, string>> = {
  5: 'D unreachable - source route failed',
  6: 'net D unreachable - unknown',
  7: 'host D unreachable - unknown',
  8: 'D unreachable - source host isolated',
  9: 'net D unreachable - admin prohibited',
  10: 'host D unreachable - admin prohibited',
  11: 'net D unreachable - tos prohibited',
  12: 'host D unreachable - tos prohibited',
  13: 'host D unreachable - admin prohibited filter',
  14: 'host D unreachable - host precedence violation',
  15: 'host D unreachable - precedence cutoff',
};

const REDIRECT: Readonly<Record<number, string>> = {
  0: 'redirect D to net G',
  1: 'redirect D to host G',
  2: 'redirect-tos D to net G',
  3: 'redirect-tos D to host G',
};

/** Types that quote a packet. */
const ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
/** Of those, the ones that may have extensions behind it. */
const EXTENDED: ReadonlySet<number> = new Set([3, 11, 12]);

export function icmpPrint(ndo: Ndo, at: number, length: number, fragmented: boolean): void {
  ndo.protocol = 'icmp';
  const type = ndo.u8(at);
  const code = ndo.u8(at + 1);
  const text = message(ndo, at, type, code);
  ndo.print(`ICMP ${text}, length ${length}`);
  if (ndo.options.vflag > 0 && !fragmented && ndo.has(at + length)) {
    const sum = inChecksum(ndo.buf.subarray(at, at + length));
    if (sum !== 0) ndo.print(` (wrong icmp cksum ${ndo.u16(at + 2).toString(16)} (->${shouldBe(ndo.u16(at + 2), sum).toString(16)})!)`);
  }
  if (ndo.options.vflag === 0 || !ERRORS.has(type)) return;
  quoted(ndo, at, length);
  if (EXTENDED.has(type)) extensions(ndo, at, length);
}

function message(ndo: Ndo, at: number, type: number, code: number): string {
  switch (type) {
    case 0:
    case 8:
      return `echo ${type === 8 ? 'request' : 'reply'}, id ${ndo.u16(at + 4)}, seq ${ndo.u16(at + 6)}`;
    case 3:
      return unreachable(ndo, at, code);
    case 5: {
      const dst = ndo.ip(at + 8 + 16);
      const gateway = ndo.ip(at + 4);
      return tok(REDIRECT, code, `redirect-#${code} D to G`).replace('D', dst).replace('G', gateway);
    }
    case 9:
      return advertisement(ndo, at);
    case 11:
      ndo.need(at + 28);
      return tok({ 0: 'time exceeded in-transit', 1: 'ip reassembly time exceeded' }, code, `time exceeded-#${code}`);
    case 12:
      return code !== 0 ? `parameter problem - code ${code}` : `parameter problem - octet ${ndo.u8(at + 4)}`;
    case 13:
      return `time stamp query id ${ndo.u16(at + 4)} seq ${ndo.u16(at + 6)}`;
    case 14:
      return `time stamp reply id ${ndo.u16(at + 4)} seq ${ndo.u16(at + 6)}: org ${clock(ndo.u32(at + 8))}, recv ${clock(ndo.u32(at + 12))}, xmit ${clock(ndo.u32(at + 16))}`;
    case 18:
      return `address mask is 0x${ndo.u32(at + 8).toString(16).padStart(8, '0')}`;
    default:
      return tok({ 4: 'source quench', 10: 'router solicitation', 15: 'information request', 16: 'information reply', 17: 'address mask request' }, type, `type-#${type}`);
  }
}

function unreachable(ndo: Ndo, at: number, code: number): string {
  const ip = at + 8;
  const dst = (): string => ndo.ip(ip + 16);
  switch (code) {
    case 0:
      return `net ${dst()} unreachable`;
    case 1:
      return `host ${dst()} unreachable`;
    case 2:
      return `${dst()} protocol ${ndo.u8(ip + 9)} unreachable`;
    case 3:
      return portUnreachable(ndo, ip, dst());
    case 4: {
      const mtu = ndo.u16(at + 6);
      return `${dst()} unreachable - need to frag${mtu === 0 ? '' : ` (mtu ${mtu})`}`;
    }
    default: {
      return tok(UNREACHABLE, code, `D unreachable - #${code}`).replace('D', dst());
    }
  }
}

function portUnreachable(ndo: Ndo, ip: number, dst: string): string {
  const proto = ndo.u8(ip + 9);
  const port = ndo.u16(ip + (ndo.u8(ip) & 0xf) * 4 + 2);
  if (proto === 6) return `${dst} tcp port ${ndo.tcpPort(port)} unreachable`;
  return proto === 17 ? `${dst} udp port ${ndo.udpPort(port)} unreachable` : `${dst} protocol ${proto} port ${port} unreachable`;
}

/** Milliseconds since midnight. */
function clock(ms: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const s = Math.floor(ms / 1000);
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}

function lifetime(s: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  if (s < 60) return String(s);
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function advertisement(ndo: Ndo, at: number): string {
  const count = ndo.u8(at + 4);
  const size = ndo.u8(at + 5);
  let text = `router advertisement lifetime ${lifetime(ndo.u16(at + 6))} ${count}:`;
  if (size !== 2) return `${text} [size ${size}]`;
  for (let i = 0; i < count; i++) {
    const entry = at + 8 + 8 * i;
    text += ` {${ndo.ip(entry)} ${ndo.u32(entry + 4)}}`;
  }
  return text;
}

/** The packet that was at fault, as far as it is here. */
function quoted(ndo: Ndo, at: number, length: number): void {
  const saved = ndo.snapend;
  const ttl = ndo.ttl;
  ndo.print('\n\t');
  const ip = at + 8;
  ndo.snapend = Math.min(saved, at + length);
  ndo.nested.ip(ndo, ip, ndo.u16(ip + 2));
  ndo.protocol = 'icmp';
  ndo.snapend = saved;
  ndo.ttl = ttl;
}

const EXT_MIN = 128 + 8;

function extensions(ndo: Ndo, at: number, length: number): void {
  if (length <= EXT_MIN) return;
  const ext = at + EXT_MIN;
  ndo.need(ext + 4);
  // Without a length in the header it may be chance: then the sum decides.
  const told = ndo.u8(at + 5) !== 0;
  if (!told && (ndo.u8(ext) >>> 4 !== 2 || !ndo.has(at + length) || inChecksum(ndo.buf.subarray(ext, at + length)) !== 0)) return;
  const version = ndo.u8(ext) >>> 4;
  ndo.print(`\n\tICMP Multi-Part extension v${version}`);
  if (version !== 2) return;
  const total = length - EXT_MIN;
  if (!ndo.has(ext + total)) return;
  const sum = inChecksum(ndo.buf.subarray(ext, ext + total));
  const inPacket = ndo.u16(ext + 2);
  ndo.print(`, checksum 0x${inPacket.toString(16).padStart(4, '0')} (${sum === 0 ? '' : 'in'}correct), length ${total}`);
  objects(ndo, ext + 4, total - 4);
}

const CLASSES: Readonly<Record<number, string>> = { 1: 'MPLS Stack Entry', 2: 'Interface Identification' };

function objects(ndo: Ndo, start: number, length: number): void {
  let at = start;
  let left = length;
  while (left > 4) {
    const size = ndo.u16(at);
    const [cls, ctype] = [ndo.u8(at + 2), ndo.u8(at + 3)];
    ndo.print(`\n\t  ${tok(CLASSES, cls, 'unknown')} Object (${cls}), Class-Type: ${ctype}, length ${size}`);
    if (size < 4 || size > left) return;
    if (cls === 1 && ctype === 1) mpls(ndo, at + 4, size - 4);
    at += size;
    left -= size;
  }
}

function mpls(ndo: Ndo, start: number, length: number): void {
  for (let i = 0; i + 4 <= length; i += 4) {
    const entry = ndo.u32(start + i);
    const bottom = (entry & 0x100) === 0 ? '' : ', [S]';
    ndo.print(`\n\t    label ${entry >>> 12}, tc ${(entry >>> 9) & 7}${bottom}, ttl ${entry & 255}`);
  }
}
