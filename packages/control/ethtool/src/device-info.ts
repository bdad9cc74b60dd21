/** Driver, permanent address, time stamps. */
import type { NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { setText } from './text.ts';

/** `struct ethtool_drvinfo`: where its texts begin. */
const DRIVER = 4;
const VERSION = 36;
const FW_VERSION = 68;
const BUS_INFO = 100;
/** The word that counts the counters; flags, tests, EEPROM and registers beside it are no driver's here. */
const N_STATS = 180;

/** `ethtool_get_drvinfo`: of a driver that says nothing, the kind of link and the release of the kernel. -EOPNOTSUPP: neither is there. */
export function drvinfo(dev: NetDevice, data: Uint8Array): number {
  if (data.length < U.ETHTOOL_DRVINFO_LEN) return -U.EFAULT;
  const kind = dev.rtnlLinkOps?.kind;
  const info = dev.ethtoolOps.getDrvinfo?.(dev) ?? (kind === undefined ? null : { driver: kind });
  if (info === null) return -U.EOPNOTSUPP;
  data.fill(0, 4, U.ETHTOOL_DRVINFO_LEN);
  setText(data, DRIVER, 32, info.driver);
  setText(data, VERSION, 32, info.version ?? U.UTS_RELEASE);
  setText(data, FW_VERSION, 32, info.fwVersion ?? '');
  setText(data, BUS_INFO, 32, info.busInfo ?? dev.parent);
  setLe32(data, N_STATS, dev.ethtoolOps.getStatsStrings?.(dev).length ?? 0);
  return 0;
}

/** `ethtool_get_perm_addr`: -ETOOSMALL if there is not room enough. Zeros: there is none. */
export function permAddr(dev: NetDevice, data: Uint8Array): number {
  if (data.length < 8) return -U.EFAULT;
  if (le32(data, 4) < dev.addrLen) return -U.ETOOSMALL;
  if (data.length < 8 + dev.addrLen) return -U.EFAULT;
  setLe32(data, 4, dev.addrLen);
  data.set(dev.permAddr.subarray(0, dev.addrLen), 8);
  return 0;
}

/** `ethtool_get_ts_info`: software stamps what is received for every device; no device here has a clock. */
export function tsInfo(dev: NetDevice, data: Uint8Array): number {
  if (data.length < U.ETHTOOL_TS_INFO_LEN) return -U.EFAULT;
  data.fill(0, 4, U.ETHTOOL_TS_INFO_LEN);
  setLe32(data, 4, U.SOF_TIMESTAMPING_RX_SOFTWARE | U.SOF_TIMESTAMPING_SOFTWARE | (dev.ethtoolOps.getTsInfo?.(dev) ?? 0));
  setLe32(data, 8, -1);
  return 0;
}
