import { EBUSY, EEXIST, EINVAL, EIO, EPERM, NET_ADDR_PERM, NET_ADDR_RANDOM, NET_NAME_ENUM, NET_NAME_USER } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  insmod,
  rmmod,
  setupNet,
  devAllocName,
  devGetStats,
  devOpen,
  DevSlot,
  DstEntry,
  devValidName,
  freeNetdev,
  IFF_NO_QUEUE,
  type Kernel,
  LINK_STATS_COUNT,
  type Net,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_POST_INIT,
  NETDEV_PRE_UNINIT,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  NETREG_REGISTERED,
  NETREG_RELEASED,
  NETREG_UNINITIALIZED,
  NETREG_UNREGISTERED,
  NETREG_UNREGISTERING,
  NETREG_DUMMY,
  type NetDevice,
  NOTIFY_BAD,
  NOTIFY_DONE,
  notifierFromErrno,
  registerNetdevice,
  RX_PACKETS,
  type RtnlLinkOps,
  TX_PACKETS,
  unregisterNetdevice,
  unregisterNetdeviceMany,
  VirtualClock,
  silentRtnl,
  rtnlLinkRegister,
} from '../src/index.ts';
import { addDevice, boot, type DeviceOptions, makeDevice, packet, recordEvents, SEC, subscribe, dstOps } from './helpers.ts';

const EVENTS = {
  [NETDEV_UP]: 'UP',
  [NETDEV_DOWN]: 'DOWN',
  [NETDEV_GOING_DOWN]: 'GOING_DOWN',
  [NETDEV_REGISTER]: 'REGISTER',
  [NETDEV_UNREGISTER]: 'UNREGISTER',
  [NETDEV_POST_INIT]: 'POST_INIT',
  [NETDEV_PRE_UNINIT]: 'PRE_UNINIT',
};

describe('allocation', () => {
  it('gives an unregistered device, set up by its type, that nobody can find, until it is freed [REG-01] [REG-09] [DEV-24]', () => {
    const kernel = boot();
    const priv = { ring: [] };
    const { dev } = makeDevice(kernel, { setup: (d) => (d.priv = priv) });
    expect([dev.regState, dev.numTxQueues, dev.numRxQueues, dev.tx.length, dev.mtu, dev.priv]).toEqual([NETREG_UNINITIALIZED, 1, 1, 1, 1500, priv]);
    expect([kernel.initNet.devList, kernel.liveDevices]).toEqual([[], 1]);
    const many = makeDevice(kernel, { txqs: 6 }).dev;
    expect([many.numTxQueues, many.realNumTxQueues, many.tx.map((q) => q.index)]).toEqual([6, 6, [0, 1, 2, 3, 4, 5]]);
    freeNetdev(dev);
    freeNetdev(dev);
    freeNetdev(many);
    expect([dev.regState, kernel.liveDevices]).toEqual([NETREG_RELEASED, 0]);
  });

  it('gives a device without a queue length 1000 and no queue [DEV-25]', () => {
    const kernel = boot();
    const [without, with5] = [addDevice(kernel, { txQueueLen: 0 }).dev, addDevice(kernel, { txQueueLen: 5 }).dev];
    expect([without.txQueueLen, (without.privFlags & IFF_NO_QUEUE) !== 0]).toEqual([1000, true]);
    expect([with5.txQueueLen, (with5.privFlags & IFF_NO_QUEUE) !== 0]).toEqual([5, false]);
  });

  it('starts with the defaults that users see [DEV-26] [DEV-27] [DEV-36]', () => {
    const { dev } = addDevice(boot());
    expect([dev.group, dev.gsoMaxSize, dev.gsoMaxSegs, dev.gflags, dev.promiscuity, dev.allmulti]).toEqual([0, 65536, 65535, 0, 0, 0]);
  });
});

describe('names', () => {
  it.each(['', '.', '..', 'a/b', 'a:b', 'a b', 'a\tb', '1234567890123456'])('%j is refused [DEV-02]', (name) => {
    const kernel = boot();
    expect(devValidName(name)).toBe(false);
    const { dev } = makeDevice(kernel, { name });
    expect(registerNetdevice(dev)).toBe(-EINVAL);
    freeNetdev(dev);
  });

  it('of 15 characters, and odd ones, are fine [DEV-02]', () => {
    for (const name of ['123456789012345', '...', 'ä', 'eth0.5', '@']) expect(devValidName(name)).toBe(true);
  });

  it('with %d get the lowest free number [REG-05]', () => {
    const kernel = boot();
    const names = [1, 2, 3].map(() => addDevice(kernel, { name: 'eth%d' }).dev);
    expect(names.map((dev) => dev.name)).toEqual(['eth0', 'eth1', 'eth2']);
    unregisterNetdevice(names[1] as NetDevice);
    const again = addDevice(kernel, { name: 'eth%d' }).dev;
    expect([again.name, again.nameAssignType]).toEqual(['eth1', NET_NAME_ENUM]);
    expect(addDevice(kernel, { name: 'x%dy' }).dev.name).toBe('x0y');
    expect([devAllocName(kernel.initNet, 'eth%s'), devAllocName(kernel.initNet, '%d%d'), devAllocName(kernel.initNet, '%')]).toEqual([-EINVAL, -EINVAL, -EINVAL]);
    for (let i = 0; i < 10; i++) addDevice(kernel, { name: 'abcdefghijklm%d' });
    expect(devAllocName(kernel.initNet, 'abcdefghijklm%d')).toBe('abcdefghijklm10');
  });

  it('are unique in a namespace and only there; numbers count from 1 in each [DEV-03] [DEV-06] [REG-05]', () => {
    const kernel = boot();
    const other = setupNet(kernel) as Net;
    const a = addDevice(kernel, { name: 'eth0' }).dev;
    const twin = makeDevice(kernel, { name: 'eth0' }).dev;
    expect(registerNetdevice(twin)).toBe(-EEXIST);
    freeNetdev(twin);
    const b = addDevice(kernel, { name: 'eth0', net: other }).dev;
    expect([a.ifindex, b.ifindex, a.nameAssignType]).toEqual([1, 1, NET_NAME_USER]);
    expect([kernel.initNet.devGetByName('eth0'), other.devGetByName('eth0')]).toEqual([a, b]);
  });
});

describe('the index', () => {
  it('is one more than the last, never given twice, and wraps around past those in use [DEV-06]', () => {
    const kernel = boot();
    const devs = [1, 2, 3].map(() => addDevice(kernel).dev);
    expect(devs.map((dev) => dev.ifindex)).toEqual([1, 2, 3]);
    unregisterNetdevice(devs[2] as NetDevice);
    expect(addDevice(kernel).dev.ifindex).toBe(4);
    kernel.initNet.ifindex = 0x7fffffff;
    expect(addDevice(kernel).dev.ifindex).toBe(3);
  });

  it('can be asked for, if it is free', () => {
    const kernel = boot();
    expect(addDevice(kernel, { setup: (d) => (d.ifindex = 7) }).dev.ifindex).toBe(7);
    const { dev } = makeDevice(kernel, { setup: (d) => (d.ifindex = 7) });
    expect(registerNetdevice(dev)).toBe(-EBUSY);
    freeNetdev(dev);
  });
});

describe('registration', () => {
  it('goes step by step, and shows the device only when it is complete [REG-05] [NDO-01] [STA-02] [NOTI-10]', () => {
    const kernel = boot();
    const steps: string[] = [];
    const look = (dev: NetDevice): string => `${kernel.initNet.devGetByName(dev.name) === dev ? 'listed' : 'hidden'} ${dev.ifindex} ${dev.present() ? 'present' : 'absent'} ${dev.regState}`;
    subscribe(kernel, (_nb, event, { dev }) => (steps.push(`${EVENTS[event as keyof typeof EVENTS]} ${look(dev)}`), NOTIFY_DONE));
    const changes: unknown[] = [];
    kernel.rtnl = { ...silentRtnl, linkChanged: (dev, change) => changes.push(dev.name, change), linkRemoved: (dev) => changes.push(`${dev.name} gone`) };
    const { dev } = addDevice(kernel, { name: 'eth0', ops: { ndoInit: (d) => (steps.push(`ndoInit ${look(d)}`), 0) } });
    expect(steps).toEqual(['ndoInit hidden 0 absent 0', 'POST_INIT hidden 1 absent 0', `REGISTER listed 1 present ${NETREG_REGISTERED}`]);
    expect(changes).toEqual(['eth0', -1]);
    unregisterNetdevice(dev);
    expect(changes.at(-1)).toBe('eth0 gone');
  });

  it('makes the device findable by name, index and in order [DEV-03] [DEV-04] [DEV-05]', () => {
    const kernel = boot();
    const { initNet: net } = kernel;
    const [a, b, c] = ['c', 'a', 'b'].map((name) => addDevice(kernel, { name }).dev) as [NetDevice, NetDevice, NetDevice];
    expect(net.devList).toEqual([a, b, c]);
    expect([net.devGetByName('a'), net.devGetByIndex(2), net.devGetByName('x'), net.devGetByIndex(9)]).toEqual([b, b, null, null]);
    const seq = net.devBaseSeq;
    unregisterNetdevice(b);
    expect([net.devList, net.devGetByName('a'), net.devGetByIndex(2), net.devBaseSeq > seq]).toEqual([[a, c], null, null, true]);
  });

  it('keeps the address as the permanent one unless it was made up [DEV-14]', () => {
    const kernel = boot();
    const real = addDevice(kernel).dev;
    expect([real.addrAssignType, [...real.permAddr.subarray(0, 6)]]).toEqual([NET_ADDR_PERM, [2, 0, 0, 0, 0, 1]]);
    const random = addDevice(kernel, { setup: (d) => (d.addrAssignType = NET_ADDR_RANDOM) }).dev;
    expect([...random.permAddr.subarray(0, 6)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  /** Registration of a device that records what its driver is asked. */
  function refused(kernel: Kernel, options: DeviceOptions, err: number): string[] {
    const calls: string[] = [];
    const { dev } = makeDevice(kernel, {
      ...options,
      ops: { ndoUninit: () => void calls.push('uninit'), ...options.ops },
    });
    expect(registerNetdevice(dev)).toBe(err);
    expect(kernel.initNet.devList).toEqual([]);
    freeNetdev(dev);
    return calls;
  }

  it('that the driver refuses ends there, and nothing is undone [REG-06] [NDO-01]', () => {
    expect(refused(boot(), { ops: { ndoInit: () => -EPERM } }, -EPERM)).toEqual([]);
    expect(refused(boot(), { ops: { ndoInit: () => 5 } }, -EIO)).toEqual([]);
  });

  it('that fails later is undone once [REG-06] [NDO-01]', () => {
    for (const event of [NETDEV_POST_INIT, NETDEV_REGISTER]) {
      const kernel = boot();
      subscribe(kernel, (_nb, e) => (e === event ? notifierFromErrno(-EBUSY) : NOTIFY_DONE));
      const events = recordEvents(kernel, EVENTS);
      expect(refused(kernel, { name: 'eth0' }, -EBUSY)).toEqual(['uninit']);
      // Whoever heard of it hears that it is gone.
      expect(events).toEqual(event === NETDEV_POST_INIT ? [] : ['eth0:POST_INIT', 'eth0:UNREGISTER', 'eth0:PRE_UNINIT']);
    }
  });
});

describe('unregistration', () => {
  it('closes, hides, tells, and lets the driver go, in this order [REG-07] [NDO-01] [NOTI-10]', () => {
    const kernel = boot();
    const steps: string[] = [];
    const note = (what: string) => (dev: NetDevice): number => {
      const listed = kernel.initNet.devGetByName('eth0') === dev ? 'listed' : 'hidden';
      steps.push(`${what} ${listed} ${dev.dismantle} ${dev.regState}`);
      return 0;
    };
    const { dev } = addDevice(kernel, {
      name: 'eth0',
      ops: { ndoStop: note('ndoStop'), ndoUninit: (d) => void note('ndoUninit')(d) },
      setup: (d) => (d.privDestructor = (x) => void note('destructor')(x)),
    });
    devOpen(dev);
    dev.uc.add(Uint8Array.of(2, 0, 0, 0, 0, 9), 6, false);
    dev.mc.add(Uint8Array.of(1, 0, 0, 0, 0, 9), 6, false);
    subscribe(kernel, (_nb, event, { dev: d }) => (event === NETDEV_REGISTER || event === NETDEV_UP || note(EVENTS[event as keyof typeof EVENTS])(d), NOTIFY_DONE));
    unregisterNetdevice(dev);
    const gone = `hidden true ${NETREG_UNREGISTERING}`;
    expect(steps).toEqual([
      'GOING_DOWN listed true 1',
      'ndoStop listed true 1',
      'DOWN listed true 1',
      `UNREGISTER ${gone}`,
      `PRE_UNINIT ${gone}`,
      `ndoUninit ${gone}`,
      `destructor hidden true ${NETREG_UNREGISTERED}`,
    ]);
    expect([dev.uc.count, dev.mc.count, dev.regState, kernel.liveDevices]).toEqual([0, 0, NETREG_RELEASED, 0]);
  });

  it('of several devices goes together: all are closed and hidden before the first is told of [REG-07]', () => {
    const kernel = boot();
    const devs = ['a', 'b'].map((name) => addDevice(kernel, { name }).dev);
    for (const dev of devs) devOpen(dev);
    const events = recordEvents(kernel, EVENTS);
    events.length = 0;
    // Twice in the list is once.
    unregisterNetdeviceMany([...devs, ...devs]);
    expect(events.filter((e) => !e.includes('UNINIT'))).toEqual(['a:GOING_DOWN', 'a:DOWN', 'b:GOING_DOWN', 'b:DOWN', 'a:UNREGISTER', 'b:UNREGISTER']);
  });

  it('waits for the last reference, and says so every 10 seconds [REG-08] [REG-13] [DEV-35] [NDO-17]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    let destroyed = 0;
    const { dev } = addDevice(kernel, { name: 'eth0', setup: (d) => (d.privDestructor = () => destroyed++) });
    dev.hold();
    const dst = new DstEntry(dev, dstOps());
    expect(dev.refcount()).toBe(2);
    unregisterNetdevice(dev);
    expect([dev.regState, kernel.initNet.devList, destroyed]).toEqual([NETREG_UNREGISTERING, [], 0]);
    const complaints = (): string[] => kernel.dmesg().filter((line) => line.includes('unregister_netdevice'));
    clock.advance(10 * SEC - 1);
    expect(complaints()).toEqual([]);
    clock.advance(15 * SEC);
    dst.release();
    clock.advance(10 * SEC);
    expect(complaints().map((line) => line.replace(/^\[ *([\d.]+)\] /, '$1 '))).toEqual([
      '10.000000 unregister_netdevice: waiting for eth0 to become free. Usage count = 3',
      '20.000000 unregister_netdevice: waiting for eth0 to become free. Usage count = 3',
      '30.000000 unregister_netdevice: waiting for eth0 to become free. Usage count = 2',
    ]);
    dev.put();
    expect([dev.regState, destroyed, kernel.liveDevices]).toEqual([NETREG_RELEASED, 1, 0]);
    clock.advance(60 * SEC);
    expect(complaints()).toHaveLength(3);
  });

  it('does not keep the simulation going by its complaints', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const { dev } = addDevice(kernel);
    dev.hold();
    unregisterNetdevice(dev);
    clock.runUntilIdle();
    expect(clock.now()).toBe(0);
    dev.put();
  });

  it('routes that still point at the device throw packets away and stop holding it', () => {
    const kernel = boot();
    const lo = addDevice(kernel, { name: 'lo' }).dev;
    kernel.initNet.loopbackDev = lo;
    const { dev } = addDevice(kernel, { name: 'eth0' });
    const counter = dstOps();
    const dst = new DstEntry(dev, counter);
    unregisterNetdevice(dev);
    dst.devPut();
    expect([dev.regState, dst.dev, lo.refcount()]).toEqual([NETREG_RELEASED, lo, 1]);
    const skb = packet(kernel.skbs, 'x');
    expect([dst.output(kernel.initNet, null, skb), kernel.skbs.inUse]).toEqual([0, 0]);
    dst.release();
    expect([counter.entries, lo.refcount()]).toEqual([0, 0]);
    kernel.initNet.loopbackDev = null;
  });

  it('numbers its states as Linux does', () => {
    expect([NETREG_UNINITIALIZED, NETREG_REGISTERED, NETREG_UNREGISTERING, NETREG_UNREGISTERED, NETREG_RELEASED, NETREG_DUMMY]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('kinds of links', () => {
  const ops = (kind: string, dellink: RtnlLinkOps['dellink'] = null): RtnlLinkOps => ({
    kind,
    setup() {},
    validate: null,
    newlink: null,
    changelink: null,
    dellink,
    fillInfo: null,
    getLinkNet: null,
  });

  it('are found by name; unregistering one removes its devices everywhere, in its own way [REG-11]', () => {
    const kernel = boot();
    const other = setupNet(kernel) as Net;
    const plain = ops('plain');
    const asked: string[] = [];
    const pair = ops('pair', (dev, queue) => {
      asked.push(dev.name);
      // As a veth does: the other end goes too.
      queue.push(dev, dev.priv as NetDevice);
    });
    insmod(kernel, { name: 'plain', init: (ctx) => rtnlLinkRegister(ctx, plain) }, { name: 'pair', init: (ctx) => rtnlLinkRegister(ctx, pair) });
    expect([kernel.linkOps.get('plain'), kernel.linkOps.get('nothing')]).toEqual([plain, undefined]);
    expect(() => insmod(kernel, { name: 'again', init: (ctx) => rtnlLinkRegister(ctx, ops('plain')) })).toThrow(/plain/);
    const physical = addDevice(kernel, { name: 'eth0' }).dev;
    for (const net of [kernel.initNet, other]) addDevice(kernel, { name: 'p%d', net, setup: (d) => (d.rtnlLinkOps = plain) });
    const [v0, v1] = ['v0', 'v1'].map((name) => addDevice(kernel, { name, setup: (d) => (d.rtnlLinkOps = pair) }).dev) as [NetDevice, NetDevice];
    v0.priv = v1;
    v1.priv = v0;
    expect(rmmod(kernel, 'plain')).toBe(0);
    expect([kernel.initNet.devList, other.devList, kernel.linkOps.has('plain')]).toEqual([[physical, v0, v1], [], false]);
    expect(rmmod(kernel, 'pair')).toBe(0);
    expect([kernel.initNet.devList, asked]).toEqual([[physical], ['v0']]);
  });
});

describe('what hangs on a device', () => {
  it('is nothing until a protocol attaches it [DEV-23]', () => {
    const kernel = boot();
    const [ip, ip6] = [new DevSlot<string>(), new DevSlot<string>()];
    const { dev } = addDevice(kernel);
    expect([ip.get(dev), ip6.get(dev)]).toEqual([null, null]);
    ip6.set(dev, 'in6_dev');
    expect([ip.get(dev), ip6.get(dev), ip6.get(addDevice(kernel).dev)]).toEqual([null, 'in6_dev', null]);
    ip6.set(dev, null);
    expect(ip6.get(dev)).toBeNull();
  });

  it('counts in 64 bits and more, with what the driver counts itself [DEV-20] [NDO-14]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { ops: { ndoGetStats64: (_d, into) => void (into[TX_PACKETS] += 5) } });
    dev.stats[RX_PACKETS] = 2 ** 40;
    dev.stats[TX_PACKETS] = 1;
    const into = new Float64Array(LINK_STATS_COUNT).fill(9);
    devGetStats(dev, into);
    expect([into[RX_PACKETS], into[TX_PACKETS], dev.stats[TX_PACKETS], into[24]]).toEqual([2 ** 40, 6, 1, 0]);
  });
});

describe('vetoes', () => {
  it('without an errno are "not permitted"', () => {
    const kernel = boot();
    subscribe(kernel, (_nb, e) => (e === NETDEV_POST_INIT ? NOTIFY_BAD : NOTIFY_DONE));
    const { dev } = makeDevice(kernel);
    expect(registerNetdevice(dev)).toBe(-EPERM);
    freeNetdev(dev);
  });
});
