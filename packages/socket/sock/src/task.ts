/**
 * A task and its system calls: numeric descriptors, results of 0 or more or a negative errno. A result is there at once whenever
 * it can be; a call that has to wait returns a promise of it instead, and time goes on meanwhile (`park`).
 */
import type { Kernel, Net } from '@skbuff/core';
import {
  EAGAIN,
  EALREADY,
  EBADF,
  EINPROGRESS,
  EINTR,
  EINVAL,
  EMFILE,
  ENOTSOCK,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_WAITALL,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
} from '@skbuff/uapi';
import { Cred, type CredOptions } from './cred.ts';
import { epollCreate, epollCtl, epollWait, type EpollEvent } from './eventpoll.ts';
import { dup, dup2, fcntl } from './fcntl.ts';
import { FdTable, OpenFile } from './file.ts';
import { Msghdr, int32Bytes, iovLength, le32 } from './msghdr.ts';
import { type PollFd, doPoll } from './poll.ts';
import type { ProtoOps } from './proto.ts';
import { RCV_SHUTDOWN, type Sock } from './sock.ts';
import type { SockAddr } from './sockaddr.ts';
import { socketGetsockopt, socketIoctl, socketSetsockopt } from './socket-calls.ts';
import { type SocketLayer, sockNet } from './sock-net.ts';
import { Socket, sockCreate } from './socket.ts';
import { socketFileOps } from './socket-file.ts';
import { TaskWait, blockOn } from './task-wait.ts';
import { type UserMsghdr, msgForRecv, msgForSend, msgToUser, nameIn, nameOut } from './user-msg.ts';

/** The result of a call that may have to wait. */
export type Result = number | Promise<number>;

const EMPTY = new Uint8Array(0);

export class Task {
  readonly kernel: Kernel;
  readonly pid: number;
  readonly cred: Cred;
  readonly fds: FdTable = new FdTable();
  /** Waits under way. @internal */
  readonly waits: Set<TaskWait> = new Set();
  private ns: Net;
  private readonly layer: SocketLayer;
  private exited = false;
  /** A message that sendto and recvfrom use again and again; null while it is in use. */
  private scratch: Msghdr | null = new Msghdr();

  /** Use {@link kernelTask}. */
  constructor(net: Net, cred: Cred) {
    this.kernel = net.kernel;
    this.ns = net.get();
    this.cred = cred;
    this.layer = sockNet.of(net).layer;
    this.pid = this.layer.nextPid();
    this.layer.tasks.add(this);
  }

  /** The namespace that new sockets belong to. */
  get net(): Net {
    return this.ns;
  }

  /** Runs `fn` as this task (`current`). */
  enter<T>(fn: () => T): T {
    this.layer.current = this;
    return fn();
  }

  /** socket(2): `type` may carry SOCK_NONBLOCK and SOCK_CLOEXEC. A descriptor, or a negative errno. */
  socket(family: number, type: number, protocol = 0): number {
    this.layer.current = this;
    const flags = type & ~SOCK_TYPE_MASK;
    if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) !== 0) return -EINVAL;
    const sock = sockCreate(this.ns, family, type & SOCK_TYPE_MASK, protocol);
    return typeof sock === 'number' ? sock : this.mapFd(sock, flags);
  }

  /** socketpair(2): no family here has it; the errno tells. */
  socketpair(family: number, type: number, protocol = 0): number {
    const a = this.socket(family, type, protocol);
    if (a < 0) return a;
    const b = this.socket(family, type, protocol);
    const sock = this.socketOf(a);
    const other = this.socketOf(b);
    const err = typeof sock === 'number' || typeof other === 'number' ? b : (sock.ops as ProtoOps).socketpair(sock, other);
    this.close(a);
    if (b >= 0) this.close(b);
    return err;
  }

  bind(fd: number, addr: SockAddr | Uint8Array): number {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    const name = nameIn(sock, addr);
    return typeof name === 'number' ? name : (sock.ops as ProtoOps).bind(sock, name);
  }

  /** connect(2). A family of AF_UNSPEC dissolves the association of a datagram socket. */
  connect(fd: number, addr: SockAddr | Uint8Array): Result {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    const name = nameIn(sock, addr);
    if (typeof name === 'number') return name;
    const file = this.fds.get(fd) as OpenFile;
    const ops = sock.ops as ProtoOps;
    const rc = ops.connect(sock, name, file.flags);
    if (rc !== -EINPROGRESS || file.nonblock) return rc;
    const sk = sock.sk as Sock;
    const what = { file, wq: sk.wq, mask: POLLOUT | POLLERR | POLLHUP, timeo: sk.sndtimeo };
    return blockOn(this, what, () => {
      const again = ops.connect(sock, name, file.flags);
      return again === -EALREADY || again === -EINPROGRESS ? -EAGAIN : again;
    }).then((result) => (result === -EAGAIN ? -EINPROGRESS : result));
  }

  listen(fd: number, backlog: number): number {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    const max = sockNet.of((sock.sk as Sock).net).somaxconn;
    return (sock.ops as ProtoOps).listen(sock, backlog >>> 0 > max ? max : backlog);
  }

  /** accept4(2): the new descriptor. `addr` is filled in with the peer's address. */
  accept(fd: number, addr: SockAddr | Uint8Array | null = null, flags = 0): Result {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) !== 0) return -EINVAL;
    const file = this.fds.get(fd) as OpenFile;
    const attempt = (): number => this.tryAccept(sock, addr, flags);
    const rc = attempt();
    if (rc !== -EAGAIN || file.nonblock) return rc;
    const sk = sock.sk as Sock;
    return blockOn(this, { file, wq: sk.wq, mask: POLLIN | POLLERR | POLLHUP, timeo: sk.rcvtimeo }, attempt);
  }

  private tryAccept(sock: Socket, addr: SockAddr | Uint8Array | null, flags: number): number {
    if (sock.ops === null) return -EBADF;
    const child = sock.ops.accept(sock);
    if (typeof child === 'number') return child;
    const accepted = new Socket(sock.type, sock.family);
    accepted.ops = sock.ops;
    accepted.state = 3;
    accepted.graft(child);
    if (addr !== null) {
      const err = nameOut(accepted, addr, true);
      if (err < 0) {
        accepted.release();
        return err;
      }
    }
    return this.mapFd(accepted, flags);
  }

  /**
   * sendto(2): bytes taken. The bytes are copied before the call returns, unless it has to wait. `addr` null: the connected peer.
   */
  sendto(fd: number, bytes: Uint8Array, flags = 0, addr: SockAddr | Uint8Array | null = null): Result {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    const msg = this.takeScratch();
    msg.iov[0] = bytes;
    msg.flags = this.sendFlags(fd, flags);
    if (addr !== null) {
      const name = addr instanceof Uint8Array ? nameIn(sock, addr) : addr;
      if (typeof name === 'number') return this.giveScratch(msg, name);
      msg.name = name;
    }
    const rc = (sock.ops as ProtoOps).sendmsg(sock, msg, bytes.length);
    if ((rc >= 0 && sock.type !== SOCK_STREAM) || !this.mustWait(fd, sock, rc, bytes.length, flags)) return this.giveScratch(msg, rc);
    return this.finishSend(fd, sock, this.keep(msg), rc);
  }

  /** sendmsg(2): bytes taken. */
  sendmsg(fd: number, user: UserMsghdr, flags = 0): Result {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    const msg = msgForSend(sock, user);
    if (typeof msg === 'number') return msg;
    msg.flags = this.sendFlags(fd, flags);
    const len = iovLength(msg.iov);
    const rc = (sock.ops as ProtoOps).sendmsg(sock, msg, len);
    return this.mustWait(fd, sock, rc, len, flags) ? this.finishSend(fd, sock, msg, rc) : rc;
  }

  /** recvfrom(2): bytes received into `buf`; `from` is filled in. With MSG_TRUNC the whole length of a datagram. */
  recvfrom(fd: number, buf: Uint8Array, flags = 0, from: SockAddr | Uint8Array | null = null): Result {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    if (from instanceof Uint8Array) return this.recvmsg(fd, { iov: [buf], name: from }, flags);
    const msg = this.takeScratch();
    msg.iov[0] = buf;
    msg.flags = 0;
    msg.name = from;
    const rc = (sock.ops as ProtoOps).recvmsg(sock, msg, buf.length, flags);
    if (rc >= 0 && sock.type !== SOCK_STREAM) return this.giveScratch(msg, rc);
    if (!this.mustWait(fd, sock, rc, (flags & MSG_WAITALL) !== 0 ? buf.length : 0, flags)) return this.giveScratch(msg, rc);
    return this.finishRecv(fd, sock, this.keep(msg), flags, rc, null);
  }

  /** recvmsg(2): bytes received; `user` is filled in. */
  recvmsg(fd: number, user: UserMsghdr, flags = 0): Result {
    const sock = this.socketOf(fd);
    if (typeof sock === 'number') return sock;
    const msg = msgForRecv(sock, user);
    const len = iovLength(msg.iov);
    const rc = (sock.ops as ProtoOps).recvmsg(sock, msg, len, flags);
    if (this.mustWait(fd, sock, rc, (flags & MSG_WAITALL) !== 0 ? len : 0, flags)) return this.finishRecv(fd, sock, msg, flags, rc, user);
    if (rc >= 0) msgToUser(sock, msg, user);
    return rc;
  }

  /** write(2) on a socket. */
  write(fd: number, bytes: Uint8Array): Result {
    return this.sendto(fd, bytes, 0, null);
  }

  /** read(2) on a socket. */
  read(fd: number, buf: Uint8Array): Result {
    return this.recvfrom(fd, buf, 0, null);
  }

  /** setsockopt(2): a number stands for an `int`. */
  setsockopt(fd: number, level: number, name: number, value: number | Uint8Array): number {
    const sock = this.socketOf(fd);
    return typeof sock === 'number' ? sock : socketSetsockopt(sock, level, name, typeof value === 'number' ? int32Bytes(value) : value);
  }

  /** getsockopt(2) into `out`: bytes written, or a negative errno. */
  getsockopt(fd: number, level: number, name: number, out: Uint8Array): number {
    const sock = this.socketOf(fd);
    return typeof sock === 'number' ? sock : socketGetsockopt(sock, level, name, out);
  }

  /** getsockopt(2) of an `int` that cannot be negative: its value, or a negative errno. */
  getsockoptInt(fd: number, level: number, name: number): number {
    const out = new Uint8Array(4);
    const rc = this.getsockopt(fd, level, name, out);
    return rc < 0 ? rc : le32(out, 0);
  }

  /** getsockname(2): fills `addr`; its whole length in bytes, or a negative errno. */
  getsockname(fd: number, addr: SockAddr | Uint8Array): number {
    const sock = this.socketOf(fd);
    return typeof sock === 'number' ? sock : nameOut(sock, addr, false);
  }

  getpeername(fd: number, addr: SockAddr | Uint8Array): number {
    const sock = this.socketOf(fd);
    return typeof sock === 'number' ? sock : nameOut(sock, addr, true);
  }

  /** shutdown(2): `how` is SHUT_RD, SHUT_WR or SHUT_RDWR. */
  shutdown(fd: number, how: number): number {
    const sock = this.socketOf(fd);
    return typeof sock === 'number' ? sock : (sock.ops as ProtoOps).shutdown(sock, how);
  }

  /** ioctl(2) with the bytes of its argument (an `int`, `struct ifreq` …), which are filled in. */
  ioctl(fd: number, request: number, arg: Uint8Array): number {
    this.layer.current = this;
    const file = this.fds.get(fd);
    return file === null ? -EBADF : socketIoctl(file, request, arg);
  }

  fcntl(fd: number, cmd: number, arg = 0): number {
    return fcntl(this.fds, fd, cmd, arg);
  }

  dup(fd: number): number {
    return dup(this.fds, fd, 0, false);
  }

  dup2(fd: number, to: number): number {
    return dup2(this, fd, to);
  }

  /** poll(2): how many of `fds` have something in `revents`. `timeoutMs` negative: for ever. */
  poll(fds: readonly PollFd[], timeoutMs: number): Result {
    this.layer.current = this;
    return doPoll(this, fds, timeoutMs);
  }

  /** epoll_create1(2). */
  epollCreate(flags = 0): number {
    return epollCreate(this.fds, flags);
  }

  /** epoll_ctl(2). */
  epollCtl(epfd: number, op: number, fd: number, event: EpollEvent | null = null): number {
    return epollCtl(this.fds, epfd, op, fd, event);
  }

  /** epoll_wait(2): fills `events` from the start; how many. `timeoutMs` negative: for ever. */
  epollWait(epfd: number, events: EpollEvent[], maxevents: number, timeoutMs: number): Result {
    this.layer.current = this;
    return epollWait(this, epfd, events, maxevents, timeoutMs);
  }

  /** nanosleep(2): 0 after `ns` nanoseconds, -EINTR if the task exits before. */
  nanosleep(ns: number): Result {
    if (!(ns >= 0)) return -EINVAL;
    return new TaskWait(this, null, this.kernel.clock.now() + ns).promise.then((why) => (why === -EINTR ? why : 0));
  }

  /** close(2). Calls that wait on the file return -EBADF when this was its last descriptor. */
  close(fd: number): number {
    this.layer.current = this;
    const file = this.fds.remove(fd);
    if (file === null) return -EBADF;
    if (file.refs === 1) this.endWaits(file, -EBADF);
    file.put();
    return 0;
  }

  /** setns(2): sockets made from now on belong to `net`. */
  setns(net: Net): number {
    if (!net.alive) return -EINVAL;
    const old = this.ns;
    this.ns = net.get();
    old.put();
    return 0;
  }

  /** exit(2): every waiting call returns -EINTR, everything is closed. Further calls are a mistake and return -EBADF. */
  exit(): void {
    if (this.exited) return;
    this.exited = true;
    this.endWaits(null, -EINTR);
    for (const fd of this.fds.open()) this.close(fd);
    this.layer.tasks.delete(this);
    if (this.layer.current === this) this.layer.current = null;
    this.ns.put();
  }

  /** The socket of a descriptor, -EBADF or -ENOTSOCK; makes the task current. */
  socketOf(fd: number): Socket | number {
    this.layer.current = this;
    const file = this.fds.get(fd);
    if (file === null) return -EBADF;
    return file.socket ?? -ENOTSOCK;
  }

  /** `sock_map_fd`: gives a socket a descriptor, or releases it. */
  mapFd(sock: Socket, flags: number): number {
    const file = new OpenFile(socketFileOps, sock, null, (flags & SOCK_NONBLOCK) !== 0);
    const fd = this.exited ? -EMFILE : this.fds.install(file, (flags & SOCK_CLOEXEC) !== 0);
    if (fd < 0) sock.release();
    return fd;
  }

  /** A signal that the process catches: every waiting call returns -EINTR. */
  interrupt(): void {
    this.endWaits(null, -EINTR);
  }

  private endWaits(file: OpenFile | null, errno: number): void {
    for (const wait of [...this.waits]) if (file === null || wait.file === file) wait.finish(errno);
  }

  private takeScratch(): Msghdr {
    const msg = this.scratch ?? new Msghdr();
    this.scratch = null;
    return msg;
  }

  private giveScratch(msg: Msghdr, rc: number): number {
    msg.name = null;
    msg.iov[0] = EMPTY;
    this.scratch = msg;
    return rc;
  }

  /** The call has to wait: the message stays with it. */
  private keep(msg: Msghdr): Msghdr {
    this.scratch = new Msghdr();
    return msg;
  }

  /** A descriptor that does not wait makes every send such. */
  private sendFlags(fd: number, flags: number): number {
    return (this.fds.get(fd) as OpenFile).nonblock ? flags | MSG_DONTWAIT : flags;
  }

  /** Whether a call that got `rc` has to wait: for anything at all, or, on a stream, for the rest of `wanted` bytes. */
  private mustWait(fd: number, sock: Socket, rc: number, wanted: number, flags: number): boolean {
    if (rc !== -EAGAIN && (sock.type !== SOCK_STREAM || rc <= 0 || rc >= wanted)) return false;
    // The error queue is never waited for.
    return (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) === 0 && !(this.fds.get(fd) as OpenFile).nonblock;
  }

  /** `rc` is -EAGAIN, or what a stream took of the message so far. */
  private finishSend(fd: number, sock: Socket, msg: Msghdr, rc: number): Promise<number> {
    const sk = sock.sk as Sock;
    const what = { file: this.fds.get(fd) as OpenFile, wq: sk.wq, mask: POLLOUT | POLLERR | POLLHUP, timeo: sk.sndtimeo };
    const total = iovLength(msg.iov);
    let done = Math.max(0, rc);
    return blockOn(this, what, () => {
      if (done > 0) msg.iov = iovFrom(msg.iov, iovLength(msg.iov) - (total - done));
      const more = (sock.ops as ProtoOps).sendmsg(sock, msg, total - done);
      if (more < 0) return more === -EAGAIN || done === 0 ? more : done;
      done += more;
      return sock.type === SOCK_STREAM && done < total ? -EAGAIN : done;
    }).then((result) => (result < 0 && done > 0 ? done : result));
  }

  /** `rc` is -EAGAIN, or what a stream had when MSG_WAITALL wants more. After shutdown nothing more is waited for. */
  private finishRecv(fd: number, sock: Socket, msg: Msghdr, flags: number, rc: number, user: UserMsghdr | null): Result {
    const sk = sock.sk as Sock;
    const what = { file: this.fds.get(fd) as OpenFile, wq: sk.wq, mask: POLLIN | POLLERR, timeo: sk.rcvtimeo };
    const total = iovLength(msg.iov);
    const all = sock.type === SOCK_STREAM && (flags & MSG_WAITALL) !== 0;
    const peek = (flags & MSG_PEEK) !== 0;
    let done = Math.max(0, rc);
    const hand = (result: number): number => {
      const got = result < 0 && done > 0 ? done : result;
      if (user !== null && got >= 0) msgToUser(sock, msg, user);
      return got;
    };
    if (rc === -EAGAIN && (sk.shutdown & RCV_SHUTDOWN) !== 0) return hand(0);
    return blockOn(this, what, () => {
      if (done > 0 && !peek) msg.iov = iovFrom(msg.iov, iovLength(msg.iov) - (total - done));
      const more = (sock.ops as ProtoOps).recvmsg(sock, msg, peek ? total : total - done, flags);
      if (more === -EAGAIN && (sk.shutdown & RCV_SHUTDOWN) !== 0) return done;
      if (more < 0) return more;
      done = peek ? more : done + more;
      return all && more > 0 && done < total ? -EAGAIN : done;
    }).then(hand);
  }
}

/** The parts of a message from byte `skip` on. */
function iovFrom(iov: readonly Uint8Array[], skip: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  for (const part of iov) {
    if (skip < part.length) rest.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}

/** A new task in `net`. It may do anything unless told otherwise. */
export function kernelTask(net: Net, cred: CredOptions = {}): Task {
  return new Task(net, new Cred(cred));
}
