/** RTM_NEWADDR, RTM_DELADDR for AF_INET6 (`net/ipv6/addrconf.c`). Errnos and words are those of a running 6.18 kernel. */
import type { ModuleContext, NetDevice } from '@skbuff/core';
import { type Inet6Ifaddr, INFINITY_LIFE_TIME, ipv6GetIfaddr, ipv6Net } from '@skbuff/ipv6';
import {
  IfaCacheInfo,
  IfAddrMsg,
  NLA_S32,
  NLA_U8,
  NLA_UNSPEC,
  NlAttrs,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlaPolicy,
  type NlaPolicySet,
  nlaPolicySet,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  rtnlRegister,
} from '@skbuff/netlink';
import {
  EEXIST,
  EINVAL,
  ENODEV,
  IFA_ADDRESS,
  IFA_CACHEINFO,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_OPTIMISTIC,
  IFA_FLAGS,
  IFA_LOCAL,
  IFA_MAX,
  IFA_PROTO,
  IFA_RT_PRIORITY,
  IFA_TARGET_NETNSID,
  NLA_HDRLEN,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  PF_INET6,
  RTM_DELADDR,
  RTM_NEWADDR,
} from '@skbuff/uapi';
import { IN6ADDR_LEN, In6Addr } from '@skbuff/wire';
import { inet6AddrAdd, inet6AddrDel, inet6AddrModify } from './addrconf-add.ts';
import { ipv6FindIdev } from './addrconf-dev.ts';
import { type Ifa6Config, refuse } from './addrconf-ifa.ts';

export const ifaIpv6Policy: NlaPolicySet = nlaPolicySet(IFA_MAX, {
  [IFA_ADDRESS]: nlaPolicy(NLA_UNSPEC, IN6ADDR_LEN),
  [IFA_LOCAL]: nlaPolicy(NLA_UNSPEC, IN6ADDR_LEN),
  [IFA_CACHEINFO]: nlaPolicy(NLA_UNSPEC, IfaCacheInfo.LEN),
  // Not NLA_U32: too short a one is refused without a word on what it should be.
  [IFA_FLAGS]: nlaPolicy(NLA_UNSPEC, 4),
  [IFA_RT_PRIORITY]: nlaPolicy(NLA_UNSPEC, 4),
  [IFA_TARGET_NETNSID]: nlaPolicy(NLA_S32),
  [IFA_PROTO]: nlaPolicy(NLA_U8),
});

/** Flags that user space may give. */
const USER_FLAGS = IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN | IFA_F_OPTIMISTIC;

/** Registers the handlers. */
export function addrconfNetlinkRegister(ctx: ModuleContext): void {
  rtnlRegister(ctx, PF_INET6, RTM_NEWADDR, inet6RtmNewaddr, null);
  rtnlRegister(ctx, PF_INET6, RTM_DELADDR, inet6RtmDeladdr, null);
}

/** `extract_addr`: the address, and the other end where the two attributes differ. Null: neither is there. */
export function extractAddr(tb: NlAttrs): { readonly pfx: In6Addr; readonly peerPfx: In6Addr | null } | null {
  const address = tb.has(IFA_ADDRESS) ? new In6Addr().load(tb.buf, tb.at(IFA_ADDRESS) + NLA_HDRLEN) : null;
  const local = tb.has(IFA_LOCAL) ? new In6Addr().load(tb.buf, tb.at(IFA_LOCAL) + NLA_HDRLEN) : null;
  if (local === null) return address === null ? null : { pfx: address, peerPfx: null };
  return { pfx: local, peerPfx: address === null || address.equals(local) ? null : address };
}

/** What the request says of the address; null: lifetimes that cannot be. */
function configOf(ifm: IfAddrMsg, tb: NlAttrs, addr: Pick<Ifa6Config, 'pfx' | 'peerPfx'>): Ifa6Config | null {
  const at = tb.at(IFA_CACHEINFO);
  const ci = at < 0 ? IfaCacheInfo.of({ prefered: INFINITY_LIFE_TIME, valid: INFINITY_LIFE_TIME }) : new IfaCacheInfo().read(tb.buf, at + NLA_HDRLEN);
  if (ci.valid === 0 || ci.prefered > ci.valid) return null;
  return {
    ...addr,
    plen: ifm.prefixlen,
    rtPriority: tb.u32(IFA_RT_PRIORITY),
    ifaProto: tb.u8(IFA_PROTO),
    ifaFlags: tb.u32(IFA_FLAGS, ifm.flags) & USER_FLAGS,
    preferedLft: ci.prefered,
    validLft: ci.valid,
    scope: 0,
  };
}

/** `inet6_rtm_newaddr`. */
function inet6RtmNewaddr({ net }: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(IFA_MAX);
  const err = nlmsgParseDeprecated(nlh, IfAddrMsg.LEN, tb, ifaIpv6Policy, extack);
  if (err < 0) return err;
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  const addr = extractAddr(tb);
  if (addr === null) return -EINVAL;
  const wanted = configOf(ifm, tb, addr);
  if (wanted === null) return refuse(extack, -EINVAL, 'address lifetime invalid');
  const dev = net.devGetByIndex(ifm.index);
  if (dev === null) return refuse(extack, -ENODEV, 'Unable to find the interface');
  const cfg = optimistic(dev, wanted, extack);
  if (typeof cfg === 'number') return cfg;
  const ifp = ipv6GetIfaddr(net, cfg.pfx, dev, true);
  if (ifp === null) return inet6AddrAdd(net, dev, cfg, extack);
  return replace(nlh, ifp, cfg, extack);
}

function replace(nlh: NlMsgHdr, ifp: Inet6Ifaddr, cfg: Ifa6Config, extack: NetlinkExtAck): number {
  if ((nlh.flags & NLM_F_EXCL) !== 0 || (nlh.flags & NLM_F_REPLACE) === 0) return refuse(extack, -EEXIST, 'address already assigned');
  return inet6AddrModify(ifp.idev.dev.net, ifp, cfg);
}

/** Where optimistic addresses are not allowed (RFC 4429), this one becomes an ordinary one. A device without IPv6 gets it, or -EINVAL. */
function optimistic(dev: NetDevice, cfg: Ifa6Config, extack: NetlinkExtAck): Ifa6Config | number {
  const idev = ipv6FindIdev(dev);
  if (typeof idev === 'number') return idev;
  const allowed = ipv6Net.of(dev.net).devconfAll.optimisticDad !== 0 || idev.cnf.optimisticDad !== 0;
  const ifaFlags = allowed ? cfg.ifaFlags : cfg.ifaFlags & ~IFA_F_OPTIMISTIC;
  if ((ifaFlags & (IFA_F_NODAD | IFA_F_OPTIMISTIC)) !== (IFA_F_NODAD | IFA_F_OPTIMISTIC)) return { ...cfg, ifaFlags };
  // Without the prefix that the other messages have.
  extack.setErrMsg('IFA_F_NODAD and IFA_F_OPTIMISTIC are mutually exclusive');
  return -EINVAL;
}

/** `inet6_rtm_deladdr`. */
function inet6RtmDeladdr({ net }: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(IFA_MAX);
  const err = nlmsgParseDeprecated(nlh, IfAddrMsg.LEN, tb, ifaIpv6Policy, extack);
  if (err < 0) return err;
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  const addr = extractAddr(tb);
  if (addr === null) return -EINVAL;
  return inet6AddrDel(net, net.devGetByIndex(ifm.index), addr.pfx, ifm.prefixlen, extack);
}
