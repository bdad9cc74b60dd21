/** Kernels, devices and packets for the tests of this package. */
import { afterEach, expect } from 'vitest';
import {
  allocNetdevMqs,
  createKernel,
  type DstOps,
  insmod,
  type Kernel,
  type KernelOptions,
  lsmod,
  type Net,
  NETDEV_TX_OK,
  type NetDevice,
  type NetDeviceOps,
  type NetdevNotifierInfo,
  netdevOpsDefaults,
  type NotifierBlock,
  NOTIFY_OK,
  type PacketType,
  registerNetdevice,
  skbFillPageDesc,
  skbSetFragList,
  type SkBuff,
  SkbuffCache,
  xmitOffload,
} from '../src/index.ts';

const booted: Kernel[] = [];

/** A kernel with all that the core has for packets; it is shut down after the test, which fails if anything is left. */
export function boot(options: KernelOptions = {}): Kernel {
  const kernel = createKernel({ debug: true, ...options });
  xmitOffload(kernel);
  booted.push(kernel);
  return kernel;
}

/** For routes of no family. */
export function dstOps(): DstOps {
  return { entries: 0, check: () => false, mtu: (dst) => dst.dev.mtu, confirmNeigh: null };
}

/** The test shuts the kernel down itself. */
export function forget(kernel: Kernel): void {
  booted.splice(booted.indexOf(kernel), 1);
}

afterEach(() => {
  const left = booted.splice(0).map((kernel) => kernel.shutdown());
  for (const leaks of left) expect(leaks).toEqual({});
});

export interface DeviceOptions {
  readonly name?: string;
  readonly net?: Net;
  readonly ops?: Partial<NetDeviceOps>;
  /** 0: noqueue. */
  readonly txQueueLen?: number;
  readonly txqs?: number;
  readonly rxqs?: number;
  readonly setup?: (dev: NetDevice) => void;
}

/** A device that keeps what it is given to send as text, and owns nothing else. */
export function makeDevice(kernel: Kernel, options: DeviceOptions = {}): { dev: NetDevice; sent: string[] } {
  const sent: string[] = [];
  const ops: NetDeviceOps = {
    ...netdevOpsDefaults,
    ndoStartXmit(skb) {
      sent.push(textOf(skb));
      skb.consume();
      return NETDEV_TX_OK;
    },
    ...options.ops,
  };
  const dev = allocNetdevMqs(options.net ?? kernel.initNet, {
    name: options.name ?? 'eth%d',
    ops,
    txqs: options.txqs ?? 1,
    rxqs: options.rxqs ?? 1,
    setup(d) {
      d.mtu = 1500;
      d.minMtu = 68;
      d.maxMtu = 9000;
      d.addrLen = 6;
      d.devAddr.set([2, 0, 0, 0, 0, 1]);
      d.hardHeaderLen = 14;
      d.txQueueLen = options.txQueueLen ?? 0;
      options.setup?.(d);
    },
  });
  return { dev, sent };
}

/** As {@link makeDevice}, registered. */
export function addDevice(kernel: Kernel, options: DeviceOptions = {}): { dev: NetDevice; sent: string[] } {
  const made = makeDevice(kernel, options);
  expect(registerNetdevice(made.dev)).toBe(0);
  return made;
}

export type Notify = NotifierBlock<NetdevNotifierInfo>['notifierCall'];

/** Subscribes to device events until the kernel shuts down, or until the plugin whose name is returned is unloaded. */
export function subscribe(kernel: Kernel, notifierCall: Notify, priority = 0): string {
  const name = `subscriber-${lsmod(kernel).length}`;
  insmod(kernel, { name, init: (ctx) => ctx.netdeviceNotifier({ notifierCall, priority }) });
  return name;
}

/** Records the events of every device as `name:EVENT`. */
export function recordEvents(kernel: Kernel, names: Readonly<Record<number, string>>): string[] {
  const events: string[] = [];
  subscribe(kernel, (_nb, event, { dev }) => {
    events.push(`${dev.name}:${names[event] ?? event}`);
    return NOTIFY_OK;
  });
  return events;
}

/** A linear sk_buff that holds `text`, with 64 bytes of headroom. */
export function packet(cache: SkbuffCache, text: string, dev: NetDevice | null = null): SkBuff {
  const skb = cache.alloc(64 + Math.max(text.length, 64)) as SkBuff;
  skb.reserve(64);
  putText(skb, text);
  skb.dev = dev;
  return skb;
}

export function putText(skb: SkBuff, text: string): void {
  const at = skb.put(text.length);
  for (let i = 0; i < text.length; i++) skb.bytes[at + i] = text.charCodeAt(i);
}

/** All bytes of a packet, fragments included. */
export function bytesOf(skb: SkBuff): Uint8Array {
  const out = new Uint8Array(skb.len);
  expect(skb.copyBits(0, out, 0, skb.len)).toBe(true);
  return out;
}

export function textOf(skb: SkBuff): string {
  return String.fromCharCode(...bytesOf(skb));
}

/** Adds a page fragment with these bytes, as a driver or a socket does. */
export function addFrag(skb: SkBuff, bytes: Uint8Array): void {
  const page = skb.cache.arena.allocBlock(bytes.length);
  if (page === null) throw new Error('no memory for a fragment');
  skb.bytes.set(bytes, page.start);
  skbFillPageDesc(skb, page, page.start, bytes.length);
  skb.len += bytes.length;
  skb.dataLen += bytes.length;
}

/** Chains `sub` to the end of the frag_list of `skb`. */
export function addToList(skb: SkBuff, sub: SkBuff): void {
  let last = skb.shinfo.fragList;
  while (last !== null && last.next !== null) last = last.next;
  if (last === null) skbSetFragList(skb, sub);
  else last.next = sub;
  skb.len += sub.len;
  skb.dataLen += sub.len;
}

/** A packet type that records what it got as text and consumes it. */
export function recorder(type: number, into: string[], label = '', options: Partial<PacketType> = {}): PacketType {
  return {
    type,
    dev: null,
    net: null,
    ignoreOutgoing: false,
    listFunc: null,
    func(skb) {
      into.push(label + textOf(skb));
      skb.consume();
      return 0;
    },
    ...options,
  };
}

export const MS = 1_000_000;
export const SEC = 1000 * MS;

export interface Flow {
  readonly src?: number;
  readonly dst?: number;
  readonly sport?: number;
  readonly dport?: number;
  /** IP protocol; default UDP. */
  readonly proto?: number;
  /** Fragment offset field. */
  readonly fragOff?: number;
}

/** An IPv4 header with the first four bytes of a transport's, as a packet whose network header is set. */
export function ipv4Packet(cache: SkbuffCache, flow: Flow = {}, dev: NetDevice | null = null): SkBuff {
  const { src = 0x0a000001, dst = 0x0a000002, sport = 1000, dport = 53, proto = 17, fragOff = 0 } = flow;
  const skb = cache.alloc(128) as SkBuff;
  skb.reserve(64);
  const at = skb.putZero(28);
  const view = new DataView(skb.bytes.buffer, skb.bytes.byteOffset + at);
  view.setUint8(0, 0x45);
  view.setUint16(2, 28);
  view.setUint16(6, fragOff);
  view.setUint8(9, proto);
  view.setUint32(12, src);
  view.setUint32(16, dst);
  view.setUint16(20, sport);
  view.setUint16(22, dport);
  skb.networkHeader = at;
  skb.protocol = 0x0800;
  skb.dev = dev;
  return skb;
}
