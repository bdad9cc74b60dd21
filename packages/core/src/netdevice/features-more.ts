/**
 * The features that no path of the stack asks for: drivers set them and the user switches them, and that is all (`NETIF_F_*` beyond those of
 * features.ts; the numbers are ours, because the kernel's do not fit into one word).
 */
import { IFF_LOOPBACK } from '@skbuff/uapi';
import type { NetDevice } from './netdevice.ts';

export const NETIF_F_MORE_GSO_GRE: number = 1 << 0;
export const NETIF_F_MORE_GSO_GRE_CSUM: number = 1 << 1;
export const NETIF_F_MORE_GSO_IPXIP4: number = 1 << 2;
export const NETIF_F_MORE_GSO_IPXIP6: number = 1 << 3;
export const NETIF_F_MORE_GSO_UDP_TUNNEL: number = 1 << 4;
export const NETIF_F_MORE_GSO_UDP_TUNNEL_CSUM: number = 1 << 5;
export const NETIF_F_MORE_GSO_SCTP: number = 1 << 6;
export const NETIF_F_MORE_GSO_FRAGLIST: number = 1 << 7;
export const NETIF_F_MORE_GSO_ACCECN: number = 1 << 8;
export const NETIF_F_MORE_SCTP_CRC: number = 1 << 9;
export const NETIF_F_MORE_RXCSUM: number = 1 << 10;
export const NETIF_F_MORE_NOCACHE_COPY: number = 1 << 11;
export const NETIF_F_MORE_LOOPBACK: number = 1 << 12;
export const NETIF_F_MORE_HW_VLAN_STAG_TX: number = 1 << 13;
export const NETIF_F_MORE_HW_VLAN_STAG_RX: number = 1 << 14;
export const NETIF_F_MORE_GRO_FRAGLIST: number = 1 << 15;
export const NETIF_F_MORE_GRO_UDP_FWD: number = 1 << 16;
export const NETIF_F_MORE_LRO: number = 1 << 17;
export const NETIF_F_MORE_NTUPLE: number = 1 << 18;
export const NETIF_F_MORE_RXHASH: number = 1 << 19;

/** `NETIF_F_GSO_ENCAP_ALL`: super-packets inside of a tunnel. */
export const NETIF_F_MORE_GSO_ENCAP_ALL: number = 0x3f;
/** `NETIF_F_GSO_SOFTWARE`, this part of it. */
export const NETIF_F_MORE_GSO_SOFTWARE: number = NETIF_F_MORE_GSO_SCTP | NETIF_F_MORE_GSO_FRAGLIST | NETIF_F_MORE_GSO_ACCECN;

/** Every device may have these switched on. */
const SOFT_OFF = NETIF_F_MORE_GRO_FRAGLIST | NETIF_F_MORE_GRO_UDP_FWD;

/** `register_netdevice`'s part. */
export function netdevInitMoreFeatures(dev: NetDevice): void {
  dev.moreHwFeatures |= SOFT_OFF;
  if ((dev.flags & IFF_LOOPBACK) === 0) dev.moreHwFeatures |= NETIF_F_MORE_NOCACHE_COPY;
  dev.moreWantedFeatures = dev.moreFeatures & dev.moreHwFeatures;
}

/** Makes the wishes come true: whether that changed anything. */
export function updateMoreFeatures(dev: NetDevice): boolean {
  const old = dev.moreFeatures;
  dev.moreFeatures = (old & ~dev.moreHwFeatures) | (dev.moreWantedFeatures & dev.moreHwFeatures);
  return dev.moreFeatures !== old;
}
