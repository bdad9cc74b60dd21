/** RTA_METRICS as routes of every family show it (`net/core/rtnetlink.c`). */
import { RTAX_MAX, RTA_METRICS } from '@skbuff/uapi';
import type { NlMsgBuilder } from './nlmsg-builder.ts';

/** `rtnetlink_put_metrics`: the metrics that are not zero, if any. `metrics` is indexed by RTAX_*. */
export function rtnetlinkPutMetrics(b: NlMsgBuilder, metrics: Uint32Array | null): void {
  if (metrics === null || metrics.every((value) => value === 0)) return;
  const nest = b.nlaNestStartNoflag(RTA_METRICS);
  for (let type = 1; type <= RTAX_MAX; type++) if (metrics[type] !== 0) b.nlaPutU32(type, metrics[type]);
  b.nlaNestEnd(nest);
}
