/** Receiving over IPv4 (`ping_rcv`, `ping_err`): what ICMP has is handed to the socket with the message's identifier. */
import { icmpErrConvert, ipIcmpError, ipv4SkRedirect, ipv4SkUpdatePmtu, pktinfoNote } from '@skbuff/af-inet';
import type { SkBuff } from '@skbuff/core';
import type { PingReceiver } from '@skbuff/icmp';
import { IPCB_IIF, inetIif } from '@skbuff/ipv4';
import { AF_INET, EREMOTEIO, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, IP_PMTUDISC_DONT, TCP_ESTABLISHED } from '@skbuff/uapi';
import { ICMPHDR_CODE, ICMPHDR_ID, ICMPHDR_TYPE, IPHDR_DADDR, be16, be32, ipHdrlen } from '@skbuff/wire';
import { pingLookup, pingRcv } from './ping.ts';
import { pingSupported } from './ping-sendmsg.ts';
import type { PingSock } from './ping-sock.ts';

function hears(sk: PingSock, { bytes, networkHeader }: SkBuff): boolean {
  return sk.family === AF_INET && (sk.inetRcvSaddr === 0 || sk.inetRcvSaddr === be32(bytes, networkHeader + IPHDR_DADDR));
}

/** Linux tells the interface even of what came before IP_PKTINFO was switched on, and never an address. */
function note(own: SkBuff): void {
  pktinfoNote(own, own.cb[IPCB_IIF], 0);
}

/** `ping_err`: an error about an echo request, whose IP header is at `data`. */
function pingErr(skb: SkBuff, type: number, code: number, info: number): void {
  const { bytes } = skb;
  const quoted = skb.data + ipHdrlen(bytes, skb.data);
  if (!pingSupported(bytes[quoted + ICMPHDR_TYPE], bytes[quoted + ICMPHDR_CODE])) return;
  const sk = pingLookup(skb, be16(bytes, quoted + ICMPHDR_ID), inetIif(skb), hears);
  if (sk === null) return;
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) ipv4SkUpdatePmtu(skb, sk, info);
  else if (type === ICMP_REDIRECT) ipv4SkRedirect(skb, sk, info);
  const { errno, hard } = icmpErrConvert(type, code, sk.pmtudisc !== IP_PMTUDISC_DONT);
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED && !hard) return;
  const err = type === ICMP_REDIRECT || type === ICMP_SOURCE_QUENCH ? EREMOTEIO : errno;
  if (sk.recverr) ipIcmpError(sk, skb, type, code, err, 0, info, quoted - skb.data);
  else if (!hard || sk.state !== TCP_ESTABLISHED) return;
  sk.setErr(err);
}

export const pingReceiver: PingReceiver = { rcv: (skb) => pingRcv(skb, inetIif(skb), hears, note), err: pingErr };
