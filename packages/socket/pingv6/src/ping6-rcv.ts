/** Receiving over IPv6 (`ping_rcv`, `ping_err`): what ICMPv6 has is handed to the socket with the message's identifier. */
import { icmpv6ErrConvert, inet6Np, ipv6IcmpError } from '@skbuff/af-inet6';
import type { SkBuff } from '@skbuff/core';
import type { Ping6Receiver } from '@skbuff/icmpv6';
import { IP6CB_IIF } from '@skbuff/ipv6';
import { type PingSock, pingLookup, pingRcv } from '@skbuff/ping';
import { AF_INET6, TCP_ESTABLISHED } from '@skbuff/uapi';
import { ICMP6HDR_CODE, ICMP6HDR_DATA, ICMP6HDR_TYPE, IPV6HDR_DADDR, be16 } from '@skbuff/wire';
import { pingV6Supported } from './ping6-sendmsg.ts';

function hears(sk: PingSock, { bytes, networkHeader }: SkBuff): boolean {
  if (sk.family !== AF_INET6) return false;
  const { rcvSaddr } = inet6Np(sk);
  return rcvSaddr.isAny() || rcvSaddr.isAt(bytes, networkHeader + IPV6HDR_DADDR);
}

/** See `Ping6Receiver.err`. */
function pingV6Err(skb: SkBuff, type: number, code: number, offset: number, info: number): void {
  const { bytes } = skb;
  const quoted = skb.data + offset;
  if (!pingV6Supported(bytes[quoted + ICMP6HDR_TYPE], bytes[quoted + ICMP6HDR_CODE])) return;
  const sk = pingLookup(skb, be16(bytes, quoted + ICMP6HDR_DATA), skb.cb[IP6CB_IIF], hears);
  if (sk === null) return;
  const { errno, hard } = icmpv6ErrConvert(type, code);
  if (inet6Np(sk).recverr) ipv6IcmpError(sk, skb, type, code, errno, 0, info, offset);
  else if (!hard || sk.state !== TCP_ESTABLISHED) return;
  sk.setErr(errno);
}

export const ping6Receiver: Ping6Receiver = { rcv: (skb) => pingRcv(skb, skb.cb[IP6CB_IIF], hears, null), err: pingV6Err };
