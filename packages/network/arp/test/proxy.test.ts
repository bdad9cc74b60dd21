/** Answering for others: proxy_arp, proxy_arp_pvlan, medium_id and single addresses. The outcomes are those of Linux 6.18. */
import { neighProxy } from '@skbuff/neighbour';
import { devClose, devOpen, type NetDevice } from '@skbuff/core';
import { inetPton4 } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ArpFields, arpFrame } from './frames.ts';
import { MS, SEC, useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;
let eth1: NetDevice;

/** eth0 10.0.0.1 and eth1 10.1.0.1, with 10.6.0.0/16 behind eth1; answers without delay. */
beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', '10.0.0.1/24');
  eth1 = t.h.eth('eth1', '11', '10.1.0.1/24');
  t.h.route('10.6.0.0/16', eth1);
  t.h.set({ 'neigh.eth0.proxy_delay': 0, 'eth0.forwarding': 1 });
});

const BEHIND = '10.1.0.5';
const answer = (addr: string, to = '10.0.0.2'): string => `eth0 01 > 02: reply ${addr} is-at 01 to ${to} (02)`;

/** Whether the request is answered, for that address; who is answered is learned, who is not is not. */
function asks(tip: string, more: ArpFields = {}): boolean {
  t.h.flush();
  const out = t.h.arp(eth0, { tip, ...more });
  expect(out).toEqual(out.length === 0 ? [] : [answer(tip, more.sip)]);
  expect(t.h.neigh()).toEqual(out.length === 0 ? [] : [`${more.sip ?? '10.0.0.2'} eth0 02 STALE`]);
  return out.length > 0;
}

describe('proxy_arp', () => {
  it('answers for what another interface leads to, if the interface forwards [ARP-22]', () => {
    expect(asks(BEHIND)).toBe(false);
    t.h.set({ 'eth0.proxy_arp': 1 });
    expect(asks(BEHIND)).toBe(true);
    expect(asks('10.6.7.8')).toBe(true);
    expect(asks(BEHIND, { sip: '10.9.0.2' })).toBe(true);
    t.h.set({ 'eth0.forwarding': 0 });
    expect(asks(BEHIND)).toBe(false);
  });

  it.each([
    ['what lies on the same interface', '10.0.0.5', {}],
    ['what no route leads to', '99.0.0.1', {}],
    ['a broadcast address', '10.1.0.255', {}],
    ['who has no address yet', BEHIND, { sip: '0.0.0.0' }],
  ])('does not answer for %s [ARP-22]', (_what, tip, more) => {
    t.h.set({ 'eth0.proxy_arp': 1 });
    expect(asks(tip, more)).toBe(false);
  });

  it('is on if it is on for all or for the interface [ARP-28]', () => {
    t.h.set({ 'all.proxy_arp': 1 });
    expect(asks(BEHIND)).toBe(true);
    t.h.set({ 'all.proxy_arp': 0, 'eth1.proxy_arp': 1 });
    expect(asks(BEHIND)).toBe(false);
  });

  it.each([
    [0, 0, true],
    [0, 5, true],
    [0, -1, true],
    [-1, 5, false],
    [-1, -1, false],
    [5, 0, true],
    [5, 6, true],
    [5, 5, false],
    [5, -1, false],
  ])('from medium %i to medium %i: %s [ARP-22]', (here, there, expected) => {
    t.h.set({ 'eth0.proxy_arp': 1, 'eth0.medium_id': here, 'eth1.medium_id': there });
    expect(asks(BEHIND)).toBe(expected);
  });
});

describe('proxy_arp_pvlan', () => {
  it('answers for stations of the same link, if the interface forwards [ARP-22]', () => {
    expect(asks('10.0.0.5')).toBe(false);
    t.h.set({ 'eth0.proxy_arp_pvlan': 1 });
    expect(asks('10.0.0.5')).toBe(true);
    expect(asks(BEHIND)).toBe(false);
    expect(asks('10.0.0.5', { sip: '10.0.0.5' })).toBe(false);
    t.h.set({ 'eth0.forwarding': 0 });
    expect(asks('10.0.0.5')).toBe(false);
  });

  it('is a setting of the interface [ARP-28]', () => {
    t.h.set({ 'eth1.proxy_arp_pvlan': 1 });
    expect(asks('10.0.0.5')).toBe(false);
  });
});

describe('a proxied address', () => {
  const proxy = (addr: string, dev: NetDevice | null): void => {
    expect(typeof neighProxy(t.h.tbl).create(t.h.net, dev, inetPton4(addr))).toBe('object');
  };

  it('is answered for on its interface, if another one leads to it [ARP-22]', () => {
    proxy(BEHIND, eth0);
    proxy('10.0.0.77', eth0);
    proxy('10.1.0.79', eth1);
    expect([asks(BEHIND), asks('10.1.0.6'), asks('10.0.0.77'), asks('10.1.0.79')]).toEqual([true, false, false, false]);
    t.h.set({ 'eth0.forwarding': 0 });
    expect(asks(BEHIND)).toBe(false);
  });

  it('is not answered for to who announces it on the same link, whatever proxy_arp_pvlan says [ARP-22]', () => {
    proxy('10.0.0.77', eth0);
    t.h.set({ 'eth0.proxy_arp_pvlan': 1 });
    expect(asks('10.0.0.77')).toBe(true);
    expect(asks('10.0.0.77', { sip: '10.0.0.77' })).toBe(false);
  });

  it('is answered for everywhere if it was given for no interface [ARP-22]', () => {
    proxy(BEHIND, null);
    expect(asks(BEHIND)).toBe(true);
  });
});

describe('the delay', () => {
  beforeEach(() => {
    t.h.set({ 'neigh.eth0.proxy_delay': 80, 'eth0.proxy_arp': 1 });
  });

  it('is random and below proxy_delay for what everybody was asked; the sender is learned at once [ARP-22]', () => {
    const { h } = t;
    const delays = new Set<number>();
    for (let i = 0; i < 20; i++) {
      h.flush();
      expect(h.arp(eth0, { tip: BEHIND }).length).toBeLessThan(2);
      expect(h.neigh()).toEqual(['10.0.0.2 eth0 02 STALE']);
      let waited = 0;
      for (; waited < 800 && !h.sent.includes(answer(BEHIND)); waited += 10) h.clock.advance(10 * MS);
      expect(h.take().length + h.during(2 * SEC).length).toBe(1);
      delays.add(waited);
    }
    expect(delays.size).toBeGreaterThan(5);
    expect(Math.max(...delays)).toBeLessThanOrEqual(800);
  });

  it('is not for those who ask this host alone [ARP-22]', () => {
    expect(t.h.arp(eth0, { tip: BEHIND, to: '01' })).toEqual([answer(BEHIND)]);
  });

  it('holds proxy_qlen requests and one, the rest are lost [ARP-22]', () => {
    const { h } = t;
    h.set({ 'neigh.eth0.proxy_qlen': 2 });
    for (let i = 0; i < 8; i++) h.receive(eth0, frameOf(i));
    expect(h.drops()).toEqual({ NOT_SPECIFIED: 5 });
    expect(h.during(1 * SEC).length).toBe(3);
  });

  it('ends without an answer when the interface goes down [ARP-22]', () => {
    const { h } = t;
    h.arp(eth0, { tip: BEHIND });
    devClose(eth0);
    expect(h.during(1 * SEC)).toEqual([]);
    expect(h.drops()).toEqual({ NOT_SPECIFIED: 1 });
    expect(devOpen(eth0)).toBe(0);
    expect(h.during(1 * SEC)).toEqual([]);
  });
});

function frameOf(i: number): Uint8Array {
  return arpFrame({ sip: `10.0.0.${20 + i}`, tip: BEHIND });
}
