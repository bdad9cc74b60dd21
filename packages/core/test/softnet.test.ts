import { ETH_P_ALL, ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, EBUSY } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  insmod,
  lsmod,
  napiComplete,
  napiDisable,
  netifReceiveSkbList,
  rmmod,
  setupNet,
  devClose,
  devOpen,
  type Kernel,
  NAPI_POLL_WEIGHT,
  type NapiStruct,
  napiEnable,
  type Net,
  type NetDevice,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  netdevRxHandlerRegister,
  netdevRxHandlerUnregister,
  netifNapiAdd,
  netifNapiDel,
  type PacketType,
  RX_DROPPED,
  RX_HANDLER_ANOTHER,
  RX_HANDLER_CONSUMED,
  RX_HANDLER_EXACT,
  RX_HANDLER_PASS,
  RX_NOHANDLER,
  SKB_DROP_REASON_CPU_BACKLOG,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  skbResetMacHeader,
  type SkBuff,
  SkBuffHead,
  unregisterNetdevice,
  VirtualClock,
  netDisableTimestamp,
  netEnableTimestamp,
  softnetBacklogLen,
  softnetTotal,
} from '../src/index.ts';
import { addDevice, boot, MS, packet, recorder, textOf } from './helpers.ts';

function frame(dev: NetDevice, text: string, type = ETH_P_IP): SkBuff {
  const skb = packet(dev.net.skbs, text, dev);
  skb.protocol = type;
  return skb;
}

function up(kernel: Kernel, options: Parameters<typeof addDevice>[1] = {}): NetDevice {
  const { dev } = addDevice(kernel, options);
  expect(devOpen(dev)).toBe(0);
  return dev;
}

function listen(kernel: Kernel, ...types: PacketType[]): void {
  insmod(kernel, { name: `listener-${types.length}-${Math.abs(types[0]?.type ?? 0)}-${lsmod(kernel).length}`, init: (ctx) => types.forEach((pt) => ctx.packetType(pt)) });
}

describe('netif_rx', () => {
  it('queues frames and hands them up when the caller is done', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    kernel.softirq.localBhDisable();
    expect(kernel.softnet.netifRx(frame(dev, 'one'))).toBe(NET_RX_SUCCESS);
    expect(kernel.softnet.netifRx(frame(dev, 'two'))).toBe(NET_RX_SUCCESS);
    expect([got, softnetBacklogLen(kernel.softnet)]).toEqual([[], 2]);
    kernel.softirq.localBhEnable();
    expect([got, softnetBacklogLen(kernel.softnet), softnetTotal(kernel.softnet, 'processed')]).toEqual([['one', 'two'], 0, 2]);
    kernel.softnet.netifRx(frame(dev, 'three'));
    expect(got).toEqual(['one', 'two', 'three']);
  });

  it('loses frames when more than the limit wait: counted for the device and for the CPU [RX-07] [DEV-21]', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    kernel.softnet.maxBacklog = 3;
    kernel.softirq.localBhDisable();
    const results = ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => kernel.softnet.netifRx(frame(dev, text)));
    kernel.softirq.localBhEnable();
    // Linux compares before it adds: one more than the limit fits.
    expect(results).toEqual([0, 0, 0, 0, NET_RX_DROP, NET_RX_DROP]);
    expect(got).toEqual(['a', 'b', 'c', 'd']);
    expect([softnetTotal(kernel.softnet, 'dropped'), dev.stats[RX_DROPPED], kernel.skbs.drops[SKB_DROP_REASON_CPU_BACKLOG], softnetTotal(kernel.softnet, 'processed')]).toEqual([2, 2, 2, 4]);
  });

  it('refuses frames of a device that is down; those are not lost for want of room', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    expect(kernel.softnet.netifRx(frame(dev, 'x'))).toBe(NET_RX_DROP);
    expect([softnetTotal(kernel.softnet, 'dropped'), dev.stats[RX_DROPPED], kernel.skbs.drops[SKB_DROP_REASON_DEV_READY]]).toEqual([0, 1, 1]);
  });

  it('forgets what waits for a device that goes away', () => {
    const kernel = boot();
    const [going, staying] = [up(kernel), up(kernel)];
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    kernel.softirq.localBhDisable();
    for (const [dev, text] of [[going, 'a'], [staying, 'b'], [going, 'c'], [staying, 'd']] as const) kernel.softnet.netifRx(frame(dev, text));
    unregisterNetdevice(going);
    expect(softnetBacklogLen(kernel.softnet)).toBe(2);
    kernel.softirq.localBhEnable();
    expect(got).toEqual(['b', 'd']);
  });
});

/** A driver with a ring that interrupts for the first frame and is polled for the rest. */
class NapiDriver {
  readonly ring = new SkBuffHead();
  readonly polls: number[] = [];
  interrupts = 0;
  readonly napi: NapiStruct;
  private readonly dev: NetDevice;

  constructor(dev: NetDevice, weight = NAPI_POLL_WEIGHT, log: string[] = []) {
    this.dev = dev;
    this.napi = netifNapiAdd(dev, (napi, budget) => {
      let work = 0;
      for (; work < budget; work++) {
        const skb = this.ring.dequeue();
        if (skb === null) break;
        dev.net.softnet.netifReceiveSkb(skb);
      }
      this.polls.push(work);
      log.push(dev.name);
      if (work < budget) napiComplete(dev.net.softnet, napi);
      return work;
    }, weight);
  }

  arrive(n: number): void {
    for (let i = 0; i < n; i++) this.ring.queueTail(frame(this.dev, `${i}`));
    if (this.napi.scheduled) return;
    this.interrupts++;
    this.dev.net.softnet.napiSchedule(this.napi);
  }
}

describe('NAPI', () => {
  it('interrupts for the first frame of a burst, polls for the rest, and interrupts again after it was quiet [RX-03] [RX-05] [RX-06]', () => {
    const clock = new VirtualClock();
    const kernel = boot({ clock });
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    const driver = new NapiDriver(dev);
    napiEnable(driver.napi);
    kernel.softirq.localBhDisable();
    driver.arrive(100);
    driver.arrive(28);
    kernel.softirq.localBhEnable();
    // Twice the whole weight: still on the list; then nothing: off it.
    expect([driver.interrupts, driver.polls, got.length, driver.napi.scheduled]).toEqual([1, [64, 64, 0], 128, false]);
    kernel.softirq.localBhDisable();
    driver.arrive(1);
    kernel.softirq.localBhEnable();
    expect([driver.interrupts, driver.polls]).toEqual([2, [64, 64, 0, 1]]);
  });

  it('is scheduled only while it is enabled [RX-02]', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    const [one, other] = [new NapiDriver(dev), new NapiDriver(dev)];
    one.arrive(2);
    kernel.softirq.doSoftirq();
    expect(one.polls).toEqual([]);
    napiEnable(one.napi);
    napiEnable(other.napi);
    kernel.softirq.localBhDisable();
    one.arrive(1);
    other.arrive(1);
    // Disabled while it waits for its turn.
    napiDisable(kernel.softnet, one.napi);
    kernel.softirq.localBhEnable();
    expect([one.polls, one.napi.scheduled, other.polls]).toEqual([[], false, [1]]);
    napiEnable(one.napi);
    one.arrive(0);
    kernel.softirq.doSoftirq();
    expect(one.polls).toEqual([3]);
    one.ring.purge();
  });

  it('instances join and leave the list of their device; a weight above 64 is complained about [RX-01]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel, { name: 'eth0' });
    const napi = netifNapiAdd(dev, () => 0);
    const heavy = netifNapiAdd(dev, () => 0, 100);
    expect([dev.napiList, napi.weight, heavy.weight]).toEqual([[napi, heavy], 64, 100]);
    expect(kernel.dmesg().filter((line) => line.includes('weight'))).toHaveLength(1);
    expect(kernel.dmesg().at(-1)).toMatch(/eth0: netif_napi_add\(\) called with weight 100$/);
    netifNapiDel(dev, napi);
    expect(dev.napiList).toEqual([heavy]);
  });

  it('takes turns and stops a cycle at the budget of all devices, which is counted and goes on later [RX-04]', () => {
    const kernel = boot();
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    const turns: string[] = [];
    const drivers = ['a', 'b', 'c'].map((name) => new NapiDriver(up(kernel, { name }), 64, turns));
    for (const d of drivers) napiEnable(d.napi);
    kernel.softirq.localBhDisable();
    for (const d of drivers) d.arrive(130);
    kernel.softirq.localBhEnable();
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
    // 64 five times is more than 300.
    expect(softnetTotal(kernel.softnet, 'timeSqueeze')).toBe(1);
    expect([got.length, softnetTotal(kernel.softnet, 'processed')]).toEqual([390, 390]);
  });

  it('polls the backlog for net.core.dev_weight frames at a time', () => {
    const kernel = boot();
    const [slow, other] = [up(kernel), up(kernel)];
    const order: string[] = [];
    listen(kernel, recorder(ETH_P_IP, order));
    kernel.softnet.devWeight = 2;
    const driver = new NapiDriver(other, 64);
    napiEnable(driver.napi);
    kernel.softirq.localBhDisable();
    for (const text of ['a', 'b', 'c']) kernel.softnet.netifRx(frame(slow, text));
    driver.arrive(1);
    kernel.softirq.localBhEnable();
    expect(order).toEqual(['a', 'b', '0', 'c']);
  });

  it('asked for while it polls, polls once more', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    let polls = 0;
    const napi = netifNapiAdd(dev, (n) => {
      polls++;
      if (polls === 1) kernel.softnet.napiSchedule(n);
      napiComplete(kernel.softnet, n);
      return 0;
    });
    napiEnable(napi);
    kernel.softirq.localBhDisable();
    kernel.softnet.napiSchedule(napi);
    kernel.softirq.localBhEnable();
    expect([polls, napi.scheduled]).toEqual([2, false]);
  });
});

describe('delivery', () => {
  it('shows a frame to taps, then to the rx handler, then to the protocols [PTY-01] [PTY-02]', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(
      kernel,
      recorder(ETH_P_IP, got, 'ip '),
      recorder(ETH_P_ALL, got, 'tap of all '),
      recorder(ETH_P_ALL, got, 'tap of the device ', { dev }),
      recorder(ETH_P_ARP, got, 'arp '),
    );
    expect(netdevRxHandlerRegister(dev, () => (got.push('handler'), RX_HANDLER_PASS))).toBe(0);
    expect(kernel.softnet.netifReceiveSkb(frame(dev, 'x'))).toBe(0);
    expect(got).toEqual(['tap of all x', 'tap of the device x', 'handler', 'ip x']);
    netdevRxHandlerUnregister(dev);
  });

  it('gives every handler of a type its own reference, and the device and type it registered for [PTY-01] [SKB-21] [SKB-05] [RXI-04]', () => {
    const kernel = boot();
    const dev = up(kernel);
    const seen: unknown[] = [];
    const keep: SkBuff[] = [];
    const pt = (label: string): PacketType => ({
      type: ETH_P_IP,
      dev: null,
      net: null,
      ignoreOutgoing: false,
      listFunc: null,
      func(skb, d, self, orig) {
        seen.push([label, textOf(skb), d === dev, self.type, orig === dev]);
        keep.push(skb);
        return 0;
      },
    });
    listen(kernel, pt('first'), pt('second'), pt('third'), recorder(ETH_P_IPV6, []));
    kernel.softnet.netifReceiveSkb(frame(dev, 'x'));
    expect(seen).toEqual(['first', 'second', 'third'].map((label) => [label, 'x', true, ETH_P_IP, true]));
    expect(keep[0]?.users).toBe(3);
    for (const skb of keep) skb.consume();
    expect(kernel.skbs.inUse).toBe(0);
  });

  it('ends when the packet type is removed [PTY-01]', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType(recorder(ETH_P_IP, got)) });
    kernel.softnet.netifReceiveSkb(frame(dev, 'x'));
    expect(rmmod(kernel, 'ip')).toBe(0);
    kernel.softnet.netifReceiveSkb(frame(dev, 'y'));
    expect([got, dev.stats[RX_DROPPED]]).toEqual([['x'], 1]);
  });

  it('counts a frame that nobody takes as dropped by the stack, with a reason [DEV-21] [RXI-03]', () => {
    const kernel = boot();
    const dev = up(kernel);
    listen(kernel, recorder(ETH_P_ARP, []), recorder(ETH_P_ALL, []));
    expect(kernel.softnet.netifReceiveSkb(frame(dev, 'x'))).toBe(NET_RX_DROP);
    expect([dev.stats[RX_DROPPED], dev.stats[RX_NOHANDLER], kernel.skbs.drops[SKB_DROP_REASON_UNHANDLED_PROTO], softnetTotal(kernel.softnet, 'dropped')]).toEqual([1, 0, 1, 0]);
  });

  it('shows taps and types of one namespace only its own frames', () => {
    const kernel = boot();
    const other = setupNet(kernel) as Net;
    const [here, there] = [up(kernel), up(kernel, { net: other })];
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_ALL, got, 'tap ', { net: other }), recorder(ETH_P_IP, got, 'ip ', { net: kernel.initNet }), recorder(ETH_P_IP, got, 'all '));
    kernel.softnet.netifReceiveSkb(frame(here, '1'));
    kernel.softnet.netifReceiveSkb(frame(there, '2'));
    expect(got).toEqual(['ip 1', 'all 1', 'tap 2', 'all 2']);
  });

  it('reaches a type bound to the device only from that device', () => {
    const kernel = boot();
    const [a, b] = [up(kernel), up(kernel)];
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got, 'all '), recorder(ETH_P_IP, got, 'a ', { dev: a }), recorder(ETH_P_ARP, got, 'arp ', { dev: a }));
    kernel.softnet.netifReceiveSkb(frame(a, '1'));
    kernel.softnet.netifReceiveSkb(frame(b, '2'));
    expect(got).toEqual(['all 1', 'a 1', 'all 2']);
  });

  it('of a chain goes one by one', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    const [a, b, c] = ['a', 'b', 'c'].map((text) => frame(dev, text)) as [SkBuff, SkBuff, SkBuff];
    a.next = b;
    b.next = c;
    netifReceiveSkbList(kernel.softnet, a);
    expect(got).toEqual(['a', 'b', 'c']);
  });

  it('sets where the headers lie and the device it came by [SKB-23] [SKB-10]', () => {
    const kernel = boot();
    const dev = up(kernel);
    let seen: unknown;
    listen(kernel, {
      ...recorder(ETH_P_IP, []),
      func(skb) {
        seen = [skb.skbIif, skb.macLen, skb.networkHeader === skb.data, skb.transportHeader === skb.data];
        skb.consume();
        return 0;
      },
    });
    const skb = frame(dev, 'ethernetheaderIP');
    skbResetMacHeader(skb);
    skb.pull(14);
    kernel.softnet.netifReceiveSkb(skb);
    expect(seen).toEqual([dev.ifindex, 14, true, true]);
  });

  it('stamps frames with their arrival while somebody wants that, once for each who asked [SKB-01] [SKB-02]', () => {
    const clock = new VirtualClock({ epoch: 1_000 * MS });
    const kernel = boot({ clock });
    const dev = up(kernel);
    const stamps: number[] = [];
    listen(kernel, {
      ...recorder(ETH_P_IP, []),
      func(skb) {
        stamps.push(skb.tstamp, skb.shinfo.hwtstamps);
        skb.consume();
        return 0;
      },
    });
    const receive = (): void => void kernel.softnet.netifReceiveSkb(frame(dev, 'x'));
    clock.advance(5 * MS + 7);
    receive();
    netEnableTimestamp(kernel.softnet);
    netEnableTimestamp(kernel.softnet);
    receive();
    netDisableTimestamp(kernel.softnet);
    receive();
    netDisableTimestamp(kernel.softnet);
    receive();
    const now = 1_005 * MS + 7;
    expect(stamps).toEqual([0, 0, now, 0, now, 0, 0, 0]);
  });
});

describe('the rx handler', () => {
  it('is one for each device, with its data [RX-15]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    const data = { bridge: 1 };
    expect(netdevRxHandlerRegister(dev, () => RX_HANDLER_PASS, data)).toBe(0);
    expect(netdevRxHandlerRegister(dev, () => RX_HANDLER_PASS)).toBe(-EBUSY);
    expect(dev.rxHandlerData).toBe(data);
    netdevRxHandlerUnregister(dev);
    expect([dev.rxHandler, dev.rxHandlerData]).toEqual([null, null]);
    expect(netdevRxHandlerRegister(dev, () => RX_HANDLER_PASS)).toBe(0);
  });

  it('that takes a frame keeps it from the protocols [RX-15]', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    netdevRxHandlerRegister(dev, (skb) => (skb.consume(), RX_HANDLER_CONSUMED));
    expect(kernel.softnet.netifReceiveSkb(frame(dev, 'x'))).toBe(NET_RX_SUCCESS);
    expect([got, dev.stats[RX_DROPPED]]).toEqual([[], 0]);
  });

  it('that gives a frame to another device starts the round again there: taps, handler, protocols [RX-15] [SKB-23]', () => {
    const kernel = boot();
    const [port, bridge] = [up(kernel, { name: 'port' }), up(kernel, { name: 'bridge' })];
    const got: string[] = [];
    const named = (label: string, type: number, options: Partial<PacketType> = {}): PacketType => ({
      ...recorder(type, got),
      ...options,
      func(skb, dev, _pt, orig) {
        got.push(`${label} ${dev.name} from ${orig.name} iif ${skb.skbIif}`);
        skb.consume();
        return 0;
      },
    });
    listen(kernel, named('tap', ETH_P_ALL), named('ip', ETH_P_IP), named('bound to port', ETH_P_IP, { dev: port }), named('bound to bridge', ETH_P_IP, { dev: bridge }));
    netdevRxHandlerRegister(port, (skb) => {
      skb.dev = bridge;
      return RX_HANDLER_ANOTHER;
    });
    kernel.softnet.netifReceiveSkb(frame(port, 'x'));
    expect(got).toEqual([
      `tap port from port iif ${port.ifindex}`,
      `tap bridge from port iif ${bridge.ifindex}`,
      `ip bridge from port iif ${bridge.ifindex}`,
      `bound to port bridge from port iif ${bridge.ifindex}`,
      `bound to bridge bridge from port iif ${bridge.ifindex}`,
    ]);
    expect(softnetTotal(kernel.softnet, 'processed')).toBe(2);
  });

  it('that asks for exact delivery leaves it to types bound to the device [RX-15]', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got, 'all '), recorder(ETH_P_ARP, got, 'bound ', { dev }));
    netdevRxHandlerRegister(dev, () => RX_HANDLER_EXACT);
    kernel.softnet.netifReceiveSkb(frame(dev, 'arp', ETH_P_ARP));
    expect(kernel.softnet.netifReceiveSkb(frame(dev, 'ip'))).toBe(NET_RX_DROP);
    expect([got, dev.stats[RX_NOHANDLER], dev.stats[RX_DROPPED]]).toEqual([['bound arp'], 1, 0]);
  });
});

describe('a device that goes down', () => {
  it('takes no frames until it is up again', () => {
    const kernel = boot();
    const dev = up(kernel);
    const got: string[] = [];
    listen(kernel, recorder(ETH_P_IP, got));
    devClose(dev);
    kernel.softnet.netifRx(frame(dev, 'lost'));
    expect(devOpen(dev)).toBe(0);
    kernel.softnet.netifRx(frame(dev, 'taken'));
    expect(got).toEqual(['taken']);
  });
});
