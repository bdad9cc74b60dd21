/** `struct packet_offload`: what a network protocol does to cut super-packets and to glue packets together (`net/core/gro.c`). */
import type { ModuleContext } from '../module/plugin.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import type { SkBuffHead } from '../skbuff/skb-queue.ts';
import { xmitOffload } from './xmit-offload.ts';

/** The three callbacks, for an EtherType or (with the same contract) for a transport protocol within one. */
export interface OffloadCallbacks {
  /**
   * Cuts a super-packet, `data` at this protocol's header. The first of a chain of segments (linked by `next`, `data` of each at its
   * `macHeader`); null: the device can do it after all; or a negative errno. `skb` stays the caller's.
   */
  readonly gsoSegment: (skb: SkBuff, features: number) => SkBuff | number | null;
  /**
   * Looks for a packet in `held` that `skb` continues. Clears GRO_CB_SAME_FLOW of those of another flow, sets GRO_CB_FLUSH of `skb` if
   * it may not wait. Returns the held packet that is complete now, or null.
   */
  readonly groReceive: (held: SkBuffHead, skb: SkBuff) => SkBuff | null;
  /** Puts the header of a glued packet right, `nhoff` bytes behind `data`. 0 or a negative errno. */
  readonly groComplete: (skb: SkBuff, nhoff: number) => number;
}

export interface PacketOffload extends OffloadCallbacks {
  /** EtherType in host order. */
  readonly type: number;
}

/** `offload_base`: the network protocols of one kernel that can. */
export class Offloads {
  private list: readonly PacketOffload[] = [];

  add(offload: PacketOffload): void {
    this.list = [...this.list, offload];
  }

  remove(offload: PacketOffload): void {
    this.list = this.list.filter((other) => other !== offload);
  }

  find(type: number): PacketOffload | null {
    const { list } = this;
    for (let i = 0; i < list.length; i++) if ((list[i] as PacketOffload).type === type) return list[i] as PacketOffload;
    return null;
  }
}

/** `dev_add_offload`, for as long as the plugin is loaded. */
export function devAddOffload(ctx: ModuleContext, offload: PacketOffload): void {
  const { kernel } = ctx;
  const offloads = (kernel.offloads ??= new Offloads());
  xmitOffload(kernel);
  offloads.add(offload);
  ctx.onUnload(() => offloads.remove(offload));
}
