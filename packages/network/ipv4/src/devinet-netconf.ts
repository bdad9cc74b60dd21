/** RTM_NEWNETCONF, RTM_DELNETCONF, RTM_GETNETCONF for AF_INET: settings of interfaces that routing daemons follow. */
import { Netconf } from '@skbuff/inet';
import * as U from '@skbuff/uapi';
import type { DevconfField, Ipv4Devconf } from './devconf.ts';
import { inDevGet } from './inetdevice.ts';
import { ipv4Net } from './ipv4-net.ts';

/** What a message tells, in its order. */
const TOLD: readonly (readonly [attr: number, field: DevconfField])[] = [
  [U.NETCONFA_FORWARDING, 'forwarding'],
  [U.NETCONFA_RP_FILTER, 'rpFilter'],
  [U.NETCONFA_MC_FORWARDING, 'mcForwarding'],
  [U.NETCONFA_BC_FORWARDING, 'bcForwarding'],
  [U.NETCONFA_PROXY_NEIGH, 'proxyArp'],
  [U.NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 'ignoreRoutesWithLinkdown'],
];

/** Handlers and messages. */
export const inetNetconf: Netconf<DevconfField, Ipv4Devconf> = /* @__PURE__ */ new Netconf<DevconfField, Ipv4Devconf>({
  family: U.AF_INET,
  group: U.RTNLGRP_IPV4_NETCONF,
  name: 'ipv4',
  told: TOLD,
  noDevice: -U.ENODEV,
  all: (net) => ipv4Net.of(net).devconfAll,
  dflt: (net) => ipv4Net.of(net).devconfDflt,
  of: (dev) => inDevGet(dev)?.cnf ?? null,
});

/** The attribute under which a change of a setting is announced; null: it is not. That of bc_forwarding is not, as in Linux. */
export function netconfAttr(field: DevconfField): number | null {
  return field === 'bcForwarding' ? null : (TOLD.find((told) => told[1] === field)?.[0] ?? null);
}
