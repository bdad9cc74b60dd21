/**
 * SHOUT, a transport of our own on IP protocol 253 (RFC 3692 keeps it for experiments). A host that receives a SHOUT in small
 * letters answers with the same text in capitals; capitals are kept for whoever asked.
 *
 *     0      1      2 …
 *     | checksum    | text, ASCII
 */
import {
  LL_MAX_HEADER,
  type ModuleContext,
  type Net,
  type NetDevice,
  NetSlot,
  type NfHookOps,
  type Plugin,
  SKB_DROP_REASON_SKB_CSUM,
  skbResetTransportHeader,
  type SkBuff,
  nfRegisterNetHook,
  nfUnregisterNetHook,
} from '@skbuff/core';
import { Flowi4, IPV4, ipLocalOut, ipv4Net } from '@skbuff/ipv4';
import { ENETUNREACH, ENOMEM, NF_ACCEPT, NF_INET_PRE_ROUTING, NF_IP_PRI_FILTER, NFPROTO_IPV4 } from '@skbuff/uapi';
import { be32, IPHDR_DADDR, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TTL, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';

export const IPPROTO_SHOUT = 253;
const SHOUT_HLEN = 2;

/** What the plugin keeps per namespace. */
export class ShoutNet {
  /** Answers that came back. */
  readonly heard: string[] = [];
  /** SHOUT packets that entered this host, forwarded ones too. */
  seen = 0;
  /** Packets with a wrong checksum. */
  errors = 0;
  readonly fl4: Flowi4 = new Flowi4();
}

export const shoutNet: NetSlot<ShoutNet> = new NetSlot<ShoutNet>('shout');

/** The plugin: everything it registers is taken back when it is unloaded. */
export function shout(): Plugin {
  return {
    name: '@skbuff/sample-shout',
    requires: ['@skbuff/ipv4'],
    init(ctx) {
      registerNet(ctx);
      const undo = ctx.get(IPV4).addProtocol(IPPROTO_SHOUT, { handler: shoutRcv, errHandler: null, noPolicy: true });
      if (undo === null) throw new Error(`IP protocol ${IPPROTO_SHOUT} has a handler already`);
      ctx.onUnload(undo);
    },
  };
}

/** Per-namespace state, and a hook that counts. */
function registerNet(ctx: ModuleContext): void {
  const hooks = new Map<Net, NfHookOps>();
  ctx.pernetSubsys({
    name: 'shout',
    init(net) {
      const state = new ShoutNet();
      shoutNet.set(net, state);
      const hook: NfHookOps = { hook: count, priv: state, pf: NFPROTO_IPV4, hooknum: NF_INET_PRE_ROUTING, priority: NF_IP_PRI_FILTER };
      hooks.set(net, hook);
      return nfRegisterNetHook(net, hook);
    },
    exit(net) {
      nfUnregisterNetHook(net, hooks.get(net) as NfHookOps);
      hooks.delete(net);
      shoutNet.set(net, null);
    },
  });
}

function count(priv: unknown, skb: SkBuff): number {
  if (skb.bytes[skb.networkHeader + IPHDR_PROTOCOL] === IPPROTO_SHOUT) (priv as ShoutNet).seen++;
  return NF_ACCEPT;
}

/** The transport's handler: takes over the sk_buff, data at our header. */
function shoutRcv(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const state = shoutNet.of(net);
  const whole = skb.mayPull(skb.len) && skb.len >= SHOUT_HLEN;
  if (!whole || ipComputeCsum(skb.bytes, skb.data, skb.len) !== 0) {
    state.errors++;
    skb.kfree(SKB_DROP_REASON_SKB_CSUM);
    return 0;
  }
  const text = String.fromCharCode(...skb.bytes.subarray(skb.data + SHOUT_HLEN, skb.data + skb.len));
  const from = be32(skb.bytes, skb.networkHeader + IPHDR_SADDR);
  skb.consume();
  if (text === text.toUpperCase()) state.heard.push(text);
  else shoutSend(net, from, text.toUpperCase());
  return 0;
}

/** Sends `text` to `daddr` (u32). 0, or a negative errno: -ENETUNREACH without a route, -ENOMEM. */
export function shoutSend(net: Net, daddr: number, text: string): number {
  const state = shoutNet.of(net);
  const { ip, ipDefaultTtl } = ipv4Net.of(net);
  const fl4 = state.fl4.init(0, 0, 0, 0, IPPROTO_SHOUT, 0, daddr, 0, 0, 0);
  const rt = ip.routing?.routeOutput(net, fl4, null) ?? -ENETUNREACH;
  if (typeof rt === 'number') return rt;
  const skb = net.skbs.alloc(LL_MAX_HEADER + IPHDR_LEN + SHOUT_HLEN + text.length);
  if (skb === null) {
    rt.release();
    return -ENOMEM;
  }
  skb.reserve(LL_MAX_HEADER + IPHDR_LEN + SHOUT_HLEN);
  skb.putData(Uint8Array.from(text, (c) => c.charCodeAt(0)), 0, text.length);
  pushHeaders(skb, fl4, ipDefaultTtl);
  skb.dstSet(rt);
  return ipLocalOut(net, null, skb);
}

function pushHeaders(skb: SkBuff, fl4: Flowi4, ttl: number): void {
  const sh = skb.push(SHOUT_HLEN);
  skbResetTransportHeader(skb);
  setBe16(skb.bytes, sh, 0);
  setBe16(skb.bytes, sh, ipComputeCsum(skb.bytes, sh, skb.len));
  const iph = skb.push(IPHDR_LEN);
  skb.resetNetworkHeader();
  skb.bytes.fill(0, iph, iph + IPHDR_LEN);
  skb.bytes[iph] = 0x45;
  skb.bytes[iph + IPHDR_TTL] = ttl;
  skb.bytes[iph + IPHDR_PROTOCOL] = IPPROTO_SHOUT;
  setBe32(skb.bytes, iph + IPHDR_SADDR, fl4.saddr);
  setBe32(skb.bytes, iph + IPHDR_DADDR, fl4.daddr);
}
