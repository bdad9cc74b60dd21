/** IPv6's rules (`net/ipv6/fib6_rules.c`): addresses, DSCP and ports, and what a rule does with a flow. */
import type { Net } from '@skbuff/core';
import { type Fib6Net, type Fib6Result, type Rules6Provider, fib6GetTable, fib6Net, fib6NewTable, fib6TableLookup } from '@skbuff/fib6';
import { FibRule, fibRulePortsMatch, FibRulesOps, fibRuleMatch, fibRulesLookup } from '@skbuff/fib-rules';
import { type Flowi6, RT6_LOOKUP_F_HAS_SADDR } from '@skbuff/ipv6';
import type { FibRuleHdr, NetlinkExtAck, NlAttrs, NlMsgBuilder } from '@skbuff/netlink';
import {
  AF_INET6,
  EACCES,
  EAGAIN,
  EINVAL,
  ENETUNREACH,
  ESRCH,
  FIB_RULE_INVERT,
  FRA_DSCP,
  FRA_DSCP_MASK,
  FRA_DST,
  FRA_FLOWLABEL,
  FRA_FLOWLABEL_MASK,
  FRA_SRC,
  FR_ACT_PROHIBIT,
  FR_ACT_TO_TBL,
  FR_ACT_UNREACHABLE,
  RTNLGRP_IPV6_RULE,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RT_TABLE_UNSPEC,
} from '@skbuff/uapi';
import { In6Addr, in6MaskWord } from '@skbuff/wire';

const ECN_MASK = 3;
const DSCP_MASK = 0xfc;
/** Where it is in the traffic class. */
const DSCP_SHIFT = 2;
const FLOWLABEL_MASK = 0xfffff;

/** An address of which the first bits count: the address is kept as it came. */
class Prefix {
  readonly addr: In6Addr = new In6Addr();
  len = 0;

  covers(a: In6Addr): boolean {
    const { addr, len } = this;
    return (
      ((addr.w0 ^ a.w0) & in6MaskWord(len, 0)) === 0 &&
      ((addr.w1 ^ a.w1) & in6MaskWord(len, 1)) === 0 &&
      ((addr.w2 ^ a.w2) & in6MaskWord(len, 2)) === 0 &&
      ((addr.w3 ^ a.w3) & in6MaskWord(len, 3)) === 0
    );
  }

  read(tb: NlAttrs, attr: number, len: number): void {
    this.len = len;
    const bytes = len === 0 ? null : tb.bytes(attr);
    if (bytes !== null) this.addr.load(bytes, 0);
  }

  /** Whether a request that names a prefix of `len` bits means this one; one that names none does. */
  isMeant(tb: NlAttrs, attr: number, len: number): boolean {
    if (len === 0) return true;
    const bytes = tb.bytes(attr);
    return bytes !== null && this.len === len && this.addr.isAt(bytes, 0);
  }
}

/** `struct fib6_rule`. */
export class Fib6Rule extends FibRule {
  readonly src: Prefix = new Prefix();
  readonly dst: Prefix = new Prefix();
  /** In its place in the traffic class, and which of its bits count. */
  dscp = 0;
  dscpMask = 0;
  /** It was given as a DSCP, not as the old TOS of which 0 means any. */
  dscpFull = false;
  flowlabel = 0;
  flowlabelMask = 0;
}

/** The rules of one namespace, which take over from the fixed order of tables at their first change. */
export class Fib6Rules extends FibRulesOps<Fib6Rule, Flowi6, Fib6Result> implements Rules6Provider {
  readonly family: number = AF_INET6;
  readonly addrSize: number = 16;
  readonly nlgroup: number = RTNLGRP_IPV6_RULE;
  private readonly state: Fib6Net;
  /** Of the lookup that is under way: the flow's source is known. */
  private hasSaddr = false;

  /** `fib6_rules_net_init`. */
  constructor(net: Net) {
    super(net);
    this.state = fib6Net.of(net);
    this.addDefault(0, RT_TABLE_LOCAL);
    this.addDefault(0x7ffe, RT_TABLE_MAIN);
  }

  /** Back to the fixed order: nobody is here any more who could say otherwise. */
  close(): void {
    if (this.state.rules === this) this.state.rules = null;
  }

  /** `fib6_rule_lookup`. */
  lookup(_state: Fib6Net, fl6: Flowi6, flags: number, res: Fib6Result): number {
    this.hasSaddr = (flags & RT6_LOOKUP_F_HAS_SADDR) !== 0;
    const err = fibRulesLookup(this, fl6, flags, res);
    return err === -ESRCH ? -ENETUNREACH : err;
  }

  find(from: Fib6Rule | null, fl6: Flowi6): Fib6Rule | null {
    const { hasSaddr } = this;
    let rule = from;
    while (rule !== null && (fibRuleMatch(rule, fl6) && match(rule, fl6, hasSaddr)) === ((rule.flags & FIB_RULE_INVERT) !== 0)) rule = rule.next as Fib6Rule | null;
    return rule;
  }

  /** `fib6_rule_action`: -EAGAIN where the table has no route. */
  action(rule: Fib6Rule, fl6: Flowi6, flags: number, res: Fib6Result): number {
    if (rule.action === FR_ACT_TO_TBL) {
      const table = fib6GetTable(this.state, rule.table);
      return table === null ? -EAGAIN : fib6TableLookup(this.state, table, fl6, flags, res);
    }
    if (rule.action === FR_ACT_UNREACHABLE) return -ENETUNREACH;
    return rule.action === FR_ACT_PROHIBIT ? -EACCES : -EINVAL;
  }

  /** `fib6_rule_suppress`: not of a route of nowhere. */
  suppress(rule: Fib6Rule, _flags: number, { f6i }: Fib6Result): boolean {
    if (f6i === null || f6i.error !== 0) return false;
    if (rule.suppressPrefixlen !== -1 && f6i.plen <= rule.suppressPrefixlen) return true;
    return rule.suppressIfgroup !== -1 && f6i.nh.dev.group === rule.suppressIfgroup;
  }

  alloc(): Fib6Rule {
    return new Fib6Rule();
  }

  /** `fib6_rule_configure`. */
  configure(rule: Fib6Rule, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
    const err = readDscp(rule, frh, tb, extack) || readFlowlabel(rule, tb, extack) || validTable(rule, extack);
    if (err !== 0) return err;
    if (rule.action === FR_ACT_TO_TBL && !rule.l3mdev) fib6NewTable(this.state, rule.table);
    rule.src.read(tb, FRA_SRC, frh.srcLen);
    rule.dst.read(tb, FRA_DST, frh.dstLen);
    this.state.rules = this;
    return 0;
  }

  /** `fib6_rule_delete`. */
  delete(): void {
    this.state.rules = this;
  }

  /** `fib6_rule_compare`. */
  compare(rule: Fib6Rule, frh: FibRuleHdr, tb: NlAttrs): boolean {
    if (!rule.src.isMeant(tb, FRA_SRC, frh.srcLen) || !rule.dst.isMeant(tb, FRA_DST, frh.dstLen)) return false;
    if (frh.tos !== 0 && (rule.dscpFull || rule.dscp !== frh.tos)) return false;
    if (tb.has(FRA_DSCP) && (!rule.dscpFull || rule.dscp !== tb.u8(FRA_DSCP) << DSCP_SHIFT)) return false;
    if (tb.has(FRA_DSCP_MASK) && (!rule.dscpFull || rule.dscpMask !== tb.u8(FRA_DSCP_MASK) << DSCP_SHIFT)) return false;
    if (tb.has(FRA_FLOWLABEL) && tb.be32(FRA_FLOWLABEL) !== rule.flowlabel) return false;
    return !tb.has(FRA_FLOWLABEL_MASK) || tb.be32(FRA_FLOWLABEL_MASK) === rule.flowlabelMask;
  }

  /** `fib6_rule_fill`. */
  fill(rule: Fib6Rule, b: NlMsgBuilder, frh: FibRuleHdr): void {
    frh.dstLen = rule.dst.len;
    frh.srcLen = rule.src.len;
    frh.tos = rule.dscpFull ? 0 : rule.dscp;
    if (rule.dscpFull) {
      b.nlaPutU8(FRA_DSCP, rule.dscp >>> DSCP_SHIFT);
      b.nlaPutU8(FRA_DSCP_MASK, rule.dscpMask >>> DSCP_SHIFT);
    }
    if (rule.flowlabelMask !== 0) {
      b.nlaPutBe32(FRA_FLOWLABEL, rule.flowlabel);
      b.nlaPutBe32(FRA_FLOWLABEL_MASK, rule.flowlabelMask);
    }
    if (rule.dst.len !== 0) b.nlaPut(FRA_DST, rule.dst.addr.toBytes());
    if (rule.src.len !== 0) b.nlaPut(FRA_SRC, rule.src.addr.toBytes());
  }

  flushCache(): void {
    this.state.genid++;
  }
}

/** `fib6_rule_match`. A flow whose source is not known yet comes from nowhere that a rule could name. */
function match(rule: Fib6Rule, fl6: Flowi6, hasSaddr: boolean): boolean {
  return (
    (rule.dst.len === 0 || rule.dst.covers(fl6.daddr)) &&
    (rule.src.len === 0 || (hasSaddr && rule.src.covers(fl6.saddr))) &&
    (((fl6.flowlabel >>> 20) ^ rule.dscp) & rule.dscpMask) === 0 &&
    ((fl6.flowlabel ^ rule.flowlabel) & rule.flowlabelMask) === 0 &&
    fibRulePortsMatch(rule, fl6)
  );
}

/** `fib6_nl2rule_dscp`, `fib6_nl2rule_dscp_mask`, and the older TOS. */
function readDscp(rule: Fib6Rule, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  if ((frh.tos & ECN_MASK) !== 0) return invalid('Invalid dsfield (tos): ECN bits must be 0', extack);
  rule.dscp = frh.tos;
  rule.dscpMask = frh.tos !== 0 ? DSCP_MASK : 0;
  if (tb.has(FRA_DSCP)) {
    if (frh.tos !== 0) return invalid('Cannot specify both TOS and DSCP', extack);
    rule.dscp = tb.u8(FRA_DSCP) << DSCP_SHIFT;
    rule.dscpMask = DSCP_MASK;
    rule.dscpFull = true;
  }
  if (!tb.has(FRA_DSCP_MASK)) return 0;
  if (!rule.dscpFull) return refuse(tb, FRA_DSCP_MASK, 'Cannot specify DSCP mask without DSCP value', extack);
  rule.dscpMask = tb.u8(FRA_DSCP_MASK) << DSCP_SHIFT;
  return (rule.dscp & ~rule.dscpMask) === 0 ? 0 : refuse(tb, FRA_DSCP_MASK, 'Invalid DSCP mask', extack);
}

/** `fib6_nl2rule_flowlabel`. */
function readFlowlabel(rule: Fib6Rule, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (!tb.has(FRA_FLOWLABEL) && !tb.has(FRA_FLOWLABEL_MASK)) return 0;
  for (const attr of [FRA_FLOWLABEL, FRA_FLOWLABEL_MASK]) {
    if (tb.has(attr)) continue;
    extack.setErrAttrMiss(-1, attr);
    return -EINVAL;
  }
  rule.flowlabel = tb.be32(FRA_FLOWLABEL);
  rule.flowlabelMask = tb.be32(FRA_FLOWLABEL_MASK);
  if ((rule.flowlabelMask & ~FLOWLABEL_MASK) !== 0) return refuse(tb, FRA_FLOWLABEL_MASK, 'Invalid flow label mask', extack);
  return (rule.flowlabel & ~rule.flowlabelMask) === 0 ? 0 : invalid('Flow label and mask do not match', extack);
}

function validTable(rule: Fib6Rule, extack: NetlinkExtAck): number {
  return rule.action !== FR_ACT_TO_TBL || rule.l3mdev || rule.table !== RT_TABLE_UNSPEC ? 0 : invalid('Invalid table', extack);
}

function invalid(why: string, extack: NetlinkExtAck): number {
  extack.setErrMsg(why);
  return -EINVAL;
}

function refuse(tb: NlAttrs, attr: number, why: string, extack: NetlinkExtAck): number {
  extack.setErrMsgAttr(tb.at(attr), why);
  return -EINVAL;
}
