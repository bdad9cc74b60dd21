/** Makes devices for RTM_NEWLINK (`rtnl_newlink_create`, `rtnl_create_link`, `rtnl_configure_link`). */
import * as C from '@skbuff/core';
import type { Net, NetDevice, NetDeviceOps, NlaRange, RtnlLinkOps, SkBuff } from '@skbuff/core';
import type { IfInfoMsg, NetlinkExtAck, NlAttrs } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { rtmsgIfinfo } from './link-notify.ts';
import { rtnlLinkGetNet } from './link-netns.ts';
import type { RtnlLinks } from './links.ts';
import { linkName, nameAssignType, newlinkParams, type NewlinkRequest, parsePeer } from './newlink-request.ts';
import { doSetMaster, rtnlDevCombineFlags, setLinkLimits } from './setlink.ts';
import { validateLinkmsg } from './validate-linkmsg.ts';

const MAX_QUEUES = 4096;

/** Until the kind's `setup` has given the device its own. */
const noOps: NetDeviceOps = {
  ...C.netdevOpsDefaults,
  ndoStartXmit(skb: SkBuff) {
    skb.kfree(C.SKB_DROP_REASON_DEV_READY);
    return C.NETDEV_TX_OK;
  },
};

/** `rtnl_newlink_create`. A failure leaves nothing behind. */
export function createLink(r: NewlinkRequest, ops: RtnlLinkOps): number {
  const { links, tb, ifm } = r;
  const dev = allocLink(links, r.net, linkName(tb, `${ops.kind}%d`), ops, tb, r.extack);
  if (typeof dev === 'number') return dev;
  dev.ifindex = ifm.index;
  links.initializing.add(dev);
  const params = newlinkParams(r, (peerOps, peer, name) => createPeer(r, peerOps, peer, name));
  const err = ops.newlink === null ? C.registerNetdevice(dev) : ops.newlink(dev, params);
  if (err < 0) {
    links.initializing.delete(dev);
    C.freeNetdev(dev);
    return err;
  }
  return finishLink(r, dev, ops);
}

/** Flags, the message to the listeners, the master; what fails here takes the device away again. */
function finishLink(r: NewlinkRequest, dev: NetDevice, ops: RtnlLinkOps): number {
  let err = configureLink(r.links, dev, r.ifm, { skb: r.skb, nlh: r.nlh });
  if (err >= 0 && r.tb.has(U.IFLA_MASTER)) err = doSetMaster(dev, r.tb.u32(U.IFLA_MASTER));
  if (err >= 0) return 0;
  const doomed: NetDevice[] = [];
  if (ops.dellink === null) doomed.push(dev);
  else ops.dellink(dev, doomed);
  C.unregisterNetdeviceMany(doomed);
  return err;
}

/** `rtnl_create_link`: a device that is not registered yet, with all that the message says about it, or a negative errno. */
function allocLink(links: RtnlLinks, net: Net, name: string, ops: RtnlLinkOps, tb: NlAttrs, extack: NetlinkExtAck): NetDevice | number {
  const queues = ops.getNumQueues?.(net) ?? 1;
  const txqs = tb.u32(U.IFLA_NUM_TX_QUEUES, queues);
  const rxqs = tb.u32(U.IFLA_NUM_RX_QUEUES, queues);
  if (txqs < 1 || txqs > MAX_QUEUES) return refuse(extack, 'Invalid number of transmit queues');
  if (rxqs < 1 || rxqs > MAX_QUEUES) return refuse(extack, 'Invalid number of receive queues');
  const dev = C.allocNetdevMqs(net, { name, setup: ops.setup, ops: noOps, txqs, rxqs });
  dev.rtnlLinkOps = ops;
  dev.nameAssignType = nameAssignType(tb);
  let err = validateLinkmsg(links, dev, tb, extack);
  if (err === 0 && tb.has(U.IFLA_MTU)) err = C.devValidateMtu(dev, tb.u32(U.IFLA_MTU) | 0, extack);
  if (err !== 0) {
    C.freeNetdev(dev);
    return err;
  }
  applyAttributes(dev, tb);
  return dev;
}

function refuse(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -U.EINVAL;
}

function applyAttributes(dev: NetDevice, tb: NlAttrs): void {
  dev.mtu = tb.u32(U.IFLA_MTU, dev.mtu);
  const address = tb.bytes(U.IFLA_ADDRESS);
  if (address !== null) {
    dev.devAddr.set(address.subarray(0, dev.addrLen));
    dev.addrAssignType = U.NET_ADDR_SET;
  }
  const broadcast = tb.bytes(U.IFLA_BROADCAST);
  if (broadcast !== null) dev.broadcast.set(broadcast.subarray(0, dev.addrLen));
  dev.txQueueLen = tb.u32(U.IFLA_TXQLEN, dev.txQueueLen);
  if (tb.has(U.IFLA_OPERSTATE)) C.setOperstate(dev, tb.u8(U.IFLA_OPERSTATE));
  dev.linkMode = tb.u8(U.IFLA_LINKMODE, dev.linkMode);
  dev.group = tb.u32(U.IFLA_GROUP, dev.group);
  setLinkLimits(dev, tb);
}

/** `rtnl_configure_link`: flags, then the one message that tells about the new device. */
function configureLink(links: RtnlLinks, dev: NetDevice, ifm: IfInfoMsg | null, request: RtnlLinks['request']): number {
  let told = false;
  const tell = (): void => {
    if (told) return;
    told = true;
    links.initializing.delete(dev);
    links.request = request;
    rtmsgIfinfo(links, U.RTM_NEWLINK, dev, C.RTNL_CHANGE_ALL);
    links.request = null;
  };
  links.onFirstChange = { dev, tell };
  const wanted = ifm !== null && (ifm.flags !== 0 || ifm.change !== 0);
  const err = wanted ? C.devChangeFlags(dev, rtnlDevCombineFlags(dev, ifm)) : 0;
  links.onFirstChange = null;
  if (err < 0) {
    links.initializing.delete(dev);
    return err;
  }
  tell();
  return 0;
}

/**
 * The other end of a pair: made, registered without carrier, and told about, from the message nested in the request; without
 * one it takes after the request itself, under a name of its own. It may be in another namespace.
 */
function createPeer(r: NewlinkRequest, ops: RtnlLinkOps, range: NlaRange | null, pattern: string): NetDevice | number {
  const peer = parsePeer(range, r.extack);
  if (typeof peer === 'number') return peer;
  const net = peer !== null && hasNetns(peer.tb) ? rtnlLinkGetNet(r.links, r.skb, peer.tb) : (r.linkNet ?? r.skb.net);
  if (typeof net === 'number') return net;
  const name = peer === null ? pattern : linkName(peer.tb, pattern);
  const dev = allocLink(r.links, net, name, ops, peer === null ? r.tb : peer.tb, r.extack);
  if (typeof dev === 'number') return dev;
  if (peer !== null) dev.ifindex = peer.ifm.index;
  else dev.devAddr.fill(0); // The address in the request is the other end's; the driver gives this one its own.
  return registerPeer(r.links, dev, peer === null ? null : peer.ifm);
}

function hasNetns(tb: NlAttrs): boolean {
  return tb.has(U.IFLA_NET_NS_PID) || tb.has(U.IFLA_NET_NS_FD) || tb.has(U.IFLA_TARGET_NETNSID);
}

function registerPeer(links: RtnlLinks, dev: NetDevice, ifm: IfInfoMsg | null): NetDevice | number {
  links.initializing.add(dev);
  let err = C.registerNetdevice(dev);
  if (err < 0) {
    links.initializing.delete(dev);
    C.freeNetdev(dev);
    return err;
  }
  C.netifCarrierOff(dev);
  err = configureLink(links, dev, ifm, null);
  if (err >= 0) return dev;
  C.unregisterNetdevice(dev);
  return err;
}
