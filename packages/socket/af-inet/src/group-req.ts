/**
 * RFC 3678's structures about groups, in which addresses are of any family:
 *
 *   group_req     index, (4), sockaddr_storage group      group_source_req  … and sockaddr_storage source
 *   group_filter  index, (4), sockaddr_storage group, mode, count, sockaddr_storage sources
 */
import { putOption } from '@skbuff/sock';
import {
  EADDRNOTAVAIL,
  EINVAL,
  ENOBUFS,
  MCAST_BLOCK_SOURCE,
  MCAST_EXCLUDE,
  MCAST_INCLUDE,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
  MCAST_UNBLOCK_SOURCE,
} from '@skbuff/uapi';
import { le32, leS32, setLe32 } from '@skbuff/wire';

const STORAGE = 128;
const GROUP = 8;
const SOURCE = GROUP + STORAGE;
const GROUP_REQ = GROUP + STORAGE;
const GROUP_SOURCE_REQ = SOURCE + STORAGE;
const FILTER_MODE = GROUP + STORAGE;
const FILTER_COUNT = FILTER_MODE + 4;
const GROUP_FILTER = FILTER_COUNT + 4;

/** The addresses of a family in a `struct sockaddr_storage`. */
export interface GroupFamily<A> {
  /** The one at `at`; null if it is of another family. */
  readonly get: (bytes: Uint8Array, at: number) => A | null;
  /** Writes one at `at`, where all is zero. */
  readonly put: (bytes: Uint8Array, at: number, addr: A) => void;
  /** Errno (positive) of a group that is of another family. */
  readonly foreign: number;
  /** A `struct group_source_req` must not be longer than it is. */
  readonly exact: boolean;
}

export interface GroupReq<A> {
  readonly ifindex: number;
  readonly group: A;
}

export interface GroupSourceReq<A> extends GroupReq<A> {
  readonly source: A;
}

export interface GroupFilter<A> extends GroupReq<A> {
  /** MCAST_INCLUDE, MCAST_EXCLUDE */
  readonly mode: number;
  readonly sources: readonly A[];
}

/** What an option does with one source. */
export interface SourceOp {
  readonly add: boolean;
  readonly mode: number;
}

/** MCAST_*_SOURCE and MCAST_*_SOURCE_GROUP. */
export const MCAST_SOURCE_OPS: Readonly<Record<number, SourceOp>> = {
  [MCAST_BLOCK_SOURCE]: { add: true, mode: MCAST_EXCLUDE },
  [MCAST_UNBLOCK_SOURCE]: { add: false, mode: MCAST_EXCLUDE },
  [MCAST_JOIN_SOURCE_GROUP]: { add: true, mode: MCAST_INCLUDE },
  [MCAST_LEAVE_SOURCE_GROUP]: { add: false, mode: MCAST_INCLUDE },
};

/** MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP; -EINVAL: too short; of another family: as that has it. */
export function groupReq<A>(family: GroupFamily<A>, value: Uint8Array): GroupReq<A> | number {
  if (value.length < GROUP_REQ) return -EINVAL;
  const group = family.get(value, GROUP);
  return group === null ? -family.foreign : { ifindex: leS32(value, 0), group };
}

/** An option of {@link MCAST_SOURCE_OPS}; -EINVAL: of another length; -EADDRNOTAVAIL: of another family. */
export function groupSourceReq<A>(family: GroupFamily<A>, value: Uint8Array): GroupSourceReq<A> | number {
  if (value.length < GROUP_SOURCE_REQ || (family.exact && value.length !== GROUP_SOURCE_REQ)) return -EINVAL;
  const group = family.get(value, GROUP);
  const source = family.get(value, SOURCE);
  return group === null || source === null ? -EADDRNOTAVAIL : { ifindex: leS32(value, 0), group, source };
}

/**
 * MCAST_MSFILTER, to be set. -EINVAL: shorter than it says; -ENOBUFS: longer than `optmemMax` bytes, or more than `maxSources`;
 * -EADDRNOTAVAIL: of another family.
 */
export function groupFilter<A>(family: GroupFamily<A>, value: Uint8Array, optmemMax: number, maxSources: number): GroupFilter<A> | number {
  if (value.length < GROUP_FILTER) return -EINVAL;
  if (value.length > optmemMax) return -ENOBUFS;
  const count = le32(value, FILTER_COUNT);
  if (count > maxSources) return -ENOBUFS;
  if (GROUP_FILTER + count * STORAGE > value.length) return -EINVAL;
  const group = family.get(value, GROUP);
  if (group === null) return -EADDRNOTAVAIL;
  const sources: A[] = [];
  for (let at = GROUP_FILTER; sources.length < count; at += STORAGE) {
    const source = family.get(value, at);
    if (source === null) return -EADDRNOTAVAIL;
    sources.push(source);
  }
  return { ifindex: leS32(value, 0), group, mode: leS32(value, FILTER_MODE), sources };
}

/** MCAST_MSFILTER, to be read: which group is asked about; -EINVAL: too short; of another family: as that has it. */
export function groupFilterAsked<A>(family: GroupFamily<A>, out: Uint8Array): GroupReq<A> | number {
  return out.length < GROUP_FILTER ? -EINVAL : groupReq(family, out);
}

/** The answer: as many sources as there was said to be room for, and how many there are. Bytes written. */
export function putGroupFilter<A>(family: GroupFamily<A>, out: Uint8Array, mode: number, sources: readonly A[]): number {
  const copied = Math.min(le32(out, FILTER_COUNT), sources.length);
  const filter = new Uint8Array(GROUP_FILTER + copied * STORAGE);
  filter.set(out.subarray(0, GROUP_FILTER));
  setLe32(filter, FILTER_MODE, mode);
  setLe32(filter, FILTER_COUNT, sources.length);
  for (let i = 0; i < copied; i++) family.put(filter, GROUP_FILTER + i * STORAGE, sources[i] as A);
  return putOption(out, filter);
}
