/** Routing as a plugin: the routing provider of IPv4, its routes by netlink, its ears on devices and addresses. */
import { type ModuleContext, NOTIFY_DONE, type Net, type Plugin } from '@skbuff/core';
import { IPV4, type Ipv4, type RoutingProvider } from '@skbuff/ipv4';
import { Fib, type FibControl, FibNet, fibNet } from './fib-net.ts';
import { fibAddIfaddr, fibDelIfaddr, fibInetaddrEvent, fibModifyPrefixMetric, fibNetdevEvent } from './fib-frontend.ts';
import { procCreateNet } from '@skbuff/procfs';
import { fibRouteShow, fibTrieShow, fibTriestatShow, rtCacheShow } from './fib-proc.ts';
import { rtmsgFib } from './fib-notify.ts';
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
import { ipv4DstCheck, rtFlushNet } from './route.ts';

export interface FibOptions {
  /** Makes the longest-prefix store of each table, for example `() => new FibTrie()`. */
  readonly table: FibTableFactory;
}

type Ioctl = NonNullable<RoutingProvider['ioctl']>;

/** Factory of the plugin. */
export function fib(options: FibOptions): Plugin {
  return {
    name: '@skbuff/fib',
    requires: ['@skbuff/netlink', '@skbuff/sysctl', '@skbuff/procfs', '@skbuff/ipv4'],
    init(ctx) {
      const ip = ctx.get(IPV4);
      init(ctx, ip, options, control, (net, request, arg, dev) => ipRtIoctl(net, request, rtentryOf(arg, dev)));
      fibRtnlRegister(ctx);
    },
  };
}

/** The same without netlink, ioctl, sysctl and /proc, for stacks that have to be small: a bundler leaves out what only {@link fib} needs. */
export function fibBare(options: FibOptions): Plugin {
  return { name: '@skbuff/fib', requires: ['@skbuff/ipv4'], init: (ctx) => init(ctx, ctx.get(IPV4), options, null, null) };
}

const control: FibControl = {
  rtmsgFib,
  netRegister: (state) => [
    routeSysctlRegister(state),
    procCreateNet(state.net, 'route', () => fibRouteShow(state)),
    procCreateNet(state.net, 'fib_trie', () => fibTrieShow(state)),
    procCreateNet(state.net, 'fib_triestat', () => fibTriestatShow(state)),
    procCreateNet(state.net, 'rt_cache', rtCacheShow),
  ],
};

function init(ctx: ModuleContext, ip: Ipv4, options: FibOptions, control: FibControl | null, ioctl: Ioctl | null): void {
  const state = new Fib(ctx.kernel, ip, options.table, control);
  ctx.leakCheck('fib_info', () => state.infos);
  ctx.pernetSubsys({
    name: 'fib',
    init: (net) => fibNetInit(net, state),
    exit: fibNetExit,
  });
  provide(ctx, ip, ioctl);
  listen(ctx, ip);
}

function fibNetInit(net: Net, fib: Fib): number {
  const state = new FibNet(net, fib);
  fibNet.set(net, state);
  state.undo = fib.control?.netRegister(state) ?? [];
  return 0;
}

function fibNetExit(net: Net): void {
  const state = fibNet.of(net);
  for (const undo of state.undo) undo();
  fibFlushAll(state);
  rtFlushNet(state.fib, net);
  fibNet.set(net, null);
}

/** Puts the provider in place, and takes it back on unload. */
function provide(ctx: ModuleContext, ip: Ipv4, ioctl: Ioctl | null): void {
  const provider: RoutingProvider = {
    routeInput: ipRouteInputNoref,
    routeOutput: ipRouteOutputFlow,
    addrType: (net, addr, dev) => inetAddrTypeIn(fibNet.of(net), addr, dev),
    sendRedirect: ipRtSendRedirect,
    updatePmtu: ipv4UpdatePmtu,
    redirect: ipDoRedirect,
    cacheFlush: (net) => fibNet.of(net).cacheFlush(),
    ifaddr: {
      addIfaddr: (ifa) => fibAddIfaddr(fibNet.of(ifa.inDev.dev.net), ifa),
      delIfaddr: (ifa, prim) => fibDelIfaddr(fibNet.of(ifa.inDev.dev.net), ifa, prim),
      modifyPrefixMetric: (ifa, priority) => fibModifyPrefixMetric(fibNet.of(ifa.inDev.dev.net), ifa, priority),
    },
    ioctl,
  };
  ip.routing = provider;
  ip.dstOps.check = ipv4DstCheck;
  ctx.onUnload(() => {
    if (ip.routing === provider) ip.routing = null;
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
