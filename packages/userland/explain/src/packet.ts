/** The packet that is asked about. */
import type { InetPrefix } from '@skbuff/wire';

export type Protocol = 'udp' | 'icmp' | 'tcp';

/** One end of a packet. */
export interface PacketEnd extends InetPrefix {
  /** The interface on whose link the address counts, by its name or number; empty: not said. */
  readonly zone: string;
}

export interface Packet {
  /** As it was written. */
  readonly text: string;
  readonly protocol: Protocol;
  /** Null: the kernel chooses. */
  readonly saddr: PacketEnd | null;
  readonly daddr: PacketEnd;
  /** 0: the kernel chooses one. */
  readonly sport: number;
  readonly dport: number;
  /** The hop limit, of IPv6. Null: what the kernel gives a packet; from outside 64. */
  readonly ttl: number | null;
  /** The traffic class, of IPv6. */
  readonly tos: number;
  /** Bytes behind the header of the transport. */
  readonly length: number;
  /** Don't fragment. Null: as the kernel does for a socket without options; from outside off. A packet of IPv6 from outside cannot say it. */
  readonly df: boolean | null;
  readonly mark: number;
  /** As if it arrived on this interface; null: the node sends it. */
  readonly iface: string | null;
  readonly icmp: { readonly type: number; readonly code: number; readonly id: number; readonly seq: number };
  /** TH_* */
  readonly flags: number;
  /** From outside only: the checksum of the transport, of the IP header, is wrong. */
  readonly badCsum: boolean;
  readonly badIpCsum: boolean;
}
