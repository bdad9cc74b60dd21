/** A parsed RTM_NEWLINK, and what the functions of a kind get of it. */
import type { Net, NewlinkParams, NlaRange, RtnlLinkOps } from '@skbuff/core';
import { IfInfoMsg, nlaGetString, nlaLen, NlAttrs, type NetlinkExtAck, type NetlinkSkb, type NlMsgHdr, nlaParseDeprecated } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { iflaPolicy } from './ifla-policy.ts';
import { rtnlEnsureUniqueNetns } from './link-netns.ts';
import type { RtnlLinks } from './links.ts';

/** A parsed request. */
export interface NewlinkRequest {
  readonly links: RtnlLinks;
  readonly skb: NetlinkSkb;
  readonly nlh: NlMsgHdr;
  readonly ifm: IfInfoMsg;
  readonly tb: NlAttrs;
  /** Of IFLA_LINKINFO. */
  readonly info: NlAttrs;
  readonly ops: RtnlLinkOps | null;
  /** Where a new device shall be. */
  readonly net: Net;
  /** IFLA_LINK_NETNSID. */
  readonly linkNet: Net | null;
  readonly extack: NetlinkExtAck;
}

/** What a kind's functions get. */
export function newlinkParams(r: NewlinkRequest, createPeer: NewlinkParams['createPeer']): NewlinkParams {
  const data = r.info.at(U.IFLA_INFO_DATA);
  return {
    srcNet: r.linkNet ?? r.skb.net,
    data: data < 0 ? null : { bytes: r.nlh.buf, off: data + U.NLA_HDRLEN, len: nlaLen(r.nlh.buf, data) },
    tb: { bytes: r.nlh.buf, off: r.nlh.attrData(IfInfoMsg.LEN), len: r.nlh.attrLen(IfInfoMsg.LEN) },
    extack: r.extack,
    createPeer,
  };
}

/** A message nested in another, as that about a veth's peer: `struct ifinfomsg`, then attributes; or null, or an errno. */
export function parsePeer(range: NlaRange | null, extack: NetlinkExtAck): { ifm: IfInfoMsg; tb: NlAttrs } | null | number {
  if (range === null) return null;
  if (range.len < IfInfoMsg.LEN) return -U.EINVAL;
  const tb = new NlAttrs(U.IFLA_MAX);
  const off = range.off + IfInfoMsg.LEN;
  const err = nlaParseDeprecated(tb, range.bytes, off, range.len - IfInfoMsg.LEN, iflaPolicy, extack) || rtnlEnsureUniqueNetns(tb, extack, false);
  return err !== 0 ? err : { ifm: new IfInfoMsg().read(range.bytes, range.off), tb };
}

/** The name that a message gives, or the kind's pattern. */
export function linkName(tb: NlAttrs, pattern: string): string {
  const at = tb.at(U.IFLA_IFNAME);
  return at < 0 ? pattern : nlaGetString(tb.buf, at);
}

/** NET_NAME_*: where the name comes from. */
export function nameAssignType(tb: NlAttrs): number {
  return tb.has(U.IFLA_IFNAME) ? U.NET_NAME_USER : U.NET_NAME_ENUM;
}
