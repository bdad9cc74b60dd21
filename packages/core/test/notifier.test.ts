import { EBUSY, EDEADLK, EEXIST, ENOENT, EPERM } from '@skbuff/uapi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AtomicNotifierHead,
  BlockingNotifierHead,
  callNetdeviceNotifiers,
  createKernel,
  insmod,
  lsmod,
  rmmod,
  setupNet,
  devOpen,
  ModuleError,
  NETDEV_CHANGE,
  NETDEV_CHANGEMTU,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  type Net,
  notifierFromErrno,
  notifierToErrno,
  type NotifierBlock,
  NOTIFY_BAD,
  NOTIFY_DONE,
  NOTIFY_OK,
  NOTIFY_STOP,
  NOTIFY_STOP_MASK,
  RawNotifierHead,
  registerNetdeviceNotifier,
  SrcuNotifierHead,
  unregisterNetdevice,
  unregisterNetdeviceNotifier,
  silentRtnl,
} from '../src/index.ts';
import { addDevice, boot, type Notify, recordEvents, subscribe } from './helpers.ts';

const KINDS = [
  ['atomic', AtomicNotifierHead],
  ['blocking', BlockingNotifierHead],
  ['raw', RawNotifierHead],
  ['SRCU', SrcuNotifierHead],
] as const;

describe.each(KINDS)('a chain of the %s kind', (_kind, Head) => {
  const chain = (): InstanceType<typeof RawNotifierHead<string[]>> => new Head<string[]>() as InstanceType<typeof RawNotifierHead<string[]>>;
  const block = (name: string, priority = 0, result: number = NOTIFY_OK): NotifierBlock<string[]> => ({
    priority,
    notifierCall: (_nb, event, log) => (log.push(`${name}${event}`), result),
  });

  it('calls by priority, equals in the order of registration, each with block, event and data [NTF-01] [NTF-02] [NOTI-01] [NOTI-03]', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 12 }), (priorities) => {
        const head = chain();
        priorities.forEach((priority, i) => expect(head.register(block(`${i}:`, priority))).toBe(0));
        const log: string[] = [];
        expect(head.callChain(7, log)).toBe(priorities.length === 0 ? NOTIFY_DONE : NOTIFY_OK);
        const sorted = priorities.map((priority, i) => ({ priority, i })).sort((a, b) => b.priority - a.priority || a.i - b.i);
        expect(log).toEqual(sorted.map(({ i }) => `${i}:7`));
      }),
    );
    const head = chain();
    let seen: unknown[] = [];
    const nb: NotifierBlock<string[]> = { notifierCall: (...args) => ((seen = args), NOTIFY_DONE) };
    const data = ['data'];
    head.register(nb);
    head.callChain(9, data);
    expect(seen).toEqual([nb, 9, data]);
  });

  it('returns the last result, and stops where one says stop [NTF-03] [NTF-04]', () => {
    for (const [results, result, calls] of [
      [[NOTIFY_OK, NOTIFY_DONE], NOTIFY_DONE, 2],
      [[NOTIFY_DONE, NOTIFY_OK], NOTIFY_OK, 2],
      [[NOTIFY_OK, NOTIFY_STOP, NOTIFY_OK], NOTIFY_STOP, 2],
      [[NOTIFY_BAD, NOTIFY_OK], NOTIFY_BAD, 1],
      [[], NOTIFY_DONE, 0],
    ] as const) {
      const head = chain();
      results.forEach((r, i) => head.register(block(`${i}`, 0, r)));
      const log: string[] = [];
      const counter = { count: 0 };
      expect([head.callChain(1, log, -1, counter), log.length, counter.count]).toEqual([result, calls, calls]);
    }
  });

  it('calls as many as it is told to [NOTI-02]', () => {
    const head = chain();
    for (const name of ['a', 'b', 'c']) head.register(block(name));
    for (const [n, called] of [[-1, 3], [0, 0], [1, 1], [2, 2], [9, 3]] as const) {
      const log: string[] = [];
      const counter = { count: 0 };
      head.callChain(1, log, n, counter);
      expect([log.length, counter.count]).toEqual([called, called]);
    }
  });

  it('knows its subscribers once, and no others [NTF-02] [NOTI-02] [NOTI-03]', () => {
    const head = chain();
    const [a, b] = [block('a'), block('b')];
    expect([head.register(a), head.register(a), head.unregister(b), head.register(b), head.unregister(a), head.unregister(a)]).toEqual([0, -EEXIST, -ENOENT, 0, 0, -ENOENT]);
    const log: string[] = [];
    head.callChain(1, log);
    expect([log, head.blocks()]).toEqual([['b1'], [b]]);
  });
});

describe('a subscriber that changes the chain while it is called', () => {
  /** First removes itself and the second, and adds a fourth at the end; then the chain is called again. */
  function run(head: AtomicNotifierHead<string[]>): { first: string[]; second: string[]; errors: number[] } {
    const errors: number[] = [];
    const named = (name: string): NotifierBlock<string[]> => ({ notifierCall: (_nb, _e, log) => (log.push(name), NOTIFY_OK) });
    const [two, three, four] = [named('two'), named('three'), named('four')];
    const one: NotifierBlock<string[]> = {
      notifierCall(_nb, _event, log) {
        log.push('one');
        errors.push(head.unregister(one), head.unregister(two), head.register(four));
        return NOTIFY_OK;
      },
    };
    for (const nb of [one, two, three]) head.register(nb);
    const [first, second]: [string[], string[]] = [[], []];
    head.callChain(1, first);
    head.callChain(1, second);
    return { first, second, errors };
  }

  it('is seen by the next call only where readers are not disturbed: atomic, SRCU [NOTI-03] [PAT-05]', () => {
    for (const head of [new AtomicNotifierHead<string[]>(), new SrcuNotifierHead<string[]>()]) {
      expect(run(head)).toEqual({ first: ['one', 'two', 'three'], second: ['three', 'four'], errors: [0, 0, 0] });
    }
  });

  it('would wait for itself where the chain is locked: blocking [NOTI-03]', () => {
    expect(run(new BlockingNotifierHead<string[]>())).toEqual({
      first: ['one', 'two', 'three'],
      second: ['one', 'two', 'three'],
      errors: [-EDEADLK, -EDEADLK, -EDEADLK, -EDEADLK, -EDEADLK, -EDEADLK],
    });
  });

  it('is seen at once where nothing protects it: raw [NOTI-03]', () => {
    expect(run(new RawNotifierHead<string[]>())).toEqual({ first: ['one', 'three', 'four'], second: ['three', 'four'], errors: [0, 0, 0] });
  });
});

describe('a raw chain that changes under the walk', () => {
  it('calls nobody twice, nobody that left, and those that come behind', () => {
    const named = (name: string, priority: number, act: () => void = () => {}): NotifierBlock<string[]> => ({ priority, notifierCall: (_nb, _e, log) => (log.push(name), act(), NOTIFY_OK) });
    const head = new RawNotifierHead<string[]>();
    const [c, late, early] = [named('c', 0), named('late', -1), named('early', 9)];
    const b: NotifierBlock<string[]> = named('b', 5, () => [b, c].forEach((nb) => head.unregister(nb)));
    const a = named('a', 7, () => [late, early].forEach((nb) => head.register(nb)));
    for (const nb of [a, b, c, named('d', 0)]) head.register(nb);
    const log: string[] = [];
    head.callChain(1, log);
    expect(log).toEqual(['a', 'b', 'd', 'late']);
  });
});

describe('results', () => {
  it('have the numbers of the kernel and carry an errno [NTF-04] [NOTI-09]', () => {
    expect([NOTIFY_DONE, NOTIFY_OK, NOTIFY_STOP, NOTIFY_BAD, NOTIFY_STOP_MASK]).toEqual([0, 1, 0x8001, 0x8002, 0x8000]);
    for (const err of [0, -EPERM, -EBUSY, -133]) expect(notifierToErrno(notifierFromErrno(err))).toBe(err);
    expect([notifierToErrno(NOTIFY_BAD), notifierToErrno(NOTIFY_STOP), notifierToErrno(NOTIFY_DONE)]).toEqual([-EPERM, 0, 0]);
    expect(notifierFromErrno(-EBUSY) & NOTIFY_STOP_MASK).not.toBe(0);
    expect(notifierFromErrno(0)).toBe(NOTIFY_OK);
  });
});

const EVENTS = {
  [NETDEV_REGISTER]: 'REGISTER',
  [NETDEV_UP]: 'UP',
  [NETDEV_GOING_DOWN]: 'GOING_DOWN',
  [NETDEV_DOWN]: 'DOWN',
  [NETDEV_UNREGISTER]: 'UNREGISTER',
  [NETDEV_CHANGEMTU]: 'CHANGEMTU',
};

describe('the chain of devices', () => {
  it('tells every subscriber everything; each picks what concerns it [NOTI-04] [NOTI-08] [NTF-05] [NTF-08]', () => {
    const kernel = boot();
    const [all, mtu]: [string[], number[]] = [recordEvents(kernel, EVENTS), []];
    subscribe(kernel, (_nb, event, { dev }) => (event === NETDEV_CHANGEMTU && mtu.push(dev.mtu), NOTIFY_DONE));
    const { dev } = addDevice(kernel, { name: 'eth0' });
    devOpen(dev);
    callNetdeviceNotifiers(NETDEV_CHANGEMTU, dev);
    unregisterNetdevice(dev);
    expect(all.filter((e) => !/:\d+$/.test(e))).toEqual(['REGISTER', 'UP', 'CHANGEMTU', 'GOING_DOWN', 'DOWN', 'UNREGISTER'].map((e) => `eth0:${e}`));
    expect(mtu).toEqual([1500]);
  });

  it('tells a new subscriber of the devices that exist, in every namespace, and on leaving that they are gone [NOTI-04] [NTF-05]', () => {
    const kernel = boot();
    const other = setupNet(kernel) as Net;
    const up = addDevice(kernel, { name: 'up' }).dev;
    devOpen(up);
    addDevice(kernel, { name: 'down' });
    addDevice(kernel, { name: 'far', net: other });
    const log: string[] = [];
    const notifierCall: Notify = (_nb, event, { dev }) => (log.push(`${dev.name}:${EVENTS[event as keyof typeof EVENTS]}`), NOTIFY_DONE);
    const name = subscribe(kernel, notifierCall);
    expect(log.splice(0)).toEqual(['up:REGISTER', 'up:UP', 'down:REGISTER', 'far:REGISTER']);
    expect(rmmod(kernel, name)).toBe(0);
    expect(log.splice(0)).toEqual(['up:GOING_DOWN', 'up:DOWN', 'up:UNREGISTER', 'down:UNREGISTER', 'far:UNREGISTER']);
    callNetdeviceNotifiers(NETDEV_CHANGE, up);
    expect(log).toEqual([]);
    expect(unregisterNetdeviceNotifier(kernel, { notifierCall })).toBe(-ENOENT);
  });

  it('does not take a subscriber that refuses a device, and takes back what it was told [NOTI-04]', () => {
    const kernel = boot();
    addDevice(kernel, { name: 'good' });
    devOpen(kernel.initNet.devGetByName('good') as never);
    addDevice(kernel, { name: 'bad' });
    const log: string[] = [];
    const nb = {
      notifierCall: ((_nb, event, { dev }) => {
        log.push(`${dev.name}:${EVENTS[event as keyof typeof EVENTS]}`);
        return dev.name === 'bad' ? notifierFromErrno(-EBUSY) : NOTIFY_OK;
      }) satisfies Notify,
    };
    expect(registerNetdeviceNotifier(kernel, nb)).toBe(-EBUSY);
    expect(log).toEqual(['good:REGISTER', 'good:UP', 'bad:REGISTER', 'good:GOING_DOWN', 'good:DOWN', 'good:UNREGISTER']);
    expect(kernel.netdevChain.blocks()).toEqual([]);
    expect(() => insmod(kernel, { name: 'refuser', init: (ctx) => ctx.netdeviceNotifier(nb) })).toThrow(ModuleError);
    expect(lsmod(kernel)).toEqual([]);
  });

  it('is not what user space hears: that is a channel of its own [NOTI-12]', () => {
    const kernel = boot();
    const heard: string[] = [];
    kernel.rtnl = { ...silentRtnl, linkChanged: (dev) => heard.push(`${dev.name} changed`), linkRemoved: (dev) => heard.push(`${dev.name} removed`) };
    // A subscriber that stops the walk keeps the event from the others, and not the message from user space.
    subscribe(kernel, () => NOTIFY_STOP, 1);
    const events = recordEvents(kernel, EVENTS);
    const { dev } = addDevice(kernel, { name: 'eth0' });
    unregisterNetdevice(dev);
    expect([events, heard]).toEqual([[], ['eth0 changed', 'eth0 removed']]);
  });

  it('and any other chain work alike: the mechanism knows no event [NOTI-11] [NTF-08]', () => {
    const panic = new AtomicNotifierHead<{ reason: string }>();
    let heard = '';
    panic.register({ notifierCall: (_nb, event, { reason }) => ((heard = `${event} ${reason}`), NOTIFY_DONE) });
    panic.callChain(0x1234, { reason: 'oops' });
    expect(heard).toBe('4660 oops');
  });

  it('of one kernel is not that of another', () => {
    const [one, two] = [boot(), createKernel()];
    const events = recordEvents(one, EVENTS);
    addDevice(two, { name: 'eth0' });
    expect(events).toEqual([]);
    expect(two.shutdown()).toEqual({});
  });
});
