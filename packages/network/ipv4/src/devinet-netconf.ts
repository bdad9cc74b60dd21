/** RTM_NEWNETCONF, RTM_DELNETCONF, RTM_GETNETCONF for AF_INET: settings of interfaces that routing daemons follow. */
import type { ModuleContext, Net } from '@skbuff/core';
import {
  NlAttrs,
  NLA_UNSPEC,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlaPolicy,
  nlaPolicySet,
  type NlaPolicySet,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  RtGenMsg,
  rtnlHasListeners,
  rtnlNotify,
  rtnlRegister,
  rtnlUnicast,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { DevconfField, Ipv4Devconf } from './devconf.ts';
import { inDevGet } from './inetdevice.ts';
import { ipv4Net } from './ipv4-net.ts';

/** `struct netconfmsg` is a family and nothing else. */
const NETCONFMSG_LEN: number = RtGenMsg.LEN;
const NETCONFMSG_ALIGNED = 4;

/** What a message tells, in its order. */
const TOLD: readonly (readonly [attr: number, field: DevconfField])[] = [
  [U.NETCONFA_FORWARDING, 'forwarding'],
  [U.NETCONFA_RP_FILTER, 'rpFilter'],
  [U.NETCONFA_MC_FORWARDING, 'mcForwarding'],
  [U.NETCONFA_BC_FORWARDING, 'bcForwarding'],
  [U.NETCONFA_PROXY_NEIGH, 'proxyArp'],
  [U.NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 'ignoreRoutesWithLinkdown'],
];

const policy: NlaPolicySet = nlaPolicySet(U.NETCONFA_MAX, Object.fromEntries([U.NETCONFA_IFINDEX, ...TOLD.map(([attr]) => attr)].map((attr) => [attr, nlaPolicy(NLA_UNSPEC, 4)])));

/** The attribute under which a change of a setting is announced; null: it is not. That of bc_forwarding is not, as in Linux. */
export function netconfAttr(field: DevconfField): number | null {
  return field === 'bcForwarding' ? null : (TOLD.find((told) => told[1] === field)?.[0] ?? null);
}

/** `inet_netconf_fill_devconf`: the settings `attr` (NETCONFA_ALL: each); without `cnf` only whose they are. */
function fill(b: NlMsgBuilder, ifindex: number, cnf: Ipv4Devconf | null, type: number, portid: number, seq: number, flags: number, attr: number): number {
  const nlh = b.nlmsgPut(type, flags, seq, portid, RtGenMsg.of({ family: U.AF_INET }));
  b.nlaPutS32(U.NETCONFA_IFINDEX, ifindex);
  if (cnf !== null) for (const [told, field] of TOLD) if (attr === U.NETCONFA_ALL || attr === told) b.nlaPutS32(told, cnf[field]);
  return b.nlmsgEnd(nlh);
}

/** `inet_netconf_notify_devconf`: tells RTNLGRP_IPV4_NETCONF. */
export function inetNetconfNotifyDevconf(net: Net, type: number, attr: number, ifindex: number, cnf: Ipv4Devconf | null): void {
  if (!rtnlHasListeners(net, U.RTNLGRP_IPV4_NETCONF)) return;
  const b = new NlMsgBuilder();
  fill(b, ifindex, cnf, type, 0, 0, 0, attr);
  rtnlNotify(net, b.bytes(), 0, U.RTNLGRP_IPV4_NETCONF, null);
}

function refuse(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -U.EINVAL;
}

/** `inet_netconf_valid_get_req`. */
function validGet(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (nlh.dataLen < NETCONFMSG_LEN) return refuse(extack, 'ipv4: Invalid header for netconf get request');
  if (!skb.port.option(U.NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, NETCONFMSG_LEN, tb, policy, extack);
  const err = nlmsgParseDeprecatedStrict(nlh, NETCONFMSG_LEN, tb, policy, extack);
  if (err < 0) return err;
  for (let attr = 1; attr <= U.NETCONFA_MAX; attr++) {
    if (tb.has(attr) && attr !== U.NETCONFA_IFINDEX) return refuse(extack, 'ipv4: Unsupported attribute in netconf get request');
  }
  return 0;
}

function settingsOf(net: Net, ifindex: number): Ipv4Devconf | null {
  const { devconfAll, devconfDflt } = ipv4Net.of(net);
  if (ifindex === U.NETCONFA_IFINDEX_ALL) return devconfAll;
  if (ifindex === U.NETCONFA_IFINDEX_DEFAULT) return devconfDflt;
  const dev = net.devGetByIndex(ifindex);
  return dev === null ? null : (inDevGet(dev)?.cnf ?? null);
}

/** `inet_netconf_get_devconf`. */
function getDevconf(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const { net } = skb;
  const tb = new NlAttrs(U.NETCONFA_MAX);
  const err = validGet(skb, nlh, tb, extack);
  if (err < 0) return err;
  if (!tb.has(U.NETCONFA_IFINDEX)) return -U.EINVAL;
  const ifindex = tb.s32(U.NETCONFA_IFINDEX);
  const cnf = settingsOf(net, ifindex);
  if (cnf === null) return ifindex > 0 && net.devGetByIndex(ifindex) === null ? -U.ENODEV : -U.EINVAL;
  const b = new NlMsgBuilder();
  fill(b, ifindex, cnf, U.RTM_NEWNETCONF, skb.portid, nlh.seq, 0, U.NETCONFA_ALL);
  return rtnlUnicast(net, b.bytes(), skb.portid);
}

/** `inet_netconf_dump_devconf`: interfaces by index, then `all` and `default`. `cb.args[0]`: how many were told. */
function dumpDevconf(b: NlMsgBuilder, cb: NetlinkCallback): number {
  const { skb, nlh, extack } = cb;
  if (cb.strictCheck) {
    if (nlh.dataLen < NETCONFMSG_LEN) return refuse(extack, 'ipv4: Invalid header for netconf dump request');
    // The kernel reckons with the header's padding: a message that ends before it has less than nothing behind it.
    if (nlh.dataLen !== NETCONFMSG_ALIGNED) return refuse(extack, 'ipv4: Invalid data after header in netconf dump request');
  }
  const { devconfAll, devconfDflt } = ipv4Net.of(skb.net);
  const devices = [...skb.net.devList].sort((x, y) => x.ifindex - y.ifindex);
  const all: (readonly [number, Ipv4Devconf | null])[] = devices.map((dev) => [dev.ifindex, inDevGet(dev)?.cnf ?? null] as const);
  all.push([U.NETCONFA_IFINDEX_ALL, devconfAll], [U.NETCONFA_IFINDEX_DEFAULT, devconfDflt]);
  for (; cb.args[0] < all.length; cb.args[0]++) {
    const [ifindex, cnf] = all[cb.args[0]] as readonly [number, Ipv4Devconf | null];
    if (cnf === null) continue;
    const err = fill(b, ifindex, cnf, U.RTM_NEWNETCONF, skb.portid, nlh.seq, U.NLM_F_MULTI, U.NETCONFA_ALL);
    if (err < 0) return err;
  }
  return 0;
}

/** Registers the handlers. */
export function netconfRegister(ctx: ModuleContext): void {
  rtnlRegister(ctx, U.PF_INET, U.RTM_GETNETCONF, getDevconf, dumpDevconf);
}
