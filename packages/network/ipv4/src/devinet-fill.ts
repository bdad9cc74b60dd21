/** Interface addresses as rtnetlink messages (`inet_fill_ifaddr`, `rtmsg_ifa`). */
import { HZ, USER_HZ } from '@skbuff/core';
import { IfaCacheInfo, IfAddrMsg, NlMsgBuilder, type NlMsgHdr, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import {
  AF_INET,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_CACHEINFO,
  IFA_FLAGS,
  IFA_F_PERMANENT,
  IFA_LABEL,
  IFA_LOCAL,
  IFA_PROTO,
  IFA_RT_PRIORITY,
  IFA_TARGET_NETNSID,
  NLM_F_ECHO,
  RTNLGRP_IPV4_IFADDR,
} from '@skbuff/uapi';
import type { InIfaddr } from './inetdevice.ts';

const INFINITY_LIFE_TIME = 0xffffffff;

/** Writes one address as a message; 0, or -EMSGSIZE with nothing written. `netnsid` negative: not told. */
export function inetFillIfaddr(
  b: NlMsgBuilder,
  ifa: InIfaddr,
  type: number,
  flags: number,
  seq: number,
  portid: number,
  netnsid = -1,
): { readonly nlh: number; readonly end: () => number } {
  const { dev } = ifa.inDev;
  const header = IfAddrMsg.of({ family: AF_INET, prefixlen: ifa.prefixlen, flags: ifa.flags & 0xff, scope: ifa.scope, index: dev.ifindex });
  const nlh = b.nlmsgPut(type, flags, seq, portid, header);
  if (netnsid >= 0) b.nlaPutS32(IFA_TARGET_NETNSID, netnsid);
  if (ifa.address !== 0) b.nlaPutInAddr(IFA_ADDRESS, ifa.address);
  if (ifa.local !== 0) b.nlaPutInAddr(IFA_LOCAL, ifa.local);
  if (ifa.broadcast !== 0) b.nlaPutInAddr(IFA_BROADCAST, ifa.broadcast);
  if (ifa.label !== '') b.nlaPutString(IFA_LABEL, ifa.label);
  if (ifa.proto !== 0) b.nlaPutU8(IFA_PROTO, ifa.proto);
  b.nlaPutU32(IFA_FLAGS, ifa.flags);
  if (ifa.rtPriority !== 0) b.nlaPutU32(IFA_RT_PRIORITY, ifa.rtPriority);
  b.nlaPutStruct(IFA_CACHEINFO, cacheInfo(ifa));
  return { nlh, end: () => b.nlmsgEnd(nlh) };
}

/** Lifetimes count down from the last change; time stamps are in hundredths of a second. */
function cacheInfo(ifa: InIfaddr): IfaCacheInfo {
  const permanent = (ifa.flags & IFA_F_PERMANENT) !== 0;
  const passed = Math.floor((ifa.inDev.dev.net.timers.jiffies - ifa.tstamp) / HZ);
  const left = (lifetime: number): number => (permanent || lifetime === INFINITY_LIFE_TIME ? INFINITY_LIFE_TIME : Math.max(0, lifetime - passed));
  return IfaCacheInfo.of({
    prefered: left(ifa.preferredLft),
    valid: left(ifa.validLft),
    cstamp: Math.floor((ifa.cstamp * USER_HZ) / HZ),
    tstamp: Math.floor((ifa.tstamp * USER_HZ) / HZ),
  });
}

/** `rtmsg_ifa`: tells the listeners of RTNLGRP_IPV4_IFADDR, and the requester `portid` if its request `nlh` wants an echo. */
export function rtmsgIfa(event: number, ifa: InIfaddr, nlh: NlMsgHdr | null, portid: number): void {
  const { net } = ifa.inDev.dev;
  if (!rtnlHasListeners(net, RTNLGRP_IPV4_IFADDR) && (nlh === null || (nlh.flags & NLM_F_ECHO) === 0)) return;
  const b = new NlMsgBuilder();
  inetFillIfaddr(b, ifa, event, 0, nlh?.seq ?? 0, portid).end();
  rtnlNotify(net, b.bytes(), portid, RTNLGRP_IPV4_IFADDR, nlh);
}
