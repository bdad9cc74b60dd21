/** Anycast addresses: what Linux 6.18 answers, tells and shows. */
import { devOpen, type NetDevice } from '@skbuff/core';
import { netlinkPort, type NetlinkPort, nlmsgAll } from '@skbuff/netlink';
import { procNetOf } from '@skbuff/procfs';
import { NETLINK_ADD_MEMBERSHIP, NETLINK_ROUTE, RTNLGRP_IPV6_ACADDR } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type Fib6Info,
  type Ipv6AcSocklist,
  ipv6AcDestroyDev,
  ipv6ChkAcastAddr,
  ipv6ChkPrefix,
  ipv6DevAcDec,
  ipv6DevAcInc,
  ipv6SockAcClose,
  ipv6SockAcDrop,
  ipv6SockAcJoin,
} from '../src/index.ts';
import { in6, useHost6 } from './support.ts';

const t = useHost6();
/** What was asked of routing and of address configuration, and what was told. */
let notes: string[];
let monitor: NetlinkPort;
let refuse = 0;

function told(): string[] {
  const types: Record<number, string> = { 60: 'NEWANYCAST', 61: 'DELANYCAST' };
  for (let dgram = monitor.recvmsg(); typeof dgram !== 'number'; dgram = monitor.recvmsg()) {
    // Time stamps left out: they are the last eight bytes.
    for (const nlh of nlmsgAll(dgram.data)) {
      notes.push(`${types[nlh.type]} ${Buffer.from(nlh.buf.subarray(nlh.data, nlh.data + nlh.dataLen - 8)).toString('hex')}`);
    }
  }
  return notes.splice(0);
}

/** The message about an anycast address, as the kernel sent it. */
function line(type: string, dev: NetDevice, addr: string): string {
  return `${type} 0a808000${Buffer.from([dev.ifindex, 0, 0, 0]).toString('hex')}14000500${in6(addr).toHex()}14000600ffffffffffffffff`;
}

beforeEach(() => {
  notes = [];
  refuse = 0;
  const { ip, net } = t.h;
  const opened = netlinkPort(net, NETLINK_ROUTE);
  if (typeof opened === 'number') throw new Error(`netlinkPort: ${opened}`);
  monitor = opened;
  monitor.bind(0, 0);
  monitor.setsockopt(NETLINK_ADD_MEMBERSHIP, RTNLGRP_IPV6_ACADDR);
  const routing = ip.routing as object;
  ip.routing = {
    ...routing,
    lookup: (_net: unknown, daddr: In6Addr) => {
      const dev = net.devList.find((each) => ipv6ChkPrefix(daddr, each)) ?? null;
      return dev === null ? null : { dev, release: () => notes.push('released') };
    },
    f6iAlloc: (_net: unknown, _idev: unknown, dst: In6Addr) => (refuse === 0 ? { dst: dst.clone(), linked: false } : refuse),
    insRt: (_net: unknown, rt: Fib6Info) => notes.push(`+route ${rt.dst.toString()}`),
    delRt: (_net: unknown, rt: Fib6Info) => notes.push(`-route ${rt.dst.toString()}`),
  } as never;
  ip.addrconf = {
    joinSolict: (_dev: NetDevice, addr: In6Addr) => void notes.push(`+solict ${addr.toString()}`),
    leaveSolict: (_idev: unknown, addr: In6Addr) => void notes.push(`-solict ${addr.toString()}`),
  } as never;
});
afterEach(() => {
  monitor.close();
});

function proc(): string {
  return procNetOf(t.h.net).read('anycast6') as string;
}

it('comes with the first user and goes with the last, and says so after the route', () => {
  const { h } = t;
  const dev = h.eth('v0');
  const idev = h.idev(dev);
  const addr = in6('2001:db8::');
  expect(ipv6DevAcInc(idev, addr)).toBe(0);
  expect(told()).toEqual(['+route 2001:db8::', '+solict 2001:db8::', line('NEWANYCAST', dev, '2001:db8::')]);
  expect([ipv6DevAcInc(idev, addr), told()]).toEqual([0, []]);
  expect([ipv6ChkAcastAddr(h.net, dev, addr), ipv6ChkAcastAddr(h.net, null, addr), ipv6ChkAcastAddr(h.net, null, in6('2001:db8::1'))]).toEqual([true, true, false]);
  expect([ipv6DevAcDec(idev, addr), told()]).toEqual([0, []]);
  expect(ipv6DevAcDec(idev, addr)).toBe(0);
  expect(told()).toEqual(['-solict 2001:db8::', '-route 2001:db8::', line('DELANYCAST', dev, '2001:db8::')]);
  expect([ipv6DevAcDec(idev, addr), told()]).toEqual([-2, []]);
});

it('is not where routing refuses, nor on an interface that goes, with which it goes silently', () => {
  const { h } = t;
  const idev = h.idev(h.eth('v0'));
  refuse = -12;
  expect([ipv6DevAcInc(idev, in6('2001:db8::')), idev.acList.length]).toEqual([-12, 0]);
  refuse = 0;
  ipv6DevAcInc(idev, in6('2001:db8::'));
  ipv6DevAcInc(idev, in6('fe80::'));
  told();
  idev.dead = true;
  expect(ipv6DevAcInc(idev, in6('2001:db8:1::'))).toBe(-19);
  ipv6AcDestroyDev(idev);
  expect([told(), idev.acList.length]).toEqual([['-solict fe80::', '-route fe80::', '-solict 2001:db8::', '-route 2001:db8::'], 0]);
});

it('/proc/net/anycast6 lists them by interface, the newest first', () => {
  const { h } = t;
  const [v0, v1] = [h.idev(h.eth('v0')), h.idev(h.eth('v1'))];
  for (const [idev, addr] of [[v1, '2001:db8::99'], [v0, 'fd00::55'], [v0, 'fe80::9'], [v1, '2001:db8::'], [v1, '2001:db8::']] as const) ipv6DevAcInc(idev, in6(addr));
  expect(proc()).toBe(
    `${v0.dev.ifindex}    v0              fe800000000000000000000000000009     1\n` +
      `${v0.dev.ifindex}    v0              fd000000000000000000000000000055     1\n` +
      `${v1.dev.ifindex}    v1              20010db8000000000000000000000000     2\n` +
      `${v1.dev.ifindex}    v1              20010db8000000000000000000000099     1\n`,
  );
  for (const idev of [v0, v1]) ipv6AcDestroyDev(idev);
});

it('a socket joins what is on the link, a router anything', () => {
  const { h } = t;
  const v1 = h.eth('v1', 'fd00::1', 'fe80::2');
  const v0 = h.eth('v0', '2001:db8::1', 'fe80::1');
  const list: Ipv6AcSocklist[] = [];
  const join = (addr: string, ifindex: number): number => ipv6SockAcJoin(h.net, list, ifindex, in6(addr));
  const [i0, i1] = [v0.ifindex, v1.ifindex];
  // As a running 6.18 kernel answered the same in the same order.
  expect([join('2001:db8::', i1), join('2001:db8::', i0), join('2001:db8::', i0)]).toEqual([-99, 0, 0]);
  expect(
    (
      [
        ['2001:db8::99', 0],
        ['fd00::55', 0],
        ['fe80::9', i1],
        ['ff02::9', i1],
        ['2001:db8::1', i0],
        ['3000::', 0],
        ['3000::', i1],
        ['3000::', 99],
        ['::', i1],
        ['2001:db8::88', 99],
      ] as const
    ).map(([addr, ifindex]) => join(addr, ifindex)),
  ).toEqual([0, 0, 0, -22, -22, -99, -99, -19, -99, -19]);
  const drop = (addr: string, ifindex: number): number => ipv6SockAcDrop(h.net, list, ifindex, in6(addr));
  expect([drop('2001:db8::', i1), drop('2001:db8::', i0), drop('2001:db8::', i0), drop('2001:db8::', i0)]).toEqual([-2, 0, 0, -2]);
  expect([drop('2001:db8::99', 0), h.idev(v0).acList.length]).toEqual([0, 0]);
  h.idev(v0).cnf.forwarding = 1;
  expect([join('3000::', i0), join('3001::', i1), join('3002::', 0)]).toEqual([0, -99, -99]);
  for (const dev of [v0, v1]) h.idev(dev).cnf.forwarding = 1;
  h.state.devconfAll.forwarding = 1;
  expect([join('3000::1', i0), join('3001::1', i1), join('3002::1', 0)]).toEqual([0, 0, 0]);
  // Without a route a router takes its first interface that is up and no loopback.
  expect(h.idev(v1).acList[0]?.addr.toString()).toBe('3002::1');
  const bare = h.device('v2');
  expect([devOpen(bare), join('3000::', bare.ifindex)]).toEqual([0, -19]);
  ipv6SockAcClose(h.net, list);
  expect([h.idev(v0).acList.length, h.idev(v1).acList.length, list.length]).toEqual([0, 0, 0]);
});
