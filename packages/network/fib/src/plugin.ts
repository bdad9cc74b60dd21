/** Routing as a plugin: the routing provider of IPv4, its routes by netlink, its ears on devices and addresses. */
import { type ModuleContext, NOTIFY_DONE, type Net, type Plugin } from '@skbuff/core';
import { IPV4, type Ipv4, type RoutingProvider } from '@skbuff/ipv4';
import { Fib, FibNet, fibNet } from './fib-net.ts';
import { fibAddIfaddr, fibDelIfaddr, fibInetaddrEvent, fibModifyPrefixMetric, fibNetdevEvent } from './fib-frontend.ts';
import { procCreateNet } from '@skbuff/procfs';
import { fibRouteShow, fibTrieShow, fibTriestatShow, rtCacheShow } from './fib-proc.ts';
import { fibRtnlRegister } from './fib-rtnl.ts';
import type { FibTableFactory } from './fib-table.ts';
import { fibFlushAll } from './fib-tables.ts';
import { inetAddrTypeIn } from './inet-addr-type.ts';
import { ipRtIoctl, rtentryOf } from './ip-rt-ioctl.ts';
import { ipv4UpdatePmtu } from './route-exception.ts';
import { ipRouteInputNoref } from './route-input.ts';
import { ipRouteOutputFlow } from './route-output.ts';
import { ipDoRedirect, ipRtSendRedirect } from './route-redirect.ts';
import { routeSysctlRegister } from './route-sysctl.ts';
import { rtCacheValid } from './route.ts';

export interface FibOptions {
  /** Makes the longest-prefix store of each table, for example `() => new FibTrie()`. */
  readonly table: FibTableFactory;
}

/** Factory of the plugin. */
export function fib(options: FibOptions): Plugin {
  return {
    name: '@skbuff/fib',
    requires: ['@skbuff/netlink', '@skbuff/sysctl', '@skbuff/procfs', '@skbuff/ipv4'],
    init(ctx) {
      const ip = ctx.get(IPV4);
      const state = new Fib(ctx.kernel, ip, options.table);
      ctx.leakCheck('dst entry', () => state.dsts.entries);
      ctx.leakCheck('fib_info', () => state.infos);
      ctx.pernetSubsys({
        name: 'fib',
        init: (net) => fibNetInit(net, state),
        exit: fibNetExit,
      });
      provide(ctx, ip);
      listen(ctx, ip);
      fibRtnlRegister(ctx);
    },
  };
}

function fibNetInit(net: Net, fib: Fib): number {
  const state = new FibNet(net, fib);
  fibNet.set(net, state);
  state.undo = [
    routeSysctlRegister(state),
    procCreateNet(net, 'route', () => fibRouteShow(state)),
    procCreateNet(net, 'fib_trie', () => fibTrieShow(state)),
    procCreateNet(net, 'fib_triestat', () => fibTriestatShow(state)),
    procCreateNet(net, 'rt_cache', rtCacheShow),
  ];
  return 0;
}

function fibNetExit(net: Net): void {
  const state = fibNet.of(net);
  for (const undo of state.undo) undo();
  fibFlushAll(state);
  fibNet.set(net, null);
}

/** Puts the provider in place, and takes it back on unload. */
function provide(ctx: ModuleContext, ip: Ipv4): void {
  const provider: RoutingProvider = {
    routeInput: ipRouteInputNoref,
    routeOutput: ipRouteOutputFlow,
    addrType: (net, addr, dev) => inetAddrTypeIn(fibNet.of(net), addr, dev),
    check: (rt) => rtCacheValid(fibNet.of(rt.dev.net), rt),
    sendRedirect: ipRtSendRedirect,
    updatePmtu: ipv4UpdatePmtu,
    redirect: ipDoRedirect,
  };
  ip.routing = provider;
  ip.ifaddrRoutes = {
    addIfaddr: (ifa) => fibAddIfaddr(fibNet.of(ifa.inDev.dev.net), ifa),
    delIfaddr: (ifa, prim) => fibDelIfaddr(fibNet.of(ifa.inDev.dev.net), ifa, prim),
    modifyPrefixMetric: (ifa, priority) => fibModifyPrefixMetric(fibNet.of(ifa.inDev.dev.net), ifa, priority),
  };
  ip.rtIoctl = (net, request, arg, dev) => ipRtIoctl(net, request, rtentryOf(arg, dev));
  ip.rtCacheFlush = (net) => fibNet.of(net).cacheFlush();
  ctx.onUnload(() => {
    if (ip.routing !== provider) return;
    ip.routing = null;
    ip.rtCacheFlush = null;
    ip.rtIoctl = null;
    ip.ifaddrRoutes = null;
  });
}

function listen(ctx: ModuleContext, ip: Ipv4): void {
  const onAddress = {
    notifierCall: (_nb: unknown, event: number, info: { readonly ifa: Parameters<typeof fibInetaddrEvent>[1] }): number => {
      fibInetaddrEvent(event, info.ifa);
      return NOTIFY_DONE;
    },
  };
  ip.inetaddrChain.register(onAddress);
  ctx.onUnload(() => void ip.inetaddrChain.unregister(onAddress));
  ctx.netdeviceNotifier({
    notifierCall: (_nb, event, info) => {
      fibNetdevEvent(event, info.dev);
      return NOTIFY_DONE;
    },
  });
}
