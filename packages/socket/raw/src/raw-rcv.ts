/** Receiving (`net/ipv4/raw.c`): every matching socket gets a clone, IP header included, before the transport sees the packet. */
import { skbHeadlen } from '@skbuff/core';
import { icmpErrConvert, ipIcmpError, ipMcSfAllow, ipv4PktinfoPrepare, ipv4SkRedirect, ipv4SkUpdatePmtu } from '@skbuff/af-inet';
import type { NetDevice, SkBuff } from '@skbuff/core';
import { IP_DEFRAG_CALL_RA_CHAIN, inetIif, ipDefrag } from '@skbuff/ipv4';
import { sockQueueRcvSkb } from '@skbuff/sock';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, IPPROTO_ICMP, IP_MF, IP_OFFSET, IP_PMTUDISC_DONT, TCP_ESTABLISHED } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_PROTOCOL, IPHDR_SADDR, be16, be32, ipHdrlen } from '@skbuff/wire';
import { type RawSock, rawNet } from './raw-sock.ts';

/** `raw_local_deliver`: true if a socket was there for the protocol. The sk_buff stays the caller's. */
export function rawLocalDeliver(skb: SkBuff, protocol: number): boolean {
  const { net } = skb.dev as NetDevice;
  const list = rawNet.of(net).hashinfo.of(protocol);
  if (list.length === 0) return false;
  const { bytes, networkHeader: iph } = skb;
  const saddr = be32(bytes, iph + IPHDR_SADDR);
  const daddr = be32(bytes, iph + IPHDR_DADDR);
  const dif = inetIif(skb);
  let delivered = false;
  for (let i = 0; i < list.length; i++) {
    const sk = list[i] as RawSock;
    if (!rawMatch(sk, saddr, daddr, dif)) continue;
    delivered = true;
    if (protocol === IPPROTO_ICMP && icmpFiltered(sk, skb)) continue;
    if (!ipMcSfAllow(sk, daddr, saddr, dif)) continue;
    const copy = skb.clone();
    if (copy !== null) rawRcv(sk, copy);
  }
  return delivered;
}

/** `raw_v4_match`, the protocol aside: from `raddr` to `laddr`. */
export function rawMatch(sk: RawSock, raddr: number, laddr: number, dif: number): boolean {
  if (sk.inetDaddr !== 0 && sk.inetDaddr !== raddr) return false;
  if (sk.inetRcvSaddr !== 0 && sk.inetRcvSaddr !== laddr) return false;
  return sk.boundDevIf === 0 || sk.boundDevIf === dif;
}

/** `icmp_filter`: whether the socket does not want this type. A packet too short to have one is kept away. */
function icmpFiltered(sk: RawSock, skb: SkBuff): boolean {
  if (skbHeadlen(skb) < 8) return true;
  const type = skb.bytes[skb.data];
  return type < 32 && ((sk.icmpFilter >>> type) & 1) !== 0;
}

/** `raw_rcv`: takes over the sk_buff and queues it, `data` moved back to the IP header. */
export function rawRcv(sk: RawSock, skb: SkBuff): void {
  skb.nfReset();
  skb.push(skb.data - skb.networkHeader);
  ipv4PktinfoPrepare(sk, skb);
  const reason = sockQueueRcvSkb(sk, skb);
  if (reason !== 0) skb.kfree(reason);
}

/** `raw_icmp_error`: the sk_buff stays the caller's; `data` at the quoted IP header. */
export function rawIcmpError(skb: SkBuff, protocol: number, type: number, code: number, info: number): void {
  const dev = skb.dev as NetDevice;
  const list = rawNet.of(dev.net).hashinfo.of(protocol);
  if (list.length === 0) return;
  const { bytes, data: iph } = skb;
  // The quoted packet went the other way.
  const daddr = be32(bytes, iph + IPHDR_DADDR);
  const saddr = be32(bytes, iph + IPHDR_SADDR);
  for (const sk of list) if (rawMatch(sk, daddr, saddr, dev.ifindex)) rawErr(sk, skb, type, code, info);
}

/** `raw_err`. */
function rawErr(sk: RawSock, skb: SkBuff, type: number, code: number, info: number): void {
  if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) ipv4SkUpdatePmtu(skb, sk, info);
  else if (type === ICMP_REDIRECT) ipv4SkRedirect(skb, sk, info);
  if (type === ICMP_REDIRECT || type === ICMP_SOURCE_QUENCH) return;
  if (!sk.recverr && sk.state !== TCP_ESTABLISHED) return;
  const { errno, hard } = icmpErrConvert(type, code, sk.pmtudisc !== IP_PMTUDISC_DONT);
  if (sk.recverr) ipIcmpError(sk, skb, type, code, errno, 0, info, sk.hdrincl ? 0 : ipHdrlen(skb.bytes, skb.data));
  if (sk.recverr || hard) sk.setErr(errno);
}

/**
 * `ip_call_ra_chain`: a forwarded packet with a router alert goes to every socket that asked for its protocol. True: the sk_buff was
 * taken over.
 */
export function ipCallRaChain(skb: SkBuff): boolean {
  const dev = skb.dev as NetDevice;
  const protocol = skb.bytes[skb.networkHeader + IPHDR_PROTOCOL];
  let last: RawSock | null = null;
  for (const sk of rawNet.of(dev.net).raChain) {
    if (sk.inetNum !== protocol || (sk.boundDevIf !== 0 && sk.boundDevIf !== dev.ifindex)) continue;
    if ((be16(skb.bytes, skb.networkHeader + IPHDR_FRAG_OFF) & (IP_MF | IP_OFFSET)) !== 0) {
      const whole = ipDefrag(dev.net, skb, IP_DEFRAG_CALL_RA_CHAIN);
      if (whole === null) return true;
      skb = whole;
    }
    const copy = last === null ? null : skb.clone();
    if (last !== null && copy !== null) rawRcv(last, copy);
    last = sk;
  }
  if (last === null) return false;
  rawRcv(last, skb);
  return true;
}
