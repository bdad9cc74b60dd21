/** Which namespace a link message means. */
import { getNetNsById, type Net } from '@skbuff/core';
import type { NetlinkExtAck, NetlinkSkb, NlAttrs } from '@skbuff/netlink';
import { CAP_NET_ADMIN, EINVAL, EOPNOTSUPP, EPERM, IFLA_LINK_NETNSID, IFLA_NET_NS_FD, IFLA_NET_NS_PID, IFLA_TARGET_NETNSID } from '@skbuff/uapi';
import type { RtnlLinks } from './links.ts';

/** `rtnl_ensure_unique_netns`: at most one way to name it; with `idOnly` only by number. */
export function rtnlEnsureUniqueNetns(tb: NlAttrs, extack: NetlinkExtAck, idOnly: boolean): number {
  const pid = tb.has(IFLA_NET_NS_PID);
  const fd = tb.has(IFLA_NET_NS_FD);
  if (idOnly && (pid || fd)) {
    extack.setErrMsg('specified netns attribute not supported');
    return -EOPNOTSUPP;
  }
  if (Number(pid) + Number(fd) + Number(tb.has(IFLA_TARGET_NETNSID)) <= 1) return 0;
  extack.setErrMsg('multiple netns identifying attributes specified');
  return -EINVAL;
}

/**
 * `rtnl_link_get_net_capable`: the namespace that the message names, by default the sender's, or a negative errno: -EPERM for one that the
 * sender does not administer.
 */
export function rtnlLinkGetNet(links: RtnlLinks, skb: NetlinkSkb, tb: NlAttrs): Net | number {
  const net = namedNet(links, skb, tb);
  return typeof net === 'number' || skb.port.capable(CAP_NET_ADMIN, net) ? net : -EPERM;
}

function namedNet(links: RtnlLinks, skb: NetlinkSkb, tb: NlAttrs): Net | number {
  if (tb.has(IFLA_TARGET_NETNSID)) return getNetNsById(skb.net, tb.s32(IFLA_TARGET_NETNSID)) ?? -EINVAL;
  if (tb.has(IFLA_NET_NS_PID)) return links.netns.byPid(skb.port, tb.u32(IFLA_NET_NS_PID));
  if (tb.has(IFLA_NET_NS_FD)) return links.netns.byFd(skb.port, tb.u32(IFLA_NET_NS_FD));
  return skb.net;
}

/** IFLA_LINK_NETNSID: the namespace in which the message's names and indices are to be looked up, or null for the sender's. */
export function rtnlLinkNet(skb: NetlinkSkb, tb: NlAttrs, extack: NetlinkExtAck): Net | null | number {
  if (!tb.has(IFLA_LINK_NETNSID)) return null;
  const net = getNetNsById(skb.net, tb.s32(IFLA_LINK_NETNSID));
  if (net !== null) return skb.port.capable(CAP_NET_ADMIN, net) ? net : -EPERM;
  extack.setErrMsg('Unknown network namespace id');
  return -EINVAL;
}

