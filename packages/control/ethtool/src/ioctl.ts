/** SIOCETHTOOL (`net/ethtool/ioctl.c`): the first word of the structure says what is asked, the answer goes into the same bytes. */
import type { Net, NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { drvinfo, permAddr, tsInfo } from './device-info.ts';
import { getFeature, getFeatures, getFlags, LEGACY_GET, LEGACY_SET, setFeature, setFeatures, setFlags } from './ioctl-features.ts';
import { getLinkSettings, getSettings, setLinkSettings } from './link-settings.ts';
import { getIndir, getRings, setIndir } from './rxfh.ts';
import { gstrings, ssetInfo, stats } from './strings.ts';
import { setWords, WORDS_GET, WORDS_SET } from './words.ts';

/** What anybody may ask. */
const PUBLIC: ReadonlySet<number> = new Set([
  U.ETHTOOL_GSET, U.ETHTOOL_GDRVINFO, U.ETHTOOL_GMSGLVL, U.ETHTOOL_GLINK, U.ETHTOOL_GCOALESCE, U.ETHTOOL_GRINGPARAM,
  U.ETHTOOL_GPAUSEPARAM, U.ETHTOOL_GRXCSUM, U.ETHTOOL_GTXCSUM, U.ETHTOOL_GSG, U.ETHTOOL_GSSET_INFO, U.ETHTOOL_GSTRINGS,
  U.ETHTOOL_GSTATS, U.ETHTOOL_GPHYSTATS, U.ETHTOOL_GTSO, U.ETHTOOL_GPERMADDR, U.ETHTOOL_GGSO, U.ETHTOOL_GGRO, U.ETHTOOL_GFLAGS,
  U.ETHTOOL_GPFLAGS, U.ETHTOOL_GRXFH, U.ETHTOOL_GRXRINGS, U.ETHTOOL_GRXCLSRLCNT, U.ETHTOOL_GRXCLSRULE, U.ETHTOOL_GRXCLSRLALL,
  U.ETHTOOL_GRXFHINDIR, U.ETHTOOL_GRSSH, U.ETHTOOL_GFEATURES, U.ETHTOOL_GCHANNELS, U.ETHTOOL_GET_TS_INFO, U.ETHTOOL_GEEE,
  U.ETHTOOL_GTUNABLE, U.ETHTOOL_PHY_GTUNABLE, U.ETHTOOL_GLINKSETTINGS, U.ETHTOOL_GFECPARAM,
]);

/**
 * `dev_ethtool`. -ENODEV, -EPERM, -EFAULT if the structure is too short for what is asked, -EOPNOTSUPP for what the driver lacks.
 */
export function ethtoolIoctl(net: Net, name: string, data: Uint8Array, admin: boolean): number {
  const dev = net.devGetByName(name);
  if (dev === null || !dev.present()) return -U.ENODEV;
  const cmd = le32(data, 0);
  if (!admin && !PUBLIC.has(cmd)) return -U.EPERM;
  if (cmd in LEGACY_GET) return value(data, getFeature(dev, cmd));
  if (cmd in LEGACY_SET) return data.length < 8 ? -U.EFAULT : setFeature(dev, cmd, le32(data, 4));
  if (cmd in WORDS_GET) return WORDS_GET[cmd]?.(dev, data) ?? -U.EOPNOTSUPP;
  if (cmd in WORDS_SET) return setWords(dev, cmd, data);
  return one(dev, cmd, data);
}

function one(dev: NetDevice, cmd: number, data: Uint8Array): number {
  const ops = dev.ethtoolOps;
  switch (cmd) {
    case U.ETHTOOL_GDRVINFO: return drvinfo(dev, data);
    case U.ETHTOOL_GSET: return getSettings(dev, data);
    case U.ETHTOOL_GLINKSETTINGS: return getLinkSettings(dev, data);
    case U.ETHTOOL_SLINKSETTINGS: return setLinkSettings(dev, data);
    case U.ETHTOOL_GMSGLVL: return ops.getMsglevel === undefined ? -U.EOPNOTSUPP : value(data, ops.getMsglevel(dev));
    case U.ETHTOOL_SMSGLVL: return ops.setMsglevel === undefined ? -U.EOPNOTSUPP : data.length < 8 ? -U.EFAULT : ops.setMsglevel(dev, le32(data, 4));
    case U.ETHTOOL_GLINK: return ops.getLink === undefined ? -U.EOPNOTSUPP : value(data, ops.getLink(dev) ? 1 : 0);
    case U.ETHTOOL_NWAY_RST: return ops.nwayReset?.(dev) ?? -U.EOPNOTSUPP;
    case U.ETHTOOL_PHYS_ID: return ops.setPhysId === undefined ? -U.EOPNOTSUPP : data.length < 8 ? -U.EFAULT : ops.setPhysId(dev, le32(data, 4));
    case U.ETHTOOL_GSTRINGS: return gstrings(dev, data);
    case U.ETHTOOL_GSSET_INFO: return ssetInfo(dev, data);
    case U.ETHTOOL_GSTATS: return stats(dev, data);
    case U.ETHTOOL_GPERMADDR: return permAddr(dev, data);
    case U.ETHTOOL_GFLAGS: return value(data, getFlags(dev));
    case U.ETHTOOL_SFLAGS: return data.length < 8 ? -U.EFAULT : setFlags(dev, le32(data, 4));
    case U.ETHTOOL_GFEATURES: return getFeatures(dev, data);
    case U.ETHTOOL_SFEATURES: return setFeatures(dev, data);
    case U.ETHTOOL_GET_TS_INFO: return tsInfo(dev, data);
    case U.ETHTOOL_GRXRINGS: return getRings(dev, data);
    case U.ETHTOOL_GRXFHINDIR: return getIndir(dev, data);
    case U.ETHTOOL_SRXFHINDIR: return setIndir(dev, data);
    // No driver here has firmware, and Linux says then that all is well.
    case U.ETHTOOL_FLASHDEV: return 0;
    default: return -U.EOPNOTSUPP;
  }
}

/** `struct ethtool_value`. */
function value(data: Uint8Array, answer: number): number {
  if (data.length < 8) return -U.EFAULT;
  setLe32(data, 4, answer);
  return 0;
}
