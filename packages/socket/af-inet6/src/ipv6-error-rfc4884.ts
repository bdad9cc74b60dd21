/** Extensions of ICMPv6 errors (RFC 4884): where behind the quoted packet they begin (`ip_icmp_error_rfc4884` in `net/ipv4/icmp.c`). */
import { type SkBuff, skbChecksum } from '@skbuff/core';
import { ICMPV6_DEST_UNREACH, ICMPV6_TIME_EXCEED } from '@skbuff/uapi';
import { be16, csumFold } from '@skbuff/wire';

/** `SO_EE_RFC4884_FLAG_INVALID`: the extensions are damaged; third byte of `ee_data`. */
const INVALID = 1;
/** A quoted packet in front of extensions is padded to this length at least. */
const QUOTED_MIN = 128;
const EXT_HDR_LEN = 4;
const OBJ_HDR_LEN = 4;
/** `icmp6_datagram_len`, in units of 8 bytes. */
const DATAGRAM_LEN = 4;

/**
 * `ee_data`: bytes of payload that the user sees before the extensions, with {@link INVALID} in the upper half; 0: there are none. `skb.data`
 * is at the quoted header, right behind the ICMPv6 header; `payload`: what of the quoted packet the user does not see.
 */
export function ipv6IcmpErrorRfc4884(skb: SkBuff, type: number, payload: number): number {
  if (type !== ICMPV6_DEST_UNREACH && type !== ICMPV6_TIME_EXCEED) return 0;
  const { bytes, data } = skb;
  const off = bytes[data - 8 + DATAGRAM_LEN] * 8;
  // Shorter quotes are those of senders that know nothing of extensions.
  if (off < QUOTED_MIN || off + EXT_HDR_LEN > skb.len || off < payload) return 0;
  return (off - payload) | (extensionsOk(skb, off) ? 0 : INVALID << 16);
}

/** Version, checksum (0: none) and the lengths of the objects. */
function extensionsOk(skb: SkBuff, off: number): boolean {
  const { bytes, data } = skb;
  const at = data + off;
  const end = data + skb.len;
  if (bytes[at] >>> 4 !== 2) return false;
  if (be16(bytes, at + 2) !== 0 && csumFold(skbChecksum(skb, off, skb.len - off, 0)) !== 0) return false;
  let obj = at + EXT_HDR_LEN;
  while (obj < end) {
    if (obj + OBJ_HDR_LEN > end) return false;
    const len = be16(bytes, obj);
    if (len < OBJ_HDR_LEN || obj + len > end) return false;
    obj += len;
  }
  return true;
}
