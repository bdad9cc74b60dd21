/** SIOCADDRT and SIOCDELRT of AF_INET6 sockets (`ipv6_route_ioctl`, `struct in6_rtmsg`). */
import type { Net } from '@skbuff/core';
import { EFAULT, EINVAL, RTF_EXPIRES, RTN_UNICAST, RT_TABLE_MAIN, SIOCADDRT } from '@skbuff/uapi';
import { In6Addr, le16, le32 } from '@skbuff/wire';
import type { Fib6RtConfig } from './fib6-config.ts';
import { ip6RouteAdd, ip6RouteDel } from './route6-add.ts';

/** Bytes of `struct in6_rtmsg` on machines of 64 bits. */
const IN6_RTMSG_LEN = 80;

/** 0 or a negative errno; `arg` is not changed. */
export function ipv6RouteIoctl(net: Net, request: number, arg: Uint8Array): number {
  if (arg.length < IN6_RTMSG_LEN) return -EFAULT;
  const cfg = rtmsgToFib6Config(arg);
  if ((cfg.dstLen ?? 0) > 128 || (cfg.srcLen ?? 0) > 128) return -EINVAL;
  return request === SIOCADDRT ? ip6RouteAdd(net, cfg, null) : ip6RouteDel(net, cfg, null);
}

/** `rtmsg_to_fib6_config`. */
function rtmsgToFib6Config(arg: Uint8Array): Fib6RtConfig {
  const flags = le32(arg, 72);
  return {
    table: RT_TABLE_MAIN,
    dst: new In6Addr().load(arg, 0),
    src: new In6Addr().load(arg, 16),
    gateway: new In6Addr().load(arg, 32),
    dstLen: le16(arg, 52),
    srcLen: le16(arg, 54),
    metric: le32(arg, 56),
    ...((flags & RTF_EXPIRES) !== 0 && { expires: le32(arg, 64) }),
    flags,
    ifindex: le32(arg, 76),
    type: RTN_UNICAST,
  };
}
