/** Addresses that do not live for ever (`check_lifetime` in `net/ipv4/devinet.c`). */
import { HZ, type Net, TimerList } from '@skbuff/core';
import { IFA_F_DEPRECATED, IFA_F_PERMANENT, RTM_NEWADDR } from '@skbuff/uapi';
import { INFINITY_LIFE_TIME, devinetNet, inetDelIfa } from './devinet.ts';
import { rtmsgIfa } from './devinet-fill.ts';
import { type InDevice, type InIfaddr, inDevGet } from './inetdevice.ts';

/** Jiffies: how exactly lifetimes are kept, and how often they are looked at at least. */
const ADDRCONF_TIMER_FUZZ_MINUS: number = HZ / 50;
const ADDRCONF_TIMER_FUZZ: number = HZ / 4;
const ADDRCONF_TIMER_FUZZ_MAX: number = HZ;
const ADDR_CHECK_FREQUENCY: number = 120 * HZ;

/** The timer of {@link scheduleLifetimeCheck}. */
export function lifetimeTimer(net: Net): TimerList {
  return new TimerList(() => checkLifetime(net), true);
}

/** Has the lifetimes looked at in `delay` jiffies, if any address has one. */
export function scheduleLifetimeCheck(net: Net, delay: number): void {
  const { timers } = net;
  const { checkTimer } = devinetNet.of(net);
  if (checkTimer === null) return;
  if (net.devList.some((dev) => inDevGet(dev)?.ifaList.some((ifa) => (ifa.flags & IFA_F_PERMANENT) === 0))) {
    timers.modTimer(checkTimer, timers.jiffies + delay);
  } else timers.delTimer(checkTimer);
}

/** `check_lifetime`: what is no longer valid goes, what is no longer preferred is marked. */
function checkLifetime(net: Net): void {
  const now = net.timers.jiffies;
  let next = now + ADDR_CHECK_FREQUENCY;
  for (const dev of [...net.devList]) {
    const inDev = inDevGet(dev);
    for (const ifa of inDev?.ifaList ?? []) {
      if ((ifa.flags & IFA_F_PERMANENT) !== 0) continue;
      // A secondary may be gone with its primary.
      if (inDev?.ifaList.includes(ifa) === true) next = Math.min(next, checkIfa(inDev, ifa, now));
    }
  }
  const second = Math.ceil(next / HZ) * HZ;
  const at = second < next + ADDRCONF_TIMER_FUZZ ? second : next;
  scheduleLifetimeCheck(net, Math.max(at - now, ADDRCONF_TIMER_FUZZ_MAX));
}

/** Jiffies at which this address changes next. */
function checkIfa(inDev: InDevice, ifa: InIfaddr, now: number): number {
  const age = Math.floor((now - ifa.tstamp + ADDRCONF_TIMER_FUZZ_MINUS) / HZ);
  if (age >= ifa.validLft) {
    inetDelIfa(inDev, ifa);
    return Number.POSITIVE_INFINITY;
  }
  const end = ifa.tstamp + ifa.validLft * HZ;
  if (ifa.preferredLft === INFINITY_LIFE_TIME) return end;
  if (age < ifa.preferredLft) return Math.min(end, ifa.tstamp + ifa.preferredLft * HZ);
  if ((ifa.flags & IFA_F_DEPRECATED) === 0) {
    ifa.flags |= IFA_F_DEPRECATED;
    rtmsgIfa(RTM_NEWADDR, ifa, null, 0);
  }
  return end;
}
