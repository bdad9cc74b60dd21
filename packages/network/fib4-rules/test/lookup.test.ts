import { rmmod, setupNet, devChangeName, type Net, type NetDevice, unregisterNetdevice } from '@skbuff/core';
import { fibNet } from '@skbuff/fib';
import * as U from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { addr, ip4, text, u32, useHost } from './support.ts';

const t = useHost();
const pref = (v: number): [number, Uint8Array] => [U.FRA_PRIORITY, u32(v)];

/** 99.0.0.0/8 goes another way in each of the tables main, 5 and 6. */
beforeEach(() => {
  t.h.route('99.0.0.0/8', '10.0.0.254', U.RT_TABLE_MAIN);
  t.h.route('99.0.0.0/8', '10.0.0.5', 5);
  t.h.route('99.0.0.0/8', '10.0.0.6', 6);
});

describe('without custom rules', () => {
  it('local, main and default are searched, and no other table [RULE-07] [RULE-01]', () => {
    t.h.route('98.0.0.0/8', '10.0.0.5', 5);
    t.h.route('97.0.0.0/8', '10.0.0.7', U.RT_TABLE_DEFAULT);
    expect([t.h.find('10.0.0.1'), t.h.find('99.1.1.1'), t.h.find('97.1.1.1'), t.h.find('98.1.1.1'), fibNet.of(t.h.net).rules]).toEqual(['0.0.0.0', '10.0.0.254', '10.0.0.7', -U.ENETUNREACH, null]);
  });

  it('nothing changes until the first one comes or one of the first three goes [RULE-09] [RULE-08]', () => {
    expect(fibNet.of(t.h.net).rules === null).toBe(true);
    expect(t.h.del({}, [pref(32767)])).toEqual([0, '']);
    expect(fibNet.of(t.h.net).rules === null).toBe(false);
    expect(t.h.del({}, [pref(32766)])).toEqual([0, '']);
    expect([t.h.find('10.0.0.1'), t.h.find('99.1.1.1')]).toEqual(['0.0.0.0', -U.ENETUNREACH]);
    expect(t.h.del({ table: U.RT_TABLE_LOCAL })).toEqual([0, '']);
    expect([t.h.list(), t.h.find('10.0.0.1')]).toEqual([[], -U.ENETUNREACH]);
  });
});

describe('a rule', () => {
  it.each([
    ['source', { srcLen: 8 }, [[U.FRA_SRC, addr('10.7.7.7')]], { saddr: ip4('10.1.2.3') }, { saddr: ip4('11.1.2.3') }],
    ['destination', { dstLen: 16 }, [[U.FRA_DST, addr('99.1.0.0')]], {}, { daddr: ip4('99.2.0.1') }],
    ['TOS', { tos: 4 }, [], { tos: 4 }, { tos: 8 }],
    ['mark', {}, [[U.FRA_FWMARK, u32(7)]], { mark: 7 }, { mark: 0x17 }],
    ['mark under a mask', {}, [[U.FRA_FWMARK, u32(7)], [U.FRA_FWMASK, u32(15)]], { mark: 0x17 }, { mark: 6 }],
    ['a mask alone', {}, [[U.FRA_FWMASK, u32(15)]], { mark: 0x10 }, { mark: 1 }],
    ['arrival', {}, [[U.FRA_IIFNAME, text('d1')]], { iif: 3 }, { iif: 2 }],
    ['own packets', {}, [[U.FRA_IIFNAME, text('lo')]], { iif: 1 }, { iif: 2 }],
    ['protocol', {}, [[U.FRA_IP_PROTO, Uint8Array.of(6)]], { proto: 6 }, { proto: 17 }],
    ['source port', {}, [[U.FRA_SPORT_RANGE, Uint8Array.of(53, 0, 60, 0)]], { sport: 60 }, { sport: 61 }],
    ['destination port', {}, [[U.FRA_DPORT_RANGE, Uint8Array.of(53, 0, 53, 0)]], { dport: 53 }, { dport: 52 }],
    ['user', {}, [[U.FRA_UID_RANGE, Uint8Array.of(5, 0, 0, 0, 9, 0, 0, 0)]], { uid: 9 }, { uid: 10 }],
    ['departure', {}, [[U.FRA_OIFNAME, text('d0')]], { oif: 2 }, { oif: 0 }],
    ['two things', { srcLen: 8, tos: 4 }, [[U.FRA_SRC, addr('10.0.0.0')]], { saddr: ip4('10.1.2.3'), tos: 4 }, { saddr: ip4('10.1.2.3') }],
    ['what is not so', { flags: U.FIB_RULE_INVERT, srcLen: 8 }, [[U.FRA_SRC, addr('10.0.0.0')]], { saddr: ip4('11.1.2.3') }, { saddr: ip4('10.1.2.3') }],
  ] as const)('selects by %s [RULE-10] [RULE-02] [RULE-05]', (_what, frh, attrs, yes, no) => {
    expect(t.h.add({ table: 5, ...frh }, attrs as never)).toEqual([0, '']);
    const found = (flow: object): unknown => t.h.find('99.1.0.1', flow);
    expect([found(yes), found(no)]).toEqual(['10.0.0.5', '10.0.0.254']);
  });

  it.each([
    ['of a tunnel', [[U.FRA_TUN_ID, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5)]]],
    ['of a device that is not there', [[U.FRA_IIFNAME, text('nosuch')]]],
  ] as const)('%s selects nothing that there is', (_what, attrs) => {
    expect(t.h.add({ table: 5 }, attrs as never)).toEqual([0, '']);
    expect(t.h.find('99.1.0.1')).toBe('10.0.0.254');
  });

  it('of an L3 master device selects nothing, for there is none', () => {
    expect(t.h.add({ table: 0 }, [[U.FRA_L3MDEV, Uint8Array.of(1)]])).toEqual([0, '']);
    expect(t.h.find('99.1.0.1')).toBe('10.0.0.254');
  });

  it('finds its device when it comes, goes and changes its name [RULE-10]', () => {
    const dev = t.h.devs[1] as NetDevice;
    t.h.add({ table: 5 }, [[U.FRA_IIFNAME, text('x9')]]);
    const find = (): unknown => t.h.find('99.1.0.1', { iif: dev.ifindex });
    const shown = (): boolean => t.h.dump().some((hex) => hex.slice(16, 24) === '08000000');
    const states = [[find(), shown()]];
    expect(devChangeName(dev, 'x9')).toBe(0);
    states.push([find(), shown()]);
    expect(devChangeName(dev, 'x8')).toBe(0);
    states.push([find(), shown()]);
    devChangeName(dev, 'x9');
    states.push([find(), shown()]);
    unregisterNetdevice(dev);
    states.push([t.h.find('99.1.0.1', { iif: dev.ifindex }), shown()]);
    const [away, there] = [['10.0.0.254', true], ['10.0.0.5', false]];
    expect(states).toEqual([away, there, away, there, away]);
  });

  it('that leads to a table without a route, or to no table, leads on to the next; one that refuses ends the search [RULE-12] [RULE-01]', () => {
    t.h.route('98.0.0.0/8', '10.0.0.254', U.RT_TABLE_MAIN);
    t.h.add({ table: 77 }, [pref(1)]);
    t.h.add({ table: 5 }, [pref(2)]);
    expect([t.h.find('98.1.1.1'), t.h.find('99.1.1.1')]).toEqual(['10.0.0.254', '10.0.0.5']);
    t.h.route('99.0.0.0/8', '10.0.0.77', 77);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.77');
    t.h.del({}, [pref(1)]);
    t.h.del({}, [pref(2)]);
    const refused = [U.FR_ACT_BLACKHOLE, U.FR_ACT_UNREACHABLE, U.FR_ACT_PROHIBIT, 55].map((action) => {
      expect(t.h.add({ action }, [pref(3)])).toEqual([0, '']);
      const err = t.h.find('99.1.1.1');
      t.h.del({}, [pref(3)]);
      return err;
    });
    expect(refused).toEqual([-U.EINVAL, -U.ENETUNREACH, -U.EACCES, -U.EINVAL]);
  });

  it('may lead on to another one, or be passed over [RULE-12]', () => {
    t.h.add({ action: U.FR_ACT_GOTO }, [pref(1), [U.FRA_GOTO, u32(20)]]);
    t.h.add({ table: 5 }, [pref(10)]);
    // Nothing is there yet: it goes on at the next.
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.5');
    t.h.add({ table: 6 }, [pref(20)]);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.6');
    t.h.add({ action: U.FR_ACT_NOP }, [pref(20)]);
    t.h.del({ table: 6 }, [pref(20)]);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.254');
    t.h.del({}, [pref(20)]);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.5');
  });

  it('may find a route not good enough', () => {
    t.h.add({ table: 5 }, [pref(1), [U.FRA_SUPPRESS_PREFIXLEN, u32(8)]]);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.254');
    t.h.route('99.1.0.0/16', '10.0.0.9', 5);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.9');
    t.h.devs[0].group = 4;
    t.h.add({ table: 6 }, [pref(0), [U.FRA_SUPPRESS_IFGROUP, u32(4)]]);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.9');
    t.h.devs[0].group = 3;
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.6');
    t.h.devs[0].group = 0;
  });

  it('without a table makes one of the lowest free number', () => {
    expect(t.h.add({ table: 0 }, [pref(9)])).toEqual([0, '']);
    expect([t.h.list()[1], fibNet.of(t.h.net).tables.has(1)]).toEqual(['9 1', true]);
  });

  it('with a realm is counted as a user of realms while it is there', () => {
    const users = (): number => fibNet.of(t.h.net).tclassidUsers;
    t.h.add({ table: 5 }, [pref(9), [U.FRA_FLOW, u32(0x30005)]]);
    expect(users()).toBe(1);
    t.h.del({}, [pref(9)]);
    expect(users()).toBe(0);
    t.h.add({ table: 5 }, [pref(9), [U.FRA_FLOW, u32(0x30005)]]);
    expect([rmmod(t.h.kernel, '@skbuff/fib4-rules'), users()]).toEqual([0, 0]);
  });
});

describe('the rules', () => {
  it('are a namespace’s own, and go with it [RULE-11]', () => {
    const other = setupNet(t.h.kernel) as Net;
    t.h.add({ table: 5 });
    expect([fibNet.of(t.h.net).rules === null, fibNet.of(other).rules === null]).toEqual([false, true]);
    other.put();
    t.h.clock.advance(0);
  });

  it('go with their package: local, main and default are searched again [RULE-11]', () => {
    t.h.add({ table: 5 }, [pref(1)]);
    expect(t.h.find('99.1.1.1')).toBe('10.0.0.5');
    expect(rmmod(t.h.kernel, '@skbuff/fib4-rules')).toBe(0);
    expect([t.h.find('99.1.1.1'), t.h.find('10.0.0.1'), t.h.send(U.RTM_GETRULE, U.NLM_F_DUMP, {}).error]).toEqual(['10.0.0.254', '0.0.0.0', -U.EAFNOSUPPORT]);
  });
});
