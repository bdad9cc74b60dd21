/** Whether a request for an address of the host is answered: arp_ignore and arp_filter. The tables are what Linux 6.18 does. */
import type { NetDevice } from '@skbuff/core';
import { RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;

/** Asked for, all of them by eth0: two of eth0, one of eth1, eth0's of scope link and of scope host, lo's of scope global and host. */
const TARGETS = ['10.0.0.1', '10.0.0.7', '10.1.0.1', '10.2.0.1', '10.3.0.1', '172.16.0.1', '172.16.0.2'];

beforeEach(() => {
  const { h } = t;
  dev = h.eth('eth0', '01', '10.0.0.1/24', '10.0.0.7/24');
  h.eth('eth1', '11', '10.1.0.1/24');
  h.addr(dev, '10.2.0.1/24', { scope: RT_SCOPE_LINK });
  h.addr(dev, '10.3.0.1/24', { scope: RT_SCOPE_HOST });
  h.addr(h.lo, '172.16.0.1/32');
  h.addr(h.lo, '172.16.0.2/32', { scope: RT_SCOPE_HOST });
});

/** `Y` for each target that the sender gets an answer for. */
function answers(sip: string): string {
  return TARGETS.map((tip) => {
    t.h.flush();
    const [frame] = t.h.arp(dev, { sip, tip });
    // Who gets no answer is not learned either; nor is who has no address yet.
    expect(t.h.neigh()).toEqual(frame === undefined || sip === '0.0.0.0' ? [] : [`${sip} eth0 02 STALE`]);
    return frame === undefined ? '-' : 'Y';
  }).join(' ');
}

describe('arp_ignore', () => {
  it.each([
    [0, '10.0.0.2', 'Y Y Y Y Y Y Y'],
    [0, '10.9.0.2', 'Y Y Y Y Y Y Y'],
    [0, '0.0.0.0', 'Y Y Y Y Y Y Y'],
    [1, '10.0.0.2', 'Y Y - Y Y - -'],
    [1, '10.9.0.2', 'Y Y - Y Y - -'],
    [1, '0.0.0.0', 'Y Y - Y Y - -'],
    [2, '10.0.0.2', 'Y Y - - - - -'],
    [2, '10.2.0.2', '- - - Y - - -'],
    [2, '10.3.0.2', '- - - - Y - -'],
    [2, '10.9.0.2', '- - - - - - -'],
    [2, '0.0.0.0', 'Y Y - Y Y - -'],
    [3, '10.0.0.2', 'Y Y Y Y - Y -'],
    [3, '10.9.0.2', 'Y Y Y Y - Y -'],
    [3, '0.0.0.0', 'Y Y Y Y - Y -'],
    [4, '10.9.0.2', 'Y Y Y Y Y Y Y'],
    [5, '10.9.0.2', 'Y Y Y Y Y Y Y'],
    [6, '10.9.0.2', 'Y Y Y Y Y Y Y'],
    [7, '10.9.0.2', 'Y Y Y Y Y Y Y'],
    [8, '10.0.0.2', '- - - - - - -'],
    [8, '0.0.0.0', '- - - - - - -'],
    [9, '10.9.0.2', 'Y Y Y Y Y Y Y'],
  ])('%i: to %s says %s [ARP-20]', (value, sip, expected) => {
    t.h.set({ 'eth0.arp_ignore': value });
    expect(answers(sip)).toBe(expected);
  });

  it('3: with route_localnet the interface shows its addresses of scope host, the loopback device not [ARP-20]', () => {
    t.h.set({ 'eth0.arp_ignore': 3, 'eth0.route_localnet': 1 });
    expect(answers('10.0.0.2')).toBe('Y Y Y Y Y Y -');
  });

  it.each([
    [1, 0, 'Y Y - Y Y - -'],
    [0, 1, 'Y Y - Y Y - -'],
    [2, 1, '- - - - - - -'],
    [1, 2, '- - - - - - -'],
    [1, 8, '- - - - - - -'],
    [8, 1, '- - - - - - -'],
    [8, 9, 'Y Y Y Y Y Y Y'],
  ])('all %i and the interface %i: the greater counts [ARP-11]', (all, own, expected) => {
    t.h.set({ 'all.arp_ignore': all, 'eth0.arp_ignore': own });
    expect(answers('10.9.0.2')).toBe(expected);
  });
});

describe('arp_filter', () => {
  const ask = (sip: string, tip = '10.0.0.1'): boolean => {
    t.h.flush();
    return t.h.arp(dev, { sip, tip }).length > 0;
  };

  it.each([
    { all: 0, own: 1 },
    { all: 1, own: 0 },
  ])('answers by the interface that leads back only, and counts the others (all $all, interface $own) [ARP-21]', ({ all, own }) => {
    const { h } = t;
    const eth1 = h.net.devGetByName('eth1') as NetDevice;
    h.route('10.6.0.0/16', eth1);
    expect([ask('10.0.0.2'), ask('10.6.0.2'), ask('10.1.0.2', '10.1.0.1'), ask('99.0.0.1')]).toEqual([true, true, true, true]);
    h.set({ 'all.arp_filter': all, 'eth0.arp_filter': own });
    expect(ask('10.0.0.2')).toBe(true);
    expect(h.netstat('ArpFilter')).toBe(0);
    expect([ask('10.6.0.2'), ask('10.1.0.2', '10.1.0.1')]).toEqual([false, false]);
    expect(h.netstat('ArpFilter')).toBe(2);
    // Nor anybody to whom there is no way; that is not counted.
    expect(ask('99.0.0.1')).toBe(false);
    expect(h.netstat('ArpFilter')).toBe(2);
    expect(h.neigh()).toEqual([]);
  });
});
