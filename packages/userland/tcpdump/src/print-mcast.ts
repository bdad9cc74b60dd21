/** What IGMPv3 (RFC 3376) and MLDv2 (RFC 3810) have in common, but for the size of an address: group records and lists of sources. */
import { type Ndo, tok } from './ndo.ts';

export interface Membership {
  readonly report: string;
  /** Bytes of an address. */
  readonly size: number;
  address(ndo: Ndo, at: number): string;
}

export const IGMP3: Membership = { report: 'v3-report', size: 4, address: (ndo, at) => ndo.ip(at) };
export const MLD2: Membership = { report: 'v2-report', size: 16, address: (ndo, at) => ndo.ip6(at) };

const MODES: Readonly<Record<number, string>> = { 1: 'is_in', 2: 'is_ex', 3: 'to_in', 4: 'to_ex', 5: 'allow', 6: 'block' };

/** The report at `at`, behind its name. */
export function groupRecords(ndo: Ndo, kind: Membership, at: number, length: number): void {
  const count = ndo.u16(at + 6);
  ndo.print(`, ${count} group record(s)`);
  if (ndo.options.vflag === 0) return;
  const head = 4 + kind.size;
  let group = 8;
  for (let i = 0; i < count; i++) {
    if (length < group + head) {
      ndo.print(' [invalid number of groups]');
      return;
    }
    ndo.print(` [gaddr ${kind.address(ndo, at + group + 4)}`);
    const mode = ndo.u8(at + group);
    ndo.print(` ${tok(MODES, mode, ` [${kind.report}-#${mode}]`)}`);
    const sources = ndo.u16(at + group + 2);
    if (length < group + head + kind.size * sources) {
      ndo.print(` [invalid number of sources ${sources}]`);
      return;
    }
    sourceList(ndo, kind, at + group + head, sources);
    group += head + kind.size * sources;
    ndo.print(']');
  }
}

/** The sources with -vv, otherwise how many there are. */
export function sourceList(ndo: Ndo, kind: Membership, at: number, count: number): void {
  if (ndo.options.vflag < 2) {
    ndo.print(`, ${count} source(s)`);
    return;
  }
  ndo.print(' {');
  for (let i = 0; i < count; i++) ndo.print(` ${kind.address(ndo, at + kind.size * i)}`);
  ndo.print(' }');
}
