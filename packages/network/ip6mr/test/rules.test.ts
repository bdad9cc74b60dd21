/** Rules that choose a table of multicast routing. What `ip -6 mrule` prints is compared with the kernel's elsewhere. */
import type { NetDevice, SkBuff } from '@skbuff/core';
import { FibRuleHdr, NlMsgBuilder, nlTalk } from '@skbuff/netlink';
import {
  FRA_DST,
  FRA_FWMARK,
  FRA_IIFNAME,
  FRA_PRIORITY,
  FRA_TABLE,
  FR_ACT_BLACKHOLE,
  FR_ACT_NOP,
  FR_ACT_PROHIBIT,
  FR_ACT_TO_TBL,
  FR_ACT_UNREACHABLE,
  FIB_RULE_INVERT,
  MRT6_ADD_MFC,
  MRT6_ADD_MIF,
  MRT6_INIT,
  MRT6_TABLE,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RTM_DELRULE,
  RTM_GETRULE,
  RTM_NEWRULE,
  RTNL_FAMILY_IP6MR,
} from '@skbuff/uapi';
import { inetPton6 } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Daemon, hex, int, mf6cctl, mif6ctl, Router } from './support.ts';

const SOURCE = '2001:db8::2';
const GROUP = 'ff0e::1';
type Attr = readonly [type: number, value: Uint8Array];

let r: Router;
let first: Daemon;
let second: Daemon;

/** Two daemons: that of table 254 sends the group to v1, that of table 100 to v2. */
beforeEach(() => {
  r = new Router();
  first = daemon(254, 1);
  second = daemon(100, 2);
});

afterEach(() => {
  expect(r.shutdown()).toEqual({});
});

function daemon(table: number, to: number): Daemon {
  const sk = new Daemon(r.net, true);
  const set = (option: number, value: Uint8Array): void => expect(r.mroute.setsockopt(sk, option, value)).toBe(0);
  if (table !== 254) set(MRT6_TABLE, int(table));
  set(MRT6_INIT, int(1));
  for (const i of [0, 1, 2]) set(MRT6_ADD_MIF, mif6ctl(i, 10 + i));
  set(MRT6_ADD_MFC, mf6cctl(SOURCE, GROUP, 0, [to]));
  r.notes();
  return sk;
}

function ask(type: number, flags: number, frh: Partial<FibRuleHdr>, attrs: readonly Attr[]): ReturnType<typeof nlTalk> {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(type, NLM_F_REQUEST | flags, 1, 0, FibRuleHdr.of({ family: RTNL_FAMILY_IP6MR, ...frh }));
  for (const [attr, value] of attrs) b.nlaPut(attr, value);
  b.nlmsgEnd(nlh);
  return nlTalk(r.port, b.bytes().slice());
}

const name = (text: string): Uint8Array => Uint8Array.from(`${text}\0`, (c) => c.charCodeAt(0));
const add = (frh: Partial<FibRuleHdr>, ...attrs: Attr[]): number => ask(RTM_NEWRULE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, { action: FR_ACT_TO_TBL, ...frh }, attrs).error;
const del = (...attrs: Attr[]): number => ask(RTM_DELRULE, NLM_F_ACK, {}, attrs).error;
const table100: Attr = [FRA_TABLE, int(100)];

/** By which interface a packet from v0 leaves. */
function way(dev = 0): string {
  r.receive(dev, SOURCE, GROUP, 64);
  return r.frames.splice(0).map((frame) => `v${frame[0]}`).join();
}

describe('a packet for a group', () => {
  it('is a matter of the default table, unless a rule chooses another', () => {
    expect(way()).toBe('v1');
    expect(add({}, [FRA_IIFNAME, name('v0')], table100)).toBe(0);
    expect(way()).toBe('v2');
    expect(del([FRA_IIFNAME, name('v0')])).toBe(0);
    expect(way()).toBe('v1');
  });

  it('is not chosen by a rule for another mark, interface, or for all but its own', () => {
    expect(add({}, [FRA_FWMARK, int(5)], table100)).toBe(0);
    expect(add({}, [FRA_IIFNAME, name('v1')], table100)).toBe(0);
    expect(add({ flags: FIB_RULE_INVERT }, [FRA_IIFNAME, name('v0')], table100)).toBe(0);
    expect(way()).toBe('v1');
  });

  it('is chosen by a rule that names addresses, which do not count', () => {
    expect(add({ dstLen: 128 }, [FRA_DST, inetPton6('ff0e::99') as Uint8Array], table100)).toBe(0);
    expect(way()).toBe('v2');
  });

  it.each([['unreachable', FR_ACT_UNREACHABLE], ['prohibit', FR_ACT_PROHIBIT], ['blackhole', FR_ACT_BLACKHOLE]])('goes nowhere by a rule that says %s', (_text, action) => {
    expect(add({ action })).toBe(0);
    expect(way()).toBe('');
    expect([...first.upcalls, ...second.upcalls]).toEqual([]);
  });

  it('goes on to the next rule where there is no such table or nothing to do, and nowhere without rules', () => {
    expect(add({}, [FRA_TABLE, int(9)])).toBe(0);
    expect(add({ action: FR_ACT_NOP })).toBe(0);
    expect(way()).toBe('v1');
    expect(del([FRA_PRIORITY, int(0x7fff)])).toBe(0);
    expect(way()).toBe('');
  });

  it('is told to the daemon of its table', () => {
    expect(add({}, table100)).toBe(0);
    r.receive(0, SOURCE, 'ff0e::2', 64);
    expect([first.upcalls.length, second.upcalls.length]).toEqual([0, 1]);
  });

  it('is heard by the daemon of its table that sent it', () => {
    expect(add({}, [FRA_IIFNAME, name('lo')], table100)).toBe(0);
    const skb = r.net.skbs.alloc(10) as SkBuff;
    skb.dev = r.devs[0] as NetDevice;
    const isOf = (sk: Daemon): boolean => {
      skb.sk = sk;
      return r.mroute.isSocket(r.net, skb);
    };
    expect([isOf(first), isOf(second)]).toEqual([true, false]);
    // While there is no such device, an interface of that name is none.
    expect(add({ action: FR_ACT_TO_TBL }, table100)).toBe(0);
    expect([isOf(first), isOf(second)]).toEqual([false, true]);
    skb.sk = null;
    skb.consume();
  });
});

it('shows the rule that there is from the beginning as Linux does', () => {
  const { msgs } = ask(RTM_GETRULE, NLM_F_DUMP, {}, []);
  // As a running Linux 6.18 sent it.
  expect(msgs.map((nlh) => hex(nlh.buf.slice(nlh.data, nlh.off + nlh.len)))).toEqual(['81000000fe0000010000000008000f00fe00000008000e00ffffffff050015000200000008000600ff7f0000']);
});
