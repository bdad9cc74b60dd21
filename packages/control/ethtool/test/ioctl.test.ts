import {
  allocNetdev,
  createKernel,
  setupNet,
  defaultEthtoolOps,
  devEthtool,
  devOpen,
  type EthtoolOps,
  type Kernel,
  type Net,
  NETDEV_TX_OK,
  netdevOpsDefaults,
  NETIF_F_GSO,
  NETIF_F_GRO,
  NETIF_F_SG,
  type NetDevice,
  registerNetdevice,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ethtool } from '../src/index.ts';

let kernel: Kernel;
let net: Net;
let dev: NetDevice;
const state = { wol: 0, ring: [256, 0, 0, 256, 128, 0, 0, 128], indir: [0, 1, 0, 1], restarts: 0 };

const OPS: EthtoolOps = {
  ...defaultEthtoolOps,
  getDrvinfo: () => ({ driver: 'fake', version: '2.5', fwVersion: 'f1', busInfo: '0000:01:00.0' }),
  getLink: () => true,
  getLinkKsettings: () => ({ speed: 100000, duplex: 1, autoneg: 1, supported: [0x20] }),
  nwayReset: () => (state.restarts++, 0),
  getWol: (_dev, words) => (words.set([0x20, state.wol]), 0),
  setWol: (_dev, words) => ((state.wol = words[1] as number), 0),
  getRingparam: (_dev, words) => (words.set(state.ring), 0),
  setRingparam: (_dev, words) => ((state.ring = [...words]), 0),
  getStatsStrings: () => ['rx_missed', 'tx_late'],
  getEthtoolStats: () => [7, 2 ** 33],
  getRxRingCount: () => 2,
  getRxfhIndir: () => state.indir,
  setRxfhIndir: (_dev, table) => ((state.indir = [...table]), 0),
};

beforeEach(() => {
  kernel = createKernel({ clock: new VirtualClock(), debug: true, plugins: [ethtool()] });
  net = setupNet(kernel) as Net;
  const ops = { ...netdevOpsDefaults, ndoStartXmit: () => NETDEV_TX_OK };
  dev = allocNetdev(net, { name: 'f0', ops, setup: (d) => Object.assign(d, { addrLen: 6, ethtoolOps: OPS, features: NETIF_F_SG | NETIF_F_GSO, hwFeatures: NETIF_F_GSO }) });
  expect(registerNetdevice(dev)).toBe(0);
  devOpen(dev);
});

afterEach(() => {
  unregisterNetdevice(dev);
  net.put();
  expect(kernel.shutdown()).toEqual({});
});

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const ask = (cmd: number, rest: readonly number[] = [], admin = true, room = 0): { rc: number; out: number[]; bytes: Uint8Array } => {
  const bytes = words(cmd, ...rest, ...new Array<number>(room).fill(0));
  const rc = devEthtool.of(net)(net, 'f0', bytes, admin);
  return { rc, out: [...new Uint32Array(bytes.buffer)].slice(1), bytes };
};
const text = (bytes: Uint8Array, off: number): string => String.fromCharCode(...bytes.subarray(off, bytes.indexOf(0, off)));

it('tells driver, counters and link [ETH-03] [DVI-03] [DEV-20]', () => {
  const { rc, bytes } = ask(U.ETHTOOL_GDRVINFO, [], false, 48);
  expect([rc, text(bytes, 4), text(bytes, 36), text(bytes, 68), text(bytes, 100), bytes[180]]).toEqual([0, 'fake', '2.5', 'f1', '0000:01:00.0', 2]);
  expect(ask(U.ETHTOOL_GSTATS, [2], false, 4)).toMatchObject({ rc: 0, out: [2, 7, 0, 0, 2] });
  expect(text(ask(U.ETHTOOL_GSTRINGS, [U.ETH_SS_STATS, 2], false, 16).bytes, 12 + 32)).toBe('tx_late');
  expect(ask(U.ETHTOOL_GSSET_INFO, [0, 1 << U.ETH_SS_STATS, 0, 0])).toMatchObject({ rc: 0, out: [0, 2, 0, 2] });
  expect(ask(U.ETHTOOL_GLINK, [0], false)).toMatchObject({ rc: 0, out: [1] });
  const set = ask(U.ETHTOOL_GSET, [], false, 10).bytes;
  expect([set[4], set[12], set[13], set[28], set[18]]).toEqual([0x20, 100000 & 255, (100000 >> 8) & 255, 1, 1]);
});

it('answers link settings only to who knows how long the masks are', () => {
  const first = ask(U.ETHTOOL_GLINKSETTINGS, [], false, 23);
  expect([first.rc, first.bytes[15]]).toEqual([0, 256 - 4]);
  const second = ask(U.ETHTOOL_GLINKSETTINGS, [0, 0, 4 << 24], false, 20);
  expect([second.rc, second.out[0], second.out[11]]).toEqual([0, 100000, 0x20]);
});

it('changes what the driver lets be changed, for those who may [ETH-03] [WOL-01]', () => {
  expect(ask(U.ETHTOOL_GWOL, [], true, 4)).toMatchObject({ rc: 0, out: [0x20, 0, 0, 0] });
  expect(ask(U.ETHTOOL_SWOL, [0, 0x20]).rc).toBe(0);
  expect(ask(U.ETHTOOL_GWOL, [], true, 4).out[1]).toBe(0x20);
  expect(ask(U.ETHTOOL_SRINGPARAM, [0, 0, 0, 0, 257, 0, 0, 1]).rc).toBe(-U.EINVAL);
  expect(ask(U.ETHTOOL_SRINGPARAM, [0, 0, 0, 0, 64, 0, 0, 32]).rc).toBe(0);
  expect(state.ring.slice(4)).toEqual([64, 0, 0, 32]);
  expect(ask(U.ETHTOOL_SRXFHINDIR, [4, 1, 1, 1, 2]).rc).toBe(-U.EINVAL);
  expect(ask(U.ETHTOOL_SRXFHINDIR, [4, 1, 1, 1, 0]).rc).toBe(0);
  expect(ask(U.ETHTOOL_GRXFHINDIR, [4], false, 4)).toMatchObject({ rc: 0, out: [4, 1, 1, 1, 0] });
  expect([ask(U.ETHTOOL_NWAY_RST).rc, state.restarts]).toEqual([0, 1]);
  for (const cmd of [U.ETHTOOL_SWOL, U.ETHTOOL_GWOL, U.ETHTOOL_NWAY_RST, U.ETHTOOL_SFEATURES, U.ETHTOOL_SGRO]) expect(ask(cmd, [0, 0], false).rc).toBe(-U.EPERM);
});

it('lists features and grants wishes for those that may change [ETH-02] [FEA-12]', () => {
  const gso = 1 << 11;
  const read = ask(U.ETHTOOL_GFEATURES, [2], false, 8);
  expect([read.rc, (read.out[1] as number) & gso, (read.out[3] as number) & 1]).toEqual([0, gso, 1]);
  expect(ask(U.ETHTOOL_SFEATURES, [2, gso, 0, 0, 0]).rc).toBe(0);
  expect([dev.features & NETIF_F_GSO, dev.features & NETIF_F_GRO]).toEqual([0, NETIF_F_GRO]);
  // Scatter-gather is not the user's; VLAN-challenged is nobody's.
  expect(ask(U.ETHTOOL_SFEATURES, [2, 1, 0, 0, 0]).rc).toBe(U.ETHTOOL_F_UNSUPPORTED);
  expect(ask(U.ETHTOOL_SFEATURES, [2, 1 << 10, 0, 0, 0]).rc).toBe(-U.EINVAL);
  expect([ask(U.ETHTOOL_SGRO, [0]).rc, dev.features & NETIF_F_GRO]).toEqual([0, 0]);
  expect(ask(U.ETHTOOL_SSG, [0]).rc).toBe(-U.EOPNOTSUPP);
});

it('says -EOPNOTSUPP, -EFAULT, -ENODEV, -ETOOSMALL and nothing worse [ETH-01]', () => {
  dev.ethtoolOps = defaultEthtoolOps;
  for (let cmd = 0; cmd < 0x60; cmd++) {
    expect(ask(cmd, [], true).rc).toBeLessThanOrEqual(0);
    expect([0, -U.EOPNOTSUPP, -U.EINVAL, -U.ETOOSMALL, -U.EFAULT]).toContain(ask(cmd, [], true, 60).rc);
  }
  expect([ask(U.ETHTOOL_GDRVINFO, [], true, 48).rc, ask(U.ETHTOOL_GLINK, [0]).rc]).toEqual([-U.EOPNOTSUPP, -U.EOPNOTSUPP]);
  expect([ask(U.ETHTOOL_GPERMADDR, [5, 0]).rc, ask(U.ETHTOOL_GPERMADDR, [6, 0, 0]).rc]).toEqual([-U.ETOOSMALL, 0]);
  expect(devEthtool.of(net)(net, 'nosuch', words(U.ETHTOOL_GLINK, 0), true)).toBe(-U.ENODEV);
});
