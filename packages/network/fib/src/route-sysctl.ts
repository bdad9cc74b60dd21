/** net.ipv4.route.* (`net/ipv4/route.c`), net.ipv4.fib_*. Most belong to the whole kernel and show in the initial namespace only. */
import { HZ } from '@skbuff/core';
import { ipv4Net } from '@skbuff/ipv4';
import { INT_MAX, UINT_MAX, type SysctlEntry, registerNetSysctl, sysctlField, sysctlInt } from '@skbuff/sysctl';
import type { FibNet } from './fib-net.ts';

const DIR = 'net/ipv4/route';
const IPV4_MIN_MTU = 68;
/** As many seconds as jiffies can count (`proc_dointvec_jiffies`). */
const MAX_SECONDS: number = Math.floor(INT_MAX / HZ);

/** Registers the files of a namespace; returns the undo. */
export function routeSysctlRegister(state: FibNet): () => void {
  const initial = state.net === state.net.kernel.initNet;
  return registerNetSysctl(state.net, [...perNet(state), ...(initial ? global(state) : [])]);
}

function perNet(state: FibNet): SysctlEntry[] {
  const settings = ipv4Net.of(state.net);
  return [
    { path: `${DIR}/flush`, read: () => '', write: () => flush(state) },
    sysctlField(`${DIR}/min_pmtu`, settings, 'minPmtu', { min: IPV4_MIN_MTU }),
    sysctlField(`${DIR}/mtu_expires`, settings, 'mtuExpires', { min: -MAX_SECONDS, max: MAX_SECONDS }),
    sysctlField(`${DIR}/min_adv_mss`, settings, 'minAdvMss'),
    sysctlField('net/ipv4/fib_multipath_hash_seed', state, 'multipathHashSeed', { min: 0, max: UINT_MAX }),
  ];
}

/** Every decision is made anew, and what ICMP taught is forgotten. */
function flush(state: FibNet): number {
  state.cacheFlush();
  state.fnheGenid++;
  return 0;
}

/** Times are in jiffies where the kernel shows jiffies; what begins with `gc_` or `max_` has done nothing since Linux 3.6, but for gc_timeout. */
function global({ fib: { settings } }: FibNet): SysctlEntry[] {
  return [
    sysctlField(`${DIR}/gc_thresh`, settings, 'gcThresh'),
    sysctlField(`${DIR}/max_size`, settings, 'maxSize'),
    sysctlField(`${DIR}/gc_min_interval`, settings, 'gcMinInterval'),
    sysctlField(`${DIR}/gc_min_interval_ms`, settings, 'gcMinIntervalMs'),
    sysctlInt(`${DIR}/gc_timeout`, () => Math.trunc(settings.gcTimeout / HZ), (value) => void (settings.gcTimeout = value * HZ)),
    sysctlField(`${DIR}/gc_interval`, settings, 'gcInterval'),
    sysctlField(`${DIR}/gc_elasticity`, settings, 'gcElasticity'),
    sysctlField(`${DIR}/redirect_load`, settings, 'redirectLoad'),
    sysctlField(`${DIR}/redirect_number`, settings, 'redirectNumber'),
    sysctlField(`${DIR}/redirect_silence`, settings, 'redirectSilence'),
    sysctlField(`${DIR}/error_cost`, settings, 'errorCost'),
    sysctlField(`${DIR}/error_burst`, settings, 'errorBurst'),
  ];
}
