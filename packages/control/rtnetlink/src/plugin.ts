/** The link handlers as a plugin. */
import { type Plugin, silentRtnl } from '@skbuff/core';
import { RTNETLINK, RTNL_FLAG_DUMP_SPLIT_NLM_DONE, rtnlRegister } from '@skbuff/netlink';
import { PF_UNSPEC, RTM_DELLINK, RTM_DELLINKPROP, RTM_GETADDR, RTM_GETLINK, RTM_GETNETCONF, RTM_GETNSID, RTM_GETROUTE, RTM_GETSTATS, RTM_NEWLINK, RTM_NEWLINKPROP, RTM_NEWNSID, RTM_SETLINK } from '@skbuff/uapi';
import { rtnlDellink } from './dellink.ts';
import { rtnlCalcit, rtnlDumpIfinfo, rtnlGetlink } from './getlink.ts';
import { linkNotify, rtnetlinkEvent } from './link-notify.ts';
import { rtnlDellinkprop, rtnlNewlinkprop } from './linkprop.ts';
import { RTNL_LINKS, RtnlLinks } from './links.ts';
import { rtnlNewlink } from './newlink.ts';
import { rtnlNetDumpid, rtnlNetGetid, rtnlNetNewid } from './nsid.ts';
import { rtnlStatsDump, rtnlStatsGet } from './getstats.ts';
import { rtnlSetlink } from './setlink.ts';

/** Factory of the plugin. */
export function rtnetlink(): Plugin {
  return {
    name: '@skbuff/rtnetlink',
    requires: ['@skbuff/netlink'],
    init(ctx) {
      const rtnl = ctx.get(RTNETLINK);
      const links = new RtnlLinks(rtnl.afOps);
      ctx.provide(RTNL_LINKS, () => links);
      ctx.kernel.rtnl = linkNotify(links);
      ctx.onUnload(() => {
        ctx.kernel.rtnl = silentRtnl;
      });
      ctx.netdeviceNotifier(rtnetlinkEvent(links));
      rtnlRegister(ctx, PF_UNSPEC, RTM_NEWLINK, (skb, nlh, extack) => rtnlNewlink(links, skb, nlh, extack), null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_DELLINK, (skb, nlh, extack) => rtnlDellink(links, skb, nlh, extack), null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_SETLINK, (skb, nlh, extack) => rtnlSetlink(links, skb, nlh, extack), null);
      rtnlRegister(
        ctx,
        PF_UNSPEC,
        RTM_GETLINK,
        (skb, nlh, extack) => rtnlGetlink(links, skb, nlh, extack),
        (part, cb) => rtnlDumpIfinfo(links, part, cb),
        RTNL_FLAG_DUMP_SPLIT_NLM_DONE,
        rtnlCalcit,
      );
      for (const type of [RTM_GETADDR, RTM_GETROUTE, RTM_GETNETCONF]) rtnlRegister(ctx, PF_UNSPEC, type, null, (part, cb) => rtnl.dumpAll(part, cb));
      rtnlRegister(ctx, PF_UNSPEC, RTM_NEWNSID, (skb, nlh, extack) => rtnlNetNewid(links, skb, nlh, extack), null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_GETNSID, (skb, nlh, extack) => rtnlNetGetid(links, skb, nlh, extack), rtnlNetDumpid);
      rtnlRegister(ctx, PF_UNSPEC, RTM_GETSTATS, rtnlStatsGet, rtnlStatsDump);
      rtnlRegister(ctx, PF_UNSPEC, RTM_NEWLINKPROP, rtnlNewlinkprop, null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_DELLINKPROP, rtnlDellinkprop, null);
    },
  };
}
