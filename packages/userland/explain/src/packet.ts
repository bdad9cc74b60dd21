/** The packet that is asked about. */
import type { InetPrefix } from '@skbuff/wire';

export type Protocol = 'udp' | 'icmp' | 'tcp';

export interface Packet {
  /** As it was written. */
  readonly text: string;
  readonly protocol: Protocol;
  /** Null: the kernel chooses. */
  readonly saddr: InetPrefix | null;
  readonly daddr: InetPrefix;
  /** 0: the kernel chooses one. */
  readonly sport: number;
  readonly dport: number;
  /** Null: what the kernel gives a packet; from outside 64. */
  readonly ttl: number | null;
  readonly tos: number;
  /** Bytes behind the header of the transport. */
  readonly length: number;
  /** Don't fragment. Null: as the kernel does for a socket without options; from outside off. */
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
