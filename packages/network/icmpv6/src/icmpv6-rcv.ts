/** Reception (`icmpv6_rcv`): what every message must be, and who handles which type. */
import {
  SKB_DROP_REASON_ICMP_CSUM,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  skbChecksumValidateComplete,
  skbCsumUnnecessary,
} from '@skbuff/core';
import { type Inet6Dev, in6DevGet } from '@skbuff/ipv6';
import {
  ICMP6_MIB_CSUMERRORS,
  ICMP6_MIB_INERRORS,
  ICMP6_MIB_INMSGS,
  ICMPV6_DEST_UNREACH,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_EXT_ECHO_REPLY,
  ICMPV6_INFOMSG_MASK,
  ICMPV6_MGM_QUERY,
  ICMPV6_MGM_REPORT,
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
  IPPROTO_ICMPV6,
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  NDISC_REDIRECT,
  NDISC_ROUTER_ADVERTISEMENT,
  NDISC_ROUTER_SOLICITATION,
} from '@skbuff/uapi';
import { ICMP6HDR_CODE, ICMP6HDR_DATA, ICMP6HDR_LEN, ICMP6HDR_TYPE, IPV6HDR_LEN, IPV6HDR_SADDR, be32, csumIpv6Nofold } from '@skbuff/wire';
import { icmpv6EchoReply, icmpv6PingRcv } from './icmpv6-echo.ts';
import { type Icmpv6Net, icmpv6Net } from './icmpv6-net.ts';
import { icmpv6Notify } from './icmpv6-notify.ts';
import { icmp6Dev } from './icmpv6-push.ts';

/** `icmpv6_rcv`: takes over the sk_buff, `transportHeader` and `data` at the message. Always 0: no other protocol is tried. */
export function icmpv6Rcv(skb: SkBuff): number {
  const dev = icmp6Dev(skb);
  const state = icmpv6Net.of(dev.net);
  const idev = in6DevGet(dev);
  state.count(idev, ICMP6_MIB_INMSGS);
  if (!checksumGood(skb)) {
    state.count(idev, ICMP6_MIB_CSUMERRORS);
    return discard(state, idev, skb, SKB_DROP_REASON_ICMP_CSUM);
  }
  if (skb.pull(ICMP6HDR_LEN) < 0) return discard(state, idev, skb, SKB_DROP_REASON_NOT_SPECIFIED);
  const type = skb.bytes[skb.transportHeader + ICMP6HDR_TYPE];
  state.countMessage(idev, type);
  // The address of the sender of the packet that was too big is read by who hears of it.
  if (type === ICMPV6_PKT_TOOBIG && !skb.mayPull(IPV6HDR_LEN)) return discard(state, idev, skb, SKB_DROP_REASON_NOT_SPECIFIED);
  const reason = dispatch(state, skb, type);
  if (reason === 0) skb.consume();
  else if (reason !== TAKEN) skb.kfree(reason);
  return 0;
}

function discard(state: Icmpv6Net, idev: Inet6Dev | null, skb: SkBuff, reason: number): number {
  state.count(idev, ICMP6_MIB_INERRORS);
  skb.kfree(reason);
  return 0;
}

/** `skb_checksum_validate` over the pseudo-header. */
function checksumGood(skb: SkBuff): boolean {
  return skbCsumUnnecessary(skb) || skbChecksumValidateComplete(skb, true, csumIpv6Nofold(skb.bytes, skb.networkHeader + IPV6HDR_SADDR, skb.len, IPPROTO_ICMPV6));
}

/** The handler has the sk_buff. */
const TAKEN = -1;

/** A drop reason, 0 or {@link TAKEN}. Questions that nobody here answers, and answers to questions that nobody asked, are freed without a word. */
function dispatch(state: Icmpv6Net, skb: SkBuff, type: number): number {
  switch (type) {
    case ICMPV6_ECHO_REQUEST:
      return icmpv6EchoReply(skb);
    case ICMPV6_ECHO_REPLY:
    case ICMPV6_EXT_ECHO_REPLY:
      return icmpv6PingRcv(skb);
    case ICMPV6_DEST_UNREACH:
    case ICMPV6_PKT_TOOBIG:
    case ICMPV6_TIME_EXCEED:
    case ICMPV6_PARAMPROB:
      return notify(skb, type);
    case NDISC_ROUTER_SOLICITATION:
    case NDISC_ROUTER_ADVERTISEMENT:
    case NDISC_NEIGHBOUR_SOLICITATION:
    case NDISC_NEIGHBOUR_ADVERTISEMENT:
    case NDISC_REDIRECT:
      return ndiscRcv(state, skb);
    case ICMPV6_MGM_QUERY:
    case ICMPV6_MGM_REPORT:
      return mldRcv(state, skb, type);
    default:
      // RFC 4443 §2.4 a, b: of errors that nobody knows the transport has to hear, of other messages nobody.
      return (type & ICMPV6_INFOMSG_MASK) !== 0 ? SKB_DROP_REASON_NOT_SPECIFIED : notify(skb, type);
  }
}

function notify(skb: SkBuff, type: number): number {
  const { bytes, transportHeader: at } = skb;
  return icmpv6Notify(skb, type, bytes[at + ICMP6HDR_CODE], be32(bytes, at + ICMP6HDR_DATA));
}

function ndiscRcv({ ip }: Icmpv6Net, skb: SkBuff): number {
  if (ip.ndisc === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  skb.push(ICMP6HDR_LEN);
  return ip.ndisc.rcv(skb);
}

function mldRcv({ ip }: Icmpv6Net, skb: SkBuff, type: number): number {
  if (ip.mld === null) return SKB_DROP_REASON_NOT_SPECIFIED;
  skb.push(ICMP6HDR_LEN);
  if (type === ICMPV6_MGM_QUERY) ip.mld.eventQuery(skb);
  else ip.mld.eventReport(skb);
  return TAKEN;
}
