/** `struct inet_sock` (`include/net/inet_sock.h`): a socket of AF_INET or of a family built on it. */
import type { Net } from '@skbuff/core';
import { Flowi4, type InetCork, type InetSock, type IpcmCookie, type IpOptions, IpPayload, ipv4Net, newInetCork, newIpcmCookie } from '@skbuff/ipv4';
import { type Cmsg, Sock, type Proto, sockMaySend } from '@skbuff/sock';
import { ENOBUFS, IP_PMTUDISC_DONT, IP_PMTUDISC_WANT } from '@skbuff/uapi';
import { ipLocalError } from './ip-error.ts';

/** A group that a socket has joined on an interface (`struct ip_mc_socklist`). */
export interface McSocklist {
  readonly group: number;
  /** As the caller named the interface: by address, else 0; and its index. */
  readonly addr: number;
  readonly ifindex: number;
  /** MCAST_INCLUDE, MCAST_EXCLUDE: what `sources` are. */
  sfmode: number;
  /** Addresses; null: none were ever named in this mode. */
  sources: number[] | null;
}

/** What AF_INET6 keeps of a socket of its own (`pinet6`), as far as others than itself must ask it. */
export interface InetSk6 {
  /** `ipv6_rcv_saddr_equal`: {@link inetRcvSaddrEqual} for a socket of AF_INET6 and one of any family. */
  rcvSaddrEqual(sk: InetSk, other: InetSk, matchWildcard: boolean): boolean;
  /** `inet_reset_saddr`: the own address is given up. */
  resetSaddr(): void;
  /** What a message that goes by IPv4 has among its ancillary data of SOL_IPV6, for `ipc`: 0 or a negative errno. */
  cmsgSend4(cmsg: Cmsg, ipc: IpcmCookie): number;
  /** `ipv6_local_error`, `ipv6_local_rxpmtu`: see `Inet6Sock`. `fl6`: a `Flowi6`. */
  localError6(sk: InetSk, err: number, fl6: unknown, info: number): void;
  localRxpmtu(fl6: unknown, mtu: number): void;
}

export class InetSk extends Sock implements InetSock {
  /** IPv6's side; null in sockets of AF_INET. */
  pinet6: InetSk6 | null = null;
  /** IPV6_V6ONLY: nothing of IPv4 comes here. */
  ipv6only = false;
  /** Own address for sending and for receiving; the second is 0 until bound or connected. */
  inetSaddr = 0;
  inetRcvSaddr = 0;
  inetDaddr = 0;
  /** Own port, or a raw socket's protocol. 0: not bound. */
  inetNum = 0;
  /** Own port as it is sent: 0 after the port was given up. */
  inetSport = 0;
  inetDport = 0;
  inetId = 0;
  tos = 0;
  ucTtl = -1;
  mcTtl = 1;
  minTtl = 0;
  pmtudisc: number;
  hdrincl = false;
  inetOpt: IpOptions | null = null;
  /** IP_CMSG_* */
  cmsgFlags = 0;
  recverr = false;
  recverrRfc4884 = false;
  freebind = false;
  transparent = false;
  /** IP_ROUTER_ALERT, which only raw sockets may set: it hears of forwarded packets with a router alert option. */
  routerAlert = false;
  nodefrag = false;
  bindAddressNoPort = false;
  isIcsk = false;
  mcLoop = true;
  /** Receive of every group that anybody on this host has joined, not only of one's own. */
  mcAll = true;
  ucIndex = 0;
  mcIndex = 0;
  mcAddr = 0;
  mcList: McSocklist[] = [];
  /** IP_LOCAL_PORT_RANGE; 0, 0: the namespace's. */
  portRangeLow = 0;
  portRangeHigh = 0;
  readonly cork: InetCork = newInetCork();
  /** Flow of the connection, found at connect(2). The cork has no other: what is pending then goes to the new peer. */
  readonly connFl4: Flowi4 = this.cork.fl4;
  /** Filled in again for each send. */
  readonly fl4: Flowi4 = new Flowi4();
  readonly ipc: IpcmCookie = newIpcmCookie();
  readonly payload: IpPayload = new IpPayload();

  constructor(net: Net, family: number, type: number, protocol: number, prot: Proto, kern: boolean) {
    super(net, family, type, protocol, prot, kern);
    this.pmtudisc = ipv4Net.of(net).ipNoPmtuDisc !== 0 ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
    this.inetId = net.kernel.random.u32() & 0xffff;
    this.fl4.uid = this.connFl4.uid = this.uid;
  }

  mayAlloc(more: boolean): number {
    if (more) return this.wmemAlloc <= this.sndbuf * 2 ? 0 : -ENOBUFS;
    return sockMaySend(this);
  }

  localError(err: number, daddr: number, info: number): void {
    ipLocalError(this, err, daddr, this.inetDport, info);
  }

  localError6(err: number, fl6: unknown, info: number): void {
    this.pinet6?.localError6(this, err, fl6, info);
  }

  localRxpmtu(fl6: unknown, mtu: number): void {
    this.pinet6?.localRxpmtu(fl6, mtu);
  }

  /** `ipcm_init_sk`: what a send begins with before ancillary data is looked at. */
  ipcmInit(): IpcmCookie {
    const { ipc } = this;
    ipc.oif = this.boundDevIf;
    ipc.addr = this.inetSaddr;
    ipc.ttl = -1;
    ipc.tos = -1;
    ipc.priority = this.priority;
    ipc.mark = this.mark;
    ipc.opt = this.inetOpt;
    ipc.txFlags = this.txFlags;
    return ipc;
  }
}
