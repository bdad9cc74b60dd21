/** Options of SOL_IP (`net/ipv4/ip_sockglue.c`): setting. */
import { ipOptionsGet, rtTos2Priority } from '@skbuff/ipv4';
import { optionInt, sockNet } from '@skbuff/sock';
import {
  CAP_NET_RAW,
  EADDRNOTAVAIL,
  EINVAL,
  ENOPROTOOPT,
  EPERM,
  IP_BIND_ADDRESS_NO_PORT,
  IP_FREEBIND,
  IP_HDRINCL,
  IP_LOCAL_PORT_RANGE,
  IP_MINTTL,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_NODEFRAG,
  IP_OPTIONS,
  IP_PMTUDISC_OMIT,
  IP_RECVERR,
  IP_RECVERR_RFC4884,
  IP_ROUTER_ALERT,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  IP_UNICAST_IF,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IP,
} from '@skbuff/uapi';
import { be32, leS32 } from '@skbuff/wire';
import { cmsgOf } from './ip-cmsg-flags.ts';
import type { InetSk } from './inet-sk.ts';
import { ipMcSetsockopt } from './mcast-options.ts';
import { ipDevFind } from './multicast.ts';

/** `ip_setsockopt`: 0 or a negative errno (-ENOPROTOOPT: no such level or option). */
export function ipSetsockopt(sk: InetSk, level: number, name: number, value: Uint8Array): number {
  if (level !== SOL_IP) return -ENOPROTOOPT;
  switch (name) {
    case IP_OPTIONS:
      return setOptions(sk, value);
    case IP_MULTICAST_IF:
      return setMulticastIf(sk, value);
    default:
      return ipMcSetsockopt(sk, name, value) ?? setInt(sk, name, value, optionInt(value));
  }
}

function setInt(sk: InetSk, name: number, value: Uint8Array, val: number): number {
  const cmsg = cmsgOf(name);
  if (cmsg !== 0) {
    sk.cmsgFlags = val !== 0 ? sk.cmsgFlags | cmsg : sk.cmsgFlags & ~cmsg;
    return 0;
  }
  switch (name) {
    case IP_TOS:
      return setTos(sk, val);
    case IP_TTL:
      if (value.length < 1 || (val !== -1 && (val < 1 || val > 255))) return -EINVAL;
      sk.ucTtl = val;
      return 0;
    case IP_HDRINCL:
      if (sk.type !== SOCK_RAW) return -ENOPROTOOPT;
      sk.hdrincl = val !== 0;
      return 0;
    case IP_NODEFRAG:
      if (sk.type !== SOCK_RAW) return -ENOPROTOOPT;
      sk.nodefrag = val !== 0;
      return 0;
    case IP_MTU_DISCOVER:
      if (val < 0 || val > IP_PMTUDISC_OMIT) return -EINVAL;
      sk.pmtudisc = val;
      return 0;
    case IP_RECVERR:
      sk.recverr = val !== 0;
      if (val === 0) sk.errorQueue.purge();
      return 0;
    case IP_RECVERR_RFC4884:
      if (val < 0 || val > 1) return -EINVAL;
      sk.recverrRfc4884 = val !== 0;
      return 0;
    case IP_ROUTER_ALERT:
      return -EINVAL;
    case IP_BIND_ADDRESS_NO_PORT:
      sk.bindAddressNoPort = val !== 0;
      return 0;
    default:
      return value.length < 1 && NEED_A_BYTE.includes(name) ? -EINVAL : setByte(sk, name, val, value);
  }
}

const NEED_A_BYTE: readonly number[] = [IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_MULTICAST_ALL, IP_FREEBIND, IP_TRANSPARENT, IP_MINTTL];

/** Options that need at least one byte, and some that look at the length themselves. */
function setByte(sk: InetSk, name: number, val: number, value: Uint8Array): number {
  switch (name) {
    case IP_MULTICAST_TTL:
      if (sk.type === SOCK_STREAM || val < -1 || val > 255) return -EINVAL;
      sk.mcTtl = val === -1 ? 1 : val;
      return 0;
    case IP_MULTICAST_LOOP:
      sk.mcLoop = val !== 0;
      return 0;
    case IP_MULTICAST_ALL:
      if (val !== 0 && val !== 1) return -EINVAL;
      sk.mcAll = val !== 0;
      return 0;
    case IP_UNICAST_IF:
      return value.length === 4 ? setUnicastIf(sk, be32(value, 0)) : -EINVAL;
    case IP_FREEBIND:
      sk.freebind = val !== 0;
      return 0;
    case IP_TRANSPARENT:
      if (val !== 0 && !sockNet.of(sk.net).layer.maySetMark(sk.net)) return -EPERM;
      sk.transparent = val !== 0;
      return 0;
    case IP_MINTTL:
      if (val < 0 || val > 255) return -EINVAL;
      sk.minTtl = val;
      return 0;
    case IP_BIND_ADDRESS_NO_PORT:
      sk.bindAddressNoPort = val !== 0;
      return 0;
    case IP_LOCAL_PORT_RANGE:
      return value.length === 4 ? setPortRange(sk, val & 0xffff, val >>> 16) : -EINVAL;
    default:
      return -ENOPROTOOPT;
  }
}

/** `ip_sock_set_tos`: a stream keeps its ECN bits. The priority goes with it. */
function setTos(sk: InetSk, val: number): number {
  const tos = (sk.type === SOCK_STREAM ? (val & ~3) | (sk.tos & 3) : val) & 0xff;
  if (sk.tos === tos) return 0;
  sk.tos = tos;
  sk.priority = rtTos2Priority(tos);
  sk.dstSet(null);
  return 0;
}

function setOptions(sk: InetSk, value: Uint8Array): number {
  if (value.length > 40) return -EINVAL;
  const opt = ipOptionsGet(sk.net, value, sockNet.of(sk.net).layer.nsCapable(sk.net, CAP_NET_RAW));
  if (typeof opt === 'number') return opt;
  sk.inetOpt = opt.optlen === 0 ? null : opt;
  return 0;
}

function setUnicastIf(sk: InetSk, ifindex: number): number {
  if (ifindex !== 0 && sk.net.devGetByIndex(ifindex) === null) return -EADDRNOTAVAIL;
  if (ifindex !== 0 && sk.boundDevIf !== 0 && sk.boundDevIf !== ifindex) return -EINVAL;
  sk.ucIndex = ifindex;
  return 0;
}

/** A `struct ip_mreqn`, `ip_mreq` or `in_addr`: which interface multicast leaves by. */
function setMulticastIf(sk: InetSk, value: Uint8Array): number {
  if (sk.type === SOCK_STREAM || value.length < 4) return -EINVAL;
  const addr = value.length >= 8 ? be32(value, 4) : be32(value, 0);
  let ifindex = value.length >= 12 ? leS32(value, 8) : 0;
  if (ifindex === 0 && addr === 0) {
    sk.mcIndex = 0;
    sk.mcAddr = 0;
    return 0;
  }
  const dev = ifindex !== 0 ? sk.net.devGetByIndex(ifindex) : ipDevFind(sk.net, addr);
  if (dev === null) return -EADDRNOTAVAIL;
  ifindex = dev.ifindex;
  if (sk.boundDevIf !== 0 && sk.boundDevIf !== ifindex) return -EINVAL;
  sk.mcIndex = ifindex;
  sk.mcAddr = addr;
  return 0;
}

function setPortRange(sk: InetSk, low: number, high: number): number {
  if (low !== 0 && high !== 0 && low > high) return -EINVAL;
  sk.portRangeLow = low;
  sk.portRangeHigh = high;
  return 0;
}
