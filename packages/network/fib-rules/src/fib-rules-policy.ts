/** What RTM_NEWRULE and RTM_DELRULE may say (`fib_rule_policy`), and how it is read (`fib_nl2rule`). */
import type { Net } from '@skbuff/core';
import {
  type FibRuleHdr,
  NLA_BINARY,
  NLA_STRING,
  NLA_U16,
  NLA_U32,
  NLA_U64,
  NLA_U8,
  NLA_UNSPEC,
  type NetlinkExtAck,
  nlaPolicy,
  nlaPolicyMask,
  nlaPolicyMax,
  type NlaPolicySet,
  nlaPolicySet,
  type NlAttrs,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le16, le32 } from '@skbuff/wire';
import type { FibRule } from './fib-rule.ts';
import type { FibRulesOps } from './fib-rules-ops.ts';

const UID_RANGE_LEN = 8;
const PORT_RANGE_LEN = 4;
const TUN_ID_LEN = 8;
/** (uid_t)-1 is nobody. */
const INVALID_UID = 0xffff_ffff;

/** The DS field without its two bits for congestion. */
const INET_DSCP_MASK = 0xfc;

export const fibRulePolicy: NlaPolicySet = nlaPolicySet(U.FRA_DSCP_MASK, {
  [U.FRA_UNSPEC]: nlaPolicy(NLA_UNSPEC),
  [U.FRA_IIFNAME]: nlaPolicy(NLA_STRING, U.IFNAMSIZ - 1),
  [U.FRA_OIFNAME]: nlaPolicy(NLA_STRING, U.IFNAMSIZ - 1),
  [U.FRA_PRIORITY]: nlaPolicy(NLA_U32),
  [U.FRA_FWMARK]: nlaPolicy(NLA_U32),
  [U.FRA_FLOW]: nlaPolicy(NLA_U32),
  [U.FRA_TUN_ID]: nlaPolicy(NLA_U64),
  [U.FRA_FWMASK]: nlaPolicy(NLA_U32),
  [U.FRA_TABLE]: nlaPolicy(NLA_U32),
  [U.FRA_SUPPRESS_PREFIXLEN]: nlaPolicy(NLA_U32),
  [U.FRA_SUPPRESS_IFGROUP]: nlaPolicy(NLA_U32),
  [U.FRA_GOTO]: nlaPolicy(NLA_U32),
  [U.FRA_L3MDEV]: nlaPolicy(NLA_U8),
  [U.FRA_UID_RANGE]: nlaPolicy(NLA_UNSPEC, UID_RANGE_LEN),
  [U.FRA_PROTOCOL]: nlaPolicy(NLA_U8),
  [U.FRA_IP_PROTO]: nlaPolicy(NLA_U8),
  [U.FRA_SPORT_RANGE]: nlaPolicy(NLA_UNSPEC, PORT_RANGE_LEN),
  [U.FRA_DPORT_RANGE]: nlaPolicy(NLA_UNSPEC, PORT_RANGE_LEN),
  [U.FRA_SRC]: nlaPolicy(NLA_BINARY),
  [U.FRA_DST]: nlaPolicy(NLA_BINARY),
  [U.FRA_DSCP]: nlaPolicyMax(NLA_U8, INET_DSCP_MASK >> 2),
  [U.FRA_FLOWLABEL]: nlaPolicy(NLA_U32),
  [U.FRA_FLOWLABEL_MASK]: nlaPolicy(NLA_U32),
  [U.FRA_SPORT_MASK]: nlaPolicy(NLA_U16),
  [U.FRA_DPORT_MASK]: nlaPolicy(NLA_U16),
  [U.FRA_DSCP_MASK]: nlaPolicyMask(NLA_U8, INET_DSCP_MASK >> 2),
}, U.FRA_DPORT_RANGE + 1);

function refuse(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -U.EINVAL;
}

/** Whether a prefix is one of the family: its length fits, and its address is there and whole. */
function goodPrefix(tb: NlAttrs, attr: number, len: number, addrSize: number): boolean {
  return len === 0 || (tb.has(attr) && len <= addrSize * 8 && tb.len(attr) === addrSize);
}

/**
 * Fills in what is common to all families: 0, -EINVAL, or -EOPNOTSUPP. A preference that the request leaves out is chosen
 * (`user_priority` is whether it did not). Flow label and DSCP are the family's.
 */
export function fibNl2rule(ops: FibRulesOps, rule: FibRule, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  const { addrSize } = ops;
  if (!goodPrefix(tb, U.FRA_SRC, frh.srcLen, addrSize)) return refuse(extack, 'Invalid source address');
  if (!goodPrefix(tb, U.FRA_DST, frh.dstLen, addrSize)) return refuse(extack, 'Invalid dst address');
  rule.proto = tb.u8(U.FRA_PROTOCOL, U.RTPROT_UNSPEC);
  readSelectors(ops.net, rule, tb);
  if (tb.has(U.FRA_L3MDEV)) {
    if (tb.u8(U.FRA_L3MDEV) !== 1) return refuse(extack, 'Invalid l3mdev attribute');
    rule.l3mdev = true;
  }
  rule.action = frh.action;
  rule.flags = frh.flags;
  rule.table = tb.u32(U.FRA_TABLE, frh.table);
  rule.suppressPrefixlen = tb.s32(U.FRA_SUPPRESS_PREFIXLEN, -1);
  rule.suppressIfgroup = tb.s32(U.FRA_SUPPRESS_IFGROUP, -1);
  const err = readTarget(rule, tb, extack) || readRest(rule, tb, extack);
  if (err !== 0) return err;
  rule.pref = tb.has(U.FRA_PRIORITY) ? tb.u32(U.FRA_PRIORITY) : ops.defaultPref();
  return rule.action === U.FR_ACT_GOTO && rule.target <= rule.pref ? refuse(extack, 'Backward goto not supported') : 0;
}

function readSelectors(net: Net, rule: FibRule, tb: NlAttrs): void {
  const index = (attr: number): number => (tb.has(attr) ? (net.devGetByName(tb.string(attr))?.ifindex ?? -1) : 0);
  rule.iifname = tb.string(U.FRA_IIFNAME);
  rule.iifindex = index(U.FRA_IIFNAME);
  rule.oifname = tb.string(U.FRA_OIFNAME);
  rule.oifindex = index(U.FRA_OIFNAME);
  rule.mark = tb.u32(U.FRA_FWMARK);
  // Old programs know no mask: then all bits of a mark count.
  rule.markMask = tb.u32(U.FRA_FWMASK, rule.mark === 0 ? 0 : 0xffff_ffff);
  // Zero says no more than no attribute does.
  const tunId = tb.bytes(U.FRA_TUN_ID)?.subarray(0, TUN_ID_LEN) ?? null;
  rule.tunId = tunId?.some((byte) => byte !== 0) === true ? tunId : null;
}

function readTarget(rule: FibRule, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (!tb.has(U.FRA_GOTO)) return rule.action === U.FR_ACT_GOTO ? refuse(extack, 'Missing goto target for action goto') : 0;
  if (rule.action !== U.FR_ACT_GOTO) return refuse(extack, 'Unexpected goto');
  rule.target = tb.u32(U.FRA_GOTO);
  return 0;
}

interface PortRange {
  readonly start: number;
  readonly end: number;
}

/** `fib_nl2rule_port_mask`: which bits of a port count; without the attribute all of a single one, 0 of a range. */
function readPortMask(tb: NlAttrs, attr: number, { start, end }: PortRange, extack: NetlinkExtAck): number {
  if (!tb.has(attr)) return start !== 0 && start === end ? 0xffff : 0;
  const mask = tb.u16(attr);
  const why = start === 0 ? 'Cannot specify port mask without port value' : start !== end ? 'Cannot specify port mask for port range' : (start & ~mask) !== 0 ? 'Invalid port mask' : '';
  if (why === '') return mask;
  extack.setErrMsgAttr(tb.at(attr), why);
  return -U.EINVAL;
}

/** `nla_get_port_range`: zeros without the attribute; null if it is none (`fib_rule_port_range_valid`). */
function readPorts(tb: NlAttrs, attr: number): PortRange | null {
  const bytes = tb.bytes(attr);
  if (bytes === null) return { start: 0, end: 0 };
  const range = { start: le16(bytes, 0), end: le16(bytes, 2) };
  return range.start > 0 && range.end >= range.start && range.end < 0xffff ? range : null;
}

function readRest(rule: FibRule, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (rule.l3mdev && rule.table !== 0) return refuse(extack, 'l3mdev and table are mutually exclusive');
  const uids = tb.bytes(U.FRA_UID_RANGE);
  if (uids !== null) {
    rule.uidStart = le32(uids, 0);
    rule.uidEnd = le32(uids, 4);
    if (rule.uidStart > rule.uidEnd || rule.uidEnd === INVALID_UID) return refuse(extack, 'Invalid uid range');
  }
  rule.ipProto = tb.u8(U.FRA_IP_PROTO);
  const sport = readPorts(tb, U.FRA_SPORT_RANGE);
  if (sport === null) return refuse(extack, 'Invalid sport range');
  const sportMask = readPortMask(tb, U.FRA_SPORT_MASK, sport, extack);
  if (sportMask < 0) return sportMask;
  const dport = readPorts(tb, U.FRA_DPORT_RANGE);
  if (dport === null) return refuse(extack, 'Invalid dport range');
  const dportMask = readPortMask(tb, U.FRA_DPORT_MASK, dport, extack);
  if (dportMask < 0) return dportMask;
  rule.sportStart = sport.start;
  rule.sportEnd = sport.end;
  rule.sportMask = sportMask;
  rule.dportStart = dport.start;
  rule.dportEnd = dport.end;
  rule.dportMask = dportMask;
  return 0;
}
