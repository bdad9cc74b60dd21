/**
 * `struct sock` (`include/net/sock.h`): what every socket is to the network stack. Families and protocols extend it; it knows of
 * neither datagrams nor streams.
 */
import { type DstEntry, dstCheck, moduleGet, modulePut, type Net, netDisableTimestamp, netTxTimestamp, SkBuffHead, type SkBuff, type SkbSock } from '@skbuff/core';
import { POLLERR, POLLIN, POLLOUT, POLLPRI, POLLRDBAND, POLLRDNORM, POLLWRBAND, POLLWRNORM, TCP_CLOSE } from '@skbuff/uapi';
import type { Proto } from './proto.ts';
import { type SockNet, sockNet } from './sock-net.ts';
import { SK_SEND_SPACE } from './sock-limits.ts';
import type { Socket } from './socket.ts';
import { WaitQueueHead } from './wait.ts';

/** Bits of `flags` (`enum sock_flags`): never shown to user space, so the numbers are ours. */
export const SOCK_DEAD: number = 1 << 0;
export const SOCK_URGINLINE: number = 1 << 2;
export const SOCK_KEEPOPEN: number = 1 << 3;
export const SOCK_LINGER: number = 1 << 4;
export const SOCK_BROADCAST: number = 1 << 6;
export const SOCK_DBG: number = 1 << 7;
export const SOCK_LOCALROUTE: number = 1 << 8;
export const SOCK_RCVTSTAMP: number = 1 << 9;
export const SOCK_RCVTSTAMPNS: number = 1 << 10;
export const SOCK_RXQ_OVFL: number = 1 << 12;
export const SOCK_SELECT_ERR_QUEUE: number = 1 << 13;
export const SOCK_FILTER_LOCKED: number = 1 << 14;
export const SOCK_RCVMARK: number = 1 << 15;
export const SOCK_RCVPRIORITY: number = 1 << 16;
/** A writer waits for room. */
export const SOCK_NOSPACE: number = 1 << 17;
/** Time stamps of received packets were switched on for this socket. */
export const SOCK_TIMESTAMP: number = 1 << 18;
/** A socket of the stack itself: neither counted in its namespace nor keeping it alive. */
export const SOCK_KERN: number = 1 << 19;
/** Remembers by which flow and NAPI instance its packets come (`sock_rps_save_rxhash`, `sk_mark_napi_id`): for RFS and busy polling. */
export const SOCK_RXINFO: number = 1 << 20;

/** Time stamps of received packets for SO_TIMESTAMPING; any use of it; the newer generation of either; may ask for stamps of what it sends. */
export const SOCK_TIMESTAMPING_RX: number = 1 << 21;
export const SOCK_TSTAMPING: number = 1 << 22;
export const SOCK_TSTAMP_NEW: number = 1 << 23;
export const SOCK_TXSTAMPER: number = 1 << 24;

/** Bits of `userlocks`: what the user fixed. */
export const SOCK_SNDBUF_LOCK = 1;
export const SOCK_RCVBUF_LOCK = 2;
export const SOCK_BINDADDR_LOCK = 4;
export const SOCK_BINDPORT_LOCK = 8;

/** Bits of `shutdown`. */
export const RCV_SHUTDOWN = 1;
export const SEND_SHUTDOWN = 2;
export const SHUTDOWN_MASK = 3;

/** Never: the value of a time limit that is not set. */
export const MAX_SCHEDULE_TIMEOUT: number = Number.POSITIVE_INFINITY;

/** A socket filter: bytes of the packet to keep, 0 drops it. */
export type SkFilter = (skb: SkBuff) => number;

export class Sock implements SkbSock {
  readonly net: Net;
  /** AF_*; {@link become} changes it. */
  family: number;
  /** SOCK_STREAM … */
  readonly type: number;
  readonly protocol: number;
  prot: Proto;
  /** TCP_*: also for other protocols, where TCP_ESTABLISHED means connected and TCP_CLOSE not. */
  state: number = TCP_CLOSE;
  /** SOCK_* bits of this file. */
  flags = 0;
  /** RCV_SHUTDOWN, SEND_SHUTDOWN */
  shutdown = 0;
  userlocks = 0;
  /** Positive errno that the next call reports and clears. */
  err = 0;
  /** As {@link err}, but reported only if nothing better turns up. */
  errSoft = 0;
  /** Limits in bytes of `truesize`. */
  rcvbuf: number;
  sndbuf: number;
  rcvlowat = 1;
  /** Bytes charged. */
  rmemAlloc = 0;
  wmemAlloc = 0;
  /** Packets lost at this socket. */
  drops = 0;
  /** `sk_tx_queue_mapping`: the transmit queue that the packets of a connected socket keep to; -1: none yet. */
  txQueueMapping = -1;
  /** With {@link SOCK_RXINFO}: number of the flow that packets of a connected socket come by, and their NAPI instance; 0: none yet. */
  rxhash = 0;
  napiId = 0;
  /** SO_BUSY_POLL: microseconds that a reader polls the device himself; 0: it waits. Change it through `skSetBusyPoll`. */
  llUsec = 0;
  /** SO_BUSY_POLL_BUDGET: packets that one such poll takes; 0: the usual. */
  busyPollBudget = 0;
  /** SO_BINDTODEVICE: interface index, 0: any. */
  boundDevIf = 0;
  mark = 0;
  priority = 0;
  reuse = false;
  reuseport = false;
  /** Transmit without checksum (SO_NO_CHECK). */
  noCheckTx = false;
  /** Time limits in jiffies. */
  rcvtimeo: number = MAX_SCHEDULE_TIMEOUT;
  sndtimeo: number = MAX_SCHEDULE_TIMEOUT;
  /** SO_LINGER, jiffies. */
  lingertime = 0;
  /** SO_PEEK_OFF, -1: off. */
  peekOff = -1;
  /** Owner's user id. */
  readonly uid: number;
  /** Arrival time of the packet read last, nanoseconds since 1970 (SIOCGSTAMP); -1: none asked for. */
  stamp = -1;
  /** SO_TIMESTAMPING: SOF_TIMESTAMPING_*; what that means for each packet sent (SKBTX_*); number of the next one. */
  tsflags = 0;
  txFlags = 0;
  tskey = 0;
  maxPacingRate = 0;
  backlog = 0;
  maxBacklog = 0;
  readonly receiveQueue: SkBuffHead = new SkBuffHead();
  readonly errorQueue: SkBuffHead = new SkBuffHead();
  readonly writeQueue: SkBuffHead = new SkBuffHead();
  readonly wq: WaitQueueHead = new WaitQueueHead();
  filter: SkFilter | null = null;
  /** The bytes of the filter that user space attached (`orig_prog`); null: none, or it is the stack's own. */
  filterProgram: Uint8Array | null = null;
  /** The route that a connected socket uses. */
  dst: DstEntry | null = null;
  /** The descriptor's side; null after close and before accept. */
  socket: Socket | null = null;
  inode = 0;
  /** Private to in-stack users of the socket. */
  userData: unknown = null;

  /** Callbacks; an in-stack user of the socket may put in its own. */
  dataReady: (sk: Sock) => void = sockDefReadable;
  writeSpace: (sk: Sock) => void = sockDefWriteSpace;
  errorReport: (sk: Sock) => void = sockDefErrorReport;
  stateChange: (sk: Sock) => void = sockDefWakeup;

  private refcnt = 1;
  private destroyed = false;
  private readonly sockNet: SockNet;

  /** @param kern a socket of the stack itself: it does not keep its namespace alive */
  constructor(net: Net, family: number, type: number, protocol: number, prot: Proto, kern: boolean) {
    this.net = net;
    this.family = family;
    this.type = type;
    this.protocol = protocol;
    this.prot = prot;
    const state = sockNet.of(net);
    this.sockNet = state;
    this.rcvbuf = state.layer.rmemDefault;
    this.sndbuf = state.layer.wmemDefault;
    this.uid = state.layer.currentUid();
    this.inode = state.layer.nextInode();
    if (kern) this.flags |= SOCK_KERN;
    else {
      net.get();
      state.sockets++;
    }
    state.layer.liveSocks++;
    moduleGet(net.kernel, prot.owner);
  }

  /** From now on it is a socket of another protocol, in another family (IPV6_ADDRFORM). */
  become(family: number, prot: Proto): void {
    moduleGet(this.net.kernel, prot.owner);
    modulePut(this.net.kernel, this.prot.owner);
    this.family = family;
    this.prot = prot;
  }

  /** `sock_flag`. */
  flag(bit: number): boolean {
    return (this.flags & bit) !== 0;
  }

  /** `sock_valbool_flag`. */
  setFlag(bit: number, on: boolean): void {
    if (on) this.flags |= bit;
    else this.flags &= ~bit;
  }

  /** `sock_hold`. */
  hold(): void {
    this.refcnt++;
  }

  /** `sock_put`: the last one, once no packet in flight is charged to it either, frees the socket. */
  put(): void {
    this.refcnt--;
    if (this.refcnt < 0) throw new Error(`kernel BUG: ${this.prot.name} socket put too often`);
    this.maybeFree();
  }

  /** `sock_error`: the pending error as a negative number, cleared; 0 if there is none. */
  takeError(): number {
    const { err } = this;
    if (err === 0) return 0;
    this.err = 0;
    return -err;
  }

  /** `sk_error_report` of a new error; `err` positive. */
  setErr(err: number): void {
    this.err = err;
    this.errorReport(this);
  }

  /** `sk_dst_set`: takes over the caller's reference; null forgets the route. */
  dstSet(dst: DstEntry | null): void {
    const old = this.dst;
    this.dst = dst;
    this.txQueueMapping = -1;
    if (old !== null) old.release();
  }

  /** `sk_dst_check`: the route that the socket keeps if it may still be used, without a reference for the caller; null: look it up. */
  dstCheck(): DstEntry | null {
    const { dst } = this;
    if (dst === null || dstCheck(dst)) return dst;
    this.dstSet(null);
    return null;
  }

  /** `skb_set_owner_w`: charges a packet that is about to be sent; the charge ends with the packet. */
  setOwnerW(skb: SkBuff): void {
    if (skb.destructor !== null) skb.orphan();
    skb.sk = this;
    skb.destructor = sockWfree;
    this.wmemAlloc += skb.truesize;
  }

  /** `sk_stream_…`/`sock_writeable`: whether less than half of the send buffer is in flight. */
  writeable(): boolean {
    return this.wmemAlloc < this.sndbuf >> 1;
  }

  /** Frees the socket if nothing refers to it. @internal */
  maybeFree(): void {
    if (this.refcnt > 0 || this.wmemAlloc > 0 || this.destroyed) return;
    this.destroyed = true;
    this.prot.destroy(this);
    this.receiveQueue.purge();
    this.errorQueue.purge();
    this.dstSet(null);
    if ((this.flags & (SOCK_TIMESTAMP | SOCK_TIMESTAMPING_RX)) !== 0) netDisableTimestamp(this.net.softnet);
    if (this.flag(SOCK_TXSTAMPER)) netTxTimestamp(this.net.softnet, -1);
    if (this.llUsec !== 0) this.net.softnet.busyPollers--;
    this.sockNet.layer.liveSocks--;
    const { net } = this;
    modulePut(net.kernel, this.prot.owner);
    if (this.flag(SOCK_KERN)) return;
    this.sockNet.sockets--;
    net.put();
  }
}

/** `sock_wfree`: destructor of {@link Sock.setOwnerW}. */
function sockWfree(skb: SkBuff): void {
  const sk = skb.sk as Sock;
  sk.wmemAlloc -= skb.truesize;
  if (sk.wq.first !== null) sk.writeSpace(sk);
  if (sk.wmemAlloc === 0 && (sk.flags & SOCK_DEAD) !== 0) sk.maybeFree();
}

/** `sock_def_readable`. */
export function sockDefReadable(sk: Sock): void {
  if (sk.wq.first !== null) sk.wq.wake(POLLIN | POLLPRI | POLLRDNORM | POLLRDBAND);
}

/** `sock_def_write_space`: half of the buffer must be free before writers are woken. */
export function sockDefWriteSpace(sk: Sock): void {
  if (sk.wq.first !== null && sk.wmemAlloc * SK_SEND_SPACE <= sk.sndbuf) sk.wq.wake(POLLOUT | POLLWRNORM | POLLWRBAND);
}

/** `sock_def_error_report`. */
export function sockDefErrorReport(sk: Sock): void {
  if (sk.wq.first !== null) sk.wq.wake(POLLERR);
}

/** `sock_def_wakeup`. */
export function sockDefWakeup(sk: Sock): void {
  if (sk.wq.first !== null) sk.wq.wakeAll(0);
}
