/** Messages in received bytes (`struct nlmsghdr`): framing, and parsing of what follows the family's fixed header. */
import { EINVAL, NLMSG_ALIGNTO, NLMSG_HDRLEN } from '@skbuff/uapi';
import { le16, le32 } from '@skbuff/wire';
import type { NetlinkExtAck } from './extack.ts';
import type { NlaPolicySet } from './nla-policy.ts';
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL, NL_VALIDATE_STRICT, nlaParseValidate } from './nla-validate.ts';
import { type NlAttrs, nlaFind } from './nlattr.ts';

/** Rounds up to the alignment of messages. */
export function nlmsgAlign(len: number): number {
  return (len + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1);
}

/** Length of a message with `payload` bytes, padding not counted: 5 -> 21. */
export function nlmsgMsgSize(payload: number): number {
  return NLMSG_HDRLEN + payload;
}

/** Room that such a message takes: 5 -> 24. */
export function nlmsgTotalSize(payload: number): number {
  return nlmsgAlign(nlmsgMsgSize(payload));
}

/**
 * One message in a buffer: the header's fields and where it lies.
 *
 *      0        4      6       8      12     16
 *     +--------+------+-------+------+------+-----------------+------------+
 *     | len    | type | flags | seq  | pid  | family's header | attributes |
 *     +--------+------+-------+------+------+-----------------+------------+
 */
export class NlMsgHdr {
  readonly buf: Uint8Array;
  /** Offset of the header. */
  readonly off: number;
  /** Header and payload, without the padding after it. */
  readonly len: number;
  readonly type: number;
  /** NLM_F_*. A handler may change them: the acknowledgement shows them as it left them. */
  flags: number;
  readonly seq: number;
  readonly pid: number;

  constructor(buf: Uint8Array, off: number) {
    this.buf = buf;
    this.off = off;
    this.len = le32(buf, off);
    this.type = le16(buf, off + 4);
    this.flags = le16(buf, off + 6);
    this.seq = le32(buf, off + 8);
    this.pid = le32(buf, off + 12);
  }

  /** Offset of the payload, where the family's fixed header begins (`nlmsg_data`). */
  get data(): number {
    return this.off + NLMSG_HDRLEN;
  }

  /** Length of the payload (`nlmsg_len`). */
  get dataLen(): number {
    return this.len - NLMSG_HDRLEN;
  }

  /** Offset of the attributes behind a fixed header of `hdrlen` bytes (`nlmsg_attrdata`). */
  attrData(hdrlen: number): number {
    return this.off + NLMSG_HDRLEN + nlmsgAlign(hdrlen);
  }

  /** Bytes of attributes; negative when the message ends before them (`nlmsg_attrlen`). */
  attrLen(hdrlen: number): number {
    return this.len - NLMSG_HDRLEN - nlmsgAlign(hdrlen);
  }
}

/** The message at `off` if its header and all of it lie in the buffer (`nlmsg_ok`), else null. */
export function nlmsgAt(buf: Uint8Array, off: number, end: number = buf.length): NlMsgHdr | null {
  if (end - off < NLMSG_HDRLEN) return null;
  const len = le32(buf, off);
  return len < NLMSG_HDRLEN || len > end - off ? null : new NlMsgHdr(buf, off);
}

/** All whole messages in a buffer; stops at the first that is not. */
export function nlmsgAll(buf: Uint8Array): NlMsgHdr[] {
  const out: NlMsgHdr[] = [];
  for (let off = 0; ; ) {
    const nlh = nlmsgAt(buf, off);
    if (nlh === null) return out;
    out.push(nlh);
    off += nlmsgAlign(nlh.len);
  }
}

/** `__nlmsg_parse`: the attributes behind a fixed header of `hdrlen` bytes. Returns 0 or a negative errno. */
export function nlmsgParseValidate(
  nlh: NlMsgHdr,
  hdrlen: number,
  tb: NlAttrs,
  policy: NlaPolicySet,
  validate: number,
  extack: NetlinkExtAck | null,
): number {
  if (nlh.len < nlmsgMsgSize(hdrlen)) {
    extack?.setErrMsg('Invalid header length');
    return -EINVAL;
  }
  return nlaParseValidate(tb, nlh.buf, nlh.attrData(hdrlen), nlh.attrLen(hdrlen), policy, validate, extack);
}

/** `nlmsg_parse`: strict. */
export function nlmsgParse(nlh: NlMsgHdr, hdrlen: number, tb: NlAttrs, policy: NlaPolicySet, extack: NetlinkExtAck | null): number {
  return nlmsgParseValidate(nlh, hdrlen, tb, policy, NL_VALIDATE_STRICT, extack);
}

/** `nlmsg_parse_deprecated`: liberal. */
export function nlmsgParseDeprecated(nlh: NlMsgHdr, hdrlen: number, tb: NlAttrs, policy: NlaPolicySet, extack: NetlinkExtAck | null): number {
  return nlmsgParseValidate(nlh, hdrlen, tb, policy, NL_VALIDATE_LIBERAL, extack);
}

/** `nlmsg_parse_deprecated_strict`: no unknown attributes and no leftovers. */
export function nlmsgParseDeprecatedStrict(nlh: NlMsgHdr, hdrlen: number, tb: NlAttrs, policy: NlaPolicySet, extack: NetlinkExtAck | null): number {
  return nlmsgParseValidate(nlh, hdrlen, tb, policy, NL_VALIDATE_DEPRECATED_STRICT, extack);
}

/** `nlmsg_find_attr`: offset of an attribute, or -1. */
export function nlmsgFindAttr(nlh: NlMsgHdr, hdrlen: number, type: number): number {
  return nlaFind(nlh.buf, nlh.attrData(hdrlen), nlh.attrLen(hdrlen), type);
}
