import { EBUSY, ENOENT } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  createKernel,
  insmod,
  lsmod,
  moduleGet,
  modulePut,
  rmmod,
  setupNet,
  devOpen,
  HrTimer,
  MissingServiceError,
  type ModuleContext,
  ModuleError,
  type Net,
  NetSlot,
  type Plugin,
  PfifoFastQdisc,
  sortPlugins,
  TimerList,
  token,
  VirtualClock,
  hrtimerStart,
} from '../src/index.ts';
import { addDevice, boot, makeDevice, MS, packet, recorder } from './helpers.ts';

function plugin(name: string, requires: readonly string[] = [], init: (ctx: ModuleContext) => void = () => {}): Plugin {
  return { name, requires, init };
}

function failure(act: () => unknown): ModuleError {
  try {
    act();
  } catch (error) {
    if (error instanceof ModuleError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('the order of loading', () => {
  it('puts each plugin after what it requires and keeps the given order otherwise', () => {
    const kernel = boot({ plugins: [plugin('d', ['b', 'c']), plugin('x'), plugin('c', ['a']), plugin('b'), plugin('a')] });
    expect(lsmod(kernel).map(({ name }) => name)).toEqual(['b', 'a', 'c', 'd', 'x']);
  });

  it('tells which package to add when one is missing', () => {
    const error = failure(() => boot({ plugins: [plugin('@skbuff/arp', ['@skbuff/neighbour'])] }));
    expect([error.code, error.plugin]).toEqual(['EMISSING', '@skbuff/arp']);
    expect(error.message).toBe('@skbuff/arp requires @skbuff/neighbour, which is not loaded: add it to the plugins (npm install @skbuff/neighbour)');
  });

  it('tells the circle when plugins require each other', () => {
    const error = failure(() => boot({ plugins: [plugin('a', ['b']), plugin('b', ['c']), plugin('c', ['a'])] }));
    expect([error.code, error.message]).toEqual(['ELOOP', 'plugins require each other: a → b → c → a']);
  });

  it('refuses two plugins of one name, and takes the same one twice', () => {
    const a = plugin('a');
    expect(sortPlugins([a, a], new Set())).toEqual([a]);
    expect(failure(() => sortPlugins([a, plugin('a')], new Set())).code).toBe('EEXIST');
    const kernel = boot({ plugins: [a] });
    expect(failure(() => insmod(kernel, a)).code).toBe('EEXIST');
  });

  it('says what in the list is no plugin, and that a factory wants to be called', () => {
    function linux(): readonly Plugin[] {
      return [];
    }
    const said = (plugins: unknown): string => failure(() => createKernel({ plugins: plugins as Plugin[] })).message;
    expect([said(linux), said([plugin('a'), linux]), said([undefined]), said([{}])]).toEqual([
      'not a plugin: call it, linux()',
      'not a plugin: call it, linux()',
      'not a plugin',
      'not a plugin',
    ]);
  });

  it('refuses options that are no numbers', () => {
    for (const options of [{ seed: Number.NaN }, { memory: -1 }, { memory: 1e15 }, { seed: 0.5 }]) expect(() => createKernel(options)).toThrow(RangeError);
  });
});

describe('loading and unloading', () => {
  it('undoes in reverse whatever was registered', () => {
    const kernel = boot();
    const log: string[] = [];
    insmod(kernel, plugin('a', [], (ctx) => ['one', 'two', 'three'].forEach((what) => ctx.onUnload(() => log.push(what)))));
    expect(rmmod(kernel, 'a')).toBe(0);
    expect([log, lsmod(kernel), rmmod(kernel, 'a')]).toEqual([['three', 'two', 'one'], [], -ENOENT]);
  });

  it('undoes what a failing plugin had done, and says which it was and why', () => {
    const kernel = boot();
    const log: string[] = [];
    const bad = plugin('bad', [], (ctx) => {
      ctx.packetType(recorder(0x0800, []));
      ctx.onUnload(() => log.push('undone'));
      throw new TypeError('its own');
    });
    const { code, plugin: name, message, cause } = failure(() => insmod(kernel, plugin('good'), bad));
    expect([code, name, message, cause instanceof TypeError]).toEqual(['EINIT', 'bad', 'bad: TypeError: its own', true]);
    expect([log, kernel.softnet.packetTypes(), lsmod(kernel).map(({ name }) => name)]).toEqual([['undone'], [], ['good']]);
  });

  it('leaves nothing of a kernel that could not boot on its clock', () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const beats = plugin('beats', [], (ctx) => ctx.kernel.timers.startIn(new TimerList(() => seen.push('beat')), 1));
    const fails = plugin('fails', [], () => {
      throw new Error('no');
    });
    expect(() => createKernel({ clock, plugins: [beats, fails] })).toThrow('no');
    clock.advance(10 * MS);
    expect(seen).toEqual([]);
  });

  it('is refused while another plugin requires it, or something of it is in use', () => {
    const kernel = boot({ plugins: [plugin('a'), plugin('b', ['a'])] });
    expect(rmmod(kernel, 'a')).toBe(-EBUSY);
    expect(rmmod(kernel, 'b')).toBe(0);
    moduleGet(kernel, 'a');
    moduleGet(kernel, 'a');
    expect([rmmod(kernel, 'a'), lsmod(kernel)]).toEqual([-EBUSY, [{ name: 'a', refs: 2 }]]);
    modulePut(kernel, 'a');
    modulePut(kernel, 'a');
    expect(rmmod(kernel, 'a')).toBe(0);
  });

  it('works at run time, with namespaces and devices there already', () => {
    const kernel = boot();
    const other = setupNet(kernel) as Net;
    const dev = addDevice(kernel, { net: other }).dev;
    devOpen(dev);
    const slot = new NetSlot<string[]>('ears');
    const proto = plugin('proto', [], (ctx) => {
      ctx.pernetSubsys({ name: 'proto', init: (net) => (slot.set(net, []), 0), exit: (net) => slot.set(net, null) });
      ctx.packetType({ ...recorder(0x0800, []), func: (skb, d) => (slot.of(d.net).push('got'), skb.consume(), 0) });
    });
    const receive = (): void => {
      const skb = packet(kernel.skbs, 'x', dev);
      skb.protocol = 0x0800;
      kernel.softnet.netifRx(skb);
    };
    insmod(kernel, proto);
    receive();
    expect(slot.of(other)).toEqual(['got']);
    expect(rmmod(kernel, 'proto')).toBe(0);
    receive();
    insmod(kernel, proto);
    expect(slot.of(other)).toEqual([]);
    receive();
    expect(slot.of(other)).toEqual(['got']);
  });

  it('of a qdisc makes it the default for devices that come up later', () => {
    const kernel = boot();
    class Fair extends PfifoFastQdisc {
      override readonly kind: 'pfifo_fast' = 'pfifo_fast';
      readonly fair = true;
    }
    insmod(kernel, plugin('fair', [], (ctx) => ctx.qdisc({ id: 'fair', create: (queue) => new Fair(queue) })));
    kernel.defaultQdisc = 'fair';
    const dev = addDevice(kernel, { txQueueLen: 5 }).dev;
    devOpen(dev);
    expect(dev.qdisc).toBeInstanceOf(Fair);
    rmmod(kernel, 'fair');
    const later = addDevice(kernel, { txQueueLen: 5 }).dev;
    devOpen(later);
    expect(later.qdisc).not.toBeInstanceOf(Fair);
  });
});

describe('two kernels', () => {
  it('share nothing: memory, devices, time of their own clocks, chance, services', () => {
    const service = token<{ n: number }>('service');
    const seen: number[] = [];
    const make = (): Plugin => plugin('p', [], (ctx) => ctx.provide(service, () => ({ n: 0 })));
    const [a, b] = [boot({ plugins: [make()] }), boot({ plugins: [make()] })];
    a.services.get(service).n = 5;
    expect(b.services.get(service).n).toBe(0);
    const skb = packet(a.skbs, 'a');
    expect([b.skbs.inUse, a.skbs.arena.bytes === b.skbs.arena.bytes]).toEqual([0, false]);
    skb.consume();
    addDevice(a, { name: 'eth0' });
    expect(addDevice(b, { name: 'eth0' }).dev.ifindex).toBe(1);
    a.timers.startIn(new TimerList(() => seen.push(1)), 5);
    expect([b.timers.pendingCount, b.timers.nextDeadline()]).toEqual([0, Number.POSITIVE_INFINITY]);
    a.timers.run(10 * MS);
    expect([seen, a.random.u32() === b.random.u32(), new Set([a.softnet.ptypeAll, b.softnet.ptypeAll]).size]).toEqual([[1], true, 2]);
    expect(createKernel({ seed: 2 }).random.u32()).not.toBe(createKernel({ seed: 3 }).random.u32());
  });
});

describe('the kernel log', () => {
  it('has the time since boot, keeps a thousand lines, and is heard as it is written', () => {
    const clock = new VirtualClock();
    const heard: string[] = [];
    const kernel = boot({ clock, onLog: (line) => heard.push(line) });
    clock.advance(1_234_567_891);
    kernel.log('hello');
    expect([heard, kernel.dmesg()]).toEqual([['[    1.234568] hello'], ['[    1.234568] hello']]);
    for (let i = 0; i < 1500; i++) kernel.log(`${i}`);
    expect([kernel.dmesg().length, kernel.dmesg().at(-1)?.endsWith('1499'), kernel.dmesg()[0]?.endsWith(' 500')]).toEqual([1000, true, true]);
  });
});

describe('the leak check', () => {
  it('names what is left: packets, data, devices, timers, subscribers, and what plugins count themselves', () => {
    const kernel = createKernel({
      plugins: [plugin('counts', [], (ctx) => ctx.leakCheck('route', () => 3)), plugin('fine', [], (ctx) => ctx.leakCheck('neighbour', () => 0))],
    });
    expect(kernel.leaks()).toEqual({ net: 1, module: 2, route: 3 });
    const skb = packet(kernel.skbs, 'x');
    skb.clone();
    const { dev } = makeDevice(kernel);
    kernel.timers.startIn(new TimerList(() => {}), 1e6);
    hrtimerStart(kernel.timers, new HrTimer(() => {}), 1e18);
    kernel.netdevChain.register({ notifierCall: () => 0 });
    kernel.softnet.addPack(recorder(1, []));
    expect(kernel.shutdown()).toEqual({ sk_buff: 2, 'data block': 1, net_device: 1, timer: 2, notifier: 1, 'packet type': 1, route: 3 });
    expect(dev.regState).toBe(0);
  });
});

describe('services', () => {
  interface Greeter {
    greet(): string;
  }
  const greeter = token<Greeter>('greeter');
  let made = 0;
  const provider = (word: string): Plugin => plugin('provider', [], (ctx) => ctx.provide(greeter, () => (made++, { greet: () => word })));

  it('are made once, when first asked for', () => {
    made = 0;
    const kernel = boot();
    insmod(kernel, provider('hello'));
    expect(made).toBe(0);
    let got: Greeter | null = null;
    insmod(kernel, plugin('user', ['provider'], (ctx) => (got = ctx.get(greeter))));
    expect([(got as Greeter | null)?.greet(), kernel.services.get(greeter) === got, made]).toEqual(['hello', true, 1]);
  });

  it('are gone with their plugin, and new after it was loaded again', () => {
    const kernel = boot();
    const { services } = kernel;
    insmod(kernel, provider('hello'));
    const first = services.get(greeter);
    expect(rmmod(kernel, 'provider')).toBe(0);
    expect(services.has(greeter)).toBe(false);
    expect(() => services.get(greeter)).toThrow('nothing provides greeter: load the plugin that does, and name it in "requires"');
    insmod(kernel, provider('again'));
    expect([services.get(greeter).greet(), services.get(greeter) === first]).toEqual(['again', false]);
  });

  it('are provided by one plugin at a time; a missing one refuses the plugin that asks', () => {
    const kernel = boot({ plugins: [provider('one')] });
    expect(() => insmod(kernel, plugin('second', [], (ctx) => ctx.provide(greeter, () => ({ greet: () => 'two' }))))).toThrow('greeter is provided twice');
    const { message, cause } = failure(() => insmod(kernel, plugin('asks', [], (ctx) => ctx.get(token('nobody')))));
    expect([message, cause instanceof MissingServiceError]).toEqual(['asks: MissingServiceError: nothing provides nobody: load the plugin that does, and name it in "requires"', true]);
    expect(lsmod(kernel).map(({ name }) => name)).toEqual(['provider']);
  });
});
