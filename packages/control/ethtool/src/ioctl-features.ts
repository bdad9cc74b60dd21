/** Features: the two words of today, the commands for one of them each that were before, and the flags between them. */
import type { NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { activeFeatures, ETHTOOL_BITS, FEATURE_NAMES, type FeatureWords, hwFeatures, NEVER_CHANGE, wantedFeatures, wishFeatures } from './features.ts';

function named(pattern: RegExp): FeatureWords {
  const words: FeatureWords = [0, 0];
  FEATURE_NAMES.forEach((name, bit) => {
    if (pattern.test(name)) words[bit >> 5] = ((words[bit >> 5] as number) | (1 << (bit & 31))) >>> 0;
  });
  return words;
}

const RXCSUM = named(/^rx-checksum$/);
const TXCSUM = named(/^tx-checksum-/);
const SG = named(/^tx-scatter-gather(-fraglist)?$/);
const TSO = named(/^tx-tcp(6|-ecn|-mangleid|-accecn)?-segmentation$/);
const GSO = named(/^tx-generic-segmentation$/);
const GRO = named(/^rx-gro$/);

export const LEGACY_GET: Readonly<Record<number, FeatureWords>> = {
  [U.ETHTOOL_GRXCSUM]: RXCSUM,
  [U.ETHTOOL_GTXCSUM]: TXCSUM,
  [U.ETHTOOL_GSG]: SG,
  [U.ETHTOOL_GTSO]: TSO,
  [U.ETHTOOL_GGSO]: GSO,
  [U.ETHTOOL_GGRO]: GRO,
};
export const LEGACY_SET: Readonly<Record<number, FeatureWords>> = {
  [U.ETHTOOL_SRXCSUM]: RXCSUM,
  [U.ETHTOOL_STXCSUM]: TXCSUM,
  [U.ETHTOOL_SSG]: SG,
  [U.ETHTOOL_STSO]: TSO,
  [U.ETHTOOL_SGSO]: GSO,
  [U.ETHTOOL_SGRO]: GRO,
};

function some(a: FeatureWords, b: FeatureWords): boolean {
  return (a[0] & b[0]) !== 0 || (a[1] & b[1]) !== 0;
}

/** `ethtool_get_one_feature`: 1 if any of them is on. */
export function getFeature(dev: NetDevice, cmd: number): number {
  return some(activeFeatures(dev), LEGACY_GET[cmd] as FeatureWords) ? 1 : 0;
}

/** `ethtool_set_one_feature`: -EOPNOTSUPP if the user may change none of them. */
export function setFeature(dev: NetDevice, cmd: number, on: number): number {
  const mask = LEGACY_SET[cmd] as FeatureWords;
  if (!some(hwFeatures(dev), mask)) return -U.EOPNOTSUPP;
  wishFeatures(dev, on !== 0 ? mask : [0, 0], mask);
  return 0;
}

/** Bits of ETHTOOL_GFLAGS, and the feature of each. */
const FLAGS: readonly (readonly [number, FeatureWords])[] = [
  [U.ETH_FLAG_LRO, named(/^rx-lro$/)],
  [U.ETH_FLAG_RXVLAN, named(/^rx-vlan-hw-parse$/)],
  [U.ETH_FLAG_TXVLAN, named(/^tx-vlan-hw-insert$/)],
  [U.ETH_FLAG_NTUPLE, named(/^rx-ntuple-filter$/)],
  [U.ETH_FLAG_RXHASH, named(/^rx-hashing$/)],
];
const ALL_FLAGS = FLAGS.reduce((all, [flag]) => all | flag, 0);

/** `__ethtool_get_flags`. */
export function getFlags(dev: NetDevice): number {
  const active = activeFeatures(dev);
  return FLAGS.reduce((flags, [flag, words]) => (some(active, words) ? flags | flag : flags), 0);
}

/** `__ethtool_set_flags`: -EINVAL for a flag that is none, -EOPNOTSUPP if one that would change is not the user's to change. */
export function setFlags(dev: NetDevice, flags: number): number {
  if ((flags & ~ALL_FLAGS) !== 0) return -U.EINVAL;
  const hw = hwFeatures(dev);
  const changed = FLAGS.filter(([flag]) => ((flags ^ getFlags(dev)) & flag) !== 0);
  if (changed.some(([, words]) => !some(hw, words))) return -U.EOPNOTSUPP;
  for (const [flag, words] of changed) wishFeatures(dev, (flags & flag) !== 0 ? words : [0, 0], words);
  return 0;
}

/** `ethtool_get_features`: blocks of available, requested, active, never_changed; as many as there is room for. The size says how many there are. */
export function getFeatures(dev: NetDevice, data: Uint8Array): number {
  if (data.length < 8) return -U.EFAULT;
  const blocks = Math.min(le32(data, 4), 2);
  if (data.length < 8 + blocks * 16) return -U.EFAULT;
  setLe32(data, 4, 2);
  const columns = [hwFeatures(dev), wantedFeatures(dev), activeFeatures(dev), NEVER_CHANGE];
  for (let i = 0; i < blocks; i++) columns.forEach((words, k) => setLe32(data, 8 + i * 16 + k * 4, words[i] as number));
  return 0;
}

/**
 * `ethtool_set_features`: blocks of valid, requested. A positive result: ETHTOOL_F_UNSUPPORTED, some are not the user's to change;
 * ETHTOOL_F_WISH, some did not come true. -EINVAL: not two blocks, or bits that are no features.
 */
export function setFeatures(dev: NetDevice, data: Uint8Array): number {
  if (data.length < 8) return -U.EFAULT;
  if (le32(data, 4) !== 2) return -U.EINVAL;
  if (data.length < 24) return -U.EFAULT;
  const valid: FeatureWords = [le32(data, 8), le32(data, 16)];
  const requested: FeatureWords = [le32(data, 12), le32(data, 20)];
  if (valid.some((word, i) => (word & ~(ETHTOOL_BITS[i] as number)) !== 0)) return -U.EINVAL;
  const hw = hwFeatures(dev);
  const changeable = valid.map((word, i) => (word & (hw[i] as number)) >>> 0) as FeatureWords;
  wishFeatures(dev, requested, changeable);
  const active = activeFeatures(dev);
  const unsupported = valid.some((word, i) => word !== changeable[i]) ? U.ETHTOOL_F_UNSUPPORTED : 0;
  return unsupported | (changeable.some((word, i) => ((requested[i] as number) ^ (active[i] as number)) & word) ? U.ETHTOOL_F_WISH : 0);
}
