/** The loopback device (`drivers/net/loopback.c`): what is sent on it is received on it. */
import {
  allocNetdev,
  defaultEthtoolOps,
  type EthtoolOps,
  ethtoolOpGetLink,
  ethMacAddr,
  GSO_MAX_SIZE,
  IFF_LIVE_ADDR_CHANGE,
  IFF_NETNS_LOCAL,
  IFF_NO_QUEUE,
  type Net,
  NET_RX_SUCCESS,
  type NetDevice,
  type NetDeviceOps,
  netdevOpsDefaults,
  NETDEV_TX_OK,
  NETIF_F_FRAGLIST,
  NETIF_F_GSO,
  NETIF_F_GSO_SOFTWARE,
  NETIF_F_HIGHDMA,
  NETIF_F_HW_CSUM,
  NETIF_F_SG,
  NETIF_F_MORE_GSO_SOFTWARE,
  NETIF_F_MORE_LOOPBACK,
  NETIF_F_MORE_RXCSUM,
  NETIF_F_MORE_SCTP_CRC,
  NETIF_F_VLAN_CHALLENGED,
  netifSetTsoMaxSize,
  registerNetdevice,
  RX_BYTES,
  RX_PACKETS,
  type SkBuff,
  freeNetdev,
  TX_BYTES,
  TX_PACKETS,
  unregisterNetdevice,
} from '@skbuff/core';
import { ethHeaderOps, ethTypeTrans } from '@skbuff/ethernet';
import { ARPHRD_LOOPBACK, ETH_ALEN, ETH_HLEN, IFF_LOOPBACK, SOF_TIMESTAMPING_TX_SOFTWARE, NET_NAME_PREDICTABLE } from '@skbuff/uapi';

/** The first index of every namespace. */
export const LOOPBACK_IFINDEX = 1;
/** Bytes: an IP packet of any length fits. */
const LOOPBACK_MTU = 64 * 1024;

/** `loopback_xmit`. Checksums are left undone: nothing on the way can spoil the packet. Bytes are counted without the header. */
export function loopbackXmit(skb: SkBuff, dev: NetDevice): number {
  skb.tstamp = 0;
  if (skb.destructor !== null || skb.sk !== null) skb.orphan();
  // The route stays: it is what the packet is received by.
  skb.dstForce();
  skb.protocol = ethTypeTrans(skb, dev);
  const len = skb.len;
  if (dev.net.softnet.netifRxSoftirq(skb) === NET_RX_SUCCESS) {
    const { stats } = dev;
    stats[TX_PACKETS]++;
    stats[TX_BYTES] += len;
    stats[RX_PACKETS]++;
    stats[RX_BYTES] += len;
  }
  return NETDEV_TX_OK;
}

export const loopbackOps: NetDeviceOps = {
  ...netdevOpsDefaults,
  ndoStartXmit: loopbackXmit,
  ndoSetMacAddress: ethMacAddr,
};

/** `loopback_ethtool_ops`. */
const loopbackEthtoolOps: EthtoolOps = { ...defaultEthtoolOps, getLink: ethtoolOpGetLink, getTsInfo: () => SOF_TIMESTAMPING_TX_SOFTWARE };

/** `loopback_setup`. */
export function loopbackSetup(dev: NetDevice): void {
  dev.mtu = LOOPBACK_MTU;
  dev.hardHeaderLen = ETH_HLEN;
  dev.minHeaderLen = ETH_HLEN;
  dev.addrLen = ETH_ALEN;
  dev.type = ARPHRD_LOOPBACK;
  dev.flags = IFF_LOOPBACK;
  dev.privFlags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE | IFF_NETNS_LOCAL;
  dev.txQueueLen = 1000;
  dev.hwFeatures = NETIF_F_GSO | NETIF_F_GSO_SOFTWARE;
  dev.features = dev.hwFeatures | NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA | NETIF_F_VLAN_CHALLENGED;
  dev.lltx = true;
  netifSetTsoMaxSize(dev, GSO_MAX_SIZE);
  dev.moreHwFeatures = NETIF_F_MORE_GSO_SOFTWARE;
  dev.moreFeatures = NETIF_F_MORE_GSO_SOFTWARE | NETIF_F_MORE_RXCSUM | NETIF_F_MORE_SCTP_CRC | NETIF_F_MORE_LOOPBACK;
  dev.ethtoolOps = loopbackEthtoolOps;
  dev.headerOps = ethHeaderOps;
  dev.privDestructor = loopbackDevFree;
}

/** `loopback_net_init`: `lo` of a new namespace. -EBUSY if index 1 is taken. */
export function loopbackNetInit(net: Net): number {
  const dev = allocNetdev(net, { name: 'lo', setup: loopbackSetup, ops: loopbackOps });
  dev.ifindex = LOOPBACK_IFINDEX;
  dev.nameAssignType = NET_NAME_PREDICTABLE;
  const err = registerNetdevice(dev);
  if (err === 0) net.loopbackDev = dev;
  else freeNetdev(dev);
  return err;
}

/** The namespace dies, or the package is unloaded. Routes that still hold the device are waited for. */
export function loopbackNetExit(net: Net): void {
  if (net.loopbackDev !== null) unregisterNetdevice(net.loopbackDev);
}

/** `loopback_dev_free`. */
function loopbackDevFree(dev: NetDevice): void {
  dev.net.loopbackDev = null;
}
