/** `rawv6_prot`: the protocol's table. */
import { inetProt } from '@skbuff/af-inet';
import {
  ip6MrouteOpt,
  LOOPBACK4_IPV6,
  SIN6_LEN_RFC2133,
  type SockaddrIn6,
  inet6CheckAddr,
  inet6Np,
  inet6RecvPacket,
  inet6SockOf,
  ip6DatagramConnectV6Only,
  ipv6Getsockopt,
  ipv6RecvRxpmtu,
  ipv6Setsockopt,
} from '@skbuff/af-inet6';
import { IPV6_ADDR_ANY, IPV6_ADDR_MAPPED, IPV6_ADDR_MULTICAST, ip6FlushPendingFrames, ipv6AddrType, ipv6Net } from '@skbuff/ipv6';
import { rawIoctl } from '@skbuff/raw';
import { ENOIOCTLCMD, type Msghdr, type Proto, type Sock, type SockAddr, int32Bytes, optionInt, putOption, sockOrphan } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { leS32 } from '@skbuff/wire';
import { ip6RaControl } from './raw6-ra.ts';
import { rawv6Sendmsg } from './raw6-sendmsg.ts';
import { ICMP6_FILTER_LEN, type Raw6Sock, raw6Net } from './raw6-sock.ts';

/** `rawv6_init_sk`: where ICMPv6 (RFC 4443) and mobility headers (RFC 6275) have their checksum. */
function init(sk: Raw6Sock): number {
  sk.checksum = sk.inetNum === U.IPPROTO_ICMPV6 || sk.inetNum === U.IPPROTO_MH;
  if (sk.checksum) sk.checksumOffset = sk.inetNum === U.IPPROTO_ICMPV6 ? 2 : 4;
  return 0;
}

/** `rawv6_bind`: there is no port, only an address, and that is IPv6's. */
function bind(sk: Raw6Sock, sockaddr: SockAddr): number {
  const sin6 = sockaddr as SockaddrIn6;
  if (!(sin6.length >= SIN6_LEN_RFC2133) || sin6.family !== U.AF_INET6) return -U.EINVAL;
  const { addr } = sin6;
  const type = ipv6AddrType(addr);
  if (type === IPV6_ADDR_MAPPED) return -U.EADDRNOTAVAIL;
  if (sk.state !== U.TCP_CLOSE) return -U.EINVAL;
  const err = type === IPV6_ADDR_ANY ? 0 : inet6CheckAddr(sk, type, sin6);
  if (err !== 0) return err;
  const np = inet6Np(sk);
  sk.inetRcvSaddr = type === IPV6_ADDR_ANY ? 0 : LOOPBACK4_IPV6;
  sk.inetSaddr = sk.inetRcvSaddr;
  np.rcvSaddr.copy(addr);
  if ((type & IPV6_ADDR_MULTICAST) === 0) np.saddr.copy(addr);
  return 0;
}

/** `rawv6_recvmsg`: the packet from its protocol's header on, without IPv6's; with MSG_TRUNC its whole length. */
function recvmsg(sk: Raw6Sock, msg: Msghdr, len: number, flags: number): number {
  if (inet6Np(sk).rxpmtu !== null && (flags & (U.MSG_OOB | U.MSG_ERRQUEUE)) === 0) return ipv6RecvRxpmtu(sk, msg);
  return inet6RecvPacket(sk, msg, len, flags, (flags & U.MSG_TRUNC) !== 0, false);
}

/** Options that are raw sockets' own: all of SOL_RAW, and two that are of SOL_IPV6 too. */
function isOwn(level: number, name: number): boolean {
  return level === U.SOL_RAW || (level === U.SOL_IPV6 && (name === U.IPV6_CHECKSUM || name === U.IPV6_HDRINCL));
}

function setsockopt(sk: Raw6Sock, level: number, name: number, value: Uint8Array): number {
  if (isOwn(level, name)) return setOwn(sk, level, name, value);
  if (level === U.SOL_ICMPV6) return setFilter(sk, name, value);
  if (ip6MrouteOpt(level, name)) return ipv6Net.of(sk.net).ip.mroute?.setsockopt(sk, name, value) ?? -U.ENOPROTOOPT;
  if (level !== U.SOL_IPV6 || name !== U.IPV6_ROUTER_ALERT) return ipv6Setsockopt(sk, level, name, value);
  const sel = optionInt(value);
  const err = value.length < 4 ? -U.EINVAL : ip6RaControl(sk, sel);
  // What is shown says nothing of the chain: 0 is a value to hear of, and leaving is not 0.
  if (err === 0) sk.routerAlert = sel !== 0;
  return err;
}

/** `do_rawv6_setsockopt`. */
function setOwn(sk: Raw6Sock, level: number, name: number, value: Uint8Array): number {
  if (value.length < 4) return -U.EINVAL;
  const val = leS32(value, 0);
  if (name === U.IPV6_HDRINCL) {
    sk.hdrincl = val !== 0;
    return 0;
  }
  if (name !== U.IPV6_CHECKSUM) return -U.ENOPROTOOPT;
  // Of ICMPv6 it is the kernel's (RFC 3542 §3.1), but at the older level.
  if (sk.inetNum === U.IPPROTO_ICMPV6 && level === U.SOL_IPV6) return -U.EINVAL;
  if (val > 0 && (val & 1) !== 0) return -U.EINVAL;
  sk.checksum = val >= 0;
  if (sk.checksum) sk.checksumOffset = val;
  return 0;
}

/** `rawv6_seticmpfilter`: types that are not said stay as they are. */
function setFilter(sk: Raw6Sock, name: number, value: Uint8Array): number {
  const err = filterErr(sk, name);
  if (err === 0) sk.icmp6Filter.set(value.subarray(0, ICMP6_FILTER_LEN));
  return err;
}

function filterErr(sk: Raw6Sock, name: number): number {
  if (sk.inetNum !== U.IPPROTO_ICMPV6) return -U.EOPNOTSUPP;
  return name === U.ICMPV6_FILTER ? 0 : -U.ENOPROTOOPT;
}

function getsockopt(sk: Raw6Sock, level: number, name: number, out: Uint8Array): number {
  if (isOwn(level, name)) return getOwn(sk, name, out);
  if (level === U.SOL_ICMPV6) return filterErr(sk, name) || putOption(out, sk.icmp6Filter);
  if (ip6MrouteOpt(level, name)) return ipv6Net.of(sk.net).ip.mroute?.getsockopt(sk, name, out) ?? -U.ENOPROTOOPT;
  return ipv6Getsockopt(sk, level, name, out);
}

function getOwn(sk: Raw6Sock, name: number, out: Uint8Array): number {
  if (name === U.IPV6_HDRINCL) return putOption(out, int32Bytes(Number(sk.hdrincl)));
  return name === U.IPV6_CHECKSUM ? putOption(out, int32Bytes(sk.checksum ? sk.checksumOffset : -1)) : -U.ENOPROTOOPT;
}

/** `rawv6_ioctl`: what raw sockets of every family have, then multicast routing. */
function ioctl(sk: Raw6Sock, request: number, arg: Uint8Array): number {
  const ret = rawIoctl(sk, request, arg);
  if (ret !== -ENOIOCTLCMD) return ret;
  return ipv6Net.of(sk.net).ip.mroute?.ioctl(sk, request, arg) ?? ret;
}

/** `rawv6_close`. */
function close(sk: Raw6Sock): void {
  if (sk.inetNum === U.IPPROTO_RAW) ip6RaControl(sk, -1);
  ipv6Net.of(sk.net).ip.mroute?.skDone(sk);
  ip6FlushPendingFrames(inet6SockOf(sk));
  raw6Net.of(sk.net).hashinfo.remove(sk);
  sockOrphan(sk);
  sk.put();
}

export const rawv6Prot: Proto = inetProt({
  name: 'RAWv6',
  owner: '@skbuff/rawv6',
  objSize: 1344,
  callbacks: 'yyynyyynyyyyyyyynn',
  init: (sk) => init(sk as Raw6Sock),
  close: (sk) => close(sk as Raw6Sock),
  bind: (sk, addr) => bind(sk as Raw6Sock, addr),
  connect: (sk, addr) => ip6DatagramConnectV6Only(sk as Raw6Sock, addr),
  setsockopt: (sk, level, name, value) => setsockopt(sk as Raw6Sock, level, name, value),
  getsockopt: (sk, level, name, out) => getsockopt(sk as Raw6Sock, level, name, out),
  ioctl: (sk, request, arg) => ioctl(sk as Raw6Sock, request, arg),
  sendmsg: (sk, msg, len) => rawv6Sendmsg(sk as Raw6Sock, msg, len),
  recvmsg: (sk, msg, len, flags) => recvmsg(sk as Raw6Sock, msg, len, flags),
  hash: (sk: Sock) => raw6Net.of(sk.net).hashinfo.add(sk as Raw6Sock),
  unhash: (sk: Sock) => raw6Net.of(sk.net).hashinfo.remove(sk as Raw6Sock),
});
