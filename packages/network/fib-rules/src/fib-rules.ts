/** The rules of one family in one namespace (`struct fib_rules_ops`, `net/core/fib_rules.c`): the list, and what changes it. */
import type { NetDevice } from '@skbuff/core';
import type { FibRuleHdr, NetlinkExtAck, NlAttrs, NlMsgBuilder } from '@skbuff/netlink';
import { FR_ACT_GOTO } from '@skbuff/uapi';
import type { FibRule } from './fib-rule.ts';

/** What a family adds to a rule. The attributes and the header are those of the request. */
export interface FibRulesFamily<R extends FibRule> {
  /** AF_* */
  readonly family: number;
  /** Bytes of an address. */
  readonly addrSize: number;
  /** RTNLGRP_*_RULE */
  readonly nlgroup: number;
  readonly alloc: () => R;
  /** Reads its own part: 0, or a negative errno and why. */
  readonly configure: (rule: R, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck) => number;
  /** The rule is leaving. */
  readonly delete: (rule: R) => void;
  /** Whether the family's part of the request is true of the rule; what the request leaves out is. */
  readonly compare: (rule: R, frh: FibRuleHdr, tb: NlAttrs) => boolean;
  /** Writes its attributes, and its fields of the header. */
  readonly fill: (rule: R, b: NlMsgBuilder, frh: FibRuleHdr) => void;
  /** `flush_cache`: decisions made so far no longer hold. */
  readonly flushCache: () => void;
}

export class FibRules<R extends FibRule> {
  readonly ops: FibRulesFamily<R>;
  /** In the order in which they are asked. */
  readonly list: R[] = [];

  constructor(ops: FibRulesFamily<R>) {
    this.ops = ops;
  }

  /** `fib_default_rule_pref`: a new rule comes before all but the first. */
  defaultPref(): number {
    const second = this.list[1];
    return second === undefined || second.pref === 0 ? 0 : second.pref - 1;
  }

  /** Puts a rule behind those of its preference; it and those that wait for it find where they go on. */
  insert(rule: R): void {
    if (rule.action === FR_ACT_GOTO) rule.ctarget = this.list.find((other) => other.pref === rule.target) ?? null;
    const at = this.list.findIndex((other) => other.pref > rule.pref);
    this.list.splice(at < 0 ? this.list.length : at, 0, rule);
    for (const other of this.list) if (other.action === FR_ACT_GOTO && other.target === rule.pref && other.ctarget === null) other.ctarget = rule;
    this.link();
  }

  /** Takes a rule out; who went on there goes on at the next of the same preference. */
  remove(rule: R): void {
    const at = this.list.indexOf(rule);
    this.list.splice(at, 1);
    const heir = this.list[at]?.pref === rule.pref ? (this.list[at] ?? null) : null;
    for (const other of this.list) if (other.ctarget === rule) other.ctarget = heir;
    this.link();
  }

  private link(): void {
    for (const [i, rule] of this.list.entries()) rule.next = this.list[i + 1] ?? null;
  }

  /** `attach_rules`: a device of this name is there. */
  attach(dev: NetDevice): void {
    for (const rule of this.list) {
      if (rule.iifindex === -1 && rule.iifname === dev.name) rule.iifindex = dev.ifindex;
      if (rule.oifindex === -1 && rule.oifname === dev.name) rule.oifindex = dev.ifindex;
    }
  }

  /** `detach_rules`: the device is gone, or has another name. */
  detach(dev: NetDevice): void {
    for (const rule of this.list) {
      if (rule.iifindex === dev.ifindex) rule.iifindex = -1;
      if (rule.oifindex === dev.ifindex) rule.oifindex = -1;
    }
  }
}
