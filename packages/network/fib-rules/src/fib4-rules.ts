/** IPv4's rules (`net/ipv4/fib_rules.c`): addresses, TOS and realm, and the search through the tables. */
import type { Net, NetDevice } from '@skbuff/core';
import { type FibNet, fibNet, fibGetTable, fibNewTable, type FibNh, type FibResult, fibSetRules, fibTableLookup, type FibTable } from '@skbuff/fib';
import type { Flowi4 } from '@skbuff/ipv4';
import type { FibRuleHdr, NetlinkExtAck, NlAttrs, NlMsgBuilder } from '@skbuff/netlink';
import {
  AF_INET,
  EACCES,
  EAGAIN,
  EINVAL,
  ENETUNREACH,
  FIB_RULE_INVERT,
  FRA_DST,
  FRA_FLOW,
  FRA_SRC,
  FR_ACT_GOTO,
  FR_ACT_NOP,
  FR_ACT_PROHIBIT,
  FR_ACT_TO_TBL,
  FR_ACT_UNREACHABLE,
  RTNLGRP_IPV4_RULE,
  RTPROT_KERNEL,
  RT_TABLE_DEFAULT,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RT_TABLE_UNSPEC,
} from '@skbuff/uapi';
import { inetMakeMask } from '@skbuff/wire';
import { FibRule } from './fib-rule.ts';
import { FibRules, type FibRulesFamily } from './fib-rules.ts';

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

/** `fib_rule_match`, `fib4_rule_match`. On the way of every packet. */
function matches(rule: Fib4Rule, fl4: Flowi4): boolean {
  return selects(rule, fl4) !== ((rule.flags & FIB_RULE_INVERT) !== 0);
}

function selects(rule: Fib4Rule, fl4: Flowi4): boolean {
  return (
    (rule.iifindex === 0 || rule.iifindex === fl4.iif) &&
    (rule.oifindex === 0 || rule.oifindex === fl4.oif) &&
    ((rule.mark ^ fl4.mark) & rule.markMask) === 0 &&
    rule.tunId === null &&
    !rule.l3mdev &&
    rule.uidStart <= fl4.uid &&
    fl4.uid <= rule.uidEnd &&
    ((fl4.saddr ^ rule.src) & rule.srcMask) === 0 &&
    ((fl4.daddr ^ rule.dst) & rule.dstMask) === 0 &&
    (rule.tos === 0 || rule.tos === fl4.tos) &&
    (rule.ipProto === 0 || rule.ipProto === fl4.proto) &&
    (rule.sportStart === 0 || (rule.sportStart <= fl4.sport && fl4.sport <= rule.sportEnd)) &&
    (rule.dportStart === 0 || (rule.dportStart <= fl4.dport && fl4.dport <= rule.dportEnd))
  );
}

/** `fib4_rule_action`: 0 with a route in `res`, -EAGAIN where the table has none, or the errno of the rule. */
function act(state: FibNet, rule: Fib4Rule, fl4: Flowi4, res: FibResult, flags: number): number {
  if (rule.action === FR_ACT_TO_TBL) {
    rule.tb ??= fibGetTable(state, rule.table);
    return rule.tb === null ? -EAGAIN : fibTableLookup(rule.tb, fl4, res, flags);
  }
  if (rule.action === FR_ACT_UNREACHABLE) return -ENETUNREACH;
  return rule.action === FR_ACT_PROHIBIT ? -EACCES : -EINVAL;
}

/** `fib4_rule_suppress`: the route that was found is not to be used. */
function suppresses(rule: Fib4Rule, res: FibResult): boolean {
  if (rule.suppressPrefixlen !== -1 && res.prefixlen <= rule.suppressPrefixlen) return true;
  return rule.suppressIfgroup !== -1 && (res.nh as FibNh | null)?.dev?.group === rule.suppressIfgroup;
}

/** `fib_rules_lookup`, `__fib_lookup`: the first rule that selects the flow and comes to an end decides. Allocates nothing. */
export function fib4RulesLookup(first: Fib4Rule | null, state: FibNet, fl4: Flowi4, res: FibResult, flags: number): number {
  for (let rule = first; rule !== null; ) {
    if (!matches(rule, fl4) || rule.action === FR_ACT_NOP) {
      rule = rule.next as Fib4Rule | null;
      continue;
    }
    if (rule.action === FR_ACT_GOTO) {
      rule = (rule.ctarget ?? rule.next) as Fib4Rule | null;
      continue;
    }
    const err = act(state, rule, fl4, res, flags);
    if (err !== -EAGAIN && (err !== 0 || !suppresses(rule, res))) {
      res.tclassid = rule.tclassid;
      return err;
    }
    rule = rule.next as Fib4Rule | null;
  }
  res.tclassid = 0;
  return -ENETUNREACH;
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

/** The rules of one namespace, which take over from the fixed order of tables at their first change. */
export class Fib4Rules {
  readonly rules: FibRules<Fib4Rule>;
  private readonly state: FibNet;
  /** `fib_has_custom_rules`. */
  private custom = false;

  constructor(net: Net) {
    this.state = fibNet.of(net);
    this.rules = new FibRules<Fib4Rule>(this.family());
    for (const [pref, table] of DEFAULT_RULES) {
      const rule = new Fib4Rule();
      Object.assign(rule, { pref, table, action: FR_ACT_TO_TBL, proto: RTPROT_KERNEL });
      this.rules.insert(rule);
    }
  }

  /** Back to the fixed order: nobody is here any more who could say otherwise. */
  close(): void {
    for (const rule of this.rules.list) if (rule.tclassid !== 0) this.state.tclassidUsers--;
    if (this.custom) fibSetRules(this.state, null);
  }

  private family(): FibRulesFamily<Fib4Rule> {
    return {
      family: AF_INET,
      addrSize: 4,
      nlgroup: RTNLGRP_IPV4_RULE,
      alloc: () => new Fib4Rule(),
      configure: (rule, frh, tb, extack) => this.configure(rule, frh, tb, extack),
      delete: (rule) => this.delete(rule),
      compare,
      fill,
      flushCache: () => this.state.cacheFlush(),
    };
  }

  /** `fib4_rule_configure`. */
  private configure(rule: Fib4Rule, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
    const why = (frh.tos & ECN_MASK) !== 0 ? 'Invalid dsfield (tos): ECN bits must be 0' : (frh.tos & ~TOS_MASK) !== 0 ? 'Invalid tos' : '';
    if (why !== '') {
      extack.setErrMsg(why);
      return -EINVAL;
    }
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
    if (rule.requiresFldissect()) this.dissect(1);
    return 0;
  }

  private delete(rule: Fib4Rule): void {
    this.takeOver();
    if (rule.tclassid !== 0) this.state.tclassidUsers--;
    if (rule.requiresFldissect()) this.dissect(-1);
  }

  /** One rule more or less looks into packets. */
  private dissect(by: number): void {
    const { rules } = this.state;
    if (rules !== null) rules.fldissectUsers = (rules.fldissectUsers ?? 0) + by;
  }

  /** From the first change on the rules are asked, and the local table is a table of its own (`fib_unmerge`). */
  private takeOver(): void {
    if (this.custom) return;
    this.custom = true;
    const { rules } = this;
    fibSetRules(this.state, { lookup: (state, fl4, res, flags) => fib4RulesLookup(rules.list.length === 0 ? null : rules.list[0], state, fl4, res, flags) });
  }

  attach(dev: NetDevice): void {
    this.rules.attach(dev);
  }

  detach(dev: NetDevice): void {
    this.rules.detach(dev);
  }
}

/** `fib_default_rules_init`. */
const DEFAULT_RULES: readonly (readonly [pref: number, table: number])[] = [
  [0, RT_TABLE_LOCAL],
  [32766, RT_TABLE_MAIN],
  [32767, RT_TABLE_DEFAULT],
];

/** `fib4_rule_compare`. */
function compare(rule: Fib4Rule, frh: FibRuleHdr, tb: NlAttrs): boolean {
  if (frh.srcLen !== 0 && (rule.srcLen !== frh.srcLen || rule.src !== tb.be32(FRA_SRC))) return false;
  if (frh.dstLen !== 0 && (rule.dstLen !== frh.dstLen || rule.dst !== tb.be32(FRA_DST))) return false;
  if (frh.tos !== 0 && rule.tos !== frh.tos) return false;
  return !tb.has(FRA_FLOW) || rule.tclassid === tb.u32(FRA_FLOW);
}

/** `fib4_rule_fill`. */
function fill(rule: Fib4Rule, b: NlMsgBuilder, frh: FibRuleHdr): void {
  frh.dstLen = rule.dstLen;
  frh.srcLen = rule.srcLen;
  frh.tos = rule.tos;
  if (rule.dstLen !== 0) b.nlaPutInAddr(FRA_DST, rule.dst);
  if (rule.srcLen !== 0) b.nlaPutInAddr(FRA_SRC, rule.src);
  if (rule.tclassid !== 0) b.nlaPutU32(FRA_FLOW, rule.tclassid);
}
