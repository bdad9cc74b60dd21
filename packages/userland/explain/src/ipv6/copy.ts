/** What a copy cannot be asked for: how addresses stand, and routes that routers have announced. */
import type { Net, NetDevice } from '@skbuff/core';
import { type Fib6Rt, fib6Net } from '@skbuff/fib6';
import { in6DevGet, type Inet6Ifaddr, ipv6Net } from '@skbuff/ipv6';
import { NLM_F_CREATE, RTPROT_RA } from '@skbuff/uapi';

export function copyStates6(devs: ReadonlyMap<NetDevice, NetDevice>, from: Net, to: Net): void {
  for (const dev of from.devList) copyAddressStates(dev, devs.get(dev));
  const routes = [...(fib6Net.peek(from)?.tables.values() ?? [])].flatMap((table) => table.routes());
  for (const rt of routes) {
    const dev = devs.get(rt.nh.dev);
    if (rt.protocol === RTPROT_RA && dev !== undefined) announce(from, to, rt, dev);
  }
}

/** An address that is being tried stays so, and the copy does not try it. */
function copyAddressStates(from: NetDevice, to: NetDevice | undefined): void {
  const copies = to === undefined ? [] : addressesOf(to);
  for (const { addr, flags } of addressesOf(from)) {
    const copy = copies.find((one) => one.addr.equals(addr));
    if (copy !== undefined) copy.flags = flags;
  }
}

function addressesOf(dev: NetDevice): readonly Inet6Ifaddr[] {
  return in6DevGet(dev)?.addrList ?? [];
}

/** Such a route never shares its packets with others, as one that was asked for would. */
function announce(from: Net, to: Net, rt: Fib6Rt, dev: NetDevice): void {
  const { dst, expires, flagsShown, metric, metrics, nh, plen, protocol, table, type } = rt;
  const cfg = {
    table: table.id, metric, dst, dstLen: plen, ifindex: dev.ifindex, flags: flagsShown, protocol, type, nlflags: NLM_F_CREATE,
    expires: expires === 0 ? 0 : expires - from.timers.jiffies,
    ...(nh.hasGw && { gateway: nh.gw }),
    ...(metrics !== null && { metrics: metrics.slice() }),
  };
  ipv6Net.of(to).ip.routing?.addRoute(to, cfg, null);
}
