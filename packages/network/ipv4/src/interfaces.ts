/**
 * What IPv4 needs of packages that stand above it or beside it. Each is a small table that the other package puts in place when it
 * loads; until then IPv4 behaves as a kernel without that part.
 */
import type { DstOutput, Net, NetDevice, SkBuff, SkbSock } from '@skbuff/core';
import type { NeighTable } from '@skbuff/neighbour';
import type { Flowi4 } from './flow.ts';
import type { InDevice, InIfaddr } from './inetdevice.ts';
import type { InetSock, IpcmCookie, IpPayload } from './inet-sock.ts';
import type { IpFragmentOutput } from './ip-fragment.ts';
import type { IpOptions } from './ip-options.ts';
import type { Rtable } from './rtable.ts';

/** A routing implementation: the FIB, or your own. It makes its routes with `Ipv4.dstOps`, whose `check` it brings. */
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
  /** `rt_cache_flush`: decisions made before are not to be used again. */
  readonly cacheFlush: (net: Net) => void;
  /** `ip_rt_send_redirect`: tells the sender of a forwarded packet about the better way. This and what follows is absent from who has no use for it. */
  readonly sendRedirect?: (skb: SkBuff) => void;
  /** `ipv4_update_pmtu`: the ICMP error in `skb` says that a packet of ours, quoted at `skb.data`, was too long: `mtu` bytes would pass. */
  readonly updatePmtu?: (net: Net, skb: SkBuff, mtu: number) => void;
  /** `ipv4_redirect`: the ICMP redirect in `skb` names `gateway` as the better way for a packet of ours, quoted at `skb.data`; `from` sent it. */
  readonly redirect?: (net: Net, skb: SkBuff, gateway: number, from: number) => void;
  /** What it wants to hear of addresses beyond `inetaddrChain`. */
  readonly ifaddr?: IfaddrRoutes;
  /** `ip_rt_ioctl`: ioctl(2) with the bytes of `struct rtentry`; the caller has made sure of the privilege. */
  readonly ioctl?: ((net: Net, request: number, arg: Uint8Array, dev: string) => number) | null;
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

/** ICMP, as far as IPv4 knows of it. */
export interface IcmpSender {
  /** `icmp_send`: answers `skb` with an error, if the rules allow it. The sk_buff stays the caller's. `info`: second word. */
  readonly icmpSend: (skb: SkBuff, type: number, code: number, info: number) => void;
  /** `icmp_out_count`: an ICMP message of that type was sent. */
  readonly outCount: (net: Net, type: number) => void;
}

/** `arp_tbl`: the neighbours, and what ARP does besides. */
export interface ArpTbl extends NeighTable {
  /** `arp_ioctl`: ioctl(2) with the bytes of `struct arpreq`; the caller has made sure of the privilege. */
  readonly ioctl?: ((net: Net, request: number, arg: Uint8Array) => number) | null;
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

/** The part {@link ipv4Fragments}: packets longer than a link's MTU. */
export interface Ipv4Fragments {
  /** `ip_defrag`: see {@link ipDefrag}. */
  readonly defrag: (net: Net, skb: SkBuff, user: number) => SkBuff | null;
  /** `ip_fragment`: see {@link ipFragment}. */
  readonly fragment: (net: Net, sk: SkbSock | null, skb: SkBuff, mtu: number, output: IpFragmentOutput) => number;
  /** As {@link ipMakeSkb}, for what is longer than `mtu`. */
  readonly makeList: (sk: InetSock, fl4: Flowi4, payload: IpPayload, ipc: IpcmCookie, rt: Rtable, mtu: number, flags: number) => SkBuff | number;
}

/** The part {@link ipv4Options}: what stands in a header behind its twentieth byte. */
export interface Ipv4Options {
  /** {@link IpOptions} without any. */
  readonly make: () => IpOptions;
  /** `ip_rcv_options`: see {@link ipRcvOptions}. */
  readonly rcv: (skb: SkBuff, dev: NetDevice) => boolean;
  /** `ip_options_build`: see {@link ipOptionsBuild}. */
  readonly build: (net: Net, skb: SkBuff, opt: IpOptions, daddr: number, rt: Rtable) => void;
  /** `ip_options_echo`: see {@link ipOptionsEcho}. */
  readonly echo: (net: Net, into: IpOptions, skb: SkBuff) => number;
  /** `ip_forward_options`: see {@link ipForwardOptions}. */
  readonly forward: (skb: SkBuff) => void;
  /** `ip_options_fragment`: see {@link ipOptionsFragment}. */
  readonly fragment: (skb: SkBuff) => void;
}

/** The part {@link ipv4Multicast}: groups that the interfaces are in, and hearing what oneself sends to many. */
export interface Ipv4Multicast {
  /** `ip_mc_up`, `ip_mc_down`, `ip_mc_destroy_dev`: an interface comes and goes. */
  readonly up: (inDev: InDevice) => void;
  readonly down: (inDev: InDevice) => void;
  readonly destroyDev: (inDev: InDevice) => void;
  /** `ip_mc_output`: `dst.output` of a route to many to which this host belongs itself; without the part that is {@link ipOutput}. */
  readonly output: DstOutput;
}
