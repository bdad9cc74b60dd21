/** Which links and addresses `ip link show` and `ip address show` are asked for. */
import type { IfInfoMsg, NlAttrs } from '@skbuff/netlink';
import { AF_UNSPEC, IFF_UP, IFLA_GROUP, IFLA_INFO_SLAVE_KIND, IFLA_MASTER } from '@skbuff/uapi';
import type { InetPrefix } from '@skbuff/wire';
import { linkKind } from './link-kind.ts';

export class AddrFilter {
  family: number = AF_UNSPEC;
  /** The length of the queue is shown: not by `monitor`. */
  showQueue = true;
  dev: string | null = null;
  ifindex = 0;
  scope = 0;
  scopemask = 0;
  flags = 0;
  flagmask = 0;
  up = false;
  label: string | null = null;
  group = -1;
  /** 0: any; -1: none. */
  master = 0;
  kind: string | null = null;
  slaveKind: string | null = null;
  pfx: InetPrefix | null = null;
}

/** Whether the link is wanted. */
export function linkMatches(f: AddrFilter, ifi: IfInfoMsg, tb: NlAttrs): boolean {
  if (f.ifindex !== 0 && ifi.index !== f.ifindex) return false;
  if (f.up && (ifi.flags & IFF_UP) === 0) return false;
  // Addresses are chosen by their labels: the rest of the link does not matter.
  if (f.label !== null) return true;
  if (tb.has(IFLA_GROUP) && f.group !== -1 && tb.u32(IFLA_GROUP) !== f.group) return false;
  if (f.master > 0 && tb.u32(IFLA_MASTER) !== f.master) return false;
  if (f.master < 0 && tb.u32(IFLA_MASTER) !== 0) return false;
  if (f.kind !== null && linkKind(tb) !== f.kind) return false;
  return f.slaveKind === null || linkKind(tb, IFLA_INFO_SLAVE_KIND) === f.slaveKind;
}
