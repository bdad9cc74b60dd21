import { EADDRNOTAVAIL, EBUSY, EEXIST, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, EPERM, ERANGE, NET_ADDR_RANDOM, NET_ADDR_SET, NET_NAME_RENAMED } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devAddAltname,
  devChangeName,
  devChangeTxQueueLen,
  devDelAltname,
  devOpen,
  devSetAlias,
  devSetGroup,
  devSetMacAddress,
  devSetMtu,
  devValidateMtu,
  ethMacAddr,
  IFF_LIVE_ADDR_CHANGE,
  isBroadcastEtherAddr,
  isMulticastEtherAddr,
  isValidEtherAddr,
  isZeroEtherAddr,
  NETDEV_CHANGE_TX_QUEUE_LEN,
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  NETDEV_CHANGENAME,
  NETDEV_PRE_CHANGEADDR,
  NETDEV_PRECHANGEMTU,
  NETDEV_REGISTER,
  netifDeviceAttach,
  netifDeviceDetach,
  NOTIFY_DONE,
  notifierFromErrno,
  rmmod,
} from '../src/index.ts';
import { addDevice, boot, recordEvents, subscribe } from './helpers.ts';

const EVENTS = {
  [NETDEV_REGISTER]: 'REGISTER',
  [NETDEV_PRECHANGEMTU]: 'PRECHANGEMTU',
  [NETDEV_CHANGEMTU]: 'CHANGEMTU',
  [NETDEV_PRE_CHANGEADDR]: 'PRE_CHANGEADDR',
  [NETDEV_CHANGEADDR]: 'CHANGEADDR',
  [NETDEV_CHANGENAME]: 'CHANGENAME',
  [NETDEV_CHANGE_TX_QUEUE_LEN]: 'CHANGE_TX_QUEUE_LEN',
};

/** Forbids one event with an errno. */
const veto = (event: number, err: number) => (_nb: unknown, e: number) => (e === event ? notifierFromErrno(err) : NOTIFY_DONE);

describe('the MTU', () => {
  it('is changed within the device’s range, by the driver if it wants to, and told; the same is no change [DEV-10] [NDO-07] [DVI-06]', () => {
    const kernel = boot();
    const asked: number[] = [];
    const { dev } = addDevice(kernel, { ops: { ndoChangeMtu: (_d, mtu) => (asked.push(mtu), mtu === 4000 ? -EBUSY : 0) } });
    const events = recordEvents(kernel, EVENTS);
    expect([devSetMtu(dev, 1500), devSetMtu(dev, 68), devSetMtu(dev, 9000), devSetMtu(dev, 4000)]).toEqual([0, 0, 0, -EBUSY]);
    expect([dev.mtu, asked]).toEqual([9000, [68, 9000, 4000]]);
    expect(events.slice(1)).toEqual(['eth0:PRECHANGEMTU', 'eth0:CHANGEMTU', 'eth0:PRECHANGEMTU', 'eth0:CHANGEMTU', 'eth0:PRECHANGEMTU']);
  });

  it.each([[67, 'mtu less than device minimum'], [-1, 'mtu less than device minimum'], [9001, 'mtu greater than device maximum']])('of %i is refused in the words of Linux [DEV-10]', (mtu, message) => {
    const { dev } = addDevice(boot());
    const extack = { message: '' };
    expect([devSetMtu(dev, mtu, extack), extack.message, dev.mtu]).toEqual([-EINVAL, message, 1500]);
    expect(devValidateMtu(dev, mtu, null)).toBe(-EINVAL);
    dev.maxMtu = 0;
    expect(devValidateMtu(dev, 70_000, null)).toBe(0);
  });

  it('stays when a subscriber forbids it, before or after the change', () => {
    const kernel = boot();
    const asked: number[] = [];
    const { dev } = addDevice(kernel, { ops: { ndoChangeMtu: (_d, mtu) => (asked.push(mtu), 0) } });
    const first = subscribe(kernel, veto(NETDEV_PRECHANGEMTU, -EPERM));
    expect([devSetMtu(dev, 1400), dev.mtu, asked]).toEqual([-EPERM, 1500, []]);
    rmmod(kernel, first);
    const seen: number[] = [];
    subscribe(kernel, (_nb, event, info) => (event === NETDEV_CHANGEMTU && seen.push(info.dev.mtu), NOTIFY_DONE), 1);
    subscribe(kernel, veto(NETDEV_CHANGEMTU, -EPERM));
    expect([devSetMtu(dev, 1400), dev.mtu, asked, seen]).toEqual([-EPERM, 1500, [1400, 1500], [1400, 1500]]);
  });

  it('of a device that is not there is not changed', () => {
    const { dev } = addDevice(boot());
    netifDeviceDetach(dev);
    expect(devSetMtu(dev, 1400)).toBe(-ENODEV);
    netifDeviceAttach(dev);
  });
});

describe('the MAC address', () => {
  const mac = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
  const good = mac(2, 0, 0, 0, 0, 9);

  it('is changed through the driver, told before and after, and counts as set [DEV-14] [NDO-05] [DEV-13]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { ops: { ndoSetMacAddress: ethMacAddr }, setup: (d) => (d.addrAssignType = NET_ADDR_RANDOM) });
    const events = recordEvents(kernel, EVENTS);
    expect([devSetMacAddress(dev, good), [...dev.devAddr.subarray(0, 6)], dev.addrAssignType]).toEqual([0, [...good], NET_ADDR_SET]);
    expect(events.slice(1)).toEqual(['eth0:PRE_CHANGEADDR', 'eth0:CHANGEADDR']);
  });

  it('is refused where it cannot be [NDO-05] [DEV-14]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { ops: { ndoSetMacAddress: ethMacAddr } });
    const fixed = addDevice(kernel).dev;
    const live = addDevice(kernel, { ops: { ndoSetMacAddress: ethMacAddr }, setup: (d) => (d.privFlags |= IFF_LIVE_ADDR_CHANGE) }).dev;
    expect(devSetMacAddress(fixed, good)).toBe(-EOPNOTSUPP);
    expect(devSetMacAddress(dev, good.subarray(0, 5))).toBe(-EINVAL);
    expect(devSetMacAddress(dev, mac(0, 0, 0, 0, 0, 0))).toBe(-EADDRNOTAVAIL);
    expect(devSetMacAddress(dev, mac(3, 0, 0, 0, 0, 1))).toBe(-EADDRNOTAVAIL);
    for (const d of [dev, live]) devOpen(d);
    expect([devSetMacAddress(dev, good), devSetMacAddress(live, good)]).toEqual([-EBUSY, 0]);
    subscribe(kernel, veto(NETDEV_PRE_CHANGEADDR, -EPERM));
    expect([devSetMacAddress(live, mac(2, 2, 2, 2, 2, 2)), live.devAddr[1]]).toEqual([-EPERM, 0]);
    netifDeviceDetach(live);
    expect(devSetMacAddress(live, good)).toBe(-ENODEV);
    netifDeviceAttach(live);
  });

  it('is valid if it is neither zero nor a group; broadcast is a group [DEV-15]', () => {
    const zero = mac(0, 0, 0, 0, 0, 0);
    const all = mac(255, 255, 255, 255, 255, 255);
    const group = mac(1, 0, 0x5e, 0, 0, 1);
    const one = mac(0, 0, 0, 0, 0, 1);
    expect([zero, all, group, one].map(isValidEtherAddr)).toEqual([false, false, false, true]);
    expect([zero, all, group, one].map(isMulticastEtherAddr)).toEqual([false, true, true, false]);
    expect([zero, all, group, one].map(isBroadcastEtherAddr)).toEqual([false, true, false, false]);
    expect([zero, all, group, one].map(isZeroEtherAddr)).toEqual([true, false, false, false]);
    expect(isBroadcastEtherAddr(mac(255, 255, 255, 255, 255, 254))).toBe(false);
  });
});

describe('the name', () => {
  it('changes up or down, is found at once under the new one, and is told and logged [DEV-03]', () => {
    const kernel = boot();
    const { initNet: net } = kernel;
    const { dev } = addDevice(kernel, { name: 'eth0' });
    const other = addDevice(kernel, { name: 'eth1' }).dev;
    const events = recordEvents(kernel, EVENTS);
    expect([devChangeName(dev, 'eth0'), devChangeName(dev, 'eth1'), devChangeName(dev, 'a/b')]).toEqual([0, -EEXIST, -EINVAL]);
    expect([devChangeName(dev, 'lan'), net.devGetByName('lan'), net.devGetByName('eth0'), dev.nameAssignType]).toEqual([0, dev, null, NET_NAME_RENAMED]);
    devOpen(other);
    expect([devChangeName(other, 'eth%d'), other.name]).toEqual([0, 'eth0']);
    expect(events.filter((e) => e.endsWith('CHANGENAME'))).toEqual(['lan:CHANGENAME', 'eth0:CHANGENAME']);
    expect(kernel.dmesg().map((line) => line.slice(15)).filter((line) => line.includes('renamed'))).toEqual(['lan: renamed from eth0', 'eth0: renamed from eth1 (while UP)']);
  });

  it('goes back when a subscriber forbids the new one', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { name: 'eth0' });
    subscribe(kernel, veto(NETDEV_CHANGENAME, -EPERM));
    expect([devChangeName(dev, 'lan'), dev.name, kernel.initNet.devGetByName('eth0'), kernel.initNet.devGetByName('lan')]).toEqual([-EPERM, 'eth0', dev, null]);
  });

  it('has others beside it, which find the device and are nobody else’s', () => {
    const kernel = boot();
    const { initNet: net } = kernel;
    const [a, b] = [addDevice(kernel, { name: 'eth0' }).dev, addDevice(kernel, { name: 'eth1' }).dev];
    const long = 'x'.repeat(127);
    expect([devAddAltname(a, long), devAddAltname(a, 'second'), devAddAltname(a, 'x'.repeat(128)), devAddAltname(a, '')]).toEqual([0, 0, -EINVAL, 0]);
    // As in Linux, where the text is not looked at.
    expect([devAddAltname(b, ''), devAddAltname(a, 'a/b c'), devDelAltname(a, 'a/b c'), devDelAltname(a, '')]).toEqual([-EEXIST, 0, 0, 0]);
    expect([devAddAltname(b, long), devAddAltname(b, 'eth0'), devChangeName(b, 'second')]).toEqual([-EEXIST, -EEXIST, -EEXIST]);
    expect([net.devGetByName(long), a.altnames]).toEqual([a, [long, 'second']]);
    expect([devDelAltname(b, long), devDelAltname(a, 'eth0'), devDelAltname(a, 'nobody'), devDelAltname(a, long)]).toEqual([-EINVAL, -EINVAL, -ENOENT, 0]);
    expect([net.devGetByName(long), a.altnames]).toEqual([null, ['second']]);
  });
});

describe('alias, group, queue length', () => {
  it('take 255 bytes, or nothing to remove it [DEV-08]', () => {
    const { dev } = addDevice(boot());
    expect([devSetAlias(dev, 'x'.repeat(255)), dev.ifalias.length, devSetAlias(dev, 'x'.repeat(256)), dev.ifalias.length]).toEqual([0, 255, -EINVAL, 255]);
    expect([devSetAlias(dev, ''), dev.ifalias]).toEqual([0, '']);
  });

  it('is a number [DEV-26]', () => {
    const { dev } = addDevice(boot());
    devSetGroup(dev, 42);
    expect(dev.group).toBe(42);
  });

  it('changes unless it is no 32-bit number or forbidden; the same is no event [DEV-25]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { txQueueLen: 10 });
    const events = recordEvents(kernel, EVENTS);
    expect([devChangeTxQueueLen(dev, -1), devChangeTxQueueLen(dev, 2 ** 32), devChangeTxQueueLen(dev, 10), devChangeTxQueueLen(dev, 20)]).toEqual([-ERANGE, -ERANGE, 0, 0]);
    expect([dev.txQueueLen, events.slice(1)]).toEqual([20, ['eth0:CHANGE_TX_QUEUE_LEN']]);
    subscribe(kernel, veto(NETDEV_CHANGE_TX_QUEUE_LEN, -EPERM));
    expect([devChangeTxQueueLen(dev, 30), dev.txQueueLen]).toEqual([-EPERM, 20]);
  });
});
