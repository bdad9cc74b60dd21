/** Time stamps: SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING (`net/core/sock.c`, `net/core/skbuff.c`; stamps are those that software makes). */
import { type NetDevice, netDisableTimestamp, netEnableTimestamp, netTxTimestamp, SKBTX_SCHED_TSTAMP, SKBTX_SW_TSTAMP, SKB_CB_IIF, type SkBuff } from '@skbuff/core';
import {
  CAP_NET_RAW,
  EINVAL,
  ENOMSG,
  EOPNOTSUPP,
  SOF_TIMESTAMPING_BIND_PHC,
  SOF_TIMESTAMPING_MASK,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_ID_TCP,
  SOF_TIMESTAMPING_OPT_RX_FILTER,
  SOF_TIMESTAMPING_OPT_STATS,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
  SO_EE_ORIGIN_TIMESTAMPING,
  SO_TIMESTAMP,
  SO_TIMESTAMPING,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPNS,
  SO_TIMESTAMPNS_NEW,
  SO_TIMESTAMP_NEW,
} from '@skbuff/uapi';
import { leS32, setLe32, setLe64 } from '@skbuff/wire';
import { sockExterrSet, sockQueueErrSkb } from './error-queue.ts';
import { type Msghdr, putCmsg } from './msghdr.ts';
import { SOCK_RCVTSTAMP, SOCK_RCVTSTAMPNS, SOCK_TIMESTAMP, SOCK_TIMESTAMPING_RX, SOCK_TSTAMPING, SOCK_TSTAMP_NEW, SOCK_TXSTAMPER, Sock } from './sock.ts';
import { sockNet } from './sock-net.ts';

/** Bit of a send's `txFlags`, beside SKBTX_*: its number is given, not counted. */
export const TXFLAGS_OPT_ID: number = 1 << 16;

/** SO_TIMESTAMP and SO_TIMESTAMPNS in both generations, which differ in the number of the ancillary data only here. */
export function sockSetTimestamp(sk: Sock, name: number, on: boolean): number {
  sk.setFlag(SOCK_RCVTSTAMP, on);
  sk.setFlag(SOCK_RCVTSTAMPNS, on && (name === SO_TIMESTAMPNS || name === SO_TIMESTAMPNS_NEW));
  if (!on) return 0;
  sk.setFlag(SOCK_TSTAMP_NEW, name === SO_TIMESTAMP_NEW || name === SO_TIMESTAMPNS_NEW);
  sockEnableTimestamp(sk, SOCK_TIMESTAMP);
  return 0;
}

/** How one of those options reads. */
export function sockGetTimestamp(sk: Sock, name: number): number {
  const isNew = sk.flag(SOCK_TSTAMP_NEW);
  const ns = sk.flag(SOCK_RCVTSTAMPNS);
  switch (name) {
    case SO_TIMESTAMP:
      return Number(sk.flag(SOCK_RCVTSTAMP) && !isNew && !ns);
    case SO_TIMESTAMPNS:
      return Number(ns && !isNew);
    case SO_TIMESTAMP_NEW:
      return Number(sk.flag(SOCK_RCVTSTAMP) && isNew);
    default:
      return Number(ns && isNew);
  }
}

/** `sock_enable_timestamp`: from now on packets are stamped when they arrive; `why`: SOCK_TIMESTAMP or SOCK_TIMESTAMPING_RX. */
export function sockEnableTimestamp(sk: Sock, why: number): void {
  if ((sk.flags & (SOCK_TIMESTAMP | SOCK_TIMESTAMPING_RX)) === 0) netEnableTimestamp(sk.net.softnet);
  sk.setFlag(why, true);
}

function disableTimestamp(sk: Sock, why: number): void {
  if (!sk.flag(why)) return;
  sk.setFlag(why, false);
  if ((sk.flags & (SOCK_TIMESTAMP | SOCK_TIMESTAMPING_RX)) === 0) netDisableTimestamp(sk.net.softnet);
}

/** `sock_set_timestamping`: `struct so_timestamping`, flags (SOF_TIMESTAMPING_*) and the hardware clock, or the flags alone. 0 or -EINVAL. */
export function sockSetTimestamping(sk: Sock, name: number, value: Uint8Array): number {
  const flags = leS32(value, 0);
  if ((flags & ~SOF_TIMESTAMPING_MASK) !== 0) return -EINVAL;
  if ((flags & SOF_TIMESTAMPING_OPT_ID_TCP) !== 0 && (flags & SOF_TIMESTAMPING_OPT_ID) === 0) return -EINVAL;
  if ((flags & SOF_TIMESTAMPING_OPT_ID & ~sk.tsflags) !== 0) sk.tskey = 0;
  if ((flags & SOF_TIMESTAMPING_OPT_STATS) !== 0 && (flags & SOF_TIMESTAMPING_OPT_TSONLY) === 0) return -EINVAL;
  // The clock has to be one of the device that the socket is bound to, and no device here has any.
  if ((flags & SOF_TIMESTAMPING_BIND_PHC) !== 0) return sk.boundDevIf === 0 ? -EOPNOTSUPP : -EINVAL;
  sk.tsflags = flags;
  sk.txFlags = txFlagsOf(sk, flags);
  sk.setFlag(SOCK_TSTAMP_NEW, name === SO_TIMESTAMPING_NEW);
  sk.setFlag(SOCK_TSTAMPING, (flags & (SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE)) !== 0);
  if ((flags & SOF_TIMESTAMPING_RX_SOFTWARE) !== 0) sockEnableTimestamp(sk, SOCK_TIMESTAMPING_RX);
  else disableTimestamp(sk, SOCK_TIMESTAMPING_RX);
  return 0;
}

/** What SO_TIMESTAMPING reads, in 8 bytes. */
export function sockGetTimestamping(sk: Sock, name: number): Uint8Array {
  const bytes = new Uint8Array(8);
  if (name === SO_TIMESTAMPING || sk.flag(SOCK_TSTAMP_NEW)) setLe32(bytes, 0, sk.tsflags);
  return bytes;
}

/** `sock_tx_timestamp`: SKBTX_* for SOF_TIMESTAMPING_TX_*. The first time makes the way to the drivers look out for them. */
export function txFlagsOf(sk: Sock, tsflags: number): number {
  const txFlags = ((tsflags & SOF_TIMESTAMPING_TX_SOFTWARE) !== 0 ? SKBTX_SW_TSTAMP : 0) | ((tsflags & SOF_TIMESTAMPING_TX_SCHED) !== 0 ? SKBTX_SCHED_TSTAMP : 0);
  if (txFlags !== 0 && !sk.flag(SOCK_TXSTAMPER)) {
    sk.setFlag(SOCK_TXSTAMPER, true);
    netTxTimestamp(sk.net.softnet, 1);
  }
  return txFlags;
}

/** `skb_setup_tx_timestamp`: marks a packet of a send with `txFlags`. With SOF_TIMESTAMPING_OPT_ID it is numbered, by `key` if the sender said one. */
export function skbSetupTxTimestamp(sk: Sock, skb: SkBuff, txFlags: number, key: number): void {
  const { shinfo } = skb;
  shinfo.txFlags |= txFlags & (SKBTX_SW_TSTAMP | SKBTX_SCHED_TSTAMP);
  shinfo.tskey = 0;
  if ((txFlags & TXFLAGS_OPT_ID) !== 0) shinfo.tskey = key;
  else if ((sk.tsflags & SOF_TIMESTAMPING_OPT_ID) !== 0) shinfo.tskey = sk.tskey++;
}

/** `__skb_tstamp_tx`: puts a stamp of `skb` (which stays the caller's) on its sender's error queue: with the packet, or alone. */
export function skbTstampTx(skb: SkBuff, type: number): void {
  const sk = skb.sk;
  if (!(sk instanceof Sock)) return;
  const alone = (sk.tsflags & SOF_TIMESTAMPING_OPT_TSONLY) !== 0;
  const { layer, tstampAllowData } = sockNet.of(sk.net);
  if (!alone && tstampAllowData === 0 && !layer.capable(CAP_NET_RAW)) return;
  const own = alone ? sk.net.skbs.alloc(0) : skb.clone();
  if (own === null) return;
  own.tstamp = sk.net.kernel.realTime();
  const data = (sk.tsflags & SOF_TIMESTAMPING_OPT_ID) !== 0 ? skb.shinfo.tskey : 0;
  sockExterrSet(own, { errno: ENOMSG, origin: SO_EE_ORIGIN_TIMESTAMPING, type: 0, code: 0, info: type, data }, 0, 0);
  own.cb[SKB_CB_IIF] = alone ? 0 : (skb.dev as NetDevice).ifindex;
  if (sockQueueErrSkb(sk, own) !== 0) own.kfree(0);
}

/** `__sock_recv_timestamp`: tells when `skb` arrived or, from the error queue, was sent. */
export function sockRecvTimestamp(msg: Msghdr, sk: Sock, skb: SkBuff, isErr: boolean): void {
  const isNew = sk.flag(SOCK_TSTAMP_NEW);
  if (sk.flag(SOCK_RCVTSTAMP)) {
    if (skb.tstamp === 0) skb.tstamp = sk.net.kernel.realTime();
    if (sk.flag(SOCK_RCVTSTAMPNS)) putCmsg(msg, SOL_SOCKET, isNew ? SO_TIMESTAMPNS_NEW : SO_TIMESTAMPNS, timeBytes(skb.tstamp, 1));
    else putCmsg(msg, SOL_SOCKET, isNew ? SO_TIMESTAMP_NEW : SO_TIMESTAMP, timeBytes(skb.tstamp, 1000));
  }
  const software = reports(sk, isErr, SOF_TIMESTAMPING_SOFTWARE, SOF_TIMESTAMPING_RX_SOFTWARE) ? skb.tstamp : 0;
  const hardware = reports(sk, isErr, SOF_TIMESTAMPING_RAW_HARDWARE, SOF_TIMESTAMPING_RX_HARDWARE) ? skb.shinfo.hwtstamps : 0;
  if (software === 0 && hardware === 0) return;
  // Between the two: what was once the hardware's time made comparable.
  const stamps = new Uint8Array(48);
  stamps.set(timeBytes(software, 1));
  stamps.set(timeBytes(hardware, 1), 32);
  putCmsg(msg, SOL_SOCKET, isNew ? SO_TIMESTAMPING_NEW : SO_TIMESTAMPING, stamps);
}

/** Other sockets may have had a packet stamped on arrival; whoever asks with OPT_RX_FILTER does not want to profit from that. */
function reports(sk: Sock, isErr: boolean, reportFlag: number, rxFlag: number): boolean {
  const { tsflags } = sk;
  return (tsflags & reportFlag) !== 0 && (isErr || (tsflags & rxFlag) !== 0 || (tsflags & SOF_TIMESTAMPING_OPT_RX_FILTER) === 0);
}

/** `struct timespec` (`unit` 1) or `struct timeval` (`unit` 1000) of nanoseconds. */
export function timeBytes(ns: number, unit: number): Uint8Array {
  const bytes = new Uint8Array(16);
  setLe64(bytes, 0, Math.floor(ns / 1e9));
  setLe64(bytes, 8, Math.floor((ns % 1e9) / unit));
  return bytes;
}
