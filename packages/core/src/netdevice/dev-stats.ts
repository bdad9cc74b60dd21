/** Counters of a device as the user sees them (`net/core/dev.c`). */
import type { NetDevice } from './netdevice.ts';

/** `dev_get_stats`: writes all `LINK_STATS_COUNT` counters to `into`: the core's and, where it keeps some, the driver's own. */
export function devGetStats(dev: NetDevice, into: Float64Array): void {
  into.set(dev.stats);
  dev.ops.ndoGetStats64?.(dev, into);
}
