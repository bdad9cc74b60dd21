/** What the settings `forwarding` and `disable_ipv6` do when they change (`net/ipv6/addrconf.c`). */
import { NETDEV_DOWN, NETDEV_UP, type Net } from '@skbuff/core';
import { type Inet6Dev, type Ipv6Devconf, ipv6Net } from '@skbuff/ipv6';
import { IFF_MULTICAST, NETCONFA_FORWARDING, NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT, RTM_NEWNETCONF } from '@skbuff/uapi';
import { in6addrInterfacelocalAllrouters, in6addrLinklocalAllrouters, in6addrSitelocalAllrouters } from '@skbuff/wire';
import { addrconfJoinAnycast, addrconfLeaveAnycast } from './addrconf-ifa.ts';
import { addrconfNotify } from './addrconf-notify.ts';
import { idevs } from './addrconf-net.ts';
import { inet6Netconf } from './addrconf-netconf.ts';

const ROUTER_GROUPS = [in6addrLinklocalAllrouters, in6addrInterfacelocalAllrouters, in6addrSitelocalAllrouters];

/** The interface that these are the settings of. */
function idevOf(net: Net, cnf: Ipv6Devconf): Inet6Dev | undefined {
  return idevs(net).find((idev) => idev.cnf === cnf);
}

/** `dev_forward_change`: a router is in the groups of routers, and answers for its subnets. */
function devForwardChange(idev: Inet6Dev): void {
  const { dev, cnf } = idev;
  const { mld } = ipv6Net.of(dev.net).ip;
  const router = cnf.forwarding !== 0;
  if ((dev.flags & IFF_MULTICAST) !== 0) {
    for (const group of ROUTER_GROUPS) {
      if (router) mld?.mcInc(dev, group);
      else mld?.mcDec(idev, group);
    }
  }
  for (const ifp of idev.addrList) {
    if (ifp.tentative) continue;
    if (router) addrconfJoinAnycast(ifp);
    else addrconfLeaveAnycast(ifp);
  }
  inet6Netconf.notify(dev.net, RTM_NEWNETCONF, NETCONFA_FORWARDING, dev.ifindex, cnf);
}

/** `addrconf_fixup_forwarding`: sets `forwarding` in `cnf` (all, default, or an interface's) with its consequences. */
export function addrconfFixupForwarding(net: Net, cnf: Ipv6Devconf, value: number): void {
  const { ip, devconfAll, devconfDflt } = ipv6Net.of(net);
  const changed = (value === 0) !== (cnf.forwarding === 0);
  cnf.forwarding = value;
  if (cnf === devconfDflt) {
    if (changed) notify(net, NETCONFA_IFINDEX_DEFAULT, cnf);
    return;
  }
  if (cnf === devconfAll) {
    const defaultChanged = (value === 0) !== (devconfDflt.forwarding === 0);
    devconfDflt.forwarding = value;
    if (defaultChanged) notify(net, NETCONFA_IFINDEX_DEFAULT, devconfDflt);
    for (const idev of idevs(net)) forwardChange(idev, value);
    if (changed) notify(net, NETCONFA_IFINDEX_ALL, cnf);
  } else if (changed) devForwardChange(idevOf(net, cnf) as Inet6Dev);
  if (value !== 0) ip.routing?.purgeDfltRouters(net);
}

/** `addrconf_forward_change`, of one interface. */
function forwardChange(idev: Inet6Dev, value: number): void {
  const changed = (value === 0) !== (idev.cnf.forwarding === 0);
  idev.cnf.forwarding = value;
  if (changed) devForwardChange(idev);
}

function notify(net: Net, ifindex: number, cnf: Ipv6Devconf): void {
  inet6Netconf.notify(net, RTM_NEWNETCONF, NETCONFA_FORWARDING, ifindex, cnf);
}

/** `addrconf_disable_ipv6`: sets `disable_ipv6` in `cnf` (all, default, or an interface's): the interface loses its addresses, or makes itself new ones. */
export function addrconfDisableIpv6(net: Net, cnf: Ipv6Devconf, value: number): void {
  const { devconfAll, devconfDflt } = ipv6Net.of(net);
  const changed = (value === 0) !== (cnf.disableIpv6 === 0);
  cnf.disableIpv6 = value;
  if (cnf === devconfAll) {
    devconfDflt.disableIpv6 = value;
    for (const idev of idevs(net)) disableChange(idev, value);
  } else if (cnf !== devconfDflt && changed) devDisableChange(idevOf(net, cnf) as Inet6Dev);
}

/** `addrconf_disable_change`, of one interface. */
function disableChange(idev: Inet6Dev, value: number): void {
  const changed = (value === 0) !== (idev.cnf.disableIpv6 === 0);
  idev.cnf.disableIpv6 = value;
  if (changed) devDisableChange(idev);
}

/** `dev_disable_change`. */
function devDisableChange({ dev, cnf }: Inet6Dev): void {
  addrconfNotify(cnf.disableIpv6 !== 0 ? NETDEV_DOWN : NETDEV_UP, { dev, extack: null, flagsChanged: 0 });
}
