/** How a received frame is handed over (`net/core/dev.c`): to taps, to one of several receivers, through the hooks on the way in. */
import { ETH_P_8021AD, ETH_P_8021Q, PACKET_OTHERHOST } from '@skbuff/uapi';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { type NetDevice, RX_HANDLER_CONSUMED, RX_HANDLER_PASS } from './netdevice.ts';
import type { PacketType } from './packet-type.ts';

/** VLAN number 0: the tag has a priority only. */
const VLAN_VID_MASK = 0x0fff;

/** Each receiver but the last gets a reference of its own. */
export function deliverCopy(pt: PacketType, skb: SkBuff, origDev: NetDevice): void {
  skb.get();
  pt.func(skb, skb.dev as NetDevice, pt, origDev);
}

export function deliverTaps(taps: readonly PacketType[], skb: SkBuff, origDev: NetDevice): void {
  for (let i = 0; i < taps.length; i++) {
    const pt = taps[i] as PacketType;
    if (pt.net === null || pt.net === (skb.dev as NetDevice).net) deliverCopy(pt, skb, origDev);
  }
}

export function deliverSpecific(list: readonly PacketType[], type: number, skb: SkBuff, origDev: NetDevice, last: PacketType | null): PacketType | null {
  for (let i = 0; i < list.length; i++) {
    const pt = list[i] as PacketType;
    if (pt.type !== type) continue;
    if (last !== null) deliverCopy(last, skb, origDev);
    last = pt;
  }
  return last;
}

/** `eth_type_vlan`. */
export function ethTypeVlan(type: number): boolean {
  return type === ETH_P_8021Q || type === ETH_P_8021AD;
}

/** `sch_handle_ingress`, then `nf_ingress`. */
export function ingress(skb: SkBuff, dev: NetDevice): number {
  if (dev.tcIngress !== null) {
    const verdict = dev.tcIngress(skb, dev);
    if (verdict !== RX_HANDLER_PASS) return verdict;
  }
  return dev.nfIngress === null || dev.nfIngress(skb, dev) ? RX_HANDLER_PASS : RX_HANDLER_CONSUMED;
}

/** Nobody here has that VLAN: the frame is another's. A tag without number only has a priority. */
export function dropTag(skb: SkBuff): void {
  if ((skb.vlanTci & VLAN_VID_MASK) !== 0) skb.pktType = PACKET_OTHERHOST;
  skb.vlanPresent = false;
  skb.vlanTci = 0;
  skb.vlanProto = 0;
}
