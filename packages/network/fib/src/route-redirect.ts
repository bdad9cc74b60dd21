/** ICMP redirects: telling a sender of a better first hop, and being told (RFC 792, RFC 1122 §3.2.2.2, RFC 1812 §4.3.3.2). */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { Flowi4, type InDevice, type Rtable, inDevGet, inetAddrOnlink, inetGetpeerV4, inDevLogMartians, inDevRxRedirects, inDevSecRedirects, inDevSharedMedia, inDevTxRedirects } from '@skbuff/ipv4';
import { NUD_VALID, type Neighbour, neighEventSend } from '@skbuff/neighbour';
import { ICMP_REDIRECT, ICMP_REDIR_HOST, RTN_UNICAST } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_SADDR, be32, inetNtoa, ipv4IsLbcast, ipv4IsMulticast, ipv4IsZeronet } from '@skbuff/wire';
import { type FibNet, fibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import { fibLookupIn } from './fib-lookup.ts';
import { fibSelectPath } from './fib-select.ts';
import { flowOf, updateOrCreateFnhe } from './route-exception.ts';
import { inetAddrTypeIn } from './inet-addr-type.ts';
import { ipRouteOutputKey } from './route-output.ts';

/**
 * `ip_rt_send_redirect`: tells the sender of a forwarded packet to use the next hop itself. A sender that does not listen hears it
 * again after 40 ms, 80 ms, 160 ms …, nine times in all, and then not before it was silent for 20 s.
 */
export function ipRtSendRedirect(skb: SkBuff): void {
  const rt = skb.dst as Rtable;
  const { net } = rt.dev;
  const inDev = inDevGet(rt.dev);
  if (inDev === null || !inDevTxRedirects(inDev)) return;
  const { timers, fib } = fibNet.of(net);
  const { settings } = fib;
  const iph = skb.networkHeader;
  const saddr = be32(skb.bytes, iph + IPHDR_SADDR);
  const daddr = be32(skb.bytes, iph + IPHDR_DADDR);
  const peer = inetGetpeerV4(net, saddr);
  const now = timers.jiffies;
  if (now > peer.rateLast + settings.redirectSilence) {
    peer.rateTokens = 0;
    peer.nRedirects = 0;
  }
  if (peer.nRedirects >= settings.redirectNumber) {
    peer.rateLast = now;
    return;
  }
  if (peer.nRedirects !== 0 && now <= peer.rateLast + settings.redirectLoad * 2 ** peer.nRedirects) return;
  fib.ip.icmp?.icmpSend(skb, ICMP_REDIRECT, ICMP_REDIR_HOST, rt.nexthop(daddr));
  peer.rateLast = now;
  peer.nRedirects++;
  if (inDevLogMartians(inDev) && peer.nRedirects === settings.redirectNumber) {
    const [host, dest, gw] = [saddr, daddr, rt.nexthop(daddr)].map(inetNtoa);
    net.kernel.log(`IPv4: host ${host}/if${skb.skbIif} ignores redirects for ${dest} to ${gw}`);
  }
}

/**
 * `ip_do_redirect`: `from` says that `gateway` is the better first hop for a packet like `skb` (as {@link flowOf} reads it). Believed only
 * from the gateway that is used now, about another host on the same link, if the interface allows it.
 */
export function ipDoRedirect(net: Net, skb: SkBuff, gateway: number, from: number): void {
  const state = fibNet.of(net);
  const fl4 = flowOf(skb, new Flowi4());
  const rt = ipRouteOutputKey(state, fl4, state.outRes);
  if (typeof rt === 'number') return;
  const dev = skb.dev as NetDevice;
  const inDev = inDevGet(dev);
  if (rt.gateway === from && rt.gateway !== 0 && inDev !== null) {
    if (isAcceptable(state, inDev, gateway, from)) follow(state, rt, fl4, gateway);
    else reject(inDev, fl4, gateway, from);
  }
  rt.release();
}

function isAcceptable(state: FibNet, inDev: InDevice, gateway: number, from: number): boolean {
  if (gateway === from || !inDevRxRedirects(inDev)) return false;
  if (ipv4IsMulticast(gateway) || ipv4IsLbcast(gateway) || ipv4IsZeronet(gateway)) return false;
  if (inDevSharedMedia(inDev)) return inetAddrTypeIn(state, gateway, null) === RTN_UNICAST;
  return inetAddrOnlink(inDev, gateway, from) && (!inDevSecRedirects(inDev) || isDefaultGateway(state, inDev.dev, gateway));
}

/** `ip_fib_check_default`: whether some route on the device goes by this gateway. */
function isDefaultGateway(state: FibNet, dev: NetDevice, gateway: number): boolean {
  for (const fi of state.infos.all()) if (fi.nhs.some((nh) => nh.dev === dev && nh.gw === gateway && (nh.flags & 1) === 0)) return true;
  return false;
}

/** The new gateway must answer first; until then only the question is asked. */
function follow(state: FibNet, rt: Rtable, fl4: Flowi4, gateway: number): void {
  const table = state.fib.ip.arpTbl;
  const neigh: Neighbour | number | null = table === null ? null : (table.lookup(rt.dev, gateway) ?? table.create(rt.dev, gateway));
  if (neigh === null || typeof neigh === 'number') return;
  if ((neigh.nudState & NUD_VALID) === 0) {
    neighEventSend(neigh, null);
    return;
  }
  const { outRes: res } = state;
  if (fibLookupIn(state, fl4, res, 0) !== 0) return;
  fibSelectPath(state, res, fl4);
  updateOrCreateFnhe(state, res.nh as FibNh, fl4.daddr, gateway, 0, false, state.timers.jiffies + state.fib.settings.gcTimeout);
}

function reject(inDev: InDevice, fl4: Flowi4, gateway: number, from: number): void {
  if (!inDevLogMartians(inDev)) return;
  const { kernel } = inDev.dev.net;
  kernel.log(`IPv4: Redirect from ${inetNtoa(from)} on ${inDev.dev.name} about ${inetNtoa(gateway)} ignored`);
  kernel.log(`  Advised path = ${inetNtoa(fl4.saddr)} -> ${inetNtoa(fl4.daddr)}`);
}
