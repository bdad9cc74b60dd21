/** Addresses that do not live for ever (`addrconf_verify` in `net/ipv6/addrconf.c`). */
import { HZ, type Net } from '@skbuff/core';
import { type Inet6Ifaddr, INFINITY_LIFE_TIME, ipv6Net } from '@skbuff/ipv6';
import { IFA_F_DEPRECATED, IFA_F_PERMANENT, IFA_F_TEMPORARY } from '@skbuff/uapi';
import { ifaAge, ipv6DelAddr, ipv6IfaNotify } from './addrconf-ifa.ts';
import { addrconfNet } from './addrconf-net.ts';
import { ipv6CreateTempaddr, ipv6GetRegenAdvance } from './addrconf-temp.ts';

/** Jiffies: how late they may be kept for the sake of a whole second, the least time between two looks, and the most. */
const ADDRCONF_TIMER_FUZZ: number = HZ / 4;
const ADDRCONF_TIMER_FUZZ_MAX: number = HZ;
const ADDR_CHECK_FREQUENCY: number = 120 * HZ;

const roundJiffiesUp = (jiffies: number): number => Math.ceil(jiffies / HZ) * HZ;

/** It never changes. */
function isForever(ifp: Inet6Ifaddr): boolean {
  return (ifp.flags & IFA_F_PERMANENT) !== 0 && ifp.preferedLft === INFINITY_LIFE_TIME;
}

/** `addrconf_verify`: has the lifetimes looked at soon. */
export function addrconfVerify(net: Net): void {
  addrconfNet.of(net).checkWork.mod(0);
}

/** `addrconf_verify_rtnl`: what is no longer valid goes, what is no longer preferred is marked, temporary addresses get successors in time. */
export function addrconfVerifyRtnl(net: Net): void {
  const { addrs } = ipv6Net.of(net);
  const { checkWork } = addrconfNet.of(net);
  const now = net.timers.jiffies;
  checkWork.cancel();
  let next = roundJiffiesUp(now + ADDR_CHECK_FREQUENCY);
  for (const ifp of [...addrs]) if (!isForever(ifp)) next = Math.min(next, verifyIfa(ifp, now));
  // Without such an address there is nothing to wait for.
  if ([...addrs].every(isForever)) return;
  const second = roundJiffiesUp(next);
  const at = second < next + ADDRCONF_TIMER_FUZZ ? second : next;
  checkWork.mod(Math.max(at - now, ADDRCONF_TIMER_FUZZ_MAX));
}

/** Jiffies at which this address changes next; one that was made here for it is not among those that are looked at, and counts too. */
function verifyIfa(ifp: Inet6Ifaddr, now: number): number {
  if (ifp.dead) return Number.POSITIVE_INFINITY;
  const age = ifaAge(ifp, now);
  const next = renewTemporary(ifp, age);
  if (ifp.validLft !== INFINITY_LIFE_TIME && age >= ifp.validLft) {
    ipv6DelAddr(ifp);
    return next;
  }
  if (ifp.preferedLft === INFINITY_LIFE_TIME) return next;
  if (age < ifp.preferedLft) return Math.min(next, ifp.tstamp + ifp.preferedLft * HZ);
  if ((ifp.flags & IFA_F_DEPRECATED) === 0) {
    ifp.flags |= IFA_F_DEPRECATED;
    ipv6IfaNotify(0, ifp);
  }
  return ifp.validLft === INFINITY_LIFE_TIME ? next : Math.min(next, ifp.tstamp + ifp.validLft * HZ);
}

/** A temporary address gets its successor before it is deprecated: jiffies at which that is to be looked at. */
function renewTemporary(ifp: Inet6Ifaddr, age: number): number {
  const { ifpub } = ifp;
  const regular = (ifp.flags & IFA_F_TEMPORARY) !== 0 && !ifp.tentative && ifp.regenCount === 0;
  if (!regular || ifpub === null || ifp.preferedLft === INFINITY_LIFE_TIME) return Number.POSITIVE_INFINITY;
  const advance = ipv6GetRegenAdvance(ifp.idev);
  const deprecated = ifp.tstamp + ifp.preferedLft * HZ;
  if (age + advance < ifp.preferedLft) return deprecated - advance * HZ;
  ifp.regenCount++;
  ifpub.regenCount = 0;
  const made = ipv6CreateTempaddr(ifpub);
  return made === null ? deprecated : Math.min(deprecated, made.tstamp + made.preferedLft * HZ);
}
