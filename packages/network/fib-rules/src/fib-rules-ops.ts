/** The rules of one family in one namespace (`struct fib_rules_ops`): the list, what changes it, and what the family adds. */
import { type FlowiCommon, type Net, type NetDevice, NetSlot } from '@skbuff/core';
import type { FibRuleHdr, NetlinkExtAck, NlAttrs, NlMsgBuilder } from '@skbuff/netlink';
import { EEXIST, FR_ACT_GOTO, FR_ACT_TO_TBL, RTPROT_KERNEL } from '@skbuff/uapi';
import type { FibRule } from './fib-rule.ts';

/**
 * A family extends it. The attributes and the header it is given are those of the request; `A` is where a lookup's answer goes
 * (`struct fib_lookup_arg`).
 */
export abstract class FibRulesOps<R extends FibRule = FibRule, F extends FlowiCommon = FlowiCommon, A = unknown> {
  /** AF_* */
  abstract readonly family: number;
  /** Bytes of an address. */
  abstract readonly addrSize: number;
  /** RTNLGRP_*_RULE */
  abstract readonly nlgroup: number;
  readonly net: Net;
  /** In the order in which they are asked; each knows its {@link FibRule.next}. */
  readonly list: R[] = [];
  first: R | null = null;
  /** `fib_rules_require_fldissect`: rules that look at protocol or ports. While there are any, a received packet's have to be read. */
  fldissectUsers = 0;

  constructor(net: Net) {
    this.net = net;
  }

  abstract alloc(): R;
  /** Reads its own part and refuses what it does not know: 0, or a negative errno and why. */
  abstract configure(rule: R, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number;
  /** The rule is leaving. */
  abstract delete(rule: R): void;
  /** Whether the family's part of the request is true of the rule; what the request leaves out is. */
  abstract compare(rule: R, frh: FibRuleHdr, tb: NlAttrs): boolean;
  /** Writes its attributes, and its fields of the header. */
  abstract fill(rule: R, b: NlMsgBuilder, frh: FibRuleHdr): void;
  /** Decisions made so far no longer hold. */
  abstract flushCache(): void;
  /**
   * The first rule from `rule` on that selects the flow, by {@link fibRuleMatch} and the family's own selectors; null: none does. The
   * family's, so that the walk over rules that do not select is compiled for its rules and flows alone: see {@link fibRulesLookup}.
   */
  abstract find(rule: R | null, fl: F): R | null;
  /** What is to be done, the answer left in `arg`: 0, -EAGAIN to go on at the next rule, or another errno, which ends the search. */
  abstract action(rule: R, fl: F, flags: number, arg: A): number;
  /** Whether the answer of the action that has just succeeded is not good enough for the rule. */
  abstract suppress(rule: R, flags: number, arg: A): boolean;

  /** `fib_default_rule_pref`: a new rule comes before all but the first. */
  defaultPref(): number {
    const second = this.list[1];
    return second === undefined || second.pref === 0 ? 0 : second.pref - 1;
  }

  /** `fib_default_rule_add`: a rule that every namespace begins with. */
  addDefault(pref: number, table: number): void {
    const rule = this.alloc();
    rule.pref = pref;
    rule.table = table;
    rule.action = FR_ACT_TO_TBL;
    rule.proto = RTPROT_KERNEL;
    this.insert(rule);
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
    this.first = this.list[0] ?? null;
    this.fldissectUsers = this.list.filter((rule) => rule.requiresFldissect()).length;
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

/** `net->rules_ops`: the families of a namespace, in the order of their registration. */
export const fibRulesNet: NetSlot<FibRulesOps[]> = new NetSlot('fib_rules');

/** `fib_rules_register`, for the namespace of `ops`: 0, or -EEXIST. */
export function fibRulesRegister(ops: FibRulesOps): number {
  const all = fibRulesNet.of(ops.net);
  if (all.some(({ family }) => family === ops.family)) return -EEXIST;
  all.push(ops);
  return 0;
}

/** `fib_rules_unregister`. The rules are the family's to let go of. */
export function fibRulesUnregister(ops: FibRulesOps): void {
  const all = fibRulesNet.of(ops.net);
  const at = all.indexOf(ops);
  if (at >= 0) all.splice(at, 1);
}

/** `lookup_rules_ops`: the rules of a family in a namespace, or null. */
export function lookupRulesOps(net: Net, family: number): FibRulesOps | null {
  return fibRulesNet.of(net).find((ops) => ops.family === family) ?? null;
}
