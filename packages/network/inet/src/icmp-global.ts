/** How many ICMP messages a namespace may send, whatever the family (`net/ipv4/icmp.c`; net.ipv4.icmp_msgs_per_sec, icmp_msgs_burst). */
import { HZ, type Net, NetSlot } from '@skbuff/core';

export class IcmpGlobal {
  msgsPerSec = 1000;
  msgsBurst = 50;
  /** Messages left, and jiffies of the last refill. */
  credit = 0;
  /** At boot Linux's clock is already far from 0, so that the first message may go out at once. */
  stamp: number = -HZ;
  /** Messages that were not sent for it (ICMP_MIB_RATELIMITGLOBAL, of both families together). */
  refused = 0;
}

const icmpGlobalNet: NetSlot<IcmpGlobal> = new NetSlot<IcmpGlobal>('icmp_global');

/** The limit of a namespace, which begins when it is first asked for: either family may be the one that is loaded. */
export function icmpGlobal(net: Net): IcmpGlobal {
  let limit = icmpGlobalNet.peek(net);
  if (limit === null) icmpGlobalNet.set(net, (limit = new IcmpGlobal()));
  return limit;
}

/**
 * `icmp_global_allow`: whether the namespace may send one more now; {@link icmpGlobalConsume} then takes it from the credit. Where not, it is
 * counted. New credit comes when the old is used up, and not more often than every 20 ms.
 */
export function icmpGlobalAllow(net: Net): boolean {
  const limit = icmpGlobal(net);
  if (limit.credit > 0 || refill(limit, net.timers.jiffies)) return true;
  limit.refused++;
  return false;
}

function refill(limit: IcmpGlobal, now: number): boolean {
  const delta = Math.min(now - limit.stamp, HZ);
  if (delta < HZ / 50) return false;
  const more = Math.floor((limit.msgsPerSec * delta) / HZ);
  if (more === 0) return false;
  limit.stamp = now;
  limit.credit = Math.min(limit.credit + more, limit.msgsBurst);
  return true;
}

/** `icmp_global_consume`: a message goes out. By chance it costs 0, 1 or 2: nobody can count this host's messages by their absence. */
export function icmpGlobalConsume(net: Net): void {
  icmpGlobal(net).credit -= net.kernel.random.below(3);
}
