/** Numbers under which a namespace knows others: RTM_NEWNSID, RTM_GETNSID (`net/core/net_namespace.c`). */
import { peernet2id, allocNetid, getNetNsById } from '@skbuff/core';
import type { Net } from '@skbuff/core';
import {
  NlAttrs,
  NLA_S32,
  NLA_U32,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlaPolicy,
  type NlaPolicySet,
  nlaPolicySet,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  RtGenMsg,
  rtnlHasListeners,
  rtnlNotify,
  rtnlUnicast,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { RtnlLinks } from './links.ts';

const policy: NlaPolicySet = nlaPolicySet(U.NETNSA_MAX, {
  [U.NETNSA_NSID]: nlaPolicy(NLA_S32),
  [U.NETNSA_PID]: nlaPolicy(NLA_U32),
  [U.NETNSA_FD]: nlaPolicy(NLA_U32),
  [U.NETNSA_TARGET_NSID]: nlaPolicy(NLA_S32),
});

/** `rtnl_net_fill`. `current`: the reader's own number, for a namespace that it asked another one's number for. */
function fill(b: NlMsgBuilder, type: number, portid: number, seq: number, flags: number, nsid: number, current: number | null): number {
  const nlh = b.nlmsgPut(type, flags, seq, portid, new RtGenMsg());
  b.nlaPutS32(U.NETNSA_NSID, nsid);
  if (current !== null) b.nlaPutS32(U.NETNSA_CURRENT_NSID, current);
  return b.nlmsgEnd(nlh);
}

/** `rtnl_net_notifyid`: tells RTNLGRP_NSID, and whoever asked for an echo. */
export function rtnlNetNotifyid(net: Net, type: number, id: number, portid: number, nlh: NlMsgHdr | null): void {
  if (nlh === null && !rtnlHasListeners(net, U.RTNLGRP_NSID)) return;
  const b = new NlMsgBuilder();
  fill(b, type, portid, nlh?.seq ?? 0, 0, id, null);
  rtnlNotify(net, b.bytes(), portid, U.RTNLGRP_NSID, nlh);
}

/** The namespace that a request names by a task or a descriptor; null: it names none. `attr` is the offset of what names it. */
function namedPeer(links: RtnlLinks, skb: NetlinkSkb, tb: NlAttrs): { readonly attr: number; readonly peer: Net | number } | null {
  if (tb.has(U.NETNSA_PID)) return { attr: tb.at(U.NETNSA_PID), peer: links.netns.byPid(skb.port, tb.u32(U.NETNSA_PID)) };
  if (tb.has(U.NETNSA_FD)) return { attr: tb.at(U.NETNSA_FD), peer: links.netns.byFd(skb.port, tb.u32(U.NETNSA_FD)) };
  return null;
}

function refuse(extack: NetlinkExtAck, err: number, text: string, attr = -1): number {
  if (attr >= 0) extack.setBadAttr(attr);
  extack.setErrMsg(text);
  return err;
}

/** `rtnl_net_newid`: gives another namespace a number here, the wished one, or with a negative one the lowest free. */
export function rtnlNetNewid(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const { net } = skb;
  const tb = new NlAttrs(U.NETNSA_MAX);
  const err = nlmsgParseDeprecated(nlh, RtGenMsg.LEN, tb, policy, extack);
  if (err !== 0) return err;
  if (!tb.has(U.NETNSA_NSID)) return refuse(extack, -U.EINVAL, 'nsid is missing');
  const named = namedPeer(links, skb, tb);
  if (named === null) return refuse(extack, -U.EINVAL, 'Peer netns reference is missing');
  const { attr, peer } = named;
  if (typeof peer === 'number') return refuse(extack, peer, 'Peer netns reference is invalid', attr);
  if (peernet2id(net, peer) >= 0) return refuse(extack, -U.EEXIST, 'Peer netns already has a nsid assigned', attr);
  const id = allocNetid(net, peer, tb.s32(U.NETNSA_NSID));
  if (id < 0) return refuse(extack, -U.EEXIST, 'The specified nsid is already used', tb.at(U.NETNSA_NSID));
  rtnlNetNotifyid(net, U.RTM_NEWNSID, id, skb.portid, nlh);
  return 0;
}

/** `rtnl_net_valid_getid_req`. */
function validGetid(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (!skb.port.option(U.NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, RtGenMsg.LEN, tb, policy, extack);
  const err = nlmsgParseDeprecatedStrict(nlh, RtGenMsg.LEN, tb, policy, extack);
  if (err !== 0) return err;
  return tb.has(U.NETNSA_CURRENT_NSID) ? refuse(extack, -U.EINVAL, 'Unsupported attribute in peer netns getid request') : 0;
}

/** `rtnl_net_getid`: which number has the namespace that is named, here or in the one that NETNSA_TARGET_NSID names. */
export function rtnlNetGetid(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const { net } = skb;
  const tb = new NlAttrs(U.NETNSA_MAX);
  const err = validGetid(skb, nlh, tb, extack);
  if (err !== 0) return err;
  let named = namedPeer(links, skb, tb);
  if (named === null && tb.has(U.NETNSA_NSID)) named = { attr: tb.at(U.NETNSA_NSID), peer: getNetNsById(net, tb.s32(U.NETNSA_NSID)) ?? -U.ENOENT };
  if (named === null) return refuse(extack, -U.EINVAL, 'Peer netns reference is missing');
  const { attr, peer } = named;
  if (typeof peer === 'number') return refuse(extack, peer, 'Peer netns reference is invalid', attr);
  const there = tb.has(U.NETNSA_TARGET_NSID);
  const target = there ? getNetNsById(net, tb.s32(U.NETNSA_TARGET_NSID)) : net;
  if (target === null) return refuse(extack, -U.EINVAL, 'Target netns reference is invalid', tb.at(U.NETNSA_TARGET_NSID));
  const b = new NlMsgBuilder();
  fill(b, U.RTM_NEWNSID, skb.portid, nlh.seq, 0, peernet2id(target, peer), there ? peernet2id(net, peer) : null);
  return rtnlUnicast(net, b.bytes(), skb.portid);
}

/** What a dump has been asked for. */
interface NsidDump {
  readonly net: Net;
  /** The reader's namespace, when it asked about another one; else null. */
  readonly reader: Net | null;
}

/** `rtnl_valid_dump_net_req`. */
function validDump(cb: NetlinkCallback): NsidDump | number {
  const { net } = cb.skb;
  if (!cb.strictCheck) return { net, reader: null };
  const tb = new NlAttrs(U.NETNSA_MAX);
  const err = nlmsgParseDeprecatedStrict(cb.nlh, RtGenMsg.LEN, tb, policy, cb.extack);
  if (err !== 0) return err;
  for (let type = 1; type <= U.NETNSA_MAX; type++) {
    if (tb.has(type) && type !== U.NETNSA_TARGET_NSID) return refuse(cb.extack, -U.EINVAL, 'Unsupported attribute in dump request', tb.at(type));
  }
  if (!tb.has(U.NETNSA_TARGET_NSID)) return { net, reader: null };
  const target = getNetNsById(net, tb.s32(U.NETNSA_TARGET_NSID));
  return target === null ? refuse(cb.extack, -U.EINVAL, 'Invalid target network namespace id', tb.at(U.NETNSA_TARGET_NSID)) : { net: target, reader: net };
}

/** `rtnl_net_dumpid`: every number that is given out, rising. */
export function rtnlNetDumpid(part: NlMsgBuilder, cb: NetlinkCallback): number {
  if (cb.ctx === null) {
    const dump = validDump(cb);
    if (typeof dump === 'number') return dump;
    cb.ctx = dump;
  }
  const { net, reader } = cb.ctx as NsidDump;
  for (const id of [...net.netnsIds.keys()].sort((a, b) => a - b)) {
    if (id < cb.args[0]) continue;
    const current = reader === null ? null : peernet2id(reader, net.netnsIds.get(id) as Net);
    const err = fill(part, U.RTM_NEWNSID, cb.skb.portid, cb.nlh.seq, U.NLM_F_MULTI, id, current);
    if (err < 0) return err;
    cb.args[0] = id + 1;
  }
  return 0;
}
