/** The plugin. */
import {
  type ModuleContext,
  NETDEV_CHANGE,
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  NETDEV_DOWN,
  NETDEV_NOTIFY_PEERS,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  type NetDevice,
  type NetdevNotifierInfo,
  NOTIFY_DONE,
  type Plugin,
  type SkBuff,
} from '@skbuff/core';
import { IPV6, type Inet6Dev, in6DevGet, ipv6Net } from '@skbuff/ipv6';
import { NEIGHBOUR, type NeighTable, neighStatSeqShow } from '@skbuff/neighbour';
import { procCreateNet } from '@skbuff/procfs';
import { IFF_NOARP } from '@skbuff/uapi';
import { NdiscSock, ndiscNet } from './ndisc-net.ts';
import { pndisc } from './ndisc-proxy.ts';
import { ndiscRcv } from './ndisc-rcv.ts';
import { ndiscRedirectTarget } from './ndisc-redirect-rcv.ts';
import { ndiscSendRedirect } from './ndisc-redirect-send.ts';
import { ndiscSendNa, ndiscSendNs, ndiscSendRs, ndiscSendUnsolNa } from './ndisc-send.ts';
import { ndParms, ndTable } from './ndisc-tbl.ts';

/** After address configuration, which gives a device its IPv6 side (`ndisc_netdev_notifier`). */
const NDISC_NOTIFY_PRIORITY = -5;

/** Loads neighbour discovery: IPv6 can reach its neighbours, and hears routers. ICMPv6, where it is loaded, hands it what arrives. */
export function ndisc(): Plugin {
  return { name: '@skbuff/ndisc', requires: ['@skbuff/neighbour', '@skbuff/ipv6', '@skbuff/procfs'], init };
}

/** `ndisc_init`, `ndisc_late_init`. */
function init(ctx: ModuleContext): void {
  const ip = ctx.get(IPV6);
  const tbl = ndTable(ctx.get(NEIGHBOUR));
  pndisc(tbl);
  netRegister(ctx, tbl);
  ip.ndisc = {
    tbl,
    rcv: (skb: SkBuff) => ndiscRcv(tbl, skb),
    sendRs: ndiscSendRs,
    sendNs: ndiscSendNs,
    sendNa: ndiscSendNa,
    redirectTarget: (skb, onLink) => ndiscRedirectTarget(tbl, skb, onLink),
    sendRedirect: (skb, target) => ndiscSendRedirect(tbl, skb, target),
    isProxied: (net, addr, dev) => tbl.proxy !== null && tbl.proxy.lookup(net, dev, addr.w0, addr.w1, addr.w2, addr.w3) !== null,
  };
  ctx.onUnload(() => {
    ip.ndisc = null;
    tbl.clear();
  });
  ctx.netdeviceNotifier({ priority: NDISC_NOTIFY_PRIORITY, notifierCall: (_nb, event, info) => ndiscNetdevEvent(tbl, event, info) });
}

/** `ndisc_net_init`, and /proc/net/stat/ndisc_cache, whose counters are the kernel's and not the namespace's. */
function netRegister(ctx: ModuleContext, tbl: NeighTable): void {
  const { kernel } = ctx;
  let undo: (() => void) | null = null;
  ctx.pernetSubsys({
    name: 'ndisc',
    init(net) {
      ndiscNet.set(net, new NdiscSock(net));
      if (net === kernel.initNet || kernel.netns.list.length <= 1) undo = procCreateNet(net, `stat/${tbl.id}`, () => neighStatSeqShow(tbl.entries, tbl.stats));
      return 0;
    },
    exit(net) {
      if (net === kernel.initNet) undo?.();
      ndiscNet.set(net, null);
    },
  });
}

/** `ndisc_netdev_event`. */
function ndiscNetdevEvent(tbl: NeighTable, event: number, { dev, flagsChanged }: NetdevNotifierInfo): number {
  const idev = in6DevGet(dev);
  if (event === NETDEV_REGISTER) {
    if (idev !== null) ndParms(tbl, idev);
  } else if (event === NETDEV_UP) notify(idev);
  else if (event === NETDEV_CHANGEADDR) {
    tbl.changeaddr(dev);
    runGc(dev);
    notify(idev);
  } else if (event === NETDEV_CHANGE) change(tbl, dev, idev, flagsChanged);
  else if (event === NETDEV_DOWN) {
    tbl.ifdown(dev);
    runGc(dev);
  } else if (event === NETDEV_NOTIFY_PEERS) ndiscSendUnsolNa(dev);
  else if (event === NETDEV_UNREGISTER) {
    tbl.ifdown(dev);
    if (idev !== null) idev.ndParms = null;
  } else if (event === NETDEV_CHANGEMTU && idev === null) {
    // IPv6 leaves a device whose MTU is too small for it; when it comes back it begins afresh.
    tbl.ifdown(dev);
    tbl.forgetDevice(dev);
  }
  return NOTIFY_DONE;
}

/** Routes whose time is over go with the neighbours. */
function runGc({ net }: NetDevice): void {
  ipv6Net.of(net).ip.routing?.runGc(net);
}

/** ndisc_notify: tells the link our addresses. */
function notify(idev: Inet6Dev | null): void {
  if (idev === null) return;
  const { devconfAll } = ipv6Net.of(idev.dev.net);
  if (idev.cnf.ndiscNotify !== 0 || devconfAll.ndiscNotify !== 0) ndiscSendUnsolNa(idev.dev);
}

function change(tbl: NeighTable, dev: NetDevice, idev: Inet6Dev | null, flagsChanged: number): void {
  if ((flagsChanged & IFF_NOARP) !== 0) tbl.changeaddr(dev);
  const evict = idev === null || (idev.cnf.ndiscEvictNocarrier !== 0 && ipv6Net.of(dev.net).devconfAll.ndiscEvictNocarrier !== 0);
  if (evict && !dev.carrierOk()) tbl.carrierDown(dev);
}
