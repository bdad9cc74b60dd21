/** Writes a link as user space sees it (`rtnl_fill_ifinfo`): attributes and their order as Linux 6.18 sends them. */
import { devGetFlags, IFF_NETNS_LOCAL, LINK_STATS_COUNT, type Net, type NetDevice, peernet2idAlloc } from '@skbuff/core';
import { IfInfoMsg, type NlMsgBuilder, strToBytes } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { setLe32, setLe64 } from '@skbuff/wire';
import { IFMAP_LEN } from './ifla-policy.ts';
import type { RtnlLinks } from './links.ts';

/** `struct rtnl_link_stats` lacks the last counter of `rtnl_link_stats64`. */
const OLD_STATS_COUNT: number = LINK_STATS_COUNT - 1;

/** What the message is about, besides the device. */
export interface IfinfoOptions {
  /** RTM_NEWLINK or RTM_DELLINK. */
  readonly type: number;
  readonly portid: number;
  readonly seq: number;
  /** ifi_change. */
  readonly change: number;
  /** nlmsg_flags. */
  readonly flags: number;
  /** IFLA_EXT_MASK of the request. */
  readonly extFilterMask: number;
  /** IFLA_EVENT_*, or IFLA_EVENT_NONE for no such attribute. */
  readonly event: number;
  /** The number under which the reader knows the namespace it has asked about, or -1. */
  readonly tgtNetnsid: number;
  /** Where the device has gone: namespace and index there, or null. */
  readonly movedTo: { readonly net: Net; readonly ifindex: number } | null;
}

/** 0, or `-EMSGSIZE` with nothing written. `srcNet` is the reader's namespace, in whose numbers others are named. */
export function rtnlFillIfinfo(links: RtnlLinks, b: NlMsgBuilder, dev: NetDevice, srcNet: Net, o: IfinfoOptions): number {
  const header = IfInfoMsg.of({ type: dev.type, index: dev.ifindex, flags: devGetFlags(dev) >>> 0, change: o.change >>> 0 });
  const nlh = b.nlmsgPut(o.type, o.flags, o.seq, o.portid, header);
  if (o.tgtNetnsid >= 0) b.nlaPutS32(U.IFLA_TARGET_NETNSID, o.tgtNetnsid);
  putBasics(b, dev);
  putLimits(b, dev);
  putState(b, dev);
  if (o.event !== U.IFLA_EVENT_NONE) b.nlaPutU32(U.IFLA_EVENT, o.event);
  putAddresses(b, dev);
  putStats(b, dev);
  putXdp(b);
  putLinkinfo(links, b, dev);
  if (o.movedTo !== null) putMovedTo(b, srcNet, o.movedTo);
  putIflink(b, dev, srcNet);
  if (dev.permAddr.some((x) => x !== 0)) b.nlaPut(U.IFLA_PERM_ADDRESS, dev.permAddr.subarray(0, dev.addrLen));
  b.nlaPutString(U.IFLA_QDISC, dev.qdisc.kind);
  putAfSpec(links, b, dev, o.extFilterMask);
  b.nlaReserve(U.IFLA_MAP, IFMAP_LEN);
  putPropList(b, dev);
  b.nlaNestEnd(b.nlaNestStart(U.IFLA_DEVLINK_PORT));
  b.nlaNestEnd(b.nlaNestStart(U.IFLA_DPLL_PIN));
  return b.nlmsgEnd(nlh);
}

function putBasics(b: NlMsgBuilder, dev: NetDevice): void {
  b.nlaPutString(U.IFLA_IFNAME, dev.name);
  b.nlaPutU32(U.IFLA_TXQLEN, dev.txQueueLen);
  b.nlaPutU8(U.IFLA_OPERSTATE, dev.running() ? dev.operstate : U.IF_OPER_DOWN);
  b.nlaPutU8(U.IFLA_LINKMODE, dev.linkMode);
  b.nlaPutU8(U.IFLA_NETNS_IMMUTABLE, (dev.privFlags & IFF_NETNS_LOCAL) !== 0 ? 1 : 0);
  b.nlaPutU32(U.IFLA_MTU, dev.mtu);
  b.nlaPutU32(U.IFLA_MIN_MTU, dev.minMtu);
  b.nlaPutU32(U.IFLA_MAX_MTU, dev.maxMtu);
  b.nlaPutU32(U.IFLA_GROUP, dev.group);
  b.nlaPutU32(U.IFLA_PROMISCUITY, dev.promiscuity);
  b.nlaPutU32(U.IFLA_ALLMULTI, dev.allmulti);
  b.nlaPutU32(U.IFLA_NUM_TX_QUEUES, dev.numTxQueues);
}

function putLimits(b: NlMsgBuilder, dev: NetDevice): void {
  b.nlaPutU32(U.IFLA_GSO_MAX_SEGS, dev.gsoMaxSegs);
  b.nlaPutU32(U.IFLA_GSO_MAX_SIZE, dev.gsoMaxSize);
  b.nlaPutU32(U.IFLA_GRO_MAX_SIZE, dev.groMaxSize);
  b.nlaPutU32(U.IFLA_GSO_IPV4_MAX_SIZE, dev.gsoIpv4MaxSize);
  b.nlaPutU32(U.IFLA_GRO_IPV4_MAX_SIZE, dev.groIpv4MaxSize);
  b.nlaPutU32(U.IFLA_TSO_MAX_SIZE, dev.tsoMaxSize);
  b.nlaPutU32(U.IFLA_TSO_MAX_SEGS, dev.tsoMaxSegs);
  // No device here paces packets in hardware.
  b.nlaPutU32(U.IFLA_MAX_PACING_OFFLOAD_HORIZON, 0);
  b.nlaPutU32(U.IFLA_NUM_RX_QUEUES, dev.numRxQueues);
}

function putState(b: NlMsgBuilder, dev: NetDevice): void {
  if (dev.master !== null) b.nlaPutU32(U.IFLA_MASTER, dev.master.ifindex);
  b.nlaPutU8(U.IFLA_CARRIER, dev.carrierOk() ? 1 : 0);
  if (dev.ifalias !== '') b.nlaPutString(U.IFLA_IFALIAS, dev.ifalias);
  b.nlaPutU32(U.IFLA_CARRIER_CHANGES, dev.carrierUpCount + dev.carrierDownCount);
  b.nlaPutU32(U.IFLA_CARRIER_UP_COUNT, dev.carrierUpCount);
  b.nlaPutU32(U.IFLA_CARRIER_DOWN_COUNT, dev.carrierDownCount);
  b.nlaPutU16(U.IFLA_HEADROOM, dev.neededHeadroom);
  b.nlaPutU16(U.IFLA_TAILROOM, dev.neededTailroom);
  b.nlaPutU8(U.IFLA_PROTO_DOWN, dev.protoDown ? 1 : 0);
}

function putAddresses(b: NlMsgBuilder, dev: NetDevice): void {
  if (dev.addrLen === 0) return;
  b.nlaPut(U.IFLA_ADDRESS, dev.devAddr.subarray(0, dev.addrLen));
  b.nlaPut(U.IFLA_BROADCAST, dev.broadcast.subarray(0, dev.addrLen));
}

/** `dev_get_stats`, in 64 and in 32 bits. */
function putStats(b: NlMsgBuilder, dev: NetDevice): void {
  const stats = Float64Array.from(dev.stats);
  dev.ops.ndoGetStats64?.(dev, stats);
  const wide = b.nlaReserve(U.IFLA_STATS64, LINK_STATS_COUNT * 8);
  for (let i = 0; i < LINK_STATS_COUNT; i++) setLe64(b.buf, wide + 8 * i, stats[i]);
  const narrow = b.nlaReserve(U.IFLA_STATS, OLD_STATS_COUNT * 4);
  for (let i = 0; i < OLD_STATS_COUNT; i++) setLe32(b.buf, narrow + 4 * i, stats[i] % 0x1_0000_0000);
}

/** `rtnl_xdp_fill`: no program is attached. */
function putXdp(b: NlMsgBuilder): void {
  const nest = b.nlaNestStartNoflag(U.IFLA_XDP);
  b.nlaPutU8(U.IFLA_XDP_ATTACHED, U.XDP_ATTACHED_NONE);
  b.nlaNestEnd(nest);
}

/** `rtnl_link_fill`: the kind of the device and its data, the kind of its master and the data of the port. */
function putLinkinfo(links: RtnlLinks, b: NlMsgBuilder, dev: NetDevice): void {
  const masterKind = dev.master?.rtnlLinkOps?.kind ?? null;
  if (dev.rtnlLinkOps === null && masterKind === null) return;
  const nest = b.nlaNestStartNoflag(U.IFLA_LINKINFO);
  if (dev.rtnlLinkOps !== null) {
    const { kind, fillInfo } = dev.rtnlLinkOps;
    b.nlaPutString(U.IFLA_INFO_KIND, kind);
    if (fillInfo !== null) {
      const data = b.nlaNestStartNoflag(U.IFLA_INFO_DATA);
      fillInfo(dev, (type, value) => b.nlaPut(type, value));
      b.nlaNestEnd(data);
    }
  }
  if (dev.master !== null && masterKind !== null) putSlaveinfo(links, b, dev.master, masterKind, dev);
  b.nlaNestEnd(nest);
}

function putSlaveinfo(links: RtnlLinks, b: NlMsgBuilder, master: NetDevice, kind: string, dev: NetDevice): void {
  b.nlaPutString(U.IFLA_INFO_SLAVE_KIND, kind);
  const ops = links.slaveOps.get(kind);
  if (ops === undefined) return;
  const data = b.nlaNestStartNoflag(U.IFLA_INFO_SLAVE_DATA);
  ops.fillSlaveInfo(b, master, dev);
  b.nlaNestEnd(data);
}

function putMovedTo(b: NlMsgBuilder, srcNet: Net, to: { readonly net: Net; readonly ifindex: number }): void {
  b.nlaPutS32(U.IFLA_NEW_NETNSID, peernet2idAlloc(srcNet, to.net));
  b.nlaPutS32(U.IFLA_NEW_IFINDEX, to.ifindex);
}

/** `rtnl_fill_link_netnsid`, `nla_put_iflink`: the other end, when it is another device. */
function putIflink(b: NlMsgBuilder, dev: NetDevice, srcNet: Net): void {
  const linkNet = dev.rtnlLinkOps?.getLinkNet?.(dev) ?? dev.net;
  if (linkNet !== dev.net) b.nlaPutS32(U.IFLA_LINK_NETNSID, peernet2idAlloc(srcNet, linkNet));
  const iflink = dev.ops.ndoGetIflink === null ? dev.ifindex : dev.ops.ndoGetIflink(dev);
  if (linkNet !== dev.net || iflink !== dev.ifindex) b.nlaPutU32(U.IFLA_LINK, iflink);
}

function putAfSpec(links: RtnlLinks, b: NlMsgBuilder, dev: NetDevice, extFilterMask: number): void {
  const nest = b.nlaNestStartNoflag(U.IFLA_AF_SPEC);
  for (const ops of links.afOps) {
    if (ops.fillLinkAf === null) continue;
    const af = b.nlaNestStartNoflag(ops.family);
    if (ops.fillLinkAf(b, dev, extFilterMask) < 0) b.nlaNestCancel(af);
    else b.nlaNestEnd(af);
  }
  b.nlaNestEnd(nest);
}

/** `rtnl_fill_prop_list`: the alternative names. */
function putPropList(b: NlMsgBuilder, dev: NetDevice): void {
  if (dev.altnames.length === 0) return;
  const nest = b.nlaNestStart(U.IFLA_PROP_LIST);
  for (const name of dev.altnames) b.nlaPutString(U.IFLA_ALT_IFNAME, name);
  b.nlaNestEnd(nest);
}

/** An upper bound for the message of a device (`if_nlmsg_size`): names by their length, and room for all else. */
export function ifNlmsgSize(dev: NetDevice): number {
  return 3000 + dev.altnames.reduce((n, name) => n + 8 + strToBytes(name).length, dev.ifalias.length * 3);
}
