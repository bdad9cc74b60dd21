/** Prefixes that routers advertise: routes to those on the link, addresses made of them (RFC 4862 §5.5.3, RFC 4861 §6.3.4). */
import { HZ, type NetDevice } from '@skbuff/core';
import { in6DevGet, type Inet6Dev, type Inet6Ifaddr, INFINITY_LIFE_TIME, IPV6_ADDR_LINKLOCAL, IPV6_ADDR_MULTICAST, ipv6AddrScope, ipv6AddrType, ipv6GetIfaddr, ipv6Net } from '@skbuff/ipv6';
import {
  IFA_F_DEPRECATED,
  IFA_F_MANAGETEMPADDR,
  IFA_F_OPTIMISTIC,
  IFA_F_STABLE_PRIVACY,
  IFAPROT_KERNEL_RA,
  IN6_ADDR_GEN_MODE_RANDOM,
  IN6_ADDR_GEN_MODE_STABLE_PRIVACY,
  RTF_ADDRCONF,
  RTF_DEFAULT,
  RTF_EXPIRES,
  RTF_PREFIX_RT,
  RTM_NEWPREFIX,
} from '@skbuff/uapi';
import { be32, In6Addr } from '@skbuff/wire';
import { addrconfDadStart } from './addrconf-dad-start.ts';
import { inet6PrefixNotify } from './addrconf-fill.ts';
import { ipv6AddAddr, ipv6IfaNotify } from './addrconf-ifa.ts';
import { ipv6GenerateEui64, ipv6GenerateStableAddress, ipv6InheritEui64 } from './addrconf-ifid.ts';
import { addrconfPrefixRoute, routingOf } from './addrconf-route.ts';
import { manageTempaddrs } from './addrconf-temp.ts';
import { addrconfVerify } from './addrconf-verify.ts';

/** The option (RFC 4861 §4.6.2): bytes, and where its fields are. */
const PREFIX_INFO_LEN = 32;
const PIO_PLEN = 2;
const PIO_FLAGS = 3;
const PIO_VALID = 4;
const PIO_PREFERED = 8;
const PIO_PREFIX = 16;
const PIO_ONLINK = 0x80;
const PIO_AUTOCONF = 0x40;
/** A host should get a prefix of its own by DHCPv6 instead (RFC 9762). */
const PIO_PREFERPD = 0x10;

/** Seconds below which an advertisement cannot shorten a valid lifetime: nobody proves who sent it (RFC 4862 §5.5.3 e). */
const MIN_VALID_LIFETIME = 2 * 3600;

/** What one option says. */
interface PrefixInfo {
  readonly prefix: In6Addr;
  readonly plen: number;
  readonly flags: number;
  /** Seconds. */
  readonly valid: number;
  readonly prefered: number;
  readonly sllao: boolean;
}

/** `addrconf_prefix_rcv`: see {@link AddrconfOps.prefixRcv}. */
export function addrconfPrefixRcv(dev: NetDevice, bytes: Uint8Array, opt: number, len: number, sllao: boolean): void {
  const idev = in6DevGet(dev);
  if (len < PREFIX_INFO_LEN) return dev.net.kernel.logDebug('addrconf: prefix option too short');
  const info: PrefixInfo = {
    prefix: new In6Addr().load(bytes, opt + PIO_PREFIX),
    plen: bytes[opt + PIO_PLEN] as number,
    flags: bytes[opt + PIO_FLAGS] as number,
    valid: be32(bytes, opt + PIO_VALID),
    prefered: be32(bytes, opt + PIO_PREFERED),
    sllao,
  };
  if ((ipv6AddrType(info.prefix) & (IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL)) !== 0) return;
  if (info.prefered > info.valid) return dev.net.kernel.log('IPv6: addrconf: prefix option has invalid lifetime');
  // Of a negative one every lifetime but the endless is below: the comparison has no signs.
  if (idev === null || (info.valid !== 0 && info.valid < idev.cnf.acceptRaMinLft >>> 0)) return;
  if ((info.flags & PIO_ONLINK) !== 0) onLinkRoute(dev, info);
  if (!wantsAddress(idev, info.flags) || autoconf(idev, info)) inet6PrefixNotify(RTM_NEWPREFIX, idev, bytes, opt);
}

/** The prefix is on the link, for as long as it is valid: there is a route to it. */
function onLinkRoute(dev: NetDevice, { prefix, plen, valid }: PrefixInfo): void {
  const { net } = dev;
  const routing = routingOf(dev);
  const finite = valid !== INFINITY_LIFE_TIME;
  const rt = routing?.getPrefixRoute(net, dev, prefix, plen, RTF_ADDRCONF | RTF_PREFIX_RT, RTF_DEFAULT, true) ?? null;
  if (rt === null) {
    if (valid !== 0) addrconfPrefixRoute(prefix, plen, 0, dev, finite ? valid * HZ : 0, RTF_ADDRCONF | RTF_PREFIX_RT | (finite ? RTF_EXPIRES : 0));
  } else if (valid === 0) routing?.delRt(net, rt);
  else routing?.setExpires(net, rt, finite ? net.timers.jiffies + valid * HZ : 0);
}

function wantsAddress({ cnf }: Inet6Dev, flags: number): boolean {
  return (flags & PIO_AUTOCONF) !== 0 && cnf.autoconf !== 0 && !(cnf.raHonorPioPflag !== 0 && (flags & PIO_PREFERPD) !== 0);
}

/** Makes or refreshes the address of this prefix; false: it cannot be made. */
function autoconf(idev: Inet6Dev, info: PrefixInfo): boolean {
  if (info.plen !== 64) {
    idev.dev.net.kernel.logDebug(`IPv6 addrconf: prefix with wrong length ${info.plen}`);
    return false;
  }
  const addr = info.prefix.clone();
  if (!idev.token.isAny()) {
    addr.w2 = idev.token.w2;
    addr.w3 = idev.token.w3;
    return prefixRcvAddAddr(idev, info, addr, 0, true);
  }
  const { addrGenMode } = idev.cnf;
  const stable = addrGenMode === IN6_ADDR_GEN_MODE_STABLE_PRIVACY || addrGenMode === IN6_ADDR_GEN_MODE_RANDOM;
  if (stable && ipv6GenerateStableAddress(addr, 0, idev)) return prefixRcvAddAddr(idev, info, addr, IFA_F_STABLE_PRIVACY, false);
  return (ipv6GenerateEui64(addr, idev.dev) || ipv6InheritEui64(addr, idev)) && prefixRcvAddAddr(idev, info, addr, 0, false);
}

/** `addrconf_prefix_rcv_add_addr`. */
function prefixRcvAddAddr(idev: Inet6Dev, info: PrefixInfo, addr: In6Addr, flags: number, tokenized: boolean): boolean {
  const { net } = idev.dev;
  const known = ipv6GetIfaddr(net, addr, idev.dev, true);
  if (known === null && info.valid === 0) return true;
  const ifp = known ?? create(idev, info, addr, flags, tokenized);
  if (ifp === null) return false;
  const valid = known === null ? info.valid : refresh(ifp, info);
  manageTempaddrs(ifp, valid, info.prefered, known === null);
  addrconfVerify(net);
  return true;
}

function create(idev: Inet6Dev, info: PrefixInfo, pfx: In6Addr, flags: number, tokenized: boolean): Inet6Ifaddr | null {
  const { cnf, dev } = idev;
  const { devconfAll } = ipv6Net.of(dev.net);
  // Each advertised prefix costs memory: what a stranger can ask for is limited.
  if (cnf.maxAddresses !== 0 && idev.addrList.length >= cnf.maxAddresses) return null;
  const optimistic = (devconfAll.optimisticDad !== 0 || cnf.optimisticDad !== 0) && devconfAll.forwarding === 0 && info.sllao;
  const ifp = ipv6AddAddr(
    idev,
    {
      pfx,
      plen: info.plen,
      peerPfx: null,
      rtPriority: 0,
      ifaProto: IFAPROT_KERNEL_RA,
      ifaFlags: flags | (optimistic ? IFA_F_OPTIMISTIC : 0),
      preferedLft: info.prefered,
      validLft: info.valid,
      // Linux asks this of the prefix: it matters where that is ::/64.
      scope: ipv6AddrScope(info.prefix),
    },
    null,
  );
  if (typeof ifp === 'number') return null;
  ifp.flags |= IFA_F_MANAGETEMPADDR;
  ifp.tokenized = tokenized;
  addrconfDadStart(ifp);
  return ifp;
}

/** Seconds for which it is valid from now on. The preferred lifetime is always what was advertised. */
function refresh(ifp: Inet6Ifaddr, info: PrefixInfo): number {
  const { dev, cnf } = ifp.idev;
  const now = dev.net.timers.jiffies;
  const left = Math.max(0, ifp.validLft - Math.floor((now - ifp.tstamp) / HZ));
  if (left === 0) return info.valid;
  const valid = cnf.raHonorPioLife !== 0 ? info.valid : Math.max(info.valid, Math.min(left, MIN_VALID_LIFETIME));
  ifp.validLft = valid;
  ifp.preferedLft = info.prefered;
  ifp.tstamp = now;
  ifp.flags &= ~IFA_F_DEPRECATED;
  if (!ifp.tentative) ipv6IfaNotify(0, ifp);
  return valid;
}
