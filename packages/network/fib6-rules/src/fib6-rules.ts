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
  EOPNOTSUPP,
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
  /** In its place in the traffic class; 0: any. */
  dscp = 0;
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
    const err = refused(rule, frh, tb, extack);
    if (err !== 0) return err;
    if (rule.action === FR_ACT_TO_TBL && !rule.l3mdev) fib6NewTable(this.state, rule.table);
    rule.src.read(tb, FRA_SRC, frh.srcLen);
    rule.dst.read(tb, FRA_DST, frh.dstLen);
    rule.dscp = frh.tos;
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
    if (frh.tos !== 0 && rule.dscp !== frh.tos) return false;
    return !tb.has(FRA_DSCP) && !tb.has(FRA_DSCP_MASK) && !tb.has(FRA_FLOWLABEL) && !tb.has(FRA_FLOWLABEL_MASK);
  }

  /** `fib6_rule_fill`. */
  fill(rule: Fib6Rule, b: NlMsgBuilder, frh: FibRuleHdr): void {
    frh.dstLen = rule.dst.len;
    frh.srcLen = rule.src.len;
    frh.tos = rule.dscp;
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
    (rule.dscp === 0 || rule.dscp === ((fl6.flowlabel >>> 20) & DSCP_MASK)) &&
    fibRulePortsMatch(rule, fl6)
  );
}

/** What no rule can have: 0 or a negative errno. */
function refused(rule: Fib6Rule, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  const [err, why] = (frh.tos & ECN_MASK) !== 0
    ? [-EINVAL, 'Invalid dsfield (tos): ECN bits must be 0']
    : tb.has(FRA_DSCP) || tb.has(FRA_DSCP_MASK)
      ? [-EOPNOTSUPP, 'Rules by DSCP are not supported']
      : tb.has(FRA_FLOWLABEL) || tb.has(FRA_FLOWLABEL_MASK)
        ? [-EOPNOTSUPP, 'Rules by flow label are not supported']
        : rule.action === FR_ACT_TO_TBL && !rule.l3mdev && rule.table === RT_TABLE_UNSPEC
          ? [-EINVAL, 'Invalid table']
          : [0, ''];
  if (err !== 0) extack.setErrMsg(why);
  return err;
}
