/** Router advertisements. What is expected is what Linux 6.18 did with the same messages. */
import { dropReasonName, type NetDevice } from '@skbuff/core';
import { IF_RA_MANAGED, IF_RA_OTHERCONF, IF_RA_RCVD, IF_RS_SENT, type Inet6Dev } from '@skbuff/ipv6';
import { type NetlinkPort, netlinkPort } from '@skbuff/netlink';
import { ip6Bytes } from '@skbuff/testkit';
import { NETLINK_ADD_MEMBERSHIP, NETLINK_ROUTE, RTM_NEWLINK, RTNLGRP_ND_USEROPT } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { be32Bytes, type Message, type RaFields, ra, sll, tll } from './frames.ts';
import { useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;
let idev: Inet6Dev;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
  idev = t.h.idev(eth0);
});

/** What other packages are told of an advertisement. */
function hears(fields: RaFields = {}, more: Partial<Message> = {}): string[] {
  t.h.receive(eth0, ra(fields, more));
  return t.h.told();
}

const router = (more = ''): string => `router fe80::2 eth0 1800 s pref 0 metric 1024 hops 0 mtu 0${more}`;
const IFINFO = `ifinfo ${RTM_NEWLINK} eth0`;
const mtuOption = (mtu: number): number[] => [5, 1, 0, 0, ...be32Bytes(mtu)];
const routeOption = (prefix: string, plen: number, lifetime: number, pref = 0, units = 3): number[] => [24, units, plen, pref << 3, ...be32Bytes(lifetime), ...ip6Bytes(prefix).subarray(0, 8 * (units - 1))];
const prefixOption = (prefix: string): number[] => [3, 4, 64, 0xc0, ...be32Bytes(3600), ...be32Bytes(1800), 0, 0, 0, 0, ...ip6Bytes(prefix)];
const times = (): string[] => ['retrans_time_ms', 'base_reachable_time_ms', 'gc_stale_time'].map((name) => t.h.get(`eth0.${name}`));

describe('the sender', () => {
  it('is a neighbour and a router, with the address that it says [NDISC-03]', () => {
    expect([hears(), t.h.neigh()]).toEqual([[router()], ['fe80::2 eth0 router NONE']]);
    expect([hears({ options: sll('02') }), t.h.neigh()]).toEqual([[router()], ['fe80::2 eth0 02 router STALE']]);
    expect([hears({ options: sll('05') }), t.h.neigh()]).toEqual([[router()], ['fe80::2 eth0 05 router STALE']]);
  });

  it.each([
    ['has an address of the link', ra({ saddr: '2001:db8::2' }), 'NOT_SPECIFIED'],
    ['says all that it has to', ra({ cut: 8 }), 'PKT_TOO_SMALL'],
    ['has no option of length 0', ra({ options: [5, 0, 0, 0, 0, 0, 0, 0] }), 'IPV6_NDISC_BAD_OPTIONS'],
    ['is on the link', ra({}, { hopLimit: 254 }), 'IPV6_NDISC_HOP_LIMIT'],
  ])('%s, or is not heard [NDISC-04]', (_what, frame, reason) => {
    t.h.receive(eth0, frame);
    expect([dropReasonName(t.h.reason), t.h.told(), t.h.neigh()]).toEqual([reason, [], []]);
  });

  it('whose link-layer address is too long is a router all the same, but what else it says does not count [NDISC-03]', () => {
    const options = [1, 2, ...new Array<number>(14).fill(0), ...mtuOption(1400)];
    expect([hears({ retrans: 500, options }), times(), idev.cnf.mtu6, t.h.neigh()]).toEqual([[router(), IFINFO], ['500', '30000', '60'], 1500, ['fe80::2 eth0 router NONE']]);
  });

  it('is a router even where its advertisements are not wanted [NDISC-03]', () => {
    const loud: RaFields = { hopLimit: 70, retrans: 500, reachable: 20000, flags: 0xc0, options: [...sll('02'), ...mtuOption(1400), ...prefixOption('2001:db8:1::')] };
    const KNOWN = ['fe80::2 eth0 02 router STALE'];
    idev.cnf.acceptRa = 0;
    expect([hears(loud), times(), idev.cnf.hopLimit, idev.cnf.mtu6, t.h.neigh()]).toEqual([[], ['1000', '30000', '60'], 64, 1500, KNOWN]);
    idev.cnf.acceptRa = 1;
    idev.cnf.forwarding = 1;
    expect(hears(loud)).toEqual([]);
    idev.cnf.acceptRa = 2;
    expect(hears(loud).length).toBe(4);
  });
});

describe('the default route', () => {
  it.each([
    ['hop limit', { hopLimit: 70 }, {}, 'router fe80::2 eth0 1800 s pref 0 metric 1024 hops 70 mtu 0', 70],
    ['hop limit below accept_ra_min_hop_limit', { hopLimit: 70 }, { acceptRaMinHopLimit: 71 }, router(), 64],
    ['hop limit, where none is wanted', { hopLimit: 70 }, { acceptRaMinHopLimit: 256 }, router(), 64],
    ['high preference', { flags: 8 }, {}, 'router fe80::2 eth0 1800 s pref 1 metric 1024 hops 0 mtu 0', 64],
    ['low preference', { flags: 0x18 }, {}, 'router fe80::2 eth0 1800 s pref 3 metric 1024 hops 0 mtu 0', 64],
    ['reserved preference', { flags: 0x10 }, {}, router(), 64],
    ['preference, where none is wanted', { flags: 8 }, { acceptRaRtrPref: 0 }, router(), 64],
    ['metric of the interface', {}, { raDefrtrMetric: 77 }, 'router fe80::2 eth0 1800 s pref 0 metric 77 hops 0 mtu 0', 64],
    ['end', { lifetime: 0, hopLimit: 70 }, { acceptRaMinLft: 2000 }, 'router fe80::2 eth0 0 s pref 0 metric 1024 hops 70 mtu 0', 70],
  ])('has its %s [NDISC-03]', (_what, fields, cnf, expected, hopLimit) => {
    Object.assign(idev.cnf, cnf);
    expect([hears(fields), idev.cnf.hopLimit]).toEqual([[expected], hopLimit]);
  });

  it.each([
    ['accept_ra_defrtr is off', { acceptRaDefrtr: 0 }],
    ['its lifetime is below accept_ra_min_lft', { acceptRaMinLft: 2000 }],
  ])('is not made where %s [NDISC-03]', (_what, cnf) => {
    Object.assign(idev.cnf, cnf);
    expect([hears({ hopLimit: 70, retrans: 500 }), idev.cnf.hopLimit, times()]).toEqual([[IFINFO], 64, ['500', '30000', '60']]);
  });

  it('is not made by what this host says itself, unless accept_ra_from_local is on [NDISC-03]', () => {
    const own: RaFields = { saddr: 'fe80::1', hopLimit: 70, options: routeOption('2001:db8:2::', 48, 600) };
    idev.cnf.acceptRaRtInfoMaxPlen = 64;
    expect([hears(own), idev.cnf.hopLimit]).toEqual([[], 64]);
    idev.cnf.acceptRaFromLocal = 1;
    expect(hears(own)).toEqual(['router fe80::1 eth0 1800 s pref 0 metric 1024 hops 70 mtu 0', 'route 2001:db8:2::/48 via fe80::1 pref 0 600 s']);
  });

  it('makes the neighbour a router only when it is new [NDISC-20]', () => {
    hears();
    expect(t.h.neigh()).toEqual(['fe80::2 eth0 router NONE']);
    t.h.tbl.changeaddr(eth0);
    hears();
    expect(t.h.neigh()).toEqual(['fe80::2 eth0 NONE']);
  });

  it('that cannot be made ends it [NDISC-03]', () => {
    t.h.routersWelcome = false;
    expect([hears({ flags: 0xc0, retrans: 500, options: sll('02') }), times()[0], t.h.neigh()]).toEqual([[router()], '1000', []]);
  });
});

describe('the interface', () => {
  it('gets the times, not too short ones, and its watchers hear of it [NDISC-01]', () => {
    expect([hears({ retrans: 500 }), times()]).toEqual([[router(), IFINFO], ['500', '30000', '60']]);
    expect([hears({ retrans: 3 }), times()]).toEqual([[router(), IFINFO], ['10', '30000', '60']]);
    expect([hears({ reachable: 20000 }), times()]).toEqual([[router(), IFINFO], ['10', '20000', '60']]);
    expect(hears({ reachable: 20000 })).toEqual([router()]);
    expect([hears({ reachable: 50 }), times()]).toEqual([[router(), IFINFO], ['10', '100', '0']]);
    expect(idev.ndParms?.reachableTime).toBeLessThan(151);
    expect(idev.tstamp).toBeGreaterThan(0);
  });

  it('remembers whether there is DHCP, and that its question was answered [NDISC-03]', () => {
    expect([hears({ flags: 0xc0 }), idev.ifFlags]).toEqual([[router(), IFINFO], IF_RA_MANAGED | IF_RA_OTHERCONF]);
    expect(hears({ flags: 0xc0 })).toEqual([router()]);
    idev.ifFlags |= IF_RS_SENT;
    expect([hears({ flags: 0x40 }), idev.ifFlags]).toEqual([[router(), IFINFO], IF_RS_SENT | IF_RA_RCVD | IF_RA_OTHERCONF]);
  });

  it.each([
    [1400, {}, 1400, [router().replace('mtu 0', 'mtu 1400'), 'mtu eth0 1400', IFINFO]],
    [1279, {}, 1500, [router(), IFINFO]],
    [9000, {}, 1500, [router(), IFINFO]],
    [1400, { acceptRaMtu: 0 }, 1500, [router()]],
  ])('takes an MTU of %i [NDISC-03]', (mtu, cnf, expected, told) => {
    Object.assign(idev.cnf, cnf);
    expect([hears({ options: mtuOption(mtu) }), idev.cnf.mtu6]).toEqual([told, expected]);
    expect(hears({ options: mtuOption(mtu) })).toEqual([router()]);
  });
});

describe('the options', () => {
  it('name prefixes [NDISC-03]', () => {
    const options = [...prefixOption('2001:db8:1::'), ...mtuOption(1500), ...prefixOption('2001:db8:2::')];
    expect(hears({ options }).slice(1, 3)).toEqual(['prefix 2001:db8:1::/64 of 32', 'prefix 2001:db8:2::/64 of 32']);
    expect(hears({ options: [...options, ...sll('02')] })[1]).toBe('prefix 2001:db8:1::/64 of 32 sllao');
    idev.cnf.acceptRaPinfo = 0;
    expect(hears({ options })).toEqual([router()]);
  });

  it.each([
    ['longer than accept_ra_rt_info_max_plen', routeOption('2001:db8:2::', 48, 600), { acceptRaRtInfoMaxPlen: 0 }, []],
    ['shorter than accept_ra_rt_info_min_plen', routeOption('2001:db8:2::', 48, 600), { acceptRaRtInfoMinPlen: 56 }, []],
    ['of high preference', routeOption('2001:db8:2::', 48, 600, 1), {}, ['route 2001:db8:2::/48 via fe80::2 pref 1 600 s']],
    ['of the reserved preference', routeOption('2001:db8:2::', 48, 600, 2), {}, []],
    ['with eight bytes of prefix', routeOption('2001:db8:2:ffff::', 48, 600, 0, 2), {}, ['route 2001:db8:2::/48 via fe80::2 pref 0 600 s']],
    ['with too few', routeOption('2001:db8:2::', 72, 600, 0, 2), { acceptRaRtInfoMaxPlen: 128 }, ['route 2001:db8:2::/72 via fe80::2 pref 0 600 s']],
    ['with none', routeOption('::', 72, 600, 0, 1), { acceptRaRtInfoMaxPlen: 128 }, []],
    ['with too many', [24, 4, 48, 0, ...be32Bytes(600), ...new Array<number>(24).fill(0)], {}, []],
    ['of everything', routeOption('::', 0, 600, 1, 1), {}, ['route ::/0 via fe80::2 pref 1 600 s']],
    ['of everything, without accept_ra_defrtr', routeOption('::', 0, 600, 1, 1), { acceptRaDefrtr: 0 }, []],
    ['for less than accept_ra_min_lft', routeOption('2001:db8:2::', 48, 600), { acceptRaMinLft: 601 }, []],
    ['for less than accept_ra_min_lft, which has no sign here', routeOption('2001:db8:2::', 48, 600), { acceptRaMinLft: -1 }, []],
    ['that ends', routeOption('2001:db8:2::', 48, 0), { acceptRaMinLft: 601 }, ['route 2001:db8:2::/48 via fe80::2 pref 0 0 s']],
    ['without accept_ra_rtr_pref', routeOption('2001:db8:2::', 48, 600), { acceptRaRtrPref: 0 }, []],
  ])('name a route %s [NDISC-03]', (_what, options, cnf, expected) => {
    Object.assign(idev.cnf, { acceptRaRtInfoMaxPlen: 64, ...cnf });
    expect(hears({ options }).filter((call) => call.startsWith('route '))).toEqual(expected);
  });

  it('tell daemons of name servers and the like, in the bytes of Linux [NDISC-03]', () => {
    const port = netlinkPort(t.h.net, NETLINK_ROUTE) as NetlinkPort;
    expect(port.setsockopt(NETLINK_ADD_MEMBERSHIP, RTNLGRP_ND_USEROPT)).toBe(0);
    const rdnss = [25, 3, 0, 0, ...be32Bytes(600), ...ip6Bytes('2001:db8::53')];
    hears({ options: [...sll('02'), ...rdnss, ...prefixOption('2001:db8:1::'), 37, 1, ...Buffer.from('abcdef'), 200, 1, 0, 0, 0, 0, 0, 0, ...tll('09')] });
    const messages: string[] = [];
    for (let d = port.recvmsg(); typeof d !== 'number'; d = port.recvmsg()) messages.push(Buffer.from(d.data).toString('hex'));
    const index = `${eth0.ifindex.toString(16).padStart(2, '0')}000000`;
    const source = '14000100fe800000000000000000000000000002';
    const head = (len: string, opts: string): string => `${len}0000004400000000000000000000000a00${opts}00${index}8600000000000000`;
    expect(messages).toEqual([
      `${head('4c', '18')}190300000000025820010db8000000000000000000000053${source}`,
      `${head('54', '20')}030440c000000e10000007080000000020010db8000100000000000000000000${source}`,
      `${head('3c', '08')}2501616263646566${source}`,
    ]);
    port.close();
  });
});
