/** IPv6 (RFC 8200): header, and the chain of extension headers. */
import { IP_PROTOCOLS, demux } from './demux.ts';
import { type Ndo, Short, hex, withinPacket } from './ndo.ts';
import { type Options, optionsHeader } from './print-ip6-options.ts';
import { mobilityPrint } from './print-mobility.ts';
import { routingHeader } from './print-rt6.ts';

const HEADER = 40;
const HOPOPTS = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DSTOPTS = 60;
const MOBILITY = 135;
/** The number that it had in drafts. */
const MOBILITY_OLD = 62;

export function ip6Print(ndo: Ndo, at: number, length: number): void {
  const saved = ndo.snapend;
  withinPacket(ndo, Short, () => packetPrint(ndo, at, length));
  ndo.snapend = saved;
}

function packetPrint(ndo: Ndo, at: number, length: number): void {
  ndo.protocol = 'ip6';
  if (length < HEADER) {
    ndo.trunc();
    return;
  }
  ndo.check(at + HEADER);
  if (!ndo.options.eflag) ndo.print('IP6 ');
  const version = ndo.u8(at) >>> 4;
  if (version !== 6) {
    ndo.print(`version error: ${version} != 6`);
    return;
  }
  const payload = ndo.u16(at + 4);
  const next = ndo.u8(at + 6);
  // Without a length there may be a jumbogram, which ends where its option says.
  if (payload !== 0) {
    missing(ndo, length, payload + HEADER);
    ndo.snapend = Math.min(ndo.snapend, at + HEADER + payload);
  }
  ndo.ttl = ndo.u8(at + 7);
  if (ndo.options.vflag > 0) verbose(ndo, at, next, payload);
  if (!ADDRESSED.has(next)) ndo.print(`${ndo.ip6(at + 8)} > ${ndo.ip6(at + 24)}: `);
  extensions(ndo, { ip: at, length, payload, at: at + HEADER, next, total: HEADER + payload, hopopts: false, fragmented: false });
}

function missing(ndo: Ndo, length: number, total: number): void {
  if (length < total) ndo.print(`truncated-ip6 - ${total - length} bytes missing!`);
}

function verbose(ndo: Ndo, at: number, next: number, payload: number): void {
  const flow = ndo.u32(at);
  const cls = (flow >>> 20) & 255;
  const label = flow & 0xfffff;
  ndo.print(`(${cls === 0 ? '' : `class 0x${hex(cls, 2)}, `}${label === 0 ? '' : `flowlabel 0x${hex(label, 5)}, `}hlim ${ndo.ttl}, next-header ${IP_PROTOCOLS[next] ?? 'unknown'} (${next}) payload length: ${payload}) `);
}

/** Those print the addresses themselves, with their ports. */
const ADDRESSED: ReadonlySet<number> = new Set([6, 17]);

interface Chain {
  readonly ip: number;
  /** Of the packet on the wire, and what its header says of its payload. */
  readonly length: number;
  readonly payload: number;
  at: number;
  next: number;
  /** With its header. */
  total: number;
  hopopts: boolean;
  fragmented: boolean;
}

function extensions(ndo: Ndo, c: Chain): void {
  for (;;) {
    const { at } = c;
    const size = extension(ndo, c);
    if (size < 0) return;
    if (size === 0) {
      upperLayer(ndo, c);
      return;
    }
    c.next = ndo.u8(at);
    c.at += size;
    ndo.protocol = 'ip6';
  }
}

function upperLayer(ndo: Ndo, { ip, length, payload, at, next, total, fragmented }: Chain): void {
  // Of a jumbogram it is only here that its length is looked at.
  if (payload === 0) missing(ndo, length, total);
  const end = ip + total;
  if (at > end) {
    ndo.trunc();
    return;
  }
  ndo.snapend = Math.min(ndo.snapend, end);
  demux(ndo, { at, length: end - at, proto: next, ip, v6: true, fragmented });
}

/** The bytes of the extension header that comes next, 0 if there is none, negative at the end. */
function extension(ndo: Ndo, c: Chain): number {
  switch (c.next) {
    case HOPOPTS:
      return hopByHop(ndo, c);
    case DSTOPTS:
      return optionsHeader(ndo, c.at, 'DSTOPT', c.payload).size;
    case ROUTING:
      return routingHeader(ndo, c.at);
    case FRAGMENT:
      return fragmentHeader(ndo, c);
    case MOBILITY:
    case MOBILITY_OLD:
      mobilityPrint(ndo, c.at);
      return -1;
    default:
      return 0;
  }
}

function hopByHop(ndo: Ndo, c: Chain): number {
  if (c.hopopts || c.at !== c.ip + HEADER) {
    ndo.print(c.hopopts ? '[The Hop-by-Hop Options header was already found]' : "[The Hop-by-Hop Options header don't follow the IPv6 header]");
    ndo.invalid();
    return -1;
  }
  c.hopopts = true;
  const options = optionsHeader(ndo, c.at, 'HBH', c.payload);
  return c.payload === 0 ? jumbogram(ndo, c, options) : options.size;
}

function jumbogram(ndo: Ndo, c: Chain, { size, jumbo }: Options): number {
  if (jumbo === 0) {
    ndo.print('[No valid Jumbo Payload Hop-by-Hop option found]');
    ndo.invalid();
    return -1;
  }
  // In 32 bits.
  c.total = (jumbo + HEADER) >>> 0;
  return size;
}

/** Negative behind the first fragment: what stands there is no header. */
function fragmentHeader(ndo: Ndo, c: Chain): number {
  const { at } = c;
  ndo.protocol = 'frag6';
  ndo.need(at + (ndo.options.vflag > 0 ? 8 : 4));
  const field = ndo.u16(at + 2);
  const offset = field & 0xfff8;
  // As an unsigned number of 64 bits.
  const rest = BigInt.asUintN(64, BigInt(c.payload - (at - c.ip - HEADER) - 8));
  ndo.print(`frag (${ndo.options.vflag > 0 ? `0x${hex(ndo.u32(at + 4), 8)}:` : ''}${offset}|${rest})`);
  if (offset !== 0) return -1;
  ndo.print(' ');
  c.fragmented = true;
  return at + 8 >= ndo.snapend ? -1 : 8;
}
