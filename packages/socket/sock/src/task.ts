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
import { Cred, type CredOptions, type Namespace, namespacesOf, type NewUtsname, type Nsproxy, type Pid, type UtsNamespace } from '@skbuff/namespaces';
import { leS32 } from '@skbuff/wire';
import { epollCreate, epollCtl, epollWait, type EpollEvent } from './eventpoll.ts';
import { dup, dup2, fcntl } from './fcntl.ts';
import { FdTable, OpenFile } from './file.ts';
import { Msghdr, int32Bytes, iovLength } from './msghdr.ts';
import { type PollFd, doPoll } from './poll.ts';
import { findTask, procNs, procPidRead, procPidWrite } from './proc-pid.ts';
import type { ProtoOps } from './proto.ts';
import { RCV_SHUTDOWN, type Sock } from './sock.ts';
import type { SockAddr } from './sockaddr.ts';
import { socketGetsockopt, socketIoctl, socketSetsockopt } from './socket-calls.ts';
import { type SocketLayer, sockNet } from './sock-net.ts';
import { Socket, sockCreate } from './socket.ts';
import { socketFileOps } from './socket-file.ts';
import { copyProcess, taskOpenNs, taskSetns, type TaskStart, taskUnshare } from './task-namespaces.ts';
import { TaskWait, blockOn } from './task-wait.ts';
import { type UserMsghdr, msgForRecv, msgForSend, msgToUser, nameIn, nameOut } from './user-msg.ts';

/** The result of a call that may have to wait. */
export type Result = number | Promise<number>;

const EMPTY = new Uint8Array(0);

export class Task {
  readonly kernel: Kernel;
  readonly pid: number;
  /** Its numbers in all PID namespaces; {@link pid} is the one of the first. */
  readonly struct: Pid;
  /** Namespaces that it is in, shared with tasks that are in the same; null once it has ended (`task_nsproxy`). */
  nsproxy: Nsproxy | null;
  cred: Cred;
  fds: FdTable;
  /** Waits under way. @internal */
  readonly waits: Set<TaskWait> = new Set();
  private ns: Net;
  private readonly layer: SocketLayer;
  private exited = false;
  /** A message that sendto and recvfrom use again and again; null while it is in use. */
  private scratch: Msghdr | null = new Msghdr();

  /** Use {@link kernelTask}. */
  constructor({ nsproxy, cred, struct, fds }: TaskStart) {
    this.ns = nsproxy.netNs.net;
    this.kernel = this.ns.kernel;
    this.nsproxy = nsproxy;
    this.cred = cred;
    this.struct = struct;
    this.pid = struct.numbers[0] as number;
    this.fds = fds;
    this.layer = sockNet.of(this.ns).layer;
    this.layer.tasks.add(this);
  }

  /** The namespace that new sockets belong to. */
  get net(): Net {
    return this.ns;
  }

  /** Runs `fn` as this task (`current`). */
  enter<T>(fn: () => T): T {
    const { layer } = this;
    const before = layer.entered;
    layer.current = layer.entered = this;
    try {
      return fn();
    } finally {
      layer.entered = before;
    }
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
    if ((rc >= 0 && sock.type !== SOCK_STREAM) || !this.mustWait(fd, sock, rc, bytes.length, msg.flags)) return this.giveScratch(msg, rc);
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
    return this.mustWait(fd, sock, rc, len, msg.flags) ? this.finishSend(fd, sock, msg, rc) : rc;
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
    return rc < 0 ? rc : leS32(out, 0);
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

  /**
   * poll(2): how many of `fds` have something in `revents`. `timeoutMs` negative: for ever. A promise also of what is there at once, if
   * the tasks have gone on for so long without a wait that others have their turn first.
   */
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

  /** epoll_wait(2): fills `events` from the start; how many. `timeoutMs` negative: for ever. A promise when {@link poll} gives one. */
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

  /** unshare(2), see {@link taskUnshare}. */
  unshare(flags: number): number {
    this.layer.current = this;
    return taskUnshare(this, flags);
  }

  /** setns(2), see {@link taskSetns}; sockets made from now on belong to the namespace, if it is one of networks. */
  setns(fd: number, nstype = 0): number {
    this.layer.current = this;
    return taskSetns(this, fd, nstype);
  }

  /** clone(2), see {@link copyProcess}: the child, which its maker ends. `setTid`: its number, 0 for the next one. */
  clone(flags: number, setTid: number = 0): Task | number {
    this.layer.current = this;
    const start = copyProcess(this, flags, setTid);
    return typeof start === 'number' ? start : new Task(start);
  }

  /** `switch_task_namespaces`: the caller's reference is taken over. @internal */
  switchNamespaces(nsproxy: Nsproxy | null): void {
    const old = this.nsproxy;
    this.nsproxy = nsproxy;
    if (nsproxy !== null) this.ns = nsproxy.netNs.net;
    old?.put();
  }

  /** `commit_creds`: as {@link switchNamespaces}. @internal */
  commitCreds(cred: Cred): void {
    const old = this.cred;
    this.cred = cred;
    old.userNs.put();
  }

  /** execve(2), as far as credentials go: who is not root in its own user namespace loses its capabilities. */
  execve(): void {
    if (this.getuid() === 0) return;
    this.cred.userNs.get();
    this.commitCreds(this.cred.afterExec());
  }

  /** getpid(2): its number in its own PID namespace. */
  getpid(): number {
    return this.struct.nr(this.struct.ns);
  }

  /** getuid(2) */
  getuid(): number {
    return this.cred.uidHere;
  }

  /** getgid(2) */
  getgid(): number {
    return this.cred.gidHere;
  }

  /** uname(2) into the 390 bytes of `struct new_utsname`: 0 or -EFAULT. */
  uname(buf: Uint8Array): number {
    return this.utsNs.uname(buf);
  }

  /** `utsname()`: the names as text. */
  get utsname(): NewUtsname {
    return this.utsNs.name;
  }

  /** gethostname: at most `len` bytes; 0, -EINVAL, -EFAULT. */
  gethostname(buf: Uint8Array, len: number = buf.length): number {
    return this.utsNs.gethostname(buf, len);
  }

  /** sethostname(2): 0, -EPERM, -EINVAL for more than 64 bytes, -EFAULT. */
  sethostname(name: Uint8Array, len: number = name.length): number {
    return this.utsNs.set('nodename', this.cred, name, len);
  }

  /** setdomainname(2): as {@link sethostname}. */
  setdomainname(name: Uint8Array, len: number = name.length): number {
    return this.utsNs.set('domainname', this.cred, name, len);
  }

  private get utsNs(): UtsNamespace {
    return this.nsproxy?.utsNs ?? namespacesOf(this.kernel.initNet).initUtsNs;
  }

  /** readlink(2) of a file in /proc/PID/ns: `net:[4026531840]`, or a negative errno. */
  readlink(path: string): string | number {
    const ns = procNs(this.layer, this, path);
    return typeof ns === 'number' ? ns : ns.link;
  }

  /** open(2) of such a file: a descriptor for {@link setns}, or a negative errno. */
  open(path: string): number {
    const ns = procNs(this.layer, this, path);
    return typeof ns === 'number' ? ns : taskOpenNs(this, ns);
  }

  /** A descriptor for a namespace, as opening a file that it is mounted on gives one. */
  openNs(ns: Namespace): number {
    return taskOpenNs(this, ns);
  }

  /** The text of a file below /proc/PID, or a negative errno. */
  procRead(path: string): string | number {
    return procPidRead(this.layer, this, path);
  }

  /** write(2) to such a file: 0 or a negative errno. */
  procWrite(path: string, text: string): number {
    return procPidWrite(this.layer, this, path, text);
  }

  /** The task that `pid` means here, or null. */
  findTask(pid: number): Task | null {
    return findTask(this.layer, this, pid);
  }

  /** exit(2): every waiting call returns -EINTR, everything is closed. Further calls are a mistake and return -EBADF. */
  exit(): void {
    if (this.exited) return;
    this.exited = true;
    this.endWaits(null, -EINTR);
    if (this.fds.leave()) for (const fd of this.fds.open()) this.close(fd);
    this.layer.tasks.delete(this);
    if (this.layer.current === this) this.layer.current = null;
    // `exit_task_namespaces`
    this.switchNamespaces(null);
    if (this.struct.isInit) this.zapPidNs();
    this.struct.ns.freePid(this.struct);
    this.cred.userNs.put();
  }

  /** `zap_pid_ns_processes`: with its first task a PID namespace ends, and all that is in it or below. */
  private zapPidNs(): void {
    for (const task of [...this.layer.tasks]) if (task.struct.nr(this.struct.ns) !== 0) task.exit();
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
    return blockOn(this, what, (last) => {
      // Then it has failed, and counts as that.
      if (last) msg.flags |= MSG_DONTWAIT;
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
    const what = { file: this.fds.get(fd) as OpenFile, wq: sk.wq, mask: POLLIN | POLLERR, timeo: sk.rcvtimeo, reader: sk };
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
  const all = namespacesOf(net);
  const struct = all.initPidNs.allocPid() as Pid;
  return new Task({ nsproxy: all.nsproxyFor(net), cred: new Cred(all.initUserNs.get(), cred), struct, fds: new FdTable() });
}
