/**
 * Structures of `linux/mroute6.h`, as they lie in memory:
 *
 *   mif6ctl      number 2, flags 1, threshold 1, index of the device 2, (2), rate limit 4
 *   mf6cctl      sockaddr_in6 origin 28, sockaddr_in6 group 28, parent 2, (2), set of interfaces 32
 *   sioc_sg_req6 sockaddr_in6 source 28, sockaddr_in6 group 28, packets 8, bytes 8, wrong interface 8
 *   sioc_mif_req6 number 2, (6), packets in 8, out 8, bytes in 8, out 8
 *   mrt6msg      0, type, number 2, (4), source 16, destination 16
 */
import { MAXMIFS } from '@skbuff/uapi';
import { In6Addr, le16, le32 } from '@skbuff/wire';

const SIN6_ADDR = 8;
const SOCKADDR_IN6 = 28;
export const MIF6CTL_LEN = 12;
const MF6CCTL_PARENT = 56;
const MF6CCTL_IFSET = 60;
export const MF6CCTL_LEN = 92;
export const SG_REQ6_COUNTS = 56;
export const SG_REQ6_LEN = 80;
export const MIF_REQ6_COUNTS = 8;
export const MIF_REQ6_LEN = 40;
export const MRT6MSG_LEN = 40;

/** `struct mif6ctl`; `threshold` counts for nothing, as in Linux. */
export interface Mif6Ctl {
  readonly mifi: number;
  readonly flags: number;
  readonly pifi: number;
}

export function mif6Ctl(b: Uint8Array): Mif6Ctl {
  return { mifi: le16(b, 0), flags: b[2] as number, pifi: le16(b, 4) };
}

/** `struct mf6cctl`; `ttls` of all interfaces in the set is 1. */
export interface Mf6cCtl {
  readonly origin: In6Addr;
  readonly group: In6Addr;
  readonly parent: number;
  readonly ifset: number;
}

export function mf6cCtl(b: Uint8Array): Mf6cCtl {
  return { origin: sockaddr(b, 0), group: sockaddr(b, SOCKADDR_IN6), parent: le16(b, MF6CCTL_PARENT), ifset: le32(b, MF6CCTL_IFSET) };
}

/** `IF_ISSET`, of the numbers that there are. */
export function ifIsset(ifset: number, mifi: number): boolean {
  return mifi < MAXMIFS && ((ifset >>> mifi) & 1) !== 0;
}

/** The source and the group of `struct sioc_sg_req6`. */
export function sgReq6(b: Uint8Array): readonly [source: In6Addr, group: In6Addr] {
  return [sockaddr(b, 0), sockaddr(b, SOCKADDR_IN6)];
}

function sockaddr(b: Uint8Array, at: number): In6Addr {
  return new In6Addr().load(b, at + SIN6_ADDR);
}
