/**
 * Options of SOL_IP about groups: their structures, in both kinds (`net/ipv4/ip_sockglue.c`; RFC 3678).
 *
 *   ip_mreq        group, interface (addresses)                    ip_mreqn     … and index
 *   ip_mreq_source group, interface, source                        ip_msfilter  group, interface, mode, count, sources
 *   group_req      index, (4), sockaddr_storage group              group_source_req  … and sockaddr_storage source
 *   group_filter   index, (4), sockaddr_storage group, mode, count, sockaddr_storage sources
 */
import { ipv4Net } from '@skbuff/ipv4';
import { putOption, sockNet } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be32, ipv4IsMulticast, le16, le32, leS32, setBe32, setLe32 } from '@skbuff/wire';
import type { InetSk } from './inet-sk.ts';
import { ipMcMsfilter, ipMcSource } from './mcast-filter.ts';
import { type Mreqn, ipMcFindDev, ipMcJoinGroup, ipMcLeaveGroup, membership } from './multicast.ts';

const STORAGE = 128;
const GROUP_REQ = 8 + STORAGE;
const GROUP_SOURCE_REQ = 8 + 2 * STORAGE;
const GROUP_FILTER = 8 + STORAGE + 8;
const MREQ = 8;
const MREQ_SOURCE = 12;
const MSFILTER = 16;

/** What an option does with one source. */
interface SourceOp {
  readonly add: boolean;
  readonly mode: number;
}

const SOURCE_OPS: Readonly<Record<number, SourceOp>> = {
  [U.IP_BLOCK_SOURCE]: { add: true, mode: U.MCAST_EXCLUDE },
  [U.IP_UNBLOCK_SOURCE]: { add: false, mode: U.MCAST_EXCLUDE },
  [U.IP_ADD_SOURCE_MEMBERSHIP]: { add: true, mode: U.MCAST_INCLUDE },
  [U.IP_DROP_SOURCE_MEMBERSHIP]: { add: false, mode: U.MCAST_INCLUDE },
  [U.MCAST_BLOCK_SOURCE]: { add: true, mode: U.MCAST_EXCLUDE },
  [U.MCAST_UNBLOCK_SOURCE]: { add: false, mode: U.MCAST_EXCLUDE },
  [U.MCAST_JOIN_SOURCE_GROUP]: { add: true, mode: U.MCAST_INCLUDE },
  [U.MCAST_LEAVE_SOURCE_GROUP]: { add: false, mode: U.MCAST_INCLUDE },
};

/** Sets an option about groups: 0 or a negative errno; null: it is none. */
export function ipMcSetsockopt(sk: InetSk, name: number, value: Uint8Array): number | null {
  switch (name) {
    case U.IP_ADD_MEMBERSHIP:
    case U.IP_DROP_MEMBERSHIP:
      return setMembership(sk, name === U.IP_ADD_MEMBERSHIP, value);
    case U.IP_BLOCK_SOURCE:
    case U.IP_UNBLOCK_SOURCE:
    case U.IP_ADD_SOURCE_MEMBERSHIP:
    case U.IP_DROP_SOURCE_MEMBERSHIP:
      if (value.length !== MREQ_SOURCE) return -U.EINVAL;
      return setSource(sk, SOURCE_OPS[name] as SourceOp, { group: be32(value, 0), addr: be32(value, 4), ifindex: 0 }, be32(value, 8));
    case U.MCAST_JOIN_GROUP:
    case U.MCAST_LEAVE_GROUP:
      return setGroup(sk, name === U.MCAST_JOIN_GROUP, value);
    case U.MCAST_BLOCK_SOURCE:
    case U.MCAST_UNBLOCK_SOURCE:
    case U.MCAST_JOIN_SOURCE_GROUP:
    case U.MCAST_LEAVE_SOURCE_GROUP:
      return setGroupSource(sk, SOURCE_OPS[name] as SourceOp, value);
    case U.IP_MSFILTER:
      return setMsfilter(sk, value);
    case U.MCAST_MSFILTER:
      return setGroupFilter(sk, value);
    default:
      return null;
  }
}

/** A connection has no groups. */
function setMembership(sk: InetSk, join: boolean, value: Uint8Array): number {
  if (sk.isIcsk) return -U.EPROTO;
  if (value.length < MREQ) return -U.EINVAL;
  const req = { group: be32(value, 0), addr: be32(value, 4), ifindex: value.length >= 12 ? leS32(value, 8) : 0 };
  return join ? ipMcJoinGroup(sk, req, U.MCAST_EXCLUDE) : ipMcLeaveGroup(sk, req);
}

/** Wanting a source is joining, if that was not done yet. */
function setSource(sk: InetSk, { add, mode }: SourceOp, req: Mreqn, source: number): number {
  if (add && mode === U.MCAST_INCLUDE) {
    const err = ipMcJoinGroup(sk, req, U.MCAST_INCLUDE);
    if (err !== 0 && err !== -U.EADDRINUSE) return err;
  }
  return ipMcSource(sk, add, mode, req, source);
}

function setGroup(sk: InetSk, join: boolean, value: Uint8Array): number {
  if (sk.isIcsk) return -U.EPROTO;
  if (value.length < GROUP_REQ || le16(value, 8) !== U.AF_INET) return -U.EINVAL;
  const req = { group: be32(value, 12), addr: 0, ifindex: leS32(value, 0) };
  return join ? ipMcJoinGroup(sk, req, U.MCAST_EXCLUDE) : ipMcLeaveGroup(sk, req);
}

function setGroupSource(sk: InetSk, op: SourceOp, value: Uint8Array): number {
  if (value.length !== GROUP_SOURCE_REQ) return -U.EINVAL;
  if (le16(value, 8) !== U.AF_INET || le16(value, 8 + STORAGE) !== U.AF_INET) return -U.EADDRNOTAVAIL;
  return setSource(sk, op, { group: be32(value, 12), addr: 0, ifindex: leS32(value, 0) }, be32(value, 12 + STORAGE));
}

/** Whether a list of sources of `size` bytes each behind `head` bytes is too long, or longer than what was given: 0 or a negative errno. */
function checkCount(sk: InetSk, value: Uint8Array, count: number, head: number, size: number): number {
  if (count > ipv4Net.of(sk.net).igmpMaxMsf) return -U.ENOBUFS;
  return head + count * size > value.length ? -U.EINVAL : 0;
}

function setMsfilter(sk: InetSk, value: Uint8Array): number {
  if (value.length < MSFILTER) return -U.EINVAL;
  if (value.length > sockNet.of(sk.net).optmemMax) return -U.ENOBUFS;
  const count = le32(value, 12);
  const err = checkCount(sk, value, count, MSFILTER, 4);
  if (err !== 0) return err;
  const sources = Array.from({ length: count }, (_, i) => be32(value, MSFILTER + i * 4));
  return ipMcMsfilter(sk, { group: be32(value, 0), addr: be32(value, 4), ifindex: 0 }, leS32(value, 8), sources);
}

function setGroupFilter(sk: InetSk, value: Uint8Array): number {
  if (value.length < GROUP_FILTER) return -U.EINVAL;
  if (value.length > sockNet.of(sk.net).optmemMax) return -U.ENOBUFS;
  const count = le32(value, GROUP_FILTER - 4);
  const err = checkCount(sk, value, count, GROUP_FILTER, STORAGE);
  if (err !== 0) return err;
  if (le16(value, 8) !== U.AF_INET) return -U.EADDRNOTAVAIL;
  const sources: number[] = [];
  for (let at = GROUP_FILTER; sources.length < count; at += STORAGE) {
    if (le16(value, at) !== U.AF_INET) return -U.EADDRNOTAVAIL;
    sources.push(be32(value, at + 4));
  }
  return ipMcMsfilter(sk, { group: be32(value, 12), addr: 0, ifindex: leS32(value, 0) }, leS32(value, GROUP_FILTER - 8), sources);
}

/** Reads IP_MSFILTER or MCAST_MSFILTER. `out` says which group and how many sources there is room for; bytes written or a negative errno. */
export function ipMcGetsockopt(sk: InetSk, name: number, out: Uint8Array): number {
  return name === U.IP_MSFILTER ? getMsfilter(sk, out) : getGroupFilter(sk, out);
}

/** `ip_mc_msfget`. */
function getMsfilter(sk: InetSk, out: Uint8Array): number {
  if (out.length < MSFILTER) return -U.EINVAL;
  const req = { group: be32(out, 0), addr: be32(out, 4), ifindex: 0 };
  if (!ipv4IsMulticast(req.group)) return -U.EINVAL;
  const inDev = ipMcFindDev(sk, req);
  if (inDev === null) return -U.ENODEV;
  const mc = membership(sk, req.group, inDev.dev.ifindex);
  if (mc === null) return -U.EADDRNOTAVAIL;
  const sources = mc.sources ?? [];
  const room = le32(out, 12);
  const copied = Math.min(room, sources.length);
  const filter = new Uint8Array(MSFILTER + copied * 4);
  filter.set(out.subarray(0, 8));
  setLe32(filter, 8, mc.sfmode);
  setLe32(filter, 12, sources.length);
  for (let i = 0; i < copied; i++) setBe32(filter, MSFILTER + i * 4, sources[i] as number);
  return putOption(out, filter);
}

/** `ip_mc_gsfget`. */
function getGroupFilter(sk: InetSk, out: Uint8Array): number {
  if (out.length < GROUP_FILTER) return -U.EINVAL;
  const group = be32(out, 12);
  if (le16(out, 8) !== U.AF_INET || !ipv4IsMulticast(group)) return -U.EINVAL;
  const mc = membership(sk, group, leS32(out, 0));
  if (mc === null) return -U.EADDRNOTAVAIL;
  const sources = mc.sources ?? [];
  const copied = Math.min(le32(out, GROUP_FILTER - 4), sources.length);
  const filter = new Uint8Array(GROUP_FILTER + copied * STORAGE);
  filter.set(out.subarray(0, GROUP_FILTER));
  setLe32(filter, GROUP_FILTER - 8, mc.sfmode);
  setLe32(filter, GROUP_FILTER - 4, sources.length);
  for (let i = 0; i < copied; i++) {
    filter[GROUP_FILTER + i * STORAGE] = U.AF_INET;
    setBe32(filter, GROUP_FILTER + i * STORAGE + 4, sources[i] as number);
  }
  return putOption(out, filter);
}
