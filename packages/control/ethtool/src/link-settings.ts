/** Speed, duplex, port and modes of a link, in the new structure and in the old one. */
import type { EthtoolLinkKsettings, NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { LINK_MODE_NAMES } from './link-modes.ts';

/** Words of a mask of link modes. */
const NWORDS = (LINK_MODE_NAMES.length + 31) >> 5;
/** Offsets in `struct ethtool_link_settings`. */
const SPEED = 4;
const DUPLEX = 8;
const PORT = 9;
const PHY_ADDRESS = 10;
const AUTONEG = 11;
const MDIX = 13;
const MDIX_CTRL = 14;
const MASKS_NWORDS = 15;
const TRANSCEIVER = 16;
const MASKS = U.ETHTOOL_LINK_SETTINGS_LEN;

/**
 * `ethtool_get_link_ksettings`. The caller says how many words its masks have; if that is not what the kernel has, the answer is only
 * that number, negative.
 */
export function getLinkSettings(dev: NetDevice, data: Uint8Array): number {
  const settings = dev.ethtoolOps.getLinkKsettings?.(dev);
  if (settings === undefined) return -U.EOPNOTSUPP;
  if (data.length < MASKS) return -U.EFAULT;
  const asked = data[MASKS_NWORDS];
  if (asked === NWORDS && data.length < MASKS + 3 * 4 * NWORDS) return -U.EFAULT;
  data.fill(0, 4, asked === NWORDS ? MASKS + 3 * 4 * NWORDS : MASKS);
  data[MASKS_NWORDS] = asked === NWORDS ? NWORDS : -NWORDS;
  if (asked !== NWORDS) return 0;
  fields(settings, data);
  [settings.supported, settings.advertising, settings.lpAdvertising].forEach((mask, which) => {
    for (let i = 0; i < NWORDS; i++) setLe32(data, MASKS + (which * NWORDS + i) * 4, mask?.[i] ?? 0);
  });
  return 0;
}

function fields(settings: EthtoolLinkKsettings, data: Uint8Array): void {
  setLe32(data, SPEED, settings.speed);
  data[DUPLEX] = settings.duplex;
  data[PORT] = settings.port ?? 0;
  data[PHY_ADDRESS] = settings.phyAddress ?? 0;
  data[AUTONEG] = settings.autoneg ?? 0;
  data[MDIX] = settings.ethTpMdix ?? 0;
  data[MDIX_CTRL] = settings.ethTpMdixCtrl ?? 0;
  data[TRANSCEIVER] = settings.transceiver ?? 0;
}

/** `ethtool_set_link_ksettings`: -EINVAL if the masks have not the kernel's number of words. */
export function setLinkSettings(dev: NetDevice, data: Uint8Array): number {
  const { setLinkKsettings } = dev.ethtoolOps;
  if (setLinkKsettings === undefined) return -U.EOPNOTSUPP;
  if (data.length < MASKS) return -U.EFAULT;
  if (data[MASKS_NWORDS] !== NWORDS) return -U.EINVAL;
  if (data.length < MASKS + 3 * 4 * NWORDS) return -U.EFAULT;
  const mask = (which: number): number[] => Array.from({ length: NWORDS }, (_, i) => le32(data, MASKS + (which * NWORDS + i) * 4));
  const byte = (off: number): number => data[off] as number;
  return setLinkKsettings(dev, {
    speed: le32(data, SPEED) | 0,
    duplex: byte(DUPLEX),
    port: byte(PORT),
    phyAddress: byte(PHY_ADDRESS),
    autoneg: byte(AUTONEG),
    ethTpMdixCtrl: byte(MDIX_CTRL),
    supported: mask(0),
    advertising: mask(1),
    lpAdvertising: mask(2),
  });
}

/** `ethtool_get_settings`: the same in `struct ethtool_cmd`, which has one word for a mask and two halves for the speed. */
export function getSettings(dev: NetDevice, data: Uint8Array): number {
  const settings = dev.ethtoolOps.getLinkKsettings?.(dev);
  if (settings === undefined) return -U.EOPNOTSUPP;
  if (data.length < U.ETHTOOL_CMD_LEN) return -U.EFAULT;
  data.fill(0, 4, U.ETHTOOL_CMD_LEN);
  setLe32(data, 4, settings.supported?.[0] ?? 0);
  setLe32(data, 8, settings.advertising?.[0] ?? 0);
  data.set([settings.speed, settings.speed >>> 8, settings.duplex, settings.port ?? 0, settings.phyAddress ?? 0, settings.transceiver ?? 0], 12);
  data[18] = settings.autoneg ?? 0;
  data.set([settings.speed >>> 16, settings.speed >>> 24, settings.ethTpMdix ?? 0, settings.ethTpMdixCtrl ?? 0], 28);
  setLe32(data, 32, settings.lpAdvertising?.[0] ?? 0);
  return 0;
}
