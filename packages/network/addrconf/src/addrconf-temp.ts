/** Temporary addresses (RFC 8981): beside each advertised address one that changes, so that a host cannot be followed. */
import { HZ } from '@skbuff/core';
import { type Inet6Dev, type Inet6Ifaddr, ipv6AddrScope } from '@skbuff/ipv6';
import { IFA_F_DEPRECATED, IFA_F_OPTIMISTIC, IFA_F_TEMPORARY } from '@skbuff/uapi';
import { addrconfDadStart } from './addrconf-dad-start.ts';
import { type Ifa6Config, ifaAge, ipv6AddAddr, ipv6DelAddr, ipv6IfaNotify } from './addrconf-ifa.ts';
import { ipv6GenRndIid } from './addrconf-ifid.ts';
import { addrconfNet } from './addrconf-net.ts';

/** `ipv6_get_regen_advance`: seconds before deprecation at which the successor is made: detection of duplicates has to fit in. */
export function ipv6GetRegenAdvance({ cnf, ndParms }: Inet6Dev): number {
  const retrans = Math.max(ndParms?.retransTime ?? HZ, HZ / 100);
  return cnf.regenMinAdvance + Math.floor((cnf.regenMaxRetry * cnf.dadTransmits * retrans) / HZ);
}

/** Draws the interface's part in not all hosts renewing at once, if it was never drawn or is more than allowed now. */
function drawDesyncFactor(idev: Inet6Dev, advance: number): void {
  const { cnf } = idev;
  const max = Math.min(cnf.maxDesyncFactor, cnf.tempPreferedLft - advance);
  if (idev.desyncFactor > max) idev.desyncFactor = max > 0 ? addrconfNet.of(idev.dev.net).random.below(max) : 0;
}

/** `ipv6_create_tempaddr`: a temporary address beside the public one `ifp`; null: they are off, it would be deprecated at once, or too many were taken. */
export function ipv6CreateTempaddr(ifp: Inet6Ifaddr): Inet6Ifaddr | null {
  const { idev } = ifp;
  const { dev, cnf } = idev;
  const { kernel, timers } = dev.net;
  for (;;) {
    if (cnf.useTempaddr <= 0) return null;
    if (ifp.regenCount++ >= cnf.regenMaxRetry) {
      cnf.useTempaddr = -1;
      kernel.log(`IPv6: ${dev.name}: regeneration time exceeded - disabled temporary address support`);
      return null;
    }
    const cfg = temporaryConfig(ifp);
    if (cfg === null) return null;
    const ift = ipv6AddAddr(idev, cfg, null);
    if (typeof ift !== 'number') return linked(ift, ifp);
    kernel.log(`IPv6: ${dev.name}: retry temporary address regeneration`);
  }

  function linked(ift: Inet6Ifaddr, pub: Inet6Ifaddr): Inet6Ifaddr {
    ift.ifpub = pub;
    ift.cstamp = timers.jiffies;
    ift.tstamp = pub.tstamp;
    addrconfDadStart(ift);
    return ift;
  }
}

/** What it is made of: lifetimes count, as those of the public address, from when that was last advertised. Null: not worth while. */
function temporaryConfig(ifp: Inet6Ifaddr): Ifa6Config | null {
  const { idev } = ifp;
  const { cnf } = idev;
  const { net } = idev.dev;
  const { timers } = net;
  const age = Math.floor((timers.jiffies - ifp.tstamp) / HZ);
  const advance = ipv6GetRegenAdvance(idev);
  drawDesyncFactor(idev, advance);
  const pfx = ifp.addr.clone();
  ipv6GenRndIid(pfx, addrconfNet.of(net).random);
  const validLft = Math.min(ifp.validLft, cnf.tempValidLft + age);
  let preferedLft = Math.min(ifp.preferedLft, cnf.tempPreferedLft + age - idev.desyncFactor);
  const least = advance + ifaAge(ifp, timers.jiffies);
  if (preferedLft <= least) {
    preferedLft = least + 1;
    if (preferedLft > validLft || preferedLft > ifp.preferedLft) return null;
  }
  const ifaFlags = IFA_F_TEMPORARY | (ifp.flags & IFA_F_OPTIMISTIC);
  return { pfx, plen: ifp.prefixLen, peerPfx: null, rtPriority: 0, ifaProto: 0, ifaFlags, preferedLft, validLft, scope: ipv6AddrScope(pfx) };
}

/** `manage_tempaddrs`: the public address got other lifetimes (seconds from now on); `create`: it needs a temporary one in any case. */
export function manageTempaddrs(ifp: Inet6Ifaddr, validLft: number, preferedLft: number, create: boolean): void {
  const { idev } = ifp;
  const { cnf } = idev;
  const now = idev.dev.net.timers.jiffies;
  let valid = validLft;
  let prefered = preferedLft;
  for (const ift of idev.tempaddrList) {
    if (ift.ifpub !== ifp) continue;
    // Never longer in all than a temporary address may live.
    const age = Math.floor((now - ift.cstamp) / HZ);
    valid = Math.min(valid, Math.max(0, cnf.tempValidLft - age));
    prefered = Math.min(prefered, Math.max(0, cnf.tempPreferedLft - idev.desyncFactor - age));
    ift.validLft = valid;
    ift.preferedLft = prefered;
    ift.tstamp = now;
    if (prefered > 0) ift.flags &= ~IFA_F_DEPRECATED;
    if (!ift.tentative) ipv6IfaNotify(0, ift);
  }
  const wanted = create || (idev.tempaddrList.length === 0 && (valid !== 0 || prefered !== 0));
  if (wanted && cnf.useTempaddr > 0) ipv6CreateTempaddr(ifp);
}

/** `delete_tempaddrs`: the public address needs none any more. */
export function deleteTempaddrs(ifp: Inet6Ifaddr): void {
  for (const ift of [...ifp.idev.tempaddrList]) if (ift.ifpub === ifp) ipv6DelAddr(ift);
}
