/** The core with two families of the test's own: tables hold numbers. */
import { createKernel, devChangeName, type FlowiCommon, type Kernel, type Net, registerNetdevice, rmmod, setupNet, VirtualClock, allocNetdev, unregisterNetdevice } from '@skbuff/core';
import { dummy, dummyOps, dummySetup } from '@skbuff/dummy';
import { FibRuleHdr, netlink, type NetlinkExtAck, type NetlinkPort, netlinkPort, type NlAttrs, NlMsgBuilder, nlTalk, type NlReply } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FibRule, fibRuleMatch, FibRulesOps, fibRules, fibRulesLookup, fibRulesNet, fibRulesRegister, fibRulesUnregister, lookupRulesOps } from '../src/index.ts';

const u32 = (v: number): Uint8Array => Uint8Array.of(v, v >>> 8, v >>> 16, v >>> 24);
const text = (v: string): Uint8Array => Uint8Array.from(`${v}\0`, (c) => c.charCodeAt(0));

interface Flow extends FlowiCommon {
  readonly dst: number;
}
interface Answer {
  found: number;
}

class ToyRule extends FibRule {
  dst = 0;
}

/** A route leads to table * 1000 + destination; a table has those below its number. */
class ToyRules extends FibRulesOps<ToyRule, Flow, Answer> {
  readonly addrSize: number = 4;
  readonly nlgroup: number = U.RTNLGRP_IPV6_RULE;
  readonly family: number;
  flushed = 0;
  deleted = 0;

  constructor(net: Net, family: number) {
    super(net);
    this.family = family;
    this.addDefault(100, 9);
  }

  alloc(): ToyRule {
    return new ToyRule();
  }
  configure(rule: ToyRule, frh: FibRuleHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
    if (tb.has(U.FRA_FLOWLABEL)) {
      extack.setErrMsg('toys have no labels');
      return -U.EINVAL;
    }
    rule.dst = frh.dstLen === 0 ? 0 : tb.be32(U.FRA_DST);
    return 0;
  }
  delete(): void {
    this.deleted++;
  }
  compare(rule: ToyRule, frh: FibRuleHdr, tb: NlAttrs): boolean {
    return frh.dstLen === 0 || rule.dst === tb.be32(U.FRA_DST);
  }
  fill(rule: ToyRule, _b: NlMsgBuilder, frh: FibRuleHdr): void {
    frh.tos = rule.dst;
  }
  flushCache(): void {
    this.flushed++;
  }
  find(from: ToyRule | null, fl: Flow): ToyRule | null {
    let rule = from;
    while (rule !== null && (fibRuleMatch(rule, fl) && (rule.dst === 0 || rule.dst === fl.dst)) === ((rule.flags & U.FIB_RULE_INVERT) !== 0)) rule = rule.next as ToyRule | null;
    return rule;
  }
  action(rule: ToyRule, fl: Flow, flags: number, answer: Answer): number {
    if (rule.action !== U.FR_ACT_TO_TBL) return -U.EACCES;
    if (fl.dst >= rule.table) return -U.EAGAIN;
    answer.found = rule.table * 1000 + fl.dst + flags;
    return 0;
  }
  suppress(rule: ToyRule, _flags: number, answer: Answer): boolean {
    return answer.found % 1000 <= rule.suppressPrefixlen;
  }
}

let kernel: Kernel;
let net: Net;
let toys: ToyRules;
let port: NetlinkPort;

beforeEach(() => {
  kernel = createKernel({ clock: new VirtualClock(), debug: true, plugins: [netlink(), dummy(), fibRules()] });
  net = kernel.initNet;
  toys = new ToyRules(net, U.AF_INET6);
  expect(fibRulesRegister(toys)).toBe(0);
  port = netlinkPort(net, U.NETLINK_ROUTE) as NetlinkPort;
  port.bind();
  port.setsockopt(U.NETLINK_EXT_ACK, 1);
});
afterEach(() => {
  expect(kernel.shutdown()).toEqual({});
});

function send(type: number, flags: number, frh: Partial<FibRuleHdr>, attrs: readonly (readonly [number, Uint8Array])[] = []): NlReply {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(type, U.NLM_F_REQUEST | flags, 1, 0, FibRuleHdr.of({ family: U.AF_INET6, ...frh }));
  for (const [attr, value] of attrs) b.nlaPut(attr, value);
  b.nlmsgEnd(nlh);
  return nlTalk(port, b.bytes());
}
const add = (frh: Partial<FibRuleHdr>, attrs: readonly (readonly [number, Uint8Array])[] = []): number =>
  send(U.RTM_NEWRULE, U.NLM_F_ACK | U.NLM_F_CREATE, { action: U.FR_ACT_TO_TBL, ...frh }, attrs).error;
const del = (attrs: readonly (readonly [number, Uint8Array])[]): number => send(U.RTM_DELRULE, U.NLM_F_ACK, {}, attrs).error;
const pref = (v: number): [number, Uint8Array] => [U.FRA_PRIORITY, u32(v)];

function find(dst: number, more: Partial<Flow> = {}, flags = 0): number {
  const answer: Answer = { found: -1 };
  const err = fibRulesLookup(toys, { oif: 0, iif: 1, mark: 0, tos: 0, scope: 0, proto: 0, flags: 0, uid: 0, dst, ...more }, flags, answer);
  return err === 0 ? answer.found : err;
}

describe('families', () => {
  it('are registered once for a namespace, and are not found any more when they have left [RULE-11]', () => {
    expect(fibRulesRegister(new ToyRules(net, U.AF_INET6))).toBe(-U.EEXIST);
    const others = new ToyRules(net, 77);
    expect([fibRulesRegister(others), lookupRulesOps(net, 77) === others, lookupRulesOps(net, 78)]).toEqual([0, true, null]);
    fibRulesUnregister(others);
    expect([lookupRulesOps(net, 77), lookupRulesOps(net, U.AF_INET6) === toys]).toEqual([null, true]);
  });

  it('are each namespace’s own', () => {
    const other = setupNet(kernel) as Net;
    expect([fibRulesNet.of(other).length, fibRulesNet.of(net).length]).toEqual([0, 1]);
    other.put();
  });

  it('are told of one after the other to who asks for all, and alone to who asks for one', () => {
    fibRulesRegister(new ToyRules(net, 77));
    add({ table: 5 }, [pref(7)]);
    const families = (family: number): (number | undefined)[] => send(U.RTM_GETRULE, U.NLM_F_DUMP, { family }).msgs.map((nlh) => nlh.buf[nlh.data]);
    expect([families(U.AF_UNSPEC), families(77), families(U.AF_INET6)]).toEqual([[10, 10, 77], [77], [10, 10]]);
    expect(send(U.RTM_GETRULE, U.NLM_F_DUMP, { family: 78 }).error).toBe(-U.EAFNOSUPPORT);
  });

  it('have their say about a request, and write their part of a message', () => {
    const { error, extack } = send(U.RTM_NEWRULE, U.NLM_F_ACK, { action: 1, table: 5 }, [[U.FRA_FLOWLABEL, u32(1)]]);
    expect([error, extack, toys.list.length]).toEqual([-U.EINVAL, 'toys have no labels', 1]);
    expect(add({ table: 5, dstLen: 32 }, [pref(7), [U.FRA_DST, Uint8Array.of(0, 0, 0, 3)]])).toBe(0);
    expect(send(U.RTM_GETRULE, U.NLM_F_DUMP, {}).msgs.map((nlh) => nlh.buf[nlh.data + 3])).toEqual([3, 0]);
    expect([toys.flushed, del([pref(7)]), toys.flushed, toys.deleted]).toEqual([1, 0, 2, 1]);
  });

  it('leave with the core', () => {
    expect(rmmod(kernel, '@skbuff/fib-rules')).toBe(0);
    expect(send(U.RTM_GETRULE, U.NLM_F_DUMP, {}).error).toBe(-U.EOPNOTSUPP);
  });
});

describe('the search', () => {
  it('ends at the first rule that comes to an end, with the flags of the caller [RULE-12]', () => {
    add({ table: 3 }, [pref(1)]);
    add({ table: 5, dstLen: 32 }, [pref(2), [U.FRA_DST, Uint8Array.of(0, 0, 0, 4)]]);
    expect([find(2), find(4), find(6), find(12), find(2, {}, 100)]).toEqual([3002, 5004, 9006, -U.ESRCH, 3102]);
  });

  it('goes on at a target, at the next while there is none, and past rules that do nothing', () => {
    add({ action: U.FR_ACT_GOTO }, [pref(1), [U.FRA_GOTO, u32(20)]]);
    add({ table: 5 }, [pref(10)]);
    const found = [find(1)];
    add({ action: U.FR_ACT_NOP }, [pref(20)]);
    found.push(find(1));
    add({ table: 7 }, [pref(20)]);
    found.push(find(1));
    del([pref(1)]);
    expect([...found, find(1)]).toEqual([5001, 9001, 7001, 5001]);
  });

  it('turns a selector round, refuses, and does not take what is not good enough', () => {
    add({ table: 5, flags: U.FIB_RULE_INVERT }, [pref(1), [U.FRA_FWMARK, u32(7)]]);
    add({ table: 6 }, [pref(2), [U.FRA_SUPPRESS_PREFIXLEN, u32(2)]]);
    expect([find(1), find(1, { mark: 7 }), find(3, { mark: 7 })]).toEqual([5001, 9001, 6003]);
    add({ action: U.FR_ACT_PROHIBIT }, [pref(0)]);
    expect(find(1)).toBe(-U.EACCES);
  });

  it('asks by interface, mark and user', () => {
    add({ table: 5 }, [pref(1), [U.FRA_UID_RANGE, Uint8Array.of(5, 0, 0, 0, 9, 0, 0, 0)], [U.FRA_FWMARK, u32(1)], [U.FRA_FWMASK, u32(3)]]);
    expect([find(1, { uid: 5, mark: 5 }), find(1, { uid: 4, mark: 5 }), find(1, { uid: 10, mark: 5 }), find(1, { uid: 9, mark: 2 })]).toEqual([5001, 9001, 9001, 9001]);
  });
});

it('rules find their devices when they come, go and change their names', () => {
  add({ table: 5 }, [pref(1), [U.FRA_IIFNAME, text('d7')]]);
  add({ table: 6 }, [pref(2), [U.FRA_OIFNAME, text('d7')]]);
  const states = (): number[] => [toys.list[0]?.iifindex ?? 0, toys.list[1]?.oifindex ?? 0];
  const seen = [states()];
  const dev = allocNetdev(net, { name: 'd7', setup: dummySetup, ops: dummyOps });
  registerNetdevice(dev);
  const { ifindex } = dev;
  seen.push(states());
  devChangeName(dev, 'd8');
  seen.push(states());
  devChangeName(dev, 'd7');
  seen.push(states());
  unregisterNetdevice(dev);
  seen.push(states());
  expect(seen).toEqual([[-1, -1], [ifindex, ifindex], [-1, -1], [ifindex, ifindex], [-1, -1]]);
});

it('rules that look at protocol or ports are counted', () => {
  add({ table: 5 }, [pref(1), [U.FRA_IP_PROTO, Uint8Array.of(17)]]);
  add({ table: 5 }, [pref(2), [U.FRA_DPORT_RANGE, Uint8Array.of(53, 0, 53, 0)]]);
  const counts = [toys.fldissectUsers];
  del([pref(1)]);
  counts.push(toys.fldissectUsers);
  del([pref(2)]);
  expect([...counts, toys.fldissectUsers]).toEqual([2, 1, 0]);
});
