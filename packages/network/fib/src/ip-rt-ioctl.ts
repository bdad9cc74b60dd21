/** SIOCADDRT and SIOCDELRT, the old way to change routes (`ip_rt_ioctl`, `struct rtentry`). */
import type { Net } from '@skbuff/core';
import { badMask, inDevGet } from '@skbuff/ipv4';
import {
  AF_INET,
  EAFNOSUPPORT,
  EINVAL,
  ENODEV,
  ESRCH,
  NLM_F_CREATE,
  RTAX_ADVMSS,
  RTAX_MAX,
  RTAX_RTT,
  RTAX_WINDOW,
  RTF_GATEWAY,
  RTF_HOST,
  RTF_IRTT,
  RTF_MTU,
  RTF_REJECT,
  RTF_WINDOW,
  RTN_UNICAST,
  RTN_UNREACHABLE,
  RTPROT_BOOT,
  RTPROT_UNSPEC,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
  SIOCADDRT,
} from '@skbuff/uapi';
import { be32, inetMaskLen } from '@skbuff/wire';
import { FibConfig } from './fib-config.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import { fibGetTable, fibNewTable, fibTableDelete, fibTableInsert } from './fib-tables.ts';
import { inetAddrTypeIn } from './inet-addr-type.ts';

/** `struct rtentry`, with the strings and addresses it points at. Address 0 with family 0: not given. */
export interface Rtentry {
  readonly dst: number;
  readonly dstFamily: number;
  readonly gateway: number;
  readonly gatewayFamily: number;
  readonly genmask: number;
  readonly genmaskFamily: number;
  /** RTF_* */
  readonly flags: number;
  /** One more than the priority; 0: not given. */
  readonly metric: number;
  /** Name of an interface, or the label of one of its addresses; empty: none. */
  readonly dev: string;
  /** Bytes of a TCP segment with 40 bytes of headers; bytes; milliseconds. Each counts with its flag. */
  readonly mtu: number;
  readonly window: number;
  readonly irtt: number;
}

/** `struct rtentry` from its bytes; `dev` is what its `rt_dev` points at. */
export function rtentryOf(arg: Uint8Array, dev: string): Rtentry {
  const u16 = (off: number): number => (arg[off] as number) | ((arg[off + 1] as number) << 8);
  const u32 = (off: number): number => (u16(off) | (u16(off + 2) << 16)) >>> 0;
  return {
    dst: be32(arg, 12),
    dstFamily: u16(8),
    gateway: be32(arg, 28),
    gatewayFamily: u16(24),
    genmask: be32(arg, 44),
    genmaskFamily: u16(40),
    flags: u16(56),
    metric: (u16(80) << 16) >> 16,
    dev,
    mtu: u32(96),
    window: u32(104),
    irtt: u16(112),
  };
}

/**
 * `ip_rt_ioctl`: 0, -EEXIST, -ESRCH, -ENODEV, -EINVAL, -EAFNOSUPPORT, or why the gateway is refused. The caller has made sure of
 * CAP_NET_ADMIN.
 */
export function ipRtIoctl(net: Net, cmd: number, rt: Rtentry): number {
  const state = fibNet.of(net);
  const cfg = new FibConfig();
  const err = rtentryToFibConfig(state, cmd, rt, cfg);
  if (err !== 0) return err;
  if (cmd === SIOCADDRT) return fibTableInsert(state, fibNewTable(state, cfg.table), cfg, null);
  const table = fibGetTable(state, cfg.table);
  return table === null ? -ESRCH : fibTableDelete(state, table, cfg, null);
}

/** `rtentry_to_fib_config`. */
function rtentryToFibConfig(state: FibNet, cmd: number, rt: Rtentry, cfg: FibConfig): number {
  if (rt.dstFamily !== AF_INET) return -EAFNOSUPPORT;
  const plen = prefixLength(rt);
  if (plen < 0) return plen;
  const adding = cmd === SIOCADDRT;
  cfg.dst = rt.dst;
  cfg.dstLen = plen;
  cfg.nlflags = adding ? NLM_F_CREATE : 0;
  cfg.protocol = adding ? RTPROT_BOOT : RTPROT_UNSPEC;
  if (rt.metric !== 0) cfg.priority = rt.metric - 1;
  if ((rt.flags & RTF_REJECT) !== 0) {
    cfg.scope = RT_SCOPE_HOST;
    cfg.type = RTN_UNREACHABLE;
    return 0;
  }
  cfg.type = RTN_UNICAST;
  cfg.scope = RT_SCOPE_NOWHERE;
  if (rt.dev !== '' && !setDevice(state, rt.dev, cfg)) return -ENODEV;
  setGateway(state, rt, cfg);
  return adding ? finish(rt, cfg) : 0;
}

/** Of the destination; or a negative errno. */
function prefixLength(rt: Rtentry): number {
  if ((rt.flags & RTF_HOST) !== 0) return 32;
  if (rt.genmaskFamily !== AF_INET && (rt.genmask !== 0 || rt.genmaskFamily !== 0)) return -EAFNOSUPPORT;
  return badMask(rt.genmask, rt.dst) ? -EINVAL : inetMaskLen(rt.genmask);
}

/** A label stands for its address: that is the preferred source then. */
function setDevice(state: FibNet, name: string, cfg: FibConfig): boolean {
  const colon = name.indexOf(':');
  const dev = state.net.devGetByName(colon < 0 ? name : name.slice(0, colon));
  if (dev === null) return false;
  cfg.oif = dev.ifindex;
  if (colon < 0) return true;
  const ifa = inDevGet(dev)?.ifaList.find((other) => other.label === name);
  cfg.prefsrc = ifa?.local ?? 0;
  return ifa !== undefined;
}

function setGateway(state: FibNet, rt: Rtentry, cfg: FibConfig): void {
  if (rt.gatewayFamily !== AF_INET || rt.gateway === 0) return;
  cfg.gw = rt.gateway;
  if ((rt.flags & RTF_GATEWAY) !== 0 && inetAddrTypeIn(state, rt.gateway, null) === RTN_UNICAST) cfg.scope = RT_SCOPE_UNIVERSE;
}

function finish(rt: Rtentry, cfg: FibConfig): number {
  if ((rt.flags & RTF_GATEWAY) !== 0 && cfg.gw === 0) return -EINVAL;
  if (cfg.scope === RT_SCOPE_NOWHERE) cfg.scope = RT_SCOPE_LINK;
  if ((rt.flags & (RTF_MTU | RTF_WINDOW | RTF_IRTT)) === 0) return 0;
  cfg.metrics = new Uint32Array(RTAX_MAX + 1);
  if ((rt.flags & RTF_MTU) !== 0) cfg.metrics[RTAX_ADVMSS] = rt.mtu - 40;
  if ((rt.flags & RTF_WINDOW) !== 0) cfg.metrics[RTAX_WINDOW] = rt.window;
  if ((rt.flags & RTF_IRTT) !== 0) cfg.metrics[RTAX_RTT] = rt.irtt << 3;
  return 0;
}
