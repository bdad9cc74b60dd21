/** Routes by rtnetlink: RTM_NEWROUTE, RTM_DELROUTE, and what is registered for them (`net/ipv6/route.c`). */
import type { ModuleContext } from '@skbuff/core';
import { type NetlinkExtAck, type NetlinkSkb, type NlMsgHdr, RTNL_FLAG_DUMP_SPLIT_NLM_DONE, rtnlRegister } from '@skbuff/netlink';
import { EINVAL, PF_INET6, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE } from '@skbuff/uapi';
import { inet6DumpFib } from './fib6-dump.ts';
import { ip6RouteAdd, ip6RouteDel, ip6RouteMultipathAdd, withNexthop } from './route6-add.ts';
import { inet6RtmGetroute } from './route6-getroute.ts';
import { rtmToFib6Config } from './route6-rtnl-policy.ts';

/** `inet6_rtm_newroute`. */
function inet6RtmNewroute(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const request = rtmToFib6Config(nlh, skb.portid, extack, true);
  if (typeof request === 'number') return request;
  const { cfg, nexthops } = request;
  return nexthops === null ? ip6RouteAdd(skb.net, cfg, extack) : ip6RouteMultipathAdd(skb.net, cfg, nexthops, extack);
}

/** `inet6_rtm_delroute`, `ip6_route_multipath_del`: of several nexthops each is deleted; the errno of the last one that is not there. */
function inet6RtmDelroute(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const request = rtmToFib6Config(nlh, skb.portid, extack, false);
  if (typeof request === 'number') return request;
  const { cfg, nexthops } = request;
  if ((cfg.attrs?.nhId ?? 0) !== 0) {
    extack.setErrMsg('Nexthop id does not exist');
    return -EINVAL;
  }
  if (nexthops === null) return ip6RouteDel(skb.net, { ...cfg, deleteAllNh: true }, extack);
  let last = 0;
  for (const nexthop of nexthops) {
    const err = ip6RouteDel(skb.net, withNexthop(cfg, nexthop), extack);
    if (err !== 0) last = err;
  }
  return last;
}

export function route6RtnlRegister(ctx: ModuleContext): void {
  rtnlRegister(ctx, PF_INET6, RTM_NEWROUTE, inet6RtmNewroute, null);
  rtnlRegister(ctx, PF_INET6, RTM_DELROUTE, inet6RtmDelroute, null);
  rtnlRegister(ctx, PF_INET6, RTM_GETROUTE, inet6RtmGetroute, inet6DumpFib, RTNL_FLAG_DUMP_SPLIT_NLM_DONE);
}
