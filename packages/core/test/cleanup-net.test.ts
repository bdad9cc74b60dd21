import { describe, expect, it } from 'vitest';
import {
  insmod,
  setupNet,
  devOpen,
  type Kernel,
  type Net,
  NETREG_RELEASED,
  NSID_NOT_ASSIGNED,
  type NetDevice,
  type PernetOperations,
  RealClock,
  type RtnlLinkOps,
  silentRtnl,
  TimerList,
  VirtualClock,
  peernet2id,
  peernet2idAlloc,
  allocNetid,
  getNetNsById,
} from '../src/index.ts';
import { addDevice, boot, packet, recorder } from './helpers.ts';

const order = (net: Net): number => net.inode - net.kernel.initNet.inode;

/** A kernel with operations that write down whom they take leave of. */
function watched(log: string[], names: readonly string[] = ['a', 'b'], more: Partial<PernetOperations> = {}): Kernel {
  const kernel = boot();
  for (const name of names) {
    insmod(kernel, {
      name,
      init: (ctx) =>
        ctx.pernetSubsys({
          name,
          preExit: (net) => void log.push(`${name} preExit ${order(net)}`),
          exit: (net) => void log.push(`${name} exit ${order(net)}`),
          exitBatch: (nets) => void log.push(`${name} batch ${nets.map(order)}`),
          ...more,
        }),
    });
  }
  return kernel;
}

const virtual = (dellink: RtnlLinkOps['dellink']): RtnlLinkOps => ({ kind: 'virtual', setup() {}, validate: null, newlink: null, changelink: null, dellink, fillInfo: null, getLinkNet: null });

describe('a namespace without a reference', () => {
  it('is whole until a worker comes to it, and gone then [NET-04]', () => {
    const log: string[] = [];
    const kernel = watched(log, ['a']);
    const net = setupNet(kernel) as Net;
    const { dev } = addDevice(kernel, { net, name: 'd0', setup: (d) => (d.rtnlLinkOps = virtual(null)) });
    net.put();
    expect([net.alive, kernel.netns.list.length, dev.regState === NETREG_RELEASED, log]).toEqual([false, 2, false, []]);
    kernel.onClock();
    expect([kernel.netns.list.length, dev.regState === NETREG_RELEASED, log]).toEqual([1, true, ['a preExit 1', 'a exit 1', 'a batch 1']]);
  });

  it('dies before time moves', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    (setupNet(kernel) as Net).put();
    let left = -1;
    const timer = new TimerList(() => (left = kernel.netns.list.length));
    kernel.timers.modTimer(timer, kernel.timers.jiffies + 1);
    clock.advance(1e9);
    expect(left).toBe(1);
  });

  it('dies by itself where time is real', async () => {
    const kernel = boot({ clock: new RealClock() });
    (setupNet(kernel) as Net).put();
    expect(kernel.netns.list.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(kernel.netns.list.length).toBe(1);
  });

  it('dies together with those that wait too, the last one first, operation by operation [NET-04] [PNET-01] [PNET-04]', () => {
    const log: string[] = [];
    const kernel = watched(log);
    const nets = [1, 2].map(() => setupNet(kernel) as Net);
    for (const net of nets) net.put();
    kernel.onClock();
    expect(log).toEqual(['b preExit 2', 'b preExit 1', 'a preExit 2', 'a preExit 1', 'b exit 2', 'b exit 1', 'b batch 2,1', 'a exit 2', 'a exit 1', 'a batch 2,1']);
  });

  it('may be the last to hold another one, which dies in the next turn [NET-04]', () => {
    const log: string[] = [];
    const held = new Map<Net, Net>();
    const kernel = watched(log, ['a'], { preExit() {}, exit: (net) => (log.push(`exit ${order(net)}`), held.get(net)?.put()), exitBatch() {} });
    const chain = [1, 2, 3].map(() => setupNet(kernel) as Net);
    held.set(chain[0], chain[1]).set(chain[1], chain[2]);
    chain[0].put();
    const steps = [1, 2, 3, 4].map(() => (kernel.onClock(), log.splice(0)));
    expect(steps).toEqual([['exit 1'], ['exit 2'], ['exit 3'], []]);
    const clock = new VirtualClock();
    const other = boot({ clock });
    const [x, y] = [setupNet(other) as Net, setupNet(other) as Net];
    insmod(other, { name: 'holder', init: (ctx) => ctx.pernetSubsys({ name: 'holder', exit: (net) => void (net === x && y.put()) }) });
    x.put();
    clock.advance(0);
    expect(other.netns.list.length).toBe(1);
  });

  it('leaves nothing when the kernel stops before the worker came, whoever holds whom', () => {
    const log: string[] = [];
    const held = new Map<Net, Net>();
    const kernel = watched(log, ['a'], { preExit() {}, exitBatch() {}, exit: (net) => (log.push(`exit ${order(net)}`), held.get(net)?.put()) });
    const [x, y, z] = [1, 2, 3].map(() => setupNet(kernel) as Net);
    held.set(y, x).set(x, y);
    z.put();
    expect(kernel.shutdown()).toEqual({});
    expect(log).toEqual(['exit 3', 'exit 2', 'exit 1', 'exit 0']);
    x.put();
    kernel.onClock();
    expect(log.length).toBe(4);
  });

  it('loses the frames that are under way to its devices, before and after the worker came', () => {
    const kernel = boot();
    const net = setupNet(kernel) as Net;
    const { dev } = addDevice(kernel, { net, name: 'd0', txQueueLen: 10, setup: (d) => (d.rtnlLinkOps = virtual(null)) });
    devOpen(dev);
    const got: string[] = [];
    insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType(recorder(0x0800, got)) });
    const send = (): void => {
      const skb = packet(kernel.skbs, 'x', dev);
      skb.protocol = 0x0800;
      kernel.softnet.netifRx(skb);
    };
    net.put();
    send();
    expect(got.length).toBe(1);
    kernel.softirq.localBhDisable();
    send();
    send();
    kernel.onClock();
    kernel.softirq.localBhEnable();
    expect([got.length, kernel.skbs.inUse]).toEqual([1, 0]);
  });

  it('takes a pair along once, though both its ends die', () => {
    const kernel = boot();
    const asked: string[] = [];
    const pair = virtual((dev, queue) => {
      asked.push(dev.name);
      queue.push(dev, dev.priv as NetDevice);
    });
    const nets = [1, 2].map(() => setupNet(kernel) as Net);
    const [v0, v1] = nets.map((net, i) => addDevice(kernel, { net, name: `v${i}`, setup: (d) => (d.rtnlLinkOps = pair) }).dev);
    v0.priv = v1;
    v1.priv = v0;
    for (const net of nets) net.put();
    kernel.onClock();
    expect([asked, v0.regState === NETREG_RELEASED, v1.regState === NETREG_RELEASED]).toEqual([['v1'], true, true]);
  });

  it('is unknown by number from then on, and those who knew it are told', () => {
    const kernel = boot();
    const { initNet } = kernel;
    const told: string[] = [];
    kernel.rtnl = { ...silentRtnl, nsidChanged: (net, id, removed) => told.push(`${order(net)}: ${removed ? 'del' : 'new'} ${id}`) };
    const [a, b] = [setupNet(kernel) as Net, setupNet(kernel) as Net];
    expect([peernet2idAlloc(initNet, a), peernet2idAlloc(b, a), allocNetid(a, b, 7), allocNetid(a, initNet, 7)]).toEqual([0, 0, 7, -28]);
    expect(told.splice(0)).toEqual(['0: new 0', '2: new 0']);
    expect(getNetNsById(initNet, 0) === a).toBe(true);
    a.put();
    // The dying one keeps its number, but nobody finds it by that, and neither gets nor gives it a new one.
    expect([getNetNsById(initNet, 0), peernet2id(initNet, a), peernet2idAlloc(a, initNet), told]).toEqual([null, 0, NSID_NOT_ASSIGNED, []]);
    kernel.onClock();
    expect([peernet2id(initNet, a), peernet2idAlloc(initNet, a), told]).toEqual([NSID_NOT_ASSIGNED, NSID_NOT_ASSIGNED, ['0: del 0', '2: del 0']]);
  });
});

describe('a reference', () => {
  it('taken by whoever needs the namespace keeps it [NET-04]', () => {
    const kernel = boot();
    const net = setupNet(kernel) as Net;
    expect(net.count).toBe(1);
    net.get();
    net.put();
    kernel.onClock();
    expect([net.count, net.alive, kernel.netns.list.length]).toEqual([1, true, 2]);
    net.put();
    net.put();
    kernel.onClock();
    expect([net.alive, kernel.netns.list.length]).toEqual([false, 1]);
  });
});
