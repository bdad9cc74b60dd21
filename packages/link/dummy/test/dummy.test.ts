import {
  allocNetdev,
  createKernel,
  devOpen,
  type Kernel,
  type NetDevice,
  registerNetdevice,
  rmmod,
  type SkBuff,
  TX_BYTES,
  TX_DROPPED,
  TX_PACKETS,
  VirtualClock,
} from '@skbuff/core';
import { IF_OPER_UNKNOWN, IFF_BROADCAST, IFF_NOARP } from '@skbuff/uapi';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dummy, dummyLinkOps, dummyOps } from '../src/index.ts';

let kernel: Kernel;
let dev: NetDevice;

beforeEach(() => {
  kernel = createKernel({ clock: new VirtualClock(), debug: true, plugins: [dummy()] });
  dev = allocNetdev(kernel.initNet, { name: 'dummy%d', setup: dummyLinkOps.setup, ops: dummyOps });
  dev.rtnlLinkOps = dummyLinkOps;
  expect(registerNetdevice(dev)).toBe(0);
});

afterEach(() => {
  expect(kernel.shutdown()).toEqual({});
});

it('is Ethernet without ARP and multicast, with any MTU and an address by chance [REG-04]', () => {
  const { name, mtu, minMtu, maxMtu, flags } = dev;
  expect({ name, mtu, minMtu, maxMtu, flags }).toEqual({ name: 'dummy0', mtu: 1500, minMtu: 0, maxMtu: 0, flags: IFF_BROADCAST | IFF_NOARP });
  expect(dev.devAddr[0] & 3).toBe(2);
});

it('comes up without a queue, in an unknown operational state', () => {
  expect(devOpen(dev)).toBe(0);
  expect([dev.qdisc.kind, dev.operstate]).toEqual(['noqueue', IF_OPER_UNKNOWN]);
});

it('counts what is sent and discards it; nothing is lost [VTH-03] [DEV-22]', () => {
  devOpen(dev);
  for (let i = 0; i < 3; i++) {
    const skb = kernel.skbs.alloc(128) as SkBuff;
    skb.put(60);
    skb.dev = dev;
    expect(kernel.xmit.devQueueXmit(skb)).toBe(0);
  }
  expect([dev.stats[TX_PACKETS], dev.stats[TX_BYTES], dev.stats[TX_DROPPED]]).toEqual([3, 180, 0]);
  expect([kernel.skbs.inUse, kernel.skbs.drops.every((n) => n === 0)]).toEqual([0, true]);
});

it('goes when the package is unloaded', () => {
  expect(rmmod(kernel, '@skbuff/dummy')).toBe(0);
  expect(kernel.initNet.devList.length).toBe(0);
});
