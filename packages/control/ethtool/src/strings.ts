/** Sets of names, and the driver's counters. */
import type { NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { le32, setLe32, setLe64 } from '@skbuff/wire';
import { setText } from './text.ts';
import { FEATURE_NAMES } from './features.ts';
import { LINK_MODE_NAMES } from './link-modes.ts';

/** Sets that are the same for all devices. */
const SETS: Readonly<Record<number, readonly string[]>> = {
  [U.ETH_SS_FEATURES]: FEATURE_NAMES,
  [U.ETH_SS_RSS_HASH_FUNCS]: ['toeplitz', 'xor', 'crc32'],
  [U.ETH_SS_TUNABLES]: ['Unspec', 'rx-copybreak', 'tx-copybreak', 'pfc-prevention-tout', 'tx-copybreak-buf-size'],
  [U.ETH_SS_PHY_TUNABLES]: ['Unspec', 'phy-downshift', 'phy-fast-link-down', 'phy-energy-detect-power-down'],
  [U.ETH_SS_LINK_MODES]: LINK_MODE_NAMES,
};

function stringSet(dev: NetDevice, set: number): readonly string[] | null {
  return set === U.ETH_SS_STATS ? (dev.ethtoolOps.getStatsStrings?.(dev) ?? null) : (SETS[set] ?? null);
}

/** `ethtool_get_strings`: -EOPNOTSUPP: the device has no such set. */
export function gstrings(dev: NetDevice, data: Uint8Array): number {
  if (data.length < 12) return -U.EFAULT;
  const names = stringSet(dev, le32(data, 4));
  if (names === null) return -U.EOPNOTSUPP;
  if (data.length < 12 + names.length * U.ETH_GSTRING_LEN) return -U.EFAULT;
  setLe32(data, 8, names.length);
  names.forEach((name, i) => setText(data, 12 + i * U.ETH_GSTRING_LEN, U.ETH_GSTRING_LEN, name));
  return 0;
}

/** `ethtool_get_sset_info`: how long the sets in the mask are; of those that are not there the bit is taken away. */
export function ssetInfo(dev: NetDevice, data: Uint8Array): number {
  if (data.length < 16) return -U.EFAULT;
  const asked = le32(data, 8);
  let mask = 0;
  let at = 16;
  for (let set = 0; set < 32; set++) {
    const names = (asked >>> set) & 1 ? stringSet(dev, set) : null;
    if (names === null) continue;
    if (at + 4 > data.length) return -U.EFAULT;
    mask |= 1 << set;
    setLe32(data, at, names.length);
    at += 4;
  }
  setLe32(data, 8, mask);
  setLe32(data, 12, 0);
  return 0;
}

/** `ethtool_get_stats`. */
export function stats(dev: NetDevice, data: Uint8Array): number {
  const values = dev.ethtoolOps.getEthtoolStats?.(dev);
  if (values === undefined) return -U.EOPNOTSUPP;
  if (data.length < 8 + values.length * 8) return -U.EFAULT;
  setLe32(data, 4, values.length);
  values.forEach((value, i) => setLe64(data, 8 + i * 8, value));
  return 0;
}
