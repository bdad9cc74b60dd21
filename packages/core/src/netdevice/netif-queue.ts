/** How a driver pauses a transmit queue (`netdevice.h`). */
import type { NetdevQueue } from './qdisc.ts';

/** `netif_stop_queue`: the driver cannot take more. */
export function netifStopQueue(queue: NetdevQueue): void {
  queue.stopped = true;
}

/** `netif_wake_queue`: it can again; what waits is sent. */
export function netifWakeQueue(queue: NetdevQueue): void {
  if (!queue.stopped) return;
  const { xmit } = queue.dev.net;
  queue.stopped = false;
  xmit.softirq.localBhDisable();
  xmit.netifSchedule(queue.qdisc, queue);
  xmit.softirq.localBhEnable();
}
