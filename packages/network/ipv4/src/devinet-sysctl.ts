/** net.ipv4.conf.{all,default,IFACE}.* (`net/ipv4/devinet.c`). */
import type { Net, NetDevice } from '@skbuff/core';
import { registerNetSysctl, type SysctlFile, type SysctlTable, sysctlDevNameIsAllowed, sysctlInt } from '@skbuff/sysctl';
import { EINVAL, NETCONFA_ALL, NETCONFA_FORWARDING, NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT, RTM_DELNETCONF, RTM_NEWNETCONF } from '@skbuff/uapi';
import { DEVCONF_SYSCTLS, type DevconfField, type Ipv4Devconf } from './devconf.ts';
import { inetNetconf, netconfAttr } from './devinet-netconf.ts';
import { inDevGet } from './inetdevice.ts';
import { ipv4Net } from './ipv4-net.ts';

/** Routes that were cached with the old value of one of these may be wrong with the new one. */
const FLUSHES: ReadonlySet<DevconfField> = new Set<DevconfField>([
  'disableXfrm',
  'disablePolicy',
  'promoteSecondaries',
  'routeLocalnet',
  'acceptLocal',
  'bcForwarding',
  'forwarding',
]);

/** Whose settings a file has. */
interface DevconfOwner {
  readonly net: Net;
  /** The interface's, NETCONFA_IFINDEX_ALL or NETCONFA_IFINDEX_DEFAULT. */
  readonly ifindex: number;
  readonly cnf: Ipv4Devconf;
}

const DEVINET_TABLE: SysctlTable<DevconfOwner> = Object.fromEntries(DEVCONF_SYSCTLS.map(([sysctl, field, index]) => [sysctl, devconfFile(field, index)]));

const IP_FORWARD: SysctlTable<DevconfOwner> = { ip_forward: devconfFile('forwarding', 1) };

/**
 * `__devinet_sysctl_register`: the files of one set of settings, which is announced; returns the undo. `ifindex`: NETCONFA_IFINDEX_ALL or
 * NETCONFA_IFINDEX_DEFAULT.
 */
export function devinetSysctlRegister(net: Net, name: string, ifindex: number, cnf: Ipv4Devconf): () => void {
  const unregister = registerNetSysctl(net, `net/ipv4/conf/${name}`, DEVINET_TABLE, { net, ifindex, cnf });
  inetNetconf.notify(net, RTM_NEWNETCONF, NETCONFA_ALL, ifindex, cnf);
  return () => {
    unregister();
    inetNetconf.notify(net, RTM_DELNETCONF, NETCONFA_ALL, ifindex, null);
  };
}

/** `devinet_sysctl_register`: the same of an interface. -EINVAL for a name that the directories of all interfaces have. */
export function inetdevSysctlFiles({ net, name, ifindex }: NetDevice, cnf: Ipv4Devconf): (() => void) | number {
  return sysctlDevNameIsAllowed(name) ? devinetSysctlRegister(net, name, ifindex, cnf) : -EINVAL;
}

function devconfFile(field: DevconfField, index: number): SysctlFile<DevconfOwner> {
  const readOnly = field === 'mcForwarding';
  return sysctlInt(({ cnf }) => cnf[field], (owner, value) => devinetConfSet(owner, field, index, value), { readOnly });
}

/** `devinet_conf_proc`, `devinet_sysctl_forward`: a setting changes, with what follows from it. */
function devinetConfSet({ net, ifindex, cnf }: DevconfOwner, field: DevconfField, index: number, value: number): void {
  const state = ipv4Net.of(net);
  const old = cnf[field];
  cnf[field] = value;
  if (field !== 'forwarding') {
    cnf.state[index] = 1;
    if (cnf === state.devconfDflt) copyDefault(net, field, index, value);
  }
  if (old === value) return;
  const attr = netconfAttr(field);
  if (field === 'forwarding' && cnf === state.devconfAll) inetForwardChange(net);
  else if (attr !== null) inetNetconf.notify(net, RTM_NEWNETCONF, attr, ifindex, cnf);
  if (FLUSHES.has(field)) state.ip.routing?.cacheFlush(net);
}

/** `devinet_copy_dflt_conf`: interfaces where nobody has set it, nor given an address yet, follow. */
function copyDefault(net: Net, field: DevconfField, index: number, value: number): void {
  for (const dev of net.devList) {
    const cnf = inDevGet(dev)?.cnf;
    if (cnf !== undefined && cnf.state[index] === 0) cnf[field] = value;
  }
}

/** `inet_forward_change`: this namespace begins or stops to be a router, on every interface. Redirects are for hosts. */
function inetForwardChange(net: Net): void {
  const { devconfAll, devconfDflt } = ipv4Net.of(net);
  const on = devconfAll.forwarding;
  const tell = (ifindex: number, cnf: Ipv4Devconf): void => inetNetconf.notify(net, RTM_NEWNETCONF, NETCONFA_FORWARDING, ifindex, cnf);
  devconfAll.acceptRedirects = on !== 0 ? 0 : 1;
  devconfDflt.forwarding = on;
  tell(NETCONFA_IFINDEX_ALL, devconfAll);
  tell(NETCONFA_IFINDEX_DEFAULT, devconfDflt);
  for (const dev of net.devList) {
    const inDev = inDevGet(dev);
    if (inDev === null) continue;
    inDev.cnf.forwarding = on;
    tell(dev.ifindex, inDev.cnf);
  }
}

/** `net.ipv4.ip_forward`: the same value as conf.all.forwarding. Returns the undo. */
export function ipForwardSysctlRegister(net: Net): () => void {
  const cnf = ipv4Net.of(net).devconfAll;
  return registerNetSysctl(net, 'net/ipv4', IP_FORWARD, { net, ifindex: NETCONFA_IFINDEX_ALL, cnf });
}
