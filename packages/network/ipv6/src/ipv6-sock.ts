/** What IPv6's transmission reads of a sending socket: `struct ipv6_pinfo` as far as the network layer cares. */
import type { DstEntry, SkBuff, SkbSock } from '@skbuff/core';
import { IPV6_PMTUDISC_WANT } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import { Flowi6 } from './flow.ts';

/**
 * `struct ipv6_txoptions`: extension headers that are sent, each whole as it goes out (`nexthdr` is filled in then); null: none. Nobody
 * changes them: who wants others puts a new object in the place.
 */
export interface Ipv6TxOptions {
  readonly hopopt: Uint8Array | null;
  /** Before the routing header. */
  readonly dst0opt: Uint8Array | null;
  readonly srcrt: Uint8Array | null;
  /** Before the payload. */
  readonly dst1opt: Uint8Array | null;
}

/** `opt_nflen`: bytes that every fragment has. */
export function optNflen(opt: Ipv6TxOptions | null): number {
  return opt === null ? 0 : (opt.hopopt?.length ?? 0) + (opt.srcrt?.length ?? 0) + (opt.srcrt === null ? 0 : (opt.dst0opt?.length ?? 0));
}

/** `opt_flen`: bytes that only the first fragment has. */
export function optFlen(opt: Ipv6TxOptions | null): number {
  return opt?.dst1opt?.length ?? 0;
}

/** `struct ipv6_pinfo`: the IPv6 side of a socket, of AF_INET6 or of the stack's own. */
export class Ipv6Pinfo {
  /** `sk_v6_daddr`, `sk_v6_rcv_saddr`, `np->saddr`: peer, own address for receiving and for sending; those of IPv4 are mapped. */
  readonly daddr: In6Addr = new In6Addr();
  readonly rcvSaddr: In6Addr = new In6Addr();
  readonly saddr: In6Addr = new In6Addr();
  /** Hop limit of unicast and multicast packets; -1: the route's, 1. */
  hopLimit = -1;
  mcastHops = 1;
  /** Interfaces by which multicast and unicast packets leave, 0: the route's. */
  mcastOif = 0;
  ucastOif = 0;
  mcLoop = true;
  /** Traffic class: 0…255. */
  tclass = 0;
  /** IPV6_PMTUDISC_* */
  pmtudisc: number = IPV6_PMTUDISC_WANT;
  /** IPV6_MTU: no packet is longer; 0: no limit. */
  fragSize = 0;
  dontfrag = false;
  recverr = false;
  recverrRfc4884 = false;
  /** Flow label and traffic class of a connected socket (`flow_label`), host order. */
  flowLabel = 0;
  /** IPV6_AUTOFLOWLABEL: -1 until the user says 0 or 1. */
  autoflowlabel = -1;
  /** IPV6_FLOWINFO_SEND: flow labels of destinations count. */
  sndflow = false;
  /** IPV6_PREFER_SRC_* (`srcprefs`), as the kernel keeps them. */
  srcprefs = 0;
  /** Headers sent with every packet. */
  opt: Ipv6TxOptions | null = null;
  readonly cork: Inet6Cork = newInet6Cork();
}

/** A socket that may send IPv6 (`struct sock` with `pinet6`). */
export interface Inet6Sock extends SkbSock {
  /** Null in sockets that only speak IPv4. */
  readonly pinet6: Ipv6Pinfo | null;
  /** May the socket charge another packet? As in `InetSock` of IPv4: 0 or a negative errno. */
  mayAlloc(more: boolean): number;
  /** `ipv6_local_error`: an error (EMSGSIZE) about what was to go by `fl6` is queued for the user, if it wants errors. `info`: the MTU. */
  localError6(err: number, fl6: Flowi6, info: number): void;
  /** `ipv6_local_rxpmtu`: as {@link localError6}, for IPV6_RECVPATHMTU. */
  localRxpmtu(fl6: Flowi6, mtu: number): void;
}

/** `inet6_sk`: the IPv6 side of a sending socket; null: it has none, or nobody sends. */
export function inet6Sk(sk: SkbSock | null): Ipv6Pinfo | null {
  return sk === null ? null : ((sk as Inet6Sock).pinet6 ?? null);
}

/** `struct ipcm6_cookie`: what ancillary data said about one send. */
export interface Ipcm6Cookie {
  /** -1: the socket's. */
  hlimit: number;
  /** 0…255 */
  tclass: number;
  /** -1: the socket's; 0 or 1. */
  dontfrag: number;
  opt: Ipv6TxOptions | null;
  priority: number;
  mark: number;
  /** Bytes of payload in each packet that this one is cut into (UDP_SEGMENT); 0: it is not. */
  gsoSize: number;
  /** SKBTX_*, and the number that time stamps bear, if the sender said one. */
  txFlags: number;
  tsKey: number;
}

/** One for the sends of a socket. */
export function newIpcm6Cookie(): Ipcm6Cookie {
  return { hlimit: -1, tclass: 0, dontfrag: -1, opt: null, priority: 0, mark: 0, gsoSize: 0, txFlags: 0, tsKey: 0 };
}

/** `struct inet_cork_full` of IPv6 with the queue of packets under construction. */
export interface Inet6Cork {
  dst: DstEntry | null;
  readonly fl6: Flowi6;
  opt: Ipv6TxOptions | null;
  readonly queue: SkBuff[];
  length: number;
  fragsize: number;
  hopLimit: number;
  tclass: number;
  priority: number;
  mark: number;
  gsoSize: number;
  /** 0 or 1: it may not be cut. */
  dontfrag: number;
}

/** A cork with nothing in it. */
export function newInet6Cork(): Inet6Cork {
  return { dst: null, fl6: new Flowi6(), opt: null, queue: [], length: 0, fragsize: 0, hopLimit: 0, tclass: 0, priority: 0, mark: 0, gsoSize: 0, dontfrag: 0 };
}
