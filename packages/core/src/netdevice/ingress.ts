/** The queueing discipline on a device's way in (`net/core/dev.c`): the place; classification is the discipline's. */
import { EEXIST } from '@skbuff/uapi';
import { type NetDevice, RX_DOOR_INGRESS, type RxHandler } from './netdevice.ts';
import { NetdevQueue, noopQdisc, type Qdisc } from './qdisc.ts';

/** `dev_ingress_queue`: null until a discipline was attached. */
export function devIngressQueue(dev: NetDevice): NetdevQueue | null {
  return dev.ingressQueue;
}

/** `dev_ingress_queue_create`. */
export function devIngressQueueCreate(dev: NetDevice): NetdevQueue {
  dev.ingressQueue ??= new NetdevQueue(dev, 0);
  return dev.ingressQueue;
}

/**
 * Attaches a discipline: `classify` sees each frame of the device behind the taps and before the hooks, and passes it (RX_HANDLER_PASS),
 * drops or takes it (CONSUMED), or gives it to another device (ANOTHER). -EEXIST if there is one.
 */
export function devIngressAttach(dev: NetDevice, qdisc: Qdisc, classify: RxHandler): number {
  if (dev.tcIngress !== null) return -EEXIST;
  const queue = devIngressQueueCreate(dev);
  queue.qdisc = queue.qdiscSleeping = qdisc;
  dev.tcIngress = classify;
  dev.rxDoors |= RX_DOOR_INGRESS;
  return 0;
}

/** The discipline goes; the queue stays. */
export function devIngressDetach(dev: NetDevice): void {
  const queue = dev.ingressQueue;
  if (queue !== null) queue.qdisc = queue.qdiscSleeping = noopQdisc;
  dev.tcIngress = null;
  if (dev.nfHooksIngress.length === 0) dev.rxDoors &= ~RX_DOOR_INGRESS;
}
