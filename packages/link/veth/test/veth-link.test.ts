import { allocNetdevMqs, createKernel, freeNetdev, type NetDevice, type NewlinkParams, type NlaRange, registerNetdevice, VirtualClock } from '@skbuff/core';
import { EADDRNOTAVAIL, EEXIST, EINVAL, EOPNOTSUPP, IFLA_ADDRESS, IFLA_MTU, IFLA_NUM_TX_QUEUES, VETH_INFO_PEER } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { veth, vethCreate, vethLinkOps, vethOps, type VethPair, vethPeer } from '../src/index.ts';
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
    const dev = allocNetdevMqs(bench.it.b, { name: name === '' ? defaultName : name, setup: ops.setup, ops: vethOps });
    dev.rtnlLinkOps = ops;
    const err = registerNetdevice(dev);
    if (err === 0) return dev;
    freeNetdev(dev);
    return err;
  };
}

function fresh(name: string): NetDevice {
  const dev = allocNetdevMqs(bench.it.a, { name, setup: vethLinkOps.setup, ops: vethOps });
  dev.rtnlLinkOps = vethLinkOps;
  return dev;
}

describe('queues', () => {
  const counts = (dev: NetDevice): number[] => [dev.numTxQueues, dev.numRxQueues, dev.realNumTxQueues, dev.realNumRxQueues];

  it('are as many as CPUs, of which one each way is used until ethtool says more', () => {
    const kernel = createKernel({ clock: new VirtualClock(), cpus: 4, plugins: [veth()] });
    const pair = vethCreate(kernel.initNet, 've0', kernel.initNet, 've1') as VethPair;
    expect([pair.dev, pair.peer].map(counts)).toEqual([[4, 4, 1, 1], [4, 4, 1, 1]]);
    expect(pair.dev.ethtoolOps.setChannels?.(pair.dev, Uint32Array.of(0, 0, 0, 0, 2, 3, 0, 0))).toBe(0);
    expect(counts(pair.dev)).toEqual([4, 4, 3, 2]);
    expect(kernel.shutdown()).toEqual({});
  });

  it('are all used, at both ends, if the message says how many there are', () => {
    const make = (name: string): NetDevice => {
      const dev = allocNetdevMqs(bench.it.a, { name, setup: vethLinkOps.setup, ops: vethOps, txqs: 3, rxqs: 2 });
      dev.rtnlLinkOps = vethLinkOps;
      return dev;
    };
    const peerOf = (name: string): NonNullable<NewlinkParams['createPeer']> => () => {
      const peer = make(name);
      return registerNetdevice(peer) || peer;
    };
    const [plain, asked] = [make('v0'), make('v2')];
    expect(vethLinkOps.newlink?.(plain, params({ createPeer: peerOf('v1') }))).toBe(0);
    expect(vethLinkOps.newlink?.(asked, params({ tb: attr(IFLA_NUM_TX_QUEUES, [3, 0, 0, 0]), createPeer: peerOf('v3') }))).toBe(0);
    expect([plain, vethPeer(plain), asked, vethPeer(asked)].map((dev) => counts(dev as NetDevice))).toEqual([[3, 2, 1, 1], [3, 2, 1, 1], [3, 2, 3, 1], [3, 2, 3, 1]]);
  });
});

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
