/** Addresses that this host answers for on behalf of others, and those that several hosts have. */
import { devClose, dropReasonName, type NetDevice } from '@skbuff/core';
import { LOCALLY_ENQUEUED, NEIGH_CB_FLAGS, type NeighTable, neighProxy } from '@skbuff/neighbour';
import { NTF_ROUTER, NUD_STALE, PACKET_BROADCAST } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { addr6, na, ns, O, sll, tll } from './frames.ts';
import { MS, SEC, useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;
let tbl: NeighTable;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
  tbl = t.h.tbl;
  t.h.idev(eth0).cnf.forwarding = 1;
  t.h.idev(eth0).cnf.proxyNdp = 1;
});

function proxy(addr: string, dev: NetDevice | null = eth0, flags = 0): number {
  const { w0, w1, w2, w3 } = addr6(addr);
  const entry = neighProxy(tbl).create(t.h.net, dev, w0, w1, w2, w3);
  if (typeof entry === 'number') return entry;
  entry.flags = flags;
  return 0;
}

const GROUP = 'ff02::1:ff00:88';
const everybody = ns('2001:db8::2', GROUP, '2001:db8::88', sll('02'));
const usAlone = ns('2001:db8::2', GROUP, '2001:db8::88', sll('02'), { to: '01' });
const ANSWER = 'eth0 01 > 02 2001:db8::1 > 2001:db8::2 NA 2001:db8::88 S tll 01';

describe('a proxied address', () => {
  it('is asked for in its group, which the host joins and leaves [NDISC-22]', () => {
    const { h } = t;
    const { w0, w1, w2, w3 } = addr6('2001:db8::88');
    expect([proxy('2001:db8::88'), h.told()]).toEqual([0, [`join ${GROUP} eth0`]]);
    expect(h.nd.isProxied(h.net, addr6('2001:db8::88'), eth0)).toBe(true);
    expect([neighProxy(tbl).delete(h.net, eth0, w0, w1, w2, w3), h.told()]).toEqual([0, [`leave ${GROUP} eth0`]]);
    expect(h.nd.isProxied(h.net, addr6('2001:db8::88'), eth0)).toBe(false);
  });

  it('needs a device, one with IPv6 [NDISC-22]', () => {
    expect([proxy('2001:db8::88', null), proxy('2001:db8::88', t.h.net.loopbackDev)]).toEqual([-105, -105]);
  });

  it('is answered for where the interface forwards and proxies [NDISC-14]', () => {
    const { h } = t;
    const { cnf } = h.idev(eth0);
    proxy('2001:db8::88');
    h.set('eth0.proxy_delay', 0);
    expect([h.receive(eth0, everybody), h.neigh()]).toEqual([[ANSWER], ['2001:db8::2 eth0 02 DELAY']]);
    cnf.proxyNdp = 0;
    expect([h.receive(eth0, everybody), dropReasonName(h.reason)]).toEqual([[], 'IPV6_NDISC_NS_OTHERHOST']);
    h.state.devconfAll.proxyNdp = 1;
    expect(h.receive(eth0, everybody).length).toBe(1);
    cnf.forwarding = 0;
    expect(h.receive(eth0, everybody)).toEqual([]);
  });

  it('is a router or not as its entry says, whatever this host is [NDISC-14]', () => {
    const { h } = t;
    h.set('eth0.proxy_delay', 0);
    proxy('2001:db8::89', eth0, NTF_ROUTER);
    expect(h.receive(eth0, ns('2001:db8::2', 'ff02::1:ff00:89', '2001:db8::89', sll('02')))).toEqual(['eth0 01 > 02 2001:db8::1 > 2001:db8::2 NA 2001:db8::89 RS tll 01']);
  });

  it('is defended against who wants it, but does not replace him [NDISC-14] [NDISC-15]', () => {
    const { h } = t;
    h.set('eth0.proxy_delay', 0);
    proxy('2001:db8::88');
    expect(h.receive(eth0, ns('::', GROUP, '2001:db8::88'))).toEqual(['eth0 01 > 33:33:00:00:00:01 fe80::1 > ff02::1 NA 2001:db8::88 - tll 01']);
  });

  it('is not learned of what we said ourselves [NDISC-20]', () => {
    const { h } = t;
    h.state.devconfAll.proxyNdp = 1;
    h.state.devconfAll.forwarding = 1;
    proxy('2001:db8::88');
    h.known(eth0, '2001:db8::88', '08', NUD_STALE);
    h.receive(eth0, na('2001:db8::1', 'ff02::1', '2001:db8::88', O, tll('01')));
    expect(h.neigh()).toEqual(['2001:db8::88 eth0 08 STALE']);
    h.receive(eth0, na('2001:db8::1', 'ff02::1', '2001:db8::88', O, tll('07')));
    expect(h.neigh()).toEqual(['2001:db8::88 eth0 07 STALE']);
  });
});

describe('the delay', () => {
  beforeEach(() => {
    proxy('2001:db8::88');
  });

  it('is random and below proxy_delay for what everybody was asked [NDISC-14]', () => {
    const { h } = t;
    const delays = new Set<number>();
    for (let i = 0; i < 20; i++) {
      h.flush();
      expect(h.receive(eth0, everybody).length).toBeLessThan(2);
      let waited = 0;
      for (; waited < 800 && !h.sent.includes(ANSWER); waited += 10) h.clock.advance(10 * MS);
      expect(h.take().filter((line) => line === ANSWER).length + h.during(SEC).filter((line) => line === ANSWER).length).toBe(1);
      delays.add(waited);
    }
    expect(delays.size).toBeGreaterThan(5);
    expect(Math.max(...delays)).toBeLessThanOrEqual(800);
  });

  it('is not for those who ask this host alone [NDISC-14]', () => {
    expect(t.h.receive(eth0, usAlone)).toEqual([ANSWER]);
    t.h.flush();
    expect(t.h.receive(eth0, ns('2001:db8::2', '2001:db8::1', '2001:db8::88', sll('02')))).toEqual(['eth0 01 > 02 2001:db8::1 > 2001:db8::2 NA 2001:db8::88 S']);
  });

  it('is not for those who ask for one host, even by a link-layer broadcast [NDISC-14]', () => {
    const toOne = ns('2001:db8::2', '2001:db8::1', '2001:db8::88', sll('02'));
    expect(t.h.receive(eth0, toOne, (skb) => void (skb.pktType = PACKET_BROADCAST)).length).toBe(1);
  });

  it('is for every question that has not waited, whatever the layer below has noted [NDISC-14]', () => {
    const { h } = t;
    expect(h.receive(eth0, everybody, (skb) => void (skb.cb[NEIGH_CB_FLAGS] = LOCALLY_ENQUEUED))).toEqual([]);
    expect(h.during(SEC)).toEqual([ANSWER]);
  });

  it('ends without an answer when the interface goes down [NDISC-14]', () => {
    const { h } = t;
    h.receive(eth0, everybody);
    devClose(eth0);
    expect(h.during(SEC)).toEqual([]);
  });
});

it('answers for an anycast address after a delay, and replaces nobody [NDISC-14]', () => {
  const { h } = t;
  const idev = h.idev(eth0);
  idev.acList.push({ addr: addr6('2001:db8::'), idev, rt: null, users: 1, cstamp: 0, tstamp: 0 });
  const question = ns('2001:db8::2', 'ff02::1:ff00:0', '2001:db8::', sll('02'));
  expect(h.receive(eth0, question)).toEqual([]);
  expect(h.during(SEC)).toEqual(['eth0 01 > 02 2001:db8::1 > 2001:db8::2 NA 2001:db8:: RS tll 01']);
  idev.cnf.forwarding = 0;
  h.set('eth0.proxy_delay', 0);
  expect(h.receive(eth0, question)).toEqual(['eth0 01 > 02 2001:db8::1 > 2001:db8::2 NA 2001:db8:: S tll 01']);
});
