/** `fib_check_nh`: how a next hop is reached. */
import { type NetDevice } from '@skbuff/core';
import { inDevGet } from '@skbuff/ipv4';
import type { NetlinkExtAck } from '@skbuff/netlink';
import {
  EINVAL,
  ENETDOWN,
  ENODEV,
  IFF_UP,
  RTNH_F_LINKDOWN,
  RTNH_F_ONLINK,
  RTNH_F_PERVASIVE,
  RTN_LOCAL,
  RTN_UNICAST,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { FIB_LOOKUP_IGNORE_LINKSTATE, fibLookupIn, fibTableLookup } from './fib-lookup.ts';
import type { FibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import { inetAddrTypeIn } from './inet-addr-type.ts';

/**
 * Finds the device and the scope of a next hop of a route with scope `scope` in `table`. 0, or a negative errno and a text.
 *
 * A gateway must itself be reachable over a route of a narrower scope, which says the device: routes build on each other from the
 * addresses outwards and never in a circle.
 */
export function fibCheckNh(state: FibNet, nh: FibNh, table: number, scope: number, extack: NetlinkExtAck | null): number {
  if (nh.gw === 0) return checkNongw(state, nh, extack);
  return (nh.flags & RTNH_F_ONLINK) !== 0 ? checkOnlink(state, nh, scope, extack) : checkGateway(state, nh, table, scope, extack);
}

/** `fib_check_nh_nongw`: a link. */
function checkNongw(state: FibNet, nh: FibNh, extack: NetlinkExtAck | null): number {
  if ((nh.flags & (RTNH_F_PERVASIVE | RTNH_F_ONLINK)) !== 0) {
    return fail(extack, 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set', -EINVAL);
  }
  const dev = state.net.devGetByIndex(nh.oif);
  if (dev === null || inDevGet(dev) === null) return -ENODEV;
  if ((dev.flags & IFF_UP) === 0) return fail(extack, 'Device for nexthop is not up', -ENETDOWN);
  bind(nh, dev, RT_SCOPE_HOST);
  return 0;
}

/** The user says that the gateway is on the link, whatever the addresses say. */
function checkOnlink(state: FibNet, nh: FibNh, scope: number, extack: NetlinkExtAck | null): number {
  if (scope >= RT_SCOPE_LINK) return fail(extack, 'Nexthop has invalid scope', -EINVAL);
  const dev = state.net.devGetByIndex(nh.oif);
  if (dev === null) return fail(extack, 'Nexthop device required for onlink', -ENODEV);
  if ((dev.flags & IFF_UP) === 0) return fail(extack, 'Nexthop device is not up', -ENETDOWN);
  if (inetAddrTypeIn(state, nh.gw, null) !== RTN_UNICAST) return fail(extack, 'Nexthop has invalid gateway', -EINVAL);
  bind(nh, dev, RT_SCOPE_LINK);
  return 0;
}

function checkGateway(state: FibNet, nh: FibNh, table: number, scope: number, extack: NetlinkExtAck | null): number {
  const { auxFlow, auxRes } = state;
  auxFlow.init(nh.oif, 0, 0, Math.max(scope + 1, RT_SCOPE_LINK), 0, 0, nh.gw, 0, 0, 0);
  const own = table === 0 || table === RT_TABLE_MAIN ? undefined : state.tables.get(table);
  let err = own === undefined ? -EINVAL : fibTableLookup(own, auxFlow, auxRes, FIB_LOOKUP_IGNORE_LINKSTATE);
  if (err !== 0) err = fibLookupIn(state, auxFlow, auxRes, FIB_LOOKUP_IGNORE_LINKSTATE);
  if (err !== 0) return fail(extack, 'Nexthop has invalid gateway', err);
  if (auxRes.type !== RTN_UNICAST && auxRes.type !== RTN_LOCAL) return fail(extack, 'Nexthop has invalid gateway', -EINVAL);
  const over = auxRes.nh as FibNh;
  nh.oif = over.oif;
  if (over.dev === null) return fail(extack, 'No egress device for nexthop gateway', -EINVAL);
  bind(nh, over.dev, auxRes.scope);
  return (over.dev.flags & IFF_UP) !== 0 ? 0 : -ENETDOWN;
}

function bind(nh: FibNh, dev: NetDevice, scope: number): void {
  nh.dev = dev;
  nh.scope = scope;
  if (!dev.carrierOk()) nh.flags |= RTNH_F_LINKDOWN;
}

function fail(extack: NetlinkExtAck | null, text: string, err: number): number {
  extack?.setErrMsg(text);
  return err;
}
