/** Extensions of ICMP errors (RFC 4884): where behind the quoted packet they begin (`ip_icmp_error_rfc4884` in `net/ipv4/icmp.c`). */
import { type SkBuff, skbChecksum } from '@skbuff/core';
import { be16, csumFold } from '@skbuff/wire';

/** `SO_EE_RFC4884_FLAG_INVALID`: the extensions are damaged; third byte of `ee_data`. */
const INVALID = 1;
/** A quoted packet in front of extensions is padded to this length at least. */
const QUOTED_MIN = 128;
const EXT_HDR_LEN = 4;
const OBJ_HDR_LEN = 4;
const VERSION = 2;

/**
 * `ee_data`: bytes of payload that the user sees before the extensions, with {@link INVALID} in the upper half; 0: there are none. `skb.data` is
 * at the quoted header; `payload`: what of the quoted packet the user does not see; `off`: how long that packet is, as the error says.
 */
export function ipIcmpErrorRfc4884(skb: SkBuff, payload: number, off: number): number {
  // Shorter quotes are those of senders that know nothing of extensions.
  if (off < QUOTED_MIN || off + EXT_HDR_LEN > skb.len || off < payload) return 0;
  return (off - payload) | (extensionsOk(skb, off) ? 0 : INVALID << 16);
}

/** Version (of others nothing is known), checksum (0: none) and the lengths of the objects. */
function extensionsOk(skb: SkBuff, off: number): boolean {
  const { bytes, data } = skb;
  const at = data + off;
  const end = data + skb.len;
  if (bytes[at] >>> 4 !== VERSION) return true;
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
