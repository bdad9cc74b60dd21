/** net.ipv4.route.* (`net/ipv4/route.c`), net.ipv4.fib_*. Most belong to the whole kernel and show in the initial namespace only. */
import { HZ } from '@skbuff/core';
import type { MultipathSeed } from '@skbuff/inet';
import { ipv4Net, type Ipv4Net } from '@skbuff/ipv4';
import { INT_MAX, UINT_MAX, registerNetSysctl, type SysctlTable, sysctlField, sysctlInt } from '@skbuff/sysctl';
import type { FibNet, RouteSettings } from './fib-net.ts';

const IPV4_MIN_MTU = 68;
/** As many seconds as jiffies can count (`proc_dointvec_jiffies`). */
const MAX_SECONDS: number = Math.floor(INT_MAX / HZ);

const FLUSH: SysctlTable<FibNet> = { flush: { read: () => '', write: flush } };

const HASH: SysctlTable<MultipathSeed> = { fib_multipath_hash_seed: sysctlField('user', { min: 0, max: UINT_MAX }) };

const NET_TABLE: SysctlTable<Ipv4Net> = {
  min_pmtu: sysctlField('minPmtu', { min: IPV4_MIN_MTU }),
  mtu_expires: sysctlField('mtuExpires', { min: -MAX_SECONDS, max: MAX_SECONDS }),
  min_adv_mss: sysctlField('minAdvMss'),
};

/** Times are in jiffies where the kernel shows jiffies; what begins with `gc_` or `max_` has done nothing since Linux 3.6, but for gc_timeout. */
const GLOBAL_TABLE: SysctlTable<RouteSettings> = {
  gc_thresh: sysctlField('gcThresh'),
  max_size: sysctlField('maxSize'),
  gc_min_interval: sysctlField('gcMinInterval'),
  gc_min_interval_ms: sysctlField('gcMinIntervalMs'),
  gc_timeout: sysctlInt(
    (settings) => Math.trunc(settings.gcTimeout / HZ),
    (settings, value) => {
      settings.gcTimeout = value * HZ;
    },
  ),
  gc_interval: sysctlField('gcInterval'),
  gc_elasticity: sysctlField('gcElasticity'),
  redirect_load: sysctlField('redirectLoad'),
  redirect_number: sysctlField('redirectNumber'),
  redirect_silence: sysctlField('redirectSilence'),
  error_cost: sysctlField('errorCost'),
  error_burst: sysctlField('errorBurst'),
};

/** Registers the files of a namespace; returns the undo. */
export function routeSysctlRegister(state: FibNet): () => void {
  const { net } = state;
  const dir = 'net/ipv4/route';
  const undos = [
    registerNetSysctl(net, dir, FLUSH, state),
    registerNetSysctl(net, dir, NET_TABLE, ipv4Net.of(net)),
    registerNetSysctl(net, 'net/ipv4', HASH, state.multipathSeed),
  ];
  if (net === net.kernel.initNet) undos.push(registerNetSysctl(net, dir, GLOBAL_TABLE, state.fib.settings));
  return () => {
    for (const undo of undos) undo();
  };
}

/** Every decision is made anew, and what ICMP taught is forgotten. */
function flush(state: FibNet): number {
  state.cacheFlush();
  state.fnheGenid++;
  return 0;
}
