/** `net->ipv6` and what IPv6 keeps for the whole kernel. */
import { AtomicNotifierHead, type DstOps, type Net, NetSlot, type OffloadCallbacks, token, type Token } from '@skbuff/core';
import type { InetPeerBase } from '@skbuff/inet';
import { ICMP6MSG_MIB_MAX, ICMP6_MIB_MAX, IPSTATS_MIB_MAX } from '@skbuff/uapi';
import { type In6Addr, In6Map } from '@skbuff/wire';
import { Ipv6Devconf } from './devconf.ts';
import { Inet6AddrHash } from './inet6-addr-hash.ts';
import type {
  AddrconfOps,
  Icmpv6Sender,
  Inet6addrInfo,
  Inet6Protocol,
  Ip6RoutingProvider,
  MldOps,
  MulticastRouting6,
  NdiscOps,
  Raw6Delivery,
} from './interfaces.ts';
import { ip6Mtu } from './rt6-info.ts';

/** IPv6 of one kernel: the tables that other packages fill. */
export class Ipv6 {
  /** `inet6_protos`: extension headers and transports by next header. */
  readonly protos: (Inet6Protocol | null)[] = new Array<Inet6Protocol | null>(256).fill(null);
  /** `inet6_offloads`: how transports cut super-packets and glue packets together, by next header. */
  readonly offloads: (OffloadCallbacks | null)[] = new Array<OffloadCallbacks | null>(256).fill(null);
  /** `inet6addr_chain`. */
  readonly inet6addrChain: AtomicNotifierHead<Inet6addrInfo> = new AtomicNotifierHead();
  /** `ip6_dst_ops`, of all routes: the routing provider brings `check`, the layer of sockets `confirmNeigh`. */
  readonly dstOps: DstOps = { entries: 0, check: () => false, mtu: ip6Mtu, confirmNeigh: null };
  /** The packages above and beside it, one table each; null: not loaded. */
  routing: Ip6RoutingProvider | null = null;
  icmp: Icmpv6Sender | null = null;
  ndisc: NdiscOps | null = null;
  addrconf: AddrconfOps | null = null;
  mld: MldOps | null = null;
  raw: Raw6Delivery | null = null;
  mroute: MulticastRouting6 | null = null;
  /** Interfaces with an IPv6 side, and addresses: 0 in the end. */
  inet6Devs = 0;
  ifaddrs = 0;

  /** `inet6_add_protocol`: returns the undo, or null if the number is taken. */
  addProtocol(nexthdr: number, handler: Inet6Protocol): (() => void) | null {
    if (this.protos[nexthdr] !== null) return null;
    this.protos[nexthdr] = handler;
    return () => {
      this.protos[nexthdr] = null;
    };
  }

  /** `inet6_add_offload`: returns the undo, or null if the number is taken. */
  addOffload(nexthdr: number, offload: OffloadCallbacks): (() => void) | null {
    if (this.offloads[nexthdr] !== null) return null;
    this.offloads[nexthdr] = offload;
    return () => {
      this.offloads[nexthdr] = null;
    };
  }
}

/** The service under which other plugins find it. */
export const IPV6: Token<Ipv6> = token<Ipv6>('IPV6');

/** What a number of 56 bits can be at most. */
export const IOAM6_DEFAULT_ID_WIDE: bigint = (1n << 56n) - 1n;

/** `struct netns_ipv6`: settings and counters of one namespace. */
export class Ipv6Net {
  readonly ip: Ipv6;
  /** `Ip6*` of /proc/net/snmp6, and ICMPv6's, of which those by type begin at 0 (received) and 256 (sent). */
  readonly stats: Float64Array = new Float64Array(IPSTATS_MIB_MAX);
  readonly icmpv6Stats: Float64Array = new Float64Array(ICMP6_MIB_MAX);
  readonly icmpv6MsgStats: Float64Array = new Float64Array(ICMP6MSG_MIB_MAX);
  /** What other packages add to /proc/net/snmp6 (`Udp6` …): lines. */
  readonly snmpGroups: Map<string, () => string> = new Map();
  /** By address. */
  readonly peers: InetPeerBase<In6Addr>;
  /** `inet6_addr_lst`: every address of the namespace. */
  readonly addrs: Inet6AddrHash;
  /** Settings of net.ipv6.conf.all and .default. */
  readonly devconfAll: Ipv6Devconf;
  readonly devconfDflt: Ipv6Devconf;
  /** net.ipv6.* */
  bindv6only = 0;
  flowlabelConsistency = 1;
  /** 0 off, 1 on unless the socket says no, 2 off unless it says yes, 3 always. */
  autoFlowlabels = 1;
  flowlabelStateRanges = 0;
  flowlabelReflect = 0;
  anycastSrcEchoReply = 0;
  ipNonlocalBind = 0;
  fwmarkReflect = 0;
  idgenRetries = 3;
  /** Jiffies. */
  idgenDelay = 1000;
  maxDstOptsCnt = 8;
  maxHbhOptsCnt = 8;
  maxDstOptsLen = 0x7fffffff;
  maxHbhOptsLen = 0x7fffffff;
  multipathHashPolicy = 0;
  multipathHashFields = 7;
  fibNotifyOnFlagChange = 0;
  /** What this host would call itself in a trace of IOAM, and how tunnels of segment routing label their packets: kept for who reads it. */
  ioam6Id = 0xffffff;
  ioam6IdWide: bigint = IOAM6_DEFAULT_ID_WIDE;
  seg6Flowlabel = 0;
  /** net.ipv6.icmp.*: jiffies between two errors to a host; types that this holds for. */
  icmpv6Time = 100;
  icmpv6EchoIgnoreAll = 0;
  icmpv6EchoIgnoreMulticast = 0;
  icmpv6EchoIgnoreAnycast = 0;
  icmpv6ErrorAnycastAsUnicast = 0;
  /** By type, 1: limited. */
  readonly icmpv6Ratemask: Uint8Array = new Uint8Array(256);
  /** net.ipv6.route.mtu_expires, seconds; min_adv_mss, bytes. */
  mtuExpires = 600;
  minAdvMss = 1220;
  /** Makes hashes of namespaces differ. */
  readonly hashSeed: number;

  constructor(ip: Ipv6, net: Net) {
    this.ip = ip;
    this.hashSeed = net.kernel.random.u32() | 0;
    this.addrs = new Inet6AddrHash(this.hashSeed);
    this.peers = new In6Map(this.hashSeed);
    this.devconfAll = new Ipv6Devconf();
    this.devconfDflt = new Ipv6Devconf();
    this.devconfDflt.acceptDad = 1;
    // Errors, all but Packet Too Big (RFC 4443 §2.4 f).
    this.icmpv6Ratemask.fill(1, 0, 128);
    this.icmpv6Ratemask[2] = 0;
  }
}

export const ipv6Net: NetSlot<Ipv6Net> = new NetSlot<Ipv6Net>('ipv6');
