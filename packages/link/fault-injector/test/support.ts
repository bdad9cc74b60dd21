import { createKernel, setupNet, devOpen, type Kernel, type Net, type NetDevice, type SkBuff, VirtualClock, xmitOffload } from '@skbuff/core';
import { veth, vethCreate } from '@skbuff/veth';

export const ETH_P_TEST = 0x88b5;
export const MS = 1_000_000;

export interface Arrival {
  /** Nanoseconds of the clock. */
  readonly at: number;
  /** The number that the packet was sent with. */
  readonly id: number;
  readonly bytes: readonly number[];
}

/** A veth pair that is up, and a record of what arrives at its second end. */
export class Cable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly arrivals: Arrival[] = [];
  readonly a: NetDevice;
  readonly b: NetDevice;
  private sent = 0;

  constructor(seed = 1) {
    this.kernel = createKernel({ clock: this.clock, debug: true, seed, plugins: [veth(), { name: 'sink', init: (ctx) => (ctx.packetType(this.sink()), xmitOffload(ctx.kernel)) }] });
    const pair = vethCreate(this.kernel.initNet, 'a', setupNet(this.kernel) as Net, 'b');
    if (typeof pair === 'number') throw new Error(`vethCreate: ${pair}`);
    this.a = pair.dev;
    this.b = pair.peer;
    devOpen(this.a);
    devOpen(this.b);
    this.clock.advance(0);
  }

  /** Sends `n` frames of `len` bytes, numbered on. */
  send(n: number, len = 100, change: (skb: SkBuff) => void = () => {}): void {
    for (let i = 0; i < n; i++) {
      const skb = this.kernel.skbs.alloc(len) as SkBuff;
      const at = skb.put(len);
      skb.bytes.fill(0, at, at + len);
      skb.bytes.set(this.b.devAddr.subarray(0, 6), at);
      skb.bytes[at + 12] = ETH_P_TEST >> 8;
      skb.bytes[at + 13] = ETH_P_TEST & 0xff;
      skb.bytes[at + 14] = this.sent >> 8;
      skb.bytes[at + 15] = this.sent++;
      skb.dev = this.a;
      skb.protocol = ETH_P_TEST;
      change(skb);
      this.kernel.xmit.devQueueXmit(skb);
    }
  }

  ids(): number[] {
    return this.arrivals.map((arrival) => arrival.id);
  }

  times(): number[] {
    return this.arrivals.map((arrival) => arrival.at);
  }

  private sink(): Parameters<Kernel['softnet']['addPack']>[0] {
    return {
      type: ETH_P_TEST,
      dev: null,
      net: null,
      ignoreOutgoing: false,
      listFunc: null,
      func: (skb) => {
        const bytes = [...skb.bytes.slice(skb.data, skb.tail)];
        this.arrivals.push({ at: this.clock.now(), id: (bytes[0] as number) * 256 + (bytes[1] as number), bytes });
        skb.consume();
        return 0;
      },
    };
  }
}
