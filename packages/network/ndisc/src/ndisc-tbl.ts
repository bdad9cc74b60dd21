/** `nd_tbl`: IPv6's table of neighbours, and how its entries are made (`ndisc_constructor`). */
import { type ExtAck, type NetDevice, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff } from '@skbuff/core';
import { type Inet6Dev, type Rt6Info, in6DevGet, ipv6Net, ndiscMcMap } from '@skbuff/ipv6';
import { type NeighCore, type NeighOpsByDevice, type NeighParms, NeighTable, type Neighbour, neighBindOps, neighOpsByDevice } from '@skbuff/neighbour';
import {
  AF_INET6,
  EINVAL,
  ETH_P_IPV6,
  ICMPV6_ADDR_UNREACH,
  ICMPV6_DEST_UNREACH,
  IFF_LOOPBACK,
  IFF_NOARP,
  IFF_POINTOPOINT,
  NUD_NOARP,
  RTM_NEWLINK,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
} from '@skbuff/uapi';
import { copyBytes, type In6Addr } from '@skbuff/wire';
import { ndiscSolicit } from './ndisc-solicit.ts';

const ndiscOps: NeighOpsByDevice = /* @__PURE__ */ neighOpsByDevice(AF_INET6, ndiscSolicit, ndiscErrorReport);

/** Makes the table of a kernel. */
export function ndTable(core: NeighCore): NeighTable {
  return new NeighTable(core, {
    id: 'ndisc_cache',
    family: AF_INET6,
    keyLen: 16,
    protocol: ETH_P_IPV6,
    sysctlDir: 'ipv6',
    ops: ndiscOps.generic,
    construct: ndiscConstructor,
    isMulticast: (neigh) => neigh.k0 >>> 24 === 0xff,
    allowAdd: ndiscAllowAdd,
    oneNeighFlags: 0,
    // An answer counts however soon it comes after another: it says itself whether it replaces what is known.
    parms: { locktime: 0 },
    ifinfoChange: ndiscIfinfoChange,
  });
}

/** `idev->nd_parms`: the settings of an interface, made when first asked for. */
export function ndParms(tbl: NeighTable, idev: Inet6Dev): NeighParms {
  const known = idev.ndParms;
  if (known !== null && !known.dead) return known;
  idev.ndParms = tbl.parmsOf(idev.dev);
  return idev.ndParms;
}

/** `__neigh_lookup`: the entry of an address; with `create` made if there is none. No reference is taken. */
export function ndLookup(tbl: NeighTable, dev: NetDevice, a: In6Addr, create: boolean): Neighbour | null {
  const neigh = tbl.find(dev, a.w0, a.w1, a.w2, a.w3);
  if (neigh !== null || !create) return neigh;
  const made = tbl.create(dev, a.w0, a.w1, a.w2, a.w3);
  return typeof made === 'number' ? null : made;
}

/** `ndisc_constructor`: -EINVAL on a device without IPv6. */
function ndiscConstructor(neigh: Neighbour): number {
  const { dev, tbl } = neigh;
  const idev = in6DevGet(dev);
  if (idev === null) return -EINVAL;
  neigh.type = tbl.options.isMulticast(neigh) ? RTN_MULTICAST : RTN_UNICAST;
  tbl.bindParms(neigh, ndParms(tbl, idev));
  neighBindOps(neigh, ndiscOps, mapAddress);
  return 0;
}

/** Addresses that need no question. */
function mapAddress(neigh: Neighbour): void {
  const { dev } = neigh;
  if (neigh.type === RTN_MULTICAST) {
    // Links without group addresses of their own take them all as broadcast.
    const group = ndiscMcMap(neigh.k3, dev);
    copyBytes(neigh.ha, 0, group ?? dev.broadcast, 0, group?.length ?? dev.addrLen);
  } else if ((dev.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0) {
    copyBytes(neigh.ha, 0, dev.devAddr, 0, dev.addrLen);
    if ((dev.flags & IFF_LOOPBACK) !== 0) neigh.type = RTN_LOCAL;
  } else if ((dev.flags & IFF_POINTOPOINT) !== 0) copyBytes(neigh.ha, 0, dev.broadcast, 0, dev.addrLen);
  else return;
  neigh.nudState = NUD_NOARP;
}

/** `ndisc_error_report`: tells the sender of a packet that its next hop does not answer, and routing (`dst_link_failure`). */
function ndiscErrorReport(neigh: Neighbour, skb: SkBuff): void {
  const { icmp, routing } = ipv6Net.of(neigh.dev.net).ip;
  icmp?.icmpv6Send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
  if (skb.dst !== null) routing?.linkFailure(skb.dst as Rt6Info);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
}

/** `ndisc_allow_add`. */
function ndiscAllowAdd(dev: NetDevice, extack: ExtAck): boolean {
  const idev = in6DevGet(dev);
  if (idev !== null && idev.cnf.disableIpv6 === 0) return true;
  extack.message = 'IPv6 is disabled on this device';
  return false;
}

/** `ndisc_ifinfo_sysctl_change`: IFLA_INET6_CACHEINFO shows these times, so who watches the interface is told. */
function ndiscIfinfoChange({ dev, tbl }: NeighParms): void {
  const idev = dev === null ? null : in6DevGet(dev);
  if (idev === null) return;
  idev.tstamp = tbl.timers.jiffies;
  ipv6Net.of(idev.dev.net).ip.addrconf?.ifinfoNotify(RTM_NEWLINK, idev);
}
