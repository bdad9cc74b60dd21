/** Addresses and devices make routes. The notifications, in their order, are those of a Linux 6.18 for the same steps. */
import { devClose, devOpen, dstCheck, type NetDevice, netifCarrierOff, netifCarrierOn, unregisterNetdevice } from '@skbuff/core';
import type { Rtable } from '@skbuff/ipv4';
import { inetNtoa } from '@skbuff/wire';
import { type NetlinkPort, RtMsg, nlaFind, nlaGetBe32, nlaGetU32, nlmsgAll } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { fibDevNexthops, fibTablesInOrder } from '../src/index.ts';
import { ip4, useHost } from './support.ts';

const t = useHost();
let v0: NetDevice;
let listener: NetlinkPort;

beforeEach(() => {
  t.h.loUp();
  v0 = t.h.eth('v0', '10.0.0.1/24');
  listener = t.h.port({ groups: U.RTMGRP_IPV4_ROUTE });
});

const TYPES = ['', 'unicast', 'local', 'broadcast'];

/** Route notifications in a few words: `+local 10.0.0.1/32 src 10.0.0.1`. */
function told(): string[] {
  const out: string[] = [];
  for (let dgram = listener.recvmsg(); typeof dgram !== 'number'; dgram = listener.recvmsg()) {
    for (const nlh of nlmsgAll(dgram.data)) {
      const rtm = new RtMsg().read(nlh.buf, nlh.data);
      const attr = (type: number): number => nlaFind(nlh.buf, nlh.attrData(RtMsg.LEN), nlh.attrLen(RtMsg.LEN), type);
      const addr = (type: number): string => (attr(type) < 0 ? '' : inetNtoa(nlaGetBe32(nlh.buf, attr(type))));
      const metric = attr(U.RTA_PRIORITY) < 0 ? '' : ` metric ${nlaGetU32(nlh.buf, attr(U.RTA_PRIORITY))}`;
      out.push(`${nlh.type === U.RTM_NEWROUTE ? '+' : '-'}${TYPES[rtm.type]} ${addr(U.RTA_DST)}/${rtm.dstLen} src ${addr(U.RTA_PREFSRC)}${metric}`);
    }
  }
  return out;
}

/** The routes of all tables: `main unicast 10.0.0.0/24 dev v0 dead`. */
function routes(): string[] {
  return fibTablesInOrder(t.h.state).flatMap((table) => {
    const prefixes = table.store.prefixes();
    const lines: string[] = [];
    for (let i = 0; i < prefixes.length; i += 2) {
      for (const fa of table.store.aliases(prefixes[i], prefixes[i + 1])) {
        if (fa.tbId !== table.id) continue;
        const hops = fa.info.nhs.map((nh) => `${nh.gw === 0 ? '' : ` via ${inetNtoa(nh.gw)}`} dev ${nh.dev?.name}${(nh.flags & 1) !== 0 ? ' dead' : ''}${(nh.flags & 16) !== 0 ? ' linkdown' : ''}`);
        lines.push(`${table.id} ${inetNtoa(prefixes[i])}/${prefixes[i + 1]}${hops.join()}`);
      }
    }
    return lines.filter((line) => !line.includes('127.'));
  });
}

describe('an address is added', () => {
  it('brings itself, its network and its broadcast address [FINFO-08 FTAB-04]', () => {
    t.h.addr(v0, '10.50.0.1/24');
    expect(told()).toEqual(['+local 10.50.0.1/32 src 10.50.0.1', '+unicast 10.50.0.0/24 src 10.50.0.1', '+broadcast 10.50.0.255/32 src 10.50.0.1']);
  });

  it('brings a broadcast address that was given before the network', () => {
    t.h.addr(v0, '10.51.0.1/24', { broadcast: ip4('10.51.0.255') });
    expect(told()).toEqual(['+local 10.51.0.1/32 src 10.51.0.1', '+broadcast 10.51.0.255/32 src 10.51.0.1', '+unicast 10.51.0.0/24 src 10.51.0.1']);
  });

  it('brings only itself as a secondary one, in the name of the primary', () => {
    t.h.addr(v0, '10.50.0.1/24');
    told();
    t.h.addr(v0, '10.50.0.2/24');
    t.h.addr(v0, '10.50.0.3/24', { broadcast: ip4('10.50.0.254') });
    expect(told()).toEqual(['+local 10.50.0.2/32 src 10.50.0.1', '+local 10.50.0.3/32 src 10.50.0.1', '+broadcast 10.50.0.254/32 src 10.50.0.1']);
  });

  it.each<[what: string, addr: string, more: Parameters<typeof t.h.addr>[2], routes: string[]]>([
    ['a point-to-point link: a route to the peer', '10.60.0.1/32', { address: ip4('10.60.0.2') }, ['+local 10.60.0.1/32 src 10.60.0.1', '+unicast 10.60.0.2/32 src 10.60.0.1']],
    ['a /31: no broadcast (RFC 3021)', '10.61.0.0/31', {}, ['+local 10.61.0.0/32 src 10.61.0.0', '+unicast 10.61.0.0/31 src 10.61.0.0']],
    ['a /32: nothing else', '10.62.0.1/32', {}, ['+local 10.62.0.1/32 src 10.62.0.1']],
    ['noprefixroute: no network', '10.63.0.1/24', { flags: U.IFA_F_NOPREFIXROUTE }, ['+local 10.63.0.1/32 src 10.63.0.1', '+broadcast 10.63.0.255/32 src 10.63.0.1']],
    ['a metric: for the network', '10.64.0.1/24', { rtPriority: 77 }, ['+local 10.64.0.1/32 src 10.64.0.1', '+unicast 10.64.0.0/24 src 10.64.0.1 metric 77', '+broadcast 10.64.0.255/32 src 10.64.0.1']],
  ])('%s', (_what, addr, more, expected) => {
    t.h.addr(v0, addr, more);
    expect(told()).toEqual(expected);
  });

  it('brings only itself while the device is down, and the rest when it comes up [FNH-06]', () => {
    const w0 = t.h.device('w0');
    t.h.addr(w0, '10.1.0.1/24');
    expect(told()).toEqual(['+local 10.1.0.1/32 src 10.1.0.1']);
    devOpen(w0);
    expect(told()).toEqual(['+unicast 10.1.0.0/24 src 10.1.0.1', '+broadcast 10.1.0.255/32 src 10.1.0.1']);
  });

  it('makes the network of the loopback device local [FTAB-04]', () => {
    expect([t.h.get('127.2.2.2'), t.h.get('127.255.255.255')]).toEqual(['127.0.0.1 > 127.2.2.2 dev lo', '127.0.0.1 > 127.255.255.255 dev lo']);
  });

  it('ends a wait for the new broadcast address as a neighbour', () => {
    const tbl = t.h.ip.arpTbl!;
    const neigh = tbl.create(v0, ip4('10.50.0.255'));
    if (typeof neigh === 'number') throw new Error(String(neigh));
    neigh.nudState = U.NUD_INCOMPLETE;
    t.h.addr(v0, '10.50.0.1/24');
    expect(tbl.lookup(v0, ip4('10.50.0.255')) === null).toBe(true);
  });
});

describe('an address is removed', () => {
  it('takes its routes along, the one to itself last', () => {
    t.h.addr(v0, '10.60.0.1/24');
    told();
    t.h.unaddr(v0, '10.60.0.1');
    expect(told()).toEqual(['-unicast 10.60.0.0/24 src 10.60.0.1', '-broadcast 10.60.0.255/32 src 10.60.0.1', '-local 10.60.0.1/32 src 10.60.0.1']);
  });

  it('takes the secondary ones along, and routes that prefer it as their source [FINFO-11]', () => {
    t.h.addr(v0, '10.50.0.1/24');
    t.h.addr(v0, '10.50.0.2/24');
    t.h.addr(v0, '10.50.0.3/24', { broadcast: ip4('10.50.0.254') });
    expect(t.h.route('10.70.0.0/16', { gw: ip4('10.50.0.9'), prefsrc: ip4('10.50.0.1') })).toBe(0);
    told();
    t.h.unaddr(v0, '10.50.0.1');
    expect(told()).toEqual([
      '-local 10.50.0.2/32 src 10.50.0.1',
      '-broadcast 10.50.0.254/32 src 10.50.0.1',
      '-local 10.50.0.3/32 src 10.50.0.1',
      '-unicast 10.50.0.0/24 src 10.50.0.1',
      '-broadcast 10.50.0.255/32 src 10.50.0.1',
      '-local 10.50.0.1/32 src 10.50.0.1',
      '-unicast 10.70.0.0/16 src 10.50.0.1',
    ]);
  });

  it('gives its place to a secondary one where that is wished', () => {
    t.h.inDev(v0).cnf.promoteSecondaries = 1;
    t.h.addr(v0, '10.50.0.1/24');
    t.h.addr(v0, '10.50.0.2/24');
    t.h.addr(v0, '10.50.0.3/24');
    t.h.route('10.70.0.0/16', { gw: ip4('10.50.0.9'), prefsrc: ip4('10.50.0.1') });
    told();
    t.h.unaddr(v0, '10.50.0.1');
    expect(told()).toEqual([
      '-local 10.50.0.2/32 src 10.50.0.1',
      '-local 10.50.0.3/32 src 10.50.0.1',
      '-unicast 10.50.0.0/24 src 10.50.0.1',
      '-broadcast 10.50.0.255/32 src 10.50.0.1',
      '-local 10.50.0.1/32 src 10.50.0.1',
      '-unicast 10.70.0.0/16 src 10.50.0.1',
      '+local 10.50.0.2/32 src 10.50.0.2',
      '+unicast 10.50.0.0/24 src 10.50.0.2',
      '+broadcast 10.50.0.255/32 src 10.50.0.2',
      '+local 10.50.0.3/32 src 10.50.0.2',
    ]);
  });

  it('keeps what another address with the same source still brings', () => {
    t.h.addr(v0, '10.60.0.1/24');
    t.h.addr(v0, '10.60.0.1/16');
    told();
    t.h.unaddr(v0, '10.60.0.1');
    expect(told()).toEqual(['-unicast 10.60.0.0/24 src 10.60.0.1', '-broadcast 10.60.0.255/32 src 10.60.0.1']);
    expect(t.h.get('10.60.0.1')).toBe('10.60.0.1 > 10.60.0.1 dev lo');
  });

  it('changes the metric of the network: the new route comes first', () => {
    const ifa = t.h.addr(v0, '10.64.0.1/24', { rtPriority: 77 });
    told();
    t.h.ip.routing!.ifaddr!.modifyPrefixMetric(ifa, 78);
    expect(told()).toEqual(['+unicast 10.64.0.0/24 src 10.64.0.1 metric 78', '-unicast 10.64.0.0/24 src 10.64.0.1 metric 77']);
  });

  it('is the last one: the device has no IPv4 routes any more', () => {
    t.h.route('10.80.0.0/16', { gw: ip4('10.0.0.9') });
    t.h.unaddr(v0, '10.0.0.1');
    expect(routes()).toEqual([]);
    expect(fibDevNexthops(v0).size).toBe(0);
  });
});

describe('a device', () => {
  let w0: NetDevice;
  beforeEach(() => {
    w0 = t.h.eth('w0', '10.1.0.1/24');
    t.h.route('10.8.0.0/16', { gw: ip4('10.0.0.7') });
    const hop = (oif: number, gw: string, weight: number) => ({ oif, gw: ip4(gw), flags: 0, weight, flow: 0 });
    expect(t.h.route('10.70.0.0/16', { nexthops: [hop(v0.ifindex, '10.0.0.9', 1), hop(w0.ifindex, '10.1.0.9', 3)] })).toBe(0);
    told();
  });

  it('goes down: routes over it go silently, its addresses stay, a multipath route lives on by its other hop [FNH-06]', () => {
    devClose(v0);
    expect(told()).toEqual([]);
    expect(routes()).toEqual([
      '254 10.1.0.0/24 dev w0',
      '254 10.70.0.0/16 via 10.0.0.9 dev v0 dead linkdown, via 10.1.0.9 dev w0',
      '255 10.0.0.1/32 dev v0',
      '255 10.1.0.1/32 dev w0',
      '255 10.1.0.255/32 dev w0',
    ]);
    expect(t.h.input(w0, '10.1.0.7', '10.0.0.1')).toBe('ipLocalDeliver dev lo');
  });

  it('goes down as the last one of a multipath route: that goes too [FINFO-20]', () => {
    devClose(v0);
    expect(routes().some((line) => line.includes('10.70.'))).toBe(true);
    devClose(w0);
    expect(routes().some((line) => line.includes('10.70.'))).toBe(false);
  });

  it('comes up again: its network is back, the dead hop lives, the lost route does not return [FNH-06]', () => {
    devClose(v0);
    devOpen(v0);
    expect(told()).toEqual(['+unicast 10.0.0.0/24 src 10.0.0.1', '+broadcast 10.0.0.255/32 src 10.0.0.1']);
    expect(routes()).toContain('254 10.70.0.0/16 via 10.0.0.9 dev v0, via 10.1.0.9 dev w0');
    expect(routes().filter((line) => line.includes('10.8.'))).toEqual([]);
  });

  it('loses its carrier: routes stay and are marked, and still used [FNH-06]', () => {
    netifCarrierOff(v0);
    t.h.clock.advance(1e9);
    expect(routes().slice(0, 3)).toEqual(['254 10.0.0.0/24 dev v0 linkdown', '254 10.1.0.0/24 dev w0', '254 10.8.0.0/16 via 10.0.0.7 dev v0 linkdown']);
    expect(t.h.get('10.0.0.5')).toBe('10.0.0.1 > 10.0.0.5 dev v0');
    netifCarrierOn(v0);
    t.h.clock.advance(1e9);
    expect(routes()[0]).toBe('254 10.0.0.0/24 dev v0');
  });

  it('without carrier is passed over with ignore_routes_with_linkdown', () => {
    t.h.inDev(v0).cnf.ignoreRoutesWithLinkdown = 1;
    netifCarrierOff(v0);
    t.h.clock.advance(1e9);
    expect(t.h.get('10.0.0.5')).toBe(-U.ENETUNREACH);
    t.h.route('default', { gw: ip4('10.1.0.9') });
    expect(t.h.get('10.0.0.5')).toBe('10.1.0.1 > 10.0.0.5 dev w0 via 10.1.0.9');
  });

  it('is added without carrier: its routes are born marked', () => {
    netifCarrierOff(w0);
    t.h.clock.advance(1e9);
    expect(t.h.route('10.90.0.0/16', { gw: ip4('10.1.0.5') })).toBe(0);
    expect(routes()).toContain('254 10.90.0.0/16 via 10.1.0.5 dev w0 linkdown');
  });

  it('goes away: everything over it goes, multipath routes as a whole, and nothing holds it [FNH-07]', () => {
    const held = t.h.inputRt(w0, '10.1.0.7', '10.1.0.1');
    expect(held.dev.name).toBe('lo');
    unregisterNetdevice(v0);
    expect(routes()).toEqual(['254 10.1.0.0/24 dev w0', '255 10.1.0.1/32 dev w0', '255 10.1.0.255/32 dev w0']);
    expect(v0.refcount()).toBe(0);
  });

  it('goes away although a socket holds a decision over it: that turns to the loopback device', () => {
    const fl4 = Object.assign(t.h.state.auxFlow, { daddr: ip4('10.0.0.5'), saddr: 0, oif: 0, flags: 0 });
    const rt = t.h.output(fl4);
    if (typeof rt === 'number') throw new Error(String(rt));
    unregisterNetdevice(v0);
    expect([rt.dev.name, v0.refcount(), dstCheck(rt)]).toEqual(['lo', 0, false]);
    rt.release();
  });

  it('goes away although a socket holds a decision that its next hop has another for by now', () => {
    const decide = () => t.h.output(Object.assign(t.h.state.auxFlow, { daddr: ip4('10.0.0.5'), saddr: 0, oif: 0, flags: 0 })) as Rtable;
    const held = decide();
    t.h.state.cacheFlush();
    const next = decide();
    next.release();
    unregisterNetdevice(v0);
    expect([held === next, held.dev.name, v0.refcount()]).toEqual([false, 'lo', 0]);
    held.release();
  });
});
