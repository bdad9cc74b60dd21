/** ICMP's state of one namespace (`net->ipv4.icmp_*`), and the socket that it sends by. */
import { type Net, NetSlot } from '@skbuff/core';
import { CtlSock } from '@skbuff/inet';
import {
  type Flowi4,
  Flowi4 as Flow,
  type InetCork,
  type InetSock,
  type Ipv4,
  type IpcmCookie,
  type IpOptions,
  IpPayload,
  newInetCork,
  newIpcmCookie,
} from '@skbuff/ipv4';
import { ICMPMSG_MIB_MAX, ICMP_MIB_MAX, ICMP_MIB_OUTMSGS, IP_PMTUDISC_DONT } from '@skbuff/uapi';
import type { Icmp } from './icmp-service.ts';

/** Bytes that may wait to be sent: two packets of 64 KiB, as the kernel charges them. */
const SNDBUF: number = 2 * (65536 + 256 + 320);

/** `icmp_sk`. */
class IcmpSock extends CtlSock implements InetSock {
  readonly tos = 0;
  readonly ucTtl: number = -1;
  readonly mcTtl = 1;
  readonly mcLoop = true;
  /** Longer answers are cut rather than lost. */
  readonly pmtudisc: number = IP_PMTUDISC_DONT;
  readonly inetOpt = null;
  readonly inetDaddr = 0;
  inetId = 0;
  readonly cork: InetCork = newInetCork();

  localError(): void {
    // Nobody reads the errors of this socket.
  }
}

/** Where the counters of messages that were sent begin among those by type. */
export const ICMPMSG_MIB_OUT = 256;

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
  /** Used for one message at a time, as the kernel's socket is locked for one. */
  readonly fl4: Flowi4 = new Flow();
  options: IpOptions | null = null;
  readonly cookie: IpcmCookie = newIpcmCookie();
  readonly payload: IpPayload = new IpPayload();
  /** A message is being made: one that is to be made meanwhile is not, as the kernel's lock has it. */
  busy = false;

  constructor(net: Net, icmp: Icmp, ip: Ipv4) {
    this.icmp = icmp;
    this.ip = ip;
    this.sk = new IcmpSock(net, SNDBUF);
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
