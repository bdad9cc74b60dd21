/**
 * What IPv4 needs of packages that stand above it or beside it. Each is a small table that the other package puts in place when it
 * loads; until then IPv4 behaves as a kernel without that part.
 */
import type { Net, NetDevice, SkBuff, SkbSock } from '@skbuff/core';
import type { Flowi4 } from './flow.ts';
import type { InIfaddr } from './inetdevice.ts';
import type { Rtable } from './rtable.ts';

/** A routing implementation: the FIB, or your own. */
export interface RoutingProvider {
  /**
   * `ip_route_input_noref`: attaches a (borrowed) route to a received packet. 0 (`SKB_NOT_DROPPED_YET`), or the drop reason; the
   * sk_buff is not freed. A route of type unreachable is a success: its `input` answers with ICMP.
   */
  readonly routeInput: (skb: SkBuff, daddr: number, saddr: number, tos: number, dev: NetDevice) => number;
  /**
   * `ip_route_output_flow`: a route (one reference, the caller's) for what this host sends, or a negative errno. Fills in
   * `fl4.saddr`, `fl4.daddr` and `fl4.oif`.
   */
  readonly routeOutput: (net: Net, fl4: Flowi4, sk: SkbSock | null) => Rtable | number;
  /** `inet_addr_type`, `inet_dev_addr_type`: RTN_UNICAST, LOCAL, BROADCAST, MULTICAST; with `dev` only what holds on that device. */
  readonly addrType: (net: Net, addr: number, dev: NetDevice | null) => number;
  /** `dst_check`: whether a cached route may still be used. */
  readonly check: (rt: Rtable) => boolean;
  /** `ip_rt_send_redirect`: tells the sender of a forwarded packet about the better way. */
  readonly sendRedirect: (skb: SkBuff) => void;
  /** `ipv4_update_pmtu`: the ICMP error in `skb` says that a packet of ours, quoted at `skb.data`, was too long: `mtu` bytes would pass. */
  readonly updatePmtu: (net: Net, skb: SkBuff, mtu: number) => void;
  /** `ipv4_redirect`: the ICMP redirect in `skb` names `gateway` as the better way for a packet of ours, quoted at `skb.data`; `from` sent it. */
  readonly redirect: (net: Net, skb: SkBuff, gateway: number, from: number) => void;
}

/** The FIB's side of interface addresses, beyond what `inetaddrChain` tells it. */
export interface IfaddrRoutes {
  /** `fib_add_ifaddr`: makes the routes of a secondary address again, whose primary is another now. */
  readonly addIfaddr: (ifa: InIfaddr) => void;
  /** `fib_del_ifaddr`: removes the routes of a secondary address without telling anybody: its primary `prim` is about to go. */
  readonly delIfaddr: (ifa: InIfaddr, prim: InIfaddr) => void;
  /** `fib_modify_prefix_metric`: the prefix route gets another priority; `ifa` still has the old one. */
  readonly modifyPrefixMetric: (ifa: InIfaddr, priority: number) => void;
}

/** ICMP, as far as IPv4 sends errors. */
export interface IcmpSender {
  /** `icmp_send`: answers `skb` with an error, if the rules allow it. The sk_buff stays the caller's. `info`: second word. */
  readonly icmpSend: (skb: SkBuff, type: number, code: number, info: number) => void;
}

/** `struct net_protocol`: a transport above IPv4. */
export interface NetProtocol {
  /** Takes over the sk_buff (`transportHeader` set, data at it). Negative: resubmit as protocol −value. */
  readonly handler: (skb: SkBuff) => number;
  /** An ICMP error quotes a packet of ours: `skb.data` is at the quoted IP header. False if nobody here sent that. */
  readonly errHandler: ((skb: SkBuff, type: number, code: number, info: number) => boolean) | null;
  /** Deliver even without an IPsec policy check. */
  readonly noPolicy: boolean;
  /** `errHandler` knows by more than addresses and ports whether it sent the quoted packet (TCP, DCCP, SCTP); default false. */
  readonly icmpStrictTagValidation?: boolean;
}

/** Raw sockets see a copy of every delivered packet before the transport. */
export interface RawDelivery {
  /** `raw_local_deliver`: true if any socket took a clone. The sk_buff stays the caller's. */
  readonly localDeliver: (skb: SkBuff, protocol: number) => boolean;
  /** An ICMP error about a packet that a raw socket may have sent; `skb.data` at the quoted IP header. */
  readonly icmpError: (skb: SkBuff, protocol: number, type: number, code: number, info: number) => void;
}

/** Multicast routing. */
export interface MulticastRouting {
  /** `ip_mr_input`: forwards a multicast packet; takes over the sk_buff. */
  readonly input: (skb: SkBuff) => number;
}
