import {
  EADDRNOTAVAIL,
  EIO,
  ENODEV,
  ENOENT,
  EOVERFLOW,
  ERFKILL,
  IFF_ALLMULTI,
  IFF_BROADCAST,
  IFF_DORMANT,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_POINTOPOINT,
  IFF_PROMISC,
  IFF_RUNNING,
  IFF_UP,
} from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devChangeFlags,
  devClose,
  devGetFlags,
  devMcAdd,
  devMcAddGlobal,
  devMcDel,
  devMcDelGlobal,
  devMcFlush,
  devOpen,
  devSetAllmulti,
  devSetPromiscuity,
  devUcAdd,
  devUcDel,
  devUcFlush,
  IFF_BRIDGE_PORT,
  IFF_EBRIDGE,
  IFF_UNICAST_FLT,
  NETDEV_CHANGE,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_PRE_UP,
  NETDEV_REGISTER,
  NETDEV_UP,
  type NetDevice,
  netifCarrierOff,
  netifDeviceAttach,
  netifDeviceDetach,
  netifDormantOn,
  NOTIFY_DONE,
  notifierFromErrno,
  rmmod,
  VirtualClock,
  silentRtnl,
} from '../src/index.ts';
import { addDevice, boot, type DeviceOptions, recordEvents, subscribe } from './helpers.ts';

const EVENTS = {
  [NETDEV_REGISTER]: 'REGISTER',
  [NETDEV_PRE_UP]: 'PRE_UP',
  [NETDEV_UP]: 'UP',
  [NETDEV_CHANGE]: 'CHANGE',
  [NETDEV_GOING_DOWN]: 'GOING_DOWN',
  [NETDEV_DOWN]: 'DOWN',
};

describe('up and down', () => {
  it('go in the order of Linux [STA-06] [STA-01] [NDO-02] [FLG-01] [NOTI-10]', () => {
    const kernel = boot();
    const steps: string[] = [];
    const look = (what: string, dev: NetDevice): number => {
      steps.push(`${what} ${dev.running() ? 'running' : '-'} ${(dev.flags & IFF_UP) !== 0 ? 'UP' : '-'} ${dev.tx[0]?.qdisc.kind}`);
      return 0;
    };
    const { dev } = addDevice(kernel, {
      txQueueLen: 10,
      ops: { ndoOpen: (d) => look('ndoOpen', d), ndoStop: (d) => look('ndoStop', d), ndoSetRxMode: (d) => void look('rxMode', d), ndoValidateAddr: (d) => look('validate', d) },
    });
    subscribe(kernel, (_nb, event, { dev: d }) => (event === NETDEV_REGISTER || look(EVENTS[event as keyof typeof EVENTS], d), NOTIFY_DONE));
    expect([devOpen(dev), devOpen(dev)]).toEqual([0, 0]);
    devClose(dev);
    devClose(dev);
    expect(steps).toEqual([
      'PRE_UP - - noop',
      'validate running - noop',
      'ndoOpen running - noop',
      'rxMode running UP noop',
      'UP running UP pfifo_fast',
      'GOING_DOWN running UP pfifo_fast',
      'ndoStop - UP noop',
      'DOWN - - noop',
    ]);
  });

  it.each([
    ['the driver fails', -EIO, { ops: { ndoOpen: () => -EIO } }],
    ['the address is none', -EADDRNOTAVAIL, { ops: { ndoValidateAddr: () => -EADDRNOTAVAIL, ndoOpen: () => 0 } }],
  ] as [string, number, DeviceOptions][])('stays down when %s [NDO-02] [NDO-04]', (_why, err, options) => {
    const kernel = boot();
    const { dev } = addDevice(kernel, options);
    const events = recordEvents(kernel, EVENTS);
    expect([devOpen(dev), dev.running(), dev.flags & IFF_UP]).toEqual([err, false, 0]);
    expect(events.filter((e) => e.endsWith(':UP'))).toEqual([]);
    expect([devChangeFlags(dev, IFF_UP), dev.flags & IFF_UP]).toEqual([err, 0]);
  });

  it('stays down when a subscriber forbids it, and the driver is not asked [NOTI-09]', () => {
    const kernel = boot();
    let opened = 0;
    const { dev } = addDevice(kernel, { ops: { ndoOpen: () => (opened++, 0) } });
    const rfkill = subscribe(kernel, (_nb, event) => (event === NETDEV_PRE_UP ? notifierFromErrno(-ERFKILL) : NOTIFY_DONE));
    expect([devOpen(dev), devChangeFlags(dev, IFF_UP), opened, dev.running()]).toEqual([-ERFKILL, -ERFKILL, 0, false]);
    expect(rmmod(kernel, rfkill)).toBe(0);
    expect([devOpen(dev), opened]).toEqual([0, 1]);
  });

  it('are asked for by flags too, and user space hears what changed [FLG-01]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    const heard: number[] = [];
    const events = recordEvents(kernel, EVENTS);
    kernel.rtnl = { ...silentRtnl, linkChanged: (_dev, change) => heard.push(change) };
    expect(devChangeFlags(dev, dev.flags | IFF_UP)).toBe(0);
    expect(devChangeFlags(dev, dev.flags)).toBe(0);
    expect(devChangeFlags(dev, dev.flags & ~IFF_UP)).toBe(0);
    expect([heard, events.slice(1)]).toEqual([[IFF_UP, IFF_UP], ['eth0:PRE_UP', 'eth0:UP', 'eth0:GOING_DOWN', 'eth0:DOWN']]);
  });
});

describe('presence', () => {
  it('is lost by detach: the device cannot come up, its queues stop; attach brings both back [STA-02]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { txQueueLen: 5, txqs: 2 });
    expect(devOpen(dev)).toBe(0);
    netifDeviceDetach(dev);
    expect([dev.present(), dev.tx.map((q) => q.stopped)]).toEqual([false, [true, true]]);
    devClose(dev);
    expect(devOpen(dev)).toBe(-ENODEV);
    netifDeviceAttach(dev);
    expect([dev.present(), devOpen(dev)]).toEqual([true, 0]);
    netifDeviceDetach(dev);
    netifDeviceAttach(dev);
    expect(dev.tx.map((q) => q.stopped)).toEqual([false, false]);
  });
});

describe('flags', () => {
  it('of the type are not the user’s to change, the others are [FLG-03] [FLG-04]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { setup: (d) => (d.flags = IFF_BROADCAST | IFF_MULTICAST) });
    expect(devOpen(dev)).toBe(0);
    const events = recordEvents(kernel, EVENTS).splice(0);
    expect(events).toEqual(['eth0:REGISTER', 'eth0:UP']);
    expect(devChangeFlags(dev, IFF_UP | IFF_NOARP | IFF_LOOPBACK | IFF_POINTOPOINT | IFF_RUNNING)).toBe(0);
    expect(dev.flags).toBe(IFF_UP | IFF_NOARP | IFF_BROADCAST);
    expect(devChangeFlags(dev, IFF_UP | IFF_MULTICAST)).toBe(0);
    expect(dev.flags).toBe(IFF_UP | IFF_MULTICAST | IFF_BROADCAST);
  });

  it('that changed while it is up are an event [FLG-04]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    const events = recordEvents(kernel, EVENTS);
    devChangeFlags(dev, IFF_NOARP);
    expect([events, dev.flags]).toEqual([['eth0:REGISTER'], IFF_NOARP]);
    devChangeFlags(dev, IFF_NOARP | IFF_UP);
    devChangeFlags(dev, IFF_UP);
    expect(events.slice(1)).toEqual(['eth0:PRE_UP', 'eth0:UP', 'eth0:CHANGE']);
  });

  it('that describe the link are computed when they are read [STA-03] [STA-05]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel);
    expect(devGetFlags(dev)).toBe(0);
    devOpen(dev);
    expect(devGetFlags(dev)).toBe(IFF_UP | IFF_RUNNING | IFF_LOWER_UP);
    netifCarrierOff(dev);
    clock.runUntilIdle();
    expect([devGetFlags(dev), dev.carrierOk()]).toEqual([IFF_UP, false]);
    netifDormantOn(dev);
    expect(devGetFlags(dev)).toBe(IFF_UP | IFF_DORMANT);
  });

  it('private to the kernel are not shown [FLG-07]', () => {
    const { dev } = addDevice(boot(), { setup: (d) => (d.privFlags = IFF_EBRIDGE | IFF_BRIDGE_PORT | 0x7fff) });
    expect(devGetFlags(dev)).toBe(0);
  });
});

describe('promiscuity', () => {
  it('is on while anybody wants it; each turn is logged and told once [DEV-18] [FLG-02] [DVI-04]', () => {
    const kernel = boot();
    const asked: number[] = [];
    const { dev } = addDevice(kernel, { name: 'eth0', ops: { ndoChangeRxFlags: (_d, flags) => void asked.push(flags) } });
    const heard: number[] = [];
    kernel.rtnl = { ...silentRtnl, linkChanged: (_dev, change) => heard.push(change) };
    const on = (): boolean => (dev.flags & IFF_PROMISC) !== 0;
    expect([devSetPromiscuity(dev, 1), on(), devSetPromiscuity(dev, 2), dev.promiscuity]).toEqual([0, true, 0, 3]);
    expect([devSetPromiscuity(dev, -2), on(), devSetPromiscuity(dev, -1), on()]).toEqual([0, true, 0, false]);
    expect([asked, heard]).toEqual([[IFF_PROMISC, IFF_PROMISC], [IFF_PROMISC, IFF_PROMISC]]);
    expect(kernel.dmesg().map((line) => line.slice(15))).toEqual(expect.arrayContaining(['eth0: entered promiscuous mode', 'eth0: left promiscuous mode']));
    // Nobody wants it, and one wants it less; more than a counter holds.
    expect([devSetPromiscuity(dev, -1), dev.promiscuity]).toEqual([-EOVERFLOW, 0]);
    expect(devSetPromiscuity(dev, 0xffffffff)).toBe(0);
    expect([devSetPromiscuity(dev, 1), dev.promiscuity]).toEqual([-EOVERFLOW, 0xffffffff]);
    expect(kernel.dmesg().at(-1)).toContain('promiscuity touches roof');
  });

  it('of the user is one wish, and the one that is shown [DEV-36] [FLG-02]', () => {
    const { dev } = addDevice(boot());
    devSetPromiscuity(dev, 1);
    expect(devGetFlags(dev) & IFF_PROMISC).toBe(0);
    devChangeFlags(dev, IFF_PROMISC);
    devChangeFlags(dev, IFF_PROMISC);
    expect([devGetFlags(dev) & IFF_PROMISC, dev.promiscuity]).toEqual([IFF_PROMISC, 2]);
    devSetPromiscuity(dev, -1);
    devChangeFlags(dev, 0);
    expect([devGetFlags(dev) & IFF_PROMISC, dev.flags & IFF_PROMISC, dev.promiscuity]).toEqual([0, 0, 0]);
  });

  it('for all multicast counts in the same way [DEV-19] [FLG-05]', () => {
    const kernel = boot();
    let modes = 0;
    const { dev } = addDevice(kernel, { name: 'eth0', setup: (d) => (d.flags = IFF_BROADCAST | IFF_MULTICAST), ops: { ndoSetRxMode: () => void modes++ } });
    devOpen(dev);
    modes = 0;
    const on = (): boolean => (dev.flags & IFF_ALLMULTI) !== 0;
    expect([devSetAllmulti(dev, 1), on(), modes, devSetAllmulti(dev, 1), modes]).toEqual([0, true, 1, 0, 1]);
    expect([devSetAllmulti(dev, -2), on(), modes, devSetAllmulti(dev, -1)]).toEqual([0, false, 2, -EOVERFLOW]);
    devChangeFlags(dev, IFF_MULTICAST | IFF_ALLMULTI);
    // As `cat /sys/class/net/eth0/flags` would have it, in decimal.
    expect(devGetFlags(dev)).toBe(4610);
    expect(kernel.dmesg().some((line) => line.endsWith('eth0: entered allmulticast mode'))).toBe(true);
  });
});

describe('address lists', () => {
  const a = Uint8Array.of(2, 0, 0, 0, 0, 0xa);
  const group = Uint8Array.of(1, 0, 0x5e, 0, 0, 1);

  it('hold each address once, as often as it was added, and the driver hears of every change [DEV-17] [NDO-13]', () => {
    const kernel = boot();
    const seen: string[] = [];
    const { dev } = addDevice(kernel, { setup: (d) => (d.privFlags |= IFF_UNICAST_FLT), ops: { ndoSetRxMode: (d) => void seen.push(`${d.uc.count} ${d.mc.count}`) } });
    expect([dev.uc.isEmpty(), dev.mc.isEmpty()]).toEqual([true, true]);
    devUcAdd(dev, a);
    expect(seen).toEqual([]);
    devOpen(dev);
    expect([devUcAdd(dev, a), devMcAdd(dev, group), devUcDel(dev, a), devUcDel(dev, a), devUcDel(dev, a)]).toEqual([0, 0, 0, 0, -ENOENT]);
    expect(seen).toEqual(['1 0', '1 0', '1 1', '1 1', '0 1']);
    expect([dev.uc.isEmpty(), dev.mc.isEmpty(), devMcDel(dev, a)]).toEqual([true, false, -ENOENT]);
    devMcFlush(dev);
    devUcFlush(dev);
    expect([dev.mc.count, dev.uc.count]).toEqual([0, 0]);
  });

  it('keep the user’s addresses apart: twice is once, and only he takes them away [DEV-17]', () => {
    // ip maddr add … twice is no error on Linux 6.18; one del takes it away, a second finds nothing.
    const { dev } = addDevice(boot());
    expect([devMcAddGlobal(dev, group), devMcAddGlobal(dev, group), devMcDelGlobal(dev, group), devMcDelGlobal(dev, group)]).toEqual([0, 0, 0, -ENOENT]);
    devMcAdd(dev, group);
    expect(devMcDelGlobal(dev, group)).toBe(-ENOENT);
    devMcAddGlobal(dev, group);
    expect([devMcDel(dev, group), dev.mc.count, devMcDelGlobal(dev, group), dev.mc.count]).toEqual([0, 1, 0, 0]);
  });

  it('make a device promiscuous that cannot filter unicast addresses itself [FLG-08]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    const clever = addDevice(kernel, { setup: (d) => (d.privFlags |= IFF_UNICAST_FLT) }).dev;
    for (const d of [dev, clever]) {
      devOpen(d);
      devUcAdd(d, a);
    }
    expect([dev.promiscuity, clever.promiscuity, devGetFlags(dev) & IFF_PROMISC]).toEqual([1, 0, 0]);
    devUcDel(dev, a);
    expect([dev.promiscuity, dev.flags & IFF_PROMISC]).toEqual([0, 0]);
  });

  it('and flags are what the driver is told of [NDO-13] [DEV-18]', () => {
    const kernel = boot();
    let modes = 0;
    const { dev } = addDevice(kernel, { ops: { ndoSetRxMode: () => void modes++ } });
    devOpen(dev);
    const told = (change: () => void): boolean => {
      modes = 0;
      change();
      return modes > 0;
    };
    expect(told(() => devChangeFlags(dev, IFF_UP | IFF_PROMISC))).toBe(true);
    expect(told(() => devChangeFlags(dev, IFF_UP | IFF_ALLMULTI))).toBe(true);
    expect(told(() => devSetPromiscuity(dev, 1))).toBe(true);
    expect(told(() => devSetPromiscuity(dev, 1))).toBe(false);
  });
});
