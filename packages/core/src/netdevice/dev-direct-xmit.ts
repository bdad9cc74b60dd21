/** Transmission past the queueing discipline (`net/core/dev.c`). */
import { SKB_DROP_REASON_DEV_READY } from '../skbuff/drop-reason.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import { NETDEV_TX_BUSY, NET_XMIT_DROP } from './netdevice-ops.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetdevQueue } from './qdisc.ts';
import { type XmitOffload, xmitOffload } from './xmit-offload.ts';

/**
 * `__dev_direct_xmit`: to the driver, past the queueing discipline and the taps. Consumes the sk_buff in every case. 0, or NET_XMIT_DROP
 * (counted in `tx_dropped`: the device is down or without carrier, or the driver is busy).
 */
export function devDirectXmit(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const { xmit } = dev.net;
  skb.macHeader = skb.data;
  if (!dev.running() || !dev.carrierOk()) return xmit.xmitDrop(skb, dev, NET_XMIT_DROP, SKB_DROP_REASON_DEV_READY);
  const queue = dev.pickTx === null ? (dev.tx[0] as NetdevQueue) : dev.pickTx(dev, skb);
  skb.queueMapping = queue.index;
  xmitOffload(dev.net.kernel);
  const first = (xmit.offload as XmitOffload).validateXmitSkb(skb, dev);
  if (first === null) return NET_XMIT_DROP;
  xmit.softirq.localBhDisable();
  let rc = 0;
  for (let one: SkBuff | null = first; one !== null; ) {
    const next: SkBuff | null = one.next;
    one.next = null;
    rc = queue.stopped ? NETDEV_TX_BUSY : dev.ops.ndoStartXmit(one, dev);
    if (rc === NETDEV_TX_BUSY) rc = xmit.xmitDrop(one, dev, NET_XMIT_DROP, SKB_DROP_REASON_DEV_READY);
    one = next;
  }
  xmit.softirq.localBhEnable();
  return rc;
}
