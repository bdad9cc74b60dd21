/** Frames of neighbour discovery, RFC 4861. */
import { ethFrame, icmp6Message, ip6Bytes, ip6Packet } from '@skbuff/testkit';
import { IPPROTO_ICMPV6 } from '@skbuff/uapi';

export interface Nd {
  readonly type: number;
  readonly saddr: string;
  readonly daddr: string;
  /** What follows the checksum, up to the target: four bytes, or of a router advertisement twelve. Default zero. */
  readonly head?: readonly number[];
  readonly target?: string;
  /** Options, whole. */
  readonly options?: readonly number[];
  /** Hop limit; default 255. */
  readonly hops?: number;
  readonly code?: number;
}

/** The group that an address is asked for in. */
export function solicitedNode(addr: string): string {
  const [a = 0, b = 0, c = 0] = ip6Bytes(addr).subarray(13);
  return `ff02::1:ff${a.toString(16).padStart(2, '0')}:${((b << 8) | c).toString(16)}`;
}

/** An option that tells a link-layer address: of the source (1) or of the target (2). */
export function lladdrOption(type: number, mac: ArrayLike<number>): number[] {
  return [type, 1, ...Array.from(mac)];
}

/** A message from the station `from` to the station `to`, or to that of the group that it is for. */
export function ndFrame(to: Uint8Array, from: ArrayLike<number>, { type, saddr, daddr, head = [0, 0, 0, 0], target, options = [], hops = 255, code = 0 }: Nd): Uint8Array {
  const data = [...head, ...(target === undefined ? [] : ip6Bytes(target)), ...options];
  const packet = ip6Packet({ saddr, daddr, ttl: hops, proto: IPPROTO_ICMPV6, payload: icmp6Message(saddr, daddr, type, code, data) });
  return ethFrame(daddr.startsWith('ff') ? Uint8Array.from([0x33, 0x33, ...ip6Bytes(daddr).subarray(12)]) : to, packet, { from });
}
