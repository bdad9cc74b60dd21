/** Features as user space numbers them (`netdev_features_strings` of Linux 6.18): 64 bits, in two words. */
import {
  devSetWantedFeatures,
  NETIF_F_FRAGLIST,
  NETIF_F_GRO,
  NETIF_F_GSO,
  NETIF_F_GSO_ROBUST,
  NETIF_F_GSO_UDP_L4,
  NETIF_F_HIGHDMA,
  NETIF_F_HW_CSUM,
  NETIF_F_HW_VLAN_CTAG_FILTER,
  NETIF_F_HW_VLAN_CTAG_RX,
  NETIF_F_HW_VLAN_CTAG_TX,
  NETIF_F_IPV6_CSUM,
  NETIF_F_IP_CSUM,
  NETIF_F_MORE_GRO_FRAGLIST,
  NETIF_F_MORE_GRO_UDP_FWD,
  NETIF_F_MORE_GSO_ACCECN,
  NETIF_F_MORE_GSO_FRAGLIST,
  NETIF_F_MORE_GSO_GRE,
  NETIF_F_MORE_GSO_GRE_CSUM,
  NETIF_F_MORE_GSO_IPXIP4,
  NETIF_F_MORE_GSO_IPXIP6,
  NETIF_F_MORE_GSO_SCTP,
  NETIF_F_MORE_GSO_UDP_TUNNEL,
  NETIF_F_MORE_GSO_UDP_TUNNEL_CSUM,
  NETIF_F_MORE_HW_VLAN_STAG_RX,
  NETIF_F_MORE_HW_VLAN_STAG_TX,
  NETIF_F_MORE_LOOPBACK,
  NETIF_F_MORE_LRO,
  NETIF_F_MORE_NOCACHE_COPY,
  NETIF_F_MORE_NTUPLE,
  NETIF_F_MORE_RXCSUM,
  NETIF_F_MORE_RXHASH,
  NETIF_F_MORE_SCTP_CRC,
  NETIF_F_SG,
  NETIF_F_TSO,
  NETIF_F_TSO6,
  NETIF_F_TSO_ECN,
  NETIF_F_TSO_MANGLEID,
  NETIF_F_VLAN_CHALLENGED,
  type NetDevice,
} from '@skbuff/core';

/** The name of each bit; empty: the number is not used, or is no feature of a device any more. */
export const FEATURE_NAMES: readonly string[] = [
  'tx-scatter-gather',
  'tx-checksum-ipv4',
  '',
  'tx-checksum-ip-generic',
  'tx-checksum-ipv6',
  'highdma',
  'tx-scatter-gather-fraglist',
  'tx-vlan-hw-insert',
  'rx-vlan-hw-parse',
  'rx-vlan-filter',
  'vlan-challenged',
  'tx-generic-segmentation',
  '',
  '',
  'rx-gro',
  'rx-lro',
  'tx-tcp-segmentation',
  'tx-gso-robust',
  'tx-tcp-ecn-segmentation',
  'tx-tcp-mangleid-segmentation',
  'tx-tcp6-segmentation',
  'tx-fcoe-segmentation',
  'tx-gre-segmentation',
  'tx-gre-csum-segmentation',
  'tx-ipxip4-segmentation',
  'tx-ipxip6-segmentation',
  'tx-udp_tnl-segmentation',
  'tx-udp_tnl-csum-segmentation',
  'tx-gso-partial',
  'tx-tunnel-remcsum-segmentation',
  'tx-sctp-segmentation',
  'tx-esp-segmentation',
  '',
  'tx-udp-segmentation',
  'tx-gso-list',
  'tx-tcp-accecn-segmentation',
  'tx-checksum-fcoe-crc',
  'tx-checksum-sctp',
  'rx-ntuple-filter',
  'rx-hashing',
  'rx-checksum',
  'tx-nocache-copy',
  'loopback',
  'rx-fcs',
  'rx-all',
  'tx-vlan-stag-hw-insert',
  'rx-vlan-stag-hw-parse',
  'rx-vlan-stag-filter',
  'l2-fwd-offload',
  'hw-tc-offload',
  'esp-hw-offload',
  'esp-tx-csum-hw-offload',
  'rx-udp_tunnel-port-offload',
  'tls-hw-tx-offload',
  'tls-hw-rx-offload',
  'rx-gro-hw',
  'tls-hw-record',
  'rx-gro-list',
  'macsec-hw-offload',
  'rx-udp-gro-forwarding',
  'hsr-tag-ins-offload',
  'hsr-tag-rm-offload',
  'hsr-fwd-offload',
  'hsr-dup-offload',
];

/** Features of core, by bit. */
const BITS: Readonly<Record<number, number>> = {
  0: NETIF_F_SG,
  1: NETIF_F_IP_CSUM,
  3: NETIF_F_HW_CSUM,
  4: NETIF_F_IPV6_CSUM,
  5: NETIF_F_HIGHDMA,
  6: NETIF_F_FRAGLIST,
  7: NETIF_F_HW_VLAN_CTAG_TX,
  8: NETIF_F_HW_VLAN_CTAG_RX,
  9: NETIF_F_HW_VLAN_CTAG_FILTER,
  10: NETIF_F_VLAN_CHALLENGED,
  11: NETIF_F_GSO,
  14: NETIF_F_GRO,
  16: NETIF_F_TSO,
  17: NETIF_F_GSO_ROBUST,
  18: NETIF_F_TSO_ECN,
  19: NETIF_F_TSO_MANGLEID,
  20: NETIF_F_TSO6,
  33: NETIF_F_GSO_UDP_L4,
};

/** And those of its second word. */
const MORE_BITS: Readonly<Record<number, number>> = {
  15: NETIF_F_MORE_LRO,
  22: NETIF_F_MORE_GSO_GRE,
  23: NETIF_F_MORE_GSO_GRE_CSUM,
  24: NETIF_F_MORE_GSO_IPXIP4,
  25: NETIF_F_MORE_GSO_IPXIP6,
  26: NETIF_F_MORE_GSO_UDP_TUNNEL,
  27: NETIF_F_MORE_GSO_UDP_TUNNEL_CSUM,
  30: NETIF_F_MORE_GSO_SCTP,
  34: NETIF_F_MORE_GSO_FRAGLIST,
  35: NETIF_F_MORE_GSO_ACCECN,
  37: NETIF_F_MORE_SCTP_CRC,
  38: NETIF_F_MORE_NTUPLE,
  39: NETIF_F_MORE_RXHASH,
  40: NETIF_F_MORE_RXCSUM,
  41: NETIF_F_MORE_NOCACHE_COPY,
  42: NETIF_F_MORE_LOOPBACK,
  45: NETIF_F_MORE_HW_VLAN_STAG_TX,
  46: NETIF_F_MORE_HW_VLAN_STAG_RX,
  57: NETIF_F_MORE_GRO_FRAGLIST,
  59: NETIF_F_MORE_GRO_UDP_FWD,
};

/** Two words of bits, low one first, unsigned. */
export type FeatureWords = [number, number];

/** `NETIF_F_NEVER_CHANGE`, and what has no name: nothing to wish for. */
export const NEVER_CHANGE: FeatureWords = toWords(NETIF_F_VLAN_CHALLENGED, 0);
export const ETHTOOL_BITS: FeatureWords = FEATURE_NAMES.reduce<FeatureWords>(
  (words, name, bit) => (name === '' ? words : withBit(words, bit)),
  [0, 0],
).map((word, i) => (word & ~(NEVER_CHANGE[i] as number)) >>> 0) as FeatureWords;

function withBit(words: FeatureWords, bit: number): FeatureWords {
  words[bit >> 5] = ((words[bit >> 5] as number) | (1 << (bit & 31))) >>> 0;
  return words;
}

function toWords(features: number, more: number): FeatureWords {
  const words: FeatureWords = [0, 0];
  for (const bit of FEATURE_NAMES.keys()) {
    if ((features & (BITS[bit] ?? 0)) !== 0 || (more & (MORE_BITS[bit] ?? 0)) !== 0) withBit(words, bit);
  }
  return words;
}

function fromWords(words: FeatureWords, bits: Readonly<Record<number, number>>): number {
  let features = 0;
  for (const bit of FEATURE_NAMES.keys()) if ((((words[bit >> 5] as number) >>> (bit & 31)) & 1) !== 0) features |= bits[bit] ?? 0;
  return features;
}

export function activeFeatures(dev: NetDevice): FeatureWords {
  return toWords(dev.features, dev.moreFeatures);
}

export function hwFeatures(dev: NetDevice): FeatureWords {
  return toWords(dev.hwFeatures, dev.moreHwFeatures);
}

export function wantedFeatures(dev: NetDevice): FeatureWords {
  return toWords(dev.wantedFeatures, dev.moreWantedFeatures);
}

/** Wishes for the features in `mask` that the user may change, and makes them come true as far as they do. */
export function wishFeatures(dev: NetDevice, wanted: FeatureWords, mask: FeatureWords): void {
  const more = fromWords(mask, MORE_BITS) & dev.moreHwFeatures;
  dev.moreWantedFeatures = (dev.moreWantedFeatures & ~more) | (fromWords(wanted, MORE_BITS) & more);
  devSetWantedFeatures(dev, fromWords(wanted, BITS), fromWords(mask, BITS));
}
