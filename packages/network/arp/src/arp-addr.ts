/** Which of a host's addresses belongs where: what ARP asks of the interface addresses (`inet_select_addr` and its like). */
import type { Net, NetDevice } from '@skbuff/core';
import { type InDevice, type InIfaddr, inDevGet, inetIfaMatch, ipv4Net } from '@skbuff/ipv4';
import { IFA_F_SECONDARY, RTN_BROADCAST, RTN_MULTICAST, RTN_UNICAST, RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { ipv4IsLbcast, ipv4IsMulticast, ipv4IsZeronet } from '@skbuff/wire';

/** `inet_addr_type_dev_table`: RTN_* of an address as seen on `dev`. Without a routing package every unicast address is foreign. */
export function addrType(net: Net, addr: number, dev: NetDevice): number {
  const { routing } = ipv4Net.of(net).ip;
  if (routing !== null) return routing.addrType(net, addr, dev);
  if (ipv4IsZeronet(addr) || ipv4IsLbcast(addr)) return RTN_BROADCAST;
  return ipv4IsMulticast(addr) ? RTN_MULTICAST : RTN_UNICAST;
}

/** With `route_localnet` an address of scope host may be used on the link. */
function effectiveScope(ifa: InIfaddr, inDev: InDevice): number {
  return Math.min(ifa.scope, inDev.routeLocalnet() ? RT_SCOPE_LINK : RT_SCOPE_HOST);
}

/**
 * `inet_select_addr`: the source for talking to `dst` out of `dev`: a primary address that is valid in `scope`, in the subnet of
 * `dst` if there is one; else one of another interface. 0: this host has none.
 */
export function inetSelectAddr(dev: NetDevice, dst: number, scope: number): number {
  const inDev = inDevGet(dev);
  let first: InIfaddr | null = null;
  for (const ifa of inDev?.ifaList ?? []) {
    if ((ifa.flags & IFA_F_SECONDARY) !== 0 || effectiveScope(ifa, inDev as InDevice) > scope) continue;
    if (dst === 0 || inetIfaMatch(dst, ifa)) return ifa.local;
    first ??= ifa;
  }
  return first?.local ?? addrOfAnyDevice(dev.net, scope);
}

function addrOfAnyDevice(net: Net, scope: number): number {
  for (const dev of net.devList) {
    for (const ifa of inDevGet(dev)?.ifaList ?? []) {
      if ((ifa.flags & IFA_F_SECONDARY) === 0 && ifa.scope !== RT_SCOPE_LINK && ifa.scope <= scope) return ifa.local;
    }
  }
  return 0;
}

/** `inet_addr_onlink`: whether one subnet of the interface holds both addresses; `b` 0: whether one holds `a`. */
export function inetAddrOnlink(inDev: InDevice, a: number, b: number): boolean {
  return inDev.ifaList.some((ifa) => inetIfaMatch(a, ifa) && (b === 0 || inetIfaMatch(b, ifa)));
}

/**
 * `inet_confirm_addr`: an address of ours that fits. `inDev` null: on any interface of `net`. `local` not 0: that very address.
 * `dst` not 0: one subnet of the same interface must hold `dst` (and `local`, if given). It must be valid in `scope`. 0: none.
 */
export function inetConfirmAddr(net: Net, inDev: InDevice | null, dst: number, local: number, scope: number): number {
  if (inDev !== null) return confirmOnDevice(inDev, dst, local, scope);
  for (const dev of net.devList) {
    const other = inDevGet(dev);
    const addr = other === null ? 0 : confirmOnDevice(other, dst, local, scope);
    if (addr !== 0) return addr;
  }
  return 0;
}

function confirmOnDevice(inDev: InDevice, dst: number, local: number, scope: number): number {
  const ours = inDev.ifaList.filter((ifa) => effectiveScope(ifa, inDev) <= scope && (local === 0 || ifa.local === local));
  const subnets = inDev.ifaList.filter((ifa) => (local === 0 || inetIfaMatch(local, ifa)) && (dst === 0 || inetIfaMatch(dst, ifa)));
  if (subnets.length === 0) return 0;
  // Without a wish for a certain address, one in the subnet of the other side.
  const best = local !== 0 || dst === 0 ? ours[0] : ours.find((ifa) => subnets.some((subnet) => inetIfaMatch(ifa.local, subnet)));
  return best?.local ?? 0;
}
