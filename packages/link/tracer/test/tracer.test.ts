import {
  createKernel,
  setupNet,
  devOpen,
  type Kernel,
  type Net,
  type NetDevice,
  type Plugin,
  SKB_DROP_REASON_NO_SOCKET,
  skbCopy,
  type SkBuff,
  VirtualClock,
} from '@skbuff/core';
import { veth, vethCreate } from '@skbuff/veth';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { trace, type TraceEvent } from '../src/index.ts';

const ETH_P_TEST = 0x88b5;

let kernel: Kernel;
let clock: VirtualClock;
let a: NetDevice;
let b: NetDevice;
let events: TraceEvent[];
/** What the protocol does with a packet; it takes it over. */
let receive: (skb: SkBuff) => void;

function protocol(): Plugin {
  return {
    name: 'protocol',
    init: (ctx) =>
      ctx.packetType({
        type: ETH_P_TEST,
        dev: null,
        net: null,
        ignoreOutgoing: false,
        listFunc: null,
        func: (skb) => {
          receive(skb);
          return 0;
        },
      }),
  };
}

beforeEach(() => {
  events = [];
  receive = (skb) => skb.consume();
  clock = new VirtualClock();
  kernel = createKernel({ clock, debug: true, plugins: [veth(), protocol()] });
  const pair = vethCreate(kernel.initNet, 'a', setupNet(kernel) as Net, 'b');
  if (typeof pair === 'number') throw new Error(`vethCreate: ${pair}`);
  a = pair.dev;
  b = pair.peer;
  devOpen(a);
  devOpen(b);
  clock.advance(0);
});

afterEach(() => {
  expect(kernel.shutdown()).toEqual({});
});

function send(dev: NetDevice, type: number = ETH_P_TEST): void {
  const skb = kernel.skbs.alloc(60) as SkBuff;
  const at = skb.put(60);
  skb.bytes.fill(0xff, at, at + 60);
  skb.bytes[at + 12] = type >> 8;
  skb.bytes[at + 13] = type & 0xff;
  skb.dev = dev;
  skb.protocol = type;
  kernel.xmit.devQueueXmit(skb);
}

const short = (): string[] => events.map(({ what, dev, len, reason, traceId }) => `${what} ${dev} ${len} ${reason} #${traceId}`);

it('reports a packet on its way out and in, whole, with time, namespace and number [PTY-02]', () => {
  const stop = trace(kernel, (event) => events.push(event));
  clock.advance(5);
  send(a);
  send(a);
  stop();
  expect(short()).toEqual(['out a 60  #1', 'in b 60  #1', 'out a 60  #2', 'in b 60  #2']);
  expect(events[1]).toEqual({ time: 5, what: 'in', dev: 'b', net: b.net.inode, len: 60, protocol: ETH_P_TEST, reason: '', traceId: 1 });
});

it('reports a lost packet with its reason, after it was received', () => {
  receive = (skb) => skb.kfree(SKB_DROP_REASON_NO_SOCKET);
  const stop = trace(kernel, (event) => events.push(event));
  send(a);
  send(a, 0x9999);
  stop();
  expect(short()).toEqual(['out a 60  #1', 'in b 60  #1', 'drop b 46 NO_SOCKET #1', 'out a 60  #2', 'in b 60  #2', 'drop b 46 UNHANDLED_PROTO #2']);
});

it('keeps the number of a packet that is sent on, and of its copies', () => {
  receive = (skb) => {
    const copy = skbCopy(skb) as SkBuff;
    receive = (other) => other.consume();
    copy.push(14);
    copy.dev = b;
    kernel.xmit.devQueueXmit(copy);
    skb.consume();
  };
  const stop = trace(kernel, (event) => events.push(event));
  send(a);
  stop();
  expect(short()).toEqual(['out a 60  #1', 'in b 60  #1', 'out b 60  #1', 'in a 60  #1']);
});

it('reports only the devices that were asked for', () => {
  receive = (skb) => skb.kfree(SKB_DROP_REASON_NO_SOCKET);
  const stop = trace(kernel, (event) => events.push(event), { devs: [a] });
  send(a);
  send(b);
  stop();
  expect(short()).toEqual(['out a 60  #1', 'in a 60  #2', 'drop a 46 NO_SOCKET #2']);
});

it('hears nothing any more when it was stopped, and packets are not numbered', () => {
  const stop = trace(kernel, (event) => events.push(event));
  stop();
  stop();
  send(a);
  const skb = kernel.skbs.alloc(10) as SkBuff;
  expect([events, skb.traceId, kernel.skbs.dropMonitor, kernel.skbs.tracing]).toEqual([[], 0, null, 0]);
  skb.consume();
});

it('may be one of several, stopped in any order', () => {
  receive = (skb) => skb.kfree(SKB_DROP_REASON_NO_SOCKET);
  const first: string[] = [];
  const second: string[] = [];
  const stopFirst = trace(kernel, ({ what }) => first.push(what));
  const stopSecond = trace(kernel, ({ what }) => second.push(what));
  send(a);
  stopFirst();
  send(a);
  stopSecond();
  send(a);
  expect([first.length, second.length]).toEqual([3, 6]);
});
