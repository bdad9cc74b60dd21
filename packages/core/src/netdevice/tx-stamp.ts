/** Time stamps of what is sent, for those who asked (`skb_tx_timestamp`). */
import { SCM_TSTAMP_SCHED, SCM_TSTAMP_SND, SOF_TIMESTAMPING_TX_SOFTWARE } from '@skbuff/uapi';
import { SKBTX_SCHED_TSTAMP, SKBTX_SW_TSTAMP } from '../skbuff/arena.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import type { NetDevice } from './netdevice.ts';

export class TxStamp {
  /** `__skb_tstamp_tx`: tells the sender of a packet with SKBTX_*_TSTAMP when it got to a place (SCM_TSTAMP_*). */
  private readonly skbTstampTx: (skb: SkBuff, type: number) => void;

  constructor(skbTstampTx: (skb: SkBuff, type: number) => void) {
    this.skbTstampTx = skbTstampTx;
  }

  /** `skb_tx_timestamp`, for all drivers that have it. Each stamp is made once, also when the driver is busy and sees the packet again. */
  send(skb: SkBuff, dev: NetDevice): void {
    const { shinfo } = skb;
    if ((shinfo.txFlags & SKBTX_SCHED_TSTAMP) !== 0) this.sched(skb);
    if ((shinfo.txFlags & SKBTX_SW_TSTAMP) === 0 || ((dev.ethtoolOps.getTsInfo?.(dev) ?? 0) & SOF_TIMESTAMPING_TX_SOFTWARE) === 0) return;
    shinfo.txFlags &= ~SKBTX_SW_TSTAMP;
    this.skbTstampTx(skb, SCM_TSTAMP_SND);
  }

  /** The stamp of `__dev_queue_xmit`; a packet that need not wait in the queue gets it on the way to the driver. */
  sched(skb: SkBuff): void {
    skb.shinfo.txFlags &= ~SKBTX_SCHED_TSTAMP;
    this.skbTstampTx(skb, SCM_TSTAMP_SCHED);
  }
}
