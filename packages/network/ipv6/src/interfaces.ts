/**
 * What IPv6 needs of packages that stand above it or beside it. Each is a small table that the other package puts in place when it
 * loads; until then IPv6 behaves as a kernel without that part.
 */
import type { ExtAck, Net, NetDevice, SkBuff, SkbSock } from '@skbuff/core';
import type { NeighTable, Neighbour } from '@skbuff/neighbour';
import type { In6Addr } from '@skbuff/wire';
import type { Ipv6Devconf } from './devconf.ts';
import type { Flowi6 } from './flow.ts';
import type { Inet6Dev, Inet6Ifaddr } from './if-inet6.ts';
import type { JoinedAddr } from './inet6-fill-addr.ts';
import type { Rt6Info } from './rt6-info.ts';

/** `struct fib6_info`, as far as others than its maker care. Who gets one back from a call holds no reference. */
export interface Fib6Info {
  readonly dst: In6Addr;
  readonly plen: number;
  /** RTF_*; of RTF_EXPIRES `expires` knows. */
  readonly flags: number;
  readonly metric: number;
  /** Jiffies after which it counts no more; 0: never. */
  readonly expires: number;
  /** It is in a table (`fib6_node`): not yet between `f6iAlloc` and `insRt`, and no more once it was taken out, by whomever. */
  readonly linked: boolean;
}

/** `struct fib6_config`: a route as somebody wants it; absent: not said. */
export interface Fib6Config {
  readonly table?: number;
  readonly metric?: number;
  readonly dst?: In6Addr;
  readonly dstLen?: number;
  readonly src?: In6Addr;
  readonly srcLen?: number;
  readonly gateway?: In6Addr;
  readonly prefsrc?: In6Addr;
  readonly ifindex?: number;
  /** RTF_* */
  readonly flags?: number;
  /** RTPROT_*, RTN_* */
  readonly protocol?: number;
  readonly type?: number;
  /** Jiffies from now on after which it counts no more; counts with RTF_EXPIRES. */
  readonly expires?: number;
  /** RTAX_* by index. */
  readonly metrics?: Uint32Array;
  /** NLM_F_* of the request. */
  readonly nlflags?: number;
}

/** What a router says of itself (RFC 4861 §6.3.4, RFC 4191). */
export interface RaRouter {
  /** Seconds, 0: it is none any more. */
  readonly lifetime: number;
  /** ICMPV6_ROUTER_PREF_* */
  readonly pref: number;
  readonly metric: number;
  /** Hop limit for packets by it, 0: not said (RTAX_HOPLIMIT of the route). */
  readonly hopLimit: number;
  /** MTU that the interface is about to get by what it says, 0: none (RTAX_MTU of the route). */
  readonly mtu: number;
}

/** What became of the default route by a router: it could not be added, it was there or is gone, it was added. */
export const RA_ROUTER_FAILED = -1;
export const RA_ROUTER_OLD = 0;
export const RA_ROUTER_NEW = 1;

/** A routing implementation: the FIB, or your own. It makes its routes with `Ipv6.dstOps`, whose `check` it brings. */
export interface Ip6RoutingProvider {
  /**
   * `ip6_route_input`: attaches a (borrowed) route to a received packet, whose header is at `networkHeader`. There always is one: that of
   * nowhere answers with ICMPv6 by itself.
   */
  readonly routeInput: (skb: SkBuff) => void;
  /**
   * `ip6_route_output_flags`: the route (one reference, the caller's) for what this host sends, never null: look at `error`. Does not
   * choose a source address. `flags`: RT6_LOOKUP_F_*.
   */
  readonly routeOutput: (net: Net, sk: SkbSock | null, fl6: Flowi6, flags: number) => Rt6Info;
  /** `rt6_lookup`: the route to `daddr` (one reference, the caller's) by `oif`, with RT6_LOOKUP_F_IFACE only that way; null: none. */
  readonly lookup: (net: Net, daddr: In6Addr, saddr: In6Addr | null, oif: number, flags: number) => Rt6Info | null;
  /** `icmp6_dst_alloc`: a route (one reference) for an ICMPv6 message to a neighbour `daddr` on `dev`, asking no table. */
  readonly icmp6DstAlloc: (dev: NetDevice, daddr: In6Addr) => Rt6Info;
  /** `rt6_flush_exceptions`, `fib6_update_sernum`: decisions made before are to be looked at again (`rt_genid_bump_ipv6`). */
  readonly cacheFlush: (net: Net) => void;
  /** `ip6_update_pmtu`: the error in `skb`, which quotes a packet of ours at `skb.data`, says that `mtu` bytes would pass. */
  readonly updatePmtu: (net: Net, skb: SkBuff, mtu: number, oif: number, mark: number) => void;
  /** `ip6_link_failure`: nobody answers where a packet by `rt` was sent: what was learned about its destination counts no more. */
  readonly linkFailure: (rt: Rt6Info) => void;
  /** `ip6_redirect`: the redirect in `skb` quotes a packet of ours at `skb.data`. `rt6_do_redirect` with `dst` of a socket. */
  readonly redirect: (net: Net, skb: SkBuff, oif: number, mark: number) => void;
  /** `ip6_redirect_no_header`: of a redirect that quotes nothing. */
  readonly redirectNoHeader: (net: Net, skb: SkBuff, oif: number) => void;

  /** `ip6_route_add`: 0 or a negative errno. */
  readonly addRoute: (net: Net, cfg: Fib6Config, extack: ExtAck | null) => number;
  /** `addrconf_f6i_alloc`: the local or anycast route to an own address, not in a table yet; or a negative errno. */
  readonly f6iAlloc: (net: Net, idev: Inet6Dev, addr: In6Addr, anycast: boolean) => Fib6Info | number;
  /** `ip6_ins_rt`, `ip6_del_rt`: into its table and out of it. 0 or a negative errno. */
  readonly insRt: (net: Net, rt: Fib6Info) => number;
  readonly delRt: (net: Net, rt: Fib6Info) => number;
  /** `addrconf_get_prefix_route`: the route on `dev` to just this prefix whose flags have `flags` and none of `noflags`; with `noGw` only without a gateway. */
  readonly getPrefixRoute: (net: Net, dev: NetDevice, prefix: In6Addr, plen: number, flags: number, noflags: number, noGw: boolean) => Fib6Info | null;
  /** `fib6_set_expires`, `fib6_clean_expires`: it counts until `jiffies`; 0: for ever. */
  readonly setExpires: (net: Net, rt: Fib6Info, jiffies: number) => void;

  /** `ndisc_router_discovery`'s part of routing: adds, refreshes, changes or removes the default route by `gateway`. RA_ROUTER_*. */
  readonly raRouter: (dev: NetDevice, gateway: In6Addr, ra: RaRouter) => number;
  /** `rt6_route_rcv`: a route information option (RFC 4191 §2.3). */
  readonly routeInfo: (dev: NetDevice, gateway: In6Addr, prefix: In6Addr, plen: number, pref: number, lifetime: number) => void;
  /** `rt6_purge_dflt_routers`: this namespace is a router itself now. */
  readonly purgeDfltRouters: (net: Net) => void;
  /** `rt6_clean_tohost`: `gateway` is no router any more. */
  readonly cleanTohost: (net: Net, gateway: In6Addr) => void;
  /** `rt6_remove_prefsrc`: an address went. */
  readonly removePrefsrc: (ifp: Inet6Ifaddr) => void;

  /** `rt6_disable_ip`, `rt6_sync_up`, `rt6_sync_down_dev`, `rt6_mtu_change`: what devices do. `event`: NETDEV_*. */
  readonly disableIp: (dev: NetDevice, event: number) => void;
  readonly syncUp: (dev: NetDevice, nhFlags: number) => void;
  readonly syncDownDev: (dev: NetDevice, event: number) => void;
  readonly mtuChange: (dev: NetDevice, mtu: number) => void;
  /** `fib6_run_gc`: what is over goes now. */
  readonly runGc: (net: Net) => void;
  /** `ipv6_route_ioctl`: ioctl(2) with the bytes of `struct in6_rtmsg`; the caller has made sure of the privilege. */
  readonly ioctl: ((net: Net, request: number, arg: Uint8Array) => number) | null;
}

/** Bits of `flags` in lookups. */
export const RT6_LOOKUP_F_IFACE = 0x01;
export const RT6_LOOKUP_F_REACHABLE = 0x02;
export const RT6_LOOKUP_F_HAS_SADDR = 0x04;
export const RT6_LOOKUP_F_SRCPREF_TMP = 0x08;
export const RT6_LOOKUP_F_SRCPREF_PUBLIC = 0x10;
export const RT6_LOOKUP_F_SRCPREF_COA = 0x20;
export const RT6_LOOKUP_F_IGNORE_LINKSTATE = 0x40;

/** ICMPv6, as far as IPv6 knows of it. */
export interface Icmpv6Sender {
  /** `icmpv6_send`: answers `skb` with an error, if the rules allow it. The sk_buff stays the caller's. `info`: second word. */
  readonly icmpv6Send: (skb: SkBuff, type: number, code: number, info: number) => void;
  /** `icmpv6_param_prob_reason`: parameter problem `code` at `pos` bytes from the IPv6 header; frees the sk_buff with `reason`. */
  readonly paramProb: (skb: SkBuff, code: number, pos: number, reason: number) => void;
  /**
   * `icmpv6_notify`: a message of that type (an error, or NDISC_REDIRECT) quotes a packet of ours, whose IPv6 header is at `data`: the
   * transport and the raw sockets hear of it, each by its `errHandler`. Returns a drop reason; the sk_buff stays the caller's.
   */
  readonly notify: (skb: SkBuff, type: number, code: number, info: number) => number;
  /** `ICMP6MSGOUT_INC_STATS`, ICMP6_MIB_OUTMSGS: an ICMPv6 message of that type was sent by a device. */
  readonly outCount: (net: Net, idev: Inet6Dev | null, type: number) => void;
}

/** Neighbour discovery. */
export interface NdiscOps {
  /** `nd_tbl`. */
  readonly tbl: NeighTable;
  /** `ndisc_rcv`: a message of types 133…137 that ICMPv6 has verified, `transportHeader` and `data` at it. The sk_buff stays the caller's. Returns a drop reason, SKB_CONSUMED where it was of use. */
  readonly rcv: (skb: SkBuff) => number;
  readonly sendRs: (dev: NetDevice, saddr: In6Addr, daddr: In6Addr) => void;
  /**
   * `ndisc_send_ns`; `saddr` null: one of the device's. The nonce is six bytes: the first two, and the last four as a word with or without
   * a sign; 0, 0 is none.
   */
  readonly sendNs: (dev: NetDevice, solicit: In6Addr, daddr: In6Addr, saddr: In6Addr | null, nonceHi: number, nonceLo: number) => void;
  readonly sendNa: (dev: NetDevice, daddr: In6Addr, solicited: In6Addr, router: boolean, solicitedFlag: boolean, override: boolean, incOpt: boolean) => void;
  /**
   * Neighbour discovery's part of `rt6_do_redirect`: the redirect at `transportHeader` is to be followed, so its target is a neighbour, with
   * the link-layer address that the message says, and unless `onLink` (the target is the destination itself) a router. Null: its options
   * are bad, or there can be no entry.
   */
  readonly redirectTarget: (skb: SkBuff, onLink: boolean) => Neighbour | null;
  /** `ndisc_send_redirect`: tells the sender of a forwarded packet that `target` is the better way. The sk_buff stays the caller's. */
  readonly sendRedirect: (skb: SkBuff, target: In6Addr) => void;
  /** `pndisc_constructor` … whether `ip -6 neigh add proxy` has it on the device (`pneigh_lookup`). */
  readonly isProxied: (net: Net, addr: In6Addr, dev: NetDevice) => boolean;
}

/** The routine that makes, watches and removes addresses, as the others need it. */
export interface AddrconfOps {
  /** `addrconf_prefix_rcv`: a prefix information option at `opt` in `bytes`, of `len` bytes; `sllao`: the RA named its sender's link address. */
  readonly prefixRcv: (dev: NetDevice, bytes: Uint8Array, opt: number, len: number, sllao: boolean) => void;
  /** `addrconf_dad_failure`: somebody else has our address; `skb` says so. */
  readonly dadFailure: (skb: SkBuff, ifp: Inet6Ifaddr) => void;
  /** `addrconf_join_solict`, `addrconf_leave_solict`. */
  readonly joinSolict: (dev: NetDevice, addr: In6Addr) => void;
  readonly leaveSolict: (idev: Inet6Dev, addr: In6Addr) => void;
  /** `inet6_ifinfo_notify`: what an RA said has changed the interface. */
  readonly ifinfoNotify: (event: number, idev: Inet6Dev) => void;
  /** `inet6_netconf_notify_devconf`: a setting (NETCONFA_*) of the interface `ifindex` (NETCONFA_IFINDEX_*) has changed. `type`: RTM_NEWNETCONF. */
  readonly netconfNotify: (net: Net, type: number, attr: number, ifindex: number, cnf: Ipv6Devconf) => void;
  /** ioctl(2) SIOCSIFADDR, SIOCDIFADDR, SIOCSIFDSTADDR with the bytes of `struct in6_ifreq`; the caller has made sure of the privilege. */
  readonly ioctl: ((net: Net, request: number, arg: Uint8Array) => number) | null;
}

/** Multicast listeners: who is in which group on a device, and telling the routers. */
export interface MldOps {
  /** `ipv6_mc_init_dev`, `ipv6_mc_up`, `ipv6_mc_down`, `ipv6_mc_remap`, `ipv6_mc_unmap`, `ipv6_mc_destroy_dev`. */
  readonly initDev: (idev: Inet6Dev) => void;
  readonly up: (idev: Inet6Dev) => void;
  readonly down: (idev: Inet6Dev) => void;
  readonly remap: (idev: Inet6Dev) => void;
  readonly unmap: (idev: Inet6Dev) => void;
  readonly destroyDev: (idev: Inet6Dev) => void;
  /**
   * `__ipv6_dev_mc_inc`: the host is once more in a group, in a filter mode (MCAST_*; default: MCAST_EXCLUDE, whoever sends). 0, -EINVAL (no
   * IPv6 there), -ENODEV (the interface goes away).
   */
  readonly mcInc: (dev: NetDevice, group: In6Addr, mode?: number) => number;
  /** `__ipv6_dev_mc_dec`: once less; a socket's filter was taken away before, by `mcDelSrc` with `delta` false. 0 or -ENOENT. */
  readonly mcDec: (idev: Inet6Dev, group: In6Addr) => number;
  /**
   * `ip6_mc_add_src`, `ip6_mc_del_src`: one more socket, one less (or, `delta`, one that counts already) is in a mode, with these sources.
   * 0, -ESRCH (not in the group; that source was not there), -EINVAL (nobody is in that mode).
   */
  readonly mcAddSrc: (idev: Inet6Dev, group: In6Addr, mode: number, sources: readonly In6Addr[], delta: boolean) => number;
  readonly mcDelSrc: (idev: Inet6Dev, group: In6Addr, mode: number, sources: readonly In6Addr[], delta: boolean) => number;
  /** `idev->mc_list`: the groups, the one joined last first. */
  readonly mcList: (idev: Inet6Dev) => readonly JoinedAddr[];
  /** net.ipv6.mld_max_msf: sources that a socket may name for one group. */
  readonly maxMsf: () => number;
  /** `ipv6_chk_mcast_addr`: whether the device is in the group, and wants what `saddr` (null: anybody) sends there. */
  readonly chkMcastAddr: (dev: NetDevice, group: In6Addr, saddr: In6Addr | null) => boolean;
  /** `ipv6_mc_dad_complete`: the first link-local address may be used. */
  readonly dadComplete: (idev: Inet6Dev) => void;
  /** `igmp6_event_query`, `igmp6_event_report`: `data` at the message. The sk_buff is taken over. */
  readonly eventQuery: (skb: SkBuff) => void;
  readonly eventReport: (skb: SkBuff) => void;
}

/** `struct inet6_protocol`: what stands behind a next header, a transport or an extension header. */
export interface Inet6Protocol {
  /**
   * Takes over the sk_buff (`transportHeader` set, data at it). 0: done. Positive: there is another header, the sk_buff is the caller's
   * again: of an extension header `cb[IP6CB_NHOFF]` and `transportHeader` are at the new place, of a `final` protocol the number is the
   * next header. Negative: it was dropped.
   */
  readonly handler: (skb: SkBuff) => number;
  /** An ICMPv6 error quotes a packet of ours: `data` at the quoted IPv6 header, `offset` bytes behind `data` the header of this protocol. */
  readonly errHandler: ((skb: SkBuff, type: number, code: number, offset: number, info: number) => void) | null;
  /** INET6_PROTO_FINAL: nothing comes behind it, and checks for multicast and policy are done before it. */
  readonly final: boolean;
  /** INET6_PROTO_NOPOLICY. */
  readonly noPolicy: boolean;
}

/** Raw sockets see a copy of every delivered packet before the transport. */
export interface Raw6Delivery {
  /** `raw6_local_deliver`: true if any socket took a clone. The sk_buff stays the caller's. */
  readonly localDeliver: (skb: SkBuff, nexthdr: number) => boolean;
  /** `raw6_icmp_error`: an ICMPv6 error about a packet that a raw socket may have sent; `data` at the quoted IPv6 header. */
  readonly icmpError: (skb: SkBuff, nexthdr: number, type: number, code: number, innerOffset: number, info: number) => void;
  /** `ip6_call_ra_chain`: sockets with IPV6_ROUTER_ALERT of that value; true: one took the sk_buff. */
  readonly raChain: (skb: SkBuff, sel: number) => boolean;
}

/** The socket of a multicast routing daemon: a raw one (`struct raw6_sock`), or one that is refused. */
export interface Mroute6Sock extends SkbSock {
  /** SOCK_RAW of IPPROTO_ICMPV6: only such a socket may be a daemon's. */
  readonly isRawIcmpv6: boolean;
  /** The user has CAP_NET_ADMIN in the namespace. */
  readonly netAdmin: boolean;
  /** `ip6mr_table`: the table that it speaks of (MRT6_TABLE); 0: the default one. */
  ip6mrTable: number;
  /** `sock_queue_rcv_skb`: a message of the kernel (`struct mrt6msg` at `data`), past all filters. Takes over the sk_buff; 0 or a negative errno. */
  queueRcv(skb: SkBuff): number;
}

/** Multicast routing. */
export interface MulticastRouting6 {
  /** `ip6_mr_input`: forwards a multicast packet; takes over the sk_buff. */
  readonly input: (skb: SkBuff) => number;
  /** `mroute6_is_socket`: whether the packet was sent by the daemon of its table: it hears its own packets although nobody joined. */
  readonly isSocket: (net: Net, skb: SkBuff) => boolean;
  /** `ip6_mroute_setsockopt`, of MRT6_INIT … MRT6_FLUSH: 0 or a negative errno. */
  readonly setsockopt: (sk: Mroute6Sock, name: number, value: Uint8Array) => number;
  /** `ip6_mroute_getsockopt`: bytes written into `out`, or a negative errno. */
  readonly getsockopt: (sk: Mroute6Sock, name: number, out: Uint8Array) => number;
  /** `ip6mr_ioctl`: SIOCGETMIFCNT_IN6, SIOCGETSGCNT_IN6. 0 or a negative errno; null: none of these. */
  readonly ioctl: (sk: Mroute6Sock, request: number, arg: Uint8Array) => number | null;
  /** `ip6mr_sk_done`: a socket is closed; whether it was a daemon's. */
  readonly skDone: (sk: Mroute6Sock) => boolean;
}

/** Event data of `inet6addr_chain` (NETDEV_UP: may be used, NETDEV_DOWN: removed). */
export interface Inet6addrInfo {
  readonly ifp: Inet6Ifaddr;
}
