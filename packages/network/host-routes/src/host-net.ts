/** The table of one namespace, and the decisions made from it. */
import { DST_OBSOLETE_FORCE_CHK, type Net, type NetDevice, NetSlot } from '@skbuff/core';
import { type Ipv4, RTCF_LOCAL, Rtable, inDevGet, ipLocalDeliver, ipOutput } from '@skbuff/ipv4';
import { IFF_UP, RTN_LOCAL, RTN_UNICAST, RTN_UNREACHABLE, RT_SCOPE_UNIVERSE } from '@skbuff/uapi';
import { type HostRoute, addressRoutes, hostRoute, routeOrder } from './host-route.ts';

export class HostNet {
  readonly net: Net;
  readonly ip: Ipv4;
  /** A few rows: looked through from the first to the last. */
  routes: readonly HostRoute[] = [];
  /** In the order in which they were set. */
  readonly gateways: Map<NetDevice, number> = new Map();
  /** Decisions of an older generation are made again. */
  genid = 1;
  /** All decisions that live, to make them let go of a device that leaves. */
  readonly live: Set<Rtable> = new Set();
  /** By RTN_*: the decision that all received packets of that kind share. */
  private readonly inputs: (Rtable | null)[] = new Array<Rtable | null>(RTN_UNREACHABLE + 1).fill(null);

  constructor(net: Net, ip: Ipv4) {
    this.net = net;
    this.ip = ip;
  }

  /** The row for `addr` by the interface `oif` (0: any) with a scope of at least `scope`, or null. */
  lookup(addr: number, oif: number, scope: number): HostRoute | null {
    for (let i = 0; i < this.routes.length; i++) {
      const route = this.routes[i] as HostRoute;
      if (((addr ^ route.prefix) & route.mask) === 0 && route.scope >= scope && (oif === 0 || oif === route.dev.ifindex)) return route;
    }
    return null;
  }

  /** Whether `addr` is an address of an interface. */
  isOurs(addr: number): boolean {
    for (let i = 0; i < this.routes.length; i++) {
      const route = this.routes[i] as HostRoute;
      if (route.plen < 32) return false;
      if (route.prefix === addr && route.type === RTN_LOCAL) return true;
    }
    return false;
  }

  /** Brings the table up to date after a change of addresses or devices. What stays keeps its place before what is new. */
  sync(): void {
    const has = (list: readonly HostRoute[], route: HostRoute): boolean => list.some(({ key }) => key === route.key);
    const fresh: HostRoute[] = [];
    for (const dev of this.net.devList) {
      const up = (dev.flags & IFF_UP) !== 0;
      // What is local once stays so while the device is down.
      const may = (route: HostRoute, i: number): boolean => i === 0 || up || (route.type === RTN_LOCAL && has(this.routes, route));
      for (const ifa of inDevGet(dev)?.ifaList ?? []) fresh.push(...addressRoutes(ifa).filter(may));
    }
    for (const [dev, gateway] of this.gateways) {
      const able = (dev.flags & IFF_UP) !== 0 && (inDevGet(dev)?.ifaList.length ?? 0) > 0;
      if (able) fresh.push(hostRoute(RTN_UNICAST, 0, 0, dev, 0, gateway, RT_SCOPE_UNIVERSE));
    }
    this.flush();
    const kept = this.routes.filter((route) => has(fresh, route));
    for (const route of fresh) if (!has(kept, route)) kept.push(route);
    this.routes = kept.sort(routeOrder);
  }

  /** `rt_cache_flush`: every decision made so far is made again when it is next needed. */
  flush(): void {
    this.genid++;
    for (const route of this.routes) {
      route.out?.release();
      route.out = null;
    }
    for (const [type, rt] of this.inputs.entries()) {
      rt?.release();
      this.inputs[type] = null;
    }
  }

  /** The device leaves: those who still hold a decision send nothing over it any more. */
  flushDev(dev: NetDevice): void {
    this.gateways.delete(dev);
    this.sync();
    for (const rt of this.live) if (rt.dev === dev) rt.devPut();
  }

  /** `rt_dst_alloc`: one reference, the caller's. `flags`: RTCF_* */
  alloc(dev: NetDevice, type: number, flags: number, forInput: boolean): Rtable {
    const rt = new Rtable(dev, this.ip.dstOps, type, flags, this.genid, forInput);
    rt.uncached = this.live.add(rt);
    rt.obsolete = DST_OBSOLETE_FORCE_CHK;
    rt.output = ipOutput;
    if ((flags & RTCF_LOCAL) !== 0) rt.input = ipLocalDeliver;
    return rt;
  }

  /** The decision for received packets of a kind; without a loopback device it is bound to the one that asks first. */
  input(dev: NetDevice, type: number, flags: number): Rtable {
    return (this.inputs[type] ??= this.alloc(this.net.loopbackDev ?? dev, type, flags, true));
  }
}

export const hostNet: NetSlot<HostNet> = new NetSlot<HostNet>('host routes');
