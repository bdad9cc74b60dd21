/** Source filters of groups (`net/ipv4/igmp.c`; RFC 3376 §3.1, RFC 3678). */
import { type InDevice, ipMcAddSrc, ipMcDelSrc, ipv4Net } from '@skbuff/ipv4';
import { EADDRNOTAVAIL, EINVAL, ENOBUFS, ENODEV, MCAST_EXCLUDE, MCAST_INCLUDE } from '@skbuff/uapi';
import { ipv4IsMulticast } from '@skbuff/wire';
import type { InetSk, McSocklist } from './inet-sk.ts';
import { type Mreqn, ipMcFindDev, ipMcLeaveGroup, ipMcSocklist } from './multicast.ts';

/**
 * `ip_mc_source`: adds or deletes one source of a group in a mode. 0, -EINVAL (not a member, or the group has sources in the other
 * mode), -ENODEV, -EADDRNOTAVAIL (the source is there already, or is not there), -ENOBUFS (too many).
 */
export function ipMcSource(sk: InetSk, add: boolean, mode: number, req: Mreqn, source: number): number {
  if (!ipv4IsMulticast(req.group)) return -EINVAL;
  const inDev = ipMcFindDev(sk, req);
  if (inDev === null) return -ENODEV;
  const mc = ipMcSocklist(sk, req.group, inDev.dev.ifindex);
  if (mc === null || (mc.sources !== null && mc.sfmode !== mode)) return -EINVAL;
  // While no source is named the mode may change.
  if (mc.sfmode !== mode) {
    ipMcAddSrc(inDev, req.group, mode, [], false);
    ipMcDelSrc(inDev, req.group, mc.sfmode, [], false);
    mc.sfmode = mode;
  }
  return add ? addSource(sk, inDev, mc, source) : delSource(sk, inDev, mc, req, source);
}

function addSource(sk: InetSk, inDev: InDevice, mc: McSocklist, source: number): number {
  const sources = mc.sources ?? [];
  if (sources.length >= ipv4Net.of(sk.net).igmpMaxMsf) return -ENOBUFS;
  mc.sources = sources;
  if (sources.includes(source)) return -EADDRNOTAVAIL;
  sources.push(source);
  ipMcAddSrc(inDev, mc.group, mc.sfmode, [source], true);
  return 0;
}

/** Nobody left to listen to is the same as leaving. */
function delSource(sk: InetSk, inDev: InDevice, mc: McSocklist, req: Mreqn, source: number): number {
  const { sources, sfmode } = mc;
  const at = sources === null ? -1 : sources.indexOf(source);
  if (sources === null || at < 0) return -EADDRNOTAVAIL;
  if (sources.length === 1 && sfmode === MCAST_INCLUDE) return ipMcLeaveGroup(sk, req);
  ipMcDelSrc(inDev, mc.group, sfmode, [source], true);
  sources.splice(at, 1);
  return 0;
}

/** `ip_mc_msfilter`: a new mode with all its sources in one call. 0, -EINVAL, -ENODEV; including nobody is leaving. */
export function ipMcMsfilter(sk: InetSk, req: Mreqn, mode: number, sources: readonly number[]): number {
  if (!ipv4IsMulticast(req.group) || (mode !== MCAST_INCLUDE && mode !== MCAST_EXCLUDE)) return -EINVAL;
  const inDev = ipMcFindDev(sk, req);
  if (inDev === null) return -ENODEV;
  if (mode === MCAST_INCLUDE && sources.length === 0) return ipMcLeaveGroup(sk, req);
  const mc = ipMcSocklist(sk, req.group, inDev.dev.ifindex);
  if (mc === null) return -EINVAL;
  ipMcAddSrc(inDev, req.group, mode, sources, false);
  ipMcDelSrc(inDev, req.group, mc.sfmode, mc.sources ?? [], false);
  mc.sfmode = mode;
  mc.sources = sources.length === 0 ? null : [...sources];
  return 0;
}
