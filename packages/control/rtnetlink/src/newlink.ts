/** RTM_NEWLINK: changes the device that the message names, or makes it (`rtnl_newlink`). */
import type { Net, NetDevice, NewlinkParams, NlaRange, RtnlLinkOps } from '@skbuff/core';
import {
  IfInfoMsg,
  nlaGetString,
  nlaLen,
  NlAttrs,
  type NetlinkExtAck,
  type NetlinkSkb,
  type NlMsgHdr,
  nlaParseDeprecated,
  nlaParseNestedDeprecated,
  nlmsgParseDeprecated,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { createLink } from './create-link.ts';
import { iflaInfoPolicy, iflaPolicy } from './ifla-policy.ts';
import { hasName, rtnlDevGet } from './link-lookup.ts';
import { rtnlEnsureUniqueNetns, rtnlLinkGetNet, rtnlLinkNet } from './link-netns.ts';
import type { RtnlLinks } from './links.ts';
import { doSetlink, DO_SETLINK_NOTIFY } from './setlink.ts';

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

/** RTM_NEWLINK. */
export function rtnlNewlink(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const r = parse(links, skb, nlh, extack);
  if (typeof r === 'number') return r;
  const err = r.ops?.validate?.(newlinkParams(r, null)) ?? 0;
  if (err !== 0) return err;
  if (r.ifm.index < 0) {
    extack.setErrMsg("ifindex can't be negative");
    return -U.EINVAL;
  }
  const named = r.ifm.index > 0 || hasName(r.tb);
  const dev = r.ifm.index > 0 ? skb.net.devGetByIndex(r.ifm.index) : rtnlDevGet(skb.net, r.tb);
  if (named && dev !== null) return changelink(r, dev);
  if ((nlh.flags & U.NLM_F_CREATE) === 0) return named || !r.tb.has(U.IFLA_GROUP) ? -U.ENODEV : groupChangelink(r);
  if (r.tb.has(U.IFLA_MAP) || r.tb.has(U.IFLA_PROTINFO)) return -U.EOPNOTSUPP;
  if (r.ops === null) {
    extack.setErrMsg('Unknown device type');
    return -U.EOPNOTSUPP;
  }
  return createLink(r, r.ops);
}

function parse(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): NewlinkRequest | number {
  const tb = new NlAttrs(U.IFLA_MAX);
  const info = new NlAttrs(U.IFLA_INFO_MAX);
  let err = nlmsgParseDeprecated(nlh, IfInfoMsg.LEN, tb, iflaPolicy, extack) || rtnlEnsureUniqueNetns(tb, extack, false);
  if (err === 0 && tb.has(U.IFLA_LINKINFO)) err = nlaParseNestedDeprecated(info, nlh.buf, tb.at(U.IFLA_LINKINFO), iflaInfoPolicy, null);
  if (err !== 0) return err;
  const linkNet = rtnlLinkNet(skb, tb, extack);
  if (typeof linkNet === 'number') return linkNet;
  const net = rtnlLinkGetNet(links, skb, tb);
  if (typeof net === 'number') return net;
  const ops = info.has(U.IFLA_INFO_KIND) ? (net.kernel.linkOps.get(info.string(U.IFLA_INFO_KIND)) ?? null) : null;
  return { links, skb, nlh, ifm: new IfInfoMsg().read(nlh.buf, nlh.data), tb, info, ops, net, linkNet, extack };
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

/** `rtnl_changelink`. */
function changelink(r: NewlinkRequest, dev: NetDevice): number {
  if ((r.nlh.flags & U.NLM_F_EXCL) !== 0) return -U.EEXIST;
  if ((r.nlh.flags & U.NLM_F_REPLACE) !== 0) return -U.EOPNOTSUPP;
  let status = 0;
  if (r.info.has(U.IFLA_INFO_DATA)) {
    if (r.ops === null || r.ops !== dev.rtnlLinkOps || r.ops.changelink === null) return -U.EOPNOTSUPP;
    const err = r.ops.changelink(dev, newlinkParams(r, null));
    if (err < 0) return err;
    status = DO_SETLINK_NOTIFY;
  }
  if (r.info.has(U.IFLA_INFO_SLAVE_DATA)) {
    const err = slaveChangelink(r, dev);
    if (err < 0) return err;
    status = DO_SETLINK_NOTIFY;
  }
  return doSetlink({ ...r, dev, status });
}

function slaveChangelink(r: NewlinkRequest, dev: NetDevice): number {
  const kind = dev.master?.rtnlLinkOps?.kind;
  const ops = kind === undefined ? undefined : r.links.slaveOps.get(kind);
  if (dev.master === null || ops === undefined || ops.slaveChangelink === null) return -U.EOPNOTSUPP;
  return ops.slaveChangelink(dev.master, dev, r.nlh.buf, r.info.at(U.IFLA_INFO_SLAVE_DATA), r.extack);
}

/** `rtnl_group_changelink`: every device of the group; a group without devices is no error. */
function groupChangelink(r: NewlinkRequest): number {
  const group = r.tb.u32(U.IFLA_GROUP);
  for (const dev of [...r.skb.net.devList]) {
    if (dev.group !== group) continue;
    const err = doSetlink({ ...r, dev, status: 0 });
    if (err < 0) return err;
  }
  return 0;
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

