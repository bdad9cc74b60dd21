/** The AF_INET family (`net/ipv4/af_inet.c`): what system calls on its sockets do before the protocol comes in. */
import type { Net } from '@skbuff/core';
import { ipv4Net } from '@skbuff/ipv4';
import {
  ENOIOCTLCMD,
  type Msghdr,
  type Proto,
  type ProtoOps,
  SHUTDOWN_MASK,
  SOCK_BINDADDR_LOCK,
  SOCK_BINDPORT_LOCK,
  SS_CONNECTED,
  SS_CONNECTING,
  SS_DISCONNECTING,
  type Sock,
  type SockAddr,
  type Socket,
  datagramPoll,
  skSetPeekOff,
  sockAddrErrno,
  sockAddrNamed,
  sockNet,
  sockNoAccept,
  sockNoListen,
  sockNoSetPeekOff,
  sockNoSetRcvlowat,
  sockNoSocketpair,
} from '@skbuff/sock';
import {
  AF_INET,
  AF_UNSPEC,
  CAP_NET_BIND_SERVICE,
  CAP_NET_RAW,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAGAIN,
  EINVAL,
  ENOTCONN,
  EPERM,
  INADDR_ANY,
  IPPROTO_MAX,
  IPPROTO_RAW,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
  SOCK_RAW,
  TCP_CLOSE,
  TCP_SYN_SENT,
} from '@skbuff/uapi';
import { ipv4IsLoopback } from '@skbuff/wire';
import { inetOwnIoctl } from './inet-ioctl.ts';
import type { InetSk } from './inet-sk.ts';
import { ipMcDropSocket } from './multicast.ts';
import type { Inetsw } from './protosw.ts';
import type { SockaddrIn } from './sockaddr-in.ts';

/** `inet_create`: a socket of `family` from its table; what the family adds to it, `setup` does. */
export function inetCreate(inetsw: Inetsw, family: number, setup: (sk: InetSk) => void, net: Net, sock: Socket, protocol: number, kern: boolean): number {
  if (protocol < 0 || protocol >= IPPROTO_MAX) return -EINVAL;
  const entry = inetsw.lookup(sock.type, protocol);
  if (typeof entry === 'number') return entry;
  if (sock.type === SOCK_RAW && !kern && !sockNet.of(net).layer.nsCapable(net, CAP_NET_RAW)) return -EPERM;
  sock.ops = entry.ops;
  const sk = new entry.sock(net, family, sock.type, protocol === 0 ? entry.protocol : protocol, entry.prot, kern);
  sk.reuse = entry.reuse;
  sk.isIcsk = entry.icsk;
  setup(sk);
  sock.graft(sk);
  if (sock.type === SOCK_RAW) startRaw(sk);
  return sk.prot.init(sk);
}

/** A raw socket's "port" is its protocol, so it is bound from birth. */
function startRaw(sk: InetSk): void {
  sk.inetNum = sk.protocol;
  sk.hdrincl = sk.protocol === IPPROTO_RAW;
  sk.inetSport = sk.inetNum;
  sk.prot.hash(sk);
}

/** `inet_release`: the descriptor is gone. */
export function inetRelease(sock: Socket): void {
  const sk = sock.sk as InetSk | null;
  if (sk === null) return;
  ipMcDropSocket(sk);
  sk.prot.close(sk);
}

/** Whether a socket may have this address for its own: it is this host's, or the socket or namespace does not care. */
function addressUsable(sk: InetSk, addr: number, type: number): boolean {
  if (addr === INADDR_ANY || type === RTN_LOCAL || type === RTN_MULTICAST || type === RTN_BROADCAST) return true;
  return ipv4Net.of(sk.net).ipNonlocalBind !== 0 || sk.freebind || sk.transparent;
}

/** `inet_addr_type_table` as bind(2) asks: RTN_* of an address, on the device that the socket is bound to if it is. */
export function inetAddrType(sk: InetSk, addr: number): number {
  const { routing } = ipv4Net.of(sk.net).ip;
  if (routing !== null) return routing.addrType(sk.net, addr, null);
  return ipv4IsLoopback(addr) ? RTN_LOCAL : RTN_UNICAST;
}

/** Checks an address for bind(2): RTN_* of it, or -EADDRNOTAVAIL. */
export function inetCheckAddr(sk: InetSk, addr: number): number {
  const type = inetAddrType(sk, addr);
  return addressUsable(sk, addr, type) ? type : -EADDRNOTAVAIL;
}

/** `__inet_bind`: what `Proto.bind` is for protocols with ports. */
export function inetBindSk(sk: InetSk, sockaddr: SockAddr): number {
  const { family, addr, port } = sockaddr as SockaddrIn;
  if (family !== AF_INET && (family !== AF_UNSPEC || addr !== INADDR_ANY)) return sockAddrErrno(sockaddr);
  const type = inetCheckAddr(sk, addr);
  if (type < 0) return type;
  const { ipUnprivilegedPortStart } = ipv4Net.of(sk.net);
  if (port !== 0 && port < ipUnprivilegedPortStart && !sockNet.of(sk.net).layer.nsCapable(sk.net, CAP_NET_BIND_SERVICE)) return -EACCES;
  if (sk.state !== TCP_CLOSE || sk.inetNum !== 0) return -EINVAL;
  sk.inetRcvSaddr = addr;
  sk.inetSaddr = type === RTN_MULTICAST || type === RTN_BROADCAST ? 0 : addr;
  if ((port !== 0 || !sk.bindAddressNoPort) && sk.prot.getPort(sk, port) !== 0) {
    sk.inetSaddr = 0;
    sk.inetRcvSaddr = 0;
    return -EADDRINUSE;
  }
  if (sk.inetRcvSaddr !== 0) sk.userlocks |= SOCK_BINDADDR_LOCK;
  if (port !== 0) sk.userlocks |= SOCK_BINDPORT_LOCK;
  sk.inetSport = sk.inetNum;
  sk.inetDaddr = 0;
  sk.inetDport = 0;
  sk.dstSet(null);
  return 0;
}

/** `inet_autobind`: 0, or -EAGAIN when no port is free. */
export function inetAutobind(sk: InetSk): number {
  if (sk.inetNum !== 0) return 0;
  if (sk.prot.getPort(sk, 0) !== 0) return -EAGAIN;
  sk.inetSport = sk.inetNum;
  return 0;
}

/** `inet_dgram_connect`. */
export function inetDgramConnect(sock: Socket, addr: SockAddr, flags: number): number {
  const sk = sock.sk as InetSk;
  const family = sockAddrNamed(addr);
  if (family < 0) return -EINVAL;
  if (family === AF_UNSPEC) return sk.prot.disconnect(sk);
  const err = inetAutobind(sk);
  return err !== 0 ? err : sk.prot.connect(sk, addr, flags);
}

/** `inet_getname`. */
export function inetGetname(sock: Socket, addr: SockAddr, peer: boolean): number {
  const sk = sock.sk as InetSk;
  const sin = addr as SockaddrIn;
  if (peer) {
    if (sk.inetDport === 0 || sk.state === TCP_CLOSE || sk.state === TCP_SYN_SENT) return -ENOTCONN;
    sin.port = sk.inetDport;
    sin.addr = sk.inetDaddr;
  } else {
    sin.port = sk.inetSport;
    sin.addr = sk.inetRcvSaddr !== 0 ? sk.inetRcvSaddr : sk.inetSaddr;
  }
  sin.family = AF_INET;
  return 0;
}

/** `inet_shutdown`: a socket that is not connected is shut down all the same, but hears -ENOTCONN. */
export function inetShutdown(sock: Socket, how: number): number {
  const sk = sock.sk as InetSk;
  const bits = how + 1;
  if ((bits & ~SHUTDOWN_MASK) !== 0 || bits === 0) return -EINVAL;
  if (sock.state === SS_CONNECTING) sock.state = ((1 << sk.state) & ((1 << TCP_SYN_SENT) | (1 << TCP_CLOSE))) !== 0 ? SS_DISCONNECTING : SS_CONNECTED;
  const err = sk.state === TCP_CLOSE ? -ENOTCONN : 0;
  sk.shutdown |= bits;
  sk.prot.shutdown(sk, bits);
  sk.stateChange(sk);
  return err;
}

/** `inet_sendmsg`. */
export function inetSendmsg(sock: Socket, msg: Msghdr, len: number): number {
  const sk = sock.sk as InetSk;
  if (sk.inetNum === 0 && !sk.prot.noAutobind) {
    const err = inetAutobind(sk);
    if (err !== 0) return err;
  }
  return sk.prot.sendmsg(sk, msg, len);
}

/** `inet_recvmsg`. */
export function inetRecvmsg(sock: Socket, msg: Msghdr, len: number, flags: number): number {
  const sk = sock.sk as InetSk;
  return sk.prot.recvmsg(sk, msg, len, flags);
}

/** `inet_ioctl`: routes, ARP entries, addresses of interfaces, then the protocol. */
export function inetIoctl(sock: Socket, request: number, arg: Uint8Array): number {
  const sk = sock.sk as InetSk;
  const rc = inetOwnIoctl(sk.net, request, arg);
  return rc === -ENOIOCTLCMD ? sk.prot.ioctl(sk, request, arg) : rc;
}

/** What the tables of the families differ in. */
export type InetFamilyOps = Pick<ProtoOps, 'family' | 'release' | 'bind' | 'getname' | 'ioctl'>;

const AF_INET_OPS: InetFamilyOps = {
  family: AF_INET,
  release: inetRelease,
  bind: (sock, addr) => protOf(sock).bind(sock.sk as Sock, addr),
  getname: inetGetname,
  ioctl: inetIoctl,
};

/** The operations of sockets that send messages, in a family. */
export function inetOps(family: InetFamilyOps, poll: (sock: Socket) => number, setPeekOff: (sk: Sock, value: number) => number): ProtoOps {
  return {
    family: family.family,
    release: family.release,
    bind: family.bind,
    connect: inetDgramConnect,
    socketpair: sockNoSocketpair,
    accept: sockNoAccept,
    getname: family.getname,
    poll,
    ioctl: family.ioctl,
    listen: sockNoListen,
    shutdown: inetShutdown,
    setsockopt: (sock, level, name, value) => protOf(sock).setsockopt(sock.sk as Sock, level, name, value),
    getsockopt: (sock, level, name, out) => protOf(sock).getsockopt(sock.sk as Sock, level, name, out),
    sendmsg: inetSendmsg,
    recvmsg: inetRecvmsg,
    setRcvlowat: sockNoSetRcvlowat,
    setPeekOff,
  };
}

function protOf(sock: Socket): Proto {
  return (sock.sk as Sock).prot;
}

/** `inet_dgram_ops`, with the poll of the protocol. */
export function inetDgramOps(poll: (sock: Socket) => number): ProtoOps {
  return inetOps(AF_INET_OPS, poll, skSetPeekOff);
}

/** `inet_sockraw_ops`: raw and ping sockets. */
export const inetSockrawOps: ProtoOps = inetOps(AF_INET_OPS, (sock) => datagramPoll(sock.sk as Sock), sockNoSetPeekOff);
