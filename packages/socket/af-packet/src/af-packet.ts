/** The AF_PACKET family (`net/packet/af_packet.c`): its sockets and their face to the system calls. */
import type { Net } from '@skbuff/core';
import {
  ENOIOCTLCMD,
  type Proto,
  type ProtoOps,
  SOCK_DEAD,
  type Sock,
  type SockAddr,
  type Socket,
  datagramPoll,
  sockNet,
  sockNoAccept,
  sockNoConnect,
  sockNoListen,
  sockNoSetPeekOff,
  sockNoSetRcvlowat,
  sockNoShutdown,
  sockNoSocketpair,
  sockOrphan,
} from '@skbuff/sock';
import {
  AF_PACKET,
  CAP_NET_RAW,
  EINVAL,
  EOPNOTSUPP,
  EPERM,
  ESOCKTNOSUPPORT,
  SIOCINQ,
  SIOCOUTQ,
  SOCK_DGRAM,
  SOCK_RAW,
} from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { fanoutRelease } from './fanout.ts';
import { packetBind, registerProtHook, unregisterProtHook } from './packet-bind.ts';
import { packetFlushMclist } from './packet-mclist.ts';
import { packetGetsockopt, packetSetsockopt } from './packet-options.ts';
import { packetRecvmsg } from './packet-recvmsg.ts';
import { packetSendmsg } from './packet-snd.ts';
import { PacketSock, packetNet } from './packet-sock.ts';
import { SLL_ADDR_OFFSET, type SockaddrLl, packetProtocol } from './sockaddr-ll.ts';

/** `packet_create`: `protocol` is in network order, and the socket listens for it at once, on all devices. */
export function packetCreate(net: Net, sock: Socket, protocol: number, kern: boolean): number {
  if (!kern && !sockNet.of(net).layer.nsCapable(net, CAP_NET_RAW)) return -EPERM;
  // SOCK_PACKET, the socket of Linux 2.0, is not made any more.
  if (sock.type !== SOCK_DGRAM && sock.type !== SOCK_RAW) return -ESOCKTNOSUPPORT;
  // SO_PROTOCOL does not tell what it listens for.
  const po = new PacketSock(net, AF_PACKET, sock.type, 0, packetProto, kern);
  sock.ops = packetOps;
  sock.graft(po);
  packetNet.of(net).socks.push(po);
  sockNet.of(net).inuseAdd(packetProto, 1);
  po.num = packetProtocol(protocol & 0xffff);
  if (po.num !== 0) registerProtHook(po);
  return 0;
}

/** `packet_release`. */
function release(sock: Socket): void {
  const po = sock.sk as PacketSock | null;
  if (po === null) return;
  const state = packetNet.of(po.net);
  state.socks = state.socks.filter((other) => other !== po);
  sockNet.of(po.net).inuseAdd(packetProto, -1);
  unregisterProtHook(po);
  po.dev = null;
  packetFlushMclist(po);
  fanoutRelease(po);
  sockOrphan(po);
  po.receiveQueue.purge();
  po.flags |= SOCK_DEAD;
  po.put();
}

/** `packet_getname`: the length that counts is that of the device's address. */
function getname(sock: Socket, addr: SockAddr, peer: boolean): number {
  if (peer) return -EOPNOTSUPP;
  const po = sock.sk as PacketSock;
  const sll = addr as SockaddrLl;
  const dev = po.net.devGetByIndex(po.ifindex);
  sll.family = AF_PACKET;
  sll.ifindex = po.ifindex;
  sll.protocol = po.num;
  sll.pkttype = 0;
  sll.hatype = dev === null ? 0 : dev.type;
  sll.halen = dev === null ? 0 : dev.addrLen;
  sll.addr.fill(0);
  if (dev !== null) sll.addr.set(dev.devAddr.subarray(0, Math.min(dev.addrLen, sll.addr.length)));
  return SLL_ADDR_OFFSET + sll.halen;
}

/** `packet_ioctl`: what waits to be read, what is on its way out; addresses and routes are IPv4's. */
function ioctl(sock: Socket, request: number, arg: Uint8Array): number {
  const po = sock.sk as PacketSock;
  if (request !== SIOCINQ && request !== SIOCOUTQ) return sockNet.of(po.net).layer.inetIoctl?.(po.net, request, arg) ?? -ENOIOCTLCMD;
  if (arg.length < 4) return -EINVAL;
  setLe32(arg, 0, request === SIOCOUTQ ? po.wmemAlloc : (po.receiveQueue.peek()?.len ?? 0));
  return 0;
}

function packetSk(sock: Socket): PacketSock {
  return sock.sk as PacketSock;
}

/** `packet_ops`. */
const packetOps: ProtoOps = {
  family: AF_PACKET,
  release,
  bind: (sock, addr) => packetBind(packetSk(sock), addr),
  connect: sockNoConnect,
  socketpair: sockNoSocketpair,
  accept: sockNoAccept,
  getname,
  poll: (sock) => datagramPoll(sock.sk as Sock),
  ioctl,
  listen: sockNoListen,
  shutdown: sockNoShutdown,
  setsockopt: (sock, level, name, value) => packetSetsockopt(packetSk(sock), level, name, value),
  getsockopt: (sock, level, name, out) => packetGetsockopt(packetSk(sock), level, name, out),
  sendmsg: (sock, msg, len) => packetSendmsg(packetSk(sock), msg, len),
  recvmsg: (sock, msg, len, flags) => packetRecvmsg(packetSk(sock), msg, len, flags),
  setRcvlowat: sockNoSetRcvlowat,
  setPeekOff: sockNoSetPeekOff,
};

function nothing(): void {}

/** `packet_proto`: the family does everything itself. */
export const packetProto: Proto = {
  name: 'PACKET',
  owner: '@skbuff/af-packet',
  objSize: 1600,
  memory: -1,
  callbacks: 'nnnnnnnnnnnnnnnnnn',
  noAutobind: true,
  init: () => 0,
  destroy: nothing,
  close: nothing,
  bind: () => -EOPNOTSUPP,
  connect: () => -EOPNOTSUPP,
  disconnect: () => -EOPNOTSUPP,
  accept: sockNoAccept,
  shutdown: nothing,
  keepalive: nothing,
  setsockopt: () => -EOPNOTSUPP,
  getsockopt: () => -EOPNOTSUPP,
  ioctl: () => -EOPNOTSUPP,
  sendmsg: () => -EOPNOTSUPP,
  recvmsg: () => -EOPNOTSUPP,
  hash: nothing,
  unhash: nothing,
  rehash: nothing,
  getPort: () => 0,
};
