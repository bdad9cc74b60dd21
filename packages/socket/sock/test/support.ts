/**
 * A family of its own (30) whose sockets hang together in pairs, so that the socket layer is tested with nothing below it: datagrams
 * that wait on a wire, and a byte stream with a small buffer.
 */
import { type Kernel, type Net, SkBuffHead, VirtualClock, createKernel } from '@skbuff/core';
import { namespaces } from '@skbuff/namespaces';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import {
  EAGAIN,
  EALREADY,
  ECONNREFUSED,
  EINPROGRESS,
  EINVAL,
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
  ESOCKTNOSUPPORT,
  POLLHUP,
  POLLIN,
  POLLOUT,
  SOCK_DGRAM,
  SOCK_STREAM,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_SENT,
} from '@skbuff/uapi';
import { afterEach, beforeEach, expect } from 'vitest';
import {
  type Msghdr,
  type NetProtoFamily,
  type Proto,
  type ProtoOps,
  RCV_SHUTDOWN,
  SOCKET_LAYER,
  Sock,
  type SockAddr,
  type Socket,
  type Task,
  datagramPoll,
  kernelTask,
  msgPayload,
  putCmsg,
  skSetPeekOff,
  skbCopyDatagramMsg,
  skbRecvDatagram,
  sock,
  sockAddrFamily,
  sockMaySend,
  sockNet,
  sockNoSetRcvlowat,
  sockOrphan,
  sockQueueRcvSkb,
  sockRecvCmsgs,
} from '../src/index.ts';

export const AF_TEST = 30;
export const SEC = 1e9;
export const MS = 1e6;

export interface TestAddr extends SockAddr {
  port: number;
}

export const testAddr = (port: number): TestAddr => ({ family: AF_TEST, port });

/** Either kind of socket of the family. */
export class TestSock extends Sock {
  port = 0;
  peer: TestSock | null = null;
  /** Datagrams that were sent and not delivered. */
  readonly wire: SkBuffHead = new SkBuffHead();
  /** A stream's bytes, and the connections that nobody has accepted. */
  stream: number[] = [];
  limit = 8;
  readonly pendingAccept: TestSock[] = [];

  /** Delivers what is on the wire; 0 or the drop reason of the last. */
  deliver(): number {
    let reason = 0;
    for (let skb = this.wire.dequeue(); skb !== null; skb = this.wire.dequeue()) {
      const to = this.peer;
      skb.orphan();
      reason = to === null ? 2 : sockQueueRcvSkb(to, skb);
      if (reason !== 0) skb.kfree(reason);
    }
    return reason;
  }
}

const sockets: Map<number, TestSock> = new Map();
/** What the protocol says to a new socket. */
export const world = { initResult: 0 };

function nothing(): void {}

function sendDgram(sk: TestSock, msg: Msghdr, len: number): number {
  const name = msg.name as TestAddr | null;
  const to = name === null ? sk.peer : (sockets.get(name.port) ?? null);
  if (to === null) return -ENOTCONN;
  const refused = sockMaySend(sk);
  if (refused !== 0) return refused;
  const skb = sk.net.skbs.alloc(len);
  if (skb === null) return -EAGAIN;
  skb.putData(msgPayload(sockNet.of(sk.net).layer, msg.iov, len), 0, len);
  sk.setOwnerW(skb);
  skb.cb[0] = sk.port;
  sk.peer = to;
  sk.wire.queueTail(skb);
  return len;
}

function recvDgram(sk: TestSock, msg: Msghdr, len: number, flags: number): number {
  const skb = skbRecvDatagram(sk, flags);
  if (typeof skb === 'number') return skb;
  const n = Math.min(len, skb.len);
  if (n < skb.len) msg.flags |= 0x20;
  const err = skbCopyDatagramMsg(skb, 0, msg, n);
  sockRecvCmsgs(msg, sk, skb);
  putCmsg(msg, AF_TEST, 1, Uint8Array.of(1, 2, 3));
  if (msg.name !== null) {
    (msg.name as TestAddr).family = AF_TEST;
    (msg.name as TestAddr).port = skb.cb[0] as number;
    msg.nameSet = true;
  }
  skb.consume();
  return err !== 0 ? err : n;
}

function sendStream(sk: TestSock, msg: Msghdr, len: number): number {
  const { peer } = sk;
  if (peer === null) return -EPIPE;
  const room = peer.limit - peer.stream.length;
  if (room <= 0) return -EAGAIN;
  const n = Math.min(room, len);
  peer.stream.push(...msgPayload(sockNet.of(sk.net).layer, msg.iov, len).subarray(0, n));
  peer.dataReady(peer);
  return n;
}

function recvStream(sk: TestSock, msg: Msghdr, len: number, flags: number): number {
  if (sk.stream.length === 0) return (sk.shutdown & RCV_SHUTDOWN) !== 0 ? 0 : -EAGAIN;
  const n = Math.min(len, sk.stream.length);
  const part = (flags & 2) !== 0 ? sk.stream.slice(0, n) : sk.stream.splice(0, n);
  let at = 0;
  for (const iov of msg.iov) for (let i = 0; i < iov.length && at < n; i++) iov[i] = part[at++] as number;
  if (sk.peer !== null) sk.peer.wq.wake(POLLOUT);
  return n;
}

function prot(name: string, send: typeof sendDgram, recv: typeof recvDgram): Proto {
  return {
    name,
    owner: '@test/family',
    objSize: 100,
    memory: -1,
    callbacks: 'yyyynnnnnnnnnnnnnn',
    noAutobind: true,
    init: () => world.initResult,
    destroy: (sk) => (sk as TestSock).wire.purge(),
    close(sk) {
      const test = sk as TestSock;
      if (sockets.get(test.port) === test) sockets.delete(test.port);
      for (const child of test.pendingAccept.splice(0)) child.prot.close(child);
      if (test.peer !== null && test.type === SOCK_STREAM) {
        test.peer.shutdown |= RCV_SHUTDOWN;
        test.peer.stateChange(test.peer);
      }
      test.wire.purge();
      sockOrphan(sk);
      sk.put();
    },
    bind: () => -EINVAL,
    connect: () => -EINVAL,
    disconnect: () => 0,
    accept: () => -EINVAL,
    shutdown: nothing,
    keepalive: nothing,
    setsockopt: () => -ENOPROTOOPT,
    getsockopt: () => -ENOPROTOOPT,
    ioctl: () => -EINVAL,
    sendmsg: (sk, msg, len) => send(sk as TestSock, msg, len),
    recvmsg: (sk, msg, len, flags) => recv(sk as TestSock, msg, len, flags),
    hash: nothing,
    unhash: nothing,
    rehash: nothing,
    getPort: () => 0,
  };
}

export const dgramProt: Proto = prot('TESTD', sendDgram, recvDgram);
export const streamProt: Proto = prot('TESTS', sendStream, recvStream);

const sk = (s: Socket): TestSock => s.sk as TestSock;

const ops: ProtoOps = {
  family: AF_TEST,
  release: (s) => s.sk?.prot.close(s.sk),
  bind(s, addr) {
    sk(s).port = (addr as TestAddr).port;
    sockets.set(sk(s).port, sk(s));
    return 0;
  },
  connect(s, addr) {
    const me = sk(s);
    const to = sockets.get((addr as TestAddr).port) ?? null;
    if (me.type === SOCK_DGRAM) {
      me.peer = to;
      return to === null ? -ECONNREFUSED : 0;
    }
    if (me.state === TCP_ESTABLISHED) return 0;
    if (me.state === TCP_SYN_SENT) return me.err !== 0 ? me.takeError() : -EALREADY;
    me.state = TCP_SYN_SENT;
    return -EINPROGRESS;
  },
  socketpair: () => -EOPNOTSUPP,
  accept: (s) => sk(s).pendingAccept.shift() ?? -EAGAIN,
  getname(s, addr, peer) {
    const whose = peer ? sk(s).peer : sk(s);
    if (whose === null) return -ENOTCONN;
    addr.family = AF_TEST;
    (addr as TestAddr).port = whose.port;
    return 0;
  },
  poll(s) {
    const me = sk(s);
    if (me.type === SOCK_DGRAM) return datagramPoll(me);
    if (me.state === TCP_LISTEN) return me.pendingAccept.length > 0 ? POLLIN : 0;
    const room = me.peer !== null && me.peer.stream.length < me.peer.limit;
    return (me.stream.length > 0 ? POLLIN : 0) | (room ? POLLOUT : 0) | (me.state === TCP_CLOSE ? POLLHUP : 0);
  },
  ioctl: () => -515,
  listen(s, backlog) {
    sk(s).state = TCP_LISTEN;
    sk(s).maxBacklog = backlog;
    return 0;
  },
  shutdown(s, how) {
    sk(s).shutdown |= how + 1;
    sk(s).stateChange(sk(s));
    return 0;
  },
  setsockopt: (s, level, name, value) => sk(s).prot.setsockopt(sk(s), level, name, value),
  getsockopt: (s, level, name, out) => sk(s).prot.getsockopt(sk(s), level, name, out),
  sendmsg: (s, msg, len) => sk(s).prot.sendmsg(sk(s), msg, len),
  recvmsg: (s, msg, len, flags) => sk(s).prot.recvmsg(sk(s), msg, len, flags),
  setRcvlowat: sockNoSetRcvlowat,
  setPeekOff: skSetPeekOff,
};

/** A finished connection between two stream sockets of a namespace; the second waits to be accepted. */
export function establish(client: TestSock, server: TestSock): TestSock {
  const child = new TestSock(server.net, AF_TEST, SOCK_STREAM, 0, streamProt, false);
  child.state = TCP_ESTABLISHED;
  child.peer = client;
  child.port = server.port;
  client.peer = child;
  client.state = TCP_ESTABLISHED;
  server.pendingAccept.push(child);
  server.dataReady(server);
  client.stateChange(client);
  return child;
}

const family: NetProtoFamily = {
  family: AF_TEST,
  addr: {
    length: 4,
    create: () => testAddr(0),
    decode: (bytes): TestAddr => ({ family: sockAddrFamily(bytes, 4), port: bytes.length < 4 ? 0 : (bytes[2] as number) | ((bytes[3] as number) << 8) }),
    encode(addr, bytes) {
      bytes.set([addr.family, 0, (addr as TestAddr).port & 0xff, (addr as TestAddr).port >> 8]);
    },
  },
  create(net, s, _protocol, kern) {
    if (s.type !== SOCK_DGRAM && s.type !== SOCK_STREAM) return -ESOCKTNOSUPPORT;
    s.ops = ops;
    const made = new TestSock(net, AF_TEST, s.type, 0, s.type === SOCK_DGRAM ? dgramProt : streamProt, kern);
    s.graft(made);
    return made.prot.init(made);
  },
};

export class Bench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel = createKernel({
    clock: this.clock,
    debug: true,
    plugins: [
      sysctl(),
      procfs(),
      namespaces(),
      sock(),
      {
        name: '@test/family',
        requires: ['@skbuff/sock'],
        init(ctx) {
          const layer = ctx.get(SOCKET_LAYER);
          for (const undo of [layer.registerFamily(family), layer.registerProto(dgramProt), layer.registerProto(streamProt)]) {
            if (typeof undo === 'function') ctx.onUnload(undo);
          }
        },
      },
    ],
  });
  readonly net: Net = this.kernel.initNet;
  readonly task: Task = kernelTask(this.net);

  /** A descriptor of each kind, bound to `port` unless that is 0. */
  dgram(port = 0, task: Task = this.task): number {
    const fd = task.socket(AF_TEST, SOCK_DGRAM);
    if (port !== 0) task.bind(fd, testAddr(port));
    return fd;
  }

  stream(port = 0, task: Task = this.task): number {
    const fd = task.socket(AF_TEST, SOCK_STREAM);
    if (port !== 0) task.bind(fd, testAddr(port));
    return fd;
  }

  sk(fd: number, task: Task = this.task): TestSock {
    return (task.socketOf(fd) as Socket).sk as TestSock;
  }

  /** Sends from one descriptor and delivers at once. */
  pass(fd: number, text: string, port: number): number {
    const rc = this.task.sendto(fd, bytes(text), 0, testAddr(port)) as number;
    this.sk(fd).deliver();
    return rc;
  }

  /** A connected pair of streams: the client's and the accepted descriptor. */
  connected(): [client: number, server: number] {
    const listener = this.stream(80);
    this.task.listen(listener, 5);
    const client = this.stream();
    establish(this.sk(client), this.sk(listener));
    return [client, this.task.accept(listener) as number];
  }
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export function text(buf: Uint8Array, n: number): string {
  return String.fromCharCode(...buf.subarray(0, n));
}

/** A fresh {@link Bench} for each test, with the leak check at its end. */
export function useBench(): { readonly b: Bench } {
  const holder = { b: null as unknown as Bench };
  beforeEach(() => {
    sockets.clear();
    world.initResult = 0;
    holder.b = new Bench();
  });
  afterEach(() => {
    expect(holder.b.kernel.shutdown()).toEqual({});
  });
  return holder;
}
