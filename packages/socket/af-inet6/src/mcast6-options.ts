/** Options of SOL_IPV6 about groups: `struct ipv6_mreq` (16 address, 4 index), and RFC 3678's structures. */
import {
  type GroupFamily,
  type InetSk,
  MCAST_SOURCE_OPS,
  type SourceOp,
  groupFilter,
  groupFilterAsked,
  groupReq,
  groupSourceReq,
  putGroupFilter,
} from '@skbuff/af-inet';
import { ipv6Net, ipv6SockAcDrop, ipv6SockAcJoin } from '@skbuff/ipv6';
import { sockNet } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { In6Addr, le16, leS32 } from '@skbuff/wire';
import { ip6McMsfilter, ip6McSource, ipv6SockMcDrop, ipv6SockMcJoin, memberOn } from './mcast6.ts';
import { inet6Np } from './ipv6-pinfo.ts';

const MREQ6 = 20;

/** The address of a `struct sockaddr_in6`. */
const SOCKADDR_IN6: GroupFamily<In6Addr> = {
  get: (bytes, at) => (le16(bytes, at) === U.AF_INET6 ? new In6Addr().load(bytes, at + 8) : null),
  put(bytes, at, addr) {
    bytes[at] = U.AF_INET6;
    addr.store(bytes, at + 8);
  },
  foreign: U.EADDRNOTAVAIL,
  exact: false,
};

/** Where Linux does not look at the family. */
const ANY_FAMILY: GroupFamily<In6Addr> = { ...SOCKADDR_IN6, get: (bytes, at) => new In6Addr().load(bytes, at + 8) };

/** Sets an option about groups and anycast addresses: 0 or a negative errno; null: it is none. */
export function ipv6McSetsockopt(sk: InetSk, name: number, value: Uint8Array): number | null {
  switch (name) {
    case U.IPV6_ADD_MEMBERSHIP:
    case U.IPV6_DROP_MEMBERSHIP:
      return membership(sk, name === U.IPV6_ADD_MEMBERSHIP, value);
    case U.IPV6_JOIN_ANYCAST:
    case U.IPV6_LEAVE_ANYCAST:
      return anycast(sk, name === U.IPV6_JOIN_ANYCAST, value);
    case U.MCAST_JOIN_GROUP:
    case U.MCAST_LEAVE_GROUP:
      return group(sk, name === U.MCAST_JOIN_GROUP, value);
    case U.MCAST_BLOCK_SOURCE:
    case U.MCAST_UNBLOCK_SOURCE:
    case U.MCAST_JOIN_SOURCE_GROUP:
    case U.MCAST_LEAVE_SOURCE_GROUP:
      return groupSource(sk, name, MCAST_SOURCE_OPS[name] as SourceOp, value);
    case U.MCAST_MSFILTER:
      return filter(sk, value);
    default:
      return null;
  }
}

/** A connection has no groups. */
function membership(sk: InetSk, join: boolean, value: Uint8Array): number {
  if (sk.isIcsk) return -U.EPROTO;
  if (value.length < MREQ6) return -U.EINVAL;
  const addr = new In6Addr().load(value, 0);
  return join ? ipv6SockMcJoin(sk, leS32(value, 16), addr, U.MCAST_EXCLUDE) : ipv6SockMcDrop(sk, leS32(value, 16), addr);
}

function anycast(sk: InetSk, join: boolean, value: Uint8Array): number {
  if (value.length < MREQ6) return -U.EINVAL;
  const { acList } = inet6Np(sk);
  const addr = new In6Addr().load(value, 0);
  if (!join) return ipv6SockAcDrop(sk.net, acList, leS32(value, 16), addr);
  if (!sockNet.of(sk.net).layer.nsCapable(sk.net, U.CAP_NET_ADMIN)) return -U.EPERM;
  return ipv6SockAcJoin(sk.net, acList, leS32(value, 16), addr);
}

function group(sk: InetSk, join: boolean, value: Uint8Array): number {
  if (sk.isIcsk) return -U.EPROTO;
  const req = groupReq(SOCKADDR_IN6, value);
  if (typeof req === 'number') return req;
  return join ? ipv6SockMcJoin(sk, req.ifindex, req.group, U.MCAST_EXCLUDE) : ipv6SockMcDrop(sk, req.ifindex, req.group);
}

function groupSource(sk: InetSk, name: number, { add, mode }: SourceOp, value: Uint8Array): number {
  const req = groupSourceReq(SOCKADDR_IN6, value);
  if (typeof req === 'number') return req;
  if (name === U.MCAST_JOIN_SOURCE_GROUP) {
    const err = ipv6SockMcJoin(sk, req.ifindex, req.group, U.MCAST_INCLUDE);
    // A member already, with other sources.
    if (err !== 0 && err !== -U.EADDRINUSE) return err;
  }
  return ip6McSource(sk, add, mode, req.ifindex, req.group, req.source);
}

function filter(sk: InetSk, value: Uint8Array): number {
  const req = groupFilter(ANY_FAMILY, value, sockNet.of(sk.net).optmemMax, ipv6Net.of(sk.net).ip.mld?.maxMsf() ?? 0);
  return typeof req === 'number' ? req : ip6McMsfilter(sk, req.ifindex, req.group, req.mode, req.sources);
}

/** `ip6_mc_msfget`, for MCAST_MSFILTER: `out` says which group and how many sources there is room for; bytes written or a negative errno. */
export function ipv6McGetsockopt(sk: InetSk, out: Uint8Array): number {
  const req = groupFilterAsked(SOCKADDR_IN6, out);
  if (typeof req === 'number') return req;
  if (!req.group.isMulticast()) return -U.EINVAL;
  const mc = memberOn(sk, req.ifindex, req.group);
  return mc === null ? -U.EADDRNOTAVAIL : putGroupFilter(SOCKADDR_IN6, out, mc.sfmode, mc.sources ?? []);
}
