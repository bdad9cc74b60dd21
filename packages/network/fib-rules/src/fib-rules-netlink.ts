/** RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE, and their notifications. */
import {
  FibRuleHdr,
  NlAttrs,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  rtnlNotify,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { setLe16, setLe32 } from '@skbuff/wire';
import type { FibRule } from './fib-rule.ts';
import { type FibRulesOps, fibRulesNet, lookupRulesOps } from './fib-rules-ops.ts';
import { fibNl2rule, fibRulePolicy } from './fib-rules-policy.ts';

interface Request {
  readonly ops: FibRulesOps;
  readonly frh: FibRuleHdr;
  readonly tb: NlAttrs;
  readonly rule: FibRule;
}

function refuse(extack: NetlinkExtAck, err: number, text: string): number {
  extack.setErrMsg(text);
  return err;
}

/** What both requests begin with. */
function parse(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): Request | number {
  if (nlh.dataLen < FibRuleHdr.LEN) return refuse(extack, -U.EINVAL, 'Invalid msg length');
  const frh = new FibRuleHdr().read(nlh.buf, nlh.data);
  const ops = lookupRulesOps(skb.net, frh.family);
  if (ops === null) return refuse(extack, -U.EAFNOSUPPORT, 'Rule family not supported');
  const tb = new NlAttrs(U.FRA_DSCP_MASK);
  const bad = nlmsgParseDeprecated(nlh, FibRuleHdr.LEN, tb, fibRulePolicy, extack);
  if (bad < 0) return refuse(extack, bad, 'Error parsing msg');
  const rule = ops.alloc();
  const err = fibNl2rule(ops, rule, frh, tb, extack);
  return err < 0 ? err : { ops, frh, tb, rule };
}

/** `fib_newrule`: 0, -EEXIST (with NLM_F_EXCL), -EINVAL, -ERANGE, -EAFNOSUPPORT, -EOPNOTSUPP. */
export function fibNewrule(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const r = parse(skb, nlh, extack);
  if (typeof r === 'number') return r;
  const { ops, frh, tb, rule } = r;
  if ((nlh.flags & U.NLM_F_EXCL) !== 0 && ops.list.some((other) => isSame(other, rule) && ops.compare(other, frh, tb))) return -U.EEXIST;
  const err = ops.configure(rule, frh, tb, extack);
  if (err < 0) return err;
  ops.insert(rule);
  notify(ops, rule, U.RTM_NEWRULE, skb.portid, nlh);
  ops.flushCache();
  return 0;
}

/** `fib_delrule`: the first rule that the request describes; what it leaves out matches. 0, -ENOENT, -EPERM, or as above. */
export function fibDelrule(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const r = parse(skb, nlh, extack);
  if (typeof r === 'number') return r;
  const { ops, frh, tb } = r;
  const rule = ops.list.find((other) => describes(r, other) && ops.compare(other, frh, tb));
  if (rule === undefined) return -U.ENOENT;
  if ((rule.flags & U.FIB_RULE_PERMANENT) !== 0) return -U.EPERM;
  ops.delete(rule);
  ops.remove(rule);
  notify(ops, rule, U.RTM_DELRULE, skb.portid, nlh);
  ops.flushCache();
  return 0;
}

/** `rule_exists`, but for the family's part. */
function isSame(a: FibRule, b: FibRule): boolean {
  return (
    a.action === b.action &&
    a.table === b.table &&
    a.pref === b.pref &&
    a.iifname === b.iifname &&
    a.oifname === b.oifname &&
    a.mark === b.mark &&
    a.markMask === b.markMask &&
    a.suppressIfgroup === b.suppressIfgroup &&
    a.suppressPrefixlen === b.suppressPrefixlen &&
    sameTunId(a, b) &&
    a.l3mdev === b.l3mdev &&
    a.uidStart === b.uidStart &&
    a.uidEnd === b.uidEnd &&
    a.ipProto === b.ipProto &&
    a.sportStart === b.sportStart &&
    a.sportEnd === b.sportEnd &&
    a.dportStart === b.dportStart &&
    a.dportEnd === b.dportEnd &&
    a.sportMask === b.sportMask &&
    a.dportMask === b.dportMask &&
    a.proto === b.proto
  );
}

function sameTunId(a: FibRule, b: FibRule): boolean {
  return String(a.tunId) === String(b.tunId);
}

/** `rule_find`, but for the family's part. */
function describes({ rule: want, tb }: Request, rule: FibRule): boolean {
  const is = <T>(wanted: T, none: T, has: T): boolean => wanted === none || wanted === has;
  return (
    is(want.action, 0, rule.action) &&
    is(want.table, 0, rule.table) &&
    (!tb.has(U.FRA_PRIORITY) || want.pref === rule.pref) &&
    is(want.iifname, '', rule.iifname) &&
    is(want.oifname, '', rule.oifname) &&
    is(want.mark, 0, rule.mark) &&
    is(want.markMask, 0, rule.markMask) &&
    is(want.suppressIfgroup, -1, rule.suppressIfgroup) &&
    is(want.suppressPrefixlen, -1, rule.suppressPrefixlen) &&
    (want.tunId === null || sameTunId(want, rule)) &&
    (!want.l3mdev || rule.l3mdev) &&
    (!want.uidRangeSet() || (want.uidStart === rule.uidStart && want.uidEnd === rule.uidEnd)) &&
    is(want.ipProto, 0, rule.ipProto) &&
    (want.sportStart === 0 || (want.sportStart === rule.sportStart && want.sportEnd === rule.sportEnd)) &&
    (want.dportStart === 0 || (want.dportStart === rule.dportStart && want.dportEnd === rule.dportEnd)) &&
    is(want.sportMask, 0, rule.sportMask) &&
    is(want.dportMask, 0, rule.dportMask) &&
    is(want.proto, 0, rule.proto)
  );
}

/** `fib_nl_fill_rule`: 0, or -EMSGSIZE with nothing written. */
function fillRule(b: NlMsgBuilder, ops: FibRulesOps, rule: FibRule, type: number, portid: number, seq: number, flags: number): number {
  const frh = FibRuleHdr.of({ family: ops.family, table: rule.table < 256 ? rule.table : U.RT_TABLE_COMPAT, action: rule.action, flags: rule.flags });
  const nlh = b.nlmsgPut(type, flags, seq, portid, frh);
  b.nlaPutU32(U.FRA_TABLE, rule.table);
  b.nlaPutU32(U.FRA_SUPPRESS_PREFIXLEN, rule.suppressPrefixlen >>> 0);
  b.nlaPutU8(U.FRA_PROTOCOL, rule.proto);
  if (rule.action === U.FR_ACT_GOTO && rule.ctarget === null) frh.flags |= U.FIB_RULE_UNRESOLVED;
  if (rule.iifname !== '') b.nlaPutString(U.FRA_IIFNAME, rule.iifname);
  if (rule.iifindex === -1) frh.flags |= U.FIB_RULE_IIF_DETACHED;
  if (rule.oifname !== '') b.nlaPutString(U.FRA_OIFNAME, rule.oifname);
  if (rule.oifindex === -1) frh.flags |= U.FIB_RULE_OIF_DETACHED;
  fillSelectors(b, rule);
  ops.fill(rule, b, frh);
  frh.flags >>>= 0;
  frh.write(b.buf, nlh + U.NLMSG_HDRLEN);
  return b.nlmsgEnd(nlh);
}

function fillSelectors(b: NlMsgBuilder, rule: FibRule): void {
  if (rule.pref !== 0) b.nlaPutU32(U.FRA_PRIORITY, rule.pref);
  if (rule.mark !== 0) b.nlaPutU32(U.FRA_FWMARK, rule.mark);
  if (rule.mark !== 0 || rule.markMask !== 0) b.nlaPutU32(U.FRA_FWMASK, rule.markMask);
  if (rule.target !== 0) b.nlaPutU32(U.FRA_GOTO, rule.target);
  if (rule.tunId !== null) b.nlaPut(U.FRA_TUN_ID, rule.tunId);
  if (rule.l3mdev) b.nlaPutU8(U.FRA_L3MDEV, 1);
  if (rule.uidRangeSet()) {
    const at = b.nlaReserve(U.FRA_UID_RANGE, 8);
    setLe32(b.buf, at, rule.uidStart);
    setLe32(b.buf, at + 4, rule.uidEnd);
  }
  if (rule.sportStart !== 0) putPorts(b, U.FRA_SPORT_RANGE, rule.sportStart, rule.sportEnd);
  if (rule.sportMask !== 0) b.nlaPutU16(U.FRA_SPORT_MASK, rule.sportMask);
  if (rule.dportStart !== 0) putPorts(b, U.FRA_DPORT_RANGE, rule.dportStart, rule.dportEnd);
  if (rule.dportMask !== 0) b.nlaPutU16(U.FRA_DPORT_MASK, rule.dportMask);
  if (rule.ipProto !== 0) b.nlaPutU8(U.FRA_IP_PROTO, rule.ipProto);
  if (rule.suppressIfgroup !== -1) b.nlaPutU32(U.FRA_SUPPRESS_IFGROUP, rule.suppressIfgroup >>> 0);
}

/** `struct fib_rule_port_range`. */
function putPorts(b: NlMsgBuilder, attr: number, start: number, end: number): void {
  const at = b.nlaReserve(attr, 4);
  setLe16(b.buf, at, start);
  setLe16(b.buf, at + 2, end);
}

/** `notify_rule_change`. */
function notify(ops: FibRulesOps, rule: FibRule, type: number, portid: number, nlh: NlMsgHdr): void {
  const b = new NlMsgBuilder();
  fillRule(b, ops, rule, type, portid, nlh.seq, 0);
  rtnlNotify(ops.net, b.bytes(), portid, ops.nlgroup, nlh);
}

/** `fib_valid_dumprule_req`. */
function validDump(cb: NetlinkCallback): number {
  const { nlh, extack } = cb;
  if (nlh.dataLen < FibRuleHdr.LEN) return refuse(extack, -U.EINVAL, 'Invalid header for fib rule dump request');
  if (nlh.buf.subarray(nlh.data + 1, nlh.data + FibRuleHdr.LEN).some((byte) => byte !== 0)) {
    return refuse(extack, -U.EINVAL, 'Invalid values in header for fib rule dump request');
  }
  return nlh.dataLen > FibRuleHdr.LEN ? refuse(extack, -U.EINVAL, 'Invalid data after header in fib rule dump request') : 0;
}

/** `fib_nl_dumprule`: the rules of a family, of all with AF_UNSPEC. */
export function fibDumprule(part: NlMsgBuilder, cb: NetlinkCallback): number {
  const bad = cb.strictCheck ? validDump(cb) : 0;
  if (bad !== 0) return bad;
  const family = cb.nlh.buf[cb.nlh.data];
  const asked = fibRulesNet.of(cb.skb.net).filter((ops) => family === U.AF_UNSPEC || ops.family === family);
  if (family !== U.AF_UNSPEC && asked.length === 0) return -U.EAFNOSUPPORT;
  const all = asked.flatMap((ops) => ops.list.map((rule) => ({ ops, rule })));
  for (const [i, { ops, rule }] of all.entries()) {
    if (i < cb.args[0]) continue;
    const err = fillRule(part, ops, rule, U.RTM_NEWRULE, cb.skb.portid, cb.nlh.seq, U.NLM_F_MULTI);
    if (err < 0) return err;
    cb.args[0] = i + 1;
  }
  return 0;
}
