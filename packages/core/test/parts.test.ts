/** What a kernel does not have before somebody opens it. */
import { NFPROTO_IPV4 } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { CHECKSUM_PARTIAL, createKernel, devOpen, type Kernel, NETDEV_TX_OK, NF_HOOK_OK, SKB_DROP_REASON_NOT_SPECIFIED, type SkBuff, TX_DROPPED, xmitOffload } from '../src/index.ts';
import { addDevice } from './helpers.ts';

/** Sends what somebody else should complete: the result, frames that the driver got, and the device's drops. */
function send(kernel: Kernel, txQueueLen: number): { rc: number; sent: number; dropped: number } {
  let sent = 0;
  const { dev } = addDevice(kernel, {
    txQueueLen,
    ops: { ndoStartXmit: (skb) => (sent++, skb.consume(), NETDEV_TX_OK) },
  });
  expect(devOpen(dev)).toBe(0);
  const skb = kernel.skbs.alloc(64) as SkBuff;
  skb.put(40);
  skb.dev = dev;
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.csumStart = skb.data;
  skb.csumOffset = 16;
  const rc = dev.net.xmit.devQueueXmit(skb);
  return { rc, sent, dropped: dev.stats[TX_DROPPED] };
}

it.each([
  ['without a queue', 0, -93],
  ['with a queue', 10, 0],
])('drops, and says so, what nobody completes on a device %s', (_name, txQueueLen, rc) => {
  const kernel = createKernel();
  expect(send(kernel, txQueueLen)).toEqual({ rc, sent: 0, dropped: 1 });
  expect(kernel.skbs.drops[SKB_DROP_REASON_NOT_SPECIFIED]).toBe(1);
  expect(kernel.dmesg().at(-1)).toMatch(/nobody completes packets: xmitOffload\(\) was not called$/);
  expect(kernel.shutdown()).toEqual({});
});

it('completes packets once somebody asked for it, who may ask again', () => {
  const kernel = createKernel();
  xmitOffload(kernel);
  const { offload } = kernel.xmit;
  xmitOffload(kernel);
  expect([kernel.xmit.offload === offload, send(kernel, 0)]).toEqual([true, { rc: 0, sent: 1, dropped: 0 }]);
  expect(kernel.shutdown()).toEqual({});
});

it('lets every packet pass a point of a namespace without hooks', () => {
  const kernel = createKernel();
  const skb = kernel.skbs.alloc(64) as SkBuff;
  expect(kernel.initNet.nf.run(NFPROTO_IPV4, 0, null, skb, null, null, () => 0)).toBe(NF_HOOK_OK);
  skb.consume();
  expect(kernel.shutdown()).toEqual({});
});
