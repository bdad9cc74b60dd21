/** The answer to a request: errno, echo of the request, explanation (`netlink_ack`). */
import * as U from '@skbuff/uapi';
import { copyBytes } from '@skbuff/wire';
import type { NetlinkExtAck } from './extack.ts';
import type { NetlinkSkb } from './netlink-table.ts';
import type { NlMsgHdr } from './nlmsg.ts';
import { NlMsgBuilder } from './nlmsg-builder.ts';
import { netlinkPolicyDumpWriteAttr } from './policy.ts';
import { NlMsgErr } from './structs.ts';

/**
 * `netlink_ack_tlv_fill`: the text always, the place of the error only with an error. An attribute outside the request is
 * not told.
 */
export function putExtAckTlvs(b: NlMsgBuilder, nlh: NlMsgHdr, err: number, extack: NetlinkExtAck): void {
  if (extack.message !== '') b.nlaPutString(U.NLMSGERR_ATTR_MSG, extack.message);
  if (extack.cookie !== null) b.nlaPut(U.NLMSGERR_ATTR_COOKIE, extack.cookie);
  if (err === 0) return;
  const offs = extack.badAttr - nlh.off;
  if (extack.badAttr >= 0 && offs >= 0 && offs < nlh.len) b.nlaPutU32(U.NLMSGERR_ATTR_OFFS, offs);
  if (extack.policy !== null) netlinkPolicyDumpWriteAttr(b, extack.policy, U.NLMSGERR_ATTR_POLICY);
  if (extack.missType >= 0) b.nlaPutU32(U.NLMSGERR_ATTR_MISS_TYPE, extack.missType);
  if (extack.missNest >= 0) b.nlaPutU32(U.NLMSGERR_ATTR_MISS_NEST, extack.missNest - nlh.off);
}

/**
 * `netlink_ack`: sends NLMSG_ERROR with `err` (0 or negative) to the sender of the request.
 *
 *     nlmsghdr │ errno │ header of the request │ its payload │ NLMSGERR_ATTR_*
 *
 * The payload is left out on success and for ports with NETLINK_CAP_ACK (NLM_F_CAPPED); the attributes are for ports with
 * NETLINK_EXT_ACK (NLM_F_ACK_TLVS).
 */
export function netlinkAck(skb: NetlinkSkb, nlh: NlMsgHdr, err: number, extack: NetlinkExtAck | null): void {
  const { port } = skb;
  const capped = err === 0 || port.option(U.NETLINK_CAP_ACK);
  const b = new NlMsgBuilder(undefined, 64 + (capped ? 0 : nlh.dataLen));
  const { len, type, flags, seq, pid } = nlh;
  const at = b.nlmsgPut(U.NLMSG_ERROR, capped ? U.NLM_F_CAPPED : 0, seq, skb.portid, NlMsgErr.of({ error: err, len, type, flags, seq, pid }));
  if (!capped) appendPadded(b, nlh.buf, nlh.data, nlh.dataLen);
  const end = b.len;
  if (extack !== null && port.option(U.NETLINK_EXT_ACK)) putExtAckTlvs(b, nlh, err, extack);
  if (b.len > end) b.orFlags(at, U.NLM_F_ACK_TLVS);
  b.nlmsgEnd(at);
  skb.proto.unicast(b.bytes(), skb.portid);
}

function appendPadded(b: NlMsgBuilder, src: Uint8Array, off: number, len: number): void {
  const at = b.put((len + 3) & ~3);
  copyBytes(b.buf, at, src, off, len);
}
