/** Routing as a plugin: the routing provider of IPv6. */
import { type ModuleContext, NETDEV_UNREGISTER, NOTIFY_DONE, type Net, type Plugin } from '@skbuff/core';
import { IPV6, type Ip6RoutingProvider, type Ipv6 } from '@skbuff/ipv6';
import { fib6Control } from './fib6-control.ts';
import type { Fib6Rt } from './fib6-info.ts';
import { Fib6, type Fib6Control, Fib6Net, fib6Net, fib6StartGc } from './fib6-net.ts';
import type { Fib6TableFactory } from './fib6-table.ts';
import { fib6RunGc } from './ip6-fib-gc.ts';
import { addrconfF6iAlloc, addrconfGetPrefixRoute, ip6DelRt, ip6InsRt, ip6RouteAdd } from './route6-add.ts';
import { rt6DisableIp, rt6FlushNet, rt6MtuChange, rt6SpecialFlushDev, rt6SyncDownDev, rt6SyncUp, rt6UncachedListFlushDev } from './route6-dev.ts';
import { ip6DstCheck } from './route6-dst.ts';
import { ip6LinkFailure } from './route6-error.ts';
import { ip6RouteInput } from './route6-input.ts';
import { icmp6DstAlloc, ip6RouteOutput, rt6Lookup } from './route6-output.ts';
import { ip6UpdatePmtu } from './route6-pmtu.ts';
import { rt6CleanTohost, rt6PurgeDfltRouters, rt6RaRouter, rt6RemovePrefsrc, rt6RouteRcv } from './route6-ra.ts';
import { ipv6RouteIoctl } from './route6-ioctl.ts';
import { ip6Redirect, ip6RedirectNoHeader } from './route6-redirect.ts';
import { route6RtnlRegister } from './route6-rtnl.ts';
import { rt6DropWays } from './route6-ways.ts';

export interface Fib6Options {
  /** Makes the longest-prefix store of each table. */
  readonly table: Fib6TableFactory;
}

/** Routing of IPv6, with the messages, files, settings and calls by which user space changes it. */
export function fib6(options: Fib6Options): Plugin {
  return {
    name: '@skbuff/fib6',
    requires: ['@skbuff/ipv6', '@skbuff/netlink', '@skbuff/sysctl', '@skbuff/procfs'],
    init(ctx) {
      init(ctx, ctx.get(IPV6), options, fib6Control, ipv6RouteIoctl);
      route6RtnlRegister(ctx);
    },
  };
}

/** The same without them, for stacks that have to be small: a bundler leaves out the rest. */
export function fib6Bare(options: Fib6Options): Plugin {
  return { name: '@skbuff/fib6', requires: ['@skbuff/ipv6'], init: (ctx) => init(ctx, ctx.get(IPV6), options, null, null) };
}

function init(ctx: ModuleContext, ip: Ipv6, options: Fib6Options, control: Fib6Control | null, ioctl: Ip6RoutingProvider['ioctl']): void {
  const state = new Fib6(ctx.kernel, ip, options.table, control);
  ctx.leakCheck('fib6_info', () => state.infos);
  ctx.pernetSubsys({ name: 'fib6', init: (net) => fib6NetInit(net, state), exit: fib6NetExit });
  provide(ctx, ip, ioctl);
  ctx.netdeviceNotifier({
    notifierCall(_nb, event, { dev }) {
      if (event === NETDEV_UNREGISTER) {
        rt6SpecialFlushDev(fib6Net.of(dev.net), dev);
        rt6UncachedListFlushDev(state, dev);
      }
      return NOTIFY_DONE;
    },
  });
}

function fib6NetInit(net: Net, fib6: Fib6): number {
  const state = new Fib6Net(net, fib6, fib6RunGc);
  fib6Net.set(net, state);
  state.undo = fib6.control?.netRegister(state) ?? [];
  return 0;
}

function fib6NetExit(net: Net): void {
  const state = fib6Net.of(net);
  for (const undo of state.undo) undo();
  state.timers.delTimer(state.gcTimer);
  rt6FlushNet(state, net);
  fib6Net.set(net, null);
}

/** Puts the provider in place, and takes it back on unload. */
function provide(ctx: ModuleContext, ip: Ipv6, ioctl: Ip6RoutingProvider['ioctl']): void {
  const provider: Ip6RoutingProvider = {
    routeInput: ip6RouteInput,
    routeOutput: ip6RouteOutput,
    lookup: rt6Lookup,
    icmp6DstAlloc,
    cacheFlush(net) {
      const state = fib6Net.of(net);
      state.genid++;
      rt6DropWays(state);
    },
    updatePmtu: ip6UpdatePmtu,
    linkFailure: ip6LinkFailure,
    redirect: ip6Redirect,
    redirectNoHeader: ip6RedirectNoHeader,
    addRoute: ip6RouteAdd,
    f6iAlloc: addrconfF6iAlloc,
    insRt: ip6InsRt,
    delRt: ip6DelRt,
    getPrefixRoute: addrconfGetPrefixRoute,
    setExpires(net, rt, jiffies) {
      (rt as Fib6Rt).setExpires(jiffies);
      if (jiffies !== 0) fib6StartGc(fib6Net.of(net));
    },
    raRouter: rt6RaRouter,
    routeInfo: rt6RouteRcv,
    purgeDfltRouters: rt6PurgeDfltRouters,
    cleanTohost: rt6CleanTohost,
    removePrefsrc: rt6RemovePrefsrc,
    disableIp: rt6DisableIp,
    syncUp: rt6SyncUp,
    syncDownDev: rt6SyncDownDev,
    mtuChange: rt6MtuChange,
    runGc: (net) => fib6RunGc(fib6Net.of(net)),
    ioctl,
  };
  ip.routing = provider;
  ip.dstOps.check = ip6DstCheck;
  ctx.onUnload(() => {
    if (ip.routing !== provider) return;
    ip.routing = null;
    ip.dstOps.check = () => false;
  });
}
