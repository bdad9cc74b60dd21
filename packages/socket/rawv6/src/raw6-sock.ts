/** `struct raw6_sock`, and the raw sockets of a namespace. */
import { InetSk } from '@skbuff/af-inet';
import { NetSlot, SKB_DROP_REASON_SOCKET_RCVBUFF, type SkBuff } from '@skbuff/core';
import type { Mroute6Sock } from '@skbuff/ipv6';
import { RawHashinfo } from '@skbuff/raw';
import { sockNet, sockQueueRcvSkb } from '@skbuff/sock';
import { CAP_NET_ADMIN, ENOMEM, EPERM, IPPROTO_ICMPV6 } from '@skbuff/uapi';
import type { Ip6RaChain } from './raw6-ra.ts';

/** Bytes of `struct icmp6_filter`: a bit for each type. */
export const ICMP6_FILTER_LEN = 32;

export class Raw6Sock extends InetSk implements Mroute6Sock {
  /** IPV6_CHECKSUM: there is a checksum, `checksumOffset` bytes behind the beginning of what is sent: filled in, and verified. */
  checksum = false;
  checksumOffset = 0;
  /** ICMPV6_FILTER: a set bit keeps messages of that type away. */
  readonly icmp6Filter: Uint8Array = new Uint8Array(ICMP6_FILTER_LEN);
  ip6mrTable = 0;

  get isRawIcmpv6(): boolean {
    return this.inetNum === IPPROTO_ICMPV6;
  }

  get netAdmin(): boolean {
    return sockNet.of(this.net).layer.nsCapable(this.net, CAP_NET_ADMIN);
  }

  queueRcv(skb: SkBuff): number {
    const reason = sockQueueRcvSkb(this, skb);
    if (reason === 0) return 0;
    skb.kfree(reason);
    return reason === SKB_DROP_REASON_SOCKET_RCVBUFF ? -ENOMEM : -EPERM;
  }
}

/** What IPv6 has of raw sockets in one namespace. */
export class Raw6Net {
  /** `raw_v6_hashinfo`. */
  readonly hashinfo: RawHashinfo<Raw6Sock> = new RawHashinfo<Raw6Sock>();
  /** That of the kernel: sockets of every namespace. */
  readonly raChain: Ip6RaChain;
  undo: () => void = () => {};

  constructor(raChain: Ip6RaChain) {
    this.raChain = raChain;
  }
}

export const raw6Net: NetSlot<Raw6Net> = new NetSlot<Raw6Net>('raw6');
