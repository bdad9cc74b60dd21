/** `struct ipv6_pinfo`, all of it: what AF_INET6 keeps of a socket beside what `InetSk` has. */
import { type InetSk, type InetSk6, SockaddrIn } from '@skbuff/af-inet';
import { Flowi6, type Inet6Sock, type Ipcm6Cookie, Ipv6Pinfo, type Ipv6AcSocklist, newIpcm6Cookie } from '@skbuff/ipv6';
import type { IpcmCookie } from '@skbuff/ipv4';
import type { Cmsg } from '@skbuff/sock';
import { In6Addr } from '@skbuff/wire';
import { ipv6RcvSaddrEqual } from './inet6-port.ts';
import type { SockFlowlabel } from './ip6-flowlabel.ts';
import { ip4PktinfoCmsg } from './ipv4-pktinfo.ts';
import { ipv6LocalError } from './ipv6-local-error.ts';

/** A group that a socket has joined on an interface (`struct ipv6_mc_socklist`). */
export interface Ipv6McSocklist {
  readonly addr: In6Addr;
  readonly ifindex: number;
  /** MCAST_INCLUDE, MCAST_EXCLUDE: what `sources` are. */
  sfmode: number;
  /** Null: none were ever named in this mode. */
  sources: In6Addr[] | null;
}

/** What IPV6_RECVPATHMTU tells: packets to `addr` (on `oif`) may have `mtu` bytes. */
export interface Ip6MtuInfo {
  readonly addr: In6Addr;
  readonly oif: number;
  readonly mtu: number;
}

/** Bits of {@link Inet6Pinfo.rxopt} (`rxopt.bits`): ancillary data that received packets come with; the old ones are RFC 2292's. */
export const RXOPT_INFO: number = 1 << 0;
export const RXOPT_OLD_INFO: number = 1 << 1;
export const RXOPT_HLIM: number = 1 << 2;
export const RXOPT_OLD_HLIM: number = 1 << 3;
export const RXOPT_HOPOPTS: number = 1 << 4;
export const RXOPT_OLD_HOPOPTS: number = 1 << 5;
export const RXOPT_DSTOPTS: number = 1 << 6;
export const RXOPT_OLD_DSTOPTS: number = 1 << 7;
export const RXOPT_SRCRT: number = 1 << 8;
export const RXOPT_OLD_SRCRT: number = 1 << 9;
export const RXOPT_TCLASS: number = 1 << 10;
export const RXOPT_FLOW: number = 1 << 11;
export const RXOPT_PMTU: number = 1 << 12;
export const RXOPT_ORIGDSTADDR: number = 1 << 13;
export const RXOPT_FRAGSIZE: number = 1 << 14;

export class Inet6Pinfo extends Ipv6Pinfo implements InetSk6 {
  /** RXOPT_* */
  rxopt = 0;
  /** IPV6_PKTINFO as a socket option. */
  stickyIfindex = 0;
  readonly stickyAddr: In6Addr = new In6Addr();
  minHopcount = 0;
  /** IPV6_MULTICAST_ALL: receive of every group that anybody on this host has joined. */
  mcAll = true;
  /** IPV6_ROUTER_ALERT_ISOLATE */
  rtalertIsolate = false;
  mcList: Ipv6McSocklist[] = [];
  readonly acList: Ipv6AcSocklist[] = [];
  /** Flow labels that the socket may use, the newest first. */
  readonly flList: SockFlowlabel[] = [];
  /** The last path MTU that nobody has read yet. */
  rxpmtu: Ip6MtuInfo | null = null;
  /** Flow of the connection. */
  readonly connFl6: Flowi6 = new Flowi6();
  /** Filled in again for each send. */
  readonly fl6: Flowi6 = new Flowi6();
  readonly final: In6Addr = new In6Addr();
  readonly ipc6: Ipcm6Cookie = newIpcm6Cookie();
  /** Where a packet goes that leaves as IPv4. */
  readonly sin: SockaddrIn = new SockaddrIn();

  rcvSaddrEqual(sk: InetSk, other: InetSk, matchWildcard: boolean): boolean {
    return ipv6RcvSaddrEqual(sk, other, matchWildcard);
  }

  resetSaddr(): void {
    this.rcvSaddr.set(0, 0, 0, 0);
    this.saddr.set(0, 0, 0, 0);
  }

  cmsgSend4(cmsg: Cmsg, ipc: IpcmCookie): number {
    return ip4PktinfoCmsg(cmsg, ipc);
  }

  localError6(sk: InetSk, err: number, fl6: unknown, info: number): void {
    ipv6LocalError(sk, err, fl6 as Flowi6, info);
  }

  localRxpmtu(fl6: unknown, mtu: number): void {
    const { daddr, oif } = fl6 as Flowi6;
    if ((this.rxopt & RXOPT_PMTU) !== 0) this.rxpmtu = { addr: daddr.clone(), oif, mtu };
  }
}

/** `inet6_sk`: the IPv6 side of a socket of AF_INET6. */
export function inet6Np(sk: InetSk): Inet6Pinfo {
  return sk.pinet6 as Inet6Pinfo;
}

/** The same socket as IPv6's transmission sees it. */
export function inet6SockOf(sk: InetSk): Inet6Sock {
  return sk as unknown as Inet6Sock;
}
