import { fibNet } from '@skbuff/fib';
import { type NetlinkPort, netlinkPort } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { addr, heard, text, u32, useHost } from './support.ts';

const t = useHost();
const pref = (v: number): [number, Uint8Array] => [U.FRA_PRIORITY, u32(v)];

/** As Linux 6.18 shows the rules that every namespace begins with. */
const LOCAL = '02000000ff0000010000000008000f00ff00000008000e00ffffffff0500150002000000';
const MAIN = '02000000fe0000010000000008000f00fe00000008000e00ffffffff050015000200000008000600fe7f0000';
const DEFAULT = '02000000fd0000010000000008000f00fd00000008000e00ffffffff050015000200000008000600ff7f0000';

describe('rules by netlink', () => {
  it('are three at first [RULE-06] [RULE-04]', () => {
    expect(t.h.dump()).toEqual([LOCAL, MAIN, DEFAULT]);
  });

  it('are shown as Linux 6.18 shows them, byte for byte [RULE-04] [RULE-05] [RULE-02]', () => {
    t.h.add({ table: 0, tos: 0x10, dstLen: 16, srcLen: 8 }, [
      pref(10),
      [U.FRA_TABLE, u32(300)],
      [U.FRA_SRC, addr('10.0.0.0')],
      [U.FRA_DST, addr('10.5.0.0')],
      [U.FRA_IIFNAME, text('d0')],
      [U.FRA_OIFNAME, text('nosuch')],
      [U.FRA_FWMARK, u32(0x10)],
      [U.FRA_FWMASK, u32(0xff)],
      [U.FRA_SUPPRESS_PREFIXLEN, u32(8)],
      [U.FRA_SUPPRESS_IFGROUP, u32(4)],
      [U.FRA_PROTOCOL, Uint8Array.of(99)],
      [U.FRA_FLOW, u32(0x30005)],
      [U.FRA_UID_RANGE, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0)],
    ]);
    t.h.add({ action: U.FR_ACT_GOTO }, [pref(11), [U.FRA_GOTO, u32(12)]]);
    t.h.add({ action: U.FR_ACT_BLACKHOLE }, [pref(11), [U.FRA_FWMARK, u32(7)]]);
    t.h.add({}, [pref(13), [U.FRA_L3MDEV, Uint8Array.of(1)]]);
    t.h.add({ table: 100, srcLen: 32 }, [pref(20), [U.FRA_SRC, addr('10.0.0.1')]]);
    t.h.add({ table: 5, srcLen: 8 }, [pref(93), [U.FRA_SRC, addr('10.2.3.4')]]);
    t.h.add({ table: 5, flags: 0xffffffff }, [pref(94)]);
    t.h.add({ table: 5 }, [pref(95), [U.FRA_FWMASK, u32(15)]]);
    t.h.add({ table: 5 }, [pref(96), [U.FRA_TUN_ID, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5)]]);
    expect(t.h.dump().slice(1, -2)).toEqual([
      '02100810fc0000011000000008000f002c01000008000e00080000000500150063000000070003006430000' +
        '00b0011006e6f737563680000080006000a00000008000a001000000008001000ff0000000c001400010000000200000008000d0004000000080001000a050000080002000a00000008000b0005000300',
      '02000000000000020400000008000f000000000008000e00ffffffff0500150000000000080006000b000000080004000c000000',
      '02000000000000060000000008000f000000000008000e00ffffffff0500150000000000080006000b00000008000a000700000008001000ffffffff',
      '02000000000000010000000008000f000000000008000e00ffffffff0500150000000000080006000d0000000500130001000000',
      '02002000640000010000000008000f006400000008000e00ffffffff05001500000000000800060014000000080002000a000001',
      '02000800050000010000000008000f000500000008000e00ffffffff0500150000000000080006005d000000080002000a020304',
      '0200000005000001ffffffff08000f000500000008000e00ffffffff0500150000000000080006005e000000',
      '02000000050000010000000008000f000500000008000e00ffffffff0500150000000000080006005f000000080010000f000000',
      '02000000050000010000000008000f000500000008000e00ffffffff050015000000000008000600600000000c000c000000000000000005',
    ]);
  });

  it('stand in the order of their preference, without one before all but the first; of equal ones the older first [RULE-12] [RULE-04]', () => {
    t.h.add({ table: 5 });
    t.h.add({ table: 6 });
    t.h.add({ table: 7 }, [pref(32765)]);
    t.h.add({ table: 8 }, [pref(40000)]);
    expect(t.h.list()).toEqual(['0 255', '32764 6', '32765 5', '32765 7', '32766 254', '32767 253', '40000 8']);
  });

  it('are not made twice with NLM_F_EXCL; what a request leaves out is no difference', () => {
    const from: [number, Uint8Array] = [U.FRA_SRC, addr('10.0.0.1')];
    expect(t.h.add({ table: 100, srcLen: 32 }, [pref(20), from])).toEqual([0, '']);
    expect([t.h.add({ table: 100, srcLen: 32 }, [pref(20), from]), t.h.add({ table: 100 }, [pref(20)])]).toEqual([[-U.EEXIST, ''], [-U.EEXIST, '']]);
    expect([t.h.add({ table: 100 }, [pref(21)]), t.h.add({ table: 100, srcLen: 32 }, [pref(21), from])]).toEqual([[0, ''], [0, '']]);
    expect(t.h.add({ table: 100, srcLen: 32 }, [pref(20), from], U.NLM_F_CREATE)).toEqual([0, '']);
  });

  it('go one by one, the first that the request describes [RULE-03]', () => {
    t.h.add({ table: 5, srcLen: 32 }, [pref(1), [U.FRA_SRC, addr('10.0.0.1')]]);
    t.h.add({ table: 5, tos: 8 }, [pref(2), [U.FRA_IIFNAME, text('d0')]]);
    t.h.add({ action: U.FR_ACT_PROHIBIT }, [pref(3), [U.FRA_FWMARK, u32(9)], [U.FRA_FLOW, u32(4)], [U.FRA_PROTOCOL, Uint8Array.of(7)]]);
    const none: [number, string] = [-U.ENOENT, ''];
    expect([t.h.del({ srcLen: 32 }, [[U.FRA_SRC, addr('10.0.0.2')]]), t.h.del({ srcLen: 24 }, [[U.FRA_SRC, addr('10.0.0.1')]]), t.h.del({ dstLen: 8 }, [[U.FRA_DST, addr('10.0.0.0')]])]).toEqual([none, none, none]);
    expect([t.h.del({ table: 77 }), t.h.del({}, [pref(4)]), t.h.del({ tos: 4 }), t.h.del({ action: U.FR_ACT_BLACKHOLE }), t.h.del({}, [[U.FRA_OIFNAME, text('d0')]]), t.h.del({}, [[U.FRA_FWMARK, u32(8)]])]).toEqual([none, none, none, none, none, none]);
    expect([t.h.del({}, [[U.FRA_FLOW, u32(5)]]), t.h.del({}, [[U.FRA_PROTOCOL, Uint8Array.of(8)]]), t.h.del({}, [[U.FRA_SUPPRESS_PREFIXLEN, u32(1)]]), t.h.del({}, [[U.FRA_L3MDEV, Uint8Array.of(1)]]), t.h.del({}, [[U.FRA_TUN_ID, new Uint8Array(8).fill(1)]])]).toEqual([none, none, none, none, none]);
    expect([t.h.del({ tos: 8 }), t.h.del({}, [[U.FRA_FWMARK, u32(9)], [U.FRA_FLOW, u32(4)]]), t.h.del({ table: 5 })]).toEqual([[0, ''], [0, ''], [0, '']]);
    expect(t.h.dump()).toEqual([LOCAL, MAIN, DEFAULT]);
    t.h.add({ table: 5, flags: U.FIB_RULE_PERMANENT }, [pref(5)]);
    expect(t.h.del({ table: 5 })).toEqual([-U.EPERM, '']);
  });

  it.each([
    ['another family', { family: 9 }, [], -U.EAFNOSUPPORT, 'Rule family not supported'],
    ['no family', { family: 0 }, [], -U.EAFNOSUPPORT, 'Rule family not supported'],
    ['a length without a source', { srcLen: 8 }, [], -U.EINVAL, 'Invalid source address'],
    ['too long a source', { srcLen: 40 }, [[U.FRA_SRC, addr('1.2.3.4')]], -U.EINVAL, 'Invalid source address'],
    ['half a source', { srcLen: 8 }, [[U.FRA_SRC, Uint8Array.of(1, 2, 3)]], -U.EINVAL, 'Invalid source address'],
    ['a length without a destination', { dstLen: 8 }, [], -U.EINVAL, 'Invalid dst address'],
    ['a short number', {}, [[U.FRA_PRIORITY, Uint8Array.of(1)]], -U.ERANGE, 'Error parsing msg'],
    ['too long a name', {}, [[U.FRA_IIFNAME, text('a'.repeat(20))]], -U.ERANGE, 'Error parsing msg'],
    ['a target without going there', {}, [[U.FRA_GOTO, u32(50)]], -U.EINVAL, 'Unexpected goto'],
    ['going nowhere', { action: U.FR_ACT_GOTO }, [], -U.EINVAL, 'Missing goto target for action goto'],
    ['going back', { action: U.FR_ACT_GOTO }, [[U.FRA_GOTO, u32(50)], [U.FRA_PRIORITY, u32(50)]], -U.EINVAL, 'Backward goto not supported'],
    ['half an L3 master', {}, [[U.FRA_L3MDEV, Uint8Array.of(0)]], -U.EINVAL, 'Invalid l3mdev attribute'],
    ['an L3 master and a table', { table: 5 }, [[U.FRA_L3MDEV, Uint8Array.of(1)]], -U.EINVAL, 'l3mdev and table are mutually exclusive'],
    ['a user that is nobody', { table: 5 }, [[U.FRA_UID_RANGE, Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255)]], -U.EINVAL, 'Invalid uid range'],
    ['users backwards', { table: 5 }, [[U.FRA_UID_RANGE, Uint8Array.of(5, 0, 0, 0, 2, 0, 0, 0)]], -U.EINVAL, 'Invalid uid range'],
    ['congestion bits', { table: 5, tos: 3 }, [], -U.EINVAL, 'Invalid dsfield (tos): ECN bits must be 0'],
    ['high bits of DSCP', { table: 5, tos: 0x90 }, [], -U.EINVAL, 'Invalid tos'],
    ['the mask of a port, without one', { table: 5 }, [[U.FRA_DPORT_MASK, Uint8Array.of(255, 255)]], -U.EINVAL, 'Cannot specify port mask without port value'],
    ['the mask of several ports', { table: 5 }, [[U.FRA_DPORT_RANGE, Uint8Array.of(5, 0, 9, 0)], [U.FRA_DPORT_MASK, Uint8Array.of(255, 255)]], -U.EINVAL, 'Cannot specify port mask for port range'],
    ['a port with bits that do not count', { table: 5 }, [[U.FRA_SPORT_RANGE, Uint8Array.of(5, 0, 5, 0)], [U.FRA_SPORT_MASK, Uint8Array.of(4, 0)]], -U.EINVAL, 'Invalid port mask'],
    ['DSCP, which is not built', { table: 5 }, [[U.FRA_DSCP, Uint8Array.of(5)]], -U.EOPNOTSUPP, 'Rules by DSCP are not supported'],
    ['a flow label', { table: 5, tos: 3 }, [[U.FRA_FLOWLABEL, u32(5)]], -U.EINVAL, 'Flow label cannot be specified for IPv4 FIB rules'],
    ['the mask of a flow label', { table: 0 }, [[U.FRA_FLOWLABEL_MASK, u32(5)]], -U.EINVAL, 'Flow label cannot be specified for IPv4 FIB rules'],
    ['port zero', { table: 5 }, [[U.FRA_SPORT_RANGE, Uint8Array.of(0, 0, 5, 0)]], -U.EINVAL, 'Invalid sport range'],
    ['ports backwards', { table: 5 }, [[U.FRA_DPORT_RANGE, Uint8Array.of(9, 0, 5, 0)]], -U.EINVAL, 'Invalid dport range'],
    ['the last port', { table: 5 }, [[U.FRA_DPORT_RANGE, Uint8Array.of(9, 0, 255, 255)]], -U.EINVAL, 'Invalid dport range'],
  ] as const)('are refused for %s', (_what, frh, attrs, err, why) => {
    expect(t.h.add(frh, attrs as never)).toEqual([err, why]);
    expect([t.h.dump(), fibNet.of(t.h.net).rules]).toEqual([[LOCAL, MAIN, DEFAULT], null]);
  });

  it('with the tunnel id zero are as those without', () => {
    t.h.add({ table: 5 }, [pref(7), [U.FRA_TUN_ID, new Uint8Array(8)]]);
    expect(t.h.dump()).toContain('02000000050000010000000008000f000500000008000e00ffffffff05001500000000000800060007000000');
  });

  it('are refused when the header is cut off, on both ways', () => {
    const { error, extack } = t.h.send(U.RTM_NEWRULE, U.NLM_F_ACK, {}, [], 20);
    expect([error, extack]).toEqual([-U.EINVAL, 'Invalid msg length']);
    expect(t.h.send(U.RTM_DELRULE, U.NLM_F_ACK, {}, [], 20).extack).toBe('Invalid msg length');
  });

  it('are dumped for one family or all, and strictly only with an empty request', () => {
    const dump = (frh: object, attrs: never[] = [], cut?: number): unknown => {
      const { error, extack, msgs } = t.h.send(U.RTM_GETRULE, U.NLM_F_DUMP, frh, attrs, cut);
      return error < 0 ? [error, extack] : msgs.length;
    };
    expect([dump({ family: 0 }), dump({ family: 9 }), dump({ action: 1 }), dump({}, [], 20)]).toEqual([3, [-U.EAFNOSUPPORT, ''], 3, 3]);
    t.h.port.setsockopt(U.NETLINK_GET_STRICT_CHK, 1);
    expect([dump({ family: 0 }), dump({ family: 9 })]).toEqual([3, [-U.EAFNOSUPPORT, '']]);
    expect(dump({ action: 1 })).toEqual([-U.EINVAL, 'Invalid values in header for fib rule dump request']);
    expect(dump({}, [], 20)).toEqual([-U.EINVAL, 'Invalid header for fib rule dump request']);
    expect(dump({}, [pref(1)] as never[])).toEqual([-U.EINVAL, 'Invalid data after header in fib rule dump request']);
    expect(t.h.send(U.RTM_GETRULE, U.NLM_F_ACK, {}).error).toBe(-U.EOPNOTSUPP);
  });

  it('are many, told in parts', () => {
    for (let i = 1; i <= 300; i++) t.h.add({ table: 5 }, [pref(i)]);
    expect(t.h.list().slice(1, -2)).toEqual(Array.from({ length: 300 }, (_, i) => `${i + 1} 5`));
  });

  it('are told of when they come and go', () => {
    const ear = netlinkPort(t.h.net, U.NETLINK_ROUTE) as NetlinkPort;
    ear.bind();
    ear.setsockopt(U.NETLINK_ADD_MEMBERSHIP, U.RTNLGRP_IPV4_RULE);
    const rule = '02000000050000010000000008000f000500000008000e00ffffffff05001500000000000800060007000000';
    t.h.add({ table: 5 }, [pref(7)]);
    t.h.del({}, [pref(7)]);
    expect(heard(ear)).toEqual([`${U.RTM_NEWRULE} ${rule}`, `${U.RTM_DELRULE} ${rule}`]);
    ear.close();
  });

  it('make decisions that were made before be made again', () => {
    const { rtGenid } = fibNet.of(t.h.net);
    t.h.add({ table: 5 }, [pref(7)]);
    const after = fibNet.of(t.h.net).rtGenid;
    t.h.del({}, [pref(7)]);
    expect([after > rtGenid, fibNet.of(t.h.net).rtGenid > after]).toEqual([true, true]);
  });
});
