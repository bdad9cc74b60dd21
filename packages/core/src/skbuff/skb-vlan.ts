/** VLAN tags inside frames (`net/core/skbuff.c`): taken off on arrival, they travel beside the packet. */
import { ETH_ALEN, ETH_HLEN, ETH_P_802_2, ETH_P_802_3, ETH_P_802_3_MIN } from '@skbuff/uapi';
import { be16, copyBytes } from '@skbuff/wire';
import { SKB_DROP_REASON_HDR_TRUNC, SKB_DROP_REASON_NOMEM } from './drop-reason.ts';
import type { SkBuff } from './skbuff.ts';

const VLAN_HLEN = 4;

/**
 * `skb_vlan_untag`: a received frame, `data` behind the Ethernet header whose type is a VLAN's. The tag moves to `vlanProto` and `vlanTci`,
 * `protocol` is that of the payload. The sk_buff to go on with (another one, if others hold or share the data), or null: it was
 * dropped. One that has a tag beside it is left alone.
 */
export function skbVlanUntag(skb: SkBuff): SkBuff | null {
  if (skb.vlanPresent) return skb;
  const own = skb.shareCheck();
  if (own === null) return null;
  if (!own.mayPull(VLAN_HLEN + 2)) return dropped(own, SKB_DROP_REASON_HDR_TRUNC);
  if (own.isCloned() && own.cache.cow(own, 0) !== 0) return dropped(own, SKB_DROP_REASON_NOMEM);
  own.vlanProto = own.protocol;
  own.vlanTci = be16(own.bytes, own.data);
  own.vlanPresent = true;
  setEncapProto(own);
  if (own.macHeader >= 0 && own.data - own.macHeader === ETH_HLEN) {
    // The two addresses move up, so that the header is whole in front of the payload again.
    copyBytes(own.bytes, own.macHeader + VLAN_HLEN, own.bytes, own.macHeader, 2 * ETH_ALEN);
    own.macHeader += VLAN_HLEN;
  }
  own.pull(VLAN_HLEN);
  own.networkHeader = own.data;
  own.transportHeader = own.data;
  own.macLen = own.macHeader < 0 ? 0 : own.networkHeader - own.macHeader;
  return own;
}

/** `vlan_set_encap_proto`: a type field below 0x600 is a length, as in a frame without tag. */
function setEncapProto(skb: SkBuff): void {
  const type = be16(skb.bytes, skb.data + 2);
  if (type >= ETH_P_802_3_MIN) skb.protocol = type;
  else skb.protocol = be16(skb.bytes, skb.data + VLAN_HLEN) === 0xffff ? ETH_P_802_3 : ETH_P_802_2;
}

function dropped(skb: SkBuff, reason: number): null {
  skb.kfree(reason);
  return null;
}
