/** Requests about a device that only its driver can answer (`net/core/dev_ioctl.c`). */
import type { IfMap, NetDevice } from '@skbuff/core';
import { EINVAL, ENODEV, EOPNOTSUPP, IFREQ_UNION, SIOCDEVPRIVATE, SIOCSIFMAP } from '@skbuff/uapi';
import { leS64 } from '@skbuff/wire';

/** Bytes of `struct ifmap` before `base_addr`. */
const IFMAP_BASE_ADDR = IFREQ_UNION + 16;
const IFMAP_END = IFREQ_UNION + 24;

/** What the driver says: 0 or a negative errno. -EOPNOTSUPP if it has no ear for it, -ENODEV while the device is absent. */
export function ndoIoctl(dev: NetDevice, request: number, ifreq: Uint8Array): number {
  const { ndoSetConfig, ndoSiocdevprivate, ndoEthIoctl } = dev.ops;
  if (request === SIOCSIFMAP) return ask(dev, ndoSetConfig, (set) => setConfig(dev, set, ifreq));
  const isPrivate = request >= SIOCDEVPRIVATE && request < SIOCDEVPRIVATE + 16;
  return ask(dev, isPrivate ? ndoSiocdevprivate : ndoEthIoctl, (ioctl) => ioctl(dev, ifreq, request));
}

function ask<F>(dev: NetDevice, callback: F | null, call: (callback: F) => number): number {
  if (callback === null) return -EOPNOTSUPP;
  return dev.present() ? call(callback) : -ENODEV;
}

function setConfig(dev: NetDevice, set: (dev: NetDevice, map: IfMap) => number, ifreq: Uint8Array): number {
  if (ifreq.length < IFMAP_END) return -EINVAL;
  const [low, high, irq, dma, port] = ifreq.subarray(IFMAP_BASE_ADDR, IFMAP_END) as unknown as [number, number, number, number, number];
  return set(dev, { memStart: leS64(ifreq, IFREQ_UNION), memEnd: leS64(ifreq, IFREQ_UNION + 8), baseAddr: low | (high << 8), irq, dma, port });
}
