/** RTM_NEWNETCONF, RTM_DELNETCONF, RTM_GETNETCONF for AF_INET6: settings of interfaces that routing daemons follow. */
import type { Net } from '@skbuff/core';
import { Netconf } from '@skbuff/inet';
import { type DevconfField, in6DevGet, type Ipv6Devconf, ipv6Net } from '@skbuff/ipv6';
import {
  AF_INET6,
  EINVAL,
  NETCONFA_FORWARDING,
  NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN,
  NETCONFA_MC_FORWARDING,
  NETCONFA_PROXY_NEIGH,
  RTNLGRP_IPV6_NETCONF,
} from '@skbuff/uapi';

/** Handlers and messages. */
export const inet6Netconf: Netconf<DevconfField, Ipv6Devconf> = /* @__PURE__ */ new Netconf<DevconfField, Ipv6Devconf>({
  family: AF_INET6,
  group: RTNLGRP_IPV6_NETCONF,
  name: 'ipv6',
  told: [
    [NETCONFA_FORWARDING, 'forwarding'],
    [NETCONFA_MC_FORWARDING, 'mcForwarding'],
    [NETCONFA_PROXY_NEIGH, 'proxyNdp'],
    [NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 'ignoreRoutesWithLinkdown'],
  ],
  noDevice: -EINVAL,
  all: (net) => ipv6Net.of(net).devconfAll,
  dflt: (net) => ipv6Net.of(net).devconfDflt,
  of: (dev) => in6DevGet(dev)?.cnf ?? null,
});

/** `inet6_netconf_notify_devconf`: see {@link Netconf.notify}. */
export function inet6NetconfNotifyDevconf(net: Net, type: number, attr: number, ifindex: number, cnf: Ipv6Devconf | null): void {
  inet6Netconf.notify(net, type, attr, ifindex, cnf);
}
