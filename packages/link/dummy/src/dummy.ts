/** The dummy device (`drivers/net/dummy.c`): it accepts every packet, counts it and throws it away. */
import {
  defaultEthtoolOps,
  type EthtoolOps,
  ethMacAddr,
  GSO_MAX_SIZE,
  IFF_LIVE_ADDR_CHANGE,
  IFF_NO_QUEUE,
  type NetDevice,
  type NetDeviceOps,
  NETDEV_TX_OK,
  NETIF_F_FRAGLIST,
  NETIF_F_GSO,
  NETIF_F_GSO_SOFTWARE,
  NETIF_F_HIGHDMA,
  NETIF_F_HW_CSUM,
  NETIF_F_MORE_GSO_ENCAP_ALL,
  NETIF_F_MORE_GSO_SOFTWARE,
  NETIF_F_SG,
  netdevOpsDefaults,
  netifCarrierOff,
  netifCarrierOn,
  netifSetTsoMaxSize,
  type RtnlLinkOps,
  type SkBuff,
  TX_BYTES,
  TX_PACKETS,
} from '@skbuff/core';
import { ethHwAddrRandomIfUnset, etherSetup, ethValidateAddr, ethValidateLink } from '@skbuff/ethernet';
import { IFF_MULTICAST, IFF_NOARP, SOF_TIMESTAMPING_TX_SOFTWARE } from '@skbuff/uapi';

/** `dummy_xmit`. Not a loss: the packet went where it was sent. */
export function dummyXmit(skb: SkBuff, dev: NetDevice): number {
  dev.stats[TX_PACKETS]++;
  dev.stats[TX_BYTES] += skb.len;
  skb.consume();
  return NETDEV_TX_OK;
}

/** `dummy_change_carrier`. */
function dummyChangeCarrier(dev: NetDevice, on: boolean): number {
  if (on) netifCarrierOn(dev);
  else netifCarrierOff(dev);
  return 0;
}

export const dummyOps: NetDeviceOps = {
  ...netdevOpsDefaults,
  ndoInit: ethHwAddrRandomIfUnset,
  ndoStartXmit: dummyXmit,
  // Takes every frame; that it has this says that groups may be joined on it.
  ndoSetRxMode() {},
  ndoValidateAddr: ethValidateAddr,
  ndoSetMacAddress: ethMacAddr,
  ndoChangeCarrier: dummyChangeCarrier,
};

/** `dummy_ethtool_ops`. */
const dummyEthtoolOps: EthtoolOps = { ...defaultEthtoolOps, getTsInfo: () => SOF_TIMESTAMPING_TX_SOFTWARE };

/** `dummy_setup`. */
export function dummySetup(dev: NetDevice): void {
  etherSetup(dev);
  dev.ops = dummyOps;
  dev.ethtoolOps = dummyEthtoolOps;
  dev.flags |= IFF_NOARP;
  dev.flags &= ~IFF_MULTICAST;
  dev.privFlags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
  dev.lltx = true;
  netifSetTsoMaxSize(dev, GSO_MAX_SIZE);
  dev.features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_GSO | NETIF_F_GSO_SOFTWARE | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA;
  dev.moreFeatures = NETIF_F_MORE_GSO_SOFTWARE | NETIF_F_MORE_GSO_ENCAP_ALL;
  dev.hwFeatures = dev.features;
  dev.moreHwFeatures = dev.moreFeatures;
  dev.hwEncFeatures = dev.features;
  dev.minMtu = 0;
  dev.maxMtu = 0;
}

export const dummyLinkOps: RtnlLinkOps = {
  kind: 'dummy',
  setup: dummySetup,
  validate: ethValidateLink,
  newlink: null,
  changelink: null,
  dellink: null,
  fillInfo: null,
  getLinkNet: null,
};
