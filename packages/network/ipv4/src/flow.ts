import type { FlowiCommon } from '@skbuff/core';

/** `struct flowi4`: the key of a route lookup. One object is made per socket or caller and filled in again for each lookup. */
export class Flowi4 implements FlowiCommon {
  /** Interface index the packet shall leave by, 0: any. */
  oif = 0;
  /** Arrival index; the loopback device's for what the host sends itself. */
  iif = 0;
  mark = 0;
  /** DSCP and TOS bits (0..255). */
  tos = 0;
  scope = 0;
  proto = 0;
  /** FLOWI_FLAG_* */
  flags = 0;
  saddr = 0;
  daddr = 0;
  sport = 0;
  dport = 0;
  /** User of the socket; {@link init} leaves it. */
  uid = 0;

  /** `flowi4_init_output`. */
  init(oif: number, mark: number, tos: number, scope: number, proto: number, flags: number, daddr: number, saddr: number, dport: number, sport: number): this {
    this.oif = oif;
    this.iif = 0;
    this.mark = mark;
    this.tos = tos;
    this.scope = scope;
    this.proto = proto;
    this.flags = flags;
    this.daddr = daddr;
    this.saddr = saddr;
    this.dport = dport;
    this.sport = sport;
    return this;
  }
}
