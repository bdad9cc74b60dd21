/** IPv4's rules (`net/ipv4/fib_rules.c`): addresses, TOS, ports and realm, and what a rule does with a flow. */
import type { Net } from '@skbuff/core';
import { type FibNet, fibNet, fibGetTable, fibNewTable, type FibNh, type FibResult, fibSetRules, fibTableLookup, type FibTable, type RulesProvider } from '@skbuff/fib';
import { FibRule, fibRulePortsMatch, FibRulesOps, fibRuleMatch, fibRulesLookup } from '@skbuff/fib-rules';
import type { Flowi4 } from '@skbuff/ipv4';
import type { FibRuleHdr, NetlinkExtAck, NlAttrs, NlMsgBuilder } from '@skbuff/netlink';
import {
  AF_INET,
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
  FRA_FLOW,
  FRA_FLOWLABEL,
  FRA_FLOWLABEL_MASK,
  FRA_SRC,
  FR_ACT_PROHIBIT,
  FR_ACT_TO_TBL,
  FR_ACT_UNREACHABLE,
  RTNLGRP_IPV4_RULE,
  RT_TABLE_DEFAULT,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RT_TABLE_UNSPEC,
} from '@skbuff/uapi';
import { inetMakeMask } from '@skbuff/wire';

/** Bits of the TOS byte that may be set, those of RFC 1349. */
const TOS_MASK = 0x1e;
const ECN_MASK = 3;

/** `struct fib4_rule`. Addresses are u32 in host order, kept as they came: their masks say what counts. */
export class Fib4Rule extends FibRule {
  srcLen = 0;
  src = 0;
  srcMask = 0;
  dstLen = 0;
  dst = 0;
  dstMask = 0;
  tos = 0;
  /** Realms that the packet gets. */
  tclassid = 0;
  /** The table, once it was found. */
  tb: FibTable | null = null;
}

/** The rules of one namespace, which take over from the fixed order of tables at their first change. */
export class Fib4Rules extends FibRulesOps<Fib4Rule, Flowi4, FibResult> implements RulesProvider {
  readonly family: number = AF_INET;
  readonly addrSize: number = 4;
  readonly nlgroup: number = RTNLGRP_IPV4_RULE;
  private readonly state: FibNet;
  /** `fib_has_custom_rules`. */
  private custom = false;

  /** `fib4_rules_init`. */
  constructor(net: Net) {
    super(net);
    this.state = fibNet.of(net);
    this.addDefault(0, RT_TABLE_LOCAL);
    this.addDefault(0x7ffe, RT_TABLE_MAIN);
    this.addDefault(0x7fff, RT_TABLE_DEFAULT);
  }

  /** Back to the fixed order: nobody is here any more who could say otherwise. */
  close(): void {
    for (const rule of this.list) if (rule.tclassid !== 0) this.state.tclassidUsers--;
    if (this.custom) fibSetRules(this.state, null);
  }

  /** `__fib_lookup`. */
  lookup(_state: FibNet, fl4: Flowi4, res: FibResult, flags: number): number {
    const err = fibRulesLookup(this, fl4, flags, res);
    if (err !== -ESRCH) return err;
    res.tclassid = 0;
    return -ENETUNREACH;
  }

  find(from: Fib4Rule | null, fl4: Flowi4): Fib4Rule | null {
    let rule = from;
    while (rule !== null && (fibRuleMatch(rule, fl4) && match(rule, fl4)) === ((rule.flags & FIB_RULE_INVERT) !== 0)) rule = rule.next as Fib4Rule | null;
    return rule;
  }

  /** `fib4_rule_action`: -EAGAIN where the table has no route. */
  action(rule: Fib4Rule, fl4: Flowi4, flags: number, res: FibResult): number {
    res.tclassid = rule.tclassid;
    if (rule.action === FR_ACT_TO_TBL) {
      rule.tb ??= fibGetTable(this.state, rule.table);
      return rule.tb === null ? -EAGAIN : fibTableLookup(rule.tb, fl4, res, flags);
    }
    if (rule.action === FR_ACT_UNREACHABLE) return -ENETUNREACH;
    return rule.action === FR_ACT_PROHIBIT ? -EACCES : -EINVAL;
  }

  /** `fib4_rule_suppress`. */
  suppress(rule: Fib4Rule, _flags: number, res: FibResult): boolean {
    if (rule.suppressPrefixlen !== -1 && res.prefixlen <= rule.suppressPrefixlen) return true;
    return rule.suppressIfgroup !== -1 && (res.nh as FibNh | null)?.dev?.group === rule.suppressIfgroup;
  }

  alloc(): Fib4Rule {
    return new Fib4Rule();
  }

  /** `fib4_rule_configure`. */
  configure(rule: Fib4Rule, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
    const err = refused(frh, tb, extack);
    if (err !== 0) return err;
    this.takeOver();
    if (rule.table === RT_TABLE_UNSPEC && !rule.l3mdev && rule.action === FR_ACT_TO_TBL) rule.table = emptyTable(this.state).id;
    rule.tos = frh.tos;
    rule.srcLen = frh.srcLen;
    rule.src = prefixOf(tb, FRA_SRC, frh.srcLen);
    rule.srcMask = inetMakeMask(frh.srcLen);
    rule.dstLen = frh.dstLen;
    rule.dst = prefixOf(tb, FRA_DST, frh.dstLen);
    rule.dstMask = inetMakeMask(frh.dstLen);
    rule.tclassid = tb.u32(FRA_FLOW);
    if (rule.tclassid !== 0) this.state.tclassidUsers++;
    return 0;
  }

  /** `fib4_rule_delete`. */
  delete(rule: Fib4Rule): void {
    this.takeOver();
    if (rule.tclassid !== 0) this.state.tclassidUsers--;
  }

  /** From the first change on the rules are asked, and the local table is a table of its own (`fib_unmerge`). */
  private takeOver(): void {
    if (this.custom) return;
    this.custom = true;
    fibSetRules(this.state, this);
  }

  /** `fib4_rule_compare`. */
  compare(rule: Fib4Rule, frh: FibRuleHdr, tb: NlAttrs): boolean {
    if (frh.srcLen !== 0 && (rule.srcLen !== frh.srcLen || rule.src !== tb.be32(FRA_SRC))) return false;
    if (frh.dstLen !== 0 && (rule.dstLen !== frh.dstLen || rule.dst !== tb.be32(FRA_DST))) return false;
    if (frh.tos !== 0 && rule.tos !== frh.tos) return false;
    if (tb.has(FRA_DSCP) || tb.has(FRA_DSCP_MASK)) return false;
    return !tb.has(FRA_FLOW) || rule.tclassid === tb.u32(FRA_FLOW);
  }

  /** `fib4_rule_fill`. */
  fill(rule: Fib4Rule, b: NlMsgBuilder, frh: FibRuleHdr): void {
    frh.dstLen = rule.dstLen;
    frh.srcLen = rule.srcLen;
    frh.tos = rule.tos;
    if (rule.dstLen !== 0) b.nlaPutInAddr(FRA_DST, rule.dst);
    if (rule.srcLen !== 0) b.nlaPutInAddr(FRA_SRC, rule.src);
    if (rule.tclassid !== 0) b.nlaPutU32(FRA_FLOW, rule.tclassid);
  }

  flushCache(): void {
    this.state.cacheFlush();
  }
}

/** `fib4_rule_match`. */
function match(rule: Fib4Rule, fl4: Flowi4): boolean {
  return (
    ((fl4.saddr ^ rule.src) & rule.srcMask) === 0 &&
    ((fl4.daddr ^ rule.dst) & rule.dstMask) === 0 &&
    (rule.tos === 0 || rule.tos === fl4.tos) &&
    fibRulePortsMatch(rule, fl4)
  );
}

/** What no rule of IPv4 can have: 0 or a negative errno. */
function refused(frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  const [err, why] = tb.has(FRA_FLOWLABEL) || tb.has(FRA_FLOWLABEL_MASK)
    ? [-EINVAL, 'Flow label cannot be specified for IPv4 FIB rules']
    : (frh.tos & ECN_MASK) !== 0
      ? [-EINVAL, 'Invalid dsfield (tos): ECN bits must be 0']
      : (frh.tos & ~TOS_MASK) !== 0
        ? [-EINVAL, 'Invalid tos']
        : tb.has(FRA_DSCP) || tb.has(FRA_DSCP_MASK)
          ? [-EOPNOTSUPP, 'Rules by DSCP are not supported']
          : [0, ''];
  if (err !== 0) extack.setErrMsg(why);
  return err;
}

/** `fib_empty_table`: a new table with the lowest number that no table has. */
function emptyTable(state: FibNet): FibTable {
  let id = 1;
  while (fibGetTable(state, id) !== null) id++;
  return fibNewTable(state, id);
}

/** Address and length of FRA_SRC or FRA_DST. */
function prefixOf(tb: NlAttrs, attr: number, len: number): number {
  return len === 0 ? 0 : tb.be32(attr);
}
