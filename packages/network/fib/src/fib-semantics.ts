/** Making and sharing `fib_info` (`net/ipv4/fib_semantics.c`): what a route may say, and whether its next hops make sense. */
import { inetSelectAddr } from '@skbuff/ipv4';
import type { NetlinkExtAck } from '@skbuff/netlink';
import {
  EINVAL,
  ENODEV,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTN_ANYCAST,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MAX,
  RTN_MULTICAST,
  RTN_UNICAST,
  RT_SCOPE_HOST,
  RT_SCOPE_NOWHERE,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { ipv4IsLbcast, ipv4IsMulticast, ipv4IsZeronet } from '@skbuff/wire';
import { fibCheckNh } from './fib-check-nh.ts';
import type { FibConfig } from './fib-config.ts';
import { FibInfo, sameMetrics } from './fib-info.ts';
import { type FibNet, fibDevAdd, fibDevRemove } from './fib-net.ts';
import { FibNh } from './fib-nh.ts';
import { fibRebalance } from './fib-multipath.ts';
import { FIB_PROPS_ERROR, FIB_PROPS_SCOPE } from './fib-props.ts';
import { fibTableLookup } from './fib-lookup.ts';

/** Sets the text and returns -EINVAL. */
function invalid(extack: NetlinkExtAck | null, text: string): number {
  extack?.setErrMsg(text);
  return -EINVAL;
}

/**
 * `fib_create_info`: the info that routes of this configuration use, with one more user: an equal one that is in service, or a new
 * one. Or a negative errno, and `extack` says why.
 */
export function fibCreateInfo(state: FibNet, cfg: FibConfig, extack: NetlinkExtAck | null): FibInfo | number {
  const weird = checkConfig(cfg, extack);
  if (weird !== 0) return weird;
  const fi = newInfo(state, cfg);
  const multi = cfg.nexthops === null ? 0 : checkMultipath(fi, cfg, extack);
  if (multi !== 0) return multi;
  const err = FIB_PROPS_ERROR[cfg.type] !== 0 ? checkErrorRoute(cfg, extack) : checkRoute(fi, cfg, extack);
  if (err !== 0) return err;
  const other = state.infos.find(fi);
  if (other !== null) {
    other.treeref++;
    return other;
  }
  link(fi);
  return fi;
}

/** The checks that need nothing but the message. */
export function checkConfig(cfg: FibConfig, extack: NetlinkExtAck | null): number {
  if (cfg.type > RTN_MAX) return invalid(extack, 'Invalid route type');
  if (FIB_PROPS_SCOPE[cfg.type] > cfg.scope) return invalid(extack, 'Invalid scope');
  if ((cfg.flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) !== 0) {
    return invalid(extack, 'Invalid rtm_flags - can not contain DEAD or LINKDOWN');
  }
  return 0;
}

function newInfo(state: FibNet, cfg: FibConfig): FibInfo {
  const { protocol, scope, type, prefsrc, priority, table, flags, metrics } = cfg;
  const fi = new FibInfo(state, protocol, scope, type, prefsrc, priority, table, flags, metrics);
  if (cfg.nexthops === null) {
    fi.nhs.push(new FibNh(fi, cfg.oif, cfg.gw, cfg.flags, 1, cfg.flow));
    return fi;
  }
  for (const nh of cfg.nexthops) {
    fi.nhs.push(new FibNh(fi, nh.oif, nh.gw, (cfg.flags & ~0xff) | nh.flags, nh.weight, nh.flow));
  }
  return fi;
}

/** What is said for the whole route must be true of its first next hop. */
function checkMultipath(fi: FibInfo, cfg: FibConfig, extack: NetlinkExtAck | null): number {
  const [first] = fi.nhs;
  if (cfg.oif !== 0 && first.oif !== cfg.oif) return invalid(extack, 'Nexthop device index does not match RTA_OIF');
  if (cfg.gw !== 0 && first.gw !== cfg.gw) return invalid(extack, 'Nexthop gateway does not match RTA_GATEWAY or RTA_VIA');
  if (cfg.flow !== 0 && first.tclassid !== cfg.flow) return invalid(extack, 'Nexthop class id does not match RTA_FLOW');
  return 0;
}

function checkErrorRoute(cfg: FibConfig, extack: NetlinkExtAck | null): number {
  if (cfg.gw === 0 && cfg.oif === 0 && cfg.nexthops === null) return 0;
  return invalid(extack, 'Gateway, device and multipath can not be specified for this route type');
}

function checkRoute(fi: FibInfo, cfg: FibConfig, extack: NetlinkExtAck | null): number {
  if (![RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST].includes(cfg.type)) return invalid(extack, 'Invalid route type');
  if (cfg.scope > RT_SCOPE_HOST) return invalid(extack, 'Invalid scope');
  const err = cfg.scope === RT_SCOPE_HOST ? checkHostRoute(fi, extack) : checkNexthops(fi, cfg, extack);
  if (err !== 0) return err;
  if (fi.prefsrc !== 0 && !isValidPrefsrc(fi.state, cfg)) return invalid(extack, 'Invalid prefsrc address');
  return 0;
}

/** An address of this host: no next hop in the proper sense, only the interface that it belongs to. */
function checkHostRoute(fi: FibInfo, extack: NetlinkExtAck | null): number {
  if (fi.nhs.length !== 1) return invalid(extack, 'Route with host scope can not have multiple nexthops');
  const [nh] = fi.nhs;
  if (nh.gw !== 0) return invalid(extack, 'Route with host scope can not have a gateway');
  nh.scope = RT_SCOPE_NOWHERE;
  nh.dev = fi.state.net.devGetByIndex(nh.oif);
  return nh.dev === null ? -ENODEV : 0;
}

function checkNexthops(fi: FibInfo, cfg: FibConfig, extack: NetlinkExtAck | null): number {
  let linkdown = 0;
  for (const nh of fi.nhs) {
    const err = fibCheckNh(fi.state, nh, cfg.table, cfg.scope, extack);
    if (err !== 0) return err;
    if ((nh.flags & RTNH_F_LINKDOWN) !== 0) linkdown++;
  }
  if (linkdown === fi.nhs.length) fi.flags |= RTNH_F_LINKDOWN;
  return 0;
}

/** `fib_valid_prefsrc`: an address of this host, or the very address that a local route declares to be one. */
function isValidPrefsrc(state: FibNet, cfg: FibConfig): boolean {
  if (cfg.type === RTN_LOCAL && cfg.dst === cfg.prefsrc && cfg.dst !== 0) return true;
  return isLocalIn(state, cfg.table === RT_TABLE_MAIN ? RT_TABLE_LOCAL : cfg.table, cfg.prefsrc) || isLocalIn(state, RT_TABLE_LOCAL, cfg.prefsrc);
}

/** `inet_addr_type_table() == RTN_LOCAL`. */
function isLocalIn(state: FibNet, id: number, addr: number): boolean {
  const table = state.tables.get(id);
  // A group or a broadcast address is nobody's own, whatever the table says.
  if (table === undefined || ipv4IsMulticast(addr) || ipv4IsLbcast(addr) || ipv4IsZeronet(addr)) return false;
  const { auxFlow, auxRes } = state;
  auxFlow.init(0, 0, 0, 0, 0, 0, addr, 0, 0, 0);
  return fibTableLookup(table, auxFlow, auxRes, 0) === 0 && auxRes.type === RTN_LOCAL;
}

/** Puts a new info in service. */
function link(fi: FibInfo): void {
  const { state } = fi;
  fi.treeref = 1;
  state.fib.infos++;
  state.infos.insert(fi);
  for (const nh of fi.nhs) {
    if (nh.tclassid !== 0) state.tclassidUsers++;
    if (nh.dev === null) continue;
    nh.dev.hold();
    fibDevAdd(nh.dev, nh);
    nhUpdateSaddr(nh);
  }
  fibRebalance(fi);
}

/** `fib_release_info`: one route less; the last one takes the info, and all that is cached in it, out of service. */
export function fibReleaseInfo(fi: FibInfo): void {
  if (--fi.treeref > 0) return;
  const { state } = fi;
  state.infos.remove(fi);
  state.fib.infos--;
  for (const nh of fi.nhs) {
    if (nh.tclassid !== 0) state.tclassidUsers--;
    if (nh.dev !== null) fibDevRemove(nh.dev, nh);
    nh.release();
  }
}

/** `fib_info_update_nhc_saddr`: the address that packets over the next hop get as their source. */
function nhUpdateSaddr(nh: FibNh): number {
  nh.saddr = nh.dev === null ? 0 : inetSelectAddr(nh.dev, nh.gw, nh.parent.scope);
  nh.saddrGenid = nh.parent.state.devAddrGenid;
  return nh.saddr;
}

/** `fib_result_prefsrc`: source of packets over a route: what the route prefers, else by the next hop's interface. */
export function fibNhPrefsrc(nh: FibNh): number {
  if (nh.parent.prefsrc !== 0) return nh.parent.prefsrc;
  return nh.saddrGenid === nh.parent.state.devAddrGenid ? nh.saddr : nhUpdateSaddr(nh);
}

/** `fib_nh_match`: whether a request to delete means these next hops; what it leaves out matches. */
export function fibNhMatch(cfg: FibConfig, fi: FibInfo): boolean {
  if (cfg.priority !== 0 && cfg.priority !== fi.priority) return false;
  if (cfg.oif !== 0 || cfg.gw !== 0) {
    const [nh] = fi.nhs;
    return (cfg.oif === 0 || cfg.oif === nh.oif) && (cfg.gw === 0 || cfg.gw === nh.gw) && (cfg.flow === 0 || cfg.flow === nh.tclassid);
  }
  const { nexthops } = cfg;
  if (nexthops === null) return true;
  if (nexthops.length > fi.nhs.length) return false;
  return nexthops.every((want, i) => {
    const nh = fi.nhs[i];
    return (want.oif === 0 || want.oif === nh.oif) && (want.gw === 0 || want.gw === nh.gw) && (want.flow === 0 || want.flow === nh.tclassid);
  });
}

/** `fib_metrics_match`: each metric of the request has that value. */
export function fibMetricsMatch(cfg: FibConfig, fi: FibInfo): boolean {
  const want = cfg.metrics;
  if (want === null) return true;
  if (fi.metrics === null) return want.every((value) => value === 0);
  return want.every((value, type) => value === 0 || value === fi.metrics?.[type]) || sameMetrics(want, fi.metrics);
}
