/** RTM_DELLINK (`rtnl_dellink`). */
import { type Net, type NetDevice, unregisterNetdeviceMany, getNetNsById } from '@skbuff/core';
import { IfInfoMsg, NlAttrs, type NetlinkExtAck, type NetlinkSkb, type NlMsgHdr, nlmsgParseDeprecated } from '@skbuff/netlink';
import { EINVAL, ENODEV, EOPNOTSUPP, EPERM, IFLA_GROUP, IFLA_MAX, IFLA_TARGET_NETNSID } from '@skbuff/uapi';
import { iflaPolicy } from './ifla-policy.ts';
import { linkByIndexOrName, hasName } from './link-lookup.ts';
import { rtnlEnsureUniqueNetns } from './link-netns.ts';
import type { RtnlLinks } from './links.ts';

/** RTM_DELLINK: the device of that index or name, or all of a group. */
export function rtnlDellink(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(IFLA_MAX);
  const err = nlmsgParseDeprecated(nlh, IfInfoMsg.LEN, tb, iflaPolicy, extack) || rtnlEnsureUniqueNetns(tb, extack, true);
  if (err !== 0) return err;
  const net = tb.has(IFLA_TARGET_NETNSID) ? getNetNsById(skb.net, tb.s32(IFLA_TARGET_NETNSID)) : skb.net;
  if (net === null) return -EINVAL;
  const { index } = new IfInfoMsg().read(nlh.buf, nlh.data);
  const devs = index <= 0 && !hasName(tb) && tb.has(IFLA_GROUP) ? groupOf(net, tb.u32(IFLA_GROUP)) : linkByIndexOrName(net, index, tb);
  if (typeof devs === 'number') return devs;
  links.request = { skb, nlh };
  const ret = deleteLinks(Array.isArray(devs) ? devs : [devs]);
  links.request = null;
  return ret;
}

/** `rtnl_group_dellink`: not for group 0, to which every device belongs at first. */
function groupOf(net: Net, group: number): NetDevice[] | number {
  if (group === 0) return -EPERM;
  const devs = net.devList.filter((dev) => dev.group === group);
  return devs.length === 0 ? -ENODEV : devs;
}

/** Only a device of a kind can be removed. */
function deleteLinks(devs: readonly NetDevice[]): number {
  if (devs.some((dev) => dev.rtnlLinkOps === null)) return -EOPNOTSUPP;
  const doomed: NetDevice[] = [];
  for (const dev of devs) {
    if (doomed.includes(dev)) continue;
    const dellink = dev.rtnlLinkOps?.dellink ?? null;
    if (dellink === null) doomed.push(dev);
    else dellink(dev, doomed);
  }
  unregisterNetdeviceMany(doomed);
  return 0;
}
