/** `ping_prot`: the protocol's table. */
import {
  datagramDisconnect,
  inetAddrType,
  ip4DatagramConnect,
  ipCmsgRecv,
  ipGetsockopt,
  ipRecvError,
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
  skbCopyDatagramMsg,
  skbRecvDatagram,
  sockNet,
  sockNoAccept,
  sockOrphan,
  sockRecvCmsgs,
} from '@skbuff/sock';
import {
  AF_INET,
  AF_UNSPEC,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINVAL,
  EOPNOTSUPP,
  INADDR_ANY,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_TRUNC,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
} from '@skbuff/uapi';
import { IPHDR_SADDR, be32 } from '@skbuff/wire';
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

/** `ping_recvmsg`: the message from its ICMP header on. */
function recvmsg(sk: PingSock, msg: Msghdr, len: number, flags: number): number {
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  if ((flags & MSG_ERRQUEUE) !== 0) return ipRecvError(sk, msg, len);
  const skb = skbRecvDatagram(sk, flags);
  if (typeof skb === 'number') return skb;
  const copied = Math.min(len, skb.len);
  if (copied < skb.len) msg.flags |= MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, 0, msg, copied);
  if (err === 0) {
    sockRecvCmsgs(msg, sk, skb);
    const name = msg.name as SockaddrIn | null;
    if (name !== null) {
      name.family = AF_INET;
      name.port = 0;
      name.addr = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
      msg.nameSet = true;
    }
    if (sk.cmsgFlags !== 0) ipCmsgRecv(msg, sk, skb, 0);
  }
  skb.consume();
  return err !== 0 ? err : copied;
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
