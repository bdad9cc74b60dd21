/** `raw_prot`: the protocol's table. */
import { inetCheckAddr, inetProt, inetRecvPacket, ip4DatagramConnect, ipGetsockopt, ipSetsockopt, type SockaddrIn } from '@skbuff/af-inet';
import { ipFlushPendingFrames, ipv4Net } from '@skbuff/ipv4';
import {
  ENOIOCTLCMD,
  type Msghdr,
  type Proto,
  type Sock,
  type SockAddr,
  optionInt,
  putOption,
  sockAddrShort,
  sockOrphan,
} from '@skbuff/sock';
import {
  EADDRINUSE,
  EINVAL,
  ENOBUFS,
  ENOPROTOOPT,
  EOPNOTSUPP,
  ICMP_FILTER,
  IPPROTO_ICMP,
  IPPROTO_RAW,
  IP_ROUTER_ALERT,
  MSG_TRUNC,
  RTN_BROADCAST,
  RTN_MULTICAST,
  SIOCINQ,
  SIOCOUTQ,
  SOL_IP,
  SOL_RAW,
  TCP_CLOSE,
} from '@skbuff/uapi';
import { leS32, setLe32 } from '@skbuff/wire';
import { ipCallRaChain } from './raw-rcv.ts';
import { rawSendmsg } from './raw-sendmsg.ts';
import { type RawSock, rawNet } from './raw-sock.ts';

/** `raw_bind`: there is no port, only an address. */
function bind(sk: RawSock, sockaddr: SockAddr): number {
  if (sk.state !== TCP_CLOSE || sockAddrShort(sockaddr)) return -EINVAL;
  const { addr } = sockaddr as SockaddrIn;
  const type = inetCheckAddr(sk, addr);
  if (type < 0) return type;
  sk.inetRcvSaddr = addr;
  sk.inetSaddr = type === RTN_MULTICAST || type === RTN_BROADCAST ? 0 : addr;
  sk.dstSet(null);
  return 0;
}

/** `raw_recvmsg`: the packet from its IP header on; with MSG_TRUNC its whole length. */
function recvmsg(sk: RawSock, msg: Msghdr, len: number, flags: number): number {
  return inetRecvPacket(sk, msg, len, flags, (flags & MSG_TRUNC) !== 0);
}

function setsockopt(sk: RawSock, level: number, name: number, value: Uint8Array): number {
  if (level === SOL_IP && name === IP_ROUTER_ALERT) {
    return raControl(sk, optionInt(value) !== 0);
  }
  if (level !== SOL_RAW) return ipSetsockopt(sk, level, name, value);
  if (name !== ICMP_FILTER) return -ENOPROTOOPT;
  if (sk.inetNum !== IPPROTO_ICMP) return -EOPNOTSUPP;
  const bytes = new Uint8Array(4);
  setLe32(bytes, 0, sk.icmpFilter);
  bytes.set(value.subarray(0, 4));
  sk.icmpFilter = leS32(bytes, 0);
  return 0;
}

function getsockopt(sk: RawSock, level: number, name: number, out: Uint8Array): number {
  if (level !== SOL_RAW) return ipGetsockopt(sk, level, name, out);
  if (name !== ICMP_FILTER) return -ENOPROTOOPT;
  if (sk.inetNum !== IPPROTO_ICMP) return -EOPNOTSUPP;
  const bytes = new Uint8Array(4);
  setLe32(bytes, 0, sk.icmpFilter);
  return putOption(out, bytes);
}

/** `ip_ra_control`: joins or leaves the chain of those who hear of router alerts. */
function raControl(sk: RawSock, on: boolean): number {
  if (sk.inetNum === IPPROTO_RAW) return -EINVAL;
  if (on && sk.routerAlert) return -EADDRINUSE;
  if (!on && !sk.routerAlert) return -ENOBUFS;
  const state = rawNet.of(sk.net);
  state.raChain = on ? [sk, ...state.raChain] : state.raChain.filter((other) => other !== sk);
  sk.routerAlert = on;
  ipv4Net.of(sk.net).routerAlert = state.raChain.length === 0 ? null : ipCallRaChain;
  return 0;
}

function close(sk: RawSock): void {
  if (sk.routerAlert) raControl(sk, false);
  ipFlushPendingFrames(sk);
  rawNet.of(sk.net).hashinfo.remove(sk);
  sockOrphan(sk);
  sk.put();
}

/** `raw_ioctl`, of every family: SIOCINQ is the size of the next packet, SIOCOUTQ what is on its way out. */
export function rawIoctl(sk: Sock, request: number, arg: Uint8Array): number {
  if (request !== SIOCINQ && request !== SIOCOUTQ) return -ENOIOCTLCMD;
  if (arg.length < 4) return -EINVAL;
  setLe32(arg, 0, request === SIOCOUTQ ? sk.wmemAlloc : (sk.receiveQueue.peek()?.len ?? 0));
  return 0;
}

export const rawProt: Proto = inetProt({
  name: 'RAW',
  owner: '@skbuff/raw',
  objSize: 1152,
  callbacks: 'yyynyyynyyyyyyyynn',
  close: (sk) => close(sk as RawSock),
  bind: (sk, addr) => bind(sk as RawSock, addr),
  connect: (sk, addr) => ip4DatagramConnect(sk as RawSock, addr),
  setsockopt: (sk, level, name, value) => setsockopt(sk as RawSock, level, name, value),
  getsockopt: (sk, level, name, out) => getsockopt(sk as RawSock, level, name, out),
  ioctl: (sk, request, arg) => rawIoctl(sk, request, arg),
  sendmsg: (sk, msg, len) => rawSendmsg(sk as RawSock, msg, len),
  recvmsg: (sk, msg, len, flags) => recvmsg(sk as RawSock, msg, len, flags),
  hash: (sk) => rawNet.of(sk.net).hashinfo.add(sk as RawSock),
  unhash: (sk) => rawNet.of(sk.net).hashinfo.remove(sk as RawSock),
});
