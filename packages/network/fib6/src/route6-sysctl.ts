/** net.ipv6.route.* (`net/ipv6/route.c`). */
import { HZ } from '@skbuff/core';
import { INT_MAX, type SysctlEntry, registerNetSysctl, sysctlField, sysctlInt } from '@skbuff/sysctl';
import type { Fib6Net } from './fib6-net.ts';

const DIR = 'net/ipv6/route';
/** As many seconds as jiffies can count (`proc_dointvec_jiffies`). */
const MAX_SECONDS: number = Math.floor(INT_MAX / HZ);

/** Registers the files of a namespace; returns the undo. `flush`: what writing to the file of that name does. */
export function route6SysctlRegister(state: Fib6Net, flush: () => void): () => void {
  const { v6 } = state;
  const seconds = (name: string, field: 'gcTimeout' | 'gcInterval' | 'gcMinInterval'): SysctlEntry =>
    sysctlInt(`${DIR}/${name}`, () => Math.trunc(state[field] / HZ), (value) => void (state[field] = value * HZ), { min: -MAX_SECONDS, max: MAX_SECONDS });
  return registerNetSysctl(state.net, [
    { path: `${DIR}/flush`, read: () => '', write: () => (flush(), 0) },
    sysctlField(`${DIR}/gc_thresh`, state, 'gcThresh'),
    sysctlField(`${DIR}/max_size`, state, 'maxSize'),
    seconds('gc_min_interval', 'gcMinInterval'),
    sysctlField(`${DIR}/gc_min_interval_ms`, state, 'gcMinInterval'),
    seconds('gc_timeout', 'gcTimeout'),
    seconds('gc_interval', 'gcInterval'),
    sysctlField(`${DIR}/gc_elasticity`, state, 'gcElasticity'),
    sysctlField(`${DIR}/mtu_expires`, v6, 'mtuExpires', { min: -MAX_SECONDS, max: MAX_SECONDS }),
    sysctlField(`${DIR}/min_adv_mss`, v6, 'minAdvMss'),
    sysctlField(`${DIR}/skip_notify_on_dev_down`, state, 'skipNotifyOnDevDown', { min: 0, max: 1 }),
  ]);
}
