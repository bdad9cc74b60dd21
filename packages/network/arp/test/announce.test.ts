/** arp_announce: the address that a request says it comes from. All tables are what Linux 6.18 does with the same set-up. */
import type { NetDevice } from '@skbuff/core';
import { RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Settings, useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;

/** eth0: 10.0.0.1, its secondary 10.0.0.7, and 192.168.5.1; eth1: 10.1.0.1; 10.5.0.0/16 is on eth0 without an address there. */
beforeEach(() => {
  dev = t.h.eth('eth0', '01', '10.0.0.1/24', '10.0.0.7/24', '192.168.5.1/24');
  t.h.eth('eth1', '11', '10.1.0.1/24');
  t.h.route('10.5.0.0/16', dev);
});

/** Who the request for `target` says it comes from. */
function told(from: string, target: string): string {
  return t.h.send(target, from)[0]?.match(/tell (\S+)/)?.[1] ?? '';
}

type Row = readonly [from: string, target: string, told: string];

/** 172.31.0.9 stands for a packet that is forwarded: nobody here has it. */
const OWN: readonly Row[] = [
  ['10.0.0.1', '10.5.0.2', '10.0.0.1'],
  ['10.0.0.7', '10.0.0.2', '10.0.0.7'],
  ['192.168.5.1', '10.0.0.3', '192.168.5.1'],
  ['10.1.0.1', '10.0.0.4', '10.1.0.1'],
  ['10.1.0.1', '192.168.5.2', '10.1.0.1'],
  ['172.31.0.9', '10.0.0.5', '10.0.0.1'],
  ['172.31.0.9', '10.5.0.3', '10.0.0.1'],
  ['172.31.0.9', '192.168.5.3', '192.168.5.1'],
];
const ONLINK: readonly Row[] = [
  ['10.0.0.1', '10.0.0.2', '10.0.0.1'],
  ['10.0.0.7', '10.0.0.3', '10.0.0.7'],
  ['10.0.0.7', '10.5.0.2', '10.0.0.1'],
  ['10.0.0.7', '192.168.5.2', '192.168.5.1'],
  ['192.168.5.1', '10.0.0.4', '10.0.0.1'],
  ['10.1.0.1', '10.0.0.5', '10.0.0.1'],
  ['10.1.0.1', '192.168.5.3', '192.168.5.1'],
  ['172.31.0.9', '10.0.0.6', '10.0.0.1'],
];
const BEST: readonly Row[] = [
  ['10.0.0.1', '10.0.0.2', '10.0.0.1'],
  ['10.0.0.7', '10.0.0.3', '10.0.0.1'],
  ['10.0.0.7', '10.5.0.2', '10.0.0.1'],
  ['10.0.0.1', '192.168.5.2', '192.168.5.1'],
  ['192.168.5.1', '10.0.0.4', '10.0.0.1'],
  ['10.1.0.1', '192.168.5.3', '192.168.5.1'],
  ['172.31.0.9', '10.5.0.3', '10.0.0.1'],
];

function asked(settings: Settings, rows: readonly Row[]): void {
  t.h.set(settings);
  expect(rows.map(([from, target]) => [from, target, told(from, target)])).toEqual(rows);
}

describe('arp_announce', () => {
  it('0: says the source of the packet that waits, if it is one of the host, on whatever interface [ARP-08]', () => {
    asked({ 'eth0.arp_announce': 0 }, OWN);
  });

  it('1: only if an interface subnet holds it and the target, else the best [ARP-09] [ARP-27]', () => {
    asked({ 'eth0.arp_announce': 1 }, ONLINK);
  });

  it('2: always the best: primary, in the subnet of the target if there is one [ARP-10]', () => {
    asked({ 'eth0.arp_announce': 2 }, BEST);
  });

  it('takes any other number for 0', () => {
    asked({ 'eth0.arp_announce': 3 }, OWN);
  });

  it('takes the greater of all and the interface [ARP-11]', () => {
    const ask = (): string => {
      t.h.flush();
      return told('10.0.0.7', '10.5.0.2');
    };
    t.h.set({ 'all.arp_announce': 0, 'eth0.arp_announce': 0 });
    expect(ask()).toBe('10.0.0.7');
    t.h.set({ 'all.arp_announce': 2 });
    expect(ask()).toBe('10.0.0.1');
    t.h.set({ 'all.arp_announce': 1, 'eth0.arp_announce': 2 });
    t.h.flush();
    expect(told('10.0.0.7', '10.0.0.2')).toBe('10.0.0.1');
    t.h.set({ 'eth0.arp_announce': 0 });
    t.h.flush();
    expect(told('10.0.0.7', '10.0.0.2')).toBe('10.0.0.7');
  });

  it('2: leaves addresses of scope host out unless route_localnet is on [ARP-10]', () => {
    const { h } = t;
    h.addr(dev, '10.3.0.1/24', { scope: RT_SCOPE_HOST });
    h.addr(dev, '10.2.0.1/24', { scope: RT_SCOPE_LINK });
    h.set({ 'eth0.arp_announce': 2 });
    h.route('10.3.0.2/32', dev);
    expect(told('10.3.0.1', '10.2.0.2')).toBe('10.2.0.1');
    expect(told('10.2.0.1', '10.3.0.2')).not.toBe('10.3.0.1');
    h.set({ 'eth0.route_localnet': 1 });
    h.flush();
    expect(told('10.2.0.1', '10.3.0.2')).toBe('10.3.0.1');
  });

  it('2: takes the address of another interface where this one has none [ARP-10]', () => {
    const { h } = t;
    const bare = h.eth('eth2', '21');
    h.route('10.50.0.0/16', bare);
    h.set({ 'eth2.arp_announce': 2 });
    expect(h.send('10.50.0.1')).toEqual(['eth2 21 > *: who-has 10.50.0.1 (-) tell 10.0.0.1 (21)']);
  });
});
