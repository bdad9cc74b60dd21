/** Options of SOL_IPV6 (`net/ipv6/ipv6_sockglue.c`): setting. */
import { IP_CMSG_RXINFO6, type InetSk, ipSetsockopt } from '@skbuff/af-inet';
import { ipv6Net } from '@skbuff/ipv6';
import { sockNet } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be32, leS32 } from '@skbuff/wire';
import { ipv6FlowlabelOpt } from './ip6-flowlabel-mgr.ts';
import { ipv6SetOptHdr, ipv6SetPktoptions } from './ipv6-opt-hdr.ts';
import { PINFO_SWITCHES, SOCK_SWITCHES } from './ipv6-option-fields.ts';
import { type Inet6Pinfo, RXOPT_FRAGSIZE, RXOPT_INFO, inet6Np } from './ipv6-pinfo.ts';
import { rxoptOf } from './ipv6-rxopt.ts';
import { ipv6McSetsockopt } from './mcast6-options.ts';

/**
 * `ipv6_setsockopt`: 0 or a negative errno (-ENOPROTOOPT: no such level or option). `addrform` turns the socket into one of AF_INET, as its
 * protocol does it; absent: it cannot.
 */
export function ipv6Setsockopt(sk: InetSk, level: number, name: number, value: Uint8Array, addrform?: (sk: InetSk) => number): number {
  if (level === U.SOL_IP && sk.type !== U.SOCK_RAW) return ipSetsockopt(sk, level, name, value);
  if (level !== U.SOL_IPV6) return -U.ENOPROTOOPT;
  if (ip6MrouteOpt(level, name)) return noMrouteSock(sk);
  switch (name) {
    case U.IPV6_ADDRFORM:
      if (value.length < 4 || leS32(value, 0) !== U.PF_INET) return -U.EINVAL;
      return addrform?.(sk) ?? -U.ENOPROTOOPT;
    case U.IPV6_HOPOPTS:
    case U.IPV6_RTHDRDSTOPTS:
    case U.IPV6_RTHDR:
    case U.IPV6_DSTOPTS:
      return ipv6SetOptHdr(sk, name, value);
    case U.IPV6_2292PKTOPTIONS:
      return ipv6SetPktoptions(sk, value);
    case U.IPV6_PKTINFO:
      return setPktinfo(sk, value);
    case U.IPV6_FLOWLABEL_MGR:
      return ipv6FlowlabelOpt(sk, value);
    case U.IPV6_UNICAST_IF:
      return value.length === 4 ? setUnicastIf(sk, be32(value, 0)) : -U.EINVAL;
    default:
      return ipv6McSetsockopt(sk, name, value) ?? setInt(sk, name, value);
  }
}

/** `ip6_mroute_opt`: an option about multicast routing. */
export function ip6MrouteOpt(level: number, name: number): boolean {
  return level === U.SOL_IPV6 && name >= U.MRT6_INIT && name <= U.MRT6_FLUSH;
}

/** What they give on a socket that is not raw. */
export function noMrouteSock({ net }: InetSk): number {
  return ipv6Net.of(net).ip.mroute === null ? -U.ENOPROTOOPT : -U.EOPNOTSUPP;
}

/** Options that take as many bytes as they get. */
const ANY_LENGTH: readonly number[] = [U.IPV6_AUTOFLOWLABEL, U.IPV6_DONTFRAG, U.IPV6_RECVFRAGSIZE];
/** Options of streams only in part. */
const NOT_OF_STREAMS: readonly number[] = [U.IPV6_MULTICAST_HOPS, U.IPV6_MULTICAST_IF];

function setInt(sk: InetSk, name: number, value: Uint8Array): number {
  if (!ALL.has(name) || (sk.type === U.SOCK_STREAM && NOT_OF_STREAMS.includes(name))) return -U.ENOPROTOOPT;
  const val = value.length >= 4 ? leS32(value, 0) : 0;
  if (name === U.IPV6_TRANSPARENT && val !== 0 && !sockNet.of(sk.net).layer.maySetMark(sk.net)) return -U.EPERM;
  if (value.length < 4 && !ANY_LENGTH.includes(name)) return -U.EINVAL;
  const np = inet6Np(sk);
  const rxopt = rxoptOf(name);
  return rxopt !== 0 ? setRxopt(sk, np, rxopt, val !== 0) : (setNumber(sk, np, name, val) ?? setSwitch(sk, np, name, val !== 0));
}

function setRxopt(sk: InetSk, np: Inet6Pinfo, bit: number, on: boolean): number {
  np.rxopt = on ? np.rxopt | bit : np.rxopt & ~bit;
  if (bit === RXOPT_INFO) sk.cmsgFlags = on ? sk.cmsgFlags | IP_CMSG_RXINFO6 : sk.cmsgFlags & ~IP_CMSG_RXINFO6;
  return 0;
}

/** Smallest and largest value of options that are numbers. */
const RANGES: ReadonlyMap<number, readonly [min: number, max: number]> = new Map([
  [U.IPV6_UNICAST_HOPS, [-1, 255]],
  [U.IPV6_MULTICAST_HOPS, [-1, 255]],
  [U.IPV6_MULTICAST_LOOP, [0, 1]],
  [U.IPV6_MINHOPCOUNT, [0, 255]],
  [U.IPV6_RECVERR_RFC4884, [0, 1]],
  [U.IPV6_MTU_DISCOVER, [U.IPV6_PMTUDISC_DONT, U.IPV6_PMTUDISC_OMIT]],
  [U.IPV6_TCLASS, [-1, 255]],
]);

/** Null: it is no number. */
function setNumber(sk: InetSk, np: Inet6Pinfo, name: number, val: number): number | null {
  const range = RANGES.get(name);
  if (range !== undefined && (val < range[0] || val > range[1])) return -U.EINVAL;
  switch (name) {
    case U.IPV6_UNICAST_HOPS:
      np.hopLimit = val;
      return 0;
    case U.IPV6_MULTICAST_HOPS:
      np.mcastHops = val === -1 ? 1 : val;
      return 0;
    case U.IPV6_MTU:
      if (val !== 0 && (val >>> 0 < U.IPV6_MIN_MTU || val < 0)) return -U.EINVAL;
      np.fragSize = val;
      return 0;
    case U.IPV6_MINHOPCOUNT:
      np.minHopcount = val;
      return 0;
    case U.IPV6_MTU_DISCOVER:
      np.pmtudisc = val;
      return 0;
    case U.IPV6_TCLASS:
      return setTclass(sk, np, val === -1 ? 0 : val);
    case U.IPV6_ADDR_PREFERENCES:
      return setAddrPreferences(np, val);
    case U.IPV6_MULTICAST_IF:
      return setMulticastIf(sk, np, val);
    default:
      return null;
  }
}

function setSwitch(sk: InetSk, np: Inet6Pinfo, name: number, on: boolean): number {
  const [ofPinfo, ofSock] = [PINFO_SWITCHES.get(name), SOCK_SWITCHES.get(name)];
  if (name === U.IPV6_AUTOFLOWLABEL) np.autoflowlabel = Number(on);
  else if (name === U.IPV6_V6ONLY && sk.inetNum !== 0) return -U.EINVAL;
  else if (ofPinfo !== undefined) np[ofPinfo] = on;
  else if (ofSock !== undefined) sk[ofSock] = on;
  // IPV6_ROUTER_ALERT is for raw sockets that send everything themselves.
  else return -U.ENOPROTOOPT;
  if (name === U.IPV6_RECVERR && !on) sk.errorQueue.purge();
  return 0;
}

/** The options that {@link setInt} knows. */
const ALL: ReadonlySet<number> = new Set([
  ...RANGES.keys(),
  U.IPV6_MTU,
  U.IPV6_ADDR_PREFERENCES,
  U.IPV6_MULTICAST_IF,
  ...PINFO_SWITCHES.keys(),
  ...SOCK_SWITCHES.keys(),
  U.IPV6_AUTOFLOWLABEL,
  U.IPV6_ROUTER_ALERT,
  ...Array.from({ length: 128 }, (_, name) => name).filter((name) => rxoptOf(name) !== 0 && rxoptOf(name) <= RXOPT_FRAGSIZE),
]);

function setTclass(sk: InetSk, np: Inet6Pinfo, val: number): number {
  // A stream keeps its ECN bits.
  const tclass = sk.type === U.SOCK_STREAM ? (val & ~3) | (np.tclass & 3) : val;
  if (np.tclass !== tclass) sk.dstSet(null);
  np.tclass = tclass;
  return 0;
}

/** `ip6_sock_set_addr_preferences` (RFC 5014): of each pair at the most one; what is not named is as it is by default again. */
function setAddrPreferences(np: Inet6Pinfo, val: number): number {
  const tmpPublic = U.IPV6_PREFER_SRC_PUBLIC | U.IPV6_PREFER_SRC_TMP;
  const temporary = val & (tmpPublic | U.IPV6_PREFER_SRC_PUBTMP_DEFAULT);
  const home = val & (U.IPV6_PREFER_SRC_HOME | U.IPV6_PREFER_SRC_COA);
  const cga = val & (U.IPV6_PREFER_SRC_CGA | U.IPV6_PREFER_SRC_NONCGA);
  if ([temporary, home, cga].some((bits) => (bits & (bits - 1)) !== 0)) return -U.EINVAL;
  np.srcprefs = (temporary & tmpPublic) | (home & U.IPV6_PREFER_SRC_COA);
  return 0;
}

function setMulticastIf(sk: InetSk, np: Inet6Pinfo, ifindex: number): number {
  if (ifindex !== 0) {
    if (sk.net.devGetByIndex(ifindex) === null) return -U.ENODEV;
    if (sk.boundDevIf !== 0 && sk.boundDevIf !== ifindex) return -U.EINVAL;
  }
  np.mcastOif = ifindex;
  return 0;
}

function setUnicastIf(sk: InetSk, ifindex: number): number {
  if (ifindex !== 0) {
    if (sk.net.devGetByIndex(ifindex) === null) return -U.EADDRNOTAVAIL;
    if (sk.boundDevIf !== 0) return -U.EINVAL;
  }
  inet6Np(sk).ucastOif = ifindex;
  return 0;
}

function setPktinfo(sk: InetSk, value: Uint8Array): number {
  if (value.length < 20) return -U.EINVAL;
  const ifindex = leS32(value, 16);
  if (sk.boundDevIf !== 0 && sk.boundDevIf !== ifindex) return -U.EINVAL;
  const np = inet6Np(sk);
  np.stickyIfindex = ifindex;
  np.stickyAddr.load(value, 0);
  sk.dstSet(null);
  return 0;
}
