/** Options of SOL_IP: reading. */
import { IpOptions, ipOptionsUndo, ipv4Net } from '@skbuff/ipv4';
import { int32Bytes, putOption } from '@skbuff/sock';
import {
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
  IP_BIND_ADDRESS_NO_PORT,
  IP_FREEBIND,
  IP_HDRINCL,
  IP_LOCAL_PORT_RANGE,
  IP_MINTTL,
  IP_MSFILTER,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_NODEFRAG,
  IP_OPTIONS,
  IP_PROTOCOL,
  IP_RECVERR,
  IP_RECVERR_RFC4884,
  IP_ROUTER_ALERT,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  IP_UNICAST_IF,
  MCAST_MSFILTER,
  SOL_IP,
} from '@skbuff/uapi';
import { leS32, setBe32 } from '@skbuff/wire';
import type { InetSk } from './inet-sk.ts';
import { cmsgOf } from './ip-cmsg-flags.ts';
import { ipMcGetsockopt } from './mcast-options.ts';

/** `ip_getsockopt`: bytes written to `out`, or a negative errno (-EOPNOTSUPP: no such level, -ENOPROTOOPT: no such option). */
export function ipGetsockopt(sk: InetSk, level: number, name: number, out: Uint8Array): number {
  if (level !== SOL_IP) return -EOPNOTSUPP;
  switch (name) {
    case IP_OPTIONS:
      return getOptions(sk, out);
    case IP_MULTICAST_IF:
      return putOption(out, be32Bytes(sk.mcAddr));
    case IP_MSFILTER:
    case MCAST_MSFILTER:
      return ipMcGetsockopt(sk, name, out);
    default: {
      const val = intOption(sk, name);
      if (val === null) return -ENOPROTOOPT;
      if (name === IP_MTU && val === 0) return -ENOTCONN;
      // A caller with room for less than an int gets one byte, if that is enough.
      if (out.length > 0 && out.length < 4 && val >= 0 && val <= 255) return putOption(out, Uint8Array.of(val));
      return putOption(out, int32Bytes(val));
    }
  }
}

function be32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setBe32(bytes, 0, value);
  return bytes;
}

function getOptions(sk: InetSk, out: Uint8Array): number {
  if (sk.inetOpt === null) return 0;
  const copy = new IpOptions().copyFrom(sk.inetOpt);
  ipOptionsUndo(copy);
  return putOption(out, copy.data.subarray(0, copy.optlen));
}

function intOption(sk: InetSk, name: number): number | null {
  const cmsg = cmsgOf(name);
  if (cmsg !== 0) return Number((sk.cmsgFlags & cmsg) !== 0);
  switch (name) {
    case IP_TOS:
      return sk.tos;
    case IP_TTL:
      return sk.ucTtl === -1 ? ipv4Net.of(sk.net).ipDefaultTtl : sk.ucTtl;
    case IP_HDRINCL:
      return Number(sk.hdrincl);
    case IP_NODEFRAG:
      return Number(sk.nodefrag);
    case IP_BIND_ADDRESS_NO_PORT:
      return Number(sk.bindAddressNoPort);
    case IP_MTU_DISCOVER:
      return sk.pmtudisc;
    case IP_MTU: {
      const dst = sk.dstCheck();
      return dst === null ? 0 : dst.ops.mtu(dst);
    }
    case IP_RECVERR:
      return Number(sk.recverr);
    case IP_RECVERR_RFC4884:
      return Number(sk.recverrRfc4884);
    case IP_MULTICAST_TTL:
      return sk.mcTtl;
    case IP_MULTICAST_LOOP:
      return Number(sk.mcLoop);
    case IP_MULTICAST_ALL:
      return Number(sk.mcAll);
    case IP_FREEBIND:
      return Number(sk.freebind);
    case IP_TRANSPARENT:
      return Number(sk.transparent);
    case IP_MINTTL:
      return sk.minTtl;
    case IP_LOCAL_PORT_RANGE:
      return (sk.portRangeHigh << 16) | sk.portRangeLow;
    case IP_PROTOCOL:
      // The port of sockets that have one: Linux looks where only a raw socket has its protocol.
      return sk.inetNum;
    case IP_ROUTER_ALERT:
      return Number(sk.routerAlert);
    case IP_UNICAST_IF:
      return leS32(be32Bytes(sk.ucIndex), 0);
    default:
      return null;
  }
}
