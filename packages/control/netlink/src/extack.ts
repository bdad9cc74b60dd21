import type { NlaPolicy } from './nla-policy.ts';

/**
 * What a handler can say about a request besides the errno (`struct netlink_ext_ack`). Goes into the ACK as TLVs when the
 * sender set NETLINK_EXT_ACK. Offsets are those of an attribute's header in the buffer that holds the request; -1 = none.
 */
export class NetlinkExtAck {
  message = '';
  badAttr = -1;
  policy: NlaPolicy | null = null;
  missType = -1;
  missNest = -1;
  cookie: Uint8Array | null = null;

  reset(): void {
    this.message = '';
    this.badAttr = -1;
    this.policy = null;
    this.missType = -1;
    this.missNest = -1;
    this.cookie = null;
  }

  /** NL_SET_ERR_MSG. The text is the kernel's own; on success it is a warning. */
  setErrMsg(message: string): void {
    this.message = message;
  }

  /** NL_SET_BAD_ATTR: points at the attribute to blame. */
  setBadAttr(attr: number): void {
    this.badAttr = attr;
    this.policy = null;
  }

  /** NL_SET_ERR_MSG_ATTR. */
  setErrMsgAttr(attr: number, message: string): void {
    this.setErrMsgAttrPol(attr, null, message);
  }

  /** NL_SET_ERR_MSG_ATTR_POL: also tells the sender what would have been accepted. */
  setErrMsgAttrPol(attr: number, policy: NlaPolicy | null, message: string): void {
    this.message = message;
    this.badAttr = attr;
    this.policy = policy;
  }

  /** NL_SET_ERR_ATTR_MISS: an attribute the request should have had, at the top level (`nest` -1) or inside a nest. */
  setErrAttrMiss(nest: number, type: number): void {
    this.missType = type;
    this.missNest = nest;
  }
}
