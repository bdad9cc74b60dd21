import { CLONE_NEWNET, CLONE_NEWUTS } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  copyNetNs,
  insmod,
  rmmod,
  setupNet,
  devChangeNetNamespace,
  type Kernel,
  NETDEV_UNREGISTER,
  NETREG_RELEASED,
  NETREG_UNREGISTERING,
  type Net,
  type NetDevice,
  pernetDevice,
  type RtnlLinkOps,
  unregisterNetdevice,
  VirtualClock,
} from '../src/index.ts';
import { addDevice, boot, recordEvents, SEC } from './helpers.ts';

const virtual: RtnlLinkOps = { kind: 'virtual', setup() {}, validate: null, newlink: null, changelink: null, dellink: null, fillInfo: null, getLinkNet: null };

interface World {
  readonly clock: VirtualClock;
  readonly kernel: Kernel;
  readonly log: string[];
}

/** A kernel whose namespaces say when their operations leave them, with `lo` as the first device operations. */
function world(): World {
  const clock = new VirtualClock();
  const kernel = boot({ clock });
  const log: string[] = [];
  const exit = (name: string) => (net: Net) => void log.push(`${name} ${net.inode - kernel.initNet.inode}`);
  insmod(kernel, { name: 'sub', init: (ctx) => ctx.pernetSubsys({ name: 'sub', exit: exit('sub') }) });
  insmod(kernel, { name: 'loopback', init: (ctx) => pernetDevice(ctx, { name: 'loopback', exit: exit('loopback') }) });
  insmod(kernel, { name: 'tunnel', init: (ctx) => pernetDevice(ctx, { name: 'tunnel', exit: exit('tunnel') }) });
  return { clock, kernel, log };
}

function device(kernel: Kernel, net: Net, name: string, log: string[]): NetDevice {
  return addDevice(kernel, { net, name, ops: { ndoUninit: (dev) => void log.push(`uninit ${dev.name}`) }, setup: (d) => (d.rtnlLinkOps = virtual) }).dev;
}

describe('a device that is unregistered', () => {
  it('is freed when its last reference goes; the log says who waits, and everybody hears of it every second [REG-08]', () => {
    const { clock, kernel } = world();
    const { dev } = addDevice(kernel, { name: 'eth0' });
    const events = recordEvents(kernel, { [NETDEV_UNREGISTER]: 'UNREGISTER' });
    dev.hold();
    unregisterNetdevice(dev);
    clock.advance(3 * SEC);
    expect([dev.regState, events.filter((e) => e === 'eth0:UNREGISTER').length]).toEqual([NETREG_UNREGISTERING, 4]);
    const warnings = (): number => kernel.dmesg().filter((line) => line.endsWith('unregister_netdevice: waiting for eth0 to become free. Usage count = 2')).length;
    clock.advance(8 * SEC);
    expect(warnings()).toBe(1);
    kernel.netdevUnregisterTimeoutSecs = 2;
    clock.advance(4 * SEC);
    expect(warnings()).toBe(3);
    dev.put();
    expect([dev.regState, kernel.liveDevices]).toEqual([NETREG_RELEASED, 0]);
    clock.advance(60 * SEC);
    expect(warnings()).toBe(3);
  });
});

describe('the worker that takes namespaces down', () => {
  it('destroys devices behind the operations of other devices, and before those of lo and of the subsystems [NET-04]', () => {
    const { clock, kernel, log } = world();
    const net = setupNet(kernel) as Net;
    device(kernel, net, 'd0', log);
    net.put();
    clock.advance(0);
    expect(log).toEqual(['tunnel 1', 'uninit d0', 'loopback 1', 'sub 1']);
  });

  it('waits for the last reference on their devices before it goes on, and what dies later waits for the worker [NET-04]', () => {
    const { clock, kernel, log } = world();
    const [a, b] = [setupNet(kernel) as Net, setupNet(kernel) as Net];
    const dev = device(kernel, a, 'd0', log);
    dev.hold();
    a.put();
    clock.advance(0);
    b.put();
    clock.advance(15 * SEC);
    expect([log, dev.regState, kernel.netns.list.length]).toEqual([['tunnel 1', 'uninit d0'], NETREG_UNREGISTERING, 2]);
    // Whoever else unregisters a device now waits for himself.
    const other = addDevice(kernel, { name: 'other' }).dev;
    other.hold();
    unregisterNetdevice(other);
    dev.put();
    clock.advance(0);
    expect(log).toEqual(['tunnel 1', 'uninit d0', 'loopback 1', 'sub 1', 'tunnel 2', 'loopback 2', 'sub 2']);
    other.put();
  });

  it('waits also for devices that were unregistered while their namespace was alive [NET-04]', () => {
    const { clock, kernel, log } = world();
    const net = setupNet(kernel) as Net;
    const dev = device(kernel, net, 'd0', log);
    dev.hold();
    unregisterNetdevice(dev);
    net.put();
    clock.advance(5 * SEC);
    expect([log, dev.regState]).toEqual([['uninit d0'], NETREG_UNREGISTERING]);
    dev.put();
    clock.advance(0);
    expect(log).toEqual(['uninit d0', 'tunnel 1', 'loopback 1', 'sub 1']);
  });

  it('waits for nothing when the kernel stops', () => {
    const { clock, kernel, log } = world();
    const net = setupNet(kernel) as Net;
    const dev = device(kernel, net, 'd0', log);
    dev.hold();
    net.put();
    clock.advance(0);
    insmod(kernel, { name: 'holder', init: (ctx) => ctx.onUnload(() => dev.put()) });
    expect(kernel.shutdown()).toEqual({});
    expect(log).toEqual(['tunnel 1', 'uninit d0', 'loopback 1', 'sub 1', 'tunnel 0', 'loopback 0', 'sub 0']);
  });
});

describe('a namespace', () => {
  it('has a number of its own from before its first operations until after its last; it is given out again [NET-15]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const seen: number[] = [];
    const note = (net: Net): number => (seen.push(net.inode - kernel.initNet.inode), 0);
    insmod(kernel, { name: 'sub', init: (ctx) => ctx.pernetSubsys({ name: 'sub', init: note, exit: (net) => void note(net) }) });
    const nets = [1, 2, 3].map(() => setupNet(kernel) as Net);
    expect([kernel.initNet.inode, seen.splice(0)]).toEqual([4026531840, [0, 1, 2, 3]]);
    for (const net of nets.slice(0, 2)) net.put();
    clock.advance(0);
    expect(seen.splice(0)).toEqual([2, 1]);
    const again = [1, 2, 3].map(() => (setupNet(kernel) as Net).inode - kernel.initNet.inode);
    expect(again).toEqual([1, 2, 4]);
    // One that could not be made gives its number back.
    insmod(kernel, { name: 'full', init: (ctx) => ctx.pernetSubsys({ name: 'full', init: (net) => (net.inode - kernel.initNet.inode > 4 ? -12 : 0) }) });
    expect([setupNet(kernel), setupNet(kernel)]).toEqual([-12, -12]);
    expect(rmmod(kernel, 'full')).toBe(0);
    expect((setupNet(kernel) as Net).inode - kernel.initNet.inode).toBe(5);
  });

  it('is copied for a task that wants its own, and else shared with its parent [NET-03]', () => {
    const kernel = boot();
    const { initNet, netns } = kernel;
    const own = copyNetNs(CLONE_NEWNET, initNet) as Net;
    expect([own === initNet, own.count, initNet.count, netns.list.length]).toEqual([false, 1, 1, 2]);
    const shared = copyNetNs(CLONE_NEWUTS, initNet) as Net;
    expect([shared === initNet, initNet.count, netns.list.length]).toEqual([true, 2, 2]);
    shared.put();
    insmod(kernel, { name: 'full', init: (ctx) => ctx.pernetSubsys({ name: 'full', init: (net) => (net === initNet || net === own ? 0 : -12) }) });
    expect([copyNetNs(CLONE_NEWNET, initNet), netns.list.length]).toEqual([-12, 2]);
  });

  it('is the same or another: a device moves to another only [NET-05]', () => {
    const kernel = boot();
    const other = setupNet(kernel) as Net;
    const { dev } = addDevice(kernel, { name: 'eth0' });
    const events = recordEvents(kernel, { [NETDEV_UNREGISTER]: 'UNREGISTER' });
    events.length = 0;
    // It would not be taken for its own rival.
    expect([devChangeNetNamespace(dev, kernel.initNet, null), events, dev.net === kernel.initNet]).toEqual([0, [], true]);
    expect([devChangeNetNamespace(dev, other, null), events[0], dev.net === other]).toEqual([0, 'eth0:UNREGISTER', true]);
  });
});
