/**
 * The option of in-situ OAM among those for every hop (`ipv6_hop_ioam` in `net/ipv6/exthdrs.c`; RFC 9197 §4.4, RFC 9486). No namespace of
 * IOAM can be made here: a trace is for namespaces that this host is none of, and passes as it came. What is malformed does not pass.
 */
import type { NetDevice, SkBuff } from '@skbuff/core';
import { be32 } from '@skbuff/wire';
import { in6DevGet } from './if-inet6.ts';

/** Option type and length, reserved, kind; then the header of a trace: namespace, length and flags, what each node writes. */
const IOAM_OPT_LEN = 1;
const IOAM_KIND = 3;
const IOAM_TRACE_NODELEN = 6;
const IOAM_TRACE_REMLEN = 7;
const IOAM_TRACE_TYPE = 8;
const IOAM_HLEN = 2;
const IOAM_TRACE_HLEN = 8;
const IOAM6_TYPE_PREALLOC = 0;
/** Of the data that a node may write those of one word, and those of two. */
const SHORT_FIELDS = 0xff1ffc00;
const WIDE_FIELDS = 0x00e00000;

/** Whether a packet with the option at `at` may go on. */
export function ipv6HopIoam(skb: SkBuff, at: number): boolean {
  const { bytes } = skb;
  if (((at - skb.networkHeader) & 3) !== 0) return false;
  if (in6DevGet(skb.dev as NetDevice)?.cnf.ioam6Enabled !== 1) return true;
  const len = bytes[at + IOAM_OPT_LEN];
  if (len < IOAM_HLEN) return false;
  if (bytes[at + IOAM_KIND] !== IOAM6_TYPE_PREALLOC) return true;
  if (len < IOAM_HLEN + IOAM_TRACE_HLEN + (bytes[at + IOAM_TRACE_REMLEN] & 0x7f) * 4) return false;
  return bytes[at + IOAM_TRACE_NODELEN] >>> 3 === nodeLen(be32(bytes, at + IOAM_TRACE_TYPE));
}

/** `ioam6_trace_compute_nodelen`: words that each node writes. */
function nodeLen(type: number): number {
  return bits(type & SHORT_FIELDS) + 2 * bits(type & WIDE_FIELDS);
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
