/** IPv6 (RFC 8200): header and extension headers. */
import { IP_PROTOCOLS, demux } from './demux.ts';
import type { Ndo } from './ndo.ts';

const HEADER = 40;

export function ip6Print(ndo: Ndo, at: number, length: number): void {
  const saved = ndo.snapend;
  ndo.protocol = 'ip6';
  if (length < HEADER) {
    ndo.trunc();
    return;
  }
  ndo.need(at + HEADER);
  const version = ndo.u8(at) >>> 4;
  if (!ndo.options.eflag) ndo.print('IP6 ');
  if (version !== 6) {
    ndo.print(`version error: ${version} != 6`);
    return;
  }
  const payload = ndo.u16(at + 4);
  const total = payload + HEADER;
  if (length < total) ndo.print(`truncated-ip6 - ${total - length} bytes missing!`);
  ndo.snapend = Math.min(ndo.snapend, at + total);
  const next = ndo.u8(at + 6);
  ndo.ttl = ndo.u8(at + 7);
  if (ndo.options.vflag > 0) verbose(ndo, at, next, payload);
  extensions(ndo, at, at + HEADER, total, next);
  ndo.snapend = saved;
}

function verbose(ndo: Ndo, at: number, next: number, payload: number): void {
  const flow = ndo.u32(at);
  const cls = (flow >>> 20) & 255;
  ndo.print(`(${cls === 0 ? '' : `class 0x${cls.toString(16).padStart(2, '0')}, `}`);
  const label = flow & 0xfffff;
  ndo.print(`${label === 0 ? '' : `flowlabel 0x${label.toString(16).padStart(5, '0')}, `}hlim ${ndo.ttl}, next-header ${IP_PROTOCOLS[next] ?? 'unknown'} (${next}) payload length: ${payload}) `);
}

const ADDRESSED: ReadonlySet<number> = new Set([6, 17]);

function extensions(ndo: Ndo, ip: number, from: number, total: number, first: number): void {
  let at = from;
  let next = first;
  let started = false;
  let fragmented = false;
  const end = ip + total;
  if (!ADDRESSED.has(next)) ndo.print(`${ndo.ip6(ip + 8)} > ${ndo.ip6(ip + 24)}: `);
  for (;;) {
    if (at > end || !ndo.has(at) || (at >= ndo.snapend && at > from && next !== 59 && started)) return;
    started = true;
    let advance: number;
    switch (next) {
      case 0:
        advance = optionsHeader(ndo, at, 'HBH');
        break;
      case 60:
        advance = optionsHeader(ndo, at, 'DSTOPT');
        break;
      case 43:
        advance = routingHeader(ndo, at);
        break;
      case 44: {
        const offset = fragmentHeader(ndo, ip, at);
        if (offset !== 0) return;
        fragmented = true;
        advance = 8;
        break;
      }
      default:
        demux(ndo, { at, length: end - at, proto: next, ip, v6: true, fragmented });
        return;
    }
    if (advance < 0) return;
    next = ndo.u8(at);
    at += advance;
  }
}

const OPTION_TEXT: Readonly<Record<number, string>> = { 5: 'rtalert', 0xc2: 'jumbo', 0xc9: 'homeaddr' };

function optionsHeader(ndo: Ndo, at: number, name: string): number {
  ndo.protocol = name === 'HBH' ? 'hbhopt' : 'dstopt';
  ndo.u8(at);
  const size = (ndo.u8(at + 1) + 1) * 8;
  ndo.print(`${name} `);
  ndo.need(at + size);
  if (ndo.options.vflag > 0) optionsPrint(ndo, at + 2, at + size);
  return size;
}

function optionsPrint(ndo: Ndo, from: number, end: number): void {
  for (let at = from; at < end; ) {
    const type = ndo.u8(at);
    if (type === 0) {
      ndo.print('(pad1)');
      at++;
      continue;
    }
    if (at + 1 >= end) {
      ndo.print('(padn: trunc)'.replace('padn', OPTION_TEXT[type] ?? 'padn'));
      ndo.trunc();
      return;
    }
    const size = ndo.u8(at + 1) + 2;
    if (at + size > end) {
      ndo.trunc();
      return;
    }
    ndo.print(optionText(ndo, at, type, size));
    at += size;
  }
  ndo.print(' ');
}

function optionText(ndo: Ndo, at: number, type: number, size: number): string {
  switch (type) {
    case 1:
      return '(padn)';
    case 5:
      return size === 4 ? `(rtalert: 0x${ndo.u16(at + 2).toString(16).padStart(4, '0')}) ` : `(rtalert: invalid len ${size - 2})`;
    case 0xc2:
      return size === 6 ? `(jumbo: ${ndo.u32(at + 2)}) ` : `(jumbo: invalid len ${size - 2})`;
    case 0xc9:
      return size >= 18 ? `(homeaddr: ${ndo.ip6(at + 2)})` : `(homeaddr: invalid len ${size - 2})`;
    default:
      return `(opt_type 0x${type.toString(16).padStart(2, '0')}: len=${size - 2})`;
  }
}

const ROUTING: Readonly<Record<number, string>> = { 0: 'Deprecated', 1: 'Deprecated', 2: 'Mobile', 3: 'RPL', 4: 'Segment Routing' };

function routingHeader(ndo: Ndo, at: number): number {
  ndo.protocol = 'rt6';
  const words = ndo.u8(at + 1);
  const [type, left] = [ndo.u8(at + 2), ndo.u8(at + 3)];
  ndo.print(`RT6 (len=${words}, type=${type}`);
  if (type <= 4) ndo.print(` [${ROUTING[type]}]`);
  ndo.print(`, segleft=${left}`);
  if (type === 0 || type === 2) {
    const reserved = ndo.u32(at + 4);
    if (reserved !== 0 || ndo.options.vflag > 0) ndo.print(`, rsv=0x${reserved.toString(16)}`);
    if (words % 2 === 1) {
      ndo.invalid();
      return -1;
    }
    for (let i = 0; i < words / 2; i++) ndo.print(`, [${i}]${ndo.ip6(at + 8 + 16 * i)}`);
  }
  ndo.print(') ');
  return (words + 1) * 8;
}

/** The offset in bytes. */
function fragmentHeader(ndo: Ndo, ip: number, at: number): number {
  ndo.protocol = 'frag6';
  ndo.need(at + 8);
  const field = ndo.u16(at + 2);
  const offset = field & 0xfff8;
  const rest = ndo.u16(ip + 4) - (at - ip - HEADER) - 8;
  ndo.print(`frag (${ndo.options.vflag > 0 ? `0x${ndo.u32(at + 4).toString(16).padStart(8, '0')}:` : ''}${offset}|${rest})`);
  if (offset === 0 || (field & 1) !== 0) ndo.print(offset === 0 ? ' ' : '');
  return offset;
}
