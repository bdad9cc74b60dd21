/** ICMP's state of one namespace (`net->ipv4.icmp_*`), and the socket that it sends by. */
import { HZ, type Net, NetSlot, type SkBuff } from '@skbuff/core';
import {
  type Flowi4,
  Flowi4 as Flow,
  type InetCork,
  type InetSock,
  type Ipv4,
  type IpcmCookie,
  type IpOptions,
  newInetCork,
} from '@skbuff/ipv4';
import { EAGAIN, IP_PMTUDISC_DONT } from '@skbuff/uapi';
import type { Icmp } from './icmp-service.ts';
import { ICMPMSG_MIB_MAX, ICMPMSG_MIB_OUT, ICMP_MIB_MAX, ICMP_MIB_OUTMSGS } from './icmp-snmp.ts';

/** Bytes that may wait to be sent: two packets of 64 KiB, as the kernel charges them. */
const SNDBUF: number = 2 * (65536 + 256 + 320);

/** The kernel's own raw socket. */
class IcmpSock implements InetSock {
  readonly net: Net;
  readonly priority = 0;
  readonly mark = 0;
  readonly tos = 0;
  readonly ucTtl: number = -1;
  readonly mcTtl = 1;
  readonly mcLoop = true;
  /** Longer answers are cut rather than lost. */
  readonly pmtudisc: number = IP_PMTUDISC_DONT;
  readonly hdrincl = false;
  readonly inetOpt = null;
  readonly inetDaddr = 0;
  inetId = 0;
  readonly cork: InetCork = newInetCork();
  private wmem = 0;

  constructor(net: Net) {
    this.net = net;
  }

  mayAlloc(): number {
    return this.wmem < SNDBUF ? 0 : -EAGAIN;
  }

  setOwnerW(skb: SkBuff): void {
    skb.sk = this;
    skb.destructor = IcmpSock.wfree;
    this.wmem += skb.truesize;
  }

  localError(_err: number, _fl4: Flowi4, _info: number): void {
    // Nobody reads the errors of this socket.
  }

  private static wfree(skb: SkBuff): void {
    (skb.sk as IcmpSock).wmem -= skb.truesize;
  }
}

export class IcmpNet {
  readonly icmp: Icmp;
  readonly ip: Ipv4;
  readonly mib: Float64Array = new Float64Array(ICMP_MIB_MAX);
  readonly msgs: Float64Array = new Float64Array(ICMPMSG_MIB_MAX);
  readonly sk: InetSock;
  /** net.ipv4.icmp_* */
  echoIgnoreAll = 0;
  echoIgnoreBroadcasts = 1;
  ignoreBogusErrorResponses = 1;
  errorsUseInboundIfaddr = 0;
  /** Jiffies between two messages to one host, 0: any number. */
  ratelimit = 1000;
  /** A bit for each type that is limited. */
  ratemask = 0x1818;
  msgsPerSec = 1000;
  msgsBurst = 50;
  /** Messages left of the namespace's own limit, and jiffies of the last refill. */
  globalCredit = 0;
  /** Jiffies of the last credit. At boot Linux's clock is already far from 0, so that the first error may go out at once. */
  globalStamp: number = -HZ;
  /** Used for one message at a time, as the kernel's socket is locked for one. */
  readonly fl4: Flowi4 = new Flow();
  options: IpOptions | null = null;
  readonly cookie: IpcmCookie = { oif: 0, addr: 0, ttl: -1, tos: -1, priority: 0, mark: 0, opt: null, gsoSize: 0, txFlags: 0, tsKey: 0 };
  /** A message is being made: one that is to be made meanwhile is not, as the kernel's lock has it. */
  busy = false;

  constructor(net: Net, icmp: Icmp, ip: Ipv4) {
    this.icmp = icmp;
    this.ip = ip;
    this.sk = new IcmpSock(net);
  }

  /** As what the message that is being made counts; -1: as what it is. */
  countAs = -1;

  /** `icmp_out_count`. */
  countOut(type: number): void {
    this.mib[ICMP_MIB_OUTMSGS]++;
    this.msgs[ICMPMSG_MIB_OUT + (this.countAs >= 0 ? this.countAs : type)]++;
  }
}

export const icmpNet: NetSlot<IcmpNet> = new NetSlot<IcmpNet>('icmp');
