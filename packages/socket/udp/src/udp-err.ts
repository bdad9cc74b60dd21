/** ICMP errors about datagrams that this host sent (`__udp4_lib_err`). */
import { icmpErrConvert, ipIcmpError, ipv4SkRedirect, ipv4SkUpdatePmtu } from '@skbuff/af-inet';
import type { NetDevice, SkBuff } from '@skbuff/core';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, IP_PMTUDISC_DONT, TCP_ESTABLISHED } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, be16, be32, ipHdrlen } from '@skbuff/wire';
import { udp4LibLookup } from './udp-lookup.ts';
import { udpNet } from './udp-net.ts';

/**
 * `udp_err`: `skb.data` is at the quoted IP header, with at least 8 bytes behind it. False if no socket sent that. The sk_buff stays
 * the caller's.
 */
export function udpErr(skb: SkBuff, type: number, code: number, info: number): boolean {
  const { bytes, data: iph } = skb;
  const dev = skb.dev as NetDevice;
  const uh = iph + ipHdrlen(bytes, iph);
  const dport = be16(bytes, uh + UDPHDR_DEST);
  const sport = be16(bytes, uh + UDPHDR_SOURCE);
  // The quoted packet went the other way: its destination is the peer.
  const sk = udp4LibLookup(udpNet.of(dev.net).table, be32(bytes, iph + IPHDR_DADDR), dport, be32(bytes, iph + IPHDR_SADDR), sport, dev.ifindex);
  if (sk === null) return false;
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) ipv4SkUpdatePmtu(skb, sk, info);
  else if (type === ICMP_REDIRECT) ipv4SkRedirect(skb, sk, info);
  if (type === ICMP_SOURCE_QUENCH || type === ICMP_REDIRECT) return true;
  const { errno, hard } = icmpErrConvert(type, code, sk.pmtudisc !== IP_PMTUDISC_DONT);
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED && !hard) return true;
  if (sk.recverr) ipIcmpError(sk, skb, type, code, errno, dport, info, uh + UDPHDR_LEN - iph);
  else if (!hard || sk.state !== TCP_ESTABLISHED) return true;
  sk.setErr(errno);
  return true;
}
