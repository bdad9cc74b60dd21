/** One rule (`struct fib_rule`): a selector, which belongs partly to the family, and what to do with what it selects. */
import { RTPROT_UNSPEC } from '@skbuff/uapi';

/** No upper end: any user. */
const ANY_UID = 0xffff_ffff;

export class FibRule {
  /** Rules are asked in rising order; of equal ones the older first. */
  pref = 0;
  /** FR_ACT_*; what is none of them acts as FR_ACT_BLACKHOLE. */
  action = 0;
  /** FIB_RULE_* as user space gave them; the kernel adds what it found out when it shows the rule. */
  flags = 0;
  /** Number of the table, for FR_ACT_TO_TBL. */
  table = 0;
  /** RTPROT_*: who made it. */
  proto: number = RTPROT_UNSPEC;
  /** Interfaces by name, '' for any; the index is -1 while there is no such device, 0 for any. */
  iifname = '';
  iifindex = 0;
  oifname = '';
  oifindex = 0;
  mark = 0;
  markMask = 0;
  /** FRA_TUN_ID as it came (8 bytes, big endian), or null. No packet here has one. */
  tunId: Uint8Array | null = null;
  /** The table of the packet's L3 master device; without such a device it selects nothing. */
  l3mdev = false;
  /** IPPROTO_*, 0: any. */
  ipProto = 0;
  /** Ports from … to; 0: any. */
  sportStart = 0;
  sportEnd = 0;
  dportStart = 0;
  dportEnd = 0;
  /** Bits of a single port that count; 0: it is a range. */
  sportMask = 0;
  dportMask = 0;
  uidStart = 0;
  uidEnd: number = ANY_UID;
  /** A route with at most this prefix length is not good enough; -1: any is. */
  suppressPrefixlen = -1;
  /** Nor is one over a device of this group. */
  suppressIfgroup = -1;
  /** FR_ACT_GOTO: the preference to go on at, and the rule that has it, if there is one. */
  target = 0;
  ctarget: FibRule | null = null;
  /** The next one in order, null at the end. */
  next: FibRule | null = null;

  /** `fib_rule_requires_fldissect`: it looks into packets. What the host sends itself comes with protocol and ports anyway. */
  requiresFldissect(): boolean {
    return this.ipProto !== 0 || this.sportStart !== 0 || this.dportStart !== 0;
  }

  /** `uid_range_set`. */
  uidRangeSet(): boolean {
    return this.uidStart !== 0 || this.uidEnd !== ANY_UID;
  }
}
