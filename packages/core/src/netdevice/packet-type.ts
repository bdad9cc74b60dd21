/** `struct packet_type`: who receives frames of an EtherType, and taps that see every frame. */
import type { Net } from '../pernet/net.ts';
import type { SkBuff, SkbSock } from '../skbuff/skbuff.ts';
import type { NetDevice } from './netdevice.ts';

export interface PacketType {
  /** EtherType in host order, or ETH_P_ALL for a tap. */
  readonly type: number;
  /** Only frames of this device; null: of all. */
  readonly dev: NetDevice | null;
  /** Only frames of this namespace; null: of all (the protocols themselves). */
  readonly net: Net | null;
  /** A tap that does not want to see what this host sends. */
  readonly ignoreOutgoing: boolean;
  /** Takes over one reference on the sk_buff. `origDev` is the device that the frame arrived on. */
  readonly func: (skb: SkBuff, dev: NetDevice, pt: PacketType, origDev: NetDevice) => number;
  /** As `func`, for a chain of sk_buffs (linked by `next`) of one device; null: one by one. */
  readonly listFunc: ((first: SkBuff, pt: PacketType, origDev: NetDevice) => void) | null;
  /** The socket that this tap is for (`af_packet_priv`): it does not hear what it sends itself. */
  readonly sk?: SkbSock;
  /** Where a tap is for several sockets: whether this is one of them (`id_match`). */
  readonly idMatch?: (sk: SkbSock) => boolean;
}
