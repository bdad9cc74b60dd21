/** The register interface of PIM. What is forwarded and told is as a running Linux 6.18 did it. */
import { in6DevSet, Inet6Dev, Ipv6Devconf } from '@skbuff/ipv6';
import { type NetDevice, RX_BYTES, RX_PACKETS, type SkBuff, TX_BYTES, TX_PACKETS, unregisterNetdevice } from '@skbuff/core';
import { ip6Bytes, ip6Packet } from '@skbuff/testkit';
import { ARPHRD_PIMREG, EADDRINUSE, EINVAL, ETH_P_IPV6, IFF_NOARP, IFF_UP, MIFF_REGISTER, MRT6_ADD_MFC, MRT6_ADD_MIF, MRT6_DEL_MIF, MRT6_INIT, MRT6_PIM, MRT6_TABLE } from '@skbuff/uapi';
import { csumIpv6Magic, csumPartial, setBe16, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pim6Protocol } from '../src/ip6mr-reg.ts';
import { Daemon, hex, int, mf6cctl, mif6ctl, Router } from './support.ts';

const UDP = Uint8Array.from([3, 232, 7, 208, 0, 12, 0, 0, 100, 97, 116, 97]);
const INNER = { saddr: '2001:db8:7::7', daddr: 'ff0e::2', proto: 17, payload: UDP, ttl: 9 };

let r: Router;
let daemon: Daemon;

const set = (option: number, value: Uint8Array, sk: Daemon = daemon): number => r.mroute.setsockopt(sk, option, value);
const reg = (): NetDevice => r.net.devGetByName('pim6reg') as NetDevice;

beforeEach(() => {
  r = new Router();
  daemon = new Daemon(r.net, true);
  expect(set(MRT6_INIT, int(1))).toBe(0);
  expect(set(MRT6_ADD_MIF, mif6ctl(3, 0, 1, MIFF_REGISTER))).toBe(0);
  in6DevSet(reg(), new Inet6Dev(reg(), new Ipv6Devconf()));
  for (const i of [0, 1]) expect(set(MRT6_ADD_MIF, mif6ctl(i, 10 + i))).toBe(0);
  expect(set(MRT6_PIM, int(1))).toBe(0);
});

afterEach(() => {
  const dev = r.net.devGetByName('pim6reg');
  if (dev !== null) {
    in6DevSet(dev, null);
    r.mroute.skDone(daemon);
  }
  expect(r.shutdown()).toEqual({});
});

describe('the register interface', () => {
  it('is there once in a table, by a name of its own, and goes with its number', () => {
    const { type, mtu, flags, allmulti } = reg();
    expect([type, mtu, flags & (IFF_NOARP | IFF_UP), allmulti]).toEqual([ARPHRD_PIMREG, 1452, IFF_NOARP | IFF_UP, 1]);
    expect([set(MRT6_ADD_MIF, mif6ctl(4, 0, 1, MIFF_REGISTER)), set(MRT6_ADD_MIF, mif6ctl(5, 10, 1, 2)), set(MRT6_ADD_MIF, mif6ctl(5, 10, 1, 3))]).toEqual([-EADDRINUSE, -EINVAL, -EINVAL]);
    expect(r.proc('ip6_mr_vif').at(-1)).toBe(' 3 pim6reg           0       0         0       0 00001');
    in6DevSet(reg(), null);
    expect(set(MRT6_DEL_MIF, int(3).subarray(0, 2))).toBe(0);
    expect(r.net.devGetByName('pim6reg')).toBe(null);
    expect(set(MRT6_ADD_MIF, mif6ctl(4, 0, 1, MIFF_REGISTER))).toBe(0);
  });

  it('is another one in another table, which goes with its daemon', () => {
    const other = new Daemon(r.net, true);
    for (const [option, v] of [[MRT6_TABLE, 7], [MRT6_INIT, 1]] as const) expect(set(option, int(v), other)).toBe(0);
    expect(set(MRT6_ADD_MIF, mif6ctl(0, 0, 1, MIFF_REGISTER), other)).toBe(0);
    expect(r.net.devGetByName('pim6reg7')?.type).toBe(ARPHRD_PIMREG);
    expect(r.mroute.skDone(other)).toBe(true);
    expect(r.net.devGetByName('pim6reg7')).toBe(null);
  });

  it('has no number any more when somebody takes it away', () => {
    in6DevSet(reg(), null);
    unregisterNetdevice(reg());
    expect(r.proc('ip6_mr_vif').some((line) => line.includes('pim6reg'))).toBe(false);
    expect(set(MRT6_ADD_MIF, mif6ctl(3, 0, 1, MIFF_REGISTER))).toBe(0);
  });

  it('hands the daemon the whole of what is forwarded to it, as it came', () => {
    expect(set(MRT6_ADD_MFC, mf6cctl('2001:db8::2', 'ff0e::1', 0, [1, 3]))).toBe(0);
    r.receive(0, '2001:db8::2', 'ff0e::1', 64);
    expect(daemon.upcalls).toEqual([
      '000303000000000020010db8000000000000000000000002ff0e000000000000000000000000000160000000000c114020010db8000000000000000000000002ff0e000000000000000000000000000103e807d0000c000064617461',
    ]);
    expect(r.frames).toEqual(['1 60000000000c113f20010db8000000000000000000000002ff0e000000000000000000000000000103e807d0000c000064617461']);
    expect([reg().stats[TX_PACKETS], reg().stats[TX_BYTES], r.proc('ip6_mr_vif').at(-1)]).toEqual([1, 52, ' 3 pim6reg           0       0        52       1 00001']);
  });

  it('hands the daemon what this host sends by it', () => {
    const packet = ip6Packet({ ...INNER, saddr: '2001:db8::1' });
    const skb = r.net.skbs.alloc(packet.length) as SkBuff;
    skb.putData(packet, 0, packet.length);
    skb.resetNetworkHeader();
    skb.protocol = ETH_P_IPV6;
    skb.dev = reg();
    r.net.xmit.devQueueXmit(skb);
    expect(daemon.upcalls.map((text) => [text.slice(0, 8), text.slice(80)])).toEqual([['00030300', hex(packet)]]);
    expect(reg().stats[TX_PACKETS]).toBe(1);
  });
});

interface Register {
  readonly type?: number;
  readonly flags?: number;
  readonly check?: number;
  readonly trail?: number;
  readonly cut?: number;
}

/** A register message comes in by v0. */
function register(inner: Parameters<typeof ip6Packet>[0], { type = 0x21, flags = 0, check, trail = 0, cut = 0 }: Register = {}): void {
  const packet = ip6Packet(inner);
  const pim = new Uint8Array(8 + packet.length + trail - cut);
  pim.set(packet.subarray(0, packet.length - cut), 8);
  pim[0] = type;
  setBe32(pim, 4, flags);
  const addrs = Uint8Array.from([...ip6Bytes('2001:db8::9'), ...ip6Bytes('2001:db8::1')]);
  setBe16(pim, 2, check ?? csumIpv6Magic(addrs, 0, 8, 103, csumPartial(pim, 0, 8, 0)));
  const bytes = ip6Packet({ saddr: '2001:db8::9', daddr: '2001:db8::1', proto: 103, payload: pim });
  const skb = r.net.skbs.allocRx(r.devs[0] as NetDevice, bytes.length) as SkBuff;
  skb.putData(bytes, 0, bytes.length);
  skb.resetNetworkHeader();
  skb.pull(40);
  skb.transportHeader = skb.data;
  expect(pim6Protocol.handler(skb)).toBe(0);
  r.clock.advance(1e6);
}

describe('a register message', () => {
  beforeEach(() => {
    expect(set(MRT6_ADD_MFC, mf6cctl('2001:db8:7::7', 'ff0e::2', 3, [1]))).toBe(0);
  });

  const FORWARDED = '1 60000000000c110820010db8000700000000000000000007ff0e000000000000000000000000000203e807d0000c000064617461';

  it.each([
    ['goes where its group goes', {}, 52],
    ['may come from the border', { flags: 0x80000000 }, 52],
    ['may have more behind it, which is cut off', { trail: 4 }, 56],
  ])('has a packet that comes in by the register interface: %s', (_what, how, bytes) => {
    register(INNER, how);
    expect(r.frames).toEqual([FORWARDED]);
    expect([reg().stats[RX_PACKETS], reg().stats[RX_BYTES]]).toEqual([1, bytes]);
    expect(r.proc('ip6_mr_vif').at(-1)).toBe(' 3 pim6reg          52       1         0       0 00001');
  });

  it('may have a checksum of all of it, without a pseudo header', () => {
    const all = Uint8Array.from([0x21, 0, 0, 0, 0, 0, 0, 0, ...ip6Packet(INNER)]);
    const sum = csumPartial(all, 0, all.length, 0);
    register(INNER, { check: ~((sum % 0xffff) || 0xffff) & 0xffff });
    expect(r.frames).toEqual([FORWARDED]);
  });

  it.each([
    ['whose checksum is wrong', INNER, { check: 0x0bad }],
    ['that says only that there is nothing', INNER, { flags: 0x40000000 }],
    ['of another type', INNER, { type: 0x22 }],
    ['of version 1', INNER, { type: 0x11 }],
    ['with a packet for a host', { ...INNER, daddr: '2001:db8::1' }, {}],
    ['with a packet without anything in it', { ...INNER, proto: 59, payload: new Uint8Array(0) }, {}],
    ['that is too short', INNER, { cut: 13 }],
  ])('is dropped %s', (_what, inner, how) => {
    register(inner, how);
    expect([r.frames, daemon.upcalls, reg().stats[RX_PACKETS]]).toEqual([[], [], 0]);
  });

  it('with a packet for a group of which nothing is known makes the daemon decide', () => {
    register({ ...INNER, daddr: 'ff0e::3' });
    expect(daemon.upcalls.map((text) => text.slice(0, 80))).toEqual(['000103000000000020010db8000700000000000000000007ff0e0000000000000000000000000003']);
  });

  it('is dropped where there is no register interface', () => {
    in6DevSet(reg(), null);
    expect(set(MRT6_DEL_MIF, int(3).subarray(0, 2))).toBe(0);
    register(INNER);
    expect(r.frames).toEqual([]);
  });
});
