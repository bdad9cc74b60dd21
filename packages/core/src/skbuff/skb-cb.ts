/**
 * Who has which lane of `skb.cb`. The buffer belongs to whoever has the packet, and says nothing of who had it before, but for two lanes:
 * the network layer tells the arrival interface where every reader above it finds it, and leaves the last lane to sockets, so that what
 * it noted is still there when a packet is read from a receive queue.
 *
 *   lane                 0        1         2          3       4 … 5          6      7 … 10     11
 *   GRO                  offset   flush     same flow  count   size, age      the network protocol's
 *   network layer        flags    IIF       each family's own, as `ip-cb.ts` of IPv4
 *   receive queue        as the network layer left it                                           DROPCOUNT
 *   error queue          errno    IIF       kind       info    data, address  port
 *   packet socket        ifindex  kind      address    address length                           DROPCOUNT
 *   proxied neighbours   when     flags
 *   fault injector       when (two lanes)
 */

/** 32-bit lanes of the control buffer: 48 bytes, as in the kernel. */
export const SKB_CB_LANES = 12;

/** Arrival interface (`inet_skb_parm.iif`, the first member in every family), of a stamped packet the one by which it left. */
export const SKB_CB_IIF = 1;

/** What a socket's receive queue notes, and no network layer touches (`SOCK_SKB_CB_OFFSET`). */
export const SKB_CB_SOCK = 11;

/** `struct napi_gro_cb`, while GRO has the packet. Bytes from `data` on that the protocols have looked at. */
export const GRO_CB_OFFSET = 0;
/** Not 0: may not wait. */
export const GRO_CB_FLUSH = 1;
/** Of a held packet: the new one may belong to its flow. Of the new one: it was merged. */
export const GRO_CB_SAME_FLOW = 2;
/** Packets that are in a held one. */
export const GRO_CB_COUNT = 3;
/** Payload of the first. */
export const GRO_CB_SIZE = 4;
/** Jiffies (low 31 bits) at which it was held. */
export const GRO_CB_AGE = 5;
/** Free for the network protocol. */
export const GRO_CB_NETWORK = 6;
