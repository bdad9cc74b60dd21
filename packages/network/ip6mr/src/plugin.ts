/** The plugin. */
import { type ModuleContext, NETDEV_UNREGISTER, NOTIFY_DONE, type Net, type Plugin } from '@skbuff/core';
import { IPV6 } from '@skbuff/ipv6';
import { procCreateNet } from '@skbuff/procfs';
import { MRT6_FLUSH_MFC, MRT6_FLUSH_MFC_STATIC, MRT6_FLUSH_MIFS, MRT6_FLUSH_MIFS_STATIC } from '@skbuff/uapi';
import { ip6mrExpireProcess, mrouteCleanTables } from './ip6mr-cache.ts';
import { ip6MrInput } from './ip6mr-forward.ts';
import { ip6mrDeviceGone } from './ip6mr-mif.ts';
import { ip6mrMfcSeqShow, ip6mrVifSeqShow } from './ip6mr-proc.ts';
import { ip6mrNetlinkInit } from './ip6mr-rtnl.ts';
import { ip6MrouteGetsockopt, ip6MrouteSetsockopt, ip6mrIoctl, ip6mrSkDone } from './ip6mr-sockopt.ts';
import { Ip6mrNet, ip6mrNet, Mr6Table } from './mr6-table.ts';

/** Loads IPv6 multicast routing, for a daemon to use. */
export function ip6mr(): Plugin {
  return { name: '@skbuff/ip6mr', requires: ['@skbuff/ipv6', '@skbuff/netlink', '@skbuff/procfs'], init };
}

/** `ip6_mr_init`. */
function init(ctx: ModuleContext): void {
  const ip = ctx.get(IPV6);
  const files: Map<Net, readonly (() => void)[]> = new Map();
  const newTable = (net: Net, id: number): Mr6Table => new Mr6Table(net, id, ip6mrExpireProcess);
  ctx.pernetSubsys({
    name: 'ip6mr',
    init(net) {
      ip6mrNet.set(net, new Ip6mrNet(net, newTable));
      files.set(net, [procCreateNet(net, 'ip6_mr_vif', () => ip6mrVifSeqShow(net)), procCreateNet(net, 'ip6_mr_cache', () => ip6mrMfcSeqShow(net))]);
      return 0;
    },
    exit(net) {
      for (const mrt of ip6mrNet.of(net).tables) mrouteCleanTables(mrt, MRT6_FLUSH_MIFS | MRT6_FLUSH_MIFS_STATIC | MRT6_FLUSH_MFC | MRT6_FLUSH_MFC_STATIC);
      for (const undo of files.get(net) ?? []) undo();
      files.delete(net);
      ip6mrNet.set(net, null);
    },
  });
  ctx.netdeviceNotifier({
    notifierCall(_nb, event, { dev }) {
      if (event === NETDEV_UNREGISTER) ip6mrDeviceGone(dev);
      return NOTIFY_DONE;
    },
  });
  ip6mrNetlinkInit(ctx);
  ip.mroute = {
    input: ip6MrInput,
    isSocket: (net, skb) => skb.sk !== null && ip6mrNet.of(net).dflt.sk === skb.sk,
    setsockopt: ip6MrouteSetsockopt,
    getsockopt: ip6MrouteGetsockopt,
    ioctl: ip6mrIoctl,
    skDone: ip6mrSkDone,
  };
  ctx.onUnload(() => {
    ip.mroute = null;
  });
}
