/** Which table a packet for a group is a matter of: rules by mark and interfaces (`ip6mr_rules_ops_template`; `ip -6 mrule`). */
import { type Net, NetSlot, type SkBuff } from '@skbuff/core';
import { FibRule, fibRuleMatch, fibRulesLookup, FibRulesOps } from '@skbuff/fib-rules';
import { Flowi6 } from '@skbuff/ipv6';
import type { FibRuleHdr, NlMsgBuilder } from '@skbuff/netlink';
import { EACCES, EAGAIN, EINVAL, ENETUNREACH, FIB_RULE_INVERT, FR_ACT_PROHIBIT, FR_ACT_TO_TBL, FR_ACT_UNREACHABLE, RTNLGRP_IPV6_RULE, RTNL_FAMILY_IP6MR } from '@skbuff/uapi';
import { IN6ADDR_LEN } from '@skbuff/wire';
import { ip6mrNet, type Mr6Table, RT6_TABLE_DFLT } from './mr6-table.ts';

/** Behind all that users make. */
const DEFAULT_PREF = 0x7fff;

/** `struct ip6mr_result`. */
interface Ip6mrResult {
  mrt: Mr6Table | null;
}

/** The rules of one namespace. They know nothing of their own: addresses that a request names do not count, nor do ports. */
export class Ip6mrRules extends FibRulesOps<FibRule, Flowi6, Ip6mrResult> {
  readonly family: number = RTNL_FAMILY_IP6MR;
  readonly addrSize: number = IN6ADDR_LEN;
  readonly nlgroup: number = RTNLGRP_IPV6_RULE;

  /** `ip6mr_rules_init`. */
  constructor(net: Net) {
    super(net);
    this.addDefault(DEFAULT_PREF, RT6_TABLE_DFLT);
  }

  close(): void {}

  find(from: FibRule | null, fl6: Flowi6): FibRule | null {
    let rule = from;
    while (rule !== null && fibRuleMatch(rule, fl6) === ((rule.flags & FIB_RULE_INVERT) !== 0)) rule = rule.next;
    return rule;
  }

  /** `ip6mr_rule_action`: -EAGAIN where there is no such table. */
  action(rule: FibRule, _fl6: Flowi6, _flags: number, res: Ip6mrResult): number {
    if (rule.action === FR_ACT_TO_TBL) {
      res.mrt = ip6mrNet.of(this.net).table(rule.table);
      return res.mrt === null ? -EAGAIN : 0;
    }
    if (rule.action === FR_ACT_UNREACHABLE) return -ENETUNREACH;
    return rule.action === FR_ACT_PROHIBIT ? -EACCES : -EINVAL;
  }

  suppress(): boolean {
    return false;
  }

  alloc(): FibRule {
    return new FibRule();
  }

  configure(): number {
    return 0;
  }

  delete(): void {}

  compare(): boolean {
    return true;
  }

  /** `ip6mr_rule_fill`. */
  fill(_rule: FibRule, _b: NlMsgBuilder, frh: FibRuleHdr): void {
    frh.dstLen = 0;
    frh.srcLen = 0;
    frh.tos = 0;
  }

  flushCache(): void {}
}

export const ip6mrRulesNet: NetSlot<Ip6mrRules> = new NetSlot<Ip6mrRules>('ip6mr_rules');

const fl6 = new Flowi6();
const result: Ip6mrResult = { mrt: null };

/** `ip6mr_fib_lookup`: the table of a packet that came by interface `iif`, and leaves by `oif` (0: that is to be found out); or a negative errno. */
export function ip6mrFibLookup(net: Net, skb: SkBuff, iif: number, oif: number): Mr6Table | number {
  fl6.init(0).iif = iif;
  fl6.oif = oif;
  fl6.mark = skb.mark;
  const err = fibRulesLookup(ip6mrRulesNet.of(net), fl6, 0, result);
  return err < 0 ? err : (result.mrt as Mr6Table);
}
