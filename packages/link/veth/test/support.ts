import { createKernel, setupNet, devOpen, type Kernel, type Net, type NetDevice, type SkBuff, VirtualClock, xmitOffload } from '@skbuff/core';
import { afterEach, beforeEach, expect } from 'vitest';
import { veth, vethCreate, type VethCreateOptions, type VethPair } from '../src/index.ts';

/** A test EtherType of IEEE 802. */
export const ETH_P_TEST = 0x88b5;

/** A kernel with veth, two namespaces, and whatever arrives. */
export class Bench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly got: SkBuff[] = [];
  readonly kernel: Kernel = createKernel({
    clock: this.clock,
    debug: true,
    plugins: [
      veth(),
      { name: 'incomplete packets', init: (ctx) => xmitOffload(ctx.kernel) },
      {
        name: 'catcher',
        init: (ctx) =>
          ctx.packetType({
            type: ETH_P_TEST,
            dev: null,
            net: null,
            ignoreOutgoing: false,
            listFunc: null,
            func: (skb) => {
              this.got.push(skb);
              return 0;
            },
          }),
      },
    ],
  });
  readonly a: Net = this.kernel.initNet;
  readonly b: Net = setupNet(this.kernel) as Net;

  pair(options: VethCreateOptions = {}, netB: Net = this.b): VethPair {
    const pair = vethCreate(this.a, 've0', netB, 've1', options);
    if (typeof pair === 'number') throw new Error(`vethCreate: ${pair}`);
    return pair;
  }

  /** Both ends up, link watch done. */
  upPair(options: VethCreateOptions = {}, netB: Net = this.b): VethPair {
    const pair = this.pair(options, netB);
    expect([devOpen(pair.dev), devOpen(pair.peer)]).toEqual([0, 0]);
    this.clock.advance(0);
    return pair;
  }

  /** A complete frame of `len` bytes with header, on its way out of `dev`. */
  frame(dev: NetDevice, len: number, dest: Uint8Array = dev.broadcast): SkBuff {
    const skb = this.kernel.skbs.alloc(len + 32) as SkBuff;
    skb.reserve(32);
    skb.put(len);
    skb.bytes.fill(0x5a, skb.data, skb.tail);
    skb.bytes.set(dest.subarray(0, 6), skb.data);
    skb.bytes.set(dev.devAddr.subarray(0, 6), skb.data + 6);
    skb.bytes[skb.data + 12] = ETH_P_TEST >> 8;
    skb.bytes[skb.data + 13] = ETH_P_TEST & 0xff;
    skb.dev = dev;
    skb.protocol = ETH_P_TEST;
    return skb;
  }

  send(skb: SkBuff): number {
    return this.kernel.xmit.devQueueXmit(skb);
  }
}

/** Compares the fields of `of` that `want` names: a failure prints these, and not a whole kernel. */
export function expectFields<T extends object>(of: T | undefined, want: Partial<T>): void {
  expect(Object.fromEntries(Object.keys(want).map((key) => [key, of?.[key as keyof T]]))).toEqual(want);
}

/** A fresh bench for each test, checked for leaks after it. */
export function useBench(): { readonly it: Bench } {
  const holder = { it: null as unknown as Bench };
  beforeEach(() => {
    holder.it = new Bench();
  });
  afterEach(() => {
    for (const skb of holder.it.got) skb.consume();
    expect(holder.it.kernel.shutdown()).toEqual({});
  });
  return holder;
}
