/** The table of neighbours, and how somebody is looked for. */
import type { NetDevice } from '@skbuff/core';
import { IFF_LOOPBACK, IFF_NOARP, IFF_POINTOPOINT, IFA_F_TENTATIVE, NUD_NOARP, NUD_STALE, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST } from '@skbuff/uapi';
import { formatMac } from '@skbuff/wire';
import type { Neighbour } from '@skbuff/neighbour';
import { beforeEach, describe, expect, it } from 'vitest';
import { addr6, na, O, S, tll } from './frames.ts';
import { type Host, MS, SEC, useHost } from './support.ts';

const t = useHost();
const GROUP2 = '33:33:ff:00:00:02';
const ASKS = `eth0 01 > ${GROUP2} 2001:db8::1 > ff02::1:ff00:2 NS 2001:db8::2 sll 01`;

describe('the table', () => {
  it('has the settings of Linux [NDISC-01]', () => {
    const { h } = t;
    const { tbl } = h;
    expect([tbl.id, tbl.keyLen, tbl.gcThresh1, tbl.gcThresh2, tbl.gcThresh3]).toEqual(['ndisc_cache', 16, 128, 512, 1024]);
    const names = ['base_reachable_time_ms', 'retrans_time_ms', 'retrans_time', 'gc_stale_time', 'delay_first_probe_time', 'unres_qlen_bytes', 'ucast_solicit', 'mcast_solicit', 'app_solicit'];
    expect(names.map((name) => h.get(`default.${name}`))).toEqual(['30000', '1000', '1000', '60', '5', '212992', '3', '3', '0']);
    const more = ['anycast_delay', 'proxy_delay', 'proxy_qlen', 'gc_interval', 'locktime', 'gc_thresh3'];
    expect(more.map((name) => h.get(`default.${name}`))).toEqual(['100', '80', '64', '30', '0', '1024']);
  });

  const entry = (h: Host, dev: NetDevice, addr: string): Neighbour => {
    const { w0, w1, w2, w3 } = addr6(addr);
    const neigh = h.tbl.create(dev, w0, w1, w2, w3);
    if (typeof neigh === 'number') throw new Error(`${addr}: ${neigh}`);
    return neigh;
  };
  const shown = ({ nudState, type, ha }: Neighbour): [number, number, string] => [nudState, type, formatMac(ha)];

  it('knows the link-layer addresses of groups [NDISC-05]', () => {
    const eth0 = t.h.eth('eth0', '01', 'fe80::1/64');
    expect(shown(entry(t.h, eth0, 'ff02::1'))).toEqual([NUD_NOARP, RTN_MULTICAST, '33:33:00:00:00:01']);
    expect(shown(entry(t.h, eth0, 'ff0e::dead:beef'))).toEqual([NUD_NOARP, RTN_MULTICAST, '33:33:de:ad:be:ef']);
    expect(shown(entry(t.h, eth0, '2001:db8::2'))).toEqual([0, RTN_UNICAST, '00:00:00:00:00:00']);
  });

  it.each([
    ['that need no question', IFF_NOARP, RTN_UNICAST, '02:00:00:00:00:01'],
    ['that lead back', IFF_LOOPBACK, RTN_LOCAL, '02:00:00:00:00:01'],
    ['with two ends', IFF_POINTOPOINT, RTN_UNICAST, 'ff:ff:ff:ff:ff:ff'],
  ])('asks nobody on links %s [NDISC-05]', (_what, flag, type, ha) => {
    const eth0 = t.h.device('eth0', '01', (dev) => void (dev.flags |= flag));
    expect(shown(entry(t.h, eth0, '2001:db8::2'))).toEqual([NUD_NOARP, type, ha]);
  });

  it('asks nobody on links without a header, and takes groups for broadcast on links without group addresses [NDISC-05]', () => {
    const bare = t.h.device('eth0', '01', (dev) => void (dev.headerOps = null));
    expect(shown(entry(t.h, bare, '2001:db8::2'))).toEqual([NUD_NOARP, RTN_UNICAST, '00:00:00:00:00:00']);
    const odd = t.h.device('eth1', '01', (dev) => void (dev.type = 0xfffe));
    expect(shown(entry(t.h, odd, 'ff02::1'))).toEqual([NUD_NOARP, RTN_MULTICAST, 'ff:ff:ff:ff:ff:ff']);
  });

  it('has nobody on a device without IPv6 [NDISC-05]', () => {
    const { lo } = { lo: t.h.net.loopbackDev as NetDevice };
    expect(t.h.tbl.create(lo, 0, 0, 0, 1)).toBe(-22);
  });
});

describe('somebody unknown', () => {
  let eth0: NetDevice;
  beforeEach(() => {
    eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
  });

  it('is asked for in its group three times a second apart, then the sender hears of it [NDISC-06] [NDISC-07]', () => {
    const { h } = t;
    expect(h.send(eth0, '2001:db8::1', '2001:db8::2')).toEqual([ASKS]);
    expect(h.neigh()).toEqual(['2001:db8::2 eth0 INCOMPLETE']);
    expect(h.during(2999 * MS)).toEqual([ASKS, ASKS]);
    h.told();
    expect(h.during(2 * SEC)).toEqual([]);
    expect([h.told(), h.neigh(), h.drops()]).toEqual([['icmp 1/3'], ['2001:db8::2 eth0 FAILED'], { NOT_SPECIFIED: 1 }]);
  });

  it('gets what waited when it answers [NDISC-06] [NDISC-20]', () => {
    const { h } = t;
    h.send(eth0, '2001:db8::1', '2001:db8::2');
    const answer = na('2001:db8::2', '2001:db8::1', '2001:db8::2', S | O, tll('02'));
    expect(h.receive(eth0, answer)).toEqual(['eth0 01 > 02 2001:db8::1 > 2001:db8::2 ip 17']);
    expect(h.neigh()).toEqual(['2001:db8::2 eth0 02 REACHABLE']);
    expect(h.send(eth0, '2001:db8::1', '2001:db8::2')).toEqual(['eth0 01 > 02 2001:db8::1 > 2001:db8::2 ip 17']);
  });

  it('is asked for by the link-local address where the packet is not of this host, or of an address that is not sure [NDISC-07] [NDISC-10]', () => {
    const { h } = t;
    const byLinkLocal = `eth0 01 > ${GROUP2} fe80::1 > ff02::1:ff00:2 NS 2001:db8::2 sll 01`;
    expect(h.send(eth0, '2001:db8:9::9', '2001:db8::2')).toEqual([byLinkLocal]);
    h.flush();
    h.addr(eth0, '2001:db8::8/64', IFA_F_TENTATIVE);
    expect(h.send(eth0, '2001:db8::8', '2001:db8::2')).toEqual([byLinkLocal]);
    h.flush();
    // Of another device's address: it is asked from the one that is at home here.
    h.eth('eth1', '11', '2001:db8:1::1/64');
    expect(h.send(eth0, '2001:db8:1::1', '2001:db8::2')).toEqual([byLinkLocal]);
  });

  it('is not asked for without an address to ask from [NDISC-10]', () => {
    const { h } = t;
    const eth1 = h.eth('eth1', '11');
    expect([h.send(eth1, '2001:db8:9::9', '2001:db8::2'), h.neigh()]).toEqual([[], ['2001:db8::2 eth1 INCOMPLETE']]);
  });

  it('is asked through a daemon first, if app_solicit says so [NDISC-07]', () => {
    const { h } = t;
    h.set('eth0.app_solicit', 2);
    expect(h.send(eth0, '2001:db8::1', '2001:db8::2')).toEqual([]);
    expect([h.during(1500 * MS), h.during(3 * SEC)]).toEqual([[], [ASKS, ASKS, ASKS]]);
  });
});

describe('somebody whose address is in doubt', () => {
  it('is asked itself, three times [NDISC-07]', () => {
    const { h } = t;
    const eth0 = h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
    h.known(eth0, '2001:db8::2', '02', NUD_STALE);
    expect(h.send(eth0, '2001:db8::1', '2001:db8::2')).toEqual(['eth0 01 > 02 2001:db8::1 > 2001:db8::2 ip 17']);
    expect(h.neigh()).toEqual(['2001:db8::2 eth0 02 DELAY']);
    const itself = 'eth0 01 > 02 fe80::1 > 2001:db8::2 NS 2001:db8::2 sll 01';
    expect(h.during(5500 * MS)).toEqual([itself]);
    expect(h.neigh()).toEqual(['2001:db8::2 eth0 02 PROBE']);
    expect(h.during(5 * SEC)).toEqual([itself, itself]);
    expect(h.neigh()).toEqual(['2001:db8::2 eth0 FAILED']);
  });
});
