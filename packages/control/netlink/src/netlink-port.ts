/** User space's end (`struct netlink_sock`): address, groups, options, sending, and a receive queue with a limit. */
import type { Net } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { CAP_NET_ADMIN } from '@skbuff/uapi';
import { type NetlinkDatagram, netlinkDatagram } from './netlink-datagram.ts';
import { type DumpState, netlinkDump } from './netlink-dump.ts';
import { NL_CFG_F_NONROOT_RECV, NL_CFG_F_NONROOT_SEND, type NetlinkNet, type NetlinkProto } from './netlink-table.ts';

/** net.core.rmem_default and wmem_default. */
const SK_BUF_DEFAULT = 212992;
/** A dump part is never longer, however big the reader's buffer. */
const MAX_DUMP_PART = 32768 - 320;

export interface NetlinkPortOptions {
  /** The process id that the port is named after when it binds itself; 0 = none. */
  readonly pid?: number;
  /** Whether the owner has a capability over a namespace, the port's own or one that a message names; by default it has all. */
  readonly capable?: (cap: number, over: Net) => boolean;
  /** Bytes, as in /proc: what setsockopt(SO_RCVBUF) doubles has been doubled. */
  readonly rcvbuf?: number;
  readonly sndbuf?: number;
}

/** Options at level SOL_NETLINK that are on or off. */
const FLAG_OPTIONS: readonly number[] = [
  U.NETLINK_PKTINFO,
  U.NETLINK_BROADCAST_ERROR,
  U.NETLINK_NO_ENOBUFS,
  U.NETLINK_LISTEN_ALL_NSID,
  U.NETLINK_CAP_ACK,
  U.NETLINK_EXT_ACK,
  U.NETLINK_GET_STRICT_CHK,
];

export class NetlinkPort {
  readonly proto: NetlinkProto;
  /** 0 until bound. */
  portid = 0;
  bound = false;
  closed = false;
  /** Connected peer: 0, 0 = the kernel. */
  dstPortid = 0;
  dstGroup = 0;
  /** Bytes charged to the receive queue, the limit, and messages lost for lack of room. */
  rmem = 0;
  rcvbuf: number;
  sndbuf: number;
  drops = 0;
  /** Inode of the socket that owns it, 0 if none does. */
  inode = 0;
  /** How many groups it has joined. */
  subscriptions = 0;
  /** Largest buffer a receive has offered: parts of a dump are made to fit. */
  maxRecvmsgLen = 0;
  /** The dump under way, if any. */
  dump: DumpState | null = null;
  /** Told when there is something to receive, data or error. Must not send from inside. */
  onReadable: ((port: NetlinkPort) => void) | null = null;

  private readonly pid: number;
  private readonly cap: ((cap: number, over: Net) => boolean) | null;
  private connected = false;
  private readonly groups: Uint32Array;
  private options = 0;
  private queue: NetlinkDatagram[] = [];
  private skErr = 0;
  private congested = false;

  constructor(proto: NetlinkProto, opts: NetlinkPortOptions) {
    this.proto = proto;
    this.pid = opts.pid ?? 0;
    this.cap = opts.capable ?? null;
    this.rcvbuf = opts.rcvbuf ?? SK_BUF_DEFAULT;
    this.sndbuf = opts.sndbuf ?? SK_BUF_DEFAULT;
    this.groups = new Uint32Array((proto.groups + 31) >> 5);
  }

  /** `netlink_ns_capable`; `over` is by default the port's own namespace (`netlink_net_capable`). */
  capable(cap: number, over: Net = this.proto.net): boolean {
    return this.cap === null || this.cap(cap, over);
  }

  /** `netlink_allowed`: what the protocol opens to everybody, or CAP_NET_ADMIN. */
  private allowed(flag: number): boolean {
    return this.proto.hasFlag(flag) || this.capable(CAP_NET_ADMIN);
  }

  /**
   * `netlink_bind`. `portid` 0 asks for a free one; `groups` is the mask of groups 1..32 to be in from now on. Returns 0,
   * `-EADDRINUSE`, `-EPERM`, or `-EINVAL` when it already has another port id.
   */
  bind(portid: number = 0, groups: number = 0): number {
    if (groups !== 0 && !this.allowed(NL_CFG_F_NONROOT_RECV)) return -U.EPERM;
    if (this.bound && portid !== this.portid) return -U.EINVAL;
    const err = this.askBind(groups);
    if (err < 0) return err;
    if (!this.bound) {
      const taken = portid === 0 ? this.autobind() : this.insert(portid);
      if (taken < 0) return taken;
    }
    for (let group = 1; group <= 32; group++) this.setMember(group, ((groups >>> (group - 1)) & 1) !== 0);
    return 0;
  }

  private askBind(groups: number): number {
    const { bind, unbind } = this.proto.cfg;
    if (bind === undefined) return 0;
    for (let group = 1; group <= 32; group++) {
      if (((groups >>> (group - 1)) & 1) === 0) continue;
      const err = bind(this.proto.net, group);
      if (err === 0) continue;
      for (let undo = 1; undo < group; undo++) if (((groups >>> (undo - 1)) & 1) !== 0) unbind?.(this.proto.net, undo);
      return err;
    }
    return 0;
  }

  private insert(portid: number): number {
    const err = this.proto.insert(this, portid);
    if (err < 0) return err;
    this.portid = portid;
    this.bound = true;
    return 0;
  }

  private autobind(): number {
    return this.insert(this.proto.autobindId(this.pid));
  }

  /** `netlink_connect`: the default destination, from which alone other ports are heard afterwards. */
  connect(portid: number, groups: number): number {
    if ((portid !== 0 || groups !== 0) && !this.allowed(NL_CFG_F_NONROOT_SEND)) return -U.EPERM;
    if (!this.bound) {
      const err = this.autobind();
      if (err < 0) return err;
    }
    this.connected = true;
    this.dstPortid = portid;
    this.dstGroup = firstGroup(groups);
    return 0;
  }

  /** connect(2) with AF_UNSPEC. */
  disconnect(): void {
    this.connected = false;
    this.dstPortid = 0;
    this.dstGroup = 0;
  }

  isMember(group: number): boolean {
    return group >= 1 && group <= this.proto.groups && ((this.groups[(group - 1) >> 5] >>> ((group - 1) & 31)) & 1) !== 0;
  }

  private setMember(group: number, on: boolean): void {
    if (this.isMember(group) === on || group > this.proto.groups) return;
    this.groups[(group - 1) >> 5] ^= 1 << ((group - 1) & 31);
    this.subscriptions += on ? 1 : -1;
    this.proto.count(this, group, on ? 1 : -1);
  }

  /** Mask of groups 1..32, as getsockname(2) shows it. */
  groupMask(): number {
    return this.groups[0];
  }

  /** NETLINK_LIST_MEMBERSHIPS: a bit per group, group 1 first. */
  listMemberships(): Uint32Array {
    return this.groups.slice();
  }

  /** NETLINK_ADD_MEMBERSHIP and NETLINK_DROP_MEMBERSHIP; groups may exceed 32. */
  private membership(group: number, on: boolean): number {
    if (!this.allowed(NL_CFG_F_NONROOT_RECV)) return -U.EPERM;
    if (group < 1 || group > this.proto.groups) return -U.EINVAL;
    const { net, cfg } = this.proto;
    const err = on && cfg.bind !== undefined ? cfg.bind(net, group) : 0;
    if (err !== 0) return err;
    this.setMember(group, on);
    if (!on) cfg.unbind?.(net, group);
    return 0;
  }

  /** setsockopt(SOL_NETLINK): 0, `-EINVAL`, `-EPERM`, or `-ENOPROTOOPT` for an option that does not exist. */
  setsockopt(option: number, value: number): number {
    if (option === U.NETLINK_ADD_MEMBERSHIP || option === U.NETLINK_DROP_MEMBERSHIP) {
      return this.membership(value, option === U.NETLINK_ADD_MEMBERSHIP);
    }
    if (!FLAG_OPTIONS.includes(option)) return -U.ENOPROTOOPT;
    if (option === U.NETLINK_LISTEN_ALL_NSID && !this.capable(U.CAP_NET_BROADCAST)) return -U.EPERM;
    this.options = value !== 0 ? this.options | (1 << option) : this.options & ~(1 << option);
    if (option === U.NETLINK_NO_ENOBUFS && value !== 0) this.congested = false;
    return 0;
  }

  /** getsockopt(SOL_NETLINK) of an option that is on or off: 1, 0, or `-ENOPROTOOPT`. */
  getsockopt(option: number): number {
    if (!FLAG_OPTIONS.includes(option)) return -U.ENOPROTOOPT;
    return this.option(option) ? 1 : 0;
  }

  option(option: number): boolean {
    return ((this.options >> option) & 1) !== 0;
  }

  get broadcastError(): boolean {
    return this.option(U.NETLINK_BROADCAST_ERROR);
  }

  get noEnobufs(): boolean {
    return this.option(U.NETLINK_NO_ENOBUFS);
  }

  /**
   * `netlink_sendmsg`: a buffer with one or more messages to the connected peer or to `portid` (0 = the kernel) and the first
   * group of the mask `groups`. The kernel has dealt with it, and queued its answers, when this returns. `data` stays the
   * caller's. Returns its length or a negative errno.
   */
  sendmsg(data: Uint8Array, portid: number = this.dstPortid, groups: number = groupBit(this.dstGroup)): number {
    if (data.length === 0) return -U.ENODATA;
    if ((portid !== 0 || groups !== 0) && !this.allowed(NL_CFG_F_NONROOT_SEND)) return -U.EPERM;
    if (!this.bound) {
      const err = this.autobind();
      if (err < 0) return err;
    }
    if (data.length > this.sndbuf - 32) return -U.EMSGSIZE;
    if (groups !== 0) this.proto.broadcast(data.slice(), firstGroup(groups), portid, this);
    return portid === 0 ? this.toKernel(data) : this.proto.deliverTo(netlinkDatagram(data.slice(), this.portid, 0), portid);
  }

  private toKernel(buf: Uint8Array): number {
    const { proto } = this;
    if (proto.cfg.input === undefined) return -U.ECONNREFUSED;
    proto.cfg.input({ net: proto.net, proto, port: this, portid: this.portid, buf });
    return buf.length;
  }

  /** A connected port hears only the port it is connected to; the kernel is always heard. */
  accepts(fromPortid: number): boolean {
    return !this.connected || fromPortid === 0 || fromPortid === this.dstPortid;
  }

  /** Queues a datagram; false when there is no room, which the owner learns as ENOBUFS. One always fits into an empty queue. */
  enqueue(dgram: NetlinkDatagram): boolean {
    if (this.closed) return false;
    if ((this.rmem > 0 && this.rmem + dgram.truesize > this.rcvbuf) || this.congested) {
      this.overrun();
      return false;
    }
    this.enqueueUnchecked(dgram);
    return true;
  }

  /** Queues what the port itself asked for: a part of a dump. */
  enqueueUnchecked(dgram: NetlinkDatagram): void {
    this.rmem += dgram.truesize;
    this.queue.push(dgram);
    this.onReadable?.(this);
  }

  /** `netlink_overrun`: nothing more is taken in until the queue has been emptied. */
  private overrun(): void {
    this.drops++;
    if (this.noEnobufs || this.congested) return;
    this.congested = true;
    this.setError(U.ENOBUFS);
  }

  /** Leaves an error (positive) for the next receive. */
  setError(err: number): void {
    this.skErr = err;
    this.onReadable?.(this);
  }

  /** Whether a receive would give something, data or error. */
  readable(): boolean {
    return this.skErr !== 0 || this.queue.length > 0;
  }

  /**
   * `netlink_recvmsg`: the next datagram whole, a pending error (once), or `-EAGAIN`. `size` is the reader's buffer, for which
   * the next part of a dump is made; with `peek` the datagram stays.
   */
  recvmsg(size: number = 32768, peek: boolean = false): NetlinkDatagram | number {
    if (this.skErr !== 0) {
      const err = -this.skErr;
      this.skErr = 0;
      return err;
    }
    const dgram = this.queue[0];
    if (dgram === undefined) return -U.EAGAIN;
    this.maxRecvmsgLen = Math.min(Math.max(this.maxRecvmsgLen, size), MAX_DUMP_PART);
    if (!peek) {
      this.queue.shift();
      this.rmem -= dgram.truesize;
    }
    this.continueDump();
    if (this.queue.length === 0) this.congested = false;
    return dgram;
  }

  private continueDump(): void {
    if (this.dump === null || this.rmem > this.rcvbuf / 2) return;
    const err = netlinkDump(this);
    if (err !== 0) this.setError(-err);
  }

  /** close(2): ends its dump, leaves its groups, frees its port id and its queue. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const dump = this.dump;
    this.dump = null;
    dump?.cb.done();
    for (let group = 1; group <= this.proto.groups; group++) {
      if (!this.isMember(group)) continue;
      this.setMember(group, false);
      this.proto.cfg.unbind?.(this.proto.net, group);
    }
    this.proto.remove(this);
    this.proto.cfg.release?.(this);
    this.queue = [];
    this.rmem = 0;
    const waiting = this.onReadable;
    this.onReadable = null;
    if (waiting === null) return;
    // Whoever waits is told that there is nothing to wait for any more.
    this.skErr = U.EBADF;
    waiting(this);
  }
}

/** Number of the lowest group in a mask, 0 for none. */
function firstGroup(mask: number): number {
  return mask === 0 ? 0 : 32 - Math.clz32(mask & -mask);
}

/** Mask form of a group (`netlink_group_mask`): 0 for none and for groups above 32. */
export function groupBit(group: number): number {
  return group >= 1 && group <= 32 ? (1 << (group - 1)) >>> 0 : 0;
}

/** socket(AF_NETLINK): a port that is not bound yet, or `-EPROTONOSUPPORT`. */
export function netlinkOpen(nlnet: NetlinkNet, protocol: number, opts: NetlinkPortOptions = {}): NetlinkPort | number {
  const proto = nlnet.get(protocol);
  return proto === null ? -U.EPROTONOSUPPORT : new NetlinkPort(proto, opts);
}
