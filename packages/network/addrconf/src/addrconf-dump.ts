/** RTM_GETADDR, RTM_GETMULTICAST, RTM_GETANYCAST for AF_INET6 (`inet6_rtm_getaddr`, `inet6_dump_addr` in `net/ipv6/addrconf.c`). */
import { getNetNsById, type ModuleContext, type Net } from '@skbuff/core';
import { ifaddrDump, type IfaddrDump } from '@skbuff/inet';
import { type AddrMsgArgs, in6DevGet, inet6FillIfacaddr, inet6FillIfmcaddr, type Inet6Ifaddr, ipv6GetIfaddr, ipv6Net, type JoinedAddr } from '@skbuff/ipv6';
import {
  IfAddrMsg,
  NlAttrs,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  rtnlRegister,
  rtnlUnicast,
} from '@skbuff/netlink';
import {
  EADDRNOTAVAIL,
  EINVAL,
  IFA_ADDRESS,
  IFA_LOCAL,
  IFA_MAX,
  IFA_TARGET_NETNSID,
  NETLINK_GET_STRICT_CHK,
  NLM_F_MULTI,
  PF_INET6,
  RTM_GETADDR,
  RTM_GETANYCAST,
  RTM_GETMULTICAST,
  RTM_NEWADDR,
} from '@skbuff/uapi';
import { inet6FillIfaddr } from './addrconf-fill.ts';
import { refuse } from './addrconf-ifa.ts';
import { extractAddr, ifaIpv6Policy } from './addrconf-netlink.ts';

function answerArgs({ skb, nlh, answerFlags }: NetlinkCallback, event: number, netnsid: number): AddrMsgArgs {
  return { event, flags: NLM_F_MULTI | answerFlags, seq: nlh.seq, portid: skb.portid, netnsid };
}

const unicast: IfaddrDump<Inet6Ifaddr> = {
  name: 'ipv6',
  policy: ifaIpv6Policy,
  of: (dev) => in6DevGet(dev)?.addrList ?? [],
  fill: (b, cb, ifp, _dev, netnsid) => inet6FillIfaddr(b, ifp, answerArgs(cb, RTM_NEWADDR, netnsid)),
};

/** Messages of these two have, in Linux too, the type of the request. */
const multicast: IfaddrDump<JoinedAddr> = {
  name: 'ipv6',
  policy: ifaIpv6Policy,
  of(dev) {
    const idev = in6DevGet(dev);
    return (idev === null ? null : ipv6Net.of(dev.net).ip.mld?.mcList(idev)) ?? [];
  },
  fill: (b, cb, group, dev, netnsid) => inet6FillIfmcaddr(b, dev, group, answerArgs(cb, RTM_GETMULTICAST, netnsid)),
};

const anycast: IfaddrDump<JoinedAddr> = {
  name: 'ipv6',
  policy: ifaIpv6Policy,
  of: (dev) => in6DevGet(dev)?.acList ?? [],
  fill: (b, cb, ac, dev, netnsid) => inet6FillIfacaddr(b, dev, ac, answerArgs(cb, RTM_GETANYCAST, netnsid)),
};

/** Registers the handlers. */
export function addrconfDumpRegister(ctx: ModuleContext): void {
  rtnlRegister(ctx, PF_INET6, RTM_GETADDR, inet6RtmGetaddr, (b, cb) => ifaddrDump(b, cb, unicast));
  rtnlRegister(ctx, PF_INET6, RTM_GETMULTICAST, null, (b, cb) => ifaddrDump(b, cb, multicast));
  rtnlRegister(ctx, PF_INET6, RTM_GETANYCAST, null, (b, cb) => ifaddrDump(b, cb, anycast));
}

/** `inet6_rtm_valid_getaddr_req`. */
function validGet(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (nlh.dataLen < IfAddrMsg.LEN) return refuse(extack, -EINVAL, 'Invalid header for get address request');
  if (!skb.port.option(NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, IfAddrMsg.LEN, tb, ifaIpv6Policy, extack);
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  if (ifm.prefixlen !== 0 || ifm.flags !== 0 || ifm.scope !== 0) return refuse(extack, -EINVAL, 'Invalid values in header for get address request');
  const err = nlmsgParseDeprecatedStrict(nlh, IfAddrMsg.LEN, tb, ifaIpv6Policy, extack);
  if (err < 0) return err;
  for (let i = 1; i <= IFA_MAX; i++) {
    if (tb.has(i) && !ASKED.has(i)) return refuse(extack, -EINVAL, 'Unsupported attribute in get address request');
  }
  return 0;
}

/** Attributes of a request for one address. */
const ASKED: ReadonlySet<number> = new Set([IFA_TARGET_NETNSID, IFA_ADDRESS, IFA_LOCAL]);

/** `inet6_rtm_getaddr`: one address, whatever its prefix length; an interface that there is not is any. */
function inet6RtmGetaddr(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(IFA_MAX);
  const err = validGet(skb, nlh, tb, extack);
  if (err < 0) return err;
  const netnsid = tb.has(IFA_TARGET_NETNSID) ? tb.s32(IFA_TARGET_NETNSID) : -1;
  const net: Net | null = tb.has(IFA_TARGET_NETNSID) ? getNetNsById(skb.net, netnsid) : skb.net;
  const addr = extractAddr(tb);
  if (net === null || addr === null) return -EINVAL;
  const { index } = new IfAddrMsg().read(nlh.buf, nlh.data);
  const ifp = ipv6GetIfaddr(net, addr.pfx, net.devGetByIndex(index), true);
  if (ifp === null) return -EADDRNOTAVAIL;
  const b = new NlMsgBuilder();
  b.nlmsgEnd(inet6FillIfaddr(b, ifp, { event: RTM_NEWADDR, flags: 0, seq: nlh.seq, portid: skb.portid, netnsid }));
  return rtnlUnicast(skb.net, b.bytes(), skb.portid);
}
