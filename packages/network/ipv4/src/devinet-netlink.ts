/** RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR for AF_INET (`net/ipv4/devinet.c`). Errnos and words are those of a running 6.18 kernel. */
import type { ModuleContext } from '@skbuff/core';
import { ifaddrDump, type IfaddrDump } from '@skbuff/inet';
import {
  IfAddrMsg,
  NLA_U32,
  NLA_UNSPEC,
  NLA_STRING,
  NLA_U8,
  NlAttrs,
  type NlMsgHdr,
  NLA_S32,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlaPolicy,
  nlaPolicySet,
  type NlaPolicySet,
  nlmsgParseDeprecated,
  rtnlRegister,
  IfaCacheInfo,
} from '@skbuff/netlink';
import {
  EADDRNOTAVAIL,
  EEXIST,
  EINVAL,
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
  rtnlRegister(ctx, PF_INET, RTM_GETADDR, null, (b, cb) => ifaddrDump(b, cb, dump));
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

/** `inet_dump_ifaddr`. */
const dump: IfaddrDump<InIfaddr> = {
  name: 'ipv4',
  policy: ifaIpv4Policy,
  of: (dev) => inDevGet(dev)?.ifaList ?? [],
  fill: (b, cb, ifa, _dev, netnsid) => inetFillIfaddr(b, ifa, RTM_NEWADDR, NLM_F_MULTI | cb.answerFlags, cb.nlh.seq, cb.skb.portid, netnsid).nlh,
};
