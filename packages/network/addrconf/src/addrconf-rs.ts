/** Router solicitations (RFC 4861 §6.3.7, with the intervals of RFC 7559). */
import { TimerList } from '@skbuff/core';
import { IF_RA_RCVD, IF_READY, IF_RS_SENT, type Inet6Dev, ipv6AcceptRa, ipv6GetLladdr, ipv6Net } from '@skbuff/ipv6';
import { IFA_F_TENTATIVE } from '@skbuff/uapi';
import { In6Addr, in6addrLinklocalAllrouters } from '@skbuff/wire';
import { addrconfNet } from './addrconf-net.ts';
import type { AddrconfRandom } from './addrconf-random.ts';

const lladdr: In6Addr = new In6Addr();

/** `jiffies` times something between `from` and `to` tenths. */
function spread(random: AddrconfRandom, jiffies: number, from: number, to: number): number {
  const millionths = from * 100_000 + random.below((to - from) * 100_000 + 1);
  return Math.floor((millionths * jiffies) / 1_000_000);
}

/** `rfc3315_s14_backoff_init`: the first interval. */
function backoffInit(random: AddrconfRandom, initial: number): number {
  return spread(random, initial, 9, 11);
}

/** `rfc3315_s14_backoff_update`: about twice the last one, about `max` at most. */
function backoffUpdate(random: AddrconfRandom, last: number, max: number): number {
  const next = spread(random, last, 19, 21);
  return next > max ? spread(random, max, 9, 11) : next;
}

/** `ndisc_send_rs` from the interface's link-local address; false: it has none that may be used, but for those with one of `bannedFlags`. */
export function sendRs({ dev }: Inet6Dev, bannedFlags: number): boolean {
  if (!ipv6GetLladdr(dev, lladdr, bannedFlags)) return false;
  ipv6Net.of(dev.net).ip.ndisc?.sendRs(dev, lladdr, in6addrLinklocalAllrouters);
  return true;
}

/** The first one was sent: the others follow. */
export function rsStarted(idev: Inet6Dev): void {
  idev.rsInterval = backoffInit(addrconfNet.of(idev.dev.net).random, idev.cnf.rtrSolicitInterval);
  idev.rsProbes = 1;
  idev.ifFlags |= IF_RS_SENT;
  modRsTimer(idev, idev.rsInterval);
}

function modRsTimer({ dev, rsTimer }: Inet6Dev, delay: number): void {
  const { timers } = dev.net;
  if (rsTimer !== null) timers.modTimer(rsTimer, timers.jiffies + delay);
}

/** `addrconf_del_rs_timer`. */
export function addrconfDelRsTimer({ dev, rsTimer }: Inet6Dev): void {
  if (rsTimer !== null) dev.net.timers.delTimer(rsTimer);
}

/** The timer of an interface. */
export function addrconfRsTimer(idev: Inet6Dev): TimerList {
  return new TimerList(() => rsTimerFn(idev), true);
}

/** `addrconf_rs_timer`: asks again, until a router has answered or it was often enough. */
function rsTimerFn(idev: Inet6Dev): void {
  const { cnf, dev } = idev;
  if (idev.dead || (idev.ifFlags & IF_READY) === 0 || !ipv6AcceptRa(idev) || (idev.ifFlags & IF_RA_RCVD) !== 0) return;
  if (cnf.rtrSolicits >= 0 && idev.rsProbes >= cnf.rtrSolicits) return dev.net.kernel.logDebug(`${dev.name}: no IPv6 routers present`);
  idev.rsProbes++;
  if (!sendRs(idev, IFA_F_TENTATIVE)) return;
  idev.rsInterval = backoffUpdate(addrconfNet.of(dev.net).random, idev.rsInterval, cnf.rtrSolicitMaxInterval);
  // After the last one there is less to wait for.
  modRsTimer(idev, idev.rsProbes === cnf.rtrSolicits ? cnf.rtrSolicitDelay : idev.rsInterval);
}
