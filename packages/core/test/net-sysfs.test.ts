import { ARPHRD_ETHER, EACCES, EINVAL, EISDIR, ENODEV, ENOENT, EOPNOTSUPP, IFF_BROADCAST, IFF_MULTICAST, IFF_PROMISC, IFF_UP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devChangeCarrier,
  devClose,
  devOpen,
  type NetDevice,
  NETIF_F_HW_VLAN_CTAG_FILTER,
  netifCarrierOff,
  netifCarrierOn,
  netifDeviceDetach,
  netSysfsList,
  netSysfsPath,
  netSysfsRead,
  netSysfsWrite,
  RX_BYTES,
  vlanVidAdd,
  vlanVidDel,
  vlanVids,
  VirtualClock,
} from '../src/index.ts';
import { addDevice, boot } from './helpers.ts';

const setup = (dev: NetDevice): void => {
  dev.type = ARPHRD_ETHER;
  dev.flags = IFF_BROADCAST | IFF_MULTICAST;
  dev.broadcast.fill(0xff, 0, 6);
};

describe('files of a device', () => {
  it('show its flags as a number, its type and its addresses [FLG-06] [DEV-11]', () => {
    const kernel = boot({ clock: new VirtualClock() });
    const { dev } = addDevice(kernel, { setup });
    const read = (path: string): string | number => netSysfsRead(dev, path);
    expect([read('flags'), read('type'), read('addr_len'), read('address'), read('broadcast')]).toEqual(['0x1002\n', '1\n', '6\n', '02:00:00:00:00:01\n', 'ff:ff:ff:ff:ff:ff\n']);
    devOpen(dev);
    expect([read('flags'), read('mtu'), read('ifindex'), read('iflink'), read('tx_queue_len'), read('netdev_group')]).toEqual(['0x1003\n', '1500\n', '1\n', '1\n', '1000\n', '0\n']);
    dev.stats[RX_BYTES] = 12345678901;
    expect([read('statistics/rx_bytes'), netSysfsList(dev, 'statistics').length, read('statistics'), read('nope'), read('queues/tx-9/xps_cpus')]).toEqual(['12345678901\n', 24, -EISDIR, -ENOENT, -ENOENT]);
    expect([read('addr_assign_type'), read('name_assign_type'), read('ifalias'), read('dev_id'), read('link_mode'), read('proto_down')]).toEqual(['0\n', '1\n', '', '0x0\n', '0\n', '0\n']);
    devClose(dev);
  });

  it('know no carrier while it is down [STA-03]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel, { setup });
    const read = (path: string): string | number => netSysfsRead(dev, path);
    expect([read('carrier'), read('dormant'), read('operstate')]).toEqual([-EINVAL, -EINVAL, 'down\n']);
    devOpen(dev);
    expect([read('carrier'), read('dormant'), read('operstate')]).toEqual(['1\n', '0\n', 'unknown\n']);
    netifCarrierOff(dev);
    clock.runUntilIdle();
    expect([read('carrier'), read('operstate'), read('carrier_changes'), read('carrier_down_count')]).toEqual(['0\n', 'down\n', '1\n', '1\n']);
  });

  it('are written: flags, MTU, alias, queue length, group', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { setup });
    const write = (path: string, text: string): number => netSysfsWrite(dev, path, text);
    expect([write('flags', '0x1103\n'), (dev.flags & (IFF_UP | IFF_PROMISC)) === (IFF_UP | IFF_PROMISC), netSysfsRead(dev, 'flags')]).toEqual([0, true, '0x1103\n']);
    expect([write('mtu', '1400'), write('mtu', '10'), write('mtu', 'xx'), dev.mtu]).toEqual([0, -EINVAL, -EINVAL, 1400]);
    expect([write('ifalias', 'hello\n'), netSysfsRead(dev, 'ifalias'), write('ifalias', 'x'.repeat(256))]).toEqual([0, 'hello\n', -EINVAL]);
    expect([write('tx_queue_len', '5'), dev.txQueueLen, write('netdev_group', '010'), dev.group]).toEqual([0, 5, 0, 8]);
    expect([write('type', '3'), write('nope', '1'), write('carrier', '0')]).toEqual([-EACCES, -ENOENT, -EOPNOTSUPP]);
  });

  it('lie under the device that it stands on, or among the virtual ones, and say what it is [DEV-31] [DEV-01]', () => {
    const kernel = boot();
    const virtual = addDevice(kernel, { name: 'br0', setup: (dev) => (dev.devtype = 'bridge') }).dev;
    const value = { show: () => 'yes\n', store: null };
    const real = addDevice(kernel, { name: 'em1', setup: (dev) => ((dev.parent = 'pci0000:00/0000:00:03.0'), dev.sysfsGroups.push({ name: 'driver', attrs: { ring: value } }, { name: '', attrs: { extra: value } })) }).dev;
    expect([netSysfsPath(virtual), netSysfsPath(real)]).toEqual(['/sys/devices/virtual/net/br0', '/sys/devices/pci0000:00/0000:00:03.0/net/em1']);
    expect([netSysfsRead(virtual, 'uevent'), netSysfsRead(real, 'uevent')]).toEqual(['DEVTYPE=bridge\nINTERFACE=br0\nIFINDEX=1\n', 'INTERFACE=em1\nIFINDEX=2\n']);
    expect([netSysfsRead(real, 'driver/ring'), netSysfsRead(real, 'extra'), netSysfsRead(virtual, 'extra'), netSysfsWrite(real, 'extra', '1')]).toEqual(['yes\n', 'yes\n', -ENOENT, -EACCES]);
    expect(netSysfsList(real)).toEqual(expect.arrayContaining(['driver', 'extra', 'flags', 'queues', 'statistics']));
  });
});

describe('the carrier', () => {
  it('is set by user space where the driver lets it', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const ndoChangeCarrier = (dev: NetDevice, on: boolean): number => {
      if (on) netifCarrierOn(dev);
      else netifCarrierOff(dev);
      return 0;
    };
    const { dev } = addDevice(kernel, { ops: { ndoChangeCarrier } });
    expect(netSysfsWrite(dev, 'carrier', '0')).toBe(-EINVAL);
    devOpen(dev);
    expect([netSysfsWrite(dev, 'carrier', '0'), dev.carrierOk(), devChangeCarrier(dev, true), dev.carrierOk()]).toEqual([0, false, 0, true]);
    netifDeviceDetach(dev);
    expect(devChangeCarrier(dev, false)).toBe(-ENODEV);
    clock.runUntilIdle();
    expect(devChangeCarrier(addDevice(kernel).dev, true)).toBe(-EOPNOTSUPP);
  });
});

describe('VLANs that a device shall let in', () => {
  it('are told to one that filters, the first time and the last [NDO-12]', () => {
    const kernel = boot();
    const told: string[] = [];
    const ops = {
      ndoVlanRxAddVid: (_dev: NetDevice, proto: number, vid: number) => (told.push(`+${proto.toString(16)}/${vid}`), vid === 13 ? -EINVAL : 0),
      ndoVlanRxKillVid: (_dev: NetDevice, proto: number, vid: number) => (told.push(`-${proto.toString(16)}/${vid}`), 0),
    };
    const filtering = addDevice(kernel, { ops, setup: (dev) => (dev.features |= NETIF_F_HW_VLAN_CTAG_FILTER) }).dev;
    const plain = addDevice(kernel, { ops }).dev;
    for (const dev of [filtering, plain]) expect([vlanVidAdd(dev, 0x8100, 5), vlanVidAdd(dev, 0x8100, 5), vlanVidAdd(dev, 0x88a8, 5)]).toEqual([0, 0, 0]);
    expect([told.splice(0), vlanVids(filtering), vlanVids(plain).length]).toEqual([['+8100/5', '+88a8/5'], [[0x8100, 5], [0x88a8, 5]], 2]);
    expect([vlanVidAdd(filtering, 0x8100, 13), vlanVids(filtering).length, told.splice(0)]).toEqual([-EINVAL, 2, ['+8100/13']]);
    for (let i = 0; i < 3; i++) vlanVidDel(filtering, 0x8100, 5);
    expect([told, vlanVids(filtering)]).toEqual([['-8100/5'], [[0x88a8, 5]]]);
  });
});
