/** RTA_METRICS as routes of every family read it (`net/ipv4/metrics.c`). */
import { EINVAL, NLA_HDRLEN, RTAX_ADVMSS, RTAX_CC_ALGO, RTAX_FEATURES, RTAX_FEATURE_MASK, RTAX_HOPLIMIT, RTAX_MAX, RTAX_MTU } from '@skbuff/uapi';
import type { NetlinkExtAck } from './extack.ts';
import { nlaForEach, nlaGetU32, nlaLen } from './nlattr.ts';

/** Largest values of two metrics: a datagram of 64 KiB less what a header and padding may take. */
const MTU_MAX = 65535 - 15;
const ADVMSS_MAX = 65535 - 40;

function invalid(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -EINVAL;
}

/**
 * `ip_metrics_convert`: the metrics in the nest at `attr`, into `metrics` by RTAX_*. Values out of range are cut to it. 0 or -EINVAL and
 * why. There is no congestion control that a route could ask for.
 */
export function ipMetricsConvert(buf: Uint8Array, attr: number, metrics: Uint32Array, extack: NetlinkExtAck): number {
  return nlaForEach(buf, attr + NLA_HDRLEN, nlaLen(buf, attr), (nla, type) => {
    if (type === 0) return 0;
    if (type > RTAX_MAX) return invalid(extack, 'Invalid metric type');
    if (type === RTAX_CC_ALGO) return invalid(extack, 'Unknown tcp congestion algorithm');
    if (nlaLen(buf, nla) !== 4) {
      extack.setErrMsgAttr(nla, 'Invalid attribute in metrics');
      return -EINVAL;
    }
    const value = nlaGetU32(buf, nla);
    if (type === RTAX_FEATURES && (value & ~RTAX_FEATURE_MASK) !== 0) return invalid(extack, 'Unknown flag set in feature mask in metrics attribute');
    metrics[type] = Math.min(value, type === RTAX_MTU ? MTU_MAX : type === RTAX_ADVMSS ? ADVMSS_MAX : type === RTAX_HOPLIMIT ? 255 : 0xffffffff);
    return 0;
  });
}
