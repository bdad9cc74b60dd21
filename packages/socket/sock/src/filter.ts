/**
 * Socket filters (`net/core/filter.c`): a classic BPF program decides what a socket receives, and how much of it.
 *
 * There is no address space here for `struct sock_fprog` to point into: the value of SO_ATTACH_FILTER and SO_GET_FILTER is the array of
 * `struct sock_filter` itself, and lengths are bytes of it.
 */
import { skbFlowDissect, skbHeadlen } from '@skbuff/core';
import { BpfProgram, bpfCheckClassic, bpfRun, decodeSockFilter } from '@skbuff/bpf';
import type { SkBuff } from '@skbuff/core';
import {
  EINVAL,
  ENOENT,
  EPERM,
  IPPROTO_DCCP,
  IPPROTO_ICMP,
  IPPROTO_IGMP,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  SKF_AD_CPU,
  SKF_AD_HATYPE,
  SKF_AD_IFINDEX,
  SKF_AD_MARK,
  SKF_AD_PAY_OFFSET,
  SKF_AD_PKTTYPE,
  SKF_AD_PROTOCOL,
  SKF_AD_QUEUE,
  SKF_AD_RANDOM,
  SKF_AD_RXHASH,
  SKF_AD_VLAN_TAG,
  SKF_AD_VLAN_TAG_PRESENT,
  SKF_AD_VLAN_TPID,
} from '@skbuff/uapi';
import { SOCK_FILTER_LOCKED, type SkFilter, type Sock } from './sock.ts';

/** A filter of a checked program, for packets of the socket's kernel; -EINVAL if the kernel would refuse the program. */
export function skFilterOf(sk: Sock, value: Uint8Array): SkFilter | number {
  const insns = decodeSockFilter(value);
  if (typeof insns === 'number') return insns;
  if (bpfCheckClassic(insns) !== 0) return -EINVAL;
  const program = new BpfProgram(insns);
  const ancillary = (skb: SkBuff, what: number): number => skbAncillary(sk, skb, what);
  return (skb) => bpfRun(program, skb, ancillary);
}

/** `sk_attach_filter`: in place of the one that is there. 0, -EPERM if that is locked, -EINVAL. */
export function skAttachFilter(sk: Sock, value: Uint8Array): number {
  if (sk.flag(SOCK_FILTER_LOCKED)) return -EPERM;
  const filter = skFilterOf(sk, value);
  if (typeof filter === 'number') return filter;
  sk.filter = filter;
  sk.filterProgram = value.slice();
  return 0;
}

/** `sk_detach_filter`: 0, -EPERM if it is locked, -ENOENT if there is none. */
export function skDetachFilter(sk: Sock): number {
  if (sk.flag(SOCK_FILTER_LOCKED)) return -EPERM;
  if (sk.filter === null) return -ENOENT;
  sk.filter = null;
  sk.filterProgram = null;
  return 0;
}

/** SO_LOCK_FILTER: 0, or -EPERM: a lock is for ever. */
export function skLockFilter(sk: Sock, on: boolean): number {
  if (sk.flag(SOCK_FILTER_LOCKED) && !on) return -EPERM;
  sk.setFlag(SOCK_FILTER_LOCKED, on);
  return 0;
}

/** `sk_get_filter`: bytes of the program (0: none), which was written to `out` unless that is empty; -EINVAL if it is too short. */
export function skGetFilter(sk: Sock, out: Uint8Array): number {
  const { filterProgram } = sk;
  if (filterProgram === null) return 0;
  if (out.length !== 0 && out.length < filterProgram.length) return -EINVAL;
  if (out.length !== 0) out.set(filterProgram);
  return filterProgram.length;
}

/** What a filter asks that is not in the packet: unsigned, or -1 where there is none. */
function skbAncillary(sk: Sock, skb: SkBuff, what: number): number {
  switch (what) {
    case SKF_AD_PROTOCOL:
      return skb.protocol;
    case SKF_AD_PKTTYPE:
      return skb.pktType;
    case SKF_AD_IFINDEX:
      return skb.dev === null ? -1 : skb.dev.ifindex;
    case SKF_AD_HATYPE:
      return skb.dev === null ? -1 : skb.dev.type;
    case SKF_AD_MARK:
      return skb.mark >>> 0;
    case SKF_AD_QUEUE:
      return skb.queueMapping;
    case SKF_AD_RXHASH:
      return skb.hash >>> 0;
    case SKF_AD_CPU:
      return sk.net.softnet.cpu;
    case SKF_AD_VLAN_TAG:
      return skb.vlanTci;
    case SKF_AD_VLAN_TAG_PRESENT:
      return skb.vlanPresent ? 1 : 0;
    case SKF_AD_VLAN_TPID:
      return skb.vlanProto;
    case SKF_AD_PAY_OFFSET:
      return payOffset(skb);
    case SKF_AD_RANDOM:
      return sk.net.kernel.random.u32();
    default:
      return 0;
  }
}

/** `skb_get_poff`: how far behind `data` the payload of the transport begins; 0 if that is not known. */
function payOffset(skb: SkBuff): number {
  const { addrLen, thoff, ipProto, laterFragment } = skbFlowDissect(skb);
  if (addrLen === 0) return 0;
  const header = laterFragment ? 0 : transportLength(skb.bytes, thoff, skb.data + skbHeadlen(skb), ipProto);
  return thoff + header - skb.data;
}

/** Bytes of a transport header; 0 where nothing is known of it. */
function transportLength(bytes: Uint8Array, l4: number, end: number, protocol: number): number {
  switch (protocol) {
    case IPPROTO_TCP:
      return l4 + 13 > end ? 0 : Math.max(20, (bytes[l4 + 12] & 0xf0) >>> 2);
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_ICMP:
    case IPPROTO_IGMP:
      return 8;
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
      return 12;
    default:
      return 0;
  }
}
