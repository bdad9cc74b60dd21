import type { FlowiCommon } from '@skbuff/core';
import { In6Addr } from '@skbuff/wire';

/** `struct flowi6`: the key of a route lookup. One object is made per socket or caller and filled in again for each lookup. */
export class Flowi6 implements FlowiCommon {
  /** Interface index the packet shall leave by, 0: any. */
  oif = 0;
  /** Arrival index; the loopback device's for what the host sends itself. */
  iif = 0;
  mark = 0;
  /** The traffic class, which is in {@link flowlabel} too: rules look here. */
  tos = 0;
  scope = 0;
  proto = 0;
  /** FLOWI_FLAG_* */
  flags = 0;
  readonly saddr: In6Addr = new In6Addr();
  readonly daddr: In6Addr = new In6Addr();
  /** `flowi6_flowlabel`: traffic class (bits 20…27) and flow label (0…19) as they stand in the header, without the version. */
  flowlabel = 0;
  /** Ports; of ICMPv6 type and code. */
  sport = 0;
  dport = 0;
  /** Hash of the flow for multipath routes, 0: computed when it is needed. */
  mpHash = 0;
  /** User of the socket; {@link init} leaves it. */
  uid = 0;

  /** As after memset(3), but for {@link uid}: addresses ::, nothing else said. */
  init(proto: number): this {
    this.oif = 0;
    this.iif = 0;
    this.mark = 0;
    this.tos = 0;
    this.scope = 0;
    this.proto = proto;
    this.flags = 0;
    this.saddr.set(0, 0, 0, 0);
    this.daddr.set(0, 0, 0, 0);
    this.flowlabel = 0;
    this.sport = 0;
    this.dport = 0;
    this.mpHash = 0;
    return this;
  }

  copy(from: Flowi6): this {
    this.oif = from.oif;
    this.iif = from.iif;
    this.mark = from.mark;
    this.tos = from.tos;
    this.scope = from.scope;
    this.proto = from.proto;
    this.flags = from.flags;
    this.saddr.copy(from.saddr);
    this.daddr.copy(from.daddr);
    this.flowlabel = from.flowlabel;
    this.sport = from.sport;
    this.dport = from.dport;
    this.mpHash = from.mpHash;
    this.uid = from.uid;
    return this;
  }
}

/** `ip6_tclass`: the traffic class of a flow label word. */
export function ip6Tclass(flowinfo: number): number {
  return (flowinfo >>> 20) & 0xff;
}

/** `ip6_make_flowinfo`: the word of a traffic class and a flow label. */
export function ip6MakeFlowinfo(tclass: number, flowlabel: number): number {
  return (tclass << 20) | (flowlabel & 0xfffff);
}
