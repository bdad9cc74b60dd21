/** Which address of this host to use, and whether an address is one (`net/ipv4/devinet.c`). Addresses are u32; 0: none. */
import type { Net, NetDevice } from '@skbuff/core';
import { IFA_F_SECONDARY, RTN_LOCAL, RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { type InDevice, inDevGet, inetIfaMatch } from './inetdevice.ts';
import { ipv4Net } from './ipv4-net.ts';
import { inDevRouteLocalnet } from './in-dev-conf.ts';

/** With `route_localnet`, addresses of scope host may be seen on the link. */
function localnetScope(inDev: InDevice): number {
  return inDevRouteLocalnet(inDev) ? RT_SCOPE_LINK : RT_SCOPE_HOST;
}

/**
 * `inet_select_addr`: a source address for packets to `dst` (0: anywhere) by `dev`: a primary one whose scope is at most `scope` (the
 * number; wider scopes are lower), in the subnet of `dst` if there is one there. Without any, one of another interface.
 */
export function inetSelectAddr(dev: NetDevice, dst: number, scope: number): number {
  const inDev = inDevGet(dev);
  let addr = 0;
  if (inDev !== null) {
    const limit = localnetScope(inDev);
    for (const ifa of inDev.ifaList) {
      if ((ifa.flags & IFA_F_SECONDARY) !== 0 || Math.min(ifa.scope, limit) > scope) continue;
      if (dst === 0 || inetIfaMatch(dst, ifa)) return ifa.local;
      if (addr === 0) addr = ifa.local;
    }
  }
  return addr !== 0 ? addr : selectElsewhere(dev.net, scope);
}

/** The loopback device is the first one, so that an address put there comes before others. */
function selectElsewhere(net: Net, scope: number): number {
  for (const dev of net.devList) {
    for (const ifa of inDevGet(dev)?.ifaList ?? []) {
      if ((ifa.flags & IFA_F_SECONDARY) === 0 && ifa.scope !== RT_SCOPE_LINK && ifa.scope <= scope) return ifa.local;
    }
  }
  return 0;
}

/**
 * `inet_confirm_addr`: an address of ours, of scope at most `scope`, that is `local` (0: any) on an interface that has both `local`
 * and `dst` (0: any) in one subnet. `inDev` null: on any interface of `net`.
 */
export function inetConfirmAddr(net: Net, inDev: InDevice | null, dst: number, local: number, scope: number): number {
  if (inDev !== null) return confirmAddrIndev(inDev, dst, local, scope);
  for (const dev of net.devList) {
    const other = inDevGet(dev);
    const addr = other === null ? 0 : confirmAddrIndev(other, dst, local, scope);
    if (addr !== 0) return addr;
  }
  return 0;
}

function confirmAddrIndev(inDev: InDevice, dst: number, local: number, scope: number): number {
  const limit = localnetScope(inDev);
  const inSubnet = (addr: number): boolean =>
    inDev.ifaList.some((ifa) => (addr === 0 || inetIfaMatch(addr, ifa)) && (local === 0 || inetIfaMatch(local, ifa)) && (dst === 0 || inetIfaMatch(dst, ifa)));
  if (!inSubnet(0)) return 0;
  const usable = inDev.ifaList.filter((ifa) => (local === 0 || ifa.local === local) && Math.min(ifa.scope, limit) <= scope);
  const [first] = usable;
  if (local !== 0 || dst === 0 || first === undefined) return first?.local ?? 0;
  // Without a wish for an address of ours, the one in the subnet of the other side is better. Which comes first in the list decides
  // when the subnet is that of an address which may not be used itself.
  const subnet = inDev.ifaList.findIndex((ifa) => inetIfaMatch(dst, ifa));
  if (subnet < inDev.ifaList.indexOf(first)) return first.local;
  return usable.find((ifa) => inSubnet(ifa.local))?.local ?? 0;
}

/** `inet_addr_onlink`: whether one subnet of the interface holds `a` and `b` (0: `a` alone). */
export function inetAddrOnlink(inDev: InDevice, a: number, b: number): boolean {
  return inDev.ifaList.some((ifa) => inetIfaMatch(a, ifa) && (b === 0 || inetIfaMatch(b, ifa)));
}

/**
 * `ip_dev_find`: the device that has the address, or null. What is local without being anybody's address (127.0.0.2, a local
 * prefix) counts as the loopback device's.
 */
export function ipDevFind(net: Net, addr: number): NetDevice | null {
  for (const dev of net.devList) if (inDevGet(dev)?.ifaList.some((ifa) => ifa.local === addr) === true) return dev;
  return ipv4Net.of(net).ip.routing?.addrType(net, addr, null) === RTN_LOCAL ? net.loopbackDev : null;
}
