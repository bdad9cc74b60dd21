/**
 * Offload features (`NETIF_F_*`, low word, by the kernel's bit numbers) and their negotiation (`net/core/dev.c`).
 *
 *   hwFeatures      what the user may change (the driver sets it before or in `ndoInit`)
 *   wantedFeatures  what the user wishes of it
 *   features        what is on: the wish and what is not his to change, after the driver and the core have struck out what does not go
 *                   together
 */
import { EINVAL } from '@skbuff/uapi';
import { NETDEV_FEAT_CHANGE } from '../notifier/netdev-events.ts';
import { callNetdeviceNotifiers } from './dev-notify.ts';
import { netdevInitMoreFeatures, updateMoreFeatures } from './features-more.ts';
import type { NetDevice } from './netdevice.ts';

export const NETIF_F_SG: number = 1 << 0;
export const NETIF_F_IP_CSUM: number = 1 << 1;
export const NETIF_F_HW_CSUM: number = 1 << 3;
export const NETIF_F_IPV6_CSUM: number = 1 << 4;
export const NETIF_F_HIGHDMA: number = 1 << 5;
export const NETIF_F_FRAGLIST: number = 1 << 6;
export const NETIF_F_HW_VLAN_CTAG_TX: number = 1 << 7;
export const NETIF_F_HW_VLAN_CTAG_RX: number = 1 << 8;
export const NETIF_F_HW_VLAN_CTAG_FILTER: number = 1 << 9;
export const NETIF_F_VLAN_CHALLENGED: number = 1 << 10;
export const NETIF_F_GSO: number = 1 << 11;
export const NETIF_F_GRO: number = 1 << 14;
export const NETIF_F_TSO: number = 1 << 16;
/** Takes super-packets whose numbers nobody checked ({@link SKB_GSO_DODGY}). */
export const NETIF_F_GSO_ROBUST: number = 1 << 17;
export const NETIF_F_TSO_ECN: number = 1 << 18;
export const NETIF_F_TSO_MANGLEID: number = 1 << 19;
export const NETIF_F_TSO6: number = 1 << 20;
/** Cuts UDP super-packets (`tx-udp-segmentation`). */
export const NETIF_F_GSO_UDP_L4: number = 1 << 21;

/** A feature for each bit of `gsoType`, this far to the left of it. */
export const NETIF_F_GSO_SHIFT = 16;
export const NETIF_F_GSO_MASK: number = 0x3f << NETIF_F_GSO_SHIFT;

/** Software does these where the device cannot: every device has them, and the user may switch them. */
export const NETIF_F_SOFT_FEATURES: number = NETIF_F_GSO | NETIF_F_GRO;
export const NETIF_F_CSUM_MASK: number = NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_HW_CSUM;
export const NETIF_F_ALL_TSO: number = NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_TSO_MANGLEID;
/** What virtual devices take whole, because software cuts it sooner or later. */
export const NETIF_F_GSO_SOFTWARE: number = NETIF_F_ALL_TSO | NETIF_F_GSO_UDP_L4;

/**
 * `netdev_fix_features`: strikes out combinations that cannot work; never an error. The kernel log says what was dropped, one line each;
 * as in Linux, most of them only in a kernel that debugs.
 */
export function netdevFixFeatures(dev: NetDevice, features: number): number {
  const single = NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM;
  if ((features & NETIF_F_HW_CSUM) !== 0 && (features & single) !== 0) {
    dev.net.kernel.log(`${dev.name}: mixed HW and IP checksum settings.`);
    features &= ~single;
  }
  if ((features & NETIF_F_SG) === 0) {
    features = drop(dev, features, NETIF_F_ALL_TSO, 'TSO features', 'SG');
  }
  if ((features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM)) === 0) {
    features = drop(dev, features, NETIF_F_TSO | NETIF_F_TSO_ECN, 'TSO features', 'CSUM');
  }
  if ((features & (NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM)) === 0) {
    features = drop(dev, features, NETIF_F_TSO6, 'TSO6 features', 'CSUM');
  }
  if ((features & NETIF_F_HW_CSUM) === 0 && (features & single) !== single) {
    features = drop(dev, features, NETIF_F_GSO_UDP_L4, 'USO feature', 'CSUM');
  }
  // Ways of cutting TCP, without anything to cut.
  if ((features & NETIF_F_TSO) === 0) features &= ~NETIF_F_TSO_MANGLEID;
  if ((features & NETIF_F_ALL_TSO) === NETIF_F_TSO_ECN) features &= ~NETIF_F_TSO_ECN;
  if ((features & NETIF_F_SG) === 0) features = drop(dev, features, NETIF_F_GSO, 'NETIF_F_GSO', 'SG');
  return features;
}

function drop(dev: NetDevice, features: number, bits: number, what: string, missing: string): number {
  if ((features & bits) !== 0) dev.net.kernel.logDebug(`${dev.name}: Dropping ${what} since no ${missing} feature.`);
  return features & ~bits;
}

/** `netdev_intersect_features`: what both can. Who sums anything sums IP too. */
export function netdevIntersectFeatures(a: number, b: number): number {
  const single = NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM;
  if (((a ^ b) & NETIF_F_HW_CSUM) === 0) return a & b;
  return (a & NETIF_F_HW_CSUM) !== 0 ? (a | single) & b : a & (b | single);
}

/** A driver that filters VLANs has to say how: -EINVAL, and the log says whose fault it is. */
export function netdevCheckVlanFilter(dev: NetDevice): number {
  const { ndoVlanRxAddVid, ndoVlanRxKillVid } = dev.ops;
  if (((dev.hwFeatures | dev.features) & NETIF_F_HW_VLAN_CTAG_FILTER) === 0) return 0;
  if (ndoVlanRxAddVid !== null && ndoVlanRxKillVid !== null) return 0;
  dev.net.kernel.log(`${dev.name}: Buggy VLAN acceleration in driver!`);
  return -EINVAL;
}

/** `register_netdevice`'s part: what every device can, what VLANs and tunnels on it inherit in any case, and the first wish. */
export function netdevInitFeatures(dev: NetDevice): void {
  dev.hwFeatures |= NETIF_F_SOFT_FEATURES;
  dev.features |= NETIF_F_SOFT_FEATURES;
  if ((dev.hwFeatures & NETIF_F_TSO) !== 0) dev.hwFeatures |= NETIF_F_TSO_MANGLEID;
  if ((dev.vlanFeatures & NETIF_F_TSO) !== 0) dev.vlanFeatures |= NETIF_F_TSO_MANGLEID;
  if ((dev.hwEncFeatures & NETIF_F_TSO) !== 0) dev.hwEncFeatures |= NETIF_F_TSO_MANGLEID;
  dev.vlanFeatures |= NETIF_F_HIGHDMA;
  dev.hwEncFeatures |= NETIF_F_SG;
  dev.wantedFeatures = dev.features & dev.hwFeatures;
  netdevInitMoreFeatures(dev);
}

/**
 * `__netdev_update_features`: computes the active set anew. `ndoFixFeatures` and {@link netdevFixFeatures} may strike out; the driver is
 * told by `ndoSetFeatures` if the result differs from what is on, and may fail (then what it left in `features` stays). True if the
 * set changed or, after such a failure, may have.
 */
export function updateFeatures(dev: NetDevice): boolean {
  const old = dev.features;
  let features = (old & ~dev.hwFeatures) | (dev.wantedFeatures & dev.hwFeatures);
  if (dev.ops.ndoFixFeatures !== null) features = dev.ops.ndoFixFeatures(dev, features);
  features = netdevFixFeatures(dev, features);
  const more = updateMoreFeatures(dev);
  if (features === old) return more;
  const err = dev.ops.ndoSetFeatures?.(dev, features) ?? 0;
  if (err < 0) {
    dev.net.kernel.log(`${dev.name}: set_features() failed (${err}); wanted 0x${hex(features)}, left 0x${hex(dev.features)}`);
    return true;
  }
  if (err === 0) dev.features = features;
  return true;
}

function hex(features: number): string {
  return (features >>> 0).toString(16).padStart(16, '0');
}

/** `netdev_update_features`: after something that the features depend on has changed. NETDEV_FEAT_CHANGE if they changed. */
export function netdevUpdateFeatures(dev: NetDevice): void {
  if (updateFeatures(dev)) netdevFeaturesChange(dev);
}

/** `netdev_features_change`. */
export function netdevFeaturesChange(dev: NetDevice): void {
  callNetdeviceNotifiers(NETDEV_FEAT_CHANGE, dev);
}

/**
 * The user's wish for the features in `mask` (`ethtool -K`). Those that are not his to change are left alone: the mask of them, 0 if all
 * could be wished.
 */
export function devSetWantedFeatures(dev: NetDevice, wanted: number, mask: number): number {
  const changeable = mask & dev.hwFeatures;
  dev.wantedFeatures = (dev.wantedFeatures & ~changeable) | (wanted & changeable);
  netdevUpdateFeatures(dev);
  return mask & ~dev.hwFeatures;
}
