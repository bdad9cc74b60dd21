/** `struct net_device`: one object per real or virtual interface. */
import { IF_LINK_MODE_DEFAULT, IF_OPER_UNKNOWN, IF_OPER_UP, NET_ADDR_PERM, NET_NAME_UNKNOWN } from '@skbuff/uapi';
import type { NfHookOps } from '../hooks/nf-hooks.ts';
import type { Net } from '../pernet/net.ts';
import type { SkBuff } from '../skbuff/skbuff.ts';
import type { TimerList } from '../time/timer.ts';
import { HwAddrList } from './dev-addr-lists.ts';
import { defaultEthtoolOps, type EthtoolOps } from './ethtool-ops.ts';
import { LINK_STATS_COUNT } from './link-stats.ts';
import type { HeaderOps, NetDeviceOps } from './netdevice-ops.ts';
import type { TcTxq } from './dev-queues.ts';
import type { NetdevRxQueue } from './netdev-rx-queue.ts';
import { noopQdisc, type NetdevQueue, type Qdisc } from './qdisc.ts';
import type { RtnlLinkOps } from './rtnl-link-ops.ts';
import type { NapiStruct } from './napi.ts';
import type { SysfsGroup } from './net-sysfs.ts';
import type { PacketType } from './packet-type.ts';

export * from './link-stats.ts';

export const NETREG_UNINITIALIZED = 0;
export const NETREG_REGISTERED = 1;
export const NETREG_UNREGISTERING = 2;
export const NETREG_UNREGISTERED = 3;
export const NETREG_RELEASED = 4;
export const NETREG_DUMMY = 5;

/** Bits of `state`. */
export const LINK_STATE_START: number = 1 << 0;
export const LINK_STATE_PRESENT: number = 1 << 1;
export const LINK_STATE_NOCARRIER: number = 1 << 2;
export const LINK_STATE_LINKWATCH_PENDING: number = 1 << 3;
export const LINK_STATE_DORMANT: number = 1 << 4;
export const LINK_STATE_TESTING: number = 1 << 5;

/** Private flags: never shown to user space, so the numbers are ours. */
export const IFF_802_1Q_VLAN: number = 1 << 0;
export const IFF_EBRIDGE: number = 1 << 1;
export const IFF_BONDING: number = 1 << 2;
export const IFF_TEAM_PORT: number = 1 << 3;
export const IFF_MACVLAN_PORT: number = 1 << 4;
export const IFF_LIVE_ADDR_CHANGE: number = 1 << 5;
export const IFF_UNICAST_FLT: number = 1 << 6;
export const IFF_SUPP_NOFCS: number = 1 << 7;
/** Transmit without a queueing discipline by default. */
export const IFF_NO_QUEUE: number = 1 << 8;
export const IFF_XMIT_DST_RELEASE: number = 1 << 9;
export const IFF_TX_SKB_SHARING: number = 1 << 10;
export const IFF_BRIDGE_PORT: number = 1 << 11;
export const IFF_OVS_DATAPATH: number = 1 << 12;
export const IFF_L3MDEV_MASTER: number = 1 << 13;
export const IFF_NO_ADDRCONF: number = 1 << 14;
export const IFF_NETNS_LOCAL: number = 1 << 15;

/** Bits of `rxDoors`. */
export const RX_DOOR_TAP: number = 1 << 0;
export const RX_DOOR_INGRESS: number = 1 << 1;
export const RX_DOOR_HANDLER: number = 1 << 2;

/** Results of an rx handler. */
export const RX_HANDLER_CONSUMED = 0;
export const RX_HANDLER_ANOTHER = 1;
export const RX_HANDLER_EXACT = 2;
export const RX_HANDLER_PASS = 3;

/** Sees every frame of its device before the protocols; owns the sk_buff if it says CONSUMED. ANOTHER: `skb.dev` was changed. */
export type RxHandler = (skb: SkBuff, dev: NetDevice) => number;

/** Chooses the transmit queue of a packet, and sets its `queueMapping`. */
export type PickTx = (dev: NetDevice, skb: SkBuff) => NetdevQueue;

export class NetDevice {
  name = '';
  net: Net;
  ifindex = 0;
  ops: NetDeviceOps;
  /** What `ethtool` asks the driver. */
  ethtoolOps: EthtoolOps = defaultEthtoolOps;
  headerOps: HeaderOps | null = null;
  flags = 0;
  /** What the user asked for among PROMISC and ALLMULTI; this is what `ip link` shows of them. */
  gflags = 0;
  privFlags = 0;
  state = 0;
  regState: number = NETREG_UNINITIALIZED;
  dismantle = false;
  mtu = 0;
  minMtu = 0;
  maxMtu = 0;
  type = 0;
  hardHeaderLen = 0;
  minHeaderLen = 0;
  neededHeadroom = 0;
  neededTailroom = 0;
  addrLen = 0;
  /** Link-layer address, `addrLen` bytes used of 32. Change it through {@link devSetMacAddress}. */
  readonly devAddr: Uint8Array = new Uint8Array(32);
  readonly broadcast: Uint8Array = new Uint8Array(32);
  readonly permAddr: Uint8Array = new Uint8Array(32);
  addrAssignType: number = NET_ADDR_PERM;
  nameAssignType: number = NET_NAME_UNKNOWN;
  devId = 0;
  /** Tells apart the ports of one card (`dev_port`). */
  devPort = 0;
  ifalias = '';
  altnames: string[] = [];
  group = 0;
  txQueueLen = 0;
  promiscuity = 0;
  allmulti = 0;
  /** Promiscuous because it has extra unicast addresses and cannot filter them. */
  ucPromisc = false;
  linkMode: number = IF_LINK_MODE_DEFAULT;
  operstate: number = IF_OPER_UNKNOWN;
  carrierUpCount = 0;
  carrierDownCount = 0;
  protoDown = false;
  /** Offloads by NETIF_F_* (low word): active, changeable by the user, wished by the user, inherited by VLANs / encapsulation. */
  features = 0;
  hwFeatures = 0;
  wantedFeatures = 0;
  vlanFeatures = 0;
  /** The same for the features of features-more.ts. */
  moreFeatures = 0;
  moreHwFeatures = 0;
  moreWantedFeatures = 0;
  hwEncFeatures = 0;
  /** Bytes and segments of the largest super-packet that the stack gives the device (also: over IPv4), and bytes of those that GRO makes. */
  gsoMaxSize = 65536;
  gsoMaxSegs = 65535;
  gsoIpv4MaxSize = 65536;
  groIpv4MaxSize = 65536;
  /** What the hardware can take at most: no `gso` size is set beyond it. */
  tsoMaxSize = 65536;
  tsoMaxSegs = 65535;
  /** Bytes that GRO makes a packet no longer than. */
  groMaxSize = 65536;
  /** Nanoseconds that GRO holds packets after a poll (`/sys/class/net/NAME/gro_flush_timeout`); 0: not at all. */
  groFlushTimeout = 0;
  /** Polls without work after which the driver may interrupt again (`/sys/class/net/NAME/napi_defer_hard_irqs`). */
  napiDeferHardIrqs = 0;
  /** The driver needs no transmit lock. On one thread it never matters; it is shown to the user. */
  lltx = false;

  /** Counters in the order of `rtnl_link_stats64`. */
  readonly stats: Float64Array = new Float64Array(LINK_STATS_COUNT);
  readonly uc: HwAddrList = new HwAddrList();
  readonly mc: HwAddrList = new HwAddrList();
  /** `ip_ptr`, `ip6_ptr` …: what protocols attach, by slot. */
  readonly ptr: unknown[] = [];
  /** The driver's own state (`netdev_priv`). */
  priv: unknown = null;

  rxHandler: RxHandler | null = null;
  rxHandlerData: unknown = null;
  /** Who stands between a frame of this device and the protocols: RX_DOOR_* bits. @internal */
  rxDoors = 0;
  /** `nf_hooks_ingress`. */
  nfHooksIngress: readonly NfHookOps[] = [];
  /** Shows them a frame, while there are any; false: it is gone. */
  nfIngress: ((skb: SkBuff, dev: NetDevice) => boolean) | null = null;
  /** `ingress_queue`: null until a queueing discipline is attached on the way in. */
  ingressQueue: NetdevQueue | null = null;
  /** What that discipline does with a frame. */
  tcIngress: RxHandler | null = null;
  /** Packet types bound to this device, taps first. */
  ptypeAll: readonly PacketType[] = [];
  ptypeSpecific: readonly PacketType[] = [];
  napiList: NapiStruct[] = [];

  tx: NetdevQueue[] = [];
  numTxQueues = 1;
  /** Queues in use, `tx[0 … realNumTxQueues)`. Change them through `netifSetRealNumTxQueues` and its like. */
  realNumTxQueues = 1;
  /** Chooses among several; null for a device that was made with one. */
  pickTx: PickTx | null = null;
  rx: NetdevRxQueue[] = [];
  numRxQueues = 1;
  realNumRxQueues = 1;
  /** Traffic classes: each has `tcToTxq[tc]` for its queues, priority & 15 chooses the class. 0: none. */
  numTc = 0;
  readonly tcToTxq: TcTxq[] = [];
  readonly prioTcMap: Uint8Array = new Uint8Array(16);
  /** XPS: transmit queues by sending CPU; null while no queue has CPUs. */
  xpsCpusMap: (readonly number[])[] | null = null;
  qdisc: Qdisc = noopQdisc;
  /** Jiffies a stopped queue may stay without transmission; 0: 5 s. */
  watchdogTimeo = 0;
  watchdogTimer: TimerList | null = null;
  /** Jiffies of the last transmission. */
  transStart = 0;
  lastRx = 0;

  /** The device that it stands on (`SET_NETDEV_DEV`), as a path below /sys/devices; empty for a virtual one. Set before registration. */
  parent = '';
  /** What the kind of device is called where devices are listed (`SET_NETDEV_DEVTYPE`): `bridge`, `vlan`. */
  devtype = '';
  /** `sysfs_groups`: files of the driver beside the common ones, in directories of their own. */
  readonly sysfsGroups: SysfsGroup[] = [];
  rtnlLinkOps: RtnlLinkOps | null = null;
  master: NetDevice | null = null;
  lower: readonly NetDevice[] = [];
  upper: readonly NetDevice[] = [];
  needsFreeNetdev = false;
  /** Runs after unregistration, when nothing refers to the device any more. */
  privDestructor: ((dev: NetDevice) => void) | null = null;
  /** Called when the last foreign reference goes while the device waits to be freed. */
  onLastRef: ((dev: NetDevice) => void) | null = null;

  private refcnt = 1;

  constructor(net: Net, ops: NetDeviceOps) {
    this.net = net;
    this.ops = ops;
  }

  /** Takes a reference: unregistration cannot finish while there are any. */
  hold(): void {
    this.refcnt++;
  }

  put(): void {
    if (--this.refcnt === 1 && this.onLastRef !== null) this.onLastRef(this);
  }

  /** References beside the device's own. */
  refcount(): number {
    return this.refcnt - 1;
  }

  /** `netif_running`. */
  running(): boolean {
    return (this.state & LINK_STATE_START) !== 0;
  }

  /** `netif_device_present`. */
  present(): boolean {
    return (this.state & LINK_STATE_PRESENT) !== 0;
  }

  /** `netif_carrier_ok`. */
  carrierOk(): boolean {
    return (this.state & LINK_STATE_NOCARRIER) === 0;
  }

  dormant(): boolean {
    return (this.state & LINK_STATE_DORMANT) !== 0;
  }

  testing(): boolean {
    return (this.state & LINK_STATE_TESTING) !== 0;
  }

  /** `netif_oper_up`: operational for RFC 2863, where a device that never reports counts as up. */
  operUp(): boolean {
    return this.operstate === IF_OPER_UP || this.operstate === IF_OPER_UNKNOWN;
  }
}

/** A place for one protocol's state of a device (`ip_ptr`, `ip6_ptr`): made once by the package that owns it. */
export class DevSlot<T> {
  private static next = 0;
  private readonly id = DevSlot.next++;

  get(dev: NetDevice): T | null {
    return (dev.ptr[this.id] as T | null | undefined) ?? null;
  }

  set(dev: NetDevice, value: T | null): void {
    while (dev.ptr.length <= this.id) dev.ptr.push(null);
    dev.ptr[this.id] = value;
  }
}
