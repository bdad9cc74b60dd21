/** RTM_GETLINK: one link (`rtnl_getlink`) or all (`rtnl_dump_ifinfo`). */
import { getNetNsById } from '@skbuff/core';
import type { Net, NetDevice } from '@skbuff/core';
import {
  IfInfoMsg,
  nlaParseNestedDeprecated,
  NlAttrs,
  NlMsgBuilder,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlDumpCheckConsistent,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  RtGenMsg,
  rtnlUnicast,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { ifNlmsgSize, type IfinfoOptions, rtnlFillIfinfo } from './fill-ifinfo.ts';
import { iflaInfoPolicy, iflaPolicy } from './ifla-policy.ts';
import { linkByIndexOrName } from './link-lookup.ts';
import { rtnlEnsureUniqueNetns } from './link-netns.ts';
import type { RtnlLinks } from './links.ts';

/** Attributes that a strict request for one link may have. */
const GET_ATTRS: ReadonlySet<number> = new Set([U.IFLA_IFNAME, U.IFLA_ALT_IFNAME, U.IFLA_EXT_MASK, U.IFLA_TARGET_NETNSID]);
/** Attributes that a strict dump may have. */
const DUMP_ATTRS: ReadonlySet<number> = new Set([U.IFLA_TARGET_NETNSID, U.IFLA_EXT_MASK, U.IFLA_MASTER, U.IFLA_LINKINFO]);

function refuse(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -U.EINVAL;
}

function onlyThese(tb: NlAttrs, allowed: ReadonlySet<number>): boolean {
  for (let type = 1; type <= tb.maxtype; type++) if (tb.has(type) && !allowed.has(type)) return false;
  return true;
}

/** `rtnl_valid_getlink_req`. */
function validGetlink(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (nlh.dataLen < IfInfoMsg.LEN) return refuse(extack, 'Invalid header for get link');
  if (!skb.port.option(U.NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, IfInfoMsg.LEN, tb, iflaPolicy, extack);
  const { type, flags, change } = new IfInfoMsg().read(nlh.buf, nlh.data);
  if (nlh.buf[nlh.data + 1] !== 0 || type !== 0 || flags !== 0 || change !== 0) return refuse(extack, 'Invalid values in header for get link request');
  const err = nlmsgParseDeprecatedStrict(nlh, IfInfoMsg.LEN, tb, iflaPolicy, extack);
  if (err !== 0) return err;
  return onlyThese(tb, GET_ATTRS) ? 0 : refuse(extack, 'Unsupported attribute in get link request');
}

/** RTM_GETLINK without NLM_F_DUMP. */
export function rtnlGetlink(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(U.IFLA_MAX);
  const err = validGetlink(skb, nlh, tb, extack) || rtnlEnsureUniqueNetns(tb, extack, true);
  if (err !== 0) return err;
  const tgtNetnsid = tb.s32(U.IFLA_TARGET_NETNSID, -1);
  const net = tb.has(U.IFLA_TARGET_NETNSID) ? getNetNsById(skb.net, tgtNetnsid) : skb.net;
  if (net === null) return -U.EINVAL;
  const dev = linkByIndexOrName(net, new IfInfoMsg().read(nlh.buf, nlh.data).index, tb);
  if (typeof dev === 'number') return dev;
  const b = new NlMsgBuilder(undefined, 2048);
  const o = options(skb.portid, nlh.seq, 0, tb.u32(U.IFLA_EXT_MASK), tgtNetnsid);
  const filled = rtnlFillIfinfo(links, b, dev, skb.net, o);
  return filled < 0 ? filled : rtnlUnicast(skb.net, b.bytes(), skb.portid);
}

function options(portid: number, seq: number, flags: number, extFilterMask: number, tgtNetnsid: number): IfinfoOptions {
  return { type: U.RTM_NEWLINK, portid, seq, change: 0, flags, extFilterMask, event: U.IFLA_EVENT_NONE, tgtNetnsid, movedTo: null };
}

/** What a dump has been asked for, judged once. */
interface DumpFilter {
  readonly net: Net;
  readonly tgtNetnsid: number;
  readonly extFilterMask: number;
  /** Index of the master, 0 = any. */
  readonly master: number;
  /** Kind, or null for any. */
  readonly kind: string | null;
}

/** `rtnl_dump_ifinfo`: links by rising index, perhaps only those of a master or a kind. */
export function rtnlDumpIfinfo(links: RtnlLinks, part: NlMsgBuilder, cb: NetlinkCallback): number {
  if (cb.ctx === null) {
    const filter = dumpFilter(cb);
    if (typeof filter === 'number') return filter;
    cb.ctx = filter;
  }
  return dumpLinks(links, part, cb, cb.ctx as DumpFilter);
}

function dumpLinks(links: RtnlLinks, part: NlMsgBuilder, cb: NetlinkCallback, filter: DumpFilter): number {
  const { net, extFilterMask, tgtNetnsid } = filter;
  cb.seq = net.devBaseSeq + 1;
  // Not in cb.answerFlags: Linux marks the links, and not NLMSG_DONE.
  const filtered = filter.master !== 0 || filter.kind !== null ? U.NLM_F_DUMP_FILTERED : 0;
  const o = options(cb.skb.portid, cb.nlh.seq, U.NLM_F_MULTI | filtered, extFilterMask, tgtNetnsid);
  for (const index of [...net.devByIndex.keys()].sort((a, b) => a - b)) {
    if (index < cb.args[0]) continue;
    const dev = net.devGetByIndex(index);
    if (dev === null || !matches(dev, filter)) continue;
    const at = part.len;
    const err = rtnlFillIfinfo(links, part, dev, cb.skb.net, o);
    cb.args[0] = index;
    if (err < 0) return err;
    nlDumpCheckConsistent(part, at, cb);
    cb.args[0] = index + 1;
  }
  return 0;
}

function matches(dev: NetDevice, filter: DumpFilter): boolean {
  if (filter.kind !== null && dev.rtnlLinkOps?.kind !== filter.kind) return false;
  return filter.master === 0 || dev.master?.ifindex === filter.master;
}

/** `rtnl_valid_dump_ifinfo_req`. Without strict checking a request that makes no sense asks for everything. */
function validDump(cb: NetlinkCallback, tb: NlAttrs): number {
  const { nlh, extack } = cb;
  if (!cb.strictCheck) {
    // Old programs send `struct rtgenmsg`, perhaps with attributes: that is shorter than the right header.
    const hdrlen = nlh.dataLen < IfInfoMsg.LEN ? RtGenMsg.LEN : IfInfoMsg.LEN;
    if (nlmsgParseDeprecated(nlh, hdrlen, tb, iflaPolicy, extack) < 0) tb.reset(nlh.buf);
    return 0;
  }
  if (nlh.dataLen < IfInfoMsg.LEN) return refuse(extack, 'Invalid header for link dump');
  const { type, index, flags, change } = new IfInfoMsg().read(nlh.buf, nlh.data);
  if (nlh.buf[nlh.data + 1] !== 0 || type !== 0 || flags !== 0 || change !== 0) return refuse(extack, 'Invalid values in header for link dump request');
  if (index !== 0) return refuse(extack, 'Filter by device index not supported for link dumps');
  return nlmsgParseDeprecatedStrict(nlh, IfInfoMsg.LEN, tb, iflaPolicy, extack);
}

function dumpFilter(cb: NetlinkCallback): DumpFilter | number {
  const tb = new NlAttrs(U.IFLA_MAX);
  const err = validDump(cb, tb);
  if (err !== 0) return err;
  const tgtNetnsid = tb.s32(U.IFLA_TARGET_NETNSID, -1);
  const net = tb.has(U.IFLA_TARGET_NETNSID) ? getNetNsById(cb.skb.net, tgtNetnsid) : cb.skb.net;
  if (net === null) return refuse(cb.extack, 'Invalid target network namespace id');
  if (cb.strictCheck && !onlyThese(tb, DUMP_ATTRS)) return refuse(cb.extack, 'Unsupported attribute in link dump request');
  return { net, tgtNetnsid, extFilterMask: tb.u32(U.IFLA_EXT_MASK), master: tb.u32(U.IFLA_MASTER), kind: kindFilter(net, tb) };
}

/** A kind that nobody has registered filters nothing, as in Linux. */
function kindFilter(net: Net, tb: NlAttrs): string | null {
  if (!tb.has(U.IFLA_LINKINFO)) return null;
  const info = new NlAttrs(U.IFLA_INFO_MAX);
  nlaParseNestedDeprecated(info, tb.buf, tb.at(U.IFLA_LINKINFO), iflaInfoPolicy, null);
  const kind = info.string(U.IFLA_INFO_KIND);
  return net.kernel.linkOps.has(kind) ? kind : null;
}

/** `rtnl_calcit`: room for the largest message of a dump. */
export function rtnlCalcit(net: Net): number {
  return net.devList.reduce((max, dev) => Math.max(max, ifNlmsgSize(dev)), 0);
}

