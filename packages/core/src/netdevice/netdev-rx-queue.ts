/** Receive queues of a device (`netdev_rx_queue.h`). */
import type { RpsDevFlow } from './rps.ts';

/** `struct netdev_rx_queue`: one receive queue and its packet steering. */
export class NetdevRxQueue {
  readonly index: number;
  /** RPS: CPUs that frames of this queue are spread over; null: where they arrive. */
  rpsMap: readonly number[] | null = null;
  /** RFS: where each flow is handled now; null: off. Its length is a power of two. */
  rpsFlowTable: readonly RpsDevFlow[] | null = null;

  constructor(index: number) {
    this.index = index;
  }
}
