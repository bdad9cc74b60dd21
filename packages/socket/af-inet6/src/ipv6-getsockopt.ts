/** Options of SOL_IPV6: reading. */
import { type InetSk, ipGetsockopt } from '@skbuff/af-inet';
import { type Rt6Info, in6DevGet, ip6Autoflowlabel, ip6DstHoplimit, ipv6Net } from '@skbuff/ipv6';
import { int32Bytes, putOption } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { setBe32, setLe32 } from '@skbuff/wire';
import { ipv6FlowlabelOptGet } from './ip6-flowlabel-mgr.ts';
import { IP6_MTUINFO_LEN } from './ipv6-error.ts';
import { ipv6GetsockoptSticky } from './ipv6-opt-hdr.ts';
import { PINFO_SWITCHES, SOCK_SWITCHES } from './ipv6-option-fields.ts';
import { type Inet6Pinfo, inet6Np } from './ipv6-pinfo.ts';
import { rxoptOf } from './ipv6-rxopt.ts';
import { ip6MrouteOpt, noMrouteSock } from './ipv6-sockglue.ts';
import { ipv6McGetsockopt } from './mcast6-options.ts';

/** `ipv6_getsockopt`: bytes written to `out`, or a negative errno (-ENOPROTOOPT: no such level or option). */
export function ipv6Getsockopt(sk: InetSk, level: number, name: number, out: Uint8Array): number {
  if (level === U.SOL_IP && sk.type !== U.SOCK_RAW) return ipGetsockopt(sk, level, name, out);
  if (level !== U.SOL_IPV6) return -U.ENOPROTOOPT;
  if (ip6MrouteOpt(level, name)) return noMrouteSock(sk);
  switch (name) {
    case U.IPV6_HOPOPTS:
    case U.IPV6_RTHDRDSTOPTS:
    case U.IPV6_RTHDR:
    case U.IPV6_DSTOPTS:
      return ipv6GetsockoptSticky(sk, name, out);
    case U.MCAST_MSFILTER:
      return ipv6McGetsockopt(sk, out);
    case U.IPV6_PATHMTU:
      return pathmtu(sk, out);
    case U.IPV6_FLOWLABEL_MGR:
      return ipv6FlowlabelOptGet(sk, out);
    case U.IPV6_ADDRFORM:
      if (sk.protocol !== U.IPPROTO_UDP && sk.protocol !== U.IPPROTO_TCP) return -U.ENOPROTOOPT;
      return sk.state === U.TCP_ESTABLISHED ? putOption(out, int32Bytes(sk.family)) : -U.ENOTCONN;
    default: {
      const val = numberOf(sk, inet6Np(sk), name) ?? switchOf(sk, inet6Np(sk), name);
      if (val === null) return -U.ENOPROTOOPT;
      return name === U.IPV6_MTU && val === 0 ? -U.ENOTCONN : putOption(out, int32Bytes(val));
    }
  }
}

/** `struct ip6_mtuinfo` without an address. */
function pathmtu(sk: InetSk, out: Uint8Array): number {
  if (out.length < IP6_MTUINFO_LEN) return -U.EINVAL;
  const mtu = mtuOf(sk);
  if (mtu === 0) return -U.ENOTCONN;
  const info = new Uint8Array(IP6_MTUINFO_LEN);
  setLe32(info, IP6_MTUINFO_LEN - 4, mtu);
  return putOption(out, info);
}

function mtuOf({ dst }: InetSk): number {
  return dst === null ? 0 : dst.ops.mtu(dst);
}

/** -1 of the socket is the route's, or the namespace's. */
function hops(sk: InetSk, val: number): number {
  if (val >= 0) return val;
  const { devconfAll, ip } = ipv6Net.of(sk.net);
  const { dst } = sk;
  if (dst === null) return devconfAll.hopLimit;
  // A way of IPv4, which leaves by an interface as well.
  return dst.ops === ip.dstOps ? ip6DstHoplimit(dst as Rt6Info) : (in6DevGet(dst.dev)?.cnf ?? devconfAll).hopLimit;
}

function be32Of(value: number): number {
  const bytes = new Uint8Array(4);
  setBe32(bytes, 0, value);
  return bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
}

function numberOf(sk: InetSk, np: Inet6Pinfo, name: number): number | null {
  switch (name) {
    case U.IPV6_UNICAST_HOPS:
      return hops(sk, np.hopLimit);
    case U.IPV6_MULTICAST_HOPS:
      return hops(sk, np.mcastHops);
    case U.IPV6_MULTICAST_IF:
      return np.mcastOif;
    case U.IPV6_UNICAST_IF:
      return be32Of(np.ucastOif);
    case U.IPV6_MTU:
      return mtuOf(sk);
    case U.IPV6_MTU_DISCOVER:
      return np.pmtudisc;
    case U.IPV6_TCLASS:
      return np.tclass;
    case U.IPV6_MINHOPCOUNT:
      return np.minHopcount;
    case U.IPV6_ADDR_PREFERENCES:
      return addrPreferences(np.srcprefs);
    default:
      return null;
  }
}

function addrPreferences(prefs: number): number {
  const temporary = prefs & U.IPV6_PREFER_SRC_TMP || prefs & U.IPV6_PREFER_SRC_PUBLIC || U.IPV6_PREFER_SRC_PUBTMP_DEFAULT;
  return temporary | (prefs & U.IPV6_PREFER_SRC_COA || U.IPV6_PREFER_SRC_HOME);
}

function switchOf(sk: InetSk, np: Inet6Pinfo, name: number): number | null {
  const rxopt = rxoptOf(name);
  if (rxopt !== 0) return Number((np.rxopt & rxopt) !== 0);
  const [ofPinfo, ofSock] = [PINFO_SWITCHES.get(name), SOCK_SWITCHES.get(name)];
  if (ofPinfo !== undefined) return Number(np[ofPinfo]);
  if (ofSock !== undefined) return Number(sk[ofSock]);
  if (name === U.IPV6_AUTOFLOWLABEL) return Number(ip6Autoflowlabel(ipv6Net.of(sk.net), np));
  return name === U.IPV6_ROUTER_ALERT ? Number(sk.routerAlert) : null;
}
