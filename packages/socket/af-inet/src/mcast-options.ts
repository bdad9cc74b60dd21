/**
 * Options of SOL_IP about groups (`net/ipv4/ip_sockglue.c`): with RFC 3678's structures (see `group-req.ts`), and with IPv4's own:
 *
 *   ip_mreq        group, interface (addresses)                    ip_mreqn     … and index
 *   ip_mreq_source group, interface, source                        ip_msfilter  group, interface, mode, count, sources
 */
import { ipv4Net } from '@skbuff/ipv4';
import { putOption, sockNet } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be32, ipv4IsMulticast, le16, le32, leS32, setBe32, setLe32 } from '@skbuff/wire';
import { type GroupFamily, type GroupReq, MCAST_SOURCE_OPS, type SourceOp, groupFilter, groupFilterAsked, groupReq, groupSourceReq, putGroupFilter } from './group-req.ts';
import type { InetSk } from './inet-sk.ts';
import { ipMcMsfilter, ipMcSource } from './mcast-filter.ts';
import { type Mreqn, ipMcFindDev, ipMcJoinGroup, ipMcLeaveGroup, ipMcSocklist } from './multicast.ts';

const MREQ = 8;
const MREQ_SOURCE = 12;
const MSFILTER = 16;

/** The address of a `struct sockaddr_in`. */
const SOCKADDR_IN: GroupFamily<number> = {
  get: (bytes, at) => (le16(bytes, at) === U.AF_INET ? be32(bytes, at + 4) : null),
  put(bytes, at, addr) {
    bytes[at] = U.AF_INET;
    setBe32(bytes, at + 4, addr);
  },
  foreign: U.EINVAL,
  exact: true,
};

const IP_SOURCE_OPS: Readonly<Record<number, SourceOp>> = {
  [U.IP_BLOCK_SOURCE]: { add: true, mode: U.MCAST_EXCLUDE },
  [U.IP_UNBLOCK_SOURCE]: { add: false, mode: U.MCAST_EXCLUDE },
  [U.IP_ADD_SOURCE_MEMBERSHIP]: { add: true, mode: U.MCAST_INCLUDE },
  [U.IP_DROP_SOURCE_MEMBERSHIP]: { add: false, mode: U.MCAST_INCLUDE },
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
      return setSource(sk, IP_SOURCE_OPS[name] as SourceOp, { group: be32(value, 0), addr: be32(value, 4), ifindex: 0 }, be32(value, 8));
    case U.MCAST_JOIN_GROUP:
    case U.MCAST_LEAVE_GROUP:
      return setGroup(sk, name === U.MCAST_JOIN_GROUP, value);
    case U.MCAST_BLOCK_SOURCE:
    case U.MCAST_UNBLOCK_SOURCE:
    case U.MCAST_JOIN_SOURCE_GROUP:
    case U.MCAST_LEAVE_SOURCE_GROUP:
      return setGroupSource(sk, MCAST_SOURCE_OPS[name] as SourceOp, value);
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
  const req = groupReq(SOCKADDR_IN, value);
  if (typeof req === 'number') return req;
  return join ? ipMcJoinGroup(sk, mreqnOf(req), U.MCAST_EXCLUDE) : ipMcLeaveGroup(sk, mreqnOf(req));
}

function mreqnOf({ group, ifindex }: GroupReq<number>): Mreqn {
  return { group, addr: 0, ifindex };
}

function setGroupSource(sk: InetSk, op: SourceOp, value: Uint8Array): number {
  const req = groupSourceReq(SOCKADDR_IN, value);
  return typeof req === 'number' ? req : setSource(sk, op, mreqnOf(req), req.source);
}

function setMsfilter(sk: InetSk, value: Uint8Array): number {
  if (value.length < MSFILTER) return -U.EINVAL;
  if (value.length > sockNet.of(sk.net).optmemMax) return -U.ENOBUFS;
  const count = le32(value, 12);
  if (count > ipv4Net.of(sk.net).igmpMaxMsf) return -U.ENOBUFS;
  if (MSFILTER + count * 4 > value.length) return -U.EINVAL;
  const sources = Array.from({ length: count }, (_, i) => be32(value, MSFILTER + i * 4));
  return ipMcMsfilter(sk, { group: be32(value, 0), addr: be32(value, 4), ifindex: 0 }, leS32(value, 8), sources);
}

function setGroupFilter(sk: InetSk, value: Uint8Array): number {
  const filter = groupFilter(SOCKADDR_IN, value, sockNet.of(sk.net).optmemMax, ipv4Net.of(sk.net).igmpMaxMsf);
  return typeof filter === 'number' ? filter : ipMcMsfilter(sk, mreqnOf(filter), filter.mode, filter.sources);
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
  const mc = ipMcSocklist(sk, req.group, inDev.dev.ifindex);
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
  const req = groupFilterAsked(SOCKADDR_IN, out);
  if (typeof req === 'number') return req;
  if (!ipv4IsMulticast(req.group)) return -U.EINVAL;
  const mc = ipMcSocklist(sk, req.group, req.ifindex);
  return mc === null ? -U.EADDRNOTAVAIL : putGroupFilter(SOCKADDR_IN, out, mc.sfmode, mc.sources ?? []);
}
