/** RTM_NEWLINKPROP and RTM_DELLINKPROP: alternative names (`rtnl_linkprop`). */
import { devAddAltname, devDelAltname, type NetDevice, netdevStateChange } from '@skbuff/core';
import {
  IfInfoMsg,
  NL_VALIDATE_STRICT,
  nlaForEachNested,
  nlaGetString,
  nlaTotal,
  nlaValidate,
  NlAttrs,
  type NetlinkExtAck,
  type NetlinkSkb,
  type NlMsgHdr,
  nlmsgParse,
} from '@skbuff/netlink';
import { IFLA_ALT_IFNAME, IFLA_MAX, IFLA_PROP_LIST } from '@skbuff/uapi';
import { iflaPolicy } from './ifla-policy.ts';
import { linkByIndexOrName } from './link-lookup.ts';
import { rtnlEnsureUniqueNetns } from './link-netns.ts';

/** One message, adding names with `devAddAltname` or removing them with `devDelAltname`; those before a failure stay done. */
function linkprop(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck, change: (dev: NetDevice, name: string) => number): number {
  const tb = new NlAttrs(IFLA_MAX);
  const bad = nlmsgParse(nlh, IfInfoMsg.LEN, tb, iflaPolicy, extack) || rtnlEnsureUniqueNetns(tb, extack, true);
  if (bad !== 0) return bad;
  const dev = linkByIndexOrName(skb.net, new IfInfoMsg().read(nlh.buf, nlh.data).index, tb);
  if (typeof dev === 'number') return dev;
  if (!tb.has(IFLA_PROP_LIST)) return 0;
  let changed = false;
  const err = nlaForEachNested(nlh.buf, tb.at(IFLA_PROP_LIST), (attr, type) => {
    if (type !== IFLA_ALT_IFNAME) return 0;
    const invalid = nlaValidate(nlh.buf, attr, nlaTotal(nlh.buf, attr), iflaPolicy, NL_VALIDATE_STRICT, extack);
    const failed = invalid !== 0 ? invalid : change(dev, nlaGetString(nlh.buf, attr));
    changed ||= failed === 0;
    return failed;
  });
  if (changed) netdevStateChange(dev);
  return err;
}

/** RTM_NEWLINKPROP. */
export function rtnlNewlinkprop(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  return linkprop(skb, nlh, extack, devAddAltname);
}

/** RTM_DELLINKPROP. */
export function rtnlDellinkprop(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  return linkprop(skb, nlh, extack, devDelAltname);
}
