/** What devices and addresses that come, change and go mean to ARP. The outcomes are those of Linux 6.18. */
import { neighProxy } from '@skbuff/neighbour';
import {
  callNetdeviceNotifiers,
  devChangeFlags,
  devClose,
  devOpen,
  devSetMacAddress,
  devSetMtu,
  NETDEV_NOTIFY_PEERS,
  netifCarrierOff,
  netifCarrierOn,
  type NetDevice,
  unregisterNetdevice,
  dstCheck,
} from '@skbuff/core';
import { Flowi4, inDevGet, type Rtable } from '@skbuff/ipv4';
import { sysctlOf } from '@skbuff/sysctl';
import { IFF_NOARP, NUD_PERMANENT, NUD_STALE } from '@skbuff/uapi';
import { inetPton4 } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { mac } from './frames.ts';
import { SEC, useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;

beforeEach(() => {
  dev = t.h.eth('eth0', '01', '10.0.0.1/24', '192.168.5.1/24', '10.0.0.7/24');
});

/** What is sent when `change` happens, and shortly after. */
function when(change: () => void): string[] {
  t.h.take();
  change();
  t.h.clock.advance(3 * SEC);
  return t.h.take();
}

const again = (): void => {
  devClose(dev);
  expect(devOpen(dev)).toBe(0);
};
const readdress = (last: string): void => expect(devSetMacAddress(dev, mac(last))).toBe(0);
const setFlags = (flags: number): void => expect(devChangeFlags(dev, flags)).toBeGreaterThanOrEqual(0);
const announced = (last: string): string[] =>
  ['10.0.0.1', '192.168.5.1', '10.0.0.7'].map((addr) => `eth0 ${last} > *: who-has ${addr} (-) tell ${addr} (${last})`);

describe('arp_notify', () => {
  it('off: nothing is announced [ARP-26]', () => {
    expect(when(again)).toEqual([]);
    expect(when(() => readdress('03'))).toEqual([]);
  });

  it('on: announces every address when the interface comes up or has another hardware address [ARP-26]', () => {
    t.h.set({ 'eth0.arp_notify': 1 });
    expect(when(again)).toEqual(announced('01'));
    expect(when(() => readdress('03'))).toEqual(announced('03'));
    // An address that is added is not announced, nor one of an interface that is down or does without ARP.
    expect(when(() => t.h.unaddr(t.h.addr(dev, '10.0.0.9/24')))).toEqual([]);
    setFlags(dev.flags | IFF_NOARP);
    expect(when(again)).toEqual([]);
    setFlags(dev.flags & ~IFF_NOARP);
    devClose(dev);
    expect(when(() => readdress('01'))).toEqual([]);
  });

  it('takes the greater of all and the interface [ARP-11]', () => {
    t.h.set({ 'all.arp_notify': 1 });
    expect(when(again)).toEqual(announced('01'));
    t.h.set({ 'all.arp_notify': 0, 'eth0.arp_notify': 1 });
    expect(when(again)).toEqual(announced('01'));
  });

  it('does not matter when the device itself asks that its peers be told [ARP-26]', () => {
    expect(when(() => void callNetdeviceNotifiers(NETDEV_NOTIFY_PEERS, dev))).toEqual(announced('01'));
  });
});

describe('the neighbours of a device', () => {
  beforeEach(() => {
    t.h.arp(dev);
    t.h.known(dev, '10.0.0.50', '50', NUD_PERMANENT);
    expect(typeof neighProxy(t.h.tbl).create(t.h.net, dev, inetPton4('10.1.0.88'))).toBe('object');
    t.h.listen();
  });
  const BOTH = ['10.0.0.2 eth0 02 STALE', '10.0.0.50 eth0 50 PERMANENT'];
  const GONE = ['DEL 10.0.0.50 PERMANENT 50', 'DEL 10.0.0.2 STALE 02'];
  const proxied = (): number => neighProxy(t.h.tbl).entries.length;

  it('are forgotten, the fixed ones too, when it has another address; proxied addresses stay [ARP-24]', () => {
    expect(t.h.neigh()).toEqual(BOTH);
    readdress('03');
    expect([t.h.neigh(), t.h.events(), proxied()]).toEqual([[], GONE, 1]);
    expect(t.h.send('10.0.0.2')).toEqual(['eth0 03 > *: who-has 10.0.0.2 (-) tell 10.0.0.1 (03)']);
  });

  it('are not to be reached by routes that were decided before [ARP-24]', () => {
    const { ip } = t.h;
    const rt = ip.routing?.routeOutput(t.h.net, new Flowi4().init(0, 0, 0, 0, 17, 0, inetPton4('10.0.0.2'), 0, 0, 0), null) as Rtable;
    expect(dstCheck(rt)).toBe(true);
    readdress('03');
    expect(dstCheck(rt)).toBe(false);
    rt.release();
  });

  it('are forgotten when it begins or ceases to do without ARP [ARP-14] [ARP-24]', () => {
    setFlags(dev.flags | IFF_NOARP);
    expect([t.h.neigh(), t.h.events(), proxied()]).toEqual([[], GONE, 1]);
    expect(t.h.arp(dev)).toEqual([]);
    expect(t.h.send('10.0.0.2')).toEqual(['eth0 01 > 01: ip 10.0.0.1 > 10.0.0.2']);
    expect(t.h.neigh()).toEqual(['10.0.0.2 eth0 01 NOARP']);
    t.h.events();
    setFlags(dev.flags & ~IFF_NOARP);
    expect([t.h.neigh(), t.h.events()]).toEqual([[], ['DEL 10.0.0.2 NOARP 01']]);
    expect(t.h.send('10.0.0.2')).toEqual(['eth0 01 > *: who-has 10.0.0.2 (-) tell 10.0.0.1 (01)']);
  });

  it('are forgotten when it goes down, proxied addresses too [ARP-24]', () => {
    devClose(dev);
    expect([t.h.neigh(), t.h.events(), proxied()]).toEqual([[], GONE, 0]);
  });

  it('but for the fixed ones are forgotten when the carrier is lost, unless arp_evict_nocarrier is off [ARP-24]', () => {
    const lose = (): void => {
      netifCarrierOff(dev);
      t.h.clock.advance(2 * SEC);
    };
    const find = (): void => {
      netifCarrierOn(dev);
      t.h.clock.advance(2 * SEC);
      t.h.known(dev, '10.0.0.2', '02', NUD_STALE);
    };
    lose();
    expect([t.h.neigh(), t.h.events()]).toEqual([[BOTH[1]], [GONE[1]]]);
    for (const name of ['eth0', 'all']) {
      find();
      t.h.set({ 'eth0.arp_evict_nocarrier': 1, 'all.arp_evict_nocarrier': 1, [`${name}.arp_evict_nocarrier`]: 0 });
      lose();
      expect(t.h.neigh()).toEqual(BOTH);
    }
  });

  it('are forgotten with its last address, not before [ARP-24]', () => {
    const [first, second, third] = inDevGet(dev)?.ifaList ?? [];
    for (const ifa of [third, first]) {
      if (ifa !== undefined) t.h.unaddr(ifa);
      expect(t.h.neigh()).toEqual(BOTH);
    }
    if (second !== undefined) t.h.unaddr(second);
    expect([t.h.neigh(), t.h.events()]).toEqual([[], GONE]);
  });
});

describe('the settings of a device', () => {
  const files = (): readonly string[] => sysctlOf(t.h.net).list('net/ipv4/neigh/eth9');

  it('are there as long as it has IPv4, which a small MTU ends [ARP-01]', () => {
    const { h } = t;
    const odd = h.device('eth9', '29', (d) => (d.minMtu = 0));
    expect(files().length).toBe(17);
    h.set({ 'neigh.eth9.locktime': 77 });
    expect(devSetMtu(odd, 60)).toBe(0);
    expect(files()).toEqual([]);
    expect(devSetMtu(odd, 1500)).toBe(0);
    expect(files().length).toBe(17);
    expect(sysctlOf(h.net).read('net/ipv4/neigh/eth9/locktime')).toBe('100\n');
    unregisterNetdevice(odd);
    expect(files()).toEqual([]);
  });
});
