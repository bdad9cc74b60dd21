/** Routing headers: source route (RFC 2460, deprecated by RFC 5095), mobile (RFC 6275), segments (RFC 8754). */
import { type Ndo, hex } from './ndo.ts';

const SOURCE_ROUTE = 0;
const MOBILE = 2;
const SEGMENTS = 4;

/** Its bytes; negative if nothing can be said of what stands behind it. */
export function routingHeader(ndo: Ndo, at: number): number {
  ndo.check(at + 1);
  ndo.protocol = 'rt6';
  ndo.print('RT6');
  const words = ndo.u8(at + 1);
  ndo.print(` (len=${words}`);
  const type = ndo.u8(at + 2);
  ndo.print(`, type=${type}${type === SOURCE_ROUTE ? ' [Deprecated]' : ''}`);
  ndo.print(`, segleft=${ndo.u8(at + 3)}`);
  switch (type) {
    case SOURCE_ROUTE:
    case MOBILE: {
      const reserved = ndo.u32(at + 4);
      if (reserved !== 0 || ndo.options.vflag > 0) ndo.print(`, rsv=0x${hex(reserved)}`);
      return addresses(ndo, at, words);
    }
    case SEGMENTS: {
      ndo.print(`, last-entry=${ndo.u8(at + 4)}`);
      const flags = ndo.u8(at + 5);
      if (flags !== 0 || ndo.options.vflag > 0) ndo.print(`, flags=0x${hex(flags)}`);
      ndo.print(`, tag=${hex(ndo.u16(at + 6))}`);
      return addresses(ndo, at, words);
    }
    default:
      ndo.print(' (unknown type)');
      ndo.invalid();
      return -1;
  }
}

function addresses(ndo: Ndo, at: number, words: number): number {
  if (words % 2 === 1) {
    ndo.print(` (invalid length ${words})`);
    ndo.invalid();
    return -1;
  }
  for (let i = 0; i < words / 2; i++) ndo.print(`, [${i}]${ndo.ip6(at + 8 + 16 * i)}`);
  ndo.print(') ');
  return (words + 1) * 8;
}
