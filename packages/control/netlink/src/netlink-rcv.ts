/** The kernel's way through a received buffer (`netlink_rcv_skb`). */
import { EINTR, NLMSG_MIN_TYPE, NLM_F_ACK, NLM_F_REQUEST } from '@skbuff/uapi';
import { NetlinkExtAck } from './extack.ts';
import { netlinkAck } from './netlink-ack.ts';
import type { NetlinkSkb } from './netlink-table.ts';
import { type NlMsgHdr, nlmsgAlign, nlmsgAt } from './nlmsg.ts';

/** Handles one message: 0, a negative errno, or `-EINTR` for "no ACK" (a dump has begun). */
export type NetlinkRcvFn = (skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck) => number;

/**
 * Gives every request in the buffer to `cb` and sends an ACK where NLM_F_ACK asks for it or `cb` failed. A message that is
 * not whole ends the walk silently; control messages (below NLMSG_MIN_TYPE) and those without NLM_F_REQUEST skip `cb`.
 */
export function netlinkRcvSkb(skb: NetlinkSkb, cb: NetlinkRcvFn): void {
  const extack = new NetlinkExtAck();
  for (let off = 0; ; ) {
    const nlh = nlmsgAt(skb.buf, off);
    if (nlh === null) return;
    extack.reset();
    const request = (nlh.flags & NLM_F_REQUEST) !== 0 && nlh.type >= NLMSG_MIN_TYPE;
    const err = request ? cb(skb, nlh, extack) : 0;
    if (err !== -EINTR && (err !== 0 || (nlh.flags & NLM_F_ACK) !== 0)) netlinkAck(skb, nlh, err, extack);
    off += nlmsgAlign(nlh.len);
  }
}
