import { allocNetdev, freeNetdev, type NetDevice, type NewlinkParams, type NlaRange, registerNetdevice } from '@skbuff/core';
import { EADDRNOTAVAIL, EEXIST, EINVAL, EOPNOTSUPP, IFLA_ADDRESS, IFLA_MTU, VETH_INFO_PEER } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { vethLinkOps, vethOps, vethPeer } from '../src/index.ts';
import { useBench } from './support.ts';

const bench = useBench();

/** One attribute, lying somewhere in a message. */
function attr(type: number, payload: readonly number[]): NlaRange {
  const len = 4 + payload.length;
  const bytes = new Uint8Array(8 + ((len + 3) & ~3));
  bytes.set([len, 0, type, 0, ...payload], 8);
  return { bytes, off: 8, len: bytes.length - 8 };
}

function params(over: Partial<NewlinkParams>): NewlinkParams {
  return { srcNet: bench.it.a, data: null, tb: null, extack: null, createPeer: null, ...over };
}

/** What rtnetlink does with a message that is nested in another. */
function makesPeer(name: string, seen: (NlaRange | null)[] = []): NonNullable<NewlinkParams['createPeer']> {
  return (ops, peer, defaultName) => {
    seen.push(peer);
    const dev = allocNetdev(bench.it.b, { name: name === '' ? defaultName : name, setup: ops.setup, ops: vethOps });
    dev.rtnlLinkOps = ops;
    const err = registerNetdevice(dev);
    if (err === 0) return dev;
    freeNetdev(dev);
    return err;
  };
}

function fresh(name: string): NetDevice {
  const dev = allocNetdev(bench.it.a, { name, setup: vethLinkOps.setup, ops: vethOps });
  dev.rtnlLinkOps = vethLinkOps;
  return dev;
}

describe('veth_newlink', () => {
  it('has the peer made from VETH_INFO_PEER, in another namespace, and connects the two', () => {
    const dev = fresh('v0');
    const seen: (NlaRange | null)[] = [];
    const data = attr(VETH_INFO_PEER, [9, 8, 7, 6]);
    expect(vethLinkOps.newlink?.(dev, params({ data, createPeer: makesPeer('v1', seen) }))).toBe(0);
    const peer = bench.it.b.devGetByName('v1') as NetDevice;
    expect([vethPeer(dev) === peer, vethPeer(peer) === dev, dev.carrierOk(), peer.carrierOk()]).toEqual([true, true, false, false]);
    expect([seen[0]?.bytes === data.bytes, seen[0]?.off, seen[0]?.len]).toEqual([true, 12, 4]);
    expect([dev.devAddr[0] & 3, peer.devAddr[0] & 3]).toEqual([2, 2]);
  });

  it('names the peer itself when the user says nothing about it', () => {
    const seen: (NlaRange | null)[] = [];
    expect(vethLinkOps.newlink?.(fresh('v0'), params({ createPeer: makesPeer('', seen) }))).toBe(0);
    expect([seen, bench.it.b.devList.map(({ name }) => name)]).toEqual([[null], ['veth0']]);
  });

  it('fails with the peer, and takes the peer back when the device fails', () => {
    const { createPeer } = params({ createPeer: makesPeer('v1') });
    expect(vethLinkOps.newlink?.(fresh('v0'), params({ createPeer }))).toBe(0);
    const second = fresh('v2');
    expect(vethLinkOps.newlink?.(second, params({ createPeer }))).toBe(-EEXIST);
    expect(registerNetdevice(second)).toBe(0);
    const third = fresh('v2');
    expect(vethLinkOps.newlink?.(third, params({ createPeer: makesPeer('v3') }))).toBe(-EEXIST);
    expect(bench.it.b.devList.map(({ name }) => name)).toEqual(['v1']);
    freeNetdev(third);
  });

  it('cannot be done without netlink', () => {
    const dev = fresh('v0');
    expect(vethLinkOps.newlink?.(dev, params({}))).toBe(-EOPNOTSUPP);
    registerNetdevice(dev);
  });
});

it.each([
  ['nothing', null, 0],
  ['MTU 68', attr(IFLA_MTU, [68, 0, 0, 0]), 0],
  ['MTU 67', attr(IFLA_MTU, [67, 0, 0, 0]), -EINVAL],
  ['MTU 65536', attr(IFLA_MTU, [0, 0, 1, 0]), -EINVAL],
  ['a multicast address', attr(IFLA_ADDRESS, [3, 0, 0, 0, 0, 0]), -EADDRNOTAVAIL],
])('judges a request with %s as Linux does', (_name, tb, want) => {
  expect(vethLinkOps.validate?.(params({ tb }))).toBe(want);
});
