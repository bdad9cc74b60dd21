import { describe, expect, it } from 'vitest';
import {
  allocNetdevDummy,
  devOpen,
  freeNetdev,
  insmod,
  type Kernel,
  napiComplete,
  napiDisable,
  type NapiStruct,
  napiEnable,
  napiGroReceive,
  NETREG_DUMMY,
  type NetDevice,
  netifNapiAdd,
  skbResetMacHeader,
  type SkBuff,
  SkBuffHead,
  VirtualClock,
  napiBusyPoll,
} from '../src/index.ts';
import { addDevice, boot, MS, packet, recorder } from './helpers.ts';

const ETH_P_IP = 0x0800;

/** A card with a ring and an interrupt, which its driver masks while it is polled. */
class Card {
  readonly dev: NetDevice;
  readonly napi: NapiStruct;
  readonly ring = new SkBuffHead();
  readonly polls: number[] = [];
  interrupts = 0;
  masked = false;
  /** The card does not interrupt at all. */
  silent = false;
  readonly kernel: Kernel;

  constructor(kernel: Kernel, host: NetDevice | null = null, dev: NetDevice = addDevice(kernel).dev) {
    this.kernel = kernel;
    this.dev = dev;
    if (dev.regState !== NETREG_DUMMY) devOpen(dev);
    this.napi = netifNapiAdd(host ?? dev, (napi, budget) => this.poll(napi, budget));
    napiEnable(this.napi);
  }

  frame(text: string): void {
    const skb = packet(this.kernel.skbs, `ether${text}`, this.dev);
    skbResetMacHeader(skb);
    skb.pull(5);
    skb.protocol = ETH_P_IP;
    this.ring.queueTail(skb);
    this.interrupt();
  }

  interrupt(): void {
    if (this.masked || this.silent || this.ring.first === null) return;
    this.interrupts++;
    this.masked = true;
    this.kernel.softnet.napiSchedule(this.napi);
  }

  private poll(napi: NapiStruct, budget: number): number {
    let work = 0;
    for (; work < budget && this.ring.first !== null; work++) napiGroReceive(napi, this.ring.dequeue() as SkBuff);
    this.polls.push(work);
    if (work < budget && napiComplete(this.kernel.softnet, napi, work)) {
      this.masked = false;
      this.interrupt();
    }
    return work;
  }
}

function listening(kernel: Kernel): string[] {
  const got: string[] = [];
  insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType(recorder(ETH_P_IP, got)) });
  return got;
}

describe('a driver with NAPI', () => {
  it('interrupts for each frame while there are few, and once for many, which are polled with a budget [RXI-01]', () => {
    const kernel = boot();
    const got = listening(kernel);
    const card = new Card(kernel);
    for (const text of ['a', 'b', 'c']) {
      card.frame(text);
      kernel.softirq.doSoftirq();
    }
    expect([card.interrupts, card.polls, got.splice(0)]).toEqual([3, [1, 1, 1], ['a', 'b', 'c']]);
    card.polls.length = 0;
    for (let i = 0; i < 150; i++) card.frame('x');
    expect([card.interrupts, card.masked]).toEqual([4, true]);
    kernel.softirq.doSoftirq();
    expect([card.interrupts, card.masked, card.polls, got.length]).toEqual([4, false, [64, 64, 22], 150]);
  });

  it('may disable, enable and schedule the instance during its own poll: it is polled again, once', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    const { softnet, softirq } = kernel;
    let turns = 0;
    const napi = netifNapiAdd(dev, (self, budget) => {
      if (++turns > 3) {
        napiComplete(softnet, self);
        return 0;
      }
      napiDisable(softnet, self);
      napiEnable(self);
      softnet.napiSchedule(self);
      return budget;
    });
    const other = netifNapiAdd(dev, (self) => (napiComplete(softnet, self), 0));
    napiEnable(napi);
    napiEnable(other);
    softirq.localBhDisable();
    softnet.napiSchedule(napi);
    softnet.napiSchedule(other);
    softirq.localBhEnable();
    expect([turns, napi.scheduled, other.scheduled]).toEqual([4, false, false]);
  });

  it('that disables the instance during its own poll is not polled any more', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    let turns = 0;
    const napi = netifNapiAdd(dev, (self, budget) => (turns++, napiDisable(kernel.softnet, self), budget));
    napiEnable(napi);
    kernel.softnet.napiSchedule(napi);
    kernel.softirq.doSoftirq();
    kernel.softnet.napiSchedule(napi);
    kernel.softirq.doSoftirq();
    expect([turns, napi.scheduled]).toEqual([1, false]);
  });

  it('keeps its interrupt off for as many empty polls as napi_defer_hard_irqs says, gro_flush_timeout apart', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const got = listening(kernel);
    const card = new Card(kernel);
    card.dev.groFlushTimeout = 2 * MS;
    card.dev.napiDeferHardIrqs = 2;
    card.frame('a');
    clock.advance(0);
    expect([card.polls, card.masked, got.length]).toEqual([[1], true, 1]);
    card.frame('b');
    expect(card.interrupts).toBe(1);
    clock.advance(2 * MS);
    expect([card.polls, card.masked, got.length]).toEqual([[1, 1], true, 2]);
    clock.advance(2 * MS);
    expect([card.polls, card.masked]).toEqual([[1, 1, 0], true]);
    clock.advance(10 * MS);
    expect([card.polls, card.masked, card.interrupts]).toEqual([[1, 1, 0, 0], false, 1]);
  });

  it('gets its interrupt at once while there is no time after which anybody would poll again', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const got = listening(kernel);
    const card = new Card(kernel);
    card.dev.napiDeferHardIrqs = 2;
    for (const [round, name] of ['a', 'b', 'c'].entries()) {
      card.frame(name);
      clock.advance(10 * MS);
      expect([card.masked, card.interrupts, got.length]).toEqual([false, round + 1, round + 1]);
    }
  });
});

describe('busy polling', () => {
  it('takes frames from a card that has not interrupted, a few at once; the rest is the softirq’s [NDO-16] [RXI-02]', () => {
    const kernel = boot();
    const got = listening(kernel);
    const card = new Card(kernel);
    const { softnet, softirq } = kernel;
    card.silent = true;
    for (let i = 0; i < 5; i++) card.frame('x');
    softirq.doSoftirq();
    expect(got.length).toBe(0);
    expect([napiBusyPoll(softnet, card.napi.napiId), got.length, card.polls]).toEqual([5, 5, [5]]);
    for (let i = 0; i < 12; i++) card.frame('x');
    card.polls.length = 0;
    expect([napiBusyPoll(softnet, card.napi.napiId), got.length, card.polls, card.napi.scheduled]).toEqual([8, 17, [8, 4], false]);
  });

  it('leaves alone what is scheduled, disabled, or not there', () => {
    const kernel = boot();
    const card = new Card(kernel);
    const { softnet, softirq } = kernel;
    softirq.localBhDisable();
    card.frame('x');
    expect(napiBusyPoll(softnet, card.napi.napiId)).toBe(0);
    softirq.localBhEnable();
    card.silent = true;
    card.frame('y');
    napiDisable(softnet, card.napi);
    expect([napiBusyPoll(softnet, card.napi.napiId), napiBusyPoll(softnet, 4711), napiBusyPoll(softnet, 0)]).toEqual([0, 0, 0]);
    card.ring.purge();
  });

  it('knows instances by numbers that no CPU has; packets carry theirs while somebody polls', () => {
    const kernel = boot({ cpus: 4 });
    const ids: number[] = [];
    insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType({ ...recorder(ETH_P_IP, []), func: (skb) => (ids.push(skb.napiId), skb.consume(), 0) }) });
    const [a, b] = [new Card(kernel), new Card(kernel)];
    expect([a.napi.napiId > 4, b.napi.napiId > a.napi.napiId]).toEqual([true, true]);
    b.frame('x');
    kernel.softirq.doSoftirq();
    kernel.softnet.busyPollers++;
    b.frame('x');
    kernel.softirq.doSoftirq();
    expect(ids).toEqual([0, b.napi.napiId]);
  });
});

describe('a dummy device', () => {
  it('hosts NAPI instances, and is in no list [REG-10]', () => {
    const kernel = boot();
    const got = listening(kernel);
    const dummy = allocNetdevDummy(kernel.initNet);
    const { dev } = addDevice(kernel, { name: 'port0' });
    devOpen(dev);
    const card = new Card(kernel, dummy, dev);
    card.frame('hello');
    kernel.softirq.doSoftirq();
    expect([got, dummy.regState, dummy.running(), dummy.present()]).toEqual([['hello'], NETREG_DUMMY, true, true]);
    expect([kernel.initNet.devList.map(({ name }) => name), kernel.initNet.devGetByName(dummy.name), dummy.ifindex]).toEqual([['port0'], null, 0]);
    expect(kernel.liveDevices).toBe(2);
    freeNetdev(dummy);
    expect([kernel.liveDevices, card.napi.enabled, dummy.napiList.length]).toEqual([1, false, 0]);
  });
});
