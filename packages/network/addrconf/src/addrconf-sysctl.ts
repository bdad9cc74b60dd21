/** net.ipv6.conf.{all,default,IFACE}.* (`addrconf_sysctl` in `net/ipv6/addrconf.c`). */
import { type Net, NetSlot } from '@skbuff/core';
import { DEVCONF_JIFFIES, DEVCONF_SYSCTLS, type DevconfField, type Inet6Dev, type Ipv6Devconf, ipv6Net } from '@skbuff/ipv6';
import { INT_MAX, type IntOptions, registerNetSysctl, type SysctlFile, type SysctlTable, sysctlDevNameIsAllowed, sysctlInt, sysctlSeconds, UINT_MAX } from '@skbuff/sysctl';
import {
  EINVAL,
  IN6_ADDR_GEN_MODE_RANDOM,
  IPV6_MIN_MTU,
  NETCONFA_ALL,
  NETCONFA_FORCE_FORWARDING,
  NETCONFA_IFINDEX_ALL,
  NETCONFA_IFINDEX_DEFAULT,
  NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN,
  NETCONFA_PROXY_NEIGH,
  RTM_DELNETCONF,
  RTM_NEWNETCONF,
} from '@skbuff/uapi';
import { addrconfDisableIpv6, addrconfFixupForwarding } from './addrconf-forward.ts';
import { addrconfSetAddrGenMode, checkStablePrivacy } from './addrconf-gen.ts';
import { idevs } from './addrconf-net.ts';
import { inet6NetconfNotifyDevconf } from './addrconf-netconf.ts';
import { stableSecretFile } from './addrconf-secret.ts';

/** Whose settings a file has: of an interface (`idev`), else those of the namespace. */
export interface DevconfOwner {
  readonly net: Net;
  readonly idev: Inet6Dev | null;
  readonly cnf: Ipv6Devconf;
  /** The interface's, NETCONFA_IFINDEX_ALL or NETCONFA_IFINDEX_DEFAULT. */
  readonly ifindex: number;
}

/** How to take the files of an interface back. */
export const addrconfSysctlNet: NetSlot<Map<Inet6Dev, () => void>> = new NetSlot<Map<Inet6Dev, () => void>>('addrconf sysctl');

const BOOL: IntOptions = { min: 0, max: 1 };
/** Intervals of MLD: the number that is written loses what is above 32 bits. */
const MSECS: IntOptions = { min: -Number.MAX_VALUE, max: Number.MAX_VALUE };

/** Those of which not every `int` is a value. */
const RANGES: ReadonlyMap<DevconfField, IntOptions> = new Map<DevconfField, IntOptions>([
  ['hopLimit', { min: 1, max: 255 }],
  ['rtrSolicits', { min: -1 }],
  ['addrGenMode', { min: 0, max: IN6_ADDR_GEN_MODE_RANDOM }],
  ['ndiscTclass', { min: 0, max: 255 }],
  ['raDefrtrMetric', { min: 1, max: UINT_MAX }],
  ['ioam6Id', { min: 0, max: 0xffff }],
  ['ioam6IdWide', { min: 0, max: UINT_MAX }],
  ['acceptUntrackedNa', { min: 0, max: 2 }],
  ['ioam6Enabled', BOOL],
  ['rplSegEnabled', BOOL],
  ['ndiscEvictNocarrier', BOOL],
  ['forceForwarding', BOOL],
  ['raHonorPioLife', BOOL],
  ['raHonorPioPflag', BOOL],
  ['mldv1UnsolicitedReportInterval', MSECS],
  ['mldv2UnsolicitedReportInterval', MSECS],
  ['mcForwarding', { readOnly: true }],
]);

/** Sets a value that is in range, with its consequences; 0 or -EINVAL. */
type Setter = (owner: DevconfOwner, value: number) => number | void;

const SETTERS: ReadonlyMap<DevconfField, Setter> = new Map<DevconfField, Setter>([
  ['forwarding', ({ net, cnf }, value) => addrconfFixupForwarding(net, cnf, value)],
  ['disableIpv6', ({ net, cnf }, value) => addrconfDisableIpv6(net, cnf, value)],
  ['mtu6', setMtu],
  ['addrGenMode', setAddrGenMode],
  ['proxyNdp', setProxyNdp],
  ['ignoreRoutesWithLinkdown', setLinkdown],
  ['forceForwarding', setForceForwarding],
  ['mldv1UnsolicitedReportInterval', ({ cnf }, value) => setMsecs(cnf, 'mldv1UnsolicitedReportInterval', value)],
  ['mldv2UnsolicitedReportInterval', ({ cnf }, value) => setMsecs(cnf, 'mldv2UnsolicitedReportInterval', value)],
]);

/** `addrconf_sysctl`. */
const ADDRCONF_TABLE: SysctlTable<DevconfOwner> = {
  ...Object.fromEntries(DEVCONF_SYSCTLS.map(([sysctl, field]) => [sysctl, devconfFile(field)])),
  stable_secret: stableSecretFile,
};

/** `__addrconf_sysctl_register`: the files of one set of settings, which is announced; returns the undo. */
export function addrconfSysctlFiles(owner: DevconfOwner, name: string): () => void {
  const { net, ifindex, cnf } = owner;
  const unregister = registerNetSysctl(net, `net/ipv6/conf/${name}`, ADDRCONF_TABLE, owner);
  inet6NetconfNotifyDevconf(net, RTM_NEWNETCONF, NETCONFA_ALL, ifindex, cnf);
  return () => {
    unregister();
    inet6NetconfNotifyDevconf(net, RTM_DELNETCONF, NETCONFA_ALL, ifindex, null);
  };
}

/** `addrconf_init_net`: those of the namespace. */
export function addrconfSysctlInit(net: Net): () => void {
  const { devconfAll, devconfDflt } = ipv6Net.of(net);
  const undos = [
    addrconfSysctlFiles({ net, idev: null, cnf: devconfAll, ifindex: NETCONFA_IFINDEX_ALL }, 'all'),
    addrconfSysctlFiles({ net, idev: null, cnf: devconfDflt, ifindex: NETCONFA_IFINDEX_DEFAULT }, 'default'),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}

/** `addrconf_sysctl_register`: 0, or -EINVAL for a name that the directories of all interfaces have. */
export function addrconfSysctlRegister(idev: Inet6Dev): number {
  const { net, name, ifindex } = idev.dev;
  if (!sysctlDevNameIsAllowed(name)) return -EINVAL;
  addrconfSysctlNet.of(net).set(idev, addrconfSysctlFiles({ net, idev, cnf: idev.cnf, ifindex }, name));
  return 0;
}

/** `addrconf_sysctl_unregister`. */
export function addrconfSysctlUnregister(idev: Inet6Dev): void {
  const undos = addrconfSysctlNet.of(idev.dev.net);
  undos.get(idev)?.();
  undos.delete(idev);
}

function devconfFile(field: DevconfField): SysctlFile<DevconfOwner> {
  const setter = SETTERS.get(field) ?? ((owner, value) => store(owner, field, value));
  return DEVCONF_JIFFIES.has(field) ? secondsFile(field) : sysctlInt(({ cnf }) => cnf[field], setter, RANGES.get(field));
}

function store({ cnf }: DevconfOwner, field: DevconfField, value: number): void {
  cnf[field] = value;
}

/** `proc_dointvec_jiffies`. */
function secondsFile(field: DevconfField): SysctlFile<DevconfOwner> {
  const { read, write } = sysctlSeconds<Ipv6Devconf>(field);
  return { read: ({ cnf }) => read(cnf), write: write === null ? null : ({ cnf }, text) => write(cnf, text) };
}

/** `proc_dointvec_ms_jiffies`. */
function setMsecs(cnf: Ipv6Devconf, field: DevconfField, value: number): number {
  const msecs = Number(BigInt.asUintN(32, BigInt(value)));
  if (msecs > INT_MAX) return -EINVAL;
  cnf[field] = msecs;
  return 0;
}

/** `addrconf_sysctl_mtu`: not more than the device can. */
function setMtu({ idev, cnf }: DevconfOwner, value: number): number {
  if (value < IPV6_MIN_MTU || (idev !== null && value > idev.dev.mtu)) return -EINVAL;
  cnf.mtu6 = value;
  return 0;
}

/** `addrconf_sysctl_addr_gen_mode`: that of all is everybody's, whether there is a secret or not. */
function setAddrGenMode({ net, idev, cnf }: DevconfOwner, mode: number): number {
  const { devconfAll, devconfDflt } = ipv6Net.of(net);
  if (idev !== null) {
    const err = checkStablePrivacy(idev, net, mode);
    if (err === 0) addrconfSetAddrGenMode(idev, mode);
    return err;
  }
  cnf.addrGenMode = mode;
  if (cnf !== devconfAll) return 0;
  devconfDflt.addrGenMode = mode;
  for (const each of idevs(net)) addrconfSetAddrGenMode(each, mode);
  return 0;
}

/** `addrconf_sysctl_proxy_ndp`. */
function setProxyNdp({ net, cnf, ifindex }: DevconfOwner, value: number): void {
  const old = cnf.proxyNdp;
  cnf.proxyNdp = value;
  if (old !== value) inet6NetconfNotifyDevconf(net, RTM_NEWNETCONF, NETCONFA_PROXY_NEIGH, ifindex, cnf);
}

/** `addrconf_fixup_linkdown`: that of all is everybody's. */
function setLinkdown({ net, cnf, ifindex }: DevconfOwner, value: number): void {
  const { devconfAll, devconfDflt } = ipv6Net.of(net);
  const change = (each: Ipv6Devconf, index: number, tell: boolean): void => {
    const changed = (each.ignoreRoutesWithLinkdown === 0) !== (value === 0);
    each.ignoreRoutesWithLinkdown = value;
    if (changed && tell) inet6NetconfNotifyDevconf(net, RTM_NEWNETCONF, NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, index, each);
  };
  if (cnf === devconfAll) {
    change(devconfDflt, NETCONFA_IFINDEX_DEFAULT, false);
    for (const each of idevs(net)) change(each.cnf, each.dev.ifindex, true);
  }
  change(cnf, ifindex, true);
}

/** `addrconf_sysctl_force_forwarding`: that of all is every interface's. Of what changed no more is told than whose it is: no message has this setting. */
function setForceForwarding({ net, cnf, ifindex }: DevconfOwner, value: number): void {
  const change = (each: Ipv6Devconf, index: number): void => {
    if (each.forceForwarding === value) return;
    each.forceForwarding = value;
    inet6NetconfNotifyDevconf(net, RTM_NEWNETCONF, NETCONFA_FORCE_FORWARDING, index, each);
  };
  const changed = cnf.forceForwarding !== value;
  change(cnf, ifindex);
  if (changed && cnf === ipv6Net.of(net).devconfAll) for (const { cnf: each, dev } of idevs(net)) change(each, dev.ifindex);
}
