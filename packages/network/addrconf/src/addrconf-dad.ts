/** Duplicate address detection (RFC 4862 §5.4, RFC 4429, RFC 7527; `net/ipv6/addrconf.c`). */
import { HZ, type SkBuff } from '@skbuff/core';
import {
  IF_READY,
  IFA_LINK,
  INET6_IFADDR_STATE_DAD,
  INET6_IFADDR_STATE_ERRDAD,
  INET6_IFADDR_STATE_POSTDAD,
  INET6_IFADDR_STATE_PREDAD,
  type Inet6Dev,
  type Inet6Ifaddr,
  ipv6AcceptRa,
  ipv6Net,
  ipv6UseOptimisticAddr,
} from '@skbuff/ipv6';
import {
  ARPHRD_TUNNEL,
  IFA_F_DADFAILED,
  IFA_F_NODAD,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
  IFF_LOOPBACK,
  IFF_NOARP,
  RTM_NEWADDR,
} from '@skbuff/uapi';
import { addrconfAddrSolictMult, In6Addr, in6addrAny, in6addrLinklocalAllnodes } from '@skbuff/wire';
import { addrconfModDadWork } from './addrconf-dad-start.ts';
import { addrconfIfdown } from './addrconf-dev.ts';
import { addrconfJoinSolict, type Ifa6Config, ipv6AddAddr, ipv6DelAddr, ipv6IfaNotify } from './addrconf-ifa.ts';
import { ipv6GenerateEui64, ipv6GenerateStableAddress } from './addrconf-ifid.ts';
import { addrconfNet } from './addrconf-net.ts';
import { routingOf } from './addrconf-route.ts';
import { rsStarted, sendRs } from './addrconf-rs.ts';
import { ipv6CreateTempaddr } from './addrconf-temp.ts';
import { addrconfVerifyRtnl } from './addrconf-verify.ts';

const group: In6Addr = new In6Addr();

/** Whether a setting of the namespace or of the interface is above `limit`. */
function either({ dev, cnf }: Inet6Dev, field: 'acceptDad' | 'enhancedDad' | 'ndiscNotify', limit = 0): boolean {
  return cnf[field] > limit || ipv6Net.of(dev.net).devconfAll[field] > limit;
}

/** `addrconf_dad_work`: begins, goes on with, ends or breaks off. */
export function addrconfDadWork(ifp: Inet6Ifaddr): void {
  if (ifp.state === INET6_IFADDR_STATE_PREDAD) {
    ifp.state = INET6_IFADDR_STATE_DAD;
    dadBegin(ifp);
  } else if (ifp.state === INET6_IFADDR_STATE_ERRDAD) dadAbort(ifp);
  else if (ifp.dadProbes !== 0 || dadEnd(ifp)) dadGoOn(ifp);
}

/** `addrconf_dad_end`: false: it was not being tried. */
function dadEnd(ifp: Inet6Ifaddr): boolean {
  if (ifp.state !== INET6_IFADDR_STATE_DAD) return false;
  ifp.state = INET6_IFADDR_STATE_POSTDAD;
  return true;
}

function dadGoOn(ifp: Inet6Ifaddr): void {
  const { idev } = ifp;
  const { dev } = idev;
  if (idev.dead || (idev.ifFlags & IF_READY) === 0 || ifp.dead) return;
  if (ifp.dadProbes === 0) return dadSucceeded(ifp);
  ifp.dadProbes--;
  addrconfModDadWork(ifp, Math.max(idev.ndParms?.retransTime ?? HZ, HZ / 100));
  ipv6Net.of(dev.net).ip.ndisc?.sendNs(dev, ifp.addr, addrconfAddrSolictMult(group, ifp.addr), in6addrAny, ifp.dadNonceHi, ifp.dadNonceLo);
}

/** `addrconf_dad_begin`. */
function dadBegin(ifp: Inet6Ifaddr): void {
  const { idev } = ifp;
  const { dev } = idev;
  addrconfJoinSolict(dev, ifp.addr);
  const nobodyElse = (dev.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0 || !either(idev, 'acceptDad');
  if (nobodyElse || (ifp.flags & IFA_F_TENTATIVE) === 0 || (ifp.flags & IFA_F_NODAD) !== 0) return dadSucceeded(ifp);
  // Not ready: what lasts stays tentative until the device is, the rest goes.
  if ((idev.ifFlags & IF_READY) === 0) return dadStop(ifp, false);
  const optimistic = (ifp.flags & IFA_F_OPTIMISTIC) !== 0;
  if (optimistic && ifp.rt !== null) routingOf(dev)?.insRt(dev.net, ifp.rt);
  dadKick(ifp);
  if (optimistic && ipv6UseOptimisticAddr(idev)) ipv6IfaNotify(RTM_NEWADDR, ifp);
}

/** `addrconf_dad_kick`: the first solicitation goes after a while that is left to chance, but at once for who cannot wait. */
function dadKick(ifp: Inet6Ifaddr): void {
  const { idev } = ifp;
  const { random } = addrconfNet.of(idev.dev.net);
  ifp.dadNonceHi = ifp.dadNonceLo = 0;
  if (either(idev, 'enhancedDad')) {
    do {
      ifp.dadNonceHi = random.u32() & 0xffff;
      ifp.dadNonceLo = random.u32();
    } while (ifp.dadNonceHi === 0 && ifp.dadNonceLo === 0);
  }
  ifp.dadProbes = idev.cnf.dadTransmits;
  addrconfModDadWork(ifp, (ifp.flags & IFA_F_OPTIMISTIC) !== 0 ? 0 : random.below(Math.max(1, idev.cnf.rtrSolicitDelay)));
}

/** `addrconf_dad_run`: those that wait for the device (`restart`: all) are tried. */
export function addrconfDadRun({ addrList }: Inet6Dev, restart: boolean): void {
  for (const ifp of addrList) {
    if (!restart && !(ifp.tentative && ifp.state === INET6_IFADDR_STATE_DAD)) continue;
    if (restart) ifp.state = INET6_IFADDR_STATE_PREDAD;
    dadKick(ifp);
  }
}

function dadSucceeded(ifp: Inet6Ifaddr): void {
  const wasTentative = ifp.tentative;
  const sendNa = wasTentative && (ifp.flags & IFA_F_OPTIMISTIC) === 0;
  ifp.flags &= ~(IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED);
  dadCompleted(ifp, wasTentative, sendNa);
}

/** `addrconf_dad_completed`: the address may be used. The first link-local one also starts MLD, and asks for routers. */
function dadCompleted(ifp: Inet6Ifaddr, wasTentative: boolean, sendNa: boolean): void {
  const { idev } = ifp;
  const { dev, cnf } = idev;
  const { ip } = ipv6Net.of(dev.net);
  ifp.dadWork?.cancel();
  ipv6IfaNotify(RTM_NEWADDR, ifp);
  const first = ifp.scope === IFA_LINK && isLonelyLladdr(ifp);
  const asksRouters = first && ipv6AcceptRa(idev) && cnf.rtrSolicits !== 0 && (dev.flags & IFF_LOOPBACK) === 0 && dev.type !== ARPHRD_TUNNEL;
  if (first) ip.mld?.dadComplete(idev);
  if (sendNa && either(idev, 'ndiscNotify')) ip.ndisc?.sendNa(dev, in6addrLinklocalAllnodes, ifp.addr, cnf.forwarding !== 0, false, true, true);
  if (asksRouters) {
    if (!sendRs(idev, IFA_F_TENTATIVE)) return;
    rsStarted(idev);
  }
  if (wasTentative) ip.routing?.cacheFlush(dev.net);
  // The next temporary address has to be there before this one is deprecated.
  if ((ifp.flags & IFA_F_TEMPORARY) !== 0) addrconfVerifyRtnl(dev.net);
}

/** `ipv6_lonely_lladdr`: it is the only link-local address that can be used. */
function isLonelyLladdr(ifp: Inet6Ifaddr): boolean {
  const mask = IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED;
  return !ifp.idev.addrList.some((other) => other !== ifp && other.scope === IFA_LINK && (other.flags & mask) === IFA_F_PERMANENT);
}

/** `addrconf_dad_stop`: the address cannot be used, because it is taken (`failed`) or because the device is not ready. */
function dadStop(ifp: Inet6Ifaddr, failed: boolean): void {
  if (failed) ifp.flags |= IFA_F_DADFAILED;
  if ((ifp.flags & IFA_F_TEMPORARY) !== 0) {
    if (ifp.ifpub !== null) ipv6CreateTempaddr(ifp.ifpub);
    ipv6DelAddr(ifp);
  } else if ((ifp.flags & IFA_F_PERMANENT) !== 0 || !failed) {
    ifp.dadWork?.cancel();
    ifp.flags |= IFA_F_TENTATIVE;
    if (!failed) return;
    ifp.flags &= ~IFA_F_OPTIMISTIC;
    ipv6IfaNotify(0, ifp);
  } else ipv6DelAddr(ifp);
}

function dadAbort(ifp: Inet6Ifaddr): void {
  const { idev } = ifp;
  ifp.state = INET6_IFADDR_STATE_POSTDAD;
  const disable = isFatal(ifp);
  if (disable) {
    idev.cnf.disableIpv6 = 1;
    idev.dev.net.kernel.log(`IPv6: ${idev.dev.name}: IPv6 being disabled!`);
  }
  dadStop(ifp, true);
  if (disable) addrconfIfdown(idev.dev, false);
}

/** accept_dad 2: somebody has our link-local address made of our MAC address, and so our MAC address. */
function isFatal({ idev, addr, flags }: Inet6Ifaddr): boolean {
  if (!either(idev, 'acceptDad', 1) || idev.cnf.disableIpv6 !== 0 || (flags & IFA_F_STABLE_PRIVACY) !== 0) return false;
  const own = new In6Addr(0xfe800000);
  return ipv6GenerateEui64(own, idev.dev) && addr.equals(own);
}

/** `addrconf_dad_failure`: `skb` says that somebody else has the address, which is being tried. The sk_buff stays the caller's. */
export function addrconfDadFailure(skb: SkBuff, ifp: Inet6Ifaddr): void {
  if (!dadEnd(ifp)) return;
  const { dev } = ifp.idev;
  dev.net.kernel.log(`IPv6: ${dev.name}: IPv6 duplicate address ${ifp.addr.toString()} used by ${sourceMac(skb)} detected!`);
  if ((ifp.flags & IFA_F_STABLE_PRIVACY) !== 0) tryAnother(ifp);
  ifp.state = INET6_IFADDR_STATE_ERRDAD;
  addrconfModDadWork(ifp, 0);
}

function sourceMac(skb: SkBuff): string {
  const at = skb.macHeader + 6;
  return Array.from(skb.bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** A stable-privacy address is made again, in another way; that takes a while (RFC 7217 §6). */
function tryAnother(ifp: Inet6Ifaddr): void {
  const { idev } = ifp;
  const { dev, cnf } = idev;
  const { idgenRetries, idgenDelay } = ipv6Net.of(dev.net);
  const retry = ifp.stablePrivacyRetry + 1;
  if (retry > idgenRetries) return dev.net.kernel.log(`IPv6: ${dev.name}: privacy stable address generation failed because of DAD conflicts!`);
  const pfx = ifp.addr.clone();
  if (!ipv6GenerateStableAddress(pfx, retry, idev)) return;
  if (cnf.maxAddresses !== 0 && idev.addrList.length >= cnf.maxAddresses) return;
  dev.net.kernel.log(`IPv6: ${dev.name}: generating new stable privacy address because of DAD conflict`);
  const next = ipv6AddAddr(idev, configOf(ifp, pfx), null);
  if (typeof next === 'number') return;
  next.stablePrivacyRetry = retry;
  addrconfModDadWork(next, idgenDelay);
}

function configOf(ifp: Inet6Ifaddr, pfx: In6Addr): Ifa6Config {
  const { prefixLen, rtPriority, ifaProto, flags, preferedLft, validLft, scope } = ifp;
  return { pfx, plen: prefixLen, peerPfx: null, rtPriority, ifaProto, ifaFlags: flags, preferedLft, validLft, scope };
}
