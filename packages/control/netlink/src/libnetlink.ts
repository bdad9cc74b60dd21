/** What a program does with a port: ask and read the answers (after iproute2's libnetlink). */
import * as U from '@skbuff/uapi';
import { NLMSG_DONE, NLMSG_ERROR, NLMSG_HDRLEN } from '@skbuff/uapi';
import { leS32 } from '@skbuff/wire';
import { nlaFind, nlaGetString, nlaGetU32 } from './nlattr.ts';
import type { NetlinkPort } from './netlink-port.ts';
import { type NlMsgHdr, nlmsgAlign, nlmsgAll } from './nlmsg.ts';
import { NlMsgErr } from './structs.ts';

/** All that a request brought back. */
export interface NlReply {
  /** 0 or a negative errno. */
  readonly error: number;
  /** The kernel's explanation, or empty. */
  readonly extack: string;
  /** Offset of the attribute to blame in the request, or -1. */
  readonly offs: number;
  /** The table changed during the dump. */
  readonly interrupted: boolean;
  /** Messages other than ACK and DONE. */
  readonly msgs: readonly NlMsgHdr[];
}

/** Offset of the NLMSGERR_ATTR_* of an ACK or of NLMSG_DONE. */
function tlvOffset(nlh: NlMsgHdr): number {
  if (nlh.type === NLMSG_DONE) return nlh.data + 4;
  const echoed = (nlh.flags & U.NLM_F_CAPPED) !== 0 ? 0 : new NlMsgErr().read(nlh.buf, nlh.data).len - NLMSG_HDRLEN;
  return nlh.data + NlMsgErr.LEN + nlmsgAlign(Math.max(echoed, 0));
}

function tlv(nlh: NlMsgHdr, type: number): number {
  const off = tlvOffset(nlh);
  return (nlh.flags & U.NLM_F_ACK_TLVS) === 0 ? -1 : nlaFind(nlh.buf, off, nlh.off + nlh.len - off, type);
}

/** What an ACK or NLMSG_DONE says. */
export function nlErrorOf(nlh: NlMsgHdr): { error: number; extack: string; offs: number } {
  const msg = tlv(nlh, U.NLMSGERR_ATTR_MSG);
  const offs = tlv(nlh, U.NLMSGERR_ATTR_OFFS);
  return {
    error: nlh.dataLen >= 4 ? leS32(nlh.buf, nlh.data) : 0,
    extack: msg < 0 ? '' : nlaGetString(nlh.buf, msg),
    offs: offs < 0 ? -1 : nlaGetU32(nlh.buf, offs),
  };
}

/**
 * `rtnl_talk` and `rtnl_dump`: sends one request and reads until its ACK, its NLMSG_DONE, or nothing is left. Messages with
 * another seq, such as notifications, are passed to `other`.
 */
export function nlTalk(port: NetlinkPort, request: Uint8Array, other?: (nlh: NlMsgHdr) => void): NlReply {
  const sent = port.sendmsg(request, 0, 0);
  const seq = nlmsgAll(request)[0]?.seq ?? 0;
  const msgs: NlMsgHdr[] = [];
  let interrupted = false;
  if (sent < 0) return { error: sent, extack: '', offs: -1, interrupted, msgs };
  for (;;) {
    const dgram = port.recvmsg();
    if (typeof dgram === 'number') return { error: dgram === -U.EAGAIN ? 0 : dgram, extack: '', offs: -1, interrupted, msgs };
    for (const nlh of nlmsgAll(dgram.data)) {
      if (nlh.seq !== seq || dgram.dstGroup !== 0) {
        other?.(nlh);
        continue;
      }
      interrupted ||= (nlh.flags & U.NLM_F_DUMP_INTR) !== 0;
      if (nlh.type === NLMSG_ERROR || nlh.type === NLMSG_DONE) return { ...nlErrorOf(nlh), interrupted, msgs };
      msgs.push(nlh);
    }
  }
}
