/** What this host makes of what it hears: arp_accept, states, the lock of a fresh entry. The tables are what Linux 6.18 does. */
import type { NetDevice } from '@skbuff/core';
import { NUD_NOARP, NUD_PERMANENT, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ArpFields } from './frames.ts';
import { MS, useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;

beforeEach(() => {
  dev = t.h.eth('eth0', '01', '10.0.0.1/24');
  t.h.eth('eth1', '11', '10.1.0.1/24');
});

/** What 22, who has 10.0.0.2 unless it says otherwise, sends. */
const HEARD = {
  'a request to us': {},
  'a request to another': { tip: '10.0.0.5' },
  'an announcement by request': { tip: '10.0.0.2' },
  'an announcement by request, to us': { tip: '10.0.0.2', to: '01' },
  'an announcement by reply': { op: 2, tip: '10.0.0.2', tha: '22' },
  'an announcement by reply without target': { op: 2, tip: '10.0.0.2' },
  'an announcement by reply to everybody': { op: 2, tip: '10.0.0.2', tha: '*' },
  'a reply': { op: 2, tha: '01', to: '01' },
  'a reply by broadcast': { op: 2, tha: '01' },
  'a reply to another, sent to us': { op: 2, tip: '10.0.0.5', tha: '05', to: '01' },
  'a reply to nobody': { op: 2, tip: '0.0.0.0', tha: '01', to: '01' },
  'an announcement of another subnet': { sip: '10.9.0.2', tip: '10.9.0.2' },
  'a reply from another subnet': { op: 2, sip: '10.9.0.2', tha: '01', to: '01' },
  'a request of another subnet': { sip: '10.9.0.2', tip: '10.0.0.5' },
  'an announcement of the other interface': { sip: '10.1.0.2', tip: '10.1.0.2' },
  'a reply from the subnet of the other interface': { op: 2, sip: '10.1.0.2', tha: '01', to: '01' },
  'an announcement of our address': { sip: '10.0.0.1', tip: '10.0.0.1' },
  'a reply from our address': { op: 2, sip: '10.0.0.1', tha: '01', to: '01' },
  'an announcement of the broadcast address': { sip: '10.0.0.255', tip: '10.0.0.255' },
  'a reply from the broadcast address': { op: 2, sip: '10.0.0.255', tha: '01', to: '01' },
  'a reply from a loopback address': { op: 2, sip: '127.0.0.5', tha: '01', to: '01' },
  'a reply from a group': { op: 2, sip: '224.0.0.5', tha: '01', to: '01' },
  'a reply to a group': { op: 2, tip: '224.0.0.1', tha: '01', to: '01' },
} as const satisfies Record<string, ArpFields>;

type What = keyof typeof HEARD;
const EVERYTHING = Object.keys(HEARD) as What[];

function hear(what: What): string {
  t.h.arp(dev, { sha: '22', ...HEARD[what] });
  return t.h.neigh().join();
}

/** What becomes an entry that nobody had asked for. */
function learned(): Partial<Record<What, string>> {
  const out: Partial<Record<What, string>> = {};
  for (const what of EVERYTHING) {
    t.h.flush();
    const entry = hear(what);
    if (entry !== '') out[what] = entry;
  }
  return out;
}

const ASKED = { 'a request to us': '10.0.0.2 eth0 22 STALE' };
const IN_SUBNET = {
  ...ASKED,
  'an announcement by request': '10.0.0.2 eth0 22 STALE',
  'an announcement by request, to us': '10.0.0.2 eth0 22 STALE',
  'an announcement by reply': '10.0.0.2 eth0 22 STALE',
  'an announcement by reply without target': '10.0.0.2 eth0 22 STALE',
  'an announcement by reply to everybody': '10.0.0.2 eth0 22 STALE',
  'a reply': '10.0.0.2 eth0 22 REACHABLE',
  'a reply by broadcast': '10.0.0.2 eth0 22 STALE',
  'a reply to another, sent to us': '10.0.0.2 eth0 22 REACHABLE',
  'a reply to nobody': '10.0.0.2 eth0 22 REACHABLE',
};
const EVERYBODY = {
  ...IN_SUBNET,
  'an announcement of another subnet': '10.9.0.2 eth0 22 STALE',
  'a reply from another subnet': '10.9.0.2 eth0 22 REACHABLE',
  'an announcement of the other interface': '10.1.0.2 eth0 22 STALE',
  'a reply from the subnet of the other interface': '10.1.0.2 eth0 22 REACHABLE',
};

describe('arp_accept', () => {
  it('0: nobody becomes an entry who did not ask us [ARP-25]', () => {
    expect(learned()).toEqual(ASKED);
  });

  it('1: who announces its unicast address, or replies unasked [ARP-25]', () => {
    t.h.set({ 'eth0.arp_accept': 1 });
    expect(learned()).toEqual(EVERYBODY);
  });

  it('2: the same, of the subnets of the interface [ARP-25]', () => {
    t.h.set({ 'eth0.arp_accept': 2 });
    expect(learned()).toEqual(IN_SUBNET);
  });

  it('takes any other number for 0 [ARP-25]', () => {
    t.h.set({ 'eth0.arp_accept': 3 });
    expect(learned()).toEqual(ASKED);
  });

  it.each([
    [1, 0, EVERYBODY],
    [2, 1, IN_SUBNET],
    [1, 2, IN_SUBNET],
    [3, 1, ASKED],
  ])('all %i and the interface %i: the greater counts [ARP-25]', (all, own, expected) => {
    t.h.set({ 'all.arp_accept': all, 'eth0.arp_accept': own });
    expect(learned()).toEqual(expected);
  });

  it('does not outdo drop_gratuitous_arp, of all or the interface [ARP-25]', () => {
    t.h.set({ 'eth0.arp_accept': 1, 'all.drop_gratuitous_arp': 1 });
    const announced = (): string[] => Object.keys(learned()).filter((what) => what.startsWith('an announcement'));
    expect(announced()).toEqual([]);
    t.h.set({ 'all.drop_gratuitous_arp': 0, 'eth0.drop_gratuitous_arp': 1 });
    expect(announced()).toEqual([]);
    t.h.set({ 'eth0.drop_gratuitous_arp': 0 });
    expect(announced().length).toBe(7);
  });
});

describe('an entry', () => {
  /** What becomes of it, `age` after it was made with the address 44. */
  const becomes = (state: number, age: number): string[] =>
    SOME.map((what) => {
      t.h.flush();
      t.h.known(dev, '10.0.0.2', '44', state);
      t.h.clock.advance(age * MS);
      return hear(what).slice('10.0.0.2 eth0 '.length);
    });
  const SOME: readonly What[] = [
    'a request to us',
    'a request to another',
    'an announcement by request',
    'an announcement by reply',
    'an announcement by reply without target',
    'a reply',
    'a reply by broadcast',
    'a reply to another, sent to us',
  ];

  it('follows requests to us and announcements, not other hints, for a second (locktime) [ARP-23]', () => {
    const follows = ['22 STALE', '44 STALE', '22 STALE', '22 STALE', '44 STALE', '44 STALE', '44 STALE', '44 STALE'];
    expect(becomes(NUD_STALE, 0)).toEqual(follows);
    expect(becomes(NUD_STALE, 1000)).toEqual(follows);
    expect(becomes(NUD_REACHABLE, 0)).toEqual(follows.map((text) => text.replace('44 STALE', '44 REACHABLE')));
  });

  it('follows everybody after that: replies to us confirm it, all others leave doubt [ARP-23]', () => {
    const follows = ['22 STALE', '22 STALE', '22 STALE', '22 STALE', '22 STALE', '22 REACHABLE', '22 STALE', '22 REACHABLE'];
    expect(becomes(NUD_STALE, 1010)).toEqual(follows);
    expect(becomes(NUD_REACHABLE, 1010)).toEqual(follows);
  });

  it('keeps the lock that the interface says [ARP-23]', () => {
    t.h.set({ 'neigh.eth0.locktime': 300 });
    expect(becomes(NUD_STALE, 2990)[5]).toBe('44 STALE');
    expect(becomes(NUD_STALE, 3010)[5]).toBe('22 REACHABLE');
  });

  it('of which two stations claim the address belongs to the first that answers [ARP-23]', () => {
    t.h.send('10.0.0.2');
    t.h.listen();
    t.h.arp(dev, { op: 2, sha: '22', tha: '01', to: '01' });
    t.h.arp(dev, { op: 2, sha: '33', tha: '01', to: '01' });
    expect(t.h.neigh()).toEqual(['10.0.0.2 eth0 22 REACHABLE']);
    expect(t.h.events()).toEqual(['NEW 10.0.0.2 REACHABLE 22']);
  });

  it.each([
    ['PERMANENT', NUD_PERMANENT],
    ['NOARP', NUD_NOARP],
  ])('that the administrator made %s follows nobody [ARP-23]', (name, state) => {
    expect(new Set(becomes(state, 5000))).toEqual(new Set([`44 ${name}`]));
  });

  it('tells of what changed, and only of that [ARP-23]', () => {
    const { h } = t;
    h.set({ 'eth0.arp_accept': 1 });
    h.listen();
    h.arp(dev, { sip: '10.0.0.9', tip: '10.0.0.9', sha: '22' });
    h.arp(dev, { sip: '10.0.0.9', tip: '10.0.0.9', sha: '0a' });
    h.arp(dev, { op: 2, sip: '10.0.0.9', sha: '22', tha: '01', to: '01' });
    h.clock.advance(1100 * MS);
    h.arp(dev, { op: 2, sip: '10.0.0.9', sha: '0b', tha: '01', to: '01' });
    h.arp(dev, { sip: '10.0.0.9', sha: '0b' });
    expect(h.events()).toEqual(['NEW 10.0.0.9 STALE 22', 'NEW 10.0.0.9 STALE 0a', 'NEW 10.0.0.9 REACHABLE 0b']);
  });
});
