/** Group and anycast addresses as rtnetlink messages (`inet6_fill_ifmcaddr`, `inet6_fill_ifacaddr`): two packages tell of groups. */
import { jiffiesToClockT, type NetDevice } from '@skbuff/core';
import { IfaCacheInfo, IfAddrMsg, type NlMsgBuilder } from '@skbuff/netlink';
import { AF_INET6, IFA_ANYCAST, IFA_CACHEINFO, IFA_F_PERMANENT, IFA_MULTICAST, IFA_TARGET_NETNSID, RT_SCOPE_SITE, RT_SCOPE_UNIVERSE } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { IPV6_ADDR_SITELOCAL, ipv6AddrScope } from './addrconf-core.ts';
import { INFINITY_LIFE_TIME } from './if-inet6.ts';

/** A group or an anycast address of an interface; times in jiffies. */
export interface JoinedAddr {
  readonly addr: In6Addr;
  readonly cstamp: number;
  readonly tstamp: number;
}

/** Which message: RTM_*, NLM_F_*, and the number of the reader's namespace (negative: not told). */
export interface AddrMsgArgs {
  readonly event: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
  readonly netnsid: number;
}

function fill(b: NlMsgBuilder, dev: NetDevice, { addr, cstamp, tstamp }: JoinedAddr, attr: number, { event, flags, seq, portid, netnsid }: AddrMsgArgs): number {
  const scope = (ipv6AddrScope(addr) & IPV6_ADDR_SITELOCAL) !== 0 ? RT_SCOPE_SITE : RT_SCOPE_UNIVERSE;
  const nlh = b.nlmsgPut(event, flags, seq, portid, IfAddrMsg.of({ family: AF_INET6, prefixlen: 128, flags: IFA_F_PERMANENT, scope, index: dev.ifindex }));
  if (netnsid >= 0) b.nlaPutS32(IFA_TARGET_NETNSID, netnsid);
  b.nlaPutIn6Addr(attr, addr.toBytes());
  b.nlaPutStruct(
    IFA_CACHEINFO,
    IfaCacheInfo.of({ prefered: INFINITY_LIFE_TIME, valid: INFINITY_LIFE_TIME, cstamp: jiffiesToClockT(cstamp), tstamp: jiffiesToClockT(tstamp) }),
  );
  return nlh;
}

/** `inet6_fill_ifmcaddr`: begins a message about a group of `dev`; what `nlmsgEnd` wants. */
export function inet6FillIfmcaddr(b: NlMsgBuilder, dev: NetDevice, group: JoinedAddr, args: AddrMsgArgs): number {
  return fill(b, dev, group, IFA_MULTICAST, args);
}

/** `inet6_fill_ifacaddr`: the same of an anycast address. */
export function inet6FillIfacaddr(b: NlMsgBuilder, dev: NetDevice, anycast: JoinedAddr, args: AddrMsgArgs): number {
  return fill(b, dev, anycast, IFA_ANYCAST, args);
}
