/**
 * Building and sending messages (`ndisc_send_ns`, `ndisc_send_na`, `ndisc_send_rs`, `ndisc_send_skb`). Solicitation and advertisement of a
 * neighbour (RFC 4861 §§4.3, 4.4):
 *
 *     | type 1 | code 1 | checksum 2 | flags, reserved 4 | target 16 | options |
 */
import { llReservedSpace, type NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { in6DevGet, ip6HookOut, ipv6DevGetSaddr, ipv6GetIfaddr, ipv6GetLladdr, ipv6Net } from '@skbuff/ipv6';
import {
  ETH_P_IPV6,
  IFA_F_OPTIMISTIC,
  IFA_F_TENTATIVE,
  IPPROTO_ICMPV6,
  IPSTATS_MIB_OUTREQUESTS,
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  NDISC_ROUTER_SOLICITATION,
  ND_OPT_NONCE,
  ND_OPT_SOURCE_LL_ADDR,
  ND_OPT_TARGET_LL_ADDR,
} from '@skbuff/uapi';
import {
  ICMP6HDR_CKSUM,
  ICMP6HDR_LEN,
  IPV6HDR_DADDR,
  IPV6HDR_HOP_LIMIT,
  IPV6HDR_LEN,
  IPV6HDR_NEXTHDR,
  IPV6HDR_PAYLOAD_LEN,
  IPV6HDR_SADDR,
  In6Addr,
  csumIpv6Magic,
  csumPartial,
  in6addrLinklocalAllnodes,
  NDMSG_LEN,
  NDMSG_TARGET,
  setBe16,
  setBe32,
} from '@skbuff/wire';
import { ndiscFillAddrOption, ndiscOptAddrSpace } from './ndisc-lladdr.ts';
import { NDISC_HOPLIMIT, ndiscNet } from './ndisc-net.ts';

/** Flags in the second word of an advertisement (RFC 4861 §4.4). */
export const NDISC_NA_ROUTER: number = 0x80000000 | 0;
export const NDISC_NA_SOLICITED = 0x40000000;
export const NDISC_NA_OVERRIDE = 0x20000000;

/** Bytes of a nonce option (RFC 3971 §5.3.2, RFC 7527 §4.1). */
const NONCE_SPACE = 8;

/** `ndisc_alloc_skb`: room for a message of `len` bytes with all headers; null when memory is out. */
export function ndiscAllocSkb(dev: NetDevice, len: number): SkBuff | null {
  const room = llReservedSpace(dev) + IPV6HDR_LEN;
  const skb = dev.net.skbs.alloc(room + len + dev.neededTailroom);
  if (skb === null) return null;
  skb.protocol = ETH_P_IPV6;
  skb.dev = dev;
  skb.reserve(room);
  skb.transportHeader = skb.data;
  ndiscNet.of(dev.net).setOwnerW(skb);
  return skb;
}

/** A message with the address `target` behind its first 8 bytes; room for `optlen` bytes of options. */
function ndMsg(dev: NetDevice, type: number, flags: number, target: In6Addr, optlen: number): SkBuff | null {
  const skb = ndiscAllocSkb(dev, NDMSG_LEN + optlen);
  if (skb === null) return null;
  const at = skb.putZero(NDMSG_LEN);
  skb.bytes[at] = type;
  setBe32(skb.bytes, at + 4, flags);
  target.store(skb.bytes, at + NDMSG_TARGET);
  return skb;
}

/** `ndisc_send_ns`; see the door `NdiscOps`. Without a source that may be used nothing is sent. */
export function ndiscSendNs(dev: NetDevice, solicit: In6Addr, daddr: In6Addr, saddr: In6Addr | null, nonceHi: number, nonceLo: number): void {
  const source = saddr ?? new In6Addr();
  if (saddr === null && !ipv6GetLladdr(dev, source, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) return;
  const space = source.isAny() ? 0 : ndiscOptAddrSpace(dev);
  const nonce = nonceHi !== 0 || nonceLo !== 0;
  const skb = ndMsg(dev, NDISC_NEIGHBOUR_SOLICITATION, 0, solicit, space + (nonce ? NONCE_SPACE : 0));
  if (skb === null) return;
  if (space !== 0) ndiscFillAddrOption(skb, ND_OPT_SOURCE_LL_ADDR, dev, dev.devAddr);
  if (nonce) fillNonceOption(skb, nonceHi, nonceLo);
  ndiscSendSkb(skb, daddr, source);
}

function fillNonceOption(skb: SkBuff, hi: number, lo: number): void {
  const at = skb.put(NONCE_SPACE);
  skb.bytes[at] = ND_OPT_NONCE;
  skb.bytes[at + 1] = 1;
  setBe16(skb.bytes, at + 2, hi);
  setBe32(skb.bytes, at + 4, lo);
}

/**
 * `ndisc_send_na`: `solicited` is at this device. From that address if it is this host's own, else (it is proxied, or anycast) from the one
 * that fits `daddr`.
 */
export function ndiscSendNa(dev: NetDevice, daddr: In6Addr, solicited: In6Addr, router: boolean, solicitedFlag: boolean, override: boolean, incOpt: boolean): void {
  const { net } = dev;
  const ifp = ipv6GetIfaddr(net, solicited, dev, true);
  const source = new In6Addr();
  if (ifp !== null) source.copy(solicited);
  else if (ipv6DevGetSaddr(net, dev, daddr, 0, source) !== 0) return;
  let flags = (router ? NDISC_NA_ROUTER : 0) | (solicitedFlag ? NDISC_NA_SOLICITED : 0);
  // Somebody may have had the address before: who knows him shall not forget him for one that is not sure of itself (RFC 4429 §3.3).
  if (override && (ifp === null || (ifp.flags & IFA_F_OPTIMISTIC) === 0)) flags |= NDISC_NA_OVERRIDE;
  const space = incOpt || (ifp !== null && ifp.idev.cnf.forceTllao !== 0) ? ndiscOptAddrSpace(dev) : 0;
  const skb = ndMsg(dev, NDISC_NEIGHBOUR_ADVERTISEMENT, flags, solicited, space);
  if (skb === null) return;
  if (space !== 0) ndiscFillAddrOption(skb, ND_OPT_TARGET_LL_ADDR, dev, dev.devAddr);
  ndiscSendSkb(skb, daddr, source);
}

/** `ndisc_send_unsol_na`: tells the link each address of the interface. */
export function ndiscSendUnsolNa(dev: NetDevice): void {
  const idev = in6DevGet(dev);
  if (idev === null) return;
  for (const ifa of [...idev.addrList]) {
    if ((ifa.flags & IFA_F_TENTATIVE) !== 0 && (ifa.flags & IFA_F_OPTIMISTIC) === 0) continue;
    ndiscSendNa(dev, in6addrLinklocalAllnodes, ifa.addr, idev.cnf.forwarding !== 0, false, true, true);
  }
}

/** `ndisc_send_rs`. An optimistic address does not say whose it is (RFC 4429 §3.3). */
export function ndiscSendRs(dev: NetDevice, saddr: In6Addr, daddr: In6Addr): void {
  const ifp = ipv6GetIfaddr(dev.net, saddr, dev, true);
  const space = ifp === null || (ifp.flags & IFA_F_OPTIMISTIC) !== 0 ? 0 : ndiscOptAddrSpace(dev);
  const skb = ndiscAllocSkb(dev, ICMP6HDR_LEN + space);
  if (skb === null) return;
  skb.bytes[skb.putZero(ICMP6HDR_LEN)] = NDISC_ROUTER_SOLICITATION;
  if (space !== 0) ndiscFillAddrOption(skb, ND_OPT_SOURCE_LL_ADDR, dev, dev.devAddr);
  ndiscSendSkb(skb, daddr, saddr);
}

/**
 * `ndisc_send_skb`: sends a message, complete but for its checksum, from `saddr` to `daddr`, by the route that it has or straight by its
 * device. Takes over the sk_buff.
 */
export function ndiscSendSkb(skb: SkBuff, daddr: In6Addr, saddr: In6Addr): void {
  const from = skb.dev as NetDevice;
  const { net } = from;
  const state = ipv6Net.of(net);
  const { routing, icmp } = state.ip;
  if (routing === null) return skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  if (skb.dst === null) skb.dstSet(routing.icmp6DstAlloc(from, daddr));
  const type = skb.bytes[skb.transportHeader];
  ndHdr(skb, saddr, daddr, in6DevGet(from)?.cnf.ndiscTclass ?? 0);
  const dev = skb.dst?.dev ?? from;
  const idev = in6DevGet(dev);
  state.stats[IPSTATS_MIB_OUTREQUESTS]++;
  if (idev !== null) idev.stats[IPSTATS_MIB_OUTREQUESTS]++;
  const err = ip6HookOut(net, ndiscNet.of(net), skb);
  // One that a hook has taken counts, one that it has dropped does not.
  if (err === 0) icmp?.outCount(net, idev, type);
}

/** `ip6_nd_hdr`, with the checksum of what is behind. */
function ndHdr(skb: SkBuff, saddr: In6Addr, daddr: In6Addr, tclass: number): void {
  const { bytes, transportHeader: th, len } = skb;
  const iph = skb.push(IPV6HDR_LEN);
  skb.resetNetworkHeader();
  setBe32(bytes, iph, 0x60000000 | (tclass << 20));
  setBe16(bytes, iph + IPV6HDR_PAYLOAD_LEN, len);
  bytes[iph + IPV6HDR_NEXTHDR] = IPPROTO_ICMPV6;
  bytes[iph + IPV6HDR_HOP_LIMIT] = NDISC_HOPLIMIT;
  saddr.store(bytes, iph + IPV6HDR_SADDR);
  daddr.store(bytes, iph + IPV6HDR_DADDR);
  setBe16(bytes, th + ICMP6HDR_CKSUM, csumIpv6Magic(bytes, iph + IPV6HDR_SADDR, len, IPPROTO_ICMPV6, csumPartial(bytes, th, len, 0)));
}
