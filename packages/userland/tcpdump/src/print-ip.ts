/** IPv4 (RFC 791): header, options, fragments. */
import { IP_PROTOCOLS, demux } from './demux.ts';
import { netdbProtoname } from './ipproto.ts';
import { type Ndo, bits, inChecksum, shouldBe } from './ndo.ts';

const FRAG_FLAGS: readonly (readonly [number, string])[] = [
  [0x2000, '+'],
  [0x4000, 'DF'],
  [0x8000, 'rsvd'],
];

const ECN: readonly string[] = ['', ',ECT(1)', ',ECT(0)', ',CE'];

export function ipPrint(ndo: Ndo, at: number, length: number): void {
  const saved = ndo.snapend;
  ndo.protocol = 'ip';
  const version = ndo.u8(at) >>> 4;
  if (!ndo.options.eflag || version !== 4) ndo.print('IP');
  if (version !== 4) {
    ndo.print(version === 6 ? '6, wrong link-layer encapsulation' : String(version));
    ndo.invalid();
    return;
  }
  if (!ndo.options.eflag) ndo.print(' ');
  if (length < 20 || !ndo.has(at + 20)) {
    ndo.trunc();
    return;
  }
  header(ndo, at, length);
  ndo.snapend = saved;
}

function header(ndo: Ndo, at: number, length: number): void {
  const hlen = (ndo.u8(at) & 0xf) * 4;
  if (hlen < 20) {
    ndo.print(`bad-hlen ${hlen}`);
    return;
  }
  const total = ndo.u16(at + 2);
  if (length < total) ndo.print(`truncated-ip - ${total - length} bytes missing! `);
  if (total < hlen) {
    ndo.print(`bad-len ${total}`);
    return;
  }
  ndo.snapend = Math.min(ndo.snapend, at + total);
  const off = ndo.u16(at + 6);
  const proto = ndo.u8(at + 9);
  ndo.ttl = ndo.u8(at + 8);
  if (ndo.options.vflag > 0) verbose(ndo, at, hlen, total, off, proto);
  body(ndo, { at, hlen, total, off, proto });
}

interface Ip {
  readonly at: number;
  readonly hlen: number;
  readonly total: number;
  readonly off: number;
  readonly proto: number;
}

function body(ndo: Ndo, { at, hlen, total, off, proto }: Ip): void {
  const offset = (off & 0x1fff) * 8;
  if (offset !== 0) {
    ndo.print(`${ndo.ip(at + 12)} > ${ndo.ip(at + 16)}: ${protocolName(ndo, proto)}`);
    return;
  }
  if (proto !== 6 && proto !== 17) ndo.print(`${ndo.ip(at + 12)} > ${ndo.ip(at + 16)}: `);
  if (!ndo.has(at + hlen)) {
    ndo.print(` [remaining caplen(${ndo.snapend - at}) < header length(${hlen})]`);
    ndo.trunc();
    return;
  }
  demux(ndo, { at: at + hlen, length: total - hlen, proto, ip: at, v6: false, fragmented: (off & 0x3fff) !== 0 });
}

function protocolName(ndo: Ndo, proto: number): string {
  return (ndo.options.nflag > 0 ? null : netdbProtoname(proto)) ?? `ip-proto-${proto}`;
}

function verbose(ndo: Ndo, at: number, hlen: number, total: number, off: number, proto: number): void {
  const tos = ndo.u8(at + 1);
  const ttl = ndo.ttl > 0 ? `, ttl ${ndo.ttl}` : '';
  const flags = bits(FRAG_FLAGS, off & 0xe000, 'none');
  ndo.print(`(tos 0x${tos.toString(16)}${ECN[tos & 3]}${ttl}, id ${ndo.u16(at + 4)}, offset ${(off & 0x1fff) * 8}, flags [${flags}], proto ${IP_PROTOCOLS[proto] ?? 'unknown'} (${proto})`);
  ndo.print(`, length ${total}`);
  if (hlen > 20) {
    ndo.print(', options (');
    ipOptions(ndo, at + 20, hlen - 20);
    ndo.print(')');
  }
  if (!ndo.options.kflag && ndo.has(at + hlen)) {
    const sum = inChecksum(ndo.buf.subarray(at, at + hlen));
    const inPacket = ndo.u16(at + 10);
    if (sum !== 0) ndo.print(`, bad cksum ${inPacket.toString(16)} (->${shouldBe(inPacket, sum).toString(16)})!`);
  }
  ndo.print(')\n    ');
}

const OPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'EOL',
  1: 'NOP',
  7: 'RR',
  68: 'timestamp',
  130: 'security',
  131: 'LSRR',
  137: 'SSRR',
  148: 'RA',
  222: 'rfc1393',
};

function ipOptions(ndo: Ndo, start: number, length: number): void {
  const end = start + length;
  let first = true;
  for (let at = start; at < end; ) {
    if (!first) ndo.print(',');
    first = false;
    const type = ndo.u8(at);
    const size = type === 0 || type === 1 ? 1 : optionLength(ndo, at, end);
    ndo.print(OPTION_NAMES[type] ?? `unknown ${type}`);
    if (size < 0) {
      ndo.print(size === -1 ? ` [bad length ${ndo.u8(at + 1)}]` : '');
      return;
    }
    ndo.need(at + size);
    ipOption(ndo, type, at, size);
    if (type === 0) return;
    at += size;
  }
}

/** -1: it cannot be, -2: there is none. */
function optionLength(ndo: Ndo, at: number, end: number): number {
  if (at + 1 >= end) return -2;
  const size = ndo.u8(at + 1);
  return size < 2 || at + size > end ? -1 : size;
}

function ipOption(ndo: Ndo, type: number, at: number, size: number): void {
  switch (type) {
    case 7:
    case 131:
    case 137:
      routeOption(ndo, at, size);
      return;
    case 68:
      timestampOption(ndo, at, size);
      return;
    case 148: {
      if (size < 4) {
        ndo.print(`[bad length ${size}]`);
        return;
      }
      const value = ndo.u16(at + 2);
      if (value !== 0) ndo.print(` value ${value}`);
    }
  }
}

function routeOption(ndo: Ndo, at: number, size: number): void {
  if (size < 3) {
    ndo.print(` [bad length ${size}]`);
    return;
  }
  if (((size + 1) & 3) !== 0) ndo.print(` [bad length ${size}]`);
  const ptr = ndo.u8(at + 2) - 1;
  if (ptr < 3 || ((ptr + 1) & 3) !== 0) ndo.print(` [bad ptr ${ptr + 1}]`);
  let type = ' ';
  for (let n = 3; n < size; n += 4) {
    ndo.need(at + n + 4);
    ndo.print(`${type}${ndo.ip(at + n)}`);
    type = ptr > n ? ', ' : ' ';
    if (ptr > n && n + 4 >= size) ndo.print(',');
  }
}

const STAMP: Readonly<Record<number, string>> = { 0: 'TSONLY', 1: 'TS+ADDR', 3: 'PRESPEC' };

function timestampOption(ndo: Ndo, at: number, size: number): void {
  if (size < 4) {
    ndo.print(`[bad length ${size}]`);
    return;
  }
  ndo.print(' TS{');
  const flags = ndo.u8(at + 3);
  const kind = flags & 0xf;
  const hop = kind === 0 ? 4 : 8;
  if ((size - 4) % hop !== 0) ndo.print(`[bad length ${size}]`);
  const ptr = ndo.u8(at + 2) - 1;
  if (ptr < 4 || (ptr - 4) % hop !== 0 || ptr > size) ndo.print(`[bad ptr ${ptr + 1}]`);
  const name = STAMP[kind];
  if (name === undefined) {
    ndo.print(`[bad ts type ${kind}]`);
    stampEnd(ndo, flags);
    return;
  }
  ndo.print(name);
  let type = ' ';
  for (let n = 4; n < size; n += hop) {
    if (ptr === n) type = ' ^ ';
    ndo.need(at + n + hop);
    ndo.print(`${type}${ndo.u32(at + n + hop - 4)}@${hop === 4 ? '' : ndo.ip(at + n)}`);
    type = ' ';
  }
  if (ptr === size) ndo.print(' ^ ');
  stampEnd(ndo, flags);
}

function stampEnd(ndo: Ndo, flags: number): void {
  const lost = flags >>> 4;
  ndo.print(lost === 0 ? '}' : ` [${lost} hops not recorded]} `);
}
