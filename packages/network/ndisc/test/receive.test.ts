/** The checks of what arrives, and their drop reasons; both are those of Linux 6.18. The answers are compared case by case in kernel.test.ts. */
import { type NetDevice, SKB_CONSUMED, dropReasonName } from '@skbuff/core';
import { IP6CB_FLAGS, IP6SKB_FRAGMENTED } from '@skbuff/ipv6';
import { IFA_F_OPTIMISTIC, IFA_F_TENTATIVE, NUD_REACHABLE, NUD_STALE, PACKET_LOOPBACK } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { messageFrame, na, NS, ns, O, R, ra, RS, rs, S, sll, tll } from './frames.ts';
import { useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
});

/** Why the message was dropped; `used`: it was not. */
function reason(frame: Uint8Array, frag = false): string {
  t.h.receive(eth0, frame, (skb) => void (skb.cb[IP6CB_FLAGS] = frag ? IP6SKB_FRAGMENTED : 0));
  return t.h.reason === SKB_CONSUMED ? 'used' : dropReasonName(t.h.reason);
}

const ASKED = ns('2001:db8::2', '2001:db8::1', '2001:db8::1', sll('02'));
const GROUP = 'ff02::1:ff00:1';
const ZERO = [1, 0, 0, 0, 0, 0, 0, 0];

describe('every message', () => {
  it('is looked at by its type [NDISC-02] [NDISC-03]', () => {
    t.h.idev(eth0).cnf.forwarding = 1;
    t.h.idev(eth0).cnf.acceptRa = 2;
    expect([reason(ASKED), reason(na('2001:db8::2', '2001:db8::1', '2001:db8::2', S, tll('02'))), reason(rs('fe80::3', sll('03')))]).toEqual(['used', 'used', 'used']);
    t.h.told();
    expect(reason(ra({ options: sll('02') }))).toBe('used');
    expect(t.h.told()).toEqual(['router fe80::2 eth0 1800 s pref 0 metric 1024 hops 0 mtu 0']);
    expect(t.h.neigh()).toEqual(['2001:db8::2 eth0 02 REACHABLE', 'fe80::2 eth0 02 router STALE', 'fe80::3 eth0 03 STALE']);
  });

  it('has the hop limit 255 and the code 0 [NDISC-04]', () => {
    const target = [0, 0, 0, 0, ...ASKED.subarray(62, 78)];
    const with2 = (more: object): Uint8Array => messageFrame({ type: NS, saddr: '2001:db8::2', daddr: '2001:db8::1', data: [...target, ...sll('02')], ...more });
    expect([reason(with2({})), reason(with2({ hopLimit: 254 })), reason(with2({ code: 1 }))]).toEqual(['used', 'IPV6_NDISC_HOP_LIMIT', 'IPV6_NDISC_BAD_CODE']);
  });

  it('does not come in fragments, unless suppress_frag_ndisc is off [NDISC-04]', () => {
    expect(reason(ASKED, true)).toBe('IPV6_NDISC_FRAG');
    t.h.idev(eth0).cnf.suppressFragNdisc = 0;
    expect(reason(ASKED, true)).toBe('used');
  });
});

describe('a solicitation', () => {
  it.each([
    ['is of this host', ASKED, 'used'],
    ['is of somebody else', ns('2001:db8::2', '2001:db8::1', '2001:db8::99', sll('02')), 'IPV6_NDISC_NS_OTHERHOST'],
    ['is of a group', ns('2001:db8::2', '2001:db8::1', 'ff02::1', sll('02')), 'NOT_SPECIFIED'],
    ['from nobody does not go to the solicited-node group', ns('::', '2001:db8::1', '2001:db8::1'), 'NOT_SPECIFIED'],
    ['from nobody says where he is', ns('::', GROUP, '2001:db8::1', sll('02')), 'NOT_SPECIFIED'],
    ['has an option of length 0', ns('2001:db8::2', '2001:db8::1', '2001:db8::1', ZERO), 'IPV6_NDISC_BAD_OPTIONS'],
    ['has an option that is cut off', ns('2001:db8::2', '2001:db8::1', '2001:db8::1', [1, 2, 0, 0, 0, 0, 0, 0]), 'IPV6_NDISC_BAD_OPTIONS'],
    ['has a longer link-layer address', ns('2001:db8::2', '2001:db8::1', '2001:db8::1', [1, 2, ...new Array<number>(14).fill(0)]), 'NOT_SPECIFIED'],
    ['is too short', messageFrame({ type: NS, saddr: '2001:db8::2', daddr: '2001:db8::1', data: new Array<number>(19).fill(0) }), 'PKT_TOO_SMALL'],
  ])('%s [NDISC-12]', (_what, frame, expected) => {
    expect(reason(frame)).toBe(expected);
  });

  it('to a group that does not say where it comes from makes no entry and gets no answer, unless the sender is known [NDISC-16]', () => {
    const question = ns('2001:db8::5', GROUP, '2001:db8::1');
    expect([t.h.receive(eth0, question), t.h.neigh()]).toEqual([[], []]);
    t.h.known(eth0, '2001:db8::5', '05', NUD_REACHABLE);
    expect(t.h.receive(eth0, question)).toEqual(['eth0 01 > 05 2001:db8::1 > 2001:db8::5 NA 2001:db8::1 SO tll 01']);
  });

  it('is counted by where it went [NDISC-17]', () => {
    const { stats } = t.h.tbl;
    reason(ASKED);
    reason(ns('2001:db8::2', GROUP, '2001:db8::1', sll('02')));
    reason(ns('2001:db8::2', GROUP, '2001:db8::1', sll('02')));
    reason(ns('::', GROUP, '2001:db8::1'));
    expect([stats.rcvProbesUcast, stats.rcvProbesMcast]).toEqual([1, 2]);
  });
});

describe('an address that is not sure yet', () => {
  const NONCE = [14, 1, 1, 2, 0xfe, 0xdc, 0xba, 0x98];
  const GROUP8 = 'ff02::1:ff00:8';

  it('is lost to whoever wants it at the same time, but not to our own question [NDISC-13] [DAD-05]', () => {
    const { h } = t;
    const ifp = h.addr(eth0, '2001:db8::8/64', IFA_F_TENTATIVE);
    ifp.dadNonceHi = 0x102;
    ifp.dadNonceLo = 0xfedcba98;
    expect([reason(ns('::', GROUP8, '2001:db8::8', NONCE)), h.told()]).toEqual(['NOT_SPECIFIED', []]);
    ifp.dadNonceLo |= 0;
    expect([reason(ns('::', GROUP8, '2001:db8::8', NONCE)), h.told()]).toEqual(['NOT_SPECIFIED', []]);
    ifp.dadNonceLo++;
    expect([reason(ns('::', GROUP8, '2001:db8::8', NONCE)), h.told()]).toEqual(['NOT_SPECIFIED', ['dadFailure 2001:db8::8']]);
    // A question without a nonce, and none of our own, are two.
    ifp.dadNonceHi = 0;
    ifp.dadNonceLo = 0;
    expect([reason(ns('::', GROUP8, '2001:db8::8', [14, 1, 0, 0, 0, 0, 0, 0])), h.told()]).toEqual(['NOT_SPECIFIED', ['dadFailure 2001:db8::8']]);
  });

  it('is not answered for, but where it is optimistic [NDISC-13] [DAD-07]', () => {
    const { h } = t;
    const ifp = h.addr(eth0, '2001:db8::8/64', IFA_F_TENTATIVE);
    const question = ns('2001:db8::2', GROUP8, '2001:db8::8', sll('02'));
    expect([h.receive(eth0, question), h.neigh()]).toEqual([[], []]);
    ifp.flags |= IFA_F_OPTIMISTIC;
    expect(h.receive(eth0, question)).toEqual(['eth0 01 > 02 2001:db8::8 > 2001:db8::2 NA 2001:db8::8 S tll 01']);
  });

  it('is lost to whoever advertises it [NDISC-19] [DAD-04]', () => {
    t.h.addr(eth0, '2001:db8::8/64', IFA_F_TENTATIVE);
    expect([reason(na('2001:db8::8', 'ff02::1', '2001:db8::8', O, tll('02'))), t.h.told()]).toEqual(['NOT_SPECIFIED', ['dadFailure 2001:db8::8']]);
  });
});

describe('an advertisement', () => {
  const from2 = (flags: number, options: readonly number[] = tll('02')): Uint8Array => na('2001:db8::2', '2001:db8::1', '2001:db8::2', flags, options);

  beforeEach(() => {
    t.h.known(eth0, '2001:db8::2', '02', NUD_STALE);
  });

  it.each([
    ['of somebody known', from2(S), 'used'],
    ['of somebody unknown', na('2001:db8::3', '2001:db8::1', '2001:db8::3', S, tll('03')), 'NOT_SPECIFIED'],
    ['of a group', na('2001:db8::2', '2001:db8::1', 'ff02::1', 0, tll('02')), 'NOT_SPECIFIED'],
    ['to a group that was asked for', na('2001:db8::2', 'ff02::1', '2001:db8::2', S, tll('02')), 'NOT_SPECIFIED'],
    ['with an option of length 0', from2(S, [2, 0, 0, 0, 0, 0, 0, 0]), 'IPV6_NDISC_BAD_OPTIONS'],
    ['with a longer link-layer address', from2(S, [2, 2, ...new Array<number>(14).fill(0)]), 'NOT_SPECIFIED'],
    ['cut off', messageFrame({ type: 136, saddr: '2001:db8::2', daddr: '2001:db8::1', data: new Array<number>(19).fill(0) }), 'PKT_TOO_SMALL'],
  ])('%s [NDISC-18]', (_what, frame, expected) => {
    expect(reason(frame)).toBe(expected);
  });

  it('of an address of ours is told and not believed, but where we hear ourselves [NDISC-19]', () => {
    const { h } = t;
    h.log.length = 0;
    expect(reason(na('2001:db8::1', 'ff02::1', '2001:db8::1', O, tll('02')))).toBe('NOT_SPECIFIED');
    expect(h.log.map((line) => line.replace(/^.*\] /, ''))).toEqual(['ICMPv6: NA: 02:00:00:00:00:02 advertised our address 2001:db8::1 on eth0!']);
    h.receive(eth0, na('2001:db8::1', 'ff02::1', '2001:db8::1', O, tll('02')), (skb) => void (skb.pktType = PACKET_LOOPBACK));
    expect([h.log.length, h.told(), h.neigh()]).toEqual([1, [], ['2001:db8::2 eth0 02 STALE']]);
  });

  it('that says of a router that it is none takes its routes away [NDISC-20]', () => {
    const { h } = t;
    reason(from2(R | S));
    expect([h.neigh(), h.told()]).toEqual([['2001:db8::2 eth0 02 router REACHABLE'], []]);
    reason(from2(S));
    expect([h.neigh(), h.told()]).toEqual([['2001:db8::2 eth0 02 REACHABLE'], ['cleanTohost 2001:db8::2']]);
    reason(from2(S));
    expect(h.told()).toEqual([]);
  });
});

describe('a router solicitation', () => {
  it('makes its sender a neighbour and no router, where this host is one itself [NDISC-03]', () => {
    const { h } = t;
    expect([reason(rs('fe80::2', sll('02'))), h.neigh()]).toEqual(['NOT_SPECIFIED', []]);
    h.idev(eth0).cnf.forwarding = 1;
    h.known(eth0, 'fe80::2', '05', NUD_STALE, true);
    expect([reason(rs('fe80::2', sll('02'))), h.neigh()]).toEqual(['used', ['fe80::2 eth0 02 STALE']]);
    expect([reason(rs('::')), reason(rs('fe80::3', ZERO)), reason(rs('fe80::3', [1, 2, ...new Array<number>(14).fill(0)]))]).toEqual(['NOT_SPECIFIED', 'IPV6_NDISC_BAD_OPTIONS', 'NOT_SPECIFIED']);
    h.receive(eth0, messageFrame({ type: RS, saddr: 'fe80::3', daddr: 'ff02::2', data: [0, 0, 0, 0] }), (skb) => void skb.trim(6));
    expect([dropReasonName(h.reason), h.neigh()]).toEqual(['PKT_TOO_SMALL', ['fe80::2 eth0 02 STALE']]);
  });
});
