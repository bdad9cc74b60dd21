/** RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR for AF_INET (`net/ipv4/devinet.c`). Errnos and words are those of a running 6.18 kernel. */
import { getNetNsById } from '@skbuff/core';
import type { ModuleContext, Net, NetDevice } from '@skbuff/core';
import {
  IfAddrMsg,
  NLA_U32,
  NLA_UNSPEC,
  NLA_STRING,
  NLA_U8,
  NlAttrs,
  type NlMsgBuilder,
  type NlMsgHdr,
  NLA_S32,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlaGetS32,
  nlaPolicy,
  nlaPolicySet,
  type NlaPolicySet,
  nlDumpCheckConsistent,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  rtnlRegister,
  IfaCacheInfo,
} from '@skbuff/netlink';
import {
  EADDRNOTAVAIL,
  EEXIST,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENODEV,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_CACHEINFO,
  IFA_FLAGS,
  IFA_F_MCAUTOJOIN,
  IFA_LABEL,
  IFA_LOCAL,
  IFA_MAX,
  IFA_PROTO,
  IFA_RT_PRIORITY,
  IFA_TARGET_NETNSID,
  NLA_HDRLEN,
  NLM_F_DUMP_FILTERED,
  NLM_F_EXCL,
  NLM_F_MULTI,
  NLM_F_REPLACE,
  PF_INET,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
} from '@skbuff/uapi';
import { ipv4IsMulticast } from '@skbuff/wire';
import { INFINITY_LIFE_TIME, inetAllocIfa, inetDelIfa, inetInsertIfa, setIfaLifetime } from './devinet.ts';
import { scheduleLifetimeCheck } from './devinet-lifetime.ts';
import { inetFillIfaddr, rtmsgIfa } from './devinet-fill.ts';
import { ipMcDecGroup, ipMcIncGroup } from './igmp.ts';
import { type InDevice, type InIfaddr, inDevGet, inetIfaMatch } from './inetdevice.ts';
import { ipv4Net } from './ipv4-net.ts';

/** Longest label, without its final zero. */
const IFNAMLEN = 15;

const ifaIpv4Policy: NlaPolicySet = nlaPolicySet(IFA_MAX, {
  [IFA_LOCAL]: nlaPolicy(NLA_U32),
  [IFA_ADDRESS]: nlaPolicy(NLA_U32),
  [IFA_BROADCAST]: nlaPolicy(NLA_U32),
  [IFA_LABEL]: nlaPolicy(NLA_STRING, IFNAMLEN),
  [IFA_CACHEINFO]: nlaPolicy(NLA_UNSPEC, IfaCacheInfo.LEN),
  [IFA_FLAGS]: nlaPolicy(NLA_U32),
  [IFA_RT_PRIORITY]: nlaPolicy(NLA_U32),
  [IFA_TARGET_NETNSID]: nlaPolicy(NLA_S32),
  [IFA_PROTO]: nlaPolicy(NLA_U8),
});

/** Registers the handlers. */
export function devinetNetlinkRegister(ctx: ModuleContext): void {
  rtnlRegister(ctx, PF_INET, RTM_NEWADDR, inetRtmNewaddr, null);
  rtnlRegister(ctx, PF_INET, RTM_DELADDR, inetRtmDeladdr, null);
  rtnlRegister(ctx, PF_INET, RTM_GETADDR, null, inetDumpIfaddr);
}

function fail(extack: NetlinkExtAck, err: number, message: string): number {
  extack.setErrMsg(message);
  return err;
}

/** `inet_rtm_newaddr`. */
function inetRtmNewaddr(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(IFA_MAX);
  const err = nlmsgParseDeprecated(nlh, IfAddrMsg.LEN, tb, ifaIpv4Policy, extack);
  if (err < 0) return err;
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  if (ifm.prefixlen > 32) return fail(extack, -EINVAL, 'ipv4: Invalid prefix length');
  if (!tb.has(IFA_LOCAL)) return fail(extack, -EINVAL, 'ipv4: Local address is not supplied');
  const life = lifetimes(tb);
  if (life === null) return fail(extack, -EINVAL, 'ipv4: address lifetime invalid');
  const dev = skb.net.devGetByIndex(ifm.index);
  if (dev === null) return fail(extack, -ENODEV, 'ipv4: Device not found');
  const inDev = inDevGet(dev);
  if (inDev === null) return -ENOBUFS;
  inDev.cnf.setAll();
  inDev.arpParms?.setAll();
  const ifa = ifaOf(inDev, ifm, tb);
  const existing = inDev.ifaList.find((other) => other.mask === ifa.mask && inetIfaMatch(other.address, ifa) && other.local === ifa.local);
  return existing === undefined ? addIfa(skb, nlh, extack, ifa, life) : replaceIfa(skb, nlh, extack, existing, ifa, life);
}

interface Lifetimes {
  readonly valid: number;
  readonly preferred: number;
}

/** Null: preferred for longer than valid, or not valid at all. */
function lifetimes(tb: NlAttrs): Lifetimes | null {
  const at = tb.at(IFA_CACHEINFO);
  if (at < 0) return { valid: INFINITY_LIFE_TIME, preferred: INFINITY_LIFE_TIME };
  const ci = new IfaCacheInfo().read(tb.buf, at + NLA_HDRLEN);
  return ci.valid === 0 || ci.prefered > ci.valid ? null : { valid: ci.valid, preferred: ci.prefered };
}

/** `inet_rtm_to_ifa`. */
function ifaOf(inDev: InDevice, ifm: IfAddrMsg, tb: NlAttrs): InIfaddr {
  const local = tb.be32(IFA_LOCAL);
  return inetAllocIfa(inDev, {
    local,
    address: tb.be32(IFA_ADDRESS, local),
    prefixlen: ifm.prefixlen,
    broadcast: tb.be32(IFA_BROADCAST),
    scope: ifm.scope,
    flags: tb.u32(IFA_FLAGS, ifm.flags),
    label: tb.string(IFA_LABEL, inDev.dev.name),
    rtPriority: tb.u32(IFA_RT_PRIORITY),
    proto: tb.u8(IFA_PROTO),
  });
}

function addIfa(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck, ifa: InIfaddr, life: Lifetimes): number {
  setIfaLifetime(ifa, life.valid, life.preferred);
  const join = (ifa.flags & IFA_F_MCAUTOJOIN) !== 0;
  if (join && !ipv4IsMulticast(ifa.address)) return fail(extack, -EINVAL, 'ipv4: Multicast auto join failed');
  if (join) ipMcIncGroup(ifa.inDev, ifa.address);
  const err = inetInsertIfa(ifa, nlh, skb.portid, extack);
  if (err !== 0 && join) ipMcDecGroup(ifa.inDev, ifa.address);
  return err;
}

function replaceIfa(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck, ifa: InIfaddr, wanted: InIfaddr, life: Lifetimes): number {
  if ((nlh.flags & NLM_F_EXCL) !== 0 || (nlh.flags & NLM_F_REPLACE) === 0) return fail(extack, -EEXIST, 'ipv4: Address already assigned');
  const { net } = skb;
  if (ifa.rtPriority !== wanted.rtPriority) {
    ipv4Net.of(net).ip.routing?.ifaddr?.modifyPrefixMetric(ifa, wanted.rtPriority);
    ifa.rtPriority = wanted.rtPriority;
  }
  ifa.proto = wanted.proto;
  setIfaLifetime(ifa, life.valid, life.preferred);
  scheduleLifetimeCheck(net, 0);
  rtmsgIfa(RTM_NEWADDR, ifa, nlh, skb.portid);
  return 0;
}

/** `inet_rtm_deladdr`: the first address that fits what the request says. */
function inetRtmDeladdr(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(IFA_MAX);
  const err = nlmsgParseDeprecated(nlh, IfAddrMsg.LEN, tb, ifaIpv4Policy, extack);
  if (err < 0) return err;
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  const dev = skb.net.devGetByIndex(ifm.index);
  const inDev = dev === null ? null : inDevGet(dev);
  if (inDev === null) return fail(extack, -ENODEV, 'ipv4: Device not found');
  const ifa = inDev.ifaList.find((other) => fits(other, ifm, tb));
  if (ifa === undefined) return fail(extack, -EADDRNOTAVAIL, 'ipv4: Address not found');
  if (ipv4IsMulticast(ifa.address) && (ifa.flags & IFA_F_MCAUTOJOIN) !== 0) ipMcDecGroup(inDev, ifa.address);
  inetDelIfa(inDev, ifa, nlh, skb.portid);
  return 0;
}

function fits(ifa: InIfaddr, ifm: IfAddrMsg, tb: NlAttrs): boolean {
  if (tb.has(IFA_LOCAL) && ifa.local !== tb.be32(IFA_LOCAL)) return false;
  if (tb.has(IFA_LABEL) && ifa.label !== tb.string(IFA_LABEL)) return false;
  return !tb.has(IFA_ADDRESS) || (ifm.prefixlen === ifa.prefixlen && inetIfaMatch(tb.be32(IFA_ADDRESS), ifa));
}

/** What a dump is about. */
interface DumpFilter {
  readonly net: Net;
  readonly netnsid: number;
  readonly ifindex: number;
}

/** `inet_dump_ifaddr`. */
function inetDumpIfaddr(b: NlMsgBuilder, cb: NetlinkCallback): number {
  const filter = (cb.ctx as DumpFilter | null) ?? dumpFilter(cb);
  if (typeof filter === 'number') return filter;
  cb.ctx = filter;
  const devs = [...filter.net.devByIndex.values()].sort((a, c) => a.ifindex - c.ifindex);
  for (const dev of devs) {
    if (dev.ifindex < (cb.args[0] as number) || (filter.ifindex !== 0 && dev.ifindex !== filter.ifindex)) continue;
    if (dev.ifindex > (cb.args[0] as number)) cb.args[1] = 0;
    cb.args[0] = dev.ifindex;
    const err = dumpDevice(b, cb, dev, filter.netnsid);
    if (err !== 0) return err;
  }
  cb.args[0] = 0x7fffffff;
  return 0;
}

function dumpDevice(b: NlMsgBuilder, cb: NetlinkCallback, dev: NetDevice, netnsid: number): number {
  const list = inDevGet(dev)?.ifaList ?? [];
  cb.seq = dev.net.devBaseSeq + 1;
  for (let i = cb.args[1] as number; i < list.length; i++) {
    cb.args[1] = i;
    const { nlh, end } = inetFillIfaddr(b, list[i] as InIfaddr, RTM_NEWADDR, NLM_F_MULTI | cb.answerFlags, cb.nlh.seq, cb.skb.portid, netnsid);
    nlDumpCheckConsistent(b, nlh, cb);
    if (end() !== 0) return -EMSGSIZE;
  }
  cb.args[1] = list.length;
  return 0;
}

/** `inet_valid_dump_ifaddr_req`: looked at only for those who asked for strictness. */
function dumpFilter(cb: NetlinkCallback): DumpFilter | number {
  const { net } = cb.skb;
  if (!cb.strictCheck) return { net, netnsid: -1, ifindex: 0 };
  const { nlh, extack } = cb;
  if (nlh.dataLen < IfAddrMsg.LEN) return fail(extack, -EINVAL, 'ipv4: Invalid header for address dump request');
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  if (ifm.prefixlen !== 0 || ifm.flags !== 0 || ifm.scope !== 0) {
    return fail(extack, -EINVAL, 'ipv4: Invalid values in header for address dump request');
  }
  const tb = new NlAttrs(IFA_MAX);
  const err = nlmsgParseDeprecatedStrict(nlh, IfAddrMsg.LEN, tb, ifaIpv4Policy, extack);
  if (err < 0) return err;
  for (let i = 1; i <= IFA_MAX; i++) {
    if (i !== IFA_TARGET_NETNSID && tb.has(i)) return fail(extack, -EINVAL, 'ipv4: Unsupported attribute in dump request');
  }
  const netnsid = tb.has(IFA_TARGET_NETNSID) ? nlaGetS32(tb.buf, tb.at(IFA_TARGET_NETNSID)) : -1;
  const target = tb.has(IFA_TARGET_NETNSID) ? getNetNsById(net, netnsid) : net;
  if (target === null) return fail(extack, -EINVAL, 'ipv4: Invalid target network namespace id');
  if (ifm.index === 0) return { net: target, netnsid, ifindex: 0 };
  cb.answerFlags = NLM_F_DUMP_FILTERED;
  return target.devGetByIndex(ifm.index) === null ? -ENODEV : { net: target, netnsid, ifindex: ifm.index };
}
