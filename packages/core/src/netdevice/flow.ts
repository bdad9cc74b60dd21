/** `struct flowi_common`: what the keys of route lookups have in common, whatever the family. */
export interface FlowiCommon {
  /** Interface index the packet shall leave by, 0: any. */
  oif: number;
  /** Arrival index; the loopback device's for what the host sends itself. */
  iif: number;
  mark: number;
  /** DSCP and TOS bits (0..255). */
  tos: number;
  /** RT_SCOPE_* */
  scope: number;
  /** IPPROTO_* */
  proto: number;
  /** FLOWI_FLAG_* */
  flags: number;
  /** User of the socket. */
  uid: number;
}

/** Any source address may be used (transparent proxying, IP_HDRINCL). */
export const FLOWI_FLAG_ANYSRC = 0x01;
/** Where the route has no gateway, the next hop is the destination of the flow, whatever the packet says. */
export const FLOWI_FLAG_KNOWN_NH = 0x02;
