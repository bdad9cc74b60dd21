/** `ping_prot`: the protocol's table. */
import {
  datagramDisconnect,
  inetAddrType,
  inetRecvPacket,
  ip4DatagramConnect,
  ipGetsockopt,
  ipSetsockopt,
  type SockaddrIn,
} from '@skbuff/af-inet';
import { ipv4Net } from '@skbuff/ipv4';
import {
  ENOIOCTLCMD,
  type Msghdr,
  type Proto,
  SOCK_BINDADDR_LOCK,
  SOCK_BINDPORT_LOCK,
  type SockAddr,
  sockNet,
  sockNoAccept,
  sockOrphan,
} from '@skbuff/sock';
import {
  AF_INET,
  AF_UNSPEC,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINVAL,
  INADDR_ANY,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
} from '@skbuff/uapi';
import { pingSendmsg } from './ping-sendmsg.ts';
import { type PingSock, pingNet } from './ping-sock.ts';

/** `ping_init_sock`: whom the group range lets in; privilege does not count. */
function init(sk: PingSock): number {
  const { groupLow, groupHigh } = pingNet.of(sk.net);
  const { current } = sockNet.of(sk.net).layer;
  if (current === null) return 0;
  return current.cred.inGroupRange(groupLow, groupHigh) ? 0 : -EACCES;
}

/** `ping_check_bind_addr`. */
function checkBindAddr(sk: PingSock, { family, addr }: SockaddrIn): number {
  if (family !== AF_INET && (family !== AF_UNSPEC || addr !== INADDR_ANY)) return -EAFNOSUPPORT;
  if (addr === INADDR_ANY) return 0;
  const type = inetAddrType(sk, addr);
  if (type === RTN_MULTICAST || type === RTN_BROADCAST) return -EADDRNOTAVAIL;
  const anywhere = ipv4Net.of(sk.net).ipNonlocalBind !== 0 || sk.freebind || sk.transparent;
  return type === RTN_LOCAL || anywhere ? 0 : -EADDRNOTAVAIL;
}

/** `ping_bind`: the port is the identifier of what is sent and received. */
function bind(sk: PingSock, sockaddr: SockAddr): number {
  const sin = sockaddr as SockaddrIn;
  const err = checkBindAddr(sk, sin);
  if (err !== 0) return err;
  if (sk.inetNum !== 0) return -EINVAL;
  sk.inetRcvSaddr = sin.addr;
  sk.inetSaddr = sin.addr;
  if (pingNet.of(sk.net).getPort(sk, sin.port) !== 0) {
    sk.inetRcvSaddr = 0;
    sk.inetSaddr = 0;
    return -EADDRINUSE;
  }
  if (sk.inetRcvSaddr !== 0) sk.userlocks |= SOCK_BINDADDR_LOCK;
  if (sin.port !== 0) sk.userlocks |= SOCK_BINDPORT_LOCK;
  sk.inetSport = sk.inetNum;
  sk.inetDaddr = 0;
  sk.inetDport = 0;
  sk.dstSet(null);
  return 0;
}

/** `ping_recvmsg`: the message from its ICMP header on. MSG_TRUNC does not ask for the whole length here. */
function recvmsg(sk: PingSock, msg: Msghdr, len: number, flags: number): number {
  return inetRecvPacket(sk, msg, len, flags, false);
}

function unhash(sk: PingSock): void {
  pingNet.of(sk.net).remove(sk);
  sk.inetNum = 0;
  sk.inetSport = 0;
}

function close(sk: PingSock): void {
  unhash(sk);
  sockOrphan(sk);
  sk.put();
}

function nothing(): void {}

export const pingProt: Proto = {
  name: 'PING',
  owner: '@skbuff/ping',
  objSize: 1016,
  memory: -1,
  callbacks: 'yyynnynnyyyyyynyyn',
  noAutobind: false,
  init: (sk) => init(sk as PingSock),
  destroy: nothing,
  close: (sk) => close(sk as PingSock),
  bind: (sk, addr) => bind(sk as PingSock, addr),
  connect: (sk, addr) => ip4DatagramConnect(sk as PingSock, addr),
  disconnect: (sk) => datagramDisconnect(sk as PingSock),
  accept: sockNoAccept,
  shutdown: nothing,
  keepalive: nothing,
  setsockopt: (sk, level, name, value) => ipSetsockopt(sk as PingSock, level, name, value),
  getsockopt: (sk, level, name, out) => ipGetsockopt(sk as PingSock, level, name, out),
  ioctl: () => -ENOIOCTLCMD,
  sendmsg: (sk, msg, len) => pingSendmsg(sk as PingSock, msg, len),
  recvmsg: (sk, msg, len, flags) => recvmsg(sk as PingSock, msg, len, flags),
  hash: nothing,
  unhash: (sk) => unhash(sk as PingSock),
  rehash: nothing,
  getPort: (sk, port) => pingNet.of(sk.net).getPort(sk as PingSock, port),
};
