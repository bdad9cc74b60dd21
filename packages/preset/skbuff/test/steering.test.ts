/** Sockets that draw their packets to where they are: to their CPU (RFS), and out of the card (busy polling). */
import {
  createKernel,
  napiComplete,
  setupNet,
  devOpen,
  HrTimer,
  type Kernel,
  napiEnable,
  napiGroReceive,
  type NapiStruct,
  type Net,
  type NetDevice,
  NETDEV_TX_OK,
  netifNapiAdd,
  netSysfsWrite,
  PfifoFastQdisc,
  skbResetMacHeader,
  type SkBuff,
  SkBuffHead,
  VirtualClock,
  hrtimerStart,
} from '@skbuff/core';
import { inDevGet, type InDevice, inetAllocIfa, inetInsertIfa } from '@skbuff/ipv4';
import { kernelTask, type Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { vethCreate } from '@skbuff/veth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linux, SockaddrIn } from '../src/index.ts';

const A = 0x0a000001;
const B = 0x0a000002;
const US = 1000;

let clock: VirtualClock;
let kernel: Kernel;
let a: Net;
let b: Net;
let va: NetDevice;
let vb: NetDevice;
let ta: Task;
let tb: Task;

beforeEach(() => {
  clock = new VirtualClock();
  kernel = createKernel({ clock, cpus: 4, debug: true, plugins: linux() });
  a = kernel.initNet;
  b = setupNet(kernel) as Net;
  const pair = vethCreate(a, 'va', b, 'vb') as { dev: NetDevice; peer: NetDevice };
  va = pair.dev;
  vb = pair.peer;
  for (const [dev, local] of [[va, A], [vb, B]] as const) {
    devOpen(dev);
    inetInsertIfa(inetAllocIfa(inDevGet(dev) as InDevice, { local, prefixlen: 24, broadcast: 0 }));
  }
  ta = kernelTask(a);
  tb = kernelTask(b);
});

afterEach(() => {
  for (const task of [ta, tb]) task.exit();
  b.put();
  expect(kernel.shutdown()).toEqual({});
});

const core = (name: string, value: string): number => sysctlOf(a).write(`net/core/${name}`, value);
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

function udp(task: Task, addr: number, port: number, peer: SockaddrIn | null = null): number {
  const fd = task.socket(U.AF_INET, U.SOCK_DGRAM);
  expect(task.bind(fd, new SockaddrIn(addr, port))).toBe(0);
  if (peer !== null) expect(task.connect(fd, peer)).toBe(0);
  return fd;
}

/** The CPU on which each packet for b went up while `act` ran. */
function cpus(act: () => void): number[] {
  const before = kernel.softnet.data.map(({ processed }) => processed);
  act();
  return kernel.softnet.data.flatMap(({ processed, cpu }) => new Array<number>(processed - (before[cpu] as number)).fill(cpu));
}

/** The application reads on a CPU. */
function readOn(cpu: number, fd: number): number {
  kernel.softnet.cpu = cpu;
  const n = tb.recvfrom(fd, new Uint8Array(100), U.MSG_DONTWAIT) as number;
  kernel.softnet.cpu = 0;
  return n;
}

describe('receive flow steering', () => {
  const PORT = 5000;
  let from: number;
  const send = (text: string): (() => void) => () => void ta.sendto(from, bytes(text), 0, new SockaddrIn(B, PORT));

  beforeEach(() => {
    from = udp(ta, A, 4000);
    // Both know each other: no ARP among the packets that are counted.
    send('first')();
    clock.advance(1e9);
    expect([core('rps_sock_flow_entries', '100'), sysctlOf(a).read('net/core/rps_sock_flow_entries'), netSysfsWrite(vb, 'queues/rx-0/rps_flow_cnt', '64')]).toEqual([0, '128\n', 0]);
  });

  it('takes the packets of a connected socket to the CPU on which it was read last [RX-10]', () => {
    const fd = udp(tb, B, PORT, new SockaddrIn(A, 4000));
    expect(cpus(send('one'))).toEqual([0]);
    expect([readOn(2, fd), cpus(send('two'))]).toEqual([3, [2]]);
    expect([readOn(3, fd), cpus(send('three')), readOn(3, fd), readOn(1, fd), cpus(send('four'))]).toEqual([3, [3], 5, -U.EAGAIN, [1]]);
  });

  it('follows who writes, too, and sockets that were there before it was switched on [RX-10]', () => {
    expect(core('rps_sock_flow_entries', '0')).toBe(0);
    const fd = udp(tb, B, PORT, new SockaddrIn(A, 4000));
    expect([cpus(send('one')), readOn(2, fd), cpus(send('two'))]).toEqual([[0], 3, [0]]);
    core('rps_sock_flow_entries', '64');
    send('three')();
    kernel.softnet.cpu = 3;
    tb.sendto(fd, bytes('reply'));
    kernel.softnet.cpu = 0;
    expect(cpus(send('four'))).toEqual([3]);
    core('rps_sock_flow_entries', '0');
    expect([readOn(1, fd), cpus(send('five'))]).toEqual([3, [0]]);
  });

  it('has no flow to follow for a socket without connection, and none where the queue has no table [RX-10]', () => {
    const open = udp(tb, B, PORT);
    send('one')();
    expect([readOn(2, open), cpus(send('two'))]).toEqual([3, [0]]);
    tb.close(open);
    const fd = udp(tb, B, PORT, new SockaddrIn(A, 4000));
    send('three')();
    netSysfsWrite(vb, 'queues/rx-0/rps_flow_cnt', '0');
    expect([readOn(2, fd), cpus(send('four'))]).toEqual([5, [0]]);
  });
});

/** vb as a card whose interrupt is lost: what va sends lies in a ring until somebody polls. */
class SilentCard {
  readonly ring = new SkBuffHead();
  readonly napi: NapiStruct;

  constructor() {
    va.ops = { ...va.ops, ndoStartXmit: (skb) => (this.ring.queueTail(skb), NETDEV_TX_OK) };
    this.napi = netifNapiAdd(vb, (napi, budget) => this.poll(napi, budget));
    napiEnable(this.napi);
  }

  /** The interrupt, for once. */
  interrupt(): void {
    kernel.softirq.localBhDisable();
    kernel.softnet.napiSchedule(this.napi);
    kernel.softirq.localBhEnable();
  }

  private poll(napi: NapiStruct, budget: number): number {
    let work = 0;
    for (; work < budget && this.ring.first !== null; work++) {
      const skb = this.ring.dequeue() as SkBuff;
      skb.orphan();
      skb.dstDrop();
      skb.dev = vb;
      skb.pktType = 0;
      skbResetMacHeader(skb);
      skb.pull(14);
      skb.protocol = U.ETH_P_IP;
      napiGroReceive(napi, skb);
    }
    if (work < budget) napiComplete(kernel.softnet, napi, work);
    return work;
  }
}

describe('busy polling', () => {
  const PORT = 5000;
  let from: number;
  let card: SilentCard;
  const send = (text: string): void => void ta.sendto(from, bytes(text), 0, new SockaddrIn(B, PORT));

  beforeEach(() => {
    from = udp(ta, A, 4000);
    send('first');
    clock.advance(1e9);
    card = new SilentCard();
  });

  function polling(usec: number): number {
    const fd = udp(tb, B, PORT);
    expect(tb.setsockopt(fd, U.SOL_SOCKET, U.SO_BUSY_POLL, usec)).toBe(0);
    // The first packet tells the socket by which instance they come.
    send('hello');
    card.interrupt();
    expect(tb.recvfrom(fd, new Uint8Array(9))).toBe(5);
    return fd;
  }

  it('is off by default: a packet waits for the interrupt [RX-17]', () => {
    expect([sysctlOf(a).read('net/core/busy_read'), sysctlOf(a).read('net/core/busy_poll')]).toEqual(['0\n', '0\n']);
    const fd = polling(0);
    send('x');
    expect([tb.recvfrom(fd, new Uint8Array(9), U.MSG_DONTWAIT), card.ring.qlen]).toEqual([-U.EAGAIN, 1]);
    card.interrupt();
    expect(tb.recvfrom(fd, new Uint8Array(9), U.MSG_DONTWAIT)).toBe(1);
  });

  it('takes a packet out of the card that nobody told of [RX-17] [RXI-02]', () => {
    const fd = polling(50);
    send('no interrupt');
    expect([tb.recvfrom(fd, new Uint8Array(99), U.MSG_DONTWAIT), card.ring.qlen]).toEqual([12, 0]);
    expect([tb.getsockoptInt(fd, U.SOL_SOCKET, U.SO_BUSY_POLL), tb.getsockoptInt(fd, U.SOL_SOCKET, U.SO_INCOMING_NAPI_ID)]).toEqual([50, card.napi.napiId]);
  });

  it('goes on for as many microseconds as were asked for, and no longer [RX-17]', async () => {
    const fd = polling(50);
    tb.setsockopt(fd, U.SOL_SOCKET, U.SO_RCVTIMEO, timeval(1));
    const later = (us: number): void => {
      schedule(kernel.clock.now() + us * US, () => send('late'));
    };
    const start = kernel.clock.now();
    later(30);
    expect(await tb.recvfrom(fd, new Uint8Array(9))).toBe(4);
    expect(kernel.clock.now() - start).toBeLessThanOrEqual(31 * US);
    later(80);
    expect(await tb.recvfrom(fd, new Uint8Array(9))).toBe(4);
    // The last look before the call gave up found it.
    expect(kernel.clock.now() - start).toBeGreaterThan(0.9e9);
  });

  it('is given to new sockets by net.core.busy_read; poll polls by net.core.busy_poll [RX-17]', () => {
    expect([core('busy_read', '-1'), core('busy_read', '20')]).toEqual([-U.EINVAL, 0]);
    const fd = udp(tb, B, PORT);
    expect(tb.getsockoptInt(fd, U.SOL_SOCKET, U.SO_BUSY_POLL)).toBe(20);
    send('hello');
    card.interrupt();
    tb.recvfrom(fd, new Uint8Array(9));
    send('x');
    const ready = (): unknown => tb.poll([{ fd, events: U.POLLIN, revents: 0 }], 0);
    expect([ready(), core('busy_poll', '50'), ready()]).toEqual([0, 0, 1]);
    expect(kernel.softnet.busyPollers).toBe(1);
    tb.close(fd);
    expect(kernel.softnet.busyPollers).toBe(0);
  });

  it('is for everybody; a larger budget is for the privileged [RX-17]', () => {
    const user = kernelTask(b, { uid: 1000 });
    const fd = user.socket(U.AF_INET, U.SOCK_DGRAM);
    const set = (name: number, value: number): number => user.setsockopt(fd, U.SOL_SOCKET, name, value);
    expect([set(U.SO_BUSY_POLL, 5), set(U.SO_BUSY_POLL, 0), set(U.SO_BUSY_POLL_BUDGET, 5)]).toEqual([0, 0, -U.EPERM]);
    user.exit();
    const own = udp(tb, B, 6000);
    const root = (name: number, value: number): number => tb.setsockopt(own, U.SOL_SOCKET, name, value);
    expect([root(U.SO_BUSY_POLL, -1), root(U.SO_BUSY_POLL_BUDGET, 65536), root(U.SO_BUSY_POLL_BUDGET, 100)]).toEqual([-U.EINVAL, -U.EINVAL, 0]);
  });
});

describe('a turn', () => {
  it('of a backlog, and of a queue, is as long as dev_weight and its factors say', () => {
    expect([core('dev_weight', '0'), core('dev_weight', '10'), core('dev_weight_rx_bias', '3'), core('dev_weight_tx_bias', '2')]).toEqual([-U.EINVAL, 0, 0, 0]);
    expect([kernel.softnet.devWeight, kernel.xmit.devTxWeight]).toEqual([30, 20]);
  });

  it('and the discipline that new devices get are settings', () => {
    expect([core('default_qdisc', 'nonesuch'), core('default_qdisc', 'noqueue\n'), sysctlOf(a).read('net/core/default_qdisc')]).toEqual([-U.ENOENT, 0, 'noqueue\n']);
    const queue = vb.tx[0] as (typeof vb.tx)[number];
    expect(kernel.createDefaultQdisc(queue).kind).toBe('noqueue');
    core('default_qdisc', 'pfifo_fast');
    expect(kernel.createDefaultQdisc(queue)).toBeInstanceOf(PfifoFastQdisc);
  });
});

function timeval(sec: number): Uint8Array {
  const value = new Uint8Array(16);
  value[0] = sec;
  return value;
}

/** Something happens at a nanosecond of the kernel's clock, in a softirq. */
function schedule(at: number, fn: () => void): void {
  hrtimerStart(kernel.timers, new HrTimer(fn), at);
}
