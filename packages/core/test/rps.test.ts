import { EINVAL, ENOMEM, EOVERFLOW, ETH_P_IP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devOpen,
  insmod,
  type Kernel,
  type NetDevice,
  netSysfsRead,
  netSysfsWrite,
  reciprocalScale,
  rpsSetSockFlowEntries,
  RpsSockFlowTable,
  skbGetHash,
  skbRecordRxQueue,
  type SkBuff,
  SKB_DROP_REASON_CPU_BACKLOG,
  unregisterNetdevice,
  VirtualClock,
  rpsSetDefaultMask,
  netEnableTimestamp,
  softnetTotal,
} from '../src/index.ts';
import { addDevice, boot, ipv4Packet, MS, recorder } from './helpers.ts';

interface Seen {
  readonly cpu: number;
  readonly sport: number;
}

function receiver(cpus: number, rxqs = 1): { kernel: Kernel; dev: NetDevice; seen: Seen[] } {
  const kernel = boot({ cpus });
  const { dev } = addDevice(kernel, { rxqs });
  devOpen(dev);
  const seen: Seen[] = [];
  const pt = {
    ...recorder(ETH_P_IP, []),
    func(skb: SkBuff) {
      seen.push({ cpu: kernel.softnet.cpu, sport: ((skb.bytes[skb.data + 20] as number) << 8) | (skb.bytes[skb.data + 21] as number) });
      skb.consume();
      return 0;
    },
  };
  insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType(pt) });
  return { kernel, dev, seen };
}

function arrive(dev: NetDevice, sport: number, how: 'netifRx' | 'netifReceiveSkb' = 'netifRx', queue = -1): void {
  const skb = ipv4Packet(dev.net.skbs, { sport }, dev);
  if (queue >= 0) skbRecordRxQueue(skb, queue);
  dev.net.kernel.softirq.localBhDisable();
  dev.net.softnet[how](skb);
  dev.net.kernel.softirq.localBhEnable();
}

function cpuOf(kernel: Kernel, sport: number, cpus: readonly number[]): number {
  const skb = ipv4Packet(kernel.skbs, { sport });
  const at = reciprocalScale(skbGetHash(skb), cpus.length);
  skb.consume();
  return cpus[at] as number;
}

describe('receive packet steering', () => {
  it.each(['netifRx', 'netifReceiveSkb'] as const)('is off by default, and then gives each flow one of the CPUs of the mask, by %s [RX-09]', (how) => {
    const { kernel, dev, seen } = receiver(4);
    for (let sport = 1; sport <= 20; sport++) arrive(dev, sport, how);
    expect([netSysfsRead(dev, 'queues/rx-0/rps_cpus'), new Set(seen.map(({ cpu }) => cpu)).size, seen.length]).toEqual(['0\n', 1, 20]);
    seen.length = 0;
    expect([netSysfsWrite(dev, 'queues/rx-0/rps_cpus', 'e\n'), netSysfsRead(dev, 'queues/rx-0/rps_cpus')]).toEqual([0, 'e\n']);
    for (let i = 0; i < 3; i++) for (let sport = 1; sport <= 20; sport++) arrive(dev, sport, how);
    expect(seen.length).toBe(60);
    for (const { cpu, sport } of seen) expect(cpu).toBe(cpuOf(kernel, sport, [1, 2, 3]));
    expect([...new Set(seen.map(({ cpu }) => cpu))].sort()).toEqual([1, 2, 3]);
    // Each of them was woken by the CPU that the frames came in on.
    expect(kernel.softnet.data.map((sd) => sd.receivedRps > 0)).toEqual([false, true, true, true]);
    expect(kernel.softnet.data.map((sd) => sd.processed).reduce((a, b) => a + b)).toBe(80);
    expect(kernel.softnet.cpu).toBe(0);
    netSysfsWrite(dev, 'queues/rx-0/rps_cpus', '0');
    seen.length = 0;
    arrive(dev, 1, how);
    expect([seen[0]?.cpu, kernel.softnet.rpsNeeded]).toEqual([0, 0]);
  });

  it('goes by the receive queue of the frame; each has a mask of its own', () => {
    const { dev, seen } = receiver(4, 2);
    netSysfsWrite(dev, 'queues/rx-1/rps_cpus', '8');
    arrive(dev, 1, 'netifRx', 0);
    arrive(dev, 1, 'netifRx', 1);
    arrive(dev, 1, 'netifRx', 9);
    expect(seen.map(({ cpu }) => cpu)).toEqual([0, 3, 0]);
  });

  it('refuses CPUs that are not there, and ends with the device', () => {
    const { kernel, dev } = receiver(2);
    const write = (file: string, text: string): number => netSysfsWrite(dev, `queues/rx-0/${file}`, text);
    expect([write('rps_cpus', 'ffff'), write('rps_cpus', 'zz'), write('rps_cpus', ''), write('rps_flow_cnt', 'x')]).toEqual([-EOVERFLOW, -EINVAL, 0, -EINVAL]);
    expect([write('rps_cpus', '3'), write('rps_flow_cnt', '5'), netSysfsRead(dev, 'queues/rx-0/rps_flow_cnt')]).toEqual([0, 0, '8\n']);
    expect(kernel.softnet.rpsNeeded).toBe(1);
    unregisterNetdevice(dev);
    expect(kernel.softnet.rpsNeeded).toBe(0);
  });

  it('has a backlog for each CPU, with a limit and a count of its own', () => {
    const { kernel, dev, seen } = receiver(2);
    netSysfsWrite(dev, 'queues/rx-0/rps_cpus', '2');
    kernel.softnet.maxBacklog = 1;
    kernel.softirq.localBhDisable();
    for (let i = 0; i < 4; i++) arrive(dev, i);
    kernel.softirq.localBhEnable();
    expect([seen.length, kernel.softnet.data.map((sd) => sd.dropped), softnetTotal(kernel.softnet, 'dropped')]).toEqual([2, [0, 2], 2]);
    expect(kernel.skbs.drops[SKB_DROP_REASON_CPU_BACKLOG]).toBe(2);
  });
});

describe('receive flow steering', () => {
  it('follows the application from CPU to CPU, but not past frames of the flow that still wait where it was', () => {
    const { kernel, dev, seen } = receiver(4);
    kernel.softnet.rpsSockFlowTable = new RpsSockFlowTable(16);
    netSysfsWrite(dev, 'queues/rx-0/rps_flow_cnt', '16');
    const skb = ipv4Packet(kernel.skbs, { sport: 7 });
    const hash = skbGetHash(skb);
    skb.consume();
    const reads = (cpu: number): void => kernel.softnet.rpsSockFlowTable?.record(hash, cpu);
    arrive(dev, 7);
    reads(2);
    arrive(dev, 7);
    reads(3);
    arrive(dev, 7);
    expect(seen.splice(0).map(({ cpu }) => cpu)).toEqual([0, 2, 3]);
    kernel.softirq.localBhDisable();
    arrive(dev, 7);
    reads(1);
    arrive(dev, 7);
    kernel.softirq.localBhEnable();
    arrive(dev, 7);
    expect(seen.map(({ cpu }) => cpu)).toEqual([3, 3, 1]);
  });
});

describe('settings', () => {
  it('of the table of applications’ flows: rounded up, emptied when it changes its size, within reason', () => {
    const { softnet } = boot();
    const set = (n: number): number => rpsSetSockFlowEntries(softnet, n);
    expect([set(100), softnet.rpsSockFlowTable?.ents.length]).toEqual([0, 128]);
    softnet.rpsSockFlowTable?.record(7, 0);
    softnet.rpsSockFlowTable?.record(0, 0);
    expect([set(128), softnet.rpsSockFlowTable?.lookup(7), softnet.rpsSockFlowTable?.lookup(0)]).toEqual([0, 0, -1]);
    expect([set(2 ** 29 + 1), set(2 ** 29), softnet.rpsSockFlowTable?.ents.length, set(256), softnet.rpsSockFlowTable?.lookup(7), set(0), softnet.rpsSockFlowTable]).toEqual([-EINVAL, -ENOMEM, 128, 0, -1, 0, null]);
  });

  it('of a namespace spread the receive queues of its new devices', () => {
    const kernel = boot({ cpus: 4 });
    const before = addDevice(kernel).dev;
    rpsSetDefaultMask(kernel.initNet, [1, 3]);
    const after = addDevice(kernel, { rxqs: 2 }).dev;
    expect([before, after].map((dev) => [netSysfsRead(dev, 'queues/rx-0/rps_cpus'), netSysfsRead(dev, 'queues/rx-1/rps_cpus')])).toEqual([['0\n', -2], ['a\n', 'a\n']]);
    unregisterNetdevice(after);
    expect(kernel.softnet.rpsNeeded).toBe(0);
  });

  it.each([[1, 0], [0, 7]])('with netdev_tstamp_prequeue %i a steered frame is stamped %i ms after it came', (prequeue, late) => {
    const clock = new VirtualClock();
    const kernel = boot({ cpus: 2, clock });
    const { dev } = addDevice(kernel);
    devOpen(dev);
    const stamps: number[] = [];
    insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType({ ...recorder(ETH_P_IP, []), func: (skb) => (stamps.push(skb.tstamp), skb.consume(), 0) }) });
    netSysfsWrite(dev, 'queues/rx-0/rps_cpus', '2');
    netEnableTimestamp(kernel.softnet);
    kernel.softnet.tstampPrequeue = prequeue;
    const now = kernel.realTime();
    kernel.softirq.localBhDisable();
    kernel.softnet.netifReceiveSkb(ipv4Packet(kernel.skbs, {}, dev));
    kernel.softnet.netifRx(ipv4Packet(kernel.skbs, {}, dev));
    clock.advance(7 * MS);
    kernel.softirq.localBhEnable();
    expect(stamps).toEqual([now + late * MS, now + late * MS]);
  });
});
