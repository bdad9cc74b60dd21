/** IP options on the way out: filled in while forwarding and sending, and turned round for an answer. */
import type { Net, SkBuff } from '@skbuff/core';
import { EINVAL, IPOPT_END, RTN_UNICAST } from '@skbuff/uapi';
import { IPHDR_DADDR, IPHDR_LEN, IPHDR_SADDR, be32, copyBytes, setBe32 } from '@skbuff/wire';
import {
  IPCB_OPTLEN,
  IPCB_OPT_FLAGS,
  IPCB_OPT_NEXTHOP,
  IPCB_OPT_RR,
  IPCB_OPT_SRR,
  IPCB_OPT_TS,
} from './ip-cb.ts';
import { ipSendCheck } from './ip-header.ts';
import {
  IPOPT_F_IS_CHANGED,
  IPOPT_F_RR_NEEDADDR,
  IPOPT_F_SRR_IS_HIT,
  IPOPT_F_STRICTROUTE,
  IPOPT_F_TS_NEEDADDR,
  IPOPT_F_TS_NEEDTIME,
  IPOPT_TS_PRESPEC,
  type IpOptions,
} from './ip-options.ts';
import { ipRtGetSource } from './ip-source.ts';
import { ipv4Net } from './ipv4-net.ts';
import type { Rtable } from './rtable.ts';

const DAY_MS = 86_400_000;

/** `inet_current_timestamp`: milliseconds since midnight, universal time. */
export function inetCurrentTimestamp(net: Net): number {
  return Math.floor(net.kernel.realTime() / 1e6) % DAY_MS;
}

/** `ip_options_build`: writes a socket's options behind the header, fills in addresses and time. `daddr`: the end of a source route. */
export function ipOptionsBuild(net: Net, skb: SkBuff, opt: IpOptions, daddr: number, rt: Rtable): void {
  const { bytes } = skb;
  const iph = skb.networkHeader;
  copyBytes(bytes, iph + IPHDR_LEN, opt.data, 0, opt.optlen);
  opt.toCb(skb);
  if (opt.srr !== 0) setBe32(bytes, iph + opt.srr + bytes[iph + opt.srr + 1] - 4, daddr);
  if (opt.has(IPOPT_F_RR_NEEDADDR)) setBe32(bytes, iph + opt.rr + bytes[iph + opt.rr + 2] - 5, ipRtGetSource(skb, rt));
  if (opt.has(IPOPT_F_TS_NEEDADDR)) setBe32(bytes, iph + opt.ts + bytes[iph + opt.ts + 2] - 9, ipRtGetSource(skb, rt));
  if (opt.has(IPOPT_F_TS_NEEDTIME)) setBe32(bytes, iph + opt.ts + bytes[iph + opt.ts + 2] - 5, inetCurrentTimestamp(net));
}

/** `ip_forward_options`: a forwarded packet gets this host's outgoing address, and a source route its next hop. */
export function ipForwardOptions(skb: SkBuff): void {
  const { bytes, cb } = skb;
  const iph = skb.networkHeader;
  const rt = skb.dst as Rtable;
  const flags = cb[IPCB_OPT_FLAGS];
  let changed = (flags & IPOPT_F_IS_CHANGED) !== 0;
  if ((flags & IPOPT_F_RR_NEEDADDR) !== 0) {
    const rr = iph + cb[IPCB_OPT_RR];
    setBe32(bytes, rr + bytes[rr + 2] - 5, ipRtGetSource(skb, rt));
    changed = true;
  }
  if ((flags & IPOPT_F_SRR_IS_HIT) !== 0) {
    changed = nextHop(skb, rt) || changed;
    if ((flags & IPOPT_F_TS_NEEDADDR) !== 0) {
      const ts = iph + cb[IPCB_OPT_TS];
      setBe32(bytes, ts + bytes[ts + 2] - 9, ipRtGetSource(skb, rt));
      changed = true;
    }
  }
  if (!changed) return;
  cb[IPCB_OPT_FLAGS] &= ~IPOPT_F_IS_CHANGED;
  ipSendCheck(bytes, iph);
}

/** The destination becomes the next hop of the source route, whose slot gets this host's address. */
function nextHop(skb: SkBuff, rt: Rtable): boolean {
  const { bytes, cb } = skb;
  const iph = skb.networkHeader;
  const srr = iph + cb[IPCB_OPT_SRR];
  const nexthop = cb[IPCB_OPT_NEXTHOP] >>> 0;
  const space = bytes[srr + 1];
  for (let pointer = bytes[srr + 2]; pointer + 3 <= space; pointer += 4) {
    if (be32(bytes, srr + pointer - 1) !== nexthop) continue;
    setBe32(bytes, iph + IPHDR_DADDR, nexthop);
    setBe32(bytes, srr + pointer - 1, ipRtGetSource(skb, rt));
    bytes[srr + 2] = pointer + 4;
    return true;
  }
  return false;
}

/**
 * `ip_options_echo`: the options of the answer to a received packet: records go on where they are, a source route is walked back.
 * Fills `into`; 0, or -EINVAL for a record without room for what has to be in it.
 */
export function ipOptionsEcho(net: Net, into: IpOptions, skb: SkBuff): number {
  const { cb } = skb;
  into.reset();
  if (cb[IPCB_OPTLEN] === 0) return 0;
  const bad = (cb[IPCB_OPT_RR] !== 0 && !echoRecordRoute(into, skb)) || (cb[IPCB_OPT_TS] !== 0 && !echoTimestamp(net, into, skb));
  if (bad) return -EINVAL;
  if (cb[IPCB_OPT_SRR] !== 0) echoSourceRoute(into, skb);
  const cipso = cb[IPCB_OPT_FLAGS] >>> 16;
  if (cipso !== 0) into.cipso = IPHDR_LEN + append(into, skb, skb.networkHeader + cipso);
  while ((into.optlen & 3) !== 0) into.data[into.optlen++] = IPOPT_END;
  return 0;
}

/** Appends an option of the packet as it is; returns where it lies in `into.data`. */
function append(into: IpOptions, skb: SkBuff, from: number): number {
  const at = into.optlen;
  const len = skb.bytes[from + 1];
  copyBytes(into.data, at, skb.bytes, from, len);
  into.optlen += len;
  return at;
}

function echoRecordRoute(into: IpOptions, skb: SkBuff): boolean {
  const at = append(into, skb, skb.networkHeader + skb.cb[IPCB_OPT_RR]);
  const { data } = into;
  into.rr = at + IPHDR_LEN;
  const len = data[at + 1];
  const pointer = data[at + 2];
  if ((skb.cb[IPCB_OPT_FLAGS] & IPOPT_F_RR_NEEDADDR) === 0 || pointer > len) return true;
  if (pointer + 3 > len) return false;
  data[at + 2] = pointer + 4;
  into.flags |= IPOPT_F_RR_NEEDADDR;
  return true;
}

function echoTimestamp(net: Net, into: IpOptions, skb: SkBuff): boolean {
  const at = append(into, skb, skb.networkHeader + skb.cb[IPCB_OPT_TS]);
  const { data } = into;
  const flags = skb.cb[IPCB_OPT_FLAGS];
  into.ts = at + IPHDR_LEN;
  const len = data[at + 1];
  let pointer = data[at + 2];
  if (pointer > len) return true;
  if ((flags & IPOPT_F_TS_NEEDADDR) !== 0) {
    if (pointer + 3 > len) return false;
    into.flags |= IPOPT_F_TS_NEEDADDR;
    pointer += 4;
  }
  if ((flags & IPOPT_F_TS_NEEDTIME) !== 0) {
    if (pointer + 3 > len) return false;
    if ((data[at + 3] & 0x0f) !== IPOPT_TS_PRESPEC) {
      into.flags |= IPOPT_F_TS_NEEDTIME;
      pointer += 4;
    } else if (pointer + 7 <= len && ipv4Net.of(net).ip.routing?.addrType(net, be32(data, at + pointer - 1), null) !== RTN_UNICAST) {
      into.flags |= IPOPT_F_TS_NEEDTIME;
      pointer += 8;
    }
  }
  data[at + 2] = pointer;
  return true;
}

/** The hops that the packet came by, last first; the first of them becomes the destination. */
function echoSourceRoute(into: IpOptions, skb: SkBuff): void {
  const { bytes } = skb;
  const { data } = into;
  const start = skb.networkHeader + skb.cb[IPCB_OPT_SRR];
  const at = into.optlen;
  let from = Math.min(bytes[start + 2], bytes[start + 1] + 1) - 4;
  if (from <= 3) return;
  into.faddr = be32(bytes, start + from - 1);
  let to = 4;
  for (from -= 4; from > 3; from -= 4, to += 4) setBe32(data, at + to - 1, be32(bytes, start + from - 1));
  // RFC 1812 §5.3.13.4: a list that begins with the sender itself is not to be walked back to the end.
  if (be32(bytes, skb.networkHeader + IPHDR_SADDR) === be32(bytes, start + from + 3)) to -= 4;
  if (to <= 3) return;
  data[at] = bytes[start];
  data[at + 1] = to + 3;
  data[at + 2] = 4;
  into.srr = at + IPHDR_LEN;
  into.optlen += to + 3;
  into.flags |= skb.cb[IPCB_OPT_FLAGS] & IPOPT_F_STRICTROUTE;
}
