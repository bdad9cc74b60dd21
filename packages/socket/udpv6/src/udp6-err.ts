/** ICMPv6 errors about datagrams that this host sent (`__udp6_lib_err`). */
import { icmpv6ErrConvert, inet6Np, ip6SkAcceptPmtu, ip6SkRedirect, ip6SkUpdatePmtu, ipv6IcmpError } from '@skbuff/af-inet6';
import type { NetDevice, SkBuff } from '@skbuff/core';
import { IP6CB_IIF, in6DevGet, ipv6Net, seg6QuotedDaddr } from '@skbuff/ipv6';
import { ICMP6_MIB_INERRORS, ICMPV6_PKT_TOOBIG, IPV6_PMTUDISC_DONT, NDISC_REDIRECT, TCP_ESTABLISHED } from '@skbuff/uapi';
import { udpNet } from '@skbuff/udp';
import { IPV6HDR_SADDR, UDPHDR_DEST, UDPHDR_LEN, UDPHDR_SOURCE, be16 } from '@skbuff/wire';
import { udp6LibLookup } from './udp6-lookup.ts';

/** `udpv6_err`: `skb.data` is at the quoted IPv6 header, UDP's `offset` bytes behind it. The sk_buff stays the caller's. */
export function udpv6Err(skb: SkBuff, type: number, code: number, offset: number, info: number): void {
  const dev = skb.dev as NetDevice;
  const daddr = seg6QuotedDaddr(skb);
  const { bytes, data: nh } = skb;
  const uh = nh + offset;
  const dport = be16(bytes, uh + UDPHDR_DEST);
  const { table } = udpNet.of(dev.net);
  // The quoted packet went the other way: its destination is the peer.
  const sk = udp6LibLookup(table, bytes, daddr, dport, nh + IPV6HDR_SADDR, be16(bytes, uh + UDPHDR_SOURCE), skb.cb[IP6CB_IIF]);
  if (sk === null) {
    ipv6Net.of(dev.net).icmpv6Stats[ICMP6_MIB_INERRORS]++;
    const idev = in6DevGet(dev);
    if (idev !== null) idev.icmpv6Stats[ICMP6_MIB_INERRORS]++;
    return;
  }
  const np = inet6Np(sk);
  const { errno, hard } = icmpv6ErrConvert(type, code);
  let ends = hard;
  if (type === ICMPV6_PKT_TOOBIG) {
    if (!ip6SkAcceptPmtu(sk)) return;
    ip6SkUpdatePmtu(skb, sk, info);
    ends = np.pmtudisc !== IPV6_PMTUDISC_DONT;
  }
  if (type === NDISC_REDIRECT) {
    ip6SkRedirect(skb, sk);
    return;
  }
  if (np.recverr) ipv6IcmpError(sk, skb, type, code, errno, dport, info, offset + UDPHDR_LEN);
  else if (!ends || sk.state !== TCP_ESTABLISHED) return;
  sk.setErr(errno);
}
