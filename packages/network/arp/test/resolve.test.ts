/** Asking for a neighbour, and sending to it. */
import { devOpen, type NetDevice } from '@skbuff/core';
import { ethHeader, ethHeaderOps } from '@skbuff/ethernet';
import { ARPHRD_IPGRE, ARPHRD_NONE, IFF_NOARP, IFF_POINTOPOINT, NUD_STALE } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { MS, SEC, useHost } from './support.ts';

const t = useHost();
const WHO_HAS = 'eth0 01 > *: who-has 10.0.0.2 (-) tell 10.0.0.1 (01)';
const ANSWER = { op: 2, tha: '01', to: '01' };

describe('resolution', () => {
  it('asks with the 28 bytes of RFC 826 [ARP-02]', () => {
    t.h.eth('eth0', '01', '10.0.0.1/24');
    t.h.send('10.0.0.2');
    const hex = [...(t.h.frames[0] as Uint8Array)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(hex).toBe(
      'ffffffffffff' + '020000000001' + '0806' + '0001' + '0800' + '06' + '04' + '0001' + '020000000001' + '0a000001' + '000000000000' + '0a000002',
    );
  });

  it('asks once for the first packet, keeps the others, and sends them in order when the answer comes [ARP-06] [ARP-07] [NEIGH-21]', () => {
    const { h } = t;
    const dev = h.eth('eth0', '01', '10.0.0.1/24');
    expect(h.send('10.0.0.2')).toEqual([WHO_HAS]);
    expect(h.neigh()).toEqual(['10.0.0.2 eth0 INCOMPLETE']);
    expect(h.send('10.0.0.2', '10.0.0.9')).toEqual([]);
    expect(h.arp(dev, ANSWER)).toEqual(['eth0 01 > 02: ip 10.0.0.1 > 10.0.0.2', 'eth0 01 > 02: ip 10.0.0.9 > 10.0.0.2']);
    expect(h.neigh()).toEqual(['10.0.0.2 eth0 02 REACHABLE']);
    expect(h.send('10.0.0.2')).toEqual(['eth0 01 > 02: ip 10.0.0.1 > 10.0.0.2']);
  });

  it('asks for the gateway of a route, for the destination where there is none [ARP-06]', () => {
    const { h } = t;
    h.eth('eth0', '01', '10.0.0.1/24');
    h.route('10.5.0.0/16', h.net.devGetByName('eth0') as NetDevice);
    h.route('10.6.0.0/16', h.net.devGetByName('eth0') as NetDevice, { gw: 0x0a000009 });
    expect(h.send('10.5.0.1')).toEqual(['eth0 01 > *: who-has 10.5.0.1 (-) tell 10.0.0.1 (01)']);
    expect(h.send('10.6.0.1')).toEqual(['eth0 01 > *: who-has 10.0.0.9 (-) tell 10.0.0.1 (01)']);
    expect(h.send('10.6.0.2')).toEqual([]);
  });

  it('asks three times, a second apart, then fails and reports [NEIGH-15] [NEIGH-16] [NEIGH-17]', () => {
    const { h } = t;
    h.eth('eth0', '01', '10.0.0.1/24');
    expect(h.send('10.0.0.2')).toEqual([WHO_HAS]);
    expect(h.during(999 * MS)).toEqual([]);
    expect(h.during(1 * MS)).toEqual([WHO_HAS]);
    expect(h.during(1 * SEC)).toEqual([WHO_HAS]);
    expect(h.neigh()).toEqual(['10.0.0.2 eth0 INCOMPLETE']);
    expect(h.icmp).toEqual([]);
    expect(h.during(1 * SEC)).toEqual([]);
    expect(h.neigh()).toEqual(['10.0.0.2 eth0 FAILED']);
    expect(h.icmp).toEqual([[3, 1]]);
    expect(h.drops()).toEqual({ NEIGH_FAILED: 1 });
  });

  it('asks who was known by unicast, and with mcast_resolicit then everybody [ARP-07]', () => {
    const { h } = t;
    const dev = h.eth('eth0', '01', '10.0.0.1/24');
    h.set({ 'neigh.eth0.mcast_resolicit': 2 });
    h.known(dev, '10.0.0.2', '02', NUD_STALE);
    h.listen();
    expect(h.send('10.0.0.2')).toEqual(['eth0 01 > 02: ip 10.0.0.1 > 10.0.0.2']);
    const unicast = 'eth0 01 > 02: who-has 10.0.0.2 (-) tell 10.0.0.1 (01)';
    expect(h.during(20 * SEC)).toEqual([unicast, unicast, unicast, WHO_HAS, WHO_HAS]);
    expect(h.events()).toEqual(['NEW 10.0.0.2 PROBE 02', 'NEW 10.0.0.2 FAILED']);
  });

  it('lets a daemon ask first, app_solicit times, by netlink [ARP-07]', () => {
    const { h } = t;
    h.eth('eth0', '01', '10.0.0.1/24');
    h.set({ 'neigh.eth0.app_solicit': 2, 'neigh.eth0.mcast_solicit': 1 });
    h.listen();
    expect(h.send('10.0.0.2')).toEqual([]);
    expect(h.events()).toEqual(['GET 10.0.0.2 INCOMPLETE']);
    expect(h.during(1 * SEC)).toEqual([]);
    expect(h.events()).toEqual(['GET 10.0.0.2 INCOMPLETE']);
    expect(h.during(1 * SEC)).toEqual([WHO_HAS]);
    expect(h.during(1 * SEC)).toEqual([]);
    expect(h.events()).toEqual(['NEW 10.0.0.2 FAILED']);
  });
});

describe('addresses that need no question', () => {
  it.each([
    ['224.0.0.1', '01:00:5e:00:00:01'],
    ['239.255.255.250', '01:00:5e:7f:ff:fa'],
    ['225.128.1.2', '01:00:5e:00:01:02'],
  ])('sends to the group %s at %s [ARP-04]', (group, ha) => {
    const { h } = t;
    h.eth('eth0', '01', '10.0.0.1/24');
    expect(h.send(group, '10.0.0.1', h.net.devGetByName('eth0')?.ifindex)).toEqual([`eth0 01 > ${ha}: ip 10.0.0.1 > ${group}`]);
    expect(h.neigh()).toEqual([`${group} eth0 ${ha} NOARP`]);
  });

  it('sends to groups by broadcast on links without group addresses [ARP-04]', () => {
    const { h } = t;
    const dev = h.device('odd0', '01', (d) => (d.type = ARPHRD_IPGRE));
    expect(devOpen(dev)).toBe(0);
    h.addr(dev, '10.0.0.1/24');
    expect(h.send('224.1.2.3', '10.0.0.1', dev.ifindex)).toEqual(['odd0 01 > *: ip 10.0.0.1 > 224.1.2.3']);
  });

  it.each(['10.0.0.255', '255.255.255.255'])('sends to %s by broadcast [ARP-05]', (addr) => {
    const { h } = t;
    h.eth('eth0', '01', '10.0.0.1/24');
    expect(h.send(addr, '10.0.0.1', h.net.devGetByName('eth0')?.ifindex)).toEqual([`eth0 01 > *: ip 10.0.0.1 > ${addr}`]);
    expect(h.neigh()).toEqual([`${addr} eth0 * NOARP`]);
  });

  it('takes the other end of a point-to-point link to be everybody, one entry for all addresses [ARP-05]', () => {
    const { h } = t;
    const dev = h.device('p0', '01', (d) => (d.flags |= IFF_POINTOPOINT));
    expect(devOpen(dev)).toBe(0);
    h.addr(dev, '10.0.0.1/24');
    expect([...h.send('10.0.0.2'), ...h.send('10.0.0.3')]).toEqual(['p0 01 > *: ip 10.0.0.1 > 10.0.0.2', 'p0 01 > *: ip 10.0.0.1 > 10.0.0.3']);
    expect(h.neigh()).toEqual(['0.0.0.0 p0 * NOARP']);
  });

  it('uses the own address for everybody on a device with IFF_NOARP [ARP-14]', () => {
    const { h } = t;
    const dev = h.device('n0', '01', (d) => (d.flags |= IFF_NOARP));
    expect(devOpen(dev)).toBe(0);
    h.addr(dev, '10.0.0.1/24');
    expect(h.send('10.0.0.2')).toEqual(['n0 01 > 01: ip 10.0.0.1 > 10.0.0.2']);
    expect(h.neigh()).toEqual(['10.0.0.2 n0 01 NOARP']);
  });
});

describe('the way out, by kind of device', () => {
  it('hands packets as they are to a device without link-layer headers [ARP-03]', () => {
    const { h } = t;
    const dev = h.device('tun0', '01', (d) => {
      d.headerOps = null;
      d.hardHeaderLen = 0;
      d.addrLen = 0;
      d.type = ARPHRD_NONE;
    });
    expect(devOpen(dev)).toBe(0);
    h.addr(dev, '10.0.0.1/24');
    h.send('10.0.0.2');
    expect(h.frames.map((frame) => [frame[0], frame.length])).toEqual([[0x45, 28]]);
    expect([...h.tbl.all()].filter((n) => n.dev === dev).map((n) => n.nudState)).toEqual([0x40]);
  });

  it.each([
    ['makes the header of every packet anew where it cannot be cached', false, 3],
    ['makes it once where it can, and again when the address changes', true, 2],
  ])('%s [ARP-03]', (_what, cached, made) => {
    const { h } = t;
    let count = 0;
    const dev = h.device('eth0', '01', (d) => {
      d.headerOps = {
        ...ethHeaderOps,
        create(skb, device, type, daddr, saddr, len) {
          if (type === 0x0800) count++;
          return ethHeader(skb, device, type, daddr, saddr, len);
        },
        ...(cached ? {} : { cache: null, cacheUpdate: null }),
      };
    });
    expect(devOpen(dev)).toBe(0);
    h.addr(dev, '10.0.0.1/24');
    h.send('10.0.0.2');
    h.arp(dev, ANSWER);
    expect([...h.send('10.0.0.2'), ...h.send('10.0.0.2')].map((text) => text.slice(0, 12))).toEqual(['eth0 01 > 02', 'eth0 01 > 02']);
    expect(count).toBe(cached ? 1 : 3);
    // Another station has the address now: its header, too, is made once or each time.
    h.during(2 * SEC);
    h.arp(dev, { ...ANSWER, sha: '22' });
    count = 0;
    expect([...h.send('10.0.0.2'), ...h.send('10.0.0.2'), ...h.send('10.0.0.2')].map((text) => text.slice(0, 12))).toEqual(['eth0 01 > 22', 'eth0 01 > 22', 'eth0 01 > 22']);
    expect(count).toBe(cached ? 0 : made);
  });

  it('puts the settings of the interface behind its entries [ARP-03]', () => {
    const { h } = t;
    h.eth('eth0', '01', '10.0.0.1/24');
    h.eth('eth1', '11', '10.1.0.1/24');
    h.set({ 'neigh.eth0.retrans_time_ms': 200 });
    h.send('10.0.0.2');
    h.send('10.1.0.2', '10.1.0.1');
    expect(h.during(400 * MS)).toEqual([WHO_HAS, WHO_HAS]);
    expect(h.during(600 * MS)).toEqual(['eth1 11 > *: who-has 10.1.0.2 (-) tell 10.1.0.1 (11)']);
  });
});
