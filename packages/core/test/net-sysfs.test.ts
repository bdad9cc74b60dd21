import { ARPHRD_ETHER, EACCES, EINVAL, EISDIR, ENODEV, ENOENT, ENOMEM, EOPNOTSUPP, EOVERFLOW, ERANGE, IFF_BROADCAST, IFF_MULTICAST, IFF_PROMISC, IFF_UP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  setupNet,
  defaultEthtoolOps,
  devChangeCarrier,
  devClose,
  devOpen,
  type NetDevice,
  NETIF_F_HW_VLAN_CTAG_FILTER,
  netifCarrierOff,
  netifCarrierOn,
  netifTestingOff,
  netifTestingOn,
  type Net,
  netifDeviceDetach,
  netSysfsList,
  netSysfsPath,
  netSysfsRead,
  netSysfsWrite,
  RX_BYTES,
  sysfsRead,
  sysfsReaddir,
  sysfsWrite,
  unregisterNetdevice,
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
    // As the kernel 6.18 answers; the numbers are unsigned long there, and cut to what the field holds.
    const odd = ['+1501', '0X600', '4294968796', '1500\n\n', '08', '0x', ' 1500', '3000000000', '18446744073709551616'];
    expect(odd.map((text) => write('mtu', text))).toEqual([0, 0, 0, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -ERANGE]);
    expect([dev.mtu, write('netdev_group', '4294967301'), dev.group, write('tx_queue_len', '4294967296')]).toEqual([1500, 0, 5, -ERANGE]);
    expect([write('tx_queue_len', '4294967295'), netSysfsRead(dev, 'tx_queue_len')]).toEqual([0, '-1\n']);
    expect([write('gro_flush_timeout', '20000'), dev.groFlushTimeout, netSysfsRead(dev, 'gro_flush_timeout')]).toEqual([0, 20000, '20000\n']);
    expect([write('type', '3'), write('nope', '1'), write('carrier', '0'), write('carrier', 'x')]).toEqual([-EACCES, -ENOENT, -EOPNOTSUPP, -EOPNOTSUPP]);
    unregisterNetdevice(dev);
    expect([write('mtu', '1400'), dev.mtu]).toEqual([-EINVAL, 1500]);
  });

  it('have the names that they have, and no others', () => {
    const { dev } = addDevice(boot());
    for (const name of ['constructor', '__proto__', 'statistics/toString']) expect([netSysfsRead(dev, name), netSysfsWrite(dev, name, '1')]).toEqual([-ENOENT, -ENOENT]);
  });

  it('steer as far as there is memory and there are CPUs', () => {
    const kernel = boot({ cpus: 8 });
    const { dev } = addDevice(kernel);
    const flows = (text: string): number => netSysfsWrite(dev, 'queues/rx-0/rps_flow_cnt', text);
    expect(['5', '4294967295', '4294967296', '9223372036854775808', '99999999999999999999'].map(flows)).toEqual([0, -ENOMEM, -ENOMEM, -EINVAL, -ERANGE]);
    expect(netSysfsRead(dev, 'queues/rx-0/rps_flow_cnt')).toBe('8\n');
    const cpus = (text: string): number => netSysfsWrite(dev, 'queues/rx-0/rps_cpus', text);
    expect([' 11 ', '1,1', '0,1', '000000001', '0x1', '100'].map(cpus)).toEqual([0, -EOVERFLOW, -EOVERFLOW, -EOVERFLOW, -EINVAL, -EOVERFLOW]);
    expect([netSysfsRead(dev, 'queues/rx-0/rps_cpus'), cpus(',1'), cpus('1,'), cpus(' '), netSysfsRead(dev, 'queues/rx-0/rps_cpus')]).toEqual(['11\n', 0, 0, 0, '00\n']);
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

describe('files of 6.18', () => {
  it('are there as for its virtual devices', () => {
    const { dev } = addDevice(boot());
    const own = 'addr_assign_type addr_len address broadcast carrier carrier_changes carrier_down_count carrier_up_count dev_id dev_port dormant duplex flags gro_flush_timeout ifalias ifindex iflink link_mode mtu name_assign_type napi_defer_hard_irqs netdev_group operstate proto_down queues speed statistics testing threaded tx_queue_len type uevent';
    expect(netSysfsList(dev)).toEqual(own.split(' '));
    expect([netSysfsList(dev, 'queues/tx-0'), netSysfsList(dev, 'queues/rx-0')]).toEqual([['traffic_class', 'tx_maxrate', 'tx_timeout', 'xps_cpus'], ['rps_cpus', 'rps_flow_cnt']]);
  });

  it('take and refuse what they do there', () => {
    const { dev } = addDevice(boot());
    const write = (path: string, ...values: string[]): number[] => values.map((value) => netSysfsWrite(dev, path, value));
    expect(write('threaded', '1', '0', 'x')).toEqual([-EOPNOTSUPP, -EOPNOTSUPP, -EINVAL]);
    expect(write('napi_defer_hard_irqs', '-1', '2147483648', '0x10')).toEqual([-EINVAL, -ERANGE, 0]);
    expect(write('proto_down', '1', '2', 'x')).toEqual([-EOPNOTSUPP, -EOPNOTSUPP, -EINVAL]);
    expect(write('queues/tx-0/tx_maxrate', '100', '0', 'x')).toEqual([-EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP]);
    expect(write('uevent', 'add', 'x')).toEqual([0, -EINVAL]);
    expect([write('dev_port', '1'), write('speed', '5'), write('testing', '1')]).toEqual([[-EACCES], [-EACCES], [-EACCES]]);
    expect([netSysfsRead(dev, 'napi_defer_hard_irqs'), netSysfsRead(dev, 'threaded'), netSysfsRead(dev, 'queues/tx-0/tx_maxrate')]).toEqual(['16\n', '0\n', '0\n']);
  });

  it('say what the driver knows of its link, while it is up', () => {
    const kernel = boot();
    const rest = { port: 0, phyAddress: 0, autoneg: 0, ethTpMdix: 0, ethTpMdixCtrl: 0, transceiver: 0, masterSlaveCfg: 0, masterSlaveState: 0, supported: [], advertising: [], lpAdvertising: [] };
    const link = { ...rest, speed: 0xffffffff, duplex: 0xff };
    const { dev } = addDevice(kernel, { setup: (d) => (d.ethtoolOps = { ...defaultEthtoolOps, getLinkKsettings: () => link }) });
    const read = (): unknown[] => [netSysfsRead(dev, 'speed'), netSysfsRead(dev, 'duplex')];
    expect(read()).toEqual([-EINVAL, -EINVAL]);
    devOpen(dev);
    expect(read()).toEqual(['-1\n', 'unknown\n']);
    Object.assign(link, { speed: 10000, duplex: 1 });
    expect(read()).toEqual(['10000\n', 'full\n']);
    link.duplex = 0;
    const plain = addDevice(kernel).dev;
    devOpen(plain);
    expect([netSysfsRead(dev, 'duplex'), netSysfsRead(plain, 'speed')]).toEqual(['half\n', -EINVAL]);
  });

  it('tell of a test, during which the link is up for nobody', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel);
    devOpen(dev);
    const read = (): unknown[] => (clock.advance(0), [netSysfsRead(dev, 'testing'), netSysfsRead(dev, 'operstate')]);
    expect(read()).toEqual(['0\n', 'unknown\n']);
    netifTestingOn(dev);
    expect(read()).toEqual(['1\n', 'testing\n']);
    netifTestingOff(dev);
    expect(read()).toEqual(['0\n', 'up\n']);
  });

  it('are found by their paths in the namespace, below the class and where that leads', () => {
    const kernel = boot();
    const other = setupNet(kernel) as Net;
    addDevice(kernel, { name: 'eth0' });
    const { dev } = addDevice(kernel, { name: 'em1', setup: (d) => (d.parent = 'pci0000:00/0000:00:03.0') });
    const { initNet } = kernel;
    const base = '/sys/class/net';
    expect([sysfsReaddir(initNet, base), sysfsReaddir(other, base), sysfsReaddir(initNet, `${base}/em1/queues`), sysfsReaddir(initNet, `${base}/nope`)]).toEqual([['em1', 'eth0'], [], ['rx-0', 'tx-0'], -ENOENT]);
    expect([`${base}/em1/ifindex`, '/sys/devices/pci0000:00/0000:00:03.0/net/em1/ifindex', '/sys/devices/virtual/net/eth0/ifindex'].map((path) => sysfsRead(initNet, path))).toEqual(['2\n', '2\n', '1\n']);
    expect([base, `${base}/em1`, `${base}/em1/queues`, `${base}/em`, '/sys/kernel'].map((path) => sysfsRead(initNet, path))).toEqual([-EISDIR, -EISDIR, -EISDIR, -ENOENT, -ENOENT]);
    expect([sysfsRead(other, `${base}/em1/mtu`), sysfsWrite(initNet, `${base}/em1/mtu`, '1400\n'), dev.mtu, sysfsWrite(initNet, `${base}/em1`, 'x'), sysfsWrite(other, `${base}/em1/mtu`, '1')]).toEqual([-ENOENT, 0, 1400, -EISDIR, -ENOENT]);
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
    expect([netSysfsWrite(dev, 'carrier', '0'), netSysfsWrite(dev, 'carrier', 'x')]).toEqual([-EINVAL, -EINVAL]);
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
    expect([told.splice(0), vlanVids(filtering), vlanVids(plain).length]).toEqual([['+8100/5'], [[0x8100, 5], [0x88a8, 5]], 2]);
    expect([vlanVidAdd(filtering, 0x8100, 13), vlanVids(filtering).length, told.splice(0)]).toEqual([-EINVAL, 2, ['+8100/13']]);
    for (let i = 0; i < 3; i++) vlanVidDel(filtering, 0x8100, 5);
    expect([told, vlanVids(filtering)]).toEqual([['-8100/5'], [[0x88a8, 5]]]);
  });
});
