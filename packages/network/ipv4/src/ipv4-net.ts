/** `net->ipv4` and what IPv4 keeps for the whole kernel. */
import {
  BlockingNotifierHead,
  type DstOps,
  type Net,
  type NetDevice,
  NetSlot,
  type OffloadCallbacks,
  type PacketType,
  type SkBuff,
  type SkbSock,
  token,
  type Token,
} from '@skbuff/core';
import type { InetPeerBase } from '@skbuff/inet';
import type { NlMsgHdr } from '@skbuff/netlink';
import { IPSTATS_MIB_MAX } from '@skbuff/uapi';
import { Ipv4Devconf } from './devconf.ts';
import type { InDevice, InIfaddr } from './inetdevice.ts';
import type {
  ArpTbl,
  IcmpSender,
  Ipv4Fragments,
  Ipv4Multicast,
  Ipv4Options,
  MulticastRouting,
  NetProtocol,
  RawDelivery,
  RoutingProvider,
} from './interfaces.ts';
import { ipv4Mtu } from './rtable.ts';
import { LINUX_MIB_MAX } from './snmp.ts';

/** What user space sees of addresses and settings: messages and files. */
export interface Ipv4Control {
  /** `rtmsg_ifa`. */
  readonly rtmsgIfa: (event: number, ifa: InIfaddr, nlh: NlMsgHdr | null, portid: number) => void;
  /** `devinet_sysctl_register`: the files of an interface's settings; returns the undo, or -EINVAL for a name that cannot have any. */
  readonly sysctlFiles: (dev: NetDevice, cnf: Ipv4Devconf) => (() => void) | number;
  /** `inetdev_changename`: labels and files follow the device's name. */
  readonly changename: (dev: NetDevice, inDev: InDevice) => void;
  /** Has the lifetimes of addresses looked at in `delay` jiffies, if any has one; without it they live for ever. */
  readonly scheduleLifetimeCheck: (net: Net, delay: number) => void;
}

/** Event data of `inetaddr_chain` (NETDEV_UP: added, NETDEV_DOWN: removed). */
export interface InetaddrInfo {
  readonly ifa: InIfaddr;
}

const IP_IDENTS = 2048;

/** IPv4 of one kernel: the tables that other packages fill. */
export class Ipv4 {
  /** Null in a stack without netlink, sysctl and /proc. */
  control: Ipv4Control | null = null;
  /** What small stacks are built without (`parts.ts`); null: this one is. */
  fragments: Ipv4Fragments | null = null;
  options: Ipv4Options | null = null;
  multicast: Ipv4Multicast | null = null;
  /** `ip_finish_output_gso`: sends a super-packet, which is longer than `mtu`, whole or in pieces. */
  gsoOutput: ((net: Net, sk: SkbSock | null, skb: SkBuff, mtu: number) => number) | null = null;
  /** `ip_list_rcv`. */
  listRcv: PacketType['listFunc'] = null;
  /** `inet_protos`: transports by protocol number. */
  readonly protos: (NetProtocol | null)[] = new Array<NetProtocol | null>(256).fill(null);
  /** `inet_offloads`: how transports cut super-packets and glue packets together, by protocol number. */
  readonly offloads: (OffloadCallbacks | null)[] = new Array<OffloadCallbacks | null>(256).fill(null);
  /**
   * Counters of the IP identification, hashed: consecutive for packets of one moment to one destination and protocol, else
   * unpredictable; and the jiffies of their last use.
   */
  readonly ipIdents: Uint32Array = new Uint32Array(IP_IDENTS);
  readonly ipIdentStamps: Float64Array = new Float64Array(IP_IDENTS);
  readonly inetaddrChain: BlockingNotifierHead<InetaddrInfo> = new BlockingNotifierHead();
  /** `ipv4_dst_ops`, of all routes: the routing provider brings `check`, the layer of sockets `confirmNeigh` ({@link ipv4ConfirmNeigh}). */
  readonly dstOps: DstOps = { entries: 0, check: () => false, mtu: ipv4Mtu, confirmNeigh: null };
  /** The packages above and beside it, one table each; null: not loaded. */
  routing: RoutingProvider | null = null;
  icmp: IcmpSender | null = null;
  raw: RawDelivery | null = null;
  mroute: MulticastRouting | null = null;
  arpTbl: ArpTbl | null = null;
  /** Interfaces with an IPv4 side: 0 in the end. */
  inDevices = 0;

  /** `inet_add_protocol`: returns the undo, or null if the number is taken. */
  addProtocol(protocol: number, handler: NetProtocol): (() => void) | null {
    if (this.protos[protocol] !== null) return null;
    this.protos[protocol] = handler;
    return () => {
      this.protos[protocol] = null;
    };
  }

  /** `inet_add_offload`: returns the undo, or null if the number is taken. */
  addOffload(protocol: number, offload: OffloadCallbacks): (() => void) | null {
    if (this.offloads[protocol] !== null) return null;
    this.offloads[protocol] = offload;
    return () => {
      this.offloads[protocol] = null;
    };
  }
}

/** The service under which other plugins find it. */
export const IPV4: Token<Ipv4> = token<Ipv4>('IPV4');

/** `struct netns_ipv4`: settings and counters of one namespace. */
export class Ipv4Net {
  readonly ip: Ipv4;
  readonly stats: Float64Array = new Float64Array(IPSTATS_MIB_MAX);
  /** `TcpExt` counters, in the order of `LINUX_MIB_NAMES`. */
  readonly linuxMib: Float64Array = new Float64Array(LINUX_MIB_MAX);
  /** By address. */
  readonly peers: InetPeerBase<number> = new Map();
  /** What the groups of /proc/net/snmp show (`Ip`, `Icmp` …): both lines of each. */
  readonly snmpGroups: Map<string, () => string> = new Map();
  /** Settings of net.ipv4.conf.all and .default; a new namespace begins with those that the initial one has then. */
  readonly devconfAll: Ipv4Devconf;
  readonly devconfDflt: Ipv4Devconf;
  /** net.ipv4.* */
  ipDefaultTtl = 64;
  ipNoPmtuDisc = 0;
  ipForwardUsePmtu = 0;
  ipForwardUpdatePriority = 1;
  ipNonlocalBind = 0;
  ipEarlyDemux = 1;
  ipDynaddr = 0;
  /** First and last port of automatic binding. */
  localPortRange: readonly [number, number] = [32768, 60999];
  /** Ports that are bound only by who names them. */
  localReservedPorts: readonly (readonly [first: number, last: number])[] = [];
  /** Groups that a socket may be in. */
  igmpMaxMemberships = 20;
  /** Sources that a socket may name for one group. */
  igmpMaxMsf = 10;
  /** Lowest port that needs no privilege. */
  ipUnprivilegedPortStart = 1024;
  fwmarkReflect = 0;
  minPmtu = 552;
  minAdvMss = 256;
  mtuExpires = 600;
  /** `ip_call_ra_chain`: sockets that asked for router alerts; true if one took the packet. */
  routerAlert: ((skb: SkBuff) => boolean) | null = null;
  /** Makes the identifications of namespaces differ. */
  readonly ipIdentKey: number;

  constructor(ip: Ipv4, net: Net) {
    this.ip = ip;
    this.ipIdentKey = net.kernel.random.u32();
    const initial = ipv4Net.peek(net.kernel.initNet);
    this.devconfAll = initial?.devconfAll.copy() ?? new Ipv4Devconf();
    this.devconfDflt = initial?.devconfDflt.copy() ?? new Ipv4Devconf();
    if (initial === null) this.devconfAll.acceptSourceRoute = 0;
  }
}

export const ipv4Net: NetSlot<Ipv4Net> = new NetSlot<Ipv4Net>('ipv4');
