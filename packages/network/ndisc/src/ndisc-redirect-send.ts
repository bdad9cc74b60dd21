/** Redirects that this router sends (`ndisc_send_redirect`; RFC 4861 §8.2). */
import type { NetDevice, SkBuff } from '@skbuff/core';
import { inetPeerXrlimAllow } from '@skbuff/inet';
import { Flowi6, type Rt6Info, inetGetpeerV6, ipv6GetLladdr, ipv6Net } from '@skbuff/ipv6';
import { NUD_VALID, type NeighTable } from '@skbuff/neighbour';
import { IFA_F_TENTATIVE, IPPROTO_ICMPV6, IPV6_MIN_MTU, NDISC_REDIRECT, ND_OPT_REDIRECT_HDR, ND_OPT_TARGET_LL_ADDR, RTF_GATEWAY } from '@skbuff/uapi';
import { IPV6HDR_LEN, In6Addr, NDMSG_TARGET, RDMSG_DEST, RDMSG_LEN } from '@skbuff/wire';
import { ndiscFillAddrOption, ndiscOptAddrSpace } from './ndisc-lladdr.ts';
import { daddrOf, saddrOf } from './ndisc-message.ts';
import { REDIRECT_HDR_LEN } from './ndisc-redirect-rcv.ts';
import { ndiscAllocSkb, ndiscSendSkb } from './ndisc-send.ts';
import { ndLookup } from './ndisc-tbl.ts';

/** Jiffies between two redirects to a host. */
const REDIRECT_INTERVAL = 1000;

/**
 * `ndisc_send_redirect`: the sender of the forwarded packet `skb`, which came in by `skb.dev`, should go to `target` itself. The sk_buff
 * stays the caller's.
 */
export function ndiscSendRedirect(tbl: NeighTable, skb: SkBuff, target: In6Addr): void {
  const dev = skb.dev as NetDevice;
  const source = new In6Addr();
  if (!ipv6GetLladdr(dev, source, IFA_F_TENTATIVE)) return;
  if (!daddrOf(skb).equals(target) && !target.isLinkLocal()) return;
  const sender = saddrOf(skb);
  const rt = routeTo(dev, source, sender);
  if (rt === null) return;
  const message = inetPeerXrlimAllow(inetGetpeerV6(dev.net, sender), tbl.timers.jiffies, REDIRECT_INTERVAL) ? redirect(tbl, skb, dev, target) : null;
  if (message === null) return rt.release();
  message.dstSet(rt);
  ndiscSendSkb(message, sender, source);
}

/** The route (one reference) to the sender, who must be a neighbour; null: he is none. */
function routeTo(dev: NetDevice, saddr: In6Addr, daddr: In6Addr): Rt6Info | null {
  const fl6 = new Flowi6().init(IPPROTO_ICMPV6);
  fl6.oif = dev.ifindex;
  fl6.sport = NDISC_REDIRECT;
  fl6.saddr.copy(saddr);
  fl6.daddr.copy(daddr);
  const rt = ipv6Net.of(dev.net).ip.routing?.routeOutput(dev.net, null, fl6, 0) ?? null;
  if (rt === null || (rt.error === 0 && (rt.rtFlags & RTF_GATEWAY) === 0)) return rt;
  rt.release();
  return null;
}

/** Target, destination, the target's link-layer address if it is known, and as much of the packet as fits into 1280 bytes. */
function redirect(tbl: NeighTable, skb: SkBuff, dev: NetDevice, target: In6Addr): SkBuff | null {
  const neigh = dev.addrLen === 0 ? null : ndLookup(tbl, dev, target, true);
  if (dev.addrLen !== 0 && neigh === null) return null;
  const known = neigh !== null && (neigh.nudState & NUD_VALID) !== 0;
  const space = known ? ndiscOptAddrSpace(dev) : 0;
  const rdLen = Math.min(IPV6_MIN_MTU - IPV6HDR_LEN - RDMSG_LEN - space, skb.len + REDIRECT_HDR_LEN) & ~7;
  const message = ndiscAllocSkb(dev, RDMSG_LEN + space + rdLen);
  if (message === null) return null;
  const at = message.putZero(RDMSG_LEN);
  message.bytes[at] = NDISC_REDIRECT;
  target.store(message.bytes, at + NDMSG_TARGET);
  daddrOf(skb).store(message.bytes, at + RDMSG_DEST);
  if (known) ndiscFillAddrOption(message, ND_OPT_TARGET_LL_ADDR, dev, neigh.ha);
  quote(message, skb, rdLen);
  return message;
}

/** `ndisc_fill_redirect_hdr_option`. */
function quote(message: SkBuff, skb: SkBuff, rdLen: number): void {
  const at = message.putZero(rdLen);
  message.bytes[at] = ND_OPT_REDIRECT_HDR;
  message.bytes[at + 1] = rdLen >> 3;
  skb.copyBits(skb.networkHeader - skb.data, message.bytes, at + REDIRECT_HDR_LEN, rdLen - REDIRECT_HDR_LEN);
}
