import { EBUSY, EEXIST, EINVAL, ENOMEM } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  createKernel,
  insmod,
  rmmod,
  setupNet,
  devChangeNetNamespace,
  devOpen,
  IFF_NETNS_LOCAL,
  type Kernel,
  ModuleError,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  NSID_NOT_ASSIGNED,
  type Net,
  NetSlot,
  type NetDevice,
  pernetDevice,
  type PernetOperations,
  type RtnlLinkOps,
  silentRtnl,
  peernet2id,
  peernet2idAlloc,
} from '../src/index.ts';
import { addDevice, boot, makeDevice, packet, recordEvents, recorder } from './helpers.ts';

/** Operations that write down what they are asked. */
function ops(name: string, log: string[], init: (net: Net) => number = () => 0): PernetOperations {
  return {
    name,
    init(net) {
      log.push(`${name} init ${order(net)}`);
      return init(net);
    },
    preExit: (net) => void log.push(`${name} preExit ${order(net)}`),
    exit: (net) => void log.push(`${name} exit ${order(net)}`),
  };
}

/** 0 for the initial namespace, then 1, 2 … in the order of creation. */
function order(net: Net): number {
  return net.inode - net.kernel.initNet.inode;
}

describe('per-net operations', () => {
  it('run for every namespace that exists, then for each new one, and everywhere when they leave [PNET-01] [PNET-02]', () => {
    const kernel = boot();
    const first = setupNet(kernel) as Net;
    const log: string[] = [];
    insmod(kernel, { name: 'a', init: (ctx) => ctx.pernetSubsys(ops('a', log)) });
    expect(log.splice(0)).toEqual(['a init 0', 'a init 1']);
    const second = setupNet(kernel) as Net;
    expect(log.splice(0)).toEqual(['a init 2']);
    first.put();
    kernel.onClock();
    expect(log.splice(0)).toEqual(['a preExit 1', 'a exit 1']);
    expect(rmmod(kernel, 'a')).toBe(0);
    expect(log.splice(0)).toEqual(['a preExit 0', 'a preExit 2', 'a exit 0', 'a exit 2']);
    second.put();
    kernel.onClock();
    expect(log).toEqual([]);
  });

  it('exit in reverse; all pre-exits come before the first exit [PNET-04] [PNET-01]', () => {
    const kernel = boot();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) insmod(kernel, { name, init: (ctx) => ctx.pernetSubsys(ops(name, log)) });
    const net = setupNet(kernel) as Net;
    log.length = 0;
    net.put();
    kernel.onClock();
    expect(log).toEqual(['c preExit 1', 'b preExit 1', 'a preExit 1', 'c exit 1', 'b exit 1', 'a exit 1']);
  });

  it('of devices come after all of subsystems on the way up and before them on the way down [PNET-03]', () => {
    const kernel = boot();
    const log: string[] = [];
    insmod(kernel, { name: 'sub1', init: (ctx) => ctx.pernetSubsys(ops('sub1', log)) });
    insmod(kernel, { name: 'dev1', init: (ctx) => pernetDevice(ctx, ops('dev1', log)) });
    insmod(kernel, { name: 'sub2', init: (ctx) => ctx.pernetSubsys(ops('sub2', log)) });
    insmod(kernel, { name: 'dev2', init: (ctx) => pernetDevice(ctx, ops('dev2', log)) });
    log.length = 0;
    const net = setupNet(kernel) as Net;
    expect(log.splice(0)).toEqual(['sub1 init 1', 'sub2 init 1', 'dev1 init 1', 'dev2 init 1']);
    net.put();
    kernel.onClock();
    expect(log.filter((l) => l.includes(' exit')).splice(0)).toEqual(['dev2 exit 1', 'dev1 exit 1', 'sub2 exit 1', 'sub1 exit 1']);
    // Also after a subsystem left from before the devices.
    rmmod(kernel, 'sub1');
    insmod(kernel, { name: 'sub3', init: (ctx) => ctx.pernetSubsys(ops('sub3', log)) });
    log.length = 0;
    setupNet(kernel);
    // The number of the one that is gone is free again.
    expect(log).toEqual(['sub2 init 1', 'sub3 init 1', 'dev1 init 1', 'dev2 init 1']);
  });

  it('that fail undo those done, and there is no namespace [NET-02] [PNET-02] [PNET-04]', () => {
    const kernel = boot();
    const log: string[] = [];
    let err = 0;
    for (const [name, init] of [['a', () => 0], ['b', () => err], ['c', () => 0]] as const) insmod(kernel, { name, init: (ctx) => ctx.pernetSubsys(ops(name, log, init)) });
    err = -ENOMEM;
    log.length = 0;
    expect(setupNet(kernel)).toBe(-ENOMEM);
    expect(log).toEqual(['a init 1', 'b init 1', 'a preExit 1', 'a exit 1']);
    expect(kernel.netns.list).toEqual([kernel.initNet]);
    err = 0;
    expect(typeof setupNet(kernel)).toBe('object');
  });

  it('that fail when they come refuse the plugin, after the exits of those done [PNET-02]', () => {
    const kernel = boot();
    setupNet(kernel);
    setupNet(kernel);
    const log: string[] = [];
    const bad = ops('bad', log, (net) => (order(net) === 2 ? -EBUSY : 0));
    let caught: unknown;
    try {
      insmod(kernel, { name: 'bad', init: (ctx) => ctx.pernetSubsys(bad) });
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ModuleError);
    expect((caught as ModuleError).message).toContain('per-net operations bad failed with EBUSY');
    expect(log.filter((l) => !l.includes('preExit'))).toEqual(['bad init 0', 'bad init 1', 'bad init 2', 'bad exit 1', 'bad exit 0']);
    log.length = 0;
    setupNet(kernel);
    expect(log).toEqual([]);
  });

  it('need have neither init nor exit', () => {
    const kernel = boot();
    insmod(kernel, { name: 'lazy', init: (ctx) => ctx.pernetSubsys({ name: 'nothing' }) });
    (setupNet(kernel) as Net).put();
    expect(rmmod(kernel, 'lazy')).toBe(0);
  });
});

describe('per-net state', () => {
  it('is there from init to exit, one for each namespace, and nowhere else [NET-13] [PNET-01] [NSP-01]', () => {
    const kernel = boot();
    const slot = new NetSlot<{ hits: number }>('counter');
    expect(slot.peek(kernel.initNet)).toBeNull();
    insmod(kernel, {
      name: 'counter',
      init: (ctx) => ctx.pernetSubsys({ name: 'counter', init: (net) => (slot.set(net, { hits: 0 }), 0), exit: (net) => slot.set(net, null) }),
    });
    const other = setupNet(kernel) as Net;
    slot.of(other).hits++;
    expect([slot.of(kernel.initNet).hits, slot.of(other).hits]).toEqual([0, 1]);
    expect(() => slot.set(other, { hits: 5 })).toThrow(/counter set twice/);
    rmmod(kernel, 'counter');
    expect([slot.peek(kernel.initNet), slot.peek(other)]).toEqual([null, null]);
  });
});

describe('namespaces', () => {
  it('exist from boot on, each with its own devices and a number that user space sees [NSP-01] [NSP-04]', () => {
    const kernel = boot();
    const [a, b] = [setupNet(kernel) as Net, setupNet(kernel) as Net];
    expect(new Set([kernel.initNet.inode, a.inode, b.inode]).size).toBe(3);
    const dev = addDevice(kernel, { net: a, name: 'eth0' }).dev;
    expect([kernel.initNet.devList, a.devList, b.devList, b.devGetByName('eth0')]).toEqual([[], [dev], [], null]);
  });

  it('live as long as anybody holds them', () => {
    const kernel = boot();
    const net = setupNet(kernel) as Net;
    net.get();
    net.put();
    expect([net.alive, kernel.netns.list.length]).toEqual([true, 2]);
    net.put();
    expect([net.alive, kernel.netns.list.length]).toEqual([false, 2]);
    kernel.onClock();
    expect(kernel.netns.list.length).toBe(1);
  });

  it('know each other by small numbers, given out when needed and taken back', () => {
    const kernel = boot();
    const { initNet } = kernel;
    const [a, b] = [setupNet(kernel) as Net, setupNet(kernel) as Net];
    expect(peernet2id(initNet, a)).toBe(NSID_NOT_ASSIGNED);
    expect([peernet2idAlloc(initNet, a), peernet2idAlloc(initNet, b), peernet2idAlloc(initNet, a), peernet2id(initNet, b)]).toEqual([0, 1, 0, 1]);
    a.put();
    kernel.onClock();
    expect(peernet2idAlloc(initNet, setupNet(kernel) as Net)).toBe(0);
  });
});

const EVENTS = { [NETDEV_REGISTER]: 'REGISTER', [NETDEV_UNREGISTER]: 'UNREGISTER', [NETDEV_GOING_DOWN]: 'GOING_DOWN', [NETDEV_DOWN]: 'DOWN', [NETDEV_UP]: 'UP' };

describe('a device that moves', () => {
  function two(): { kernel: Kernel; home: Net; away: Net } {
    const kernel = boot();
    return { kernel, home: kernel.initNet, away: setupNet(kernel) as Net };
  }

  it('goes down, leaves one list and appears in the other, with its name and number if they are free [NSP-05] [DEV-32]', () => {
    const { kernel, home, away } = two();
    addDevice(kernel, { name: 'first' });
    const { dev } = addDevice(kernel, { name: 'eth0', txQueueLen: 10 });
    devOpen(dev);
    dev.altnames.push('uplink');
    home.devByName.set('uplink', dev);
    dev.mc.add(Uint8Array.of(1, 0, 0, 0, 0, 1), 6, false);
    const events = recordEvents(kernel, EVENTS);
    const heard: string[] = [];
    kernel.rtnl = { ...silentRtnl, linkChanged: (d) => heard.push(`${d.name} in ${order(d.net)}`), linkRemoved: (d) => heard.push(`${d.name} left ${order(d.net)}`) };
    events.length = 0;
    expect(devChangeNetNamespace(dev, away, null)).toBe(0);
    expect([dev.net, dev.name, dev.ifindex, dev.running()]).toEqual([away, 'eth0', 2, false]);
    expect([home.devGetByName('eth0'), home.devGetByName('uplink'), home.devGetByIndex(2), away.devGetByName('eth0'), away.devGetByName('uplink'), away.devGetByIndex(2)]).toEqual([null, null, null, dev, dev, dev]);
    expect(events).toEqual(['eth0:GOING_DOWN', 'eth0:DOWN', 'eth0:UNREGISTER', 'eth0:REGISTER']);
    expect(heard).toEqual(['eth0 in 0', 'eth0 left 0', 'eth0 in 1']);
    expect([dev.mc.count, dev.tx[0]?.qdiscSleeping.kind]).toEqual([0, 'noop']);
    expect([devOpen(dev), dev.qdisc.kind]).toEqual([0, 'pfifo_fast']);
  });

  it('gets another number where its own is taken [NSP-05]', () => {
    const { kernel, away } = two();
    addDevice(kernel, { name: 'there', net: away });
    const { dev } = addDevice(kernel, { name: 'eth0' });
    expect([dev.ifindex, devChangeNetNamespace(dev, away, null), dev.ifindex, away.devGetByIndex(2)]).toEqual([1, 0, 2, dev]);
  });

  it('needs a pattern where its name is taken [NSP-05]', () => {
    const { kernel, home, away } = two();
    addDevice(kernel, { name: 'eth0', net: away });
    const { dev } = addDevice(kernel, { name: 'eth0' });
    expect([devChangeNetNamespace(dev, away, null), devChangeNetNamespace(dev, away, 'eth0'), devChangeNetNamespace(dev, away, 'a/b%d'), dev.net]).toEqual([-EEXIST, -EEXIST, -EINVAL, home]);
    expect([devChangeNetNamespace(dev, away, 'eth%d'), dev.name, away.devGetByName('eth1')]).toEqual([0, 'eth1', dev]);
    const other = addDevice(kernel, { name: 'x' }).dev;
    other.altnames.push('eth1');
    expect(devChangeNetNamespace(other, away, null)).toBe(-EEXIST);
    other.altnames.pop();
  });

  it('does not if it is local to its namespace, or not registered; to where it is, nothing happens [NSP-05] [FEA-08]', () => {
    const { kernel, home, away } = two();
    const local = addDevice(kernel, { name: 'lo', setup: (d) => (d.privFlags |= IFF_NETNS_LOCAL) }).dev;
    const { dev } = makeDevice(kernel);
    expect([devChangeNetNamespace(local, away, null), devChangeNetNamespace(dev, away, null)]).toEqual([-EINVAL, -EINVAL]);
    const there = addDevice(kernel).dev;
    expect([devChangeNetNamespace(there, home, null), there.net]).toEqual([0, home]);
    dev.regState = 0;
    kernel.liveDevices--;
  });

  it('loses the frames that wait for it', () => {
    const { kernel, away } = two();
    const { dev } = addDevice(kernel);
    devOpen(dev);
    const got: string[] = [];
    insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType(recorder(0x0800, got)) });
    kernel.softirq.localBhDisable();
    const skb = packet(kernel.skbs, 'x', dev);
    skb.protocol = 0x0800;
    kernel.softnet.netifRx(skb);
    devChangeNetNamespace(dev, away, null);
    kernel.softirq.localBhEnable();
    expect([got, kernel.skbs.inUse]).toEqual([[], 0]);
  });
});

describe('a namespace that dies', () => {
  const virtual = (dellink: RtnlLinkOps['dellink']): RtnlLinkOps => ({ kind: 'virtual', setup() {}, validate: null, newlink: null, changelink: null, dellink, fillInfo: null, getLinkNet: null });

  it('sends physical devices home, renamed if need be, and takes the others along, in their own way [NSP-06] [FEA-08]', () => {
    const kernel = boot();
    const { initNet: home } = kernel;
    addDevice(kernel, { name: 'eth1' });
    addDevice(kernel, { name: 'eth2' });
    const net = setupNet(kernel) as Net;
    const asked: string[] = [];
    const pair = virtual((dev, queue) => {
      asked.push(dev.name);
      queue.push(dev);
      if (dev.priv !== null) queue.push(dev.priv as NetDevice);
    });
    const local = addDevice(kernel, { net, name: 'local', setup: (d) => (d.privFlags |= IFF_NETNS_LOCAL) }).dev;
    const eth0 = addDevice(kernel, { net, name: 'eth0' }).dev;
    const eth1 = addDevice(kernel, { net, name: 'eth1' }).dev;
    const peer = addDevice(kernel, { name: 'peer', setup: (d) => (d.rtnlLinkOps = pair) }).dev;
    const v0 = addDevice(kernel, { net, name: 'v0', setup: (d) => ((d.rtnlLinkOps = pair), (d.priv = peer)) }).dev;
    const dummy = addDevice(kernel, { net, name: 'dummy0', setup: (d) => (d.rtnlLinkOps = virtual(null)) }).dev;
    net.put();
    kernel.onClock();
    expect(home.devList.map((dev) => dev.name)).toEqual(['eth1', 'eth2', 'eth0', 'dev3']);
    expect([eth0.net, eth1.net, asked]).toEqual([home, home, ['v0']]);
    expect([local, v0, peer, dummy].map((dev) => dev.regState)).toEqual([4, 4, 4, 4]);
  });

  it('is shut down with the kernel: the initial one last', () => {
    const log: string[] = [];
    const kernel = createKernel({ plugins: [{ name: 'a', init: (ctx) => ctx.pernetSubsys(ops('a', log)) }] });
    setupNet(kernel);
    setupNet(kernel);
    addDevice(kernel, { name: 'eth0' });
    log.length = 0;
    expect(kernel.shutdown()).toEqual({});
    expect(log.filter((l) => l.includes('preExit')).map((l) => l.at(-1))).toEqual(['2', '1', '0']);
  });
});
