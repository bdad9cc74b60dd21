/** The receiving end of a veth with GRO: a ring of frames and the NAPI instance that takes them (`veth_poll`). */
import {
  napiComplete,
  napiDisable,
  type NapiStruct,
  type NetDevice,
  RX_BYTES,
  RX_PACKETS,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_FULL_RING,
  type SkBuff,
  SkBuffHead,
  TX_BYTES,
  TX_PACKETS,
  napiEnable,
  napiGroReceive,
  netifNapiAdd,
  netifNapiDel,
} from '@skbuff/core';
import { ETH_HLEN } from '@skbuff/uapi';

/** Frames that the ring holds. */
export const VETH_RING_SIZE = 256;

/** One frame of `len` bytes went from one end to the other. */
export function vethCount(from: NetDevice, to: NetDevice, len: number): void {
  const sent = from.stats;
  sent[TX_PACKETS]++;
  sent[TX_BYTES] += len;
  const received = to.stats;
  received[RX_PACKETS]++;
  received[RX_BYTES] += len;
}

/** `struct veth_rq`. */
export class VethRq {
  private readonly dev: NetDevice;
  private readonly pair: { readonly peer: NetDevice | null };
  private readonly ring = new SkBuffHead();
  private readonly napi: NapiStruct;

  constructor(dev: NetDevice, pair: { readonly peer: NetDevice | null }) {
    this.dev = dev;
    this.pair = pair;
    this.napi = netifNapiAdd(dev, (_napi, budget) => this.poll(budget));
    napiEnable(this.napi);
  }

  /** Takes over a frame; false: the ring was full, and it was dropped. Called with bottom halves disabled. */
  receive(skb: SkBuff): boolean {
    if (this.ring.qlen >= VETH_RING_SIZE) {
      skb.kfree(SKB_DROP_REASON_FULL_RING);
      return false;
    }
    this.ring.queueTail(skb);
    this.dev.net.softnet.napiSchedule(this.napi);
    return true;
  }

  /** What waits is lost. */
  remove(): void {
    napiDisable(this.dev.net.softnet, this.napi);
    netifNapiDel(this.dev, this.napi);
    this.ring.purge(SKB_DROP_REASON_DEV_READY);
  }

  private poll(budget: number): number {
    const { dev, napi, ring } = this;
    const { peer } = this.pair;
    let done = 0;
    for (; done < budget; done++) {
      const skb = ring.dequeue();
      if (skb === null) break;
      if (peer !== null) vethCount(peer, dev, skb.len + ETH_HLEN);
      napiGroReceive(napi, skb);
    }
    if (done < budget) napiComplete(dev.net.softnet, napi, done);
    return done;
  }
}
