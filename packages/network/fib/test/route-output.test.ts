/** The way of what this host sends. */
import { devClose, FLOWI_FLAG_ANYSRC, FLOWI_FLAG_KNOWN_NH, type NetDevice } from '@skbuff/core';
import { Flowi4, type Rtable, ipMcIncGroup, ipMcOutput, ipOutput } from '@skbuff/ipv4';
import { sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { ip4, useHost } from './support.ts';

const t = useHost();
let v0: NetDevice;
let w0: NetDevice;

beforeEach(() => {
  t.h.loUp();
  v0 = t.h.eth('v0', '10.0.0.1/24');
  w0 = t.h.eth('w0', '10.1.0.1/24');
});

const { EINVAL, ENETUNREACH, ENODEV } = U;

/** The decision for a flow; the caller releases it. */
function rtOf(values: Partial<Flowi4>): Rtable {
  const rt = t.h.output(Object.assign(new Flowi4(), values));
  if (typeof rt === 'number') throw new Error(`errno ${rt}`);
  return rt;
}

describe('destination and source', () => {
  beforeEach(() => {
    expect(t.h.route('default', { gw: ip4('10.0.0.9') })).toBe(0);
    expect(t.h.route('192.168.0.0/16', { gw: ip4('10.1.0.9') })).toBe(0);
    expect(t.h.route('192.168.7.0/24', { gw: ip4('10.1.0.8'), prefsrc: ip4('10.0.0.1') })).toBe(0);
  });

  it.each<[what: string, daddr: string, flow: Partial<Flowi4>, answer: string | number]>([
    ['a neighbour', '10.0.0.5', {}, '10.0.0.1 > 10.0.0.5 dev v0'],
    ['a neighbour elsewhere', '10.1.0.5', {}, '10.1.0.1 > 10.1.0.5 dev w0'],
    ['an address of ours: over loopback', '10.1.0.1', {}, '10.1.0.1 > 10.1.0.1 dev lo'],
    ['behind the default gateway', '99.1.1.1', {}, '10.0.0.1 > 99.1.1.1 dev v0 via 10.0.0.9'],
    ['behind a gateway', '192.168.1.1', {}, '10.1.0.1 > 192.168.1.1 dev w0 via 10.1.0.9'],
    ['with a preferred source', '192.168.7.1', {}, '10.0.0.1 > 192.168.7.1 dev w0 via 10.1.0.8'],
    ['nobody: this host', '0.0.0.0', {}, '127.0.0.1 > 127.0.0.1 dev lo'],
    ['nobody, from an address of ours', '0.0.0.0', { saddr: 0x0a000001 }, '10.0.0.1 > 10.0.0.1 dev lo'],
    ['127.0.0.1', '127.0.0.1', {}, '127.0.0.1 > 127.0.0.1 dev lo'],
    ['from another address of ours', '10.0.0.5', { saddr: 0x0a010001 }, '10.1.0.1 > 10.0.0.5 dev v0'],
    ['from somebody else', '10.0.0.5', { saddr: 0x0a000002 }, -ENETUNREACH],
    ['from somebody else where that is allowed', '10.0.0.5', { saddr: 0x0a000002, flags: FLOWI_FLAG_ANYSRC }, '10.0.0.2 > 10.0.0.5 dev v0'],
    ['from a group', '10.0.0.5', { saddr: 0xe0000001 }, -EINVAL],
    ['from limited broadcast', '10.0.0.5', { saddr: 0xffffffff }, -EINVAL],
    ['from loopback to a link', '10.0.0.5', { saddr: 0x7f000001 }, -EINVAL],
    ['from a loopback address that only the network covers', '127.0.0.1', { saddr: 0x7f000002 }, '127.0.0.2 > 127.0.0.1 dev lo'],
    ['a group by the default route, without its gateway', '239.1.1.1', {}, '10.0.0.1 > 239.1.1.1 dev v0'],
    ['a group by the interface of the source', '239.1.1.1', { saddr: 0x0a010001 }, '10.1.0.1 > 239.1.1.1 dev w0'],
    ['limited broadcast by the interface of the source', '255.255.255.255', { saddr: 0x0a010001 }, '10.1.0.1 > 255.255.255.255 dev w0'],
    ['the broadcast address of a link', '10.1.0.255', {}, '10.1.0.1 > 10.1.0.255 dev w0'],
  ])('%s [FIB-03 FIB-04 FIB-23 FINFO-11]', (_what, daddr, flow, answer) => {
    expect(t.h.get(daddr, flow)).toBe(answer);
  });

  it.each<[what: string, daddr: string, answer: (v: NetDevice, w: NetDevice) => string | number, oif: 'v0' | 'w0' | 'none']>([
    ['its network', '10.1.0.5', () => '10.1.0.1 > 10.1.0.5 dev w0', 'w0'],
    ['a route over another device is passed over', '192.168.1.1', () => '10.0.0.1 > 192.168.1.1 dev v0 via 10.0.0.9', 'v0'],
    ['no route: taken to be on the link', '99.1.1.1', () => '10.1.0.1 > 99.1.1.1 dev w0', 'w0'],
    ['a group of the link', '224.0.0.5', () => '10.1.0.1 > 224.0.0.5 dev w0', 'w0'],
    ['limited broadcast', '255.255.255.255', () => '10.1.0.1 > 255.255.255.255 dev w0', 'w0'],
    ['a device that does not exist', '10.1.0.5', () => -ENODEV, 'none'],
  ])('bound to a device: %s [FIB-02]', (_what, daddr, answer, oif) => {
    const index = oif === 'v0' ? v0.ifindex : oif === 'w0' ? w0.ifindex : 99;
    expect(t.h.get(daddr, { oif: index })).toBe(answer(v0, w0));
  });

  it('bound to a device that is down: unreachable', () => {
    devClose(w0);
    expect(t.h.get('10.1.0.5', { oif: w0.ifindex })).toBe(-ENETUNREACH);
  });

  it('fills in source, destination and device of the flow', () => {
    const fl4 = new Flowi4();
    fl4.daddr = ip4('192.168.1.1');
    fl4.tos = 0x13;
    const rt = t.h.output(fl4) as Rtable;
    expect([fl4.saddr, fl4.oif, fl4.tos]).toEqual([ip4('10.1.0.1'), w0.ifindex, 0x10]);
    rt.release();
  });

  it('chooses another source when addresses change [FNH-01]', () => {
    const [old] = t.h.inDev(w0).ifaList;
    expect(t.h.get('192.168.1.1')).toContain('10.1.0.1 >');
    t.h.addr(w0, '10.1.0.2/16');
    t.h.unaddr(w0, '10.1.0.1');
    expect(old.local).toBe(ip4('10.1.0.1'));
    t.h.route('192.168.0.0/16', { gw: ip4('10.1.0.9') });
    expect(t.h.get('192.168.1.1')).toContain('10.1.0.2 >');
  });

  it('without any route there is none [FIB-05]', () => {
    t.h.unroute('0.0.0.0/0');
    expect([t.h.get('99.1.1.1'), t.h.get('224.0.0.1'), t.h.get('255.255.255.255')]).toEqual([-ENETUNREACH, -ENETUNREACH, -ENETUNREACH]);
  });
});

describe('the decision', () => {
  it('is shared by all that use a next hop, each with a reference [FNH-03 FIB-11]', () => {
    const a = rtOf({ daddr: ip4('10.0.0.5') });
    const b = rtOf({ daddr: ip4('10.0.0.6') });
    expect([b === a, a.refcnt, a.isInput(), a.gateway]).toEqual([true, 3, false, 0]);
    a.release();
    b.release();
    expect(a.refcnt).toBe(1);
  });

  it('carries gateway, metrics and path MTU [FIB-07 FIB-12 FIB-27 FINFO-14]', () => {
    const metrics = new Uint32Array(18);
    metrics[U.RTAX_MTU] = 800;
    metrics[U.RTAX_INITCWND] = 35;
    t.h.route('192.168.0.0/16', { gw: ip4('10.1.0.9'), metrics });
    const rt = rtOf({ daddr: ip4('192.168.1.1') });
    expect([rt.gateway, rt.metric(U.RTAX_MTU), rt.metric(U.RTAX_INITCWND), rt.pmtu, rt.type]).toEqual([ip4('10.1.0.9'), 800, 35, 0, U.RTN_UNICAST]);
    rt.release();
  });

  it('to an address of ours remembers the interface it belongs to, and is not shared then', () => {
    const a = rtOf({ daddr: ip4('10.0.0.1') });
    const b = rtOf({ daddr: ip4('10.0.0.1') });
    expect([a.iif, a.dev.name, a.rtFlags >>> 0, a === b]).toEqual([v0.ifindex, 'lo', 0x80000000, false]);
    a.release();
    b.release();
  });

  it('is one of its own where the next hop must be the destination', () => {
    const flow = { daddr: ip4('10.0.0.5'), flags: FLOWI_FLAG_KNOWN_NH };
    const a = rtOf(flow);
    const b = rtOf(flow);
    expect(a === b).toBe(false);
    a.release();
    b.release();
  });

  it('to a group that we are in, or a broadcast address, lets us hear ourselves [FIB-08 FIB-09 FIB-10]', () => {
    const flags = (rt: Rtable): [number, string] => {
      const answer: [number, string] = [rt.rtFlags >>> 0, rt.output === ipMcOutput ? 'ipMcOutput' : rt.output === ipOutput ? 'ipOutput' : '?'];
      rt.release();
      return answer;
    };
    expect(flags(rtOf({ daddr: ip4('239.1.1.1'), oif: v0.ifindex }))).toEqual([0x20000000, 'ipOutput']);
    ipMcIncGroup(t.h.inDev(v0), ip4('239.1.1.1'));
    expect(flags(rtOf({ daddr: ip4('239.1.1.1'), oif: v0.ifindex }))).toEqual([0xa0000000, 'ipMcOutput']);
    expect(flags(rtOf({ daddr: ip4('10.0.0.255') }))).toEqual([0x90000000, 'ipMcOutput']);
    expect(flags(rtOf({ daddr: ip4('127.255.255.255') }))).toEqual([0x90000000, 'ipOutput']);
  });
});

describe('several default routes', () => {
  const NUD = (text: string, state: number): void => {
    const tbl = t.h.ip.arpTbl!;
    const neigh = tbl.lookup(v0, ip4(text)) ?? tbl.create(v0, ip4(text));
    if (typeof neigh === 'number') throw new Error(String(neigh));
    neigh.nudState = state;
  };
  const gateway = (): string => String(t.h.get('99.1.1.1')).replace(/.* via /, '');

  it('are taken by what is known of their gateways, as a Linux 6.18 does', () => {
    t.h.route('default', { gw: ip4('10.0.0.9') });
    t.h.route('default', { gw: ip4('10.0.0.8'), nlflags: 0xc00 });
    expect([gateway(), gateway()]).toEqual(['10.0.0.9', '10.0.0.9']);
    NUD('10.0.0.8', U.NUD_REACHABLE);
    expect(gateway()).toBe('10.0.0.9');
    NUD('10.0.0.9', U.NUD_STALE);
    expect(gateway()).toBe('10.0.0.8');
    t.h.ip.arpTbl!.remove(t.h.ip.arpTbl!.lookup(v0, ip4('10.0.0.8'))!);
    expect([gateway(), gateway()]).toEqual(['10.0.0.9', '10.0.0.8']);
  });

  it('with different metrics: the smaller one [FINFO-12]', () => {
    t.h.route('default', { gw: ip4('10.0.0.9'), priority: 20 });
    t.h.route('default', { gw: ip4('10.0.0.8'), priority: 10 });
    expect(gateway()).toBe('10.0.0.8');
    expect(t.h.state.main!.numDefault).toBe(2);
    t.h.unroute('0.0.0.0/0', { priority: 10 });
    expect([gateway(), t.h.state.main!.numDefault]).toEqual(['10.0.0.9', 1]);
  });
});

describe('of several next hops', () => {
  it('others are chosen with another seed, and the same ones with the same', () => {
    const hop = (dev: NetDevice, text: string) => ({ oif: dev.ifindex, gw: ip4(text), flags: 0, weight: 1, flow: 0 });
    expect(t.h.route('99.0.0.0/8', { nexthops: [hop(v0, '10.0.0.9'), hop(w0, '10.1.0.9')] })).toBe(0);
    const seed = 'net/ipv4/fib_multipath_hash_seed';
    const tree = sysctlOf(t.h.net);
    const ways = (value: string): string => {
      expect(tree.write(seed, value)).toBe(0);
      return Array.from({ length: 64 }, (_, i) => String(t.h.get(`99.1.1.${i}`, { saddr: 0x0a000001 })).includes('v0')).join();
    };
    const own = ways('0');
    const other = ways('4294967295');
    expect(other).not.toBe(own);
    expect(ways('1')).not.toBe(other);
    expect([ways('4294967295'), ways('0')]).toEqual([other, own]);
    expect([tree.read(seed), tree.write(seed, '-1'), tree.write(seed, '4294967296')]).toEqual(['0\n', -EINVAL, -EINVAL]);
  });
});
