/** Receiving (`ping_rcv`, `ping_err`): what ICMP has is handed to the socket with the message's identifier. */
import { icmpErrVerdict, ipIcmpError, ipv4PktinfoPrepare, ipv4SkTeachRouting } from '@skbuff/af-inet';
import { type NetDevice, SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_NO_SOCKET, type SkBuff } from '@skbuff/core';
import type { PingReceiver } from '@skbuff/icmp';
import { inetIif } from '@skbuff/ipv4';
import { sockQueueRcvSkb } from '@skbuff/sock';
import { EREMOTEIO, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, IP_PMTUDISC_DONT, TCP_ESTABLISHED } from '@skbuff/uapi';
import { ICMPHDR_CODE, ICMPHDR_ID, ICMPHDR_TYPE, IPHDR_DADDR, be16, be32, ipHdrlen } from '@skbuff/wire';
import { pingSupported } from './ping-sendmsg.ts';
import { type PingSock, pingNet } from './ping-sock.ts';

/** `ping_lookup`: the socket with this identifier that an ICMP packet (IP header at `networkHeader`) is for. */
function pingLookup(skb: SkBuff, ident: number): PingSock | null {
  const { net } = skb.dev as NetDevice;
  const daddr = be32(skb.bytes, skb.networkHeader + IPHDR_DADDR);
  for (let sk = pingNet.of(net).chain(ident); sk !== null; sk = sk.next) {
    if (sk.inetNum !== ident || (sk.inetRcvSaddr !== 0 && sk.inetRcvSaddr !== daddr)) continue;
    if (sk.boundDevIf === 0 || sk.boundDevIf === inetIif(skb)) return sk;
  }
  return null;
}

/** `ping_rcv`: an echo reply, `data` behind its header. 0 or a drop reason; the sk_buff stays ICMP's. */
function pingRcv(skb: SkBuff): number {
  const sk = pingLookup(skb, be16(skb.bytes, skb.transportHeader + ICMPHDR_ID));
  if (sk === null) return SKB_DROP_REASON_NO_SOCKET;
  const own = skb.clone();
  if (own === null) return SKB_DROP_REASON_NOMEM;
  own.push(own.data - own.transportHeader);
  ipv4PktinfoPrepare(sk, own);
  const reason = sockQueueRcvSkb(sk, own);
  if (reason !== 0) own.consume();
  return reason;
}

/** `ping_err`: an error about an echo request, whose IP header is at `data`. */
function pingErr(skb: SkBuff, type: number, code: number, info: number): void {
  const { bytes } = skb;
  const quoted = skb.data + ipHdrlen(bytes, skb.data);
  if (!pingSupported(bytes[quoted + ICMPHDR_TYPE], bytes[quoted + ICMPHDR_CODE])) return;
  const sk = pingLookup(skb, be16(bytes, quoted + ICMPHDR_ID));
  if (sk === null) return;
  ipv4SkTeachRouting(sk, skb, type, code, info);
  const { errno, hard } = icmpErrVerdict(type, code, sk.pmtudisc !== IP_PMTUDISC_DONT);
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED && !hard) return;
  const err = type === ICMP_REDIRECT || type === ICMP_SOURCE_QUENCH ? EREMOTEIO : errno;
  if (sk.recverr) ipIcmpError(sk, skb, type, code, err, 0, info, quoted - skb.data);
  else if (!hard || sk.state !== TCP_ESTABLISHED) return;
  sk.setErr(err);
}

export const pingReceiver: PingReceiver = { rcv: pingRcv, err: pingErr };
