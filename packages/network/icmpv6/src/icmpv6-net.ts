/** ICMPv6's state of one namespace, and the socket that it sends by. */
import { type Net, NetSlot } from '@skbuff/core';
import { CtlSock6, Flowi6, type Inet6Dev, type Inet6Sock, type Ipcm6Cookie, type Ipv6, type Ipv6Net, type Ipv6Pinfo, ipv6Net, newIpcm6Cookie } from '@skbuff/ipv6';
import { ICMP6HDR_LEN } from '@skbuff/wire';
import type { Icmpv6 } from './icmpv6-service.ts';

/** Bytes that may wait to be sent: two packets of 64 KiB, as the kernel charges them. */
const SNDBUF: number = 2 * (65536 + 256 + 320);

/** Where the counters of messages that were sent begin among those by type. */
export const ICMP6MSG_OUT = 256;

export class Icmpv6Net {
  readonly icmpv6: Icmpv6;
  readonly ip: Ipv6;
  readonly ipv6: Ipv6Net;
  /** `icmpv6_sk`. */
  readonly sk: Inet6Sock;
  readonly np: Ipv6Pinfo;
  /** Used for one message at a time, as the kernel's socket is locked for one. */
  readonly fl6: Flowi6 = new Flowi6();
  readonly cookie: Ipcm6Cookie = newIpcm6Cookie();
  readonly payload: { bytes: Uint8Array; from: number; length: number; readonly transhdrlen: number } = {
    bytes: new Uint8Array(0),
    from: 0,
    length: 0,
    transhdrlen: ICMP6HDR_LEN,
  };
  /** A message is being made: one that is to be made meanwhile is not, as the kernel's lock has it. */
  busy = false;

  constructor(net: Net, icmpv6: Icmpv6, ip: Ipv6) {
    this.icmpv6 = icmpv6;
    this.ip = ip;
    this.ipv6 = ipv6Net.of(net);
    const sk = new CtlSock6(net, SNDBUF);
    this.sk = sk;
    this.np = sk.pinet6;
  }

  /** `ICMP6_INC_STATS`: one more of ICMP6_MIB_*, for the interface too if there is one. */
  count(idev: Inet6Dev | null, mib: number): void {
    this.ipv6.icmpv6Stats[mib]++;
    if (idev !== null) idev.icmpv6Stats[mib]++;
  }

  /** `ICMP6MSGIN_INC_STATS` with a type, `ICMP6MSGOUT_INC_STATS` with {@link ICMP6MSG_OUT} more. */
  countMessage(idev: Inet6Dev | null, at: number): void {
    this.ipv6.icmpv6MsgStats[at]++;
    if (idev !== null) idev.icmpv6MsgStats[at]++;
  }
}

export const icmpv6Net: NetSlot<Icmpv6Net> = new NetSlot<Icmpv6Net>('icmpv6');
