/** What can be said of IPsec without its keys: AH (RFC 4302), ESP (RFC 4303), IPComp (RFC 3173). */
import { type Ndo, hex } from './ndo.ts';

/** Its bytes. */
export function ahPrint(ndo: Ndo, at: number): number {
  ndo.protocol = 'ah';
  ndo.check(at + 1);
  ndo.print('AH');
  const words = ndo.u8(at + 1);
  const size = (words + 2) * 4;
  ndo.print('(');
  if (ndo.options.vflag > 0) ndo.print(`length=${words}(${size}-bytes),`);
  const reserved = ndo.u16(at + 2);
  if (reserved !== 0) ndo.print(`reserved=0x${hex(reserved)}[MustBeZero],`);
  ndo.print(`spi=0x${hex(ndo.u32(at + 4), 8)},`);
  ndo.print(`seq=0x${hex(ndo.u32(at + 8))},`);
  ndo.print('icv=0x');
  for (let i = 12; i < size; i++) ndo.print(hex(ndo.u8(at + i), 2));
  ndo.print('): ');
  return size;
}

export function espPrint(ndo: Ndo, at: number, length: number): void {
  ndo.protocol = 'esp';
  // The byte behind them too.
  ndo.check(at + 9);
  ndo.print(`ESP(spi=0x${hex(ndo.u32(at), 8)},seq=0x${hex(ndo.u32(at + 4))}), length ${length}`);
}

export function ipcompPrint(ndo: Ndo, at: number): void {
  ndo.protocol = 'ipcomp';
  ndo.print(`IPComp(cpi=0x${hex(ndo.u16(at + 2), 4)})`);
}
