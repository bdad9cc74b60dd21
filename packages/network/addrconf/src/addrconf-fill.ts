/** Addresses, interfaces and prefixes as rtnetlink messages (`inet6_fill_ifaddr`, `inet6_fill_ifinfo`, `inet6_fill_prefix`). */
import { devGetFlags, HZ, jiffiesToClockT, jiffiesToMsecs } from '@skbuff/core';
import { type AddrMsgArgs, DEVCONF_MAX, DEVCONF_SYSCTLS, IFA_HOST, IFA_LINK, IFA_SITE, type Inet6Dev, type Inet6Ifaddr, INFINITY_LIFE_TIME } from '@skbuff/ipv6';
import { IfaCacheInfo, IfAddrMsg, IfInfoMsg, NlMsgBuilder, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { be32, IN6ADDR_LEN, setLe32, setLe64 } from '@skbuff/wire';

/** `IPV6_MAXPLEN`: what IFLA_INET6_CACHEINFO says of the longest packet that can be put together again. */
const IPV6_MAXPLEN = 0xffff;

/** `struct prefixmsg`. */
const PREFIXMSG_LEN = 12;
/** Where a prefix information option (RFC 4861 §4.6.2) has what the message wants. */
const PIO_PLEN = 2;
const PIO_FLAGS = 3;
const PIO_VALID = 4;
const PIO_PREFERRED = 8;
const PIO_PREFIX = 16;

/** `rt_scope`: IFA_HOST, IFA_LINK, IFA_SITE as RT_SCOPE_*. */
function rtScope(scope: number): number {
  if ((scope & IFA_HOST) !== 0) return U.RT_SCOPE_HOST;
  if ((scope & IFA_LINK) !== 0) return U.RT_SCOPE_LINK;
  return (scope & IFA_SITE) !== 0 ? U.RT_SCOPE_SITE : U.RT_SCOPE_UNIVERSE;
}

/** `inet6_fill_ifaddr`: begins a message about an address; what `nlmsgEnd` wants. */
export function inet6FillIfaddr(b: NlMsgBuilder, ifp: Inet6Ifaddr, { event, flags, seq, portid, netnsid }: AddrMsgArgs): number {
  const { dev } = ifp.idev;
  const header = IfAddrMsg.of({ family: U.AF_INET6, prefixlen: ifp.prefixLen, flags: ifp.flags & 0xff, scope: rtScope(ifp.scope), index: dev.ifindex });
  const nlh = b.nlmsgPut(event, flags, seq, portid, header);
  if (netnsid >= 0) b.nlaPutS32(U.IFA_TARGET_NETNSID, netnsid);
  const addr = ifp.addr.toBytes();
  if (ifp.peerAddr.isAny()) b.nlaPutIn6Addr(U.IFA_ADDRESS, addr);
  else {
    b.nlaPutIn6Addr(U.IFA_LOCAL, addr);
    b.nlaPutIn6Addr(U.IFA_ADDRESS, ifp.peerAddr.toBytes());
  }
  if (ifp.rtPriority !== 0) b.nlaPutU32(U.IFA_RT_PRIORITY, ifp.rtPriority);
  b.nlaPutStruct(U.IFA_CACHEINFO, cacheInfo(ifp));
  b.nlaPutU32(U.IFA_FLAGS, ifp.flags);
  if (ifp.ifaProto !== 0) b.nlaPutU8(U.IFA_PROTO, ifp.ifaProto);
  return nlh;
}

/** Lifetimes count down from the last change; one without end stays, a valid one also where the preferred one has none. */
function cacheInfo(ifp: Inet6Ifaddr): IfaCacheInfo {
  let prefered = INFINITY_LIFE_TIME;
  let valid = INFINITY_LIFE_TIME;
  if ((ifp.flags & U.IFA_F_PERMANENT) === 0 || ifp.preferedLft !== INFINITY_LIFE_TIME) {
    prefered = ifp.preferedLft;
    valid = ifp.validLft;
    const passed = Math.floor((ifp.idev.dev.net.timers.jiffies - ifp.tstamp) / HZ);
    if (prefered !== INFINITY_LIFE_TIME) {
      prefered = Math.max(0, prefered - passed);
      if (valid !== INFINITY_LIFE_TIME) valid = Math.max(0, valid - passed);
    }
  }
  return IfaCacheInfo.of({ prefered, valid, cstamp: jiffiesToClockT(ifp.cstamp), tstamp: jiffiesToClockT(ifp.tstamp) });
}

/** `inet6_ifa_notify`: tells RTNLGRP_IPV6_IFADDR of an address. `event`: RTM_NEWADDR, RTM_DELADDR. No request's echo. */
export function inet6IfaNotify(event: number, ifp: Inet6Ifaddr): void {
  const { net } = ifp.idev.dev;
  if (!rtnlHasListeners(net, U.RTNLGRP_IPV6_IFADDR)) return;
  const b = new NlMsgBuilder();
  b.nlmsgEnd(inet6FillIfaddr(b, ifp, { event, flags: 0, seq: 0, portid: 0, netnsid: -1 }));
  rtnlNotify(net, b.bytes(), 0, U.RTNLGRP_IPV6_IFADDR, null);
}

/** `inet6_fill_ifla6_attrs`: IPv6's side of a link, in IFLA_AF_SPEC and in IFLA_PROTINFO. `extFilterMask`: RTEXT_FILTER_* */
export function inet6FillIfla6Attrs(b: NlMsgBuilder, idev: Inet6Dev, extFilterMask: number): void {
  b.nlaPutU32(U.IFLA_INET6_FLAGS, idev.ifFlags >>> 0);
  const ci = b.nlaReserve(U.IFLA_INET6_CACHEINFO, 16);
  setLe32(b.buf, ci, IPV6_MAXPLEN);
  setLe32(b.buf, ci + 4, jiffiesToClockT(idev.tstamp));
  setLe32(b.buf, ci + 8, jiffiesToMsecs(idev.ndParms?.reachableTime ?? 0));
  setLe32(b.buf, ci + 12, jiffiesToMsecs(idev.ndParms?.retransTime ?? 0));
  const conf = b.nlaReserve(U.IFLA_INET6_CONF, DEVCONF_MAX * 4);
  for (const [, field, index] of DEVCONF_SYSCTLS) if (index >= 0) setLe32(b.buf, conf + index * 4, idev.cnf[field]);
  if ((extFilterMask & U.RTEXT_FILTER_SKIP_STATS) === 0) {
    putStats(b, U.IFLA_INET6_STATS, idev.stats);
    putStats(b, U.IFLA_INET6_ICMP6STATS, idev.icmpv6Stats);
  }
  b.nlaPutIn6Addr(U.IFLA_INET6_TOKEN, idev.token.toBytes());
  b.nlaPutU8(U.IFLA_INET6_ADDR_GEN_MODE, idev.cnf.addrGenMode);
  if (idev.raMtu !== 0) b.nlaPutU32(U.IFLA_INET6_RA_MTU, idev.raMtu);
}

/** Counters by their number; in the place of number 0, which is none's, how many there are. */
function putStats(b: NlMsgBuilder, attr: number, stats: Float64Array): void {
  const at = b.nlaReserve(attr, stats.length * 8);
  setLe64(b.buf, at, stats.length);
  for (let i = 1; i < stats.length; i++) setLe64(b.buf, at + i * 8, stats[i] as number);
}

/** `inet6_fill_ifinfo`: begins a message about an interface, as `ip -6 link` and routing daemons want it; what `nlmsgEnd` wants. */
export function inet6FillIfinfo(b: NlMsgBuilder, idev: Inet6Dev, event: number, flags: number, seq: number, portid: number): number {
  const { dev } = idev;
  const header = IfInfoMsg.of({ family: U.AF_INET6, type: dev.type, index: dev.ifindex, flags: devGetFlags(dev) >>> 0 });
  const nlh = b.nlmsgPut(event, flags, seq, portid, header);
  b.nlaPutString(U.IFLA_IFNAME, dev.name);
  if (dev.addrLen !== 0) b.nlaPut(U.IFLA_ADDRESS, dev.devAddr.subarray(0, dev.addrLen));
  b.nlaPutU32(U.IFLA_MTU, dev.mtu);
  const iflink = dev.ops.ndoGetIflink === null ? dev.ifindex : dev.ops.ndoGetIflink(dev);
  if (iflink !== dev.ifindex) b.nlaPutU32(U.IFLA_LINK, iflink);
  b.nlaPutU8(U.IFLA_OPERSTATE, dev.running() ? dev.operstate : U.IF_OPER_DOWN);
  const nest = b.nlaNestStartNoflag(U.IFLA_PROTINFO);
  inet6FillIfla6Attrs(b, idev, 0);
  b.nlaNestEnd(nest);
  return nlh;
}

/** `inet6_ifinfo_notify`: tells RTNLGRP_IPV6_IFINFO of an interface. `event`: RTM_NEWLINK, RTM_DELLINK. */
export function inet6IfinfoNotify(event: number, idev: Inet6Dev): void {
  const { net } = idev.dev;
  if (!rtnlHasListeners(net, U.RTNLGRP_IPV6_IFINFO)) return;
  const b = new NlMsgBuilder();
  b.nlmsgEnd(inet6FillIfinfo(b, idev, event, 0, 0, 0));
  rtnlNotify(net, b.bytes(), 0, U.RTNLGRP_IPV6_IFINFO, null);
}

/** `inet6_prefix_notify`: tells RTNLGRP_IPV6_PREFIX of the prefix information option at `opt` in `bytes`. `event`: RTM_NEWPREFIX. */
export function inet6PrefixNotify(event: number, idev: Inet6Dev, bytes: Uint8Array, opt: number): void {
  const { net, ifindex } = idev.dev;
  if (!rtnlHasListeners(net, U.RTNLGRP_IPV6_PREFIX)) return;
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(event, 0, 0, 0, PREFIXMSG_LEN);
  const at = nlh + U.NLMSG_HDRLEN;
  b.buf[at] = U.AF_INET6;
  setLe32(b.buf, at + 4, ifindex);
  b.buf[at + 8] = bytes[opt] as number;
  b.buf[at + 9] = bytes[opt + PIO_PLEN] as number;
  b.buf[at + 10] = bytes[opt + PIO_FLAGS] as number;
  b.nlaPutIn6Addr(U.PREFIX_ADDRESS, bytes.subarray(opt + PIO_PREFIX, opt + PIO_PREFIX + IN6ADDR_LEN));
  const ci = b.nlaReserve(U.PREFIX_CACHEINFO, 8);
  setLe32(b.buf, ci, be32(bytes, opt + PIO_PREFERRED));
  setLe32(b.buf, ci + 4, be32(bytes, opt + PIO_VALID));
  b.nlmsgEnd(nlh);
  rtnlNotify(net, b.bytes(), 0, U.RTNLGRP_IPV6_PREFIX, null);
}
