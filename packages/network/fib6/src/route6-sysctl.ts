/** net.ipv6.route.* (`net/ipv6/route.c`). */
import { HZ } from '@skbuff/core';
import type { Ipv6Net } from '@skbuff/ipv6';
import { INT_MAX, registerNetSysctl, type SysctlTable, sysctlField, sysctlSeconds } from '@skbuff/sysctl';
import type { Fib6Net } from './fib6-net.ts';

const DIR = 'net/ipv6/route';
/** As many seconds as jiffies can count (`proc_dointvec_jiffies`). */
const MAX_SECONDS: number = Math.floor(INT_MAX / HZ);

const FIB6_TABLE: SysctlTable<Fib6Net> = {
  gc_thresh: sysctlField('gcThresh'),
  max_size: sysctlField('maxSize'),
  gc_min_interval: sysctlSeconds('gcMinInterval'),
  gc_min_interval_ms: sysctlField('gcMinInterval'),
  gc_timeout: sysctlSeconds('gcTimeout'),
  gc_interval: sysctlSeconds('gcInterval'),
  gc_elasticity: sysctlField('gcElasticity'),
  skip_notify_on_dev_down: sysctlField('skipNotifyOnDevDown', { min: 0, max: 1 }),
};

const NET_TABLE: SysctlTable<Ipv6Net> = {
  mtu_expires: sysctlField('mtuExpires', { min: -MAX_SECONDS, max: MAX_SECONDS }),
  min_adv_mss: sysctlField('minAdvMss'),
};

const FLUSH_TABLE: SysctlTable<() => void> = { flush: { read: () => '', write: (flush) => (flush(), 0) } };

/** Registers the files of a namespace; returns the undo. `flush`: what writing to the file of that name does. */
export function route6SysctlRegister(state: Fib6Net, flush: () => void): () => void {
  const { net, v6 } = state;
  const undos = [registerNetSysctl(net, DIR, FIB6_TABLE, state), registerNetSysctl(net, DIR, NET_TABLE, v6), registerNetSysctl(net, DIR, FLUSH_TABLE, flush)];
  return () => {
    for (const undo of undos) undo();
  };
}
