import { insmod, rmmod } from '@skbuff/core';
import { in6DevSet } from '@skbuff/ipv6';
import { type NetlinkPort, netlinkPort } from '@skbuff/netlink';
import { sysctlOf } from '@skbuff/sysctl';
import { EINVAL, ENODEV, ENOENT, ESRCH, MCAST_EXCLUDE, MCAST_INCLUDE, NETLINK_ADD_MEMBERSHIP, NETLINK_ROUTE, RTNLGRP_IPV6_MCADDR } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { mld } from '../src/index.ts';
import { ip6, LINK_LOCAL, told, useListener } from './support.ts';

const hex = (bytes: ArrayLike<number>): string => Buffer.from(Uint8Array.from(bytes)).toString('hex');

describe('groups of an interface', () => {
  const h = useListener();
  const filter = (): string[] => h.l.dev.mc.list.map(({ addr }) => hex(addr));

  it('is in ff01::1 and ff02::1 from the beginning, and in others as often as it was asked to be [IP6M-04]', () => {
    const { l } = h;
    const is = (group: string): boolean => l.mld.chkMcastAddr(l.dev, ip6(group), null);
    expect([is('ff02::1'), is('ff01::1'), is('ff15::9')]).toEqual([true, true, false]);
    expect([l.join('ff15::9'), l.join('ff15::9')]).toEqual([0, 0]);
    expect(l.leave('ff15::9')).toBe(0);
    expect(is('ff15::9')).toBe(true);
    expect(l.leave('ff15::9')).toBe(0);
    expect(is('ff15::9')).toBe(false);
    expect(l.leave('ff15::9')).toBe(-ENOENT);
  });

  it('makes the device receive them, but not what never leaves the interface', () => {
    const { l } = h;
    expect(filter()).toEqual(['333300000001']);
    l.join('ff15::1234:5678');
    l.join('ff01::9');
    expect(filter()).toEqual(['333300000001', '333312345678']);
    l.leave('ff15::1234:5678');
    expect(filter()).toEqual(['333300000001']);
  });

  it('hears the reports of others where it is in ff02::16, as queriers are [MLD-11]', () => {
    const { l } = h;
    l.start();
    expect(l.mld.chkMcastAddr(l.dev, ip6('ff02::16'), ip6('fe80::5'))).toBe(false);
    l.join('ff02::16');
    expect(l.mld.chkMcastAddr(l.dev, ip6('ff02::16'), ip6('fe80::5'))).toBe(true);
    expect(filter()).toContain('333300000016');
    expect(l.wait(5000).map(told)).toEqual(['TO_EX ff02::16', 'TO_EX ff02::16']);
  });

  it('forgets the filter of the device while it is down, and gives it back', () => {
    const { l } = h;
    l.up();
    l.join('ff15::7');
    l.mld.down(l.idev);
    expect(filter()).toEqual([]);
    l.mld.up(l.idev);
    expect(filter().sort()).toEqual(['333300000001', '333300000007']);
    l.mld.unmap(l.idev);
    expect(filter()).toEqual([]);
    l.mld.remap(l.idev);
    expect(filter().sort()).toEqual(['333300000001', '333300000007']);
  });

  it('refuses where there is no IPv6, and where it is going', () => {
    const { l } = h;
    in6DevSet(l.dev, null);
    expect(l.join('ff15::7')).toBe(-EINVAL);
    in6DevSet(l.dev, l.idev);
    l.idev.dead = true;
    expect(l.join('ff15::7')).toBe(-ENODEV);
    l.idev.dead = false;
  });

  it('takes its groups along when it is unloaded', () => {
    const { l } = h;
    l.start();
    l.conf('forceMldVersion', 1);
    l.join('ff15::7');
    expect(rmmod(l.kernel, '@skbuff/mld')).toBe(0);
    expect([filter(), l.ip.mld, l.kernel.timers.pendingCount]).toEqual([[], null, 0]);
    // Loaded again it finds the interface.
    const joined: string[] = [];
    (l.ip as { addrconf: unknown }).addrconf = { joinSolict: (_dev: unknown, addr: object) => joined.push(String(addr)) };
    l.idev.cnf.forwarding = 1;
    insmod(l.kernel, mld());
    expect(l.mld.mcList(l.idev).map(({ addr }) => String(addr))).toEqual(['ff05::2', 'ff01::2', 'ff02::2', 'ff02::1', 'ff01::1']);
    expect([filter(), joined]).toEqual([['333300000001', '333300000002'], [LINK_LOCAL]]);
    // A router leaves groups of which it would tell.
    l.conf('forceMldVersion', 0);
    expect([rmmod(l.kernel, '@skbuff/mld'), l.kernel.timers.pendingCount]).toEqual([0, 0]);
  });

  it('lists them, the last one first', () => {
    const { l } = h;
    l.clock.advance(3e9);
    l.join('ff15::7');
    const [first, ...others] = l.mld.mcList(l.idev);
    expect([first?.addr.toString(), first?.cstamp]).toEqual(['ff15::7', l.net.timers.jiffies]);
    expect(others.map(({ addr }) => addr.toString())).toEqual(['ff02::1', 'ff01::1']);
  });

  it('shows them in /proc/net/igmp6', () => {
    const { l } = h;
    l.start();
    l.join('ff15::7');
    l.join('ff15::7');
    expect(l.proc('igmp6')).toBe(
      '1    v0              ff150000000000000000000000000007     2 00000004 0\n' +
        '1    v0              ff0200000000000000000001ff000001     1 00000004 0\n' +
        '1    v0              ff020000000000000000000000000001     1 0000000C 0\n' +
        '1    v0              ff010000000000000000000000000001     1 00000008 0\n',
    );
    l.queryV1('ff15::7', 5000);
    const [line] = l.proc('igmp6').split('\n') as [string];
    const left = Number(line.split(' ').at(-1));
    expect(line).toContain('00000005 ');
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(500);
  });
});

describe('announcements', () => {
  const h = useListener();

  it('tells RTNLGRP_IPV6_MCADDR of groups joined and left, and of an interface that goes only of ff02::1', () => {
    const { l } = h;
    const port = netlinkPort(l.net, NETLINK_ROUTE) as NetlinkPort;
    port.bind(0, 0);
    port.setsockopt(NETLINK_ADD_MEMBERSHIP, RTNLGRP_IPV6_MCADDR);
    l.clock.advance(90e9);
    const stamp = '10270000'.repeat(2);
    const message = (type: number, group: string): string => `400000003${type}00000000000000000000000a8080000100000014000700${hex(ip6(group).toBytes())}14000600ffffffffffffffff${stamp}`;
    const heard = (): string[] => {
      const texts: string[] = [];
      for (let got = port.recvmsg(); typeof got !== 'number'; got = port.recvmsg()) texts.push(hex(got.data));
      return texts;
    };
    l.join('ff15::9');
    l.join('ff15::9');
    expect(heard()).toEqual([message(8, 'ff15::9')]);
    l.leave('ff15::9');
    l.leave('ff15::9');
    expect(heard()).toEqual([message(9, 'ff15::9')]);
    l.join('ff15::9');
    heard();
    l.mld.destroyDev(l.idev);
    expect(heard().map((text) => [text.slice(8, 10), text.slice(56, 88)])).toEqual([['39', hex(ip6('ff02::1').toBytes())]]);
    port.close();
  });
});

describe('source filters', () => {
  const h = useListener();
  const hears = (group: string, source: string): boolean => h.l.mld.chkMcastAddr(h.l.dev, ip6(group), ip6(source));
  const add = (mode: number, sources: string[], delta = false): number => h.l.mld.mcAddSrc(h.l.idev, ip6('ff15::5'), mode, sources.map(ip6), delta);
  const del = (mode: number, sources: string[], delta = false): number => h.l.mld.mcDelSrc(h.l.idev, ip6('ff15::5'), mode, sources.map(ip6), delta);

  it('hears only whom somebody wants, and anybody who has no address [IP6M-03] [IP6M-12]', () => {
    h.l.join('ff15::5', MCAST_INCLUDE);
    expect(hears('ff15::5', '2001:db8::1')).toBe(false);
    expect(add(MCAST_INCLUDE, ['2001:db8::1'], true)).toBe(0);
    expect([hears('ff15::5', '2001:db8::1'), hears('ff15::5', '2001:db8::2'), hears('ff15::5', '::')]).toEqual([true, false, true]);
    expect(h.l.mld.chkMcastAddr(h.l.dev, ip6('ff15::5'), null)).toBe(true);
  });

  it('does not hear whom all block [IP6M-03] [IP6M-13]', () => {
    h.l.join('ff15::5');
    add(MCAST_EXCLUDE, ['2001:db8::1', '2001:db8::2'], true);
    expect(['1', '2', '3'].map((n) => hears('ff15::5', `2001:db8::${n}`))).toEqual([false, false, true]);
    // One more, who blocks only the first.
    h.l.join('ff15::5');
    add(MCAST_EXCLUDE, ['2001:db8::1'], true);
    expect(['1', '2', '3'].map((n) => hears('ff15::5', `2001:db8::${n}`))).toEqual([false, true, true]);
    // And one who wants just that one.
    add(MCAST_INCLUDE, ['2001:db8::1']);
    expect(hears('ff15::5', '2001:db8::1')).toBe(true);
  });

  it('says what cannot be taken away', () => {
    expect(add(MCAST_EXCLUDE, [])).toBe(-ESRCH);
    expect(del(MCAST_EXCLUDE, [])).toBe(-ESRCH);
    h.l.join('ff15::5');
    expect(del(MCAST_INCLUDE, [])).toBe(-EINVAL);
    expect(del(MCAST_EXCLUDE, ['2001:db8::1'], true)).toBe(-ESRCH);
  });

  it('shows in /proc/net/mcfilter6 from the first device on whose newest group has sources [IP6M-14]', () => {
    const { l } = h;
    const HEAD = 'Idx Device                Multicast Address                   Source Address    INC    EXC\n';
    expect(l.proc('mcfilter6')).toBe(HEAD);
    l.join('ff15::5');
    add(MCAST_EXCLUDE, ['2001:db8::5', '2001:db8::6'], true);
    const rows =
      '  1     v0 ff150000000000000000000000000005 20010db8000000000000000000000005      0      1\n' +
      '  1     v0 ff150000000000000000000000000005 20010db8000000000000000000000006      0      1\n';
    expect(l.proc('mcfilter6')).toBe(HEAD + rows);
    l.join('ff15::6');
    expect(l.proc('mcfilter6')).toBe(HEAD);
  });

  it('has a limit for sockets, which only the first namespace sets', () => {
    const { l } = h;
    const tree = sysctlOf(l.net);
    expect([l.mld.maxMsf(), tree.read('net/ipv6/mld_max_msf'), tree.read('net/ipv6/mld_qrv')]).toEqual([64, '64\n', '2\n']);
    expect(tree.write('net/ipv6/mld_max_msf', '10\n')).toBe(0);
    expect(l.mld.maxMsf()).toBe(10);
    expect(tree.write('net/ipv6/mld_qrv', '0\n')).toBe(-EINVAL);
  });

  it('reports as often as net.ipv6.mld_qrv says', () => {
    const { l } = h;
    expect(sysctlOf(l.net).write('net/ipv6/mld_qrv', '3\n')).toBe(0);
    l.start();
    l.join('ff15::5');
    expect(l.wait(5000).map(told)).toEqual(['TO_EX ff15::5', 'TO_EX ff15::5', 'TO_EX ff15::5']);
  });
});
