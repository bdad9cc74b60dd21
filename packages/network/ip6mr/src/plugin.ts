/** The plugin. */
import { type ModuleContext, NETDEV_UNREGISTER, NOTIFY_DONE, type Net, type NetDevice, type Plugin, type SkBuff, pernetUndo } from '@skbuff/core';
import { fibRulesPernet } from '@skbuff/fib-rules';
import { IPV6 } from '@skbuff/ipv6';
import { procCreateNet } from '@skbuff/procfs';
import { IPPROTO_PIM, MRT6_FLUSH_MFC, MRT6_FLUSH_MFC_STATIC, MRT6_FLUSH_MIFS, MRT6_FLUSH_MIFS_STATIC } from '@skbuff/uapi';
import { ip6mrExpireProcess, mrouteCleanTables } from './ip6mr-cache.ts';
import { ip6MrInput } from './ip6mr-forward.ts';
import { ip6mrDeviceGone } from './ip6mr-mif.ts';
import { ip6mrMfcSeqShow, ip6mrVifSeqShow } from './ip6mr-proc.ts';
import { ip6mrFibLookup, Ip6mrRules, ip6mrRulesNet } from './ip6mr-rules.ts';
import { pim6Protocol } from './ip6mr-reg.ts';
import { ip6mrNetlinkInit } from './ip6mr-rtnl.ts';
import { ip6MrouteGetsockopt, ip6MrouteSetsockopt, ip6mrIoctl, ip6mrSkDone } from './ip6mr-sockopt.ts';
import { Ip6mrNet, ip6mrNet, Mr6Table } from './mr6-table.ts';

/** Loads IPv6 multicast routing, for a daemon to use. */
export function ip6mr(): Plugin {
  return { name: '@skbuff/ip6mr', requires: ['@skbuff/ipv6', '@skbuff/netlink', '@skbuff/procfs', '@skbuff/fib-rules'], init };
}

/** `ip6_mr_init`. */
function init(ctx: ModuleContext): void {
  const ip = ctx.get(IPV6);
  const newTable = (net: Net, id: number): Mr6Table => new Mr6Table(net, id, ip6mrExpireProcess);
  ctx.pernetSubsys({
    name: 'ip6mr',
    init: (net) => (ip6mrNet.set(net, new Ip6mrNet(net, newTable)), 0),
    exit(net) {
      for (const mrt of ip6mrNet.of(net).tables) mrouteCleanTables(mrt, MRT6_FLUSH_MIFS | MRT6_FLUSH_MIFS_STATIC | MRT6_FLUSH_MFC | MRT6_FLUSH_MFC_STATIC);
      ip6mrNet.set(net, null);
    },
  });
  pernetUndo(ctx, 'ip6mr files', (net) => [
    procCreateNet(net, 'ip6_mr_vif', () => ip6mrVifSeqShow(net)),
    procCreateNet(net, 'ip6_mr_cache', () => ip6mrMfcSeqShow(net)),
  ]);
  fibRulesPernet(ctx, 'ip6mr_rules', ip6mrRulesNet, (net) => new Ip6mrRules(net));
  ctx.netdeviceNotifier({
    notifierCall(_nb, event, { dev }) {
      if (event === NETDEV_UNREGISTER) ip6mrDeviceGone(dev);
      return NOTIFY_DONE;
    },
  });
  ip6mrNetlinkInit(ctx);
  const remove = ip.addProtocol(IPPROTO_PIM, pim6Protocol);
  if (remove === null) throw new Error('next header 103 has a handler already');
  ctx.onUnload(remove);
  ip.mroute = {
    input: ip6MrInput,
    isSocket: mroute6IsSocket,
    setsockopt: ip6MrouteSetsockopt,
    getsockopt: ip6MrouteGetsockopt,
    ioctl: ip6mrIoctl,
    skDone: ip6mrSkDone,
  };
  ctx.onUnload(() => {
    ip.mroute = null;
  });
}

const LOOPBACK_IFINDEX = 1;

/** See `MulticastRouting6.isSocket`. */
function mroute6IsSocket(net: Net, skb: SkBuff): boolean {
  if (skb.sk === null) return false;
  const mrt = ip6mrFibLookup(net, skb, skb.skbIif || LOOPBACK_IFINDEX, (skb.dev as NetDevice).ifindex);
  return typeof mrt !== 'number' && mrt.sk === skb.sk;
}
