/** Attributes of received messages: unknown ones are passed over, of several with one number the first counts. */
import { type NlAttrs, type NlMsgHdr, nlaFind, nlaForEach, nlaLen } from '@skbuff/netlink';
import { NLA_HDRLEN } from '@skbuff/uapi';

/** `parse_rtattr` of what follows a fixed header of `hdrlen` bytes. Returns `tb`. */
export function parseAttrs(tb: NlAttrs, nlh: NlMsgHdr, hdrlen: number): NlAttrs {
  return parseRange(tb, nlh.buf, nlh.attrData(hdrlen), nlh.attrLen(hdrlen));
}

/** The attributes in `len` bytes at `off`. Returns `tb`. */
export function parseRange(tb: NlAttrs, buf: Uint8Array, off: number, len: number): NlAttrs {
  tb.reset(buf);
  nlaForEach(buf, off, len, (attr, type) => {
    if (type <= tb.maxtype && !tb.has(type)) tb.set(type, attr);
    return 0;
  });
  return tb;
}

/** `parse_rtattr_nested`: the attributes inside the one whose header lies at `nest`. Returns `tb`. */
export function parseNested(tb: NlAttrs, buf: Uint8Array, nest: number): NlAttrs {
  return parseRange(tb, buf, nest + NLA_HDRLEN, nlaLen(buf, nest));
}

/** Offset of one attribute inside another, or -1. */
export function nestedAttr(buf: Uint8Array, nest: number, type: number): number {
  return nlaFind(buf, nest + NLA_HDRLEN, nlaLen(buf, nest), type);
}
