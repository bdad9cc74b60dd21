/** Transmission to many (`ip_mc_output`): broadcast and multicast, which this host may have to hear itself. */
import {
  devLoopbackXmit,
  NF_BIT_IPV4_POST_ROUTING,
  NF_HOOK_OK,
  type Net,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  type SkbSock,
} from '@skbuff/core';
import { ETH_P_IP, NFPROTO_IPV4, NF_INET_POST_ROUTING } from '@skbuff/uapi';
import { IPHDR_TTL } from '@skbuff/wire';
import { inetSk } from './inet-sock.ts';
import { IPCB_FLAGS, IPSKB_FORWARDED, IPSKB_REROUTED } from './ip-cb.ts';
import { ipFinishOutput } from './ip-output.ts';
import { RTCF_BROADCAST, RTCF_LOCAL, RTCF_MULTICAST, type Rtable } from './rtable.ts';

/** `ip_mc_output`: `dst.output` of a route to a group that this host is in, or to a broadcast address. Takes over the sk_buff. */
export function ipMcOutput(net: Net, sk: SkbSock | null, skb: SkBuff): number {
  const rt = skb.dst as Rtable;
  const indev = skb.dev;
  skb.dev = rt.dev;
  skb.protocol = ETH_P_IP;
  const forwarded = (skb.cb[IPCB_FLAGS] & IPSKB_FORWARDED) !== 0;
  if ((rt.rtFlags & RTCF_MULTICAST) !== 0) {
    if (mcLoop(sk) && ((rt.rtFlags & RTCF_LOCAL) !== 0 || !forwarded)) loopBack(net, sk, skb);
    if (skb.bytes[skb.networkHeader + IPHDR_TTL] === 0) {
      // For this host only.
      skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
      return 0;
    }
  }
  if ((rt.rtFlags & RTCF_BROADCAST) !== 0) loopBack(net, sk, skb);
  if ((net.nf.mask & NF_BIT_IPV4_POST_ROUTING) !== 0 && (skb.cb[IPCB_FLAGS] & IPSKB_REROUTED) === 0) {
    const verdict = net.nf.run(NFPROTO_IPV4, NF_INET_POST_ROUTING, sk, skb, indev, rt.dev, ipFinishOutput);
    if (verdict !== NF_HOOK_OK) return verdict;
  }
  return ipFinishOutput(net, sk, skb);
}

/** `sk_mc_loop`: whether the sender wants its host to hear it; what nobody sends, because it is forwarded, is heard. */
function mcLoop(sk: SkbSock | null): boolean {
  return sk === null || inetSk(sk).mcLoop;
}

/** A copy for this host, through POST_ROUTING as the original. */
function loopBack(net: Net, sk: SkbSock | null, skb: SkBuff): void {
  const copy = skb.clone();
  if (copy === null) return;
  if ((net.nf.mask & NF_BIT_IPV4_POST_ROUTING) !== 0) {
    if (net.nf.run(NFPROTO_IPV4, NF_INET_POST_ROUTING, sk, copy, null, copy.dev, devLoopbackXmit) !== NF_HOOK_OK) return;
  }
  devLoopbackXmit(net, sk, copy);
}
