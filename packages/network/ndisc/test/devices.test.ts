/** What devices that come, go and change mean for neighbours, and what is told without being asked. */
import {
  callNetdeviceNotifiers,
  devClose,
  devOpen,
  devSetMtu,
  NETDEV_NOTIFY_PEERS,
  netifCarrierOff,
  type NetDevice,
} from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { in6DevSet } from '@skbuff/ipv6';
import { IFA_F_OPTIMISTIC, IFA_F_TENTATIVE, NUD_PERMANENT, NUD_STALE, RTM_NEWLINK } from '@skbuff/uapi';
import { beforeEach, expect, it } from 'vitest';
import { SEC, useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
});

const TELLS = [
  'eth0 01 > 33:33:00:00:00:01 2001:db8::1 > ff02::1 NA 2001:db8::1 O tll 01',
  'eth0 01 > 33:33:00:00:00:01 fe80::1 > ff02::1 NA fe80::1 O tll 01',
];

it('tells the link every address that is sure when its peers shall know [NDISC-21] [NDISC-11]', () => {
  const { h } = t;
  h.addr(eth0, '2001:db8::8/64', IFA_F_TENTATIVE);
  h.addr(eth0, '2001:db8::7/64', IFA_F_TENTATIVE | IFA_F_OPTIMISTIC);
  callNetdeviceNotifiers(NETDEV_NOTIFY_PEERS, eth0);
  h.clock.advance(0);
  // An optimistic address does not replace anybody's.
  expect(h.take()).toEqual(['eth0 01 > 33:33:00:00:00:01 2001:db8::7 > ff02::1 NA 2001:db8::7 - tll 01', ...TELLS]);
  h.idev(eth0).cnf.forwarding = 1;
  callNetdeviceNotifiers(NETDEV_NOTIFY_PEERS, eth0);
  h.clock.advance(0);
  expect(h.take().filter((line) => line.endsWith('RO tll 01')).length).toBe(2);
});

it('tells it when the device comes up and when it has another address, if ndisc_notify says so [NDISC-21]', () => {
  const { h } = t;
  const told = (act: () => void): string[] => {
    h.take();
    act();
    h.clock.advance(SEC);
    return h.take();
  };
  const up = (): string[] => {
    devClose(eth0);
    return told(() => void devOpen(eth0));
  };
  expect([up(), told(() => h.setMac(eth0, '0f'))]).toEqual([[], []]);
  h.setMac(eth0, '01');
  h.idev(eth0).cnf.ndiscNotify = 1;
  expect([up(), told(() => h.setMac(eth0, '0f'))]).toEqual([TELLS, TELLS.map((line) => line.replaceAll('01 >', '0f >').replace('tll 01', 'tll 0f'))]);
  h.setMac(eth0, '01');
  h.idev(eth0).cnf.ndiscNotify = 0;
  h.state.devconfAll.ndiscNotify = 1;
  expect(up()).toEqual(TELLS);
});

it('forgets who is on the link when the device goes down or has another address [NDISC-21]', () => {
  const { h } = t;
  h.known(eth0, '2001:db8::2', '02', NUD_STALE);
  h.known(eth0, '2001:db8::3', '03', NUD_PERMANENT);
  h.calls.length = 0;
  h.setMac(eth0, '0f');
  expect(h.neigh()).toEqual([]);
  h.known(eth0, '2001:db8::2', '02', NUD_STALE);
  devClose(eth0);
  expect(h.neigh()).toEqual([]);
  // With them go routes whose time is over.
  expect(h.calls.filter((call) => call === 'gc')).toEqual(['gc', 'gc']);
});

it.each([
  [1, 1, ['2001:db8::3 eth0 03 PERMANENT']],
  [0, 1, ['2001:db8::2 eth0 02 STALE', '2001:db8::3 eth0 03 PERMANENT']],
  [1, 0, ['2001:db8::2 eth0 02 STALE', '2001:db8::3 eth0 03 PERMANENT']],
])('forgets them without a carrier, by ndisc_evict_nocarrier %i of the interface and %i of all [NDISC-21]', (own, all, left) => {
  const { h } = t;
  h.idev(eth0).cnf.ndiscEvictNocarrier = own;
  h.state.devconfAll.ndiscEvictNocarrier = all;
  h.known(eth0, '2001:db8::2', '02', NUD_STALE);
  h.known(eth0, '2001:db8::3', '03', NUD_PERMANENT);
  netifCarrierOff(eth0);
  h.clock.advance(2 * SEC);
  expect(h.neigh()).toEqual(left);
});

it('has settings for the device as long as it takes part in IPv6 [NDISC-01]', () => {
  const { h } = t;
  expect([h.get('eth0.mcast_solicit'), h.get('eth0.retrans_time')]).toEqual(['3', '1000']);
  h.told();
  h.set('eth0.retrans_time', 700);
  h.set('eth0.base_reachable_time_ms', 5000);
  h.set('eth0.ucast_solicit', 4);
  // What IFLA_INET6_CACHEINFO shows has changed twice.
  expect(h.told()).toEqual([`ifinfo ${RTM_NEWLINK} eth0`, `ifinfo ${RTM_NEWLINK} eth0`]);
  expect([h.get('eth0.retrans_time_ms'), h.idev(eth0).ndParms?.retransTime]).toEqual(['700', 700]);
  h.known(eth0, '2001:db8::2', '02', NUD_STALE);
  in6DevSet(eth0, null);
  expect(devSetMtu(eth0, 1279)).toBe(0);
  expect([h.neigh(), h.has('eth0.mcast_solicit'), h.has('default.mcast_solicit')]).toEqual([[], false, true]);
});

it('shows the counters of the table [NDISC-01]', () => {
  const { h } = t;
  h.known(eth0, '2001:db8::2', '02', NUD_STALE);
  const [heading, row] = String(procNetOf(h.net).read('stat/ndisc_cache')).split('\n');
  expect([heading?.split(/ +/).length, Number.parseInt((row as string).split(/ +/)[0] as string, 16)]).toEqual([13, 1]);
});

