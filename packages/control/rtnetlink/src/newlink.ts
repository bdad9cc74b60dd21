/** RTM_NEWLINK: changes the device that the message names, or makes it (`rtnl_newlink`). */
import type { NetDevice } from '@skbuff/core';
import {
  IfInfoMsg,
  NlAttrs,
  type NetlinkExtAck,
  type NetlinkSkb,
  type NlMsgHdr,
  NLA_UNSPEC,
  nlaFindLast,
  nlaLen,
  nlaParseNestedDeprecated,
  nlaPolicy,
  nlaPolicySet,
  nlmsgParseDeprecated,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { createLink } from './create-link.ts';
import { iflaInfoPolicy, iflaPolicy } from './ifla-policy.ts';
import { hasName, rtnlDevGet } from './link-lookup.ts';
import { rtnlEnsureUniqueNetns, rtnlLinkGetNet, rtnlLinkNet } from './link-netns.ts';
import type { RtnlLinks } from './links.ts';
import { newlinkParams, type NewlinkRequest, parsePeer } from './newlink-request.ts';
import { doSetlink, DO_SETLINK_NOTIFY } from './setlink.ts';

/** RTM_NEWLINK. */
export function rtnlNewlink(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const r = parse(links, skb, nlh, extack);
  if (typeof r === 'number') return r;
  const err = checkData(r) || (r.ops?.validate?.(newlinkParams(r, null)) ?? 0) || checkPeer(r);
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

/** What the kind's own attributes look like, as far as it has any. */
function checkData({ ops, info, nlh, extack }: NewlinkRequest): number {
  if (ops?.peerType === undefined || !info.has(U.IFLA_INFO_DATA)) return 0;
  const policy = nlaPolicySet(ops.peerType, { [ops.peerType]: nlaPolicy(NLA_UNSPEC, IfInfoMsg.LEN) });
  return nlaParseNestedDeprecated(new NlAttrs(ops.peerType), nlh.buf, info.at(U.IFLA_INFO_DATA), policy, extack);
}

/** `rtnl_get_peer_net`: the message about the other end is looked at before anything else is decided. */
function checkPeer(r: NewlinkRequest): number {
  const { ops, info, nlh, extack } = r;
  if (ops?.peerType === undefined || !info.has(U.IFLA_INFO_DATA)) return 0;
  const data = info.at(U.IFLA_INFO_DATA);
  const attr = nlaFindLast(nlh.buf, data + U.NLA_HDRLEN, nlaLen(nlh.buf, data), ops.peerType);
  if (attr < 0) return 0;
  const off = attr + U.NLA_HDRLEN;
  const len = nlaLen(nlh.buf, attr);
  const peer = parsePeer({ bytes: nlh.buf, off, len }, extack);
  if (typeof peer === 'number') return peer;
  if (peer !== null && peer.ifm.index < 0) {
    extack.setErrMsgAttr(attr, "ifindex can't be negative");
    return -U.EINVAL;
  }
  const tb = { bytes: nlh.buf, off: off + IfInfoMsg.LEN, len: len - IfInfoMsg.LEN };
  return ops.validate?.({ ...newlinkParams(r, null), data: null, tb }) ?? 0;
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
