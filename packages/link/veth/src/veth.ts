/**
 * Virtual Ethernet pairs (`drivers/net/veth.c`): what one end sends, the other receives, in its own namespace.
 *
 *     devQueueXmit → vethXmit → (scrub, eth_type_trans) → netif_rx of the peer
 *
 * With GRO on the receiving end (`ethtool -K NAME gro on`) frames wait in a ring instead, and a NAPI poll takes them (veth-napi).
 *
 * Sending is the receive path of the peer: the sk_buff goes over as it is, with an unfinished checksum (CHECKSUM_PARTIAL) and as
 * one super-packet (GSO), because a wire that is a pointer cannot spoil it.
 */
import {
  allocNetdevMqs,
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  ethMacAddr,
  freeNetdev,
  GSO_MAX_SIZE,
  IFF_LIVE_ADDR_CHANGE,
  IFF_NO_QUEUE,
  IFF_TX_SKB_SHARING,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  NET_XMIT_DROP,
  type Net,
  type NetDevice,
  type NetDeviceOps,
  NETDEV_TX_OK,
  NETIF_F_ALL_TSO,
  NETIF_F_FRAGLIST,
  NETIF_F_GRO,
  NETIF_F_GSO,
  NETIF_F_GSO_SOFTWARE,
  NETIF_F_HIGHDMA,
  NETIF_F_HW_CSUM,
  NETIF_F_HW_VLAN_CTAG_RX,
  NETIF_F_HW_VLAN_CTAG_TX,
  NETIF_F_MORE_GSO_ENCAP_ALL,
  NETIF_F_MORE_GSO_SOFTWARE,
  NETIF_F_MORE_HW_VLAN_STAG_RX,
  NETIF_F_MORE_HW_VLAN_STAG_TX,
  NETIF_F_MORE_RXCSUM,
  NETIF_F_MORE_SCTP_CRC,
  NETIF_F_SG,
  netdevOpsDefaults,
  netdevUpdateFeatures,
  netifCarrierOff,
  netifCarrierOn,
  netifSetRealNumRxQueues,
  netifSetRealNumTxQueues,
  netifSetTsoMaxSize,
  registerNetdevice,
  RX_BYTES,
  RX_DROPPED,
  RX_PACKETS,
  type RtnlLinkOps,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_HDR_TRUNC,
  SKB_DROP_REASON_PKT_TOO_BIG,
  skbScrubPacket,
  type SkBuff,
  TX_BYTES,
  TX_DROPPED,
  TX_PACKETS,
  unregisterNetdevice,
} from '@skbuff/core';
import { ethHwAddrRandomIfUnset, etherSetup, ethTypeTrans, ethValidateAddr, VLAN_HLEN } from '@skbuff/ethernet';
import { ENOTCONN, ETH_HLEN, ETH_MAX_MTU, IFF_UP, NET_ADDR_SET } from '@skbuff/uapi';
import { vethEthtoolOps } from './veth-ethtool.ts';
import { VethRq, vethCount } from './veth-napi.ts';

/** `struct veth_priv`. */
export class VethPriv {
  /** The other end; null before it exists and after it went. */
  peer: NetDevice | null = null;
  /** The other end, while it takes frames through the backlog; null: there is none, or it polls for them. */
  wire: NetDevice | null = null;
  /** Frames that wait for the poll, while this end has GRO; else null. */
  rq: VethRq | null = null;
}

/** The other end of a veth, or null. */
export function vethPeer(dev: NetDevice): NetDevice | null {
  return (dev.priv as VethPriv).peer;
}

/** `veth_xmit`: NETDEV_TX_OK, or NET_XMIT_DROP; the sk_buff is gone either way. Called with bottom halves disabled. */
export function vethXmit(skb: SkBuff, dev: NetDevice): number {
  const peer = (dev.priv as VethPriv).wire;
  const length = skb.len;
  if (peer === null) return vethXmitSlow(skb, dev);
  if (length - skb.dataLen < ETH_HLEN && !skb.mayPull(ETH_HLEN)) skb.kfree(SKB_DROP_REASON_HDR_TRUNC);
  else if (devForwardSkb(peer, skb) === NET_RX_SUCCESS) {
    // As vethCount does: as a call it costs every frame 5 %.
    const sent = dev.stats;
    sent[TX_PACKETS]++;
    sent[TX_BYTES] += length;
    const received = peer.stats;
    received[RX_PACKETS]++;
    received[RX_BYTES] += length;
    return NETDEV_TX_OK;
  }
  dev.stats[TX_DROPPED]++;
  return NET_XMIT_DROP;
}

/** There is no other end, or it polls. Frames of a sender that hands over super-packets need no GRO: they take the other way. */
function vethXmitSlow(skb: SkBuff, dev: NetDevice): number {
  const { peer } = dev.priv as VethPriv;
  const { rq } = (peer?.priv as VethPriv | undefined) ?? { rq: null };
  const { len } = skb;
  const gro = (dev.features & NETIF_F_ALL_TSO) === 0;
  if (peer === null || rq === null) skb.kfree(SKB_DROP_REASON_DEV_READY);
  else if (!skb.mayPull(ETH_HLEN)) skb.kfree(SKB_DROP_REASON_HDR_TRUNC);
  else if (gro ? forwardToRq(peer, rq, skb) : devForwardSkb(peer, skb) === NET_RX_SUCCESS) {
    if (!gro) vethCount(dev, peer, len);
    return NETDEV_TX_OK;
  }
  dev.stats[TX_DROPPED]++;
  return NET_XMIT_DROP;
}

function forwardToRq(dev: NetDevice, rq: VethRq, skb: SkBuff): boolean {
  return forwardSkb(dev, skb) && rq.receive(skb);
}

/**
 * `dev_forward_skb`: gives a frame that is being sent to another device as received. NET_RX_SUCCESS or NET_RX_DROP (counted in
 * `rx_dropped` of `dev`: it is down, the frame is longer than its MTU, or the backlog is full). The sk_buff is gone either way.
 */
export function devForwardSkb(dev: NetDevice, skb: SkBuff): number {
  return forwardSkb(dev, skb) ? dev.net.softnet.netifRxSoftirq(skb) : NET_RX_DROP;
}

/** `__dev_forward_skb`: makes a frame that is being sent one that was received; false: it was dropped. */
function forwardSkb(dev: NetDevice, skb: SkBuff): boolean {
  if ((dev.flags & IFF_UP) === 0) return forwardDrop(dev, skb, SKB_DROP_REASON_DEV_READY);
  if (skb.len > dev.mtu + dev.hardHeaderLen + VLAN_HLEN && skb.shinfo.gsoSize === 0) {
    return forwardDrop(dev, skb, SKB_DROP_REASON_PKT_TOO_BIG);
  }
  skbScrubPacket(skb, dev.net !== (skb.dev as NetDevice).net);
  skb.priority = 0;
  skb.protocol = ethTypeTrans(skb, dev);
  // The device's sum covered the header that was just pulled.
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  return true;
}

function forwardDrop(dev: NetDevice, skb: SkBuff, reason: number): false {
  dev.stats[RX_DROPPED]++;
  skb.kfree(reason);
  return false;
}

/** `veth_open`: there is carrier when both ends are up. -ENOTCONN without a peer. */
function vethOpen(dev: NetDevice): number {
  const { peer } = dev.priv as VethPriv;
  if (peer === null) return -ENOTCONN;
  if ((dev.features & NETIF_F_GRO) !== 0) vethNapiEnable(dev);
  if ((peer.flags & IFF_UP) !== 0) {
    netifCarrierOn(dev);
    netifCarrierOn(peer);
  }
  return 0;
}

/** `veth_close`. */
function vethClose(dev: NetDevice): number {
  const { peer } = dev.priv as VethPriv;
  netifCarrierOff(dev);
  if (peer !== null) netifCarrierOff(peer);
  vethNapiDel(dev);
  return 0;
}

/** `veth_set_features`: GRO needs a poll, and the poll is there for GRO only. */
function vethSetFeatures(dev: NetDevice, features: number): number {
  const { peer } = dev.priv as VethPriv;
  if (((dev.features ^ features) & NETIF_F_GRO) === 0 || (dev.flags & IFF_UP) === 0 || peer === null) return 0;
  if ((features & NETIF_F_GRO) !== 0) vethNapiEnable(dev);
  else vethNapiDel(dev);
  return 0;
}

/** `veth_napi_enable`. */
function vethNapiEnable(dev: NetDevice): void {
  const priv = dev.priv as VethPriv;
  priv.rq ??= new VethRq(dev, priv);
  if (priv.peer !== null) (priv.peer.priv as VethPriv).wire = null;
}

/** `veth_napi_del`. */
function vethNapiDel(dev: NetDevice): void {
  const priv = dev.priv as VethPriv;
  priv.rq?.remove();
  priv.rq = null;
  if (priv.peer !== null) (priv.peer.priv as VethPriv).wire = dev;
}

/** `veth_get_iflink`: the number of the other end, in the other end's namespace. */
function vethGetIflink(dev: NetDevice): number {
  return (dev.priv as VethPriv).peer?.ifindex ?? 0;
}

export const vethOps: NetDeviceOps = {
  ...netdevOpsDefaults,
  ndoInit: ethHwAddrRandomIfUnset,
  ndoUninit: vethUnpair,
  ndoOpen: vethOpen,
  ndoStop: vethClose,
  // Takes every frame; that it has this says that groups may be joined on it.
  ndoSetRxMode() {},
  ndoStartXmit: vethXmit,
  ndoSetMacAddress: ethMacAddr,
  ndoValidateAddr: ethValidateAddr,
  ndoSetFeatures: vethSetFeatures,
  ndoGetIflink: vethGetIflink,
};

const VETH_FEATURES =
  NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA | NETIF_F_GSO | NETIF_F_GSO_SOFTWARE | NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX;

const VETH_MORE_FEATURES =
  NETIF_F_MORE_RXCSUM | NETIF_F_MORE_SCTP_CRC | NETIF_F_MORE_GSO_SOFTWARE | NETIF_F_MORE_GSO_ENCAP_ALL | NETIF_F_MORE_HW_VLAN_STAG_TX | NETIF_F_MORE_HW_VLAN_STAG_RX;

/** `veth_setup`. */
export function vethSetup(dev: NetDevice): void {
  etherSetup(dev);
  dev.maxMtu = ETH_MAX_MTU;
  dev.privFlags &= ~IFF_TX_SKB_SHARING;
  dev.privFlags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
  dev.ops = vethOps;
  dev.ethtoolOps = vethEthtoolOps;
  dev.priv = new VethPriv();
  dev.lltx = true;
  netifSetTsoMaxSize(dev, GSO_MAX_SIZE);
  dev.features = VETH_FEATURES;
  dev.hwFeatures = VETH_FEATURES;
  dev.hwEncFeatures = VETH_FEATURES;
  dev.moreFeatures = VETH_MORE_FEATURES;
  dev.moreHwFeatures = VETH_MORE_FEATURES;
  dev.vlanFeatures = VETH_FEATURES & ~(NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX);
}

/** Registers `dev` and connects it with `peer`, which is registered. An errno leaves `peer` alone and `dev` unregistered. */
export function vethRegister(dev: NetDevice, peer: NetDevice): number {
  vethDisableGro(peer);
  netifCarrierOff(peer);
  const err = registerNetdevice(dev);
  if (err !== 0) return err;
  netifCarrierOff(dev);
  const priv = dev.priv as VethPriv;
  const peerPriv = peer.priv as VethPriv;
  priv.peer = priv.wire = peer;
  peerPriv.peer = peerPriv.wire = dev;
  vethDisableGro(dev);
  return 0;
}

/** `veth_disable_gro`: off until the user wants it. */
function vethDisableGro(dev: NetDevice): void {
  dev.features &= ~NETIF_F_GRO;
  dev.wantedFeatures &= ~NETIF_F_GRO;
  netdevUpdateFeatures(dev);
}

/** Both ends forget each other. */
export function vethUnpair(dev: NetDevice): void {
  const priv = dev.priv as VethPriv;
  if (priv.peer !== null) {
    const other = priv.peer.priv as VethPriv;
    other.peer = null;
    other.wire = null;
  }
  priv.peer = null;
  priv.wire = null;
}

export interface VethCreateOptions {
  /** Six bytes each; default: by chance. */
  readonly address?: Uint8Array;
  readonly peerAddress?: Uint8Array;
  /** Bytes, 68 to 65535, of both ends; default 1500. */
  readonly mtu?: number;
}

export interface VethPair {
  readonly dev: NetDevice;
  readonly peer: NetDevice;
}

/** `veth_get_num_queues`: as many as there may be CPUs. */
export function vethGetNumQueues(net: Net): number {
  return net.softnet.nrCpus;
}

/** `veth_init_queues`: more than one each way is in use only if the user asked for a number; ethtool can change that. */
export function vethInitQueues(dev: NetDevice, askedTx: boolean, askedRx: boolean): void {
  if (!askedTx) netifSetRealNumTxQueues(dev, 1);
  if (!askedRx) netifSetRealNumRxQueues(dev, 1);
}

/** One end as {@link vethCreate} makes it; the device is not registered. */
export function vethAlloc(net: Net, name: string, linkOps: RtnlLinkOps, address: Uint8Array | undefined, mtu: number | undefined): NetDevice {
  const queues = vethGetNumQueues(net);
  const dev = allocNetdevMqs(net, { name, setup: vethSetup, ops: vethOps, txqs: queues, rxqs: queues });
  vethInitQueues(dev, false, false);
  dev.rtnlLinkOps = linkOps;
  if (address !== undefined) {
    dev.devAddr.set(address);
    dev.addrAssignType = NET_ADDR_SET;
  }
  if (mtu !== undefined) dev.mtu = mtu;
  return dev;
}

/** Registers both, the peer first as Linux does. An errno leaves neither. */
export function vethRegisterPair(dev: NetDevice, peer: NetDevice): number {
  let err = registerNetdevice(peer);
  if (err !== 0) {
    freeNetdev(peer);
    freeNetdev(dev);
    return err;
  }
  err = vethRegister(dev, peer);
  if (err === 0) return 0;
  freeNetdev(dev);
  unregisterNetdevice(peer);
  return err;
}
