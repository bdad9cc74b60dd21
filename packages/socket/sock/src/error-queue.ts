/**
 * The error queue (IP_RECVERR): packets that tell about an error, each with a `struct sock_exterr_skb`, which lies in `skb.cb` while the
 * packet is queued. Addresses stay in the packet, and whoever reads it shows them as its own family does. Lanes:
 *
 *   0 errno | 2 origin, type, code | 3 info | 4 data | 5 where in the packet the address is | 6 port
 *
 * SKB_CB_IIF stays what the network layer has there, the arrival interface of the ICMP packet.
 */
import type { SkBuff } from '@skbuff/core';
import { ENOMEM, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6 } from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { SOCK_DEAD, type Sock } from './sock.ts';
import { skbSetOwnerR } from './sock-mem.ts';

const EECB_ERRNO = 0;
const EECB_KIND = 2;
const EECB_INFO = 3;
const EECB_DATA = 4;
const EECB_ADDR_OFFSET = 5;
const EECB_PORT = 6;

/** Bytes of `struct sock_extended_err`. */
export const SOCK_EXTENDED_ERR_LEN = 16;

/** `struct sock_extended_err`. */
export interface SockExtendedErr {
  /** Positive. */
  errno: number;
  /** SO_EE_ORIGIN_* */
  origin: number;
  /** ICMP type and code. */
  type: number;
  code: number;
  info: number;
  data: number;
}

/**
 * Notes the record on a packet that is going to the error queue. `addrOffset`: bytes from `networkHeader` to the address to which the
 * packet that failed was going; `port`: its port.
 */
export function sockExterrSet(skb: SkBuff, ee: Readonly<SockExtendedErr>, addrOffset: number, port: number): void {
  const { cb } = skb;
  cb[EECB_ERRNO] = ee.errno;
  cb[EECB_KIND] = (ee.origin << 16) | (ee.type << 8) | ee.code;
  cb[EECB_INFO] = ee.info;
  cb[EECB_DATA] = ee.data;
  cb[EECB_ADDR_OFFSET] = addrOffset;
  cb[EECB_PORT] = port;
}

/** `SKB_EXT_ERR(skb)->ee`. */
export function sockExterr(skb: SkBuff): SockExtendedErr {
  const { cb } = skb;
  const kind = cb[EECB_KIND];
  return { errno: cb[EECB_ERRNO], origin: (kind >> 16) & 0xff, type: (kind >> 8) & 0xff, code: kind & 0xff, info: cb[EECB_INFO] >>> 0, data: cb[EECB_DATA] >>> 0 };
}

/** `addr_offset`: where in `skb.bytes` the address is to which the packet that failed was going. */
export function sockExterrAddr(skb: SkBuff): number {
  return skb.networkHeader + skb.cb[EECB_ADDR_OFFSET];
}

/** `port`, where that was going. */
export function sockExterrPort(skb: SkBuff): number {
  return skb.cb[EECB_PORT];
}

/** Writes the 16 bytes of `struct sock_extended_err`. */
export function sockExterrEncode(ee: Readonly<SockExtendedErr>, out: Uint8Array): void {
  setLe32(out, 0, ee.errno);
  out[4] = ee.origin;
  out[5] = ee.type;
  out[6] = ee.code;
  out[7] = 0;
  setLe32(out, 8, ee.info);
  setLe32(out, 12, ee.data);
}

/** `sock_queue_err_skb`: 0, and the queue owns the packet and the reader is woken; -ENOMEM: the queue is full, it is still the caller's. */
export function sockQueueErrSkb(sk: Sock, skb: SkBuff): number {
  if (sk.rmemAlloc + skb.truesize >= sk.rcvbuf) return -ENOMEM;
  skbSetOwnerR(skb, sk);
  skb.dev = null;
  skb.dstForce();
  sk.errorQueue.queueTail(skb);
  if (!sk.flag(SOCK_DEAD)) sk.errorReport(sk);
  return 0;
}

/**
 * `sock_dequeue_err_skb`: the oldest, or null; the caller frees it. The socket's pending error becomes that of the next record, if
 * an ICMP message caused that, so that every record makes itself heard.
 */
export function sockDequeueErrSkb(sk: Sock): SkBuff | null {
  const skb = sk.errorQueue.dequeue();
  if (skb === null) return null;
  const wasIcmp = isIcmp(skb);
  const next = sk.errorQueue.peek();
  const nextIcmp = next !== null && isIcmp(next);
  if (next !== null && nextIcmp) sk.err = next.cb[EECB_ERRNO];
  else if (wasIcmp) sk.err = 0;
  if (next !== null) sk.errorReport(sk);
  return skb;
}

function isIcmp(skb: SkBuff): boolean {
  const origin = (skb.cb[EECB_KIND] >> 16) & 0xff;
  return origin === SO_EE_ORIGIN_ICMP || origin === SO_EE_ORIGIN_ICMP6;
}
