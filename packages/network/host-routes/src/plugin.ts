/** The plugin: the routing provider of IPv4, and its ears on devices and addresses. */
import { DST_OBSOLETE_FORCE_CHK, type DstEntry, NETDEV_DOWN, NETDEV_REGISTER, NETDEV_UNREGISTER, NETDEV_UP, NOTIFY_DONE, type Net, type NetDevice, type Plugin } from '@skbuff/core';
import { IPV4, type InIfaddr, type RoutingProvider, type Rtable, inDevGet } from '@skbuff/ipv4';
import { RTN_BROADCAST, RTN_MULTICAST, RTN_UNICAST } from '@skbuff/uapi';
import { ipv4IsLbcast, ipv4IsMulticast } from '@skbuff/wire';
import { HostNet, hostNet } from './host-net.ts';
import { hostRouteInput } from './route-input.ts';
import { hostRouteOutput } from './route-output.ts';

const provider: RoutingProvider = {
  routeInput: hostRouteInput,
  routeOutput: hostRouteOutput,
  addrType,
  cacheFlush: (net) => hostNet.of(net).flush(),
};

/** `ipv4_dst_check`. */
function check(dst: DstEntry): boolean {
  return dst.obsolete === DST_OBSOLETE_FORCE_CHK && (dst as Rtable).genid === hostNet.of(dst.dev.net).genid;
}

/** `inet_addr_type`. */
function addrType(net: Net, addr: number, dev: NetDevice | null): number {
  if (addr === 0 || ipv4IsLbcast(addr)) return RTN_BROADCAST;
  if (ipv4IsMulticast(addr)) return RTN_MULTICAST;
  const route = hostNet.of(net).lookup(addr, 0, 0);
  return route === null || (dev !== null && route.dev !== dev) ? RTN_UNICAST : route.type;
}

/** Loads routing for a host that forwards nothing. Instead of `fib()`: one kernel has one routing provider. */
export function hostRoutes(): Plugin {
  return {
    name: '@skbuff/host-routes',
    requires: ['@skbuff/ipv4'],
    init(ctx) {
      const ip = ctx.get(IPV4);
      ip.dstOps.check = check;
      ctx.pernetSubsys({ name: 'host routes', init: (net) => (hostNet.set(net, new HostNet(net, ip)), 0), exit: netExit });
      ip.routing = provider;
      const onAddress = { notifierCall: (_nb: unknown, event: number, info: { readonly ifa: InIfaddr }): number => addressEvent(event, info.ifa) };
      ip.inetaddrChain.register(onAddress);
      ctx.onUnload(() => {
        ip.inetaddrChain.unregister(onAddress);
        ip.routing = null;
      });
      ctx.netdeviceNotifier({ notifierCall: (_nb, event, info) => deviceEvent(event, info.dev) });
    },
  };
}

function netExit(net: Net): void {
  const state = hostNet.of(net);
  state.flush();
  for (const rt of state.live) rt.devPut();
  hostNet.set(net, null);
}

function addressEvent(event: number, { inDev }: InIfaddr): number {
  const { dev } = inDev;
  const state = hostNet.peek(dev.net);
  state?.sync();
  // Without an address there are no neighbours.
  if (event === NETDEV_DOWN && inDev.ifaList.length === 0) state?.ip.arpTbl?.ifdown(dev);
  return NOTIFY_DONE;
}

function deviceEvent(event: number, dev: NetDevice): number {
  const state = hostNet.peek(dev.net);
  if (state === null) return NOTIFY_DONE;
  if (event === NETDEV_UNREGISTER) state.flushDev(dev);
  else if (event === NETDEV_UP || event === NETDEV_DOWN || (event === NETDEV_REGISTER && inDevGet(dev) !== null)) state.sync();
  if (event === NETDEV_DOWN || event === NETDEV_UNREGISTER) state.ip.arpTbl?.ifdown(dev);
  return NOTIFY_DONE;
}
