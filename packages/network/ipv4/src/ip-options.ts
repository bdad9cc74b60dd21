/**
 * IP options (`net/ipv4/ip_options.c`; RFC 791 §3.1, RFC 781 timestamp, RFC 2113 router alert): `struct ip_options` and the control
 * buffer that holds the same of a received packet. How a list is read: ip-options-compile; what changes on the way:
 * ip-options-forward.
 *
 *     +---------+--------+---------+------ - -
 *     | type    | length | pointer | data          END and NOOP are the type alone; the pointer counts from 1
 *     +---------+--------+---------+------ - -
 */
import type { SkBuff } from '@skbuff/core';
import { IPOPT_END, IPOPT_NOOP } from '@skbuff/uapi';
import { IPHDR_LEN, copyBytes, setBe32 } from '@skbuff/wire';
import {
  IPCB_OPTLEN,
  IPCB_OPT_FADDR,
  IPCB_OPT_FLAGS,
  IPCB_OPT_NEXTHOP,
  IPCB_OPT_ROUTER_ALERT,
  IPCB_OPT_RR,
  IPCB_OPT_SRR,
  IPCB_OPT_TS,
} from './ip-cb.ts';

/** Bits of `flags`. */
export const IPOPT_F_STRICTROUTE: number = 1 << 0;
/** The packet came to a hop of its source route: `nexthop` is the next one. */
export const IPOPT_F_SRR_IS_HIT: number = 1 << 1;
/** The header checksum has to be computed again. */
export const IPOPT_F_IS_CHANGED: number = 1 << 2;
export const IPOPT_F_RR_NEEDADDR: number = 1 << 3;
export const IPOPT_F_TS_NEEDTIME: number = 1 << 4;
export const IPOPT_F_TS_NEEDADDR: number = 1 << 5;

/** Options take 40 bytes at the most. */
export const MAX_IPOPTLEN = 40;

/** Kinds of time stamp (low nibble of the fourth byte). */
export const IPOPT_TS_TSONLY = 0;
export const IPOPT_TS_TSANDADDR = 1;
export const IPOPT_TS_PRESPEC = 3;

/** `IPOPT_COPIED`: the option goes into every fragment. */
export function ipoptCopied(type: number): boolean {
  return (type & 0x80) !== 0;
}

/** `struct ip_options`. Offsets count from the start of the IP header, 0: absent. Addresses are u32 in host order. */
export class IpOptions {
  /** First hop of a source route; the list in `data` is without it. */
  faddr = 0;
  nexthop = 0;
  /** Bytes in `data`: a multiple of 4. */
  optlen = 0;
  srr = 0;
  rr = 0;
  ts = 0;
  /** IPOPT_F_* */
  flags = 0;
  routerAlert = 0;
  cipso = 0;
  readonly data: Uint8Array = new Uint8Array(MAX_IPOPTLEN);

  reset(): this {
    this.faddr = 0;
    this.nexthop = 0;
    this.optlen = 0;
    this.srr = 0;
    this.rr = 0;
    this.ts = 0;
    this.flags = 0;
    this.routerAlert = 0;
    this.cipso = 0;
    return this;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Pads with END to a multiple of 4. */
  pad(): void {
    while ((this.optlen & 3) !== 0) this.data[this.optlen++] = IPOPT_END;
  }

  copyFrom(other: IpOptions): this {
    this.faddr = other.faddr;
    this.nexthop = other.nexthop;
    this.optlen = other.optlen;
    this.srr = other.srr;
    this.rr = other.rr;
    this.ts = other.ts;
    this.flags = other.flags;
    this.routerAlert = other.routerAlert;
    this.cipso = other.cipso;
    copyBytes(this.data, 0, other.data, 0, other.optlen);
    return this;
  }

  /** Notes on a packet what is known about its options (`IPCB(skb)->opt`). */
  toCb(skb: SkBuff): void {
    const { cb } = skb;
    cb[IPCB_OPTLEN] = this.optlen;
    cb[IPCB_OPT_SRR] = this.srr;
    cb[IPCB_OPT_RR] = this.rr;
    cb[IPCB_OPT_TS] = this.ts;
    cb[IPCB_OPT_ROUTER_ALERT] = this.routerAlert;
    cb[IPCB_OPT_FLAGS] = this.flags | (this.cipso << 16);
    cb[IPCB_OPT_FADDR] = this.faddr;
    cb[IPCB_OPT_NEXTHOP] = this.nexthop;
  }
}

/** `ip_options_fragment`: what may not go into later fragments is overwritten with NOOP; called once, after the first was made. */
export function ipOptionsFragment(skb: SkBuff): void {
  const { bytes, cb } = skb;
  const end = skb.networkHeader + IPHDR_LEN + cb[IPCB_OPTLEN];
  for (let at = skb.networkHeader + IPHDR_LEN; at < end; ) {
    const type = bytes[at];
    if (type === IPOPT_END) break;
    if (type === IPOPT_NOOP) {
      at++;
      continue;
    }
    const len = bytes[at + 1];
    if (len < 2 || at + len > end) return;
    if (!ipoptCopied(type)) bytes.fill(IPOPT_NOOP, at, at + len);
    at += len;
  }
  cb[IPCB_OPT_TS] = 0;
  cb[IPCB_OPT_RR] = 0;
  cb[IPCB_OPT_FLAGS] &= ~(IPOPT_F_RR_NEEDADDR | IPOPT_F_TS_NEEDADDR | IPOPT_F_TS_NEEDTIME);
}

/** `ip_options_undo`: options as they arrived (IP_RETOPTS shows them so): what this host filled in is taken out again. */
export function ipOptionsUndo(opt: IpOptions): void {
  const { data } = opt;
  if (opt.srr !== 0) {
    const at = opt.srr - IPHDR_LEN;
    data.copyWithin(at + 7, at + 3, at + data[at + 1] - 4);
    setBe32(data, at + 3, opt.faddr);
  }
  if (opt.has(IPOPT_F_RR_NEEDADDR)) takeBack(data, opt.rr - IPHDR_LEN);
  if (opt.ts === 0) return;
  const at = opt.ts - IPHDR_LEN;
  if (opt.has(IPOPT_F_TS_NEEDTIME)) {
    takeBack(data, at);
    if ((data[at + 3] & 0x0f) === IPOPT_TS_PRESPEC) data[at + 2] -= 4;
  }
  if (opt.has(IPOPT_F_TS_NEEDADDR)) takeBack(data, at);
}

/** The pointer goes back by one word, which is cleared. */
function takeBack(data: Uint8Array, at: number): void {
  data[at + 2] -= 4;
  setBe32(data, at + data[at + 2] - 1, 0);
}


