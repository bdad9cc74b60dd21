/** What IPv4's transmission reads of a sending socket: `struct inet_sock` as far as the network layer cares. */
import type { DstEntry, SkBuff, SkbSock } from '@skbuff/core';
import { Flowi4 } from './flow.ts';
import type { IpOptions } from './ip-options.ts';

export interface InetSock extends SkbSock {
  readonly tos: number;
  /** Time to live of unicast packets; -1: the route's or the namespace's default. */
  readonly ucTtl: number;
  readonly mcTtl: number;
  /** IP_MULTICAST_LOOP: this host hears what the socket sends to groups that it is in. */
  readonly mcLoop: boolean;
  /** IP_PMTUDISC_* */
  readonly pmtudisc: number;
  /** Peer of a connected socket, 0: none. */
  readonly inetDaddr: number;
  /** `inet_id`: identification of the next packet of a connected socket; begins at a random number, counted up here. */
  inetId: number;
  /** Options sent with every packet; null: none. */
  readonly inetOpt: IpOptions | null;
  /**
   * May the socket charge another packet? `sock_alloc_send_skb` for one with a transport header: 0, the pending error, -EPIPE or
   * -EAGAIN. `more` (`sock_wmalloc`), for what goes without one, that is later pieces and all that a raw socket sends: 0 or -ENOBUFS.
   */
  mayAlloc(more: boolean): number;
  /** `ip_local_error`, IP_RECVERR: an error (EMSGSIZE) about what was to go to `daddr` (u32) is queued for the user too. `info`: the MTU. */
  localError(err: number, daddr: number, info: number): void;
  /** What is collected between MSG_MORE sends. */
  readonly cork: InetCork;
}

/** `inet_sk`: the socket for which IP sends; no other comes this way. */
export function inetSk(sk: SkbSock): InetSock {
  return sk as InetSock;
}

/** What is sent, and how much room its transport wants in front of it. Kept by the sender and filled in for each send, the first too. */
export class IpPayload {
  declare bytes: Uint8Array;
  /** Where in `bytes` it begins, and how long it is. */
  declare from: number;
  declare length: number;
  /** Bytes of the transport's header, which it fills in itself. */
  declare transhdrlen: number;

  set(bytes: Uint8Array, from: number, length: number, transhdrlen: number): this {
    this.bytes = bytes;
    this.from = from;
    this.length = length;
    this.transhdrlen = transhdrlen;
    return this;
  }
}

/** `struct ipcm_cookie`: what ancillary data said about one send. */
export interface IpcmCookie {
  oif: number;
  addr: number;
  /** -1: the socket's */
  ttl: number;
  /** -1: the socket's */
  tos: number;
  priority: number;
  mark: number;
  opt: IpOptions | null;
  /** Bytes of payload in each packet that this one is cut into (UDP_SEGMENT); 0: it is not. */
  gsoSize: number;
  /** SKBTX_*: time stamps that the sender wants; and the number that they bear, if it said one. */
  txFlags: number;
  tsKey: number;
}

/** One for the sends of a socket. */
export function newIpcmCookie(): IpcmCookie {
  return { oif: 0, addr: 0, ttl: -1, tos: -1, priority: 0, mark: 0, opt: null, gsoSize: 0, txFlags: 0, tsKey: 0 };
}

/** `struct inet_cork` with the queue of packets under construction. */
export interface InetCork {
  dst: DstEntry | null;
  fl4: Flowi4;
  /** Where the packet shall end up; `fl4.daddr` is the first hop of a source route. */
  addr: number;
  readonly queue: SkBuff[];
  length: number;
  fragsize: number;
  opt: IpOptions | null;
  ttl: number;
  tos: number;
  priority: number;
  mark: number;
  gsoSize: number;
}

/** A cork with nothing in it. */
export function newInetCork(): InetCork {
  return { dst: null, fl4: new Flowi4(), addr: 0, queue: [], length: 0, fragsize: 0, opt: null, ttl: -1, tos: -1, priority: 0, mark: 0, gsoSize: 0 };
}
