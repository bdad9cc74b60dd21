/** How received flows are spread over rings. */
import type { NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { le32, setLe32, setLe64 } from '@skbuff/wire';

/** `struct ethtool_rxnfc`: `data` lies behind the command and the flow type. */
const RXNFC_DATA = 8;

/** `ETHTOOL_GRXRINGS`. */
export function getRings(dev: NetDevice, data: Uint8Array): number {
  const rings = dev.ethtoolOps.getRxRingCount?.(dev);
  if (rings === undefined) return -U.EOPNOTSUPP;
  if (data.length < RXNFC_DATA + 8) return -U.EFAULT;
  setLe64(data, RXNFC_DATA, rings);
  return 0;
}

/** `struct ethtool_rxfh_indir`: the size, then the table. A size that is too small is answered with the right one, and no table. */
export function getIndir(dev: NetDevice, data: Uint8Array): number {
  const table = dev.ethtoolOps.getRxfhIndir?.(dev);
  if (table === undefined) return -U.EOPNOTSUPP;
  if (data.length < 8) return -U.EFAULT;
  const room = le32(data, 4);
  setLe32(data, 4, table.length);
  if (room < table.length) return room === 0 ? 0 : -U.EINVAL;
  if (data.length < 8 + table.length * 4) return -U.EFAULT;
  table.forEach((ring, i) => setLe32(data, 8 + i * 4, ring));
  return 0;
}

/** Size 0: the driver's own spreading, over all rings. -EINVAL: not the size that it has, or a ring that is none. */
export function setIndir(dev: NetDevice, data: Uint8Array): number {
  const { getRxfhIndir, setRxfhIndir, getRxRingCount } = dev.ethtoolOps;
  if (getRxfhIndir === undefined || setRxfhIndir === undefined || getRxRingCount === undefined) return -U.EOPNOTSUPP;
  if (data.length < 8) return -U.EFAULT;
  const rings = getRxRingCount(dev);
  const { length } = getRxfhIndir(dev);
  const size = le32(data, 4);
  if (size !== 0 && size !== length) return -U.EINVAL;
  if (data.length < 8 + size * 4) return -U.EFAULT;
  const table = Array.from({ length }, (_, i) => (size === 0 ? i % rings : le32(data, 8 + i * 4)));
  return table.some((ring) => ring >= rings) ? -U.EINVAL : setRxfhIndir(dev, table);
}
