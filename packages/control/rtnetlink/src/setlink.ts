/** Changes a device as a message says (`do_setlink`), and RTM_SETLINK. */
import * as C from '@skbuff/core';
import type { NetDevice } from '@skbuff/core';
import { IfInfoMsg, nlaForEachNested, nlaGetU32, nlaParseNestedDeprecated, NlAttrs, type NetlinkExtAck, type NetlinkSkb, type NlMsgHdr, nlmsgParseDeprecated } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { iflaPolicy, xdpPolicy } from './ifla-policy.ts';
import { linkByIndexOrName } from './link-lookup.ts';
import { rtnlEnsureUniqueNetns, rtnlLinkGetNet } from './link-netns.ts';
import type { RtnlLinks } from './links.ts';
import { validateLinkmsg } from './validate-linkmsg.ts';

/** Something has been changed. */
const DO_SETLINK_MODIFIED = 1;
/** … that only a message of its own tells about. */
export const DO_SETLINK_NOTIFY = 3;

/** One request about one device. */
export interface SetlinkRequest {
  readonly links: RtnlLinks;
  readonly skb: NetlinkSkb;
  readonly dev: NetDevice;
  readonly ifm: IfInfoMsg;
  readonly tb: NlAttrs;
  readonly extack: NetlinkExtAck;
  /** DO_SETLINK_* so far. */
  status: number;
}

/** Makes one change: 0 or a negative errno. Does nothing when the message does not ask for it. */
type Step = (r: SetlinkRequest) => number;

/** RTM_SETLINK. */
export function rtnlSetlink(links: RtnlLinks, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(U.IFLA_MAX);
  const err = nlmsgParseDeprecated(nlh, IfInfoMsg.LEN, tb, iflaPolicy, extack) || rtnlEnsureUniqueNetns(tb, extack, false);
  if (err !== 0) return err;
  const ifm = new IfInfoMsg().read(nlh.buf, nlh.data);
  const dev = linkByIndexOrName(skb.net, ifm.index, tb);
  return typeof dev === 'number' ? dev : doSetlink({ links, skb, dev, ifm, tb, extack, status: 0 });
}

/**
 * `do_setlink`: all that the message asks for, in Linux's order. The first failure ends it; what has been done stays, and is
 * told.
 */
export function doSetlink(r: SetlinkRequest): number {
  let err = validateLinkmsg(r.links, r.dev, r.tb, r.extack);
  if (err !== 0) return err;
  for (const step of STEPS) {
    err = step(r);
    if (err < 0) break;
  }
  if ((r.status & DO_SETLINK_MODIFIED) === 0) return err;
  if ((r.status & DO_SETLINK_NOTIFY) === DO_SETLINK_NOTIFY) C.netdevStateChange(r.dev);
  if (err < 0) {
    r.dev.net.kernel.log(
      'A link change request failed with some changes committed already. ' +
        `Interface ${r.dev.name} may have been left with an inconsistent configuration, please check.`,
    );
  }
  return err;
}

/** A change that is not told by itself. */
function modified(r: SetlinkRequest, err: number): number {
  if (err >= 0) r.status |= DO_SETLINK_MODIFIED;
  return err;
}

function setNetns(r: SetlinkRequest): number {
  const { links, skb, dev, tb, extack } = r;
  if (!tb.has(U.IFLA_NET_NS_PID) && !tb.has(U.IFLA_NET_NS_FD) && !tb.has(U.IFLA_TARGET_NETNSID)) return 0;
  const net = rtnlLinkGetNet(links, skb, tb);
  if (typeof net === 'number') return net;
  if (net === dev.net) return 0;
  if ((dev.privFlags & C.IFF_NETNS_LOCAL) !== 0) {
    extack.setErrMsg('The interface netns is immutable');
    return -U.EINVAL;
  }
  if (tb.has(U.IFLA_NEW_IFINDEX) && tb.s32(U.IFLA_NEW_IFINDEX) !== dev.ifindex) return -U.EOPNOTSUPP;
  const { request } = links;
  links.request = null;
  links.moving = { net, ifindex: net.devByIndex.has(dev.ifindex) ? nextIndex(net) : dev.ifindex };
  const pattern = tb.has(U.IFLA_IFNAME) ? tb.string(U.IFLA_IFNAME) : null;
  const err = C.devChangeNetNamespace(dev, net, pattern);
  if (err === -U.EEXIST) extack.setErrMsg(whyTaken(dev, net, pattern));
  links.moving = null;
  links.request = request;
  return modified(r, err);
}

/** Which name of the device is another one's where it should go. */
function whyTaken(dev: C.NetDevice, net: C.Net, pattern: string | null): string {
  if (net.devByName.has(dev.name) && (pattern === null || net.devByName.has(pattern))) return 'An interface with the same name exists in the target netns';
  return `An interface with the altname ${dev.altnames.find((alt) => net.devByName.has(alt))} exists in the target netns`;
}

/** The index that a namespace will give out next. */
function nextIndex(net: C.Net): number {
  let index = net.ifindex + 1;
  while (net.devByIndex.has(index)) index++;
  return index;
}

function setMap(r: SetlinkRequest): number {
  return r.tb.has(U.IFLA_MAP) ? -U.EOPNOTSUPP : 0;
}

function setAddress(r: SetlinkRequest): number {
  const addr = r.tb.bytes(U.IFLA_ADDRESS);
  return addr === null ? 0 : modified(r, C.devSetMacAddress(r.dev, addr));
}

function setMtu(r: SetlinkRequest): number {
  return r.tb.has(U.IFLA_MTU) ? modified(r, C.devSetMtu(r.dev, r.tb.u32(U.IFLA_MTU) | 0, r.extack)) : 0;
}

function setGroup(r: SetlinkRequest): number {
  if (!r.tb.has(U.IFLA_GROUP)) return 0;
  C.devSetGroup(r.dev, r.tb.u32(U.IFLA_GROUP));
  r.status |= DO_SETLINK_NOTIFY;
  return 0;
}

/** A name beside an index is a new name. */
function setName(r: SetlinkRequest): number {
  const name = r.tb.string(U.IFLA_IFNAME);
  return r.ifm.index > 0 && name !== '' ? modified(r, C.devChangeName(r.dev, name)) : 0;
}

function setAlias(r: SetlinkRequest): number {
  if (!r.tb.has(U.IFLA_IFALIAS)) return 0;
  const err = C.devSetAlias(r.dev, r.tb.string(U.IFLA_IFALIAS));
  if (err === 0) r.status |= DO_SETLINK_NOTIFY;
  return err;
}

function setBroadcast(r: SetlinkRequest): number {
  const addr = r.tb.bytes(U.IFLA_BROADCAST);
  if (addr === null) return 0;
  r.dev.broadcast.set(addr.subarray(0, r.dev.addrLen));
  C.callNetdeviceNotifiers(C.NETDEV_CHANGEADDR, r.dev);
  return 0;
}

function setFlags(r: SetlinkRequest): number {
  if (r.ifm.flags === 0 && r.ifm.change === 0) return 0;
  return C.devChangeFlags(r.dev, rtnlDevCombineFlags(r.dev, r.ifm), r.extack);
}

/** `rtnl_dev_combine_flags`: a change mask of 0 stands for all flags. */
export function rtnlDevCombineFlags(dev: NetDevice, ifm: IfInfoMsg): number {
  if (ifm.change === 0) return ifm.flags;
  const modes = U.IFF_PROMISC | U.IFF_ALLMULTI;
  return (ifm.flags & ifm.change) | (((dev.flags & ~modes) | (dev.gflags & modes)) & ~ifm.change);
}

function setMaster(r: SetlinkRequest): number {
  return r.tb.has(U.IFLA_MASTER) ? modified(r, doSetMaster(r.dev, r.tb.u32(U.IFLA_MASTER))) : 0;
}

/** `do_set_master`: leaves the old master, joins the new one (0 = none). */
export function doSetMaster(dev: NetDevice, ifindex: number): number {
  const old = dev.master;
  if (old !== null) {
    if (old.ifindex === ifindex) return 0;
    const err = old.ops.ndoDelSlave === null ? -U.EOPNOTSUPP : old.ops.ndoDelSlave(old, dev);
    if (err !== 0) return err;
  }
  if (ifindex === 0) return 0;
  const master = dev.net.devGetByIndex(ifindex);
  if (master === null) return -U.EINVAL;
  return master.ops.ndoAddSlave === null ? -U.EOPNOTSUPP : master.ops.ndoAddSlave(master, dev);
}

function setCarrier(r: SetlinkRequest): number {
  return r.tb.has(U.IFLA_CARRIER) ? modified(r, C.devChangeCarrier(r.dev, r.tb.u8(U.IFLA_CARRIER) !== 0)) : 0;
}

function setTxqlen(r: SetlinkRequest): number {
  if (!r.tb.has(U.IFLA_TXQLEN) || r.tb.u32(U.IFLA_TXQLEN) === r.dev.txQueueLen) return 0;
  return modified(r, C.devChangeTxQueueLen(r.dev, r.tb.u32(U.IFLA_TXQLEN)));
}

function setLimits(r: SetlinkRequest): number {
  if (setLinkLimits(r.dev, r.tb)) r.status |= DO_SETLINK_MODIFIED;
  return 0;
}

/** GSO and GRO sizes of the message; whether there were any. A size that IPv4 can have too is set for IPv4 as well. */
export function setLinkLimits(dev: NetDevice, tb: NlAttrs): boolean {
  const had = [U.IFLA_GSO_MAX_SIZE, U.IFLA_GSO_MAX_SEGS, U.IFLA_GRO_MAX_SIZE, U.IFLA_GSO_IPV4_MAX_SIZE, U.IFLA_GRO_IPV4_MAX_SIZE].some((t) => tb.has(t));
  if (tb.has(U.IFLA_GSO_MAX_SIZE)) C.netifSetGsoMaxSize(dev, tb.u32(U.IFLA_GSO_MAX_SIZE));
  dev.gsoMaxSegs = tb.u32(U.IFLA_GSO_MAX_SEGS, dev.gsoMaxSegs);
  if (tb.has(U.IFLA_GRO_MAX_SIZE)) C.netifSetGroMaxSize(dev, tb.u32(U.IFLA_GRO_MAX_SIZE));
  dev.gsoIpv4MaxSize = tb.u32(U.IFLA_GSO_IPV4_MAX_SIZE, dev.gsoIpv4MaxSize);
  dev.groIpv4MaxSize = tb.u32(U.IFLA_GRO_IPV4_MAX_SIZE, dev.groIpv4MaxSize);
  return had;
}

function setState(r: SetlinkRequest): number {
  if (r.tb.has(U.IFLA_OPERSTATE)) C.setOperstate(r.dev, r.tb.u8(U.IFLA_OPERSTATE));
  const mode = r.tb.u8(U.IFLA_LINKMODE, r.dev.linkMode);
  if (mode !== r.dev.linkMode) r.status |= DO_SETLINK_NOTIFY;
  r.dev.linkMode = mode;
  return 0;
}

const INT_MAX = 0x7fffffff;

/** `do_setvfinfo` of the first wish about a function, of whose attributes each begins with its number; a list of none is no wish. */
function setVfinfo(buf: Uint8Array, info: number): number {
  return nlaForEachNested(buf, info, (attr, type) => (type !== U.IFLA_VF_VLAN_LIST && nlaGetU32(buf, attr) >= INT_MAX ? -U.EINVAL : -U.EOPNOTSUPP));
}

/** Virtual functions and their ports are hardware's. */
function setVf(r: SetlinkRequest): number {
  const list = r.tb.at(U.IFLA_VFINFO_LIST);
  const err = list < 0 ? 0 : nlaForEachNested(r.tb.buf, list, (info) => setVfinfo(r.tb.buf, info));
  if (err !== 0) return err;
  return r.tb.has(U.IFLA_VF_PORTS) || r.tb.has(U.IFLA_PORT_SELF) ? -U.EOPNOTSUPP : 0;
}

function setAfSpec(r: SetlinkRequest): number {
  const nest = r.tb.at(U.IFLA_AF_SPEC);
  if (nest < 0) return 0;
  return nlaForEachNested(r.tb.buf, nest, (attr, family) => {
    const ops = r.links.afOps.find((af) => af.family === family);
    if (ops === undefined || ops.setLinkAf === null) return -U.EOPNOTSUPP;
    const err = ops.setLinkAf(r.dev, r.tb.buf, attr, r.extack);
    if (err === 0) r.status |= DO_SETLINK_NOTIFY;
    return err;
  });
}

function setProtoDown(r: SetlinkRequest): number {
  if (!r.tb.has(U.IFLA_PROTO_DOWN) && !r.tb.has(U.IFLA_PROTO_DOWN_REASON)) return 0;
  r.extack.setErrMsg('Protodown not supported by device');
  return -U.EOPNOTSUPP;
}

/** What only the kernel says is refused; there are no BPF programs to attach, so that there is none to take away either. */
function setXdp(r: SetlinkRequest): number {
  const nest = r.tb.at(U.IFLA_XDP);
  if (nest < 0) return 0;
  const tb = new NlAttrs(U.IFLA_XDP_MAX);
  const err = nlaParseNestedDeprecated(tb, r.tb.buf, nest, xdpPolicy, null);
  if (err < 0) return err;
  if (tb.has(U.IFLA_XDP_ATTACHED) || tb.has(U.IFLA_XDP_PROG_ID)) return -U.EINVAL;
  const flags = tb.u32(U.IFLA_XDP_FLAGS);
  const modes = flags & U.XDP_FLAGS_MODES;
  if ((flags & ~U.XDP_FLAGS_MASK) !== 0 || (modes & (modes - 1)) !== 0) return -U.EINVAL;
  if (!tb.has(U.IFLA_XDP_FD)) return 0;
  if ((flags & U.XDP_FLAGS_REPLACE) !== 0 && !tb.has(U.IFLA_XDP_EXPECTED_FD)) return -U.EINVAL;
  return tb.s32(U.IFLA_XDP_FD) < 0 ? 0 : -U.EOPNOTSUPP;
}

const STEPS: readonly Step[] = [
  setNetns,
  setMap,
  setAddress,
  setMtu,
  setGroup,
  setName,
  setAlias,
  setBroadcast,
  setFlags,
  setMaster,
  setCarrier,
  setTxqlen,
  setLimits,
  setState,
  setVf,
  setAfSpec,
  setProtoDown,
  setXdp,
];
