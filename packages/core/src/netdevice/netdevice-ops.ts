/** `struct net_device_ops`: what a driver does for its device. A missing callback means the default behaviour. */
import type { SkBuff } from '../skbuff/skbuff.ts';
import type { NetDevice } from './netdevice.ts';

/** The driver took the packet (it owns the sk_buff now). */
export const NETDEV_TX_OK = 0x00;
/** The driver could not take it: the sk_buff still belongs to the caller and is queued again. */
export const NETDEV_TX_BUSY = 0x10;

export const NET_XMIT_SUCCESS = 0x00;
export const NET_XMIT_DROP = 0x01;
export const NET_XMIT_CN = 0x02;
export const NET_RX_SUCCESS = 0;
export const NET_RX_DROP = 1;

/** A transmit result for a caller that only cares about errors: a congestion notice is not one (`net_xmit_eval`). */
export function netXmitEval(code: number): number {
  return code === NET_XMIT_CN ? 0 : code;
}

/** `struct ifmap`: where the hardware of a device is. */
export interface IfMap {
  readonly memStart: number;
  readonly memEnd: number;
  readonly baseAddr: number;
  readonly irq: number;
  readonly dma: number;
  readonly port: number;
}

/** All functions run under RTNL except `ndoStartXmit` and `ndoGetStats64`. Integers returned are 0 or a negative errno. */
export interface NetDeviceOps {
  /** Once, when the device is registered; an error refuses the registration. */
  readonly ndoInit: ((dev: NetDevice) => number) | null;
  /** When the device is unregistered, or when its registration fails after `ndoInit`. */
  readonly ndoUninit: ((dev: NetDevice) => void) | null;
  /** down → up. An error leaves the device down. */
  readonly ndoOpen: ((dev: NetDevice) => number) | null;
  /** up → down. */
  readonly ndoStop: ((dev: NetDevice) => number) | null;
  /**
   * Sends one packet: {@link NETDEV_TX_OK}, and the driver owns it, or {@link NETDEV_TX_BUSY}. NET_XMIT_DROP: the driver owned it and
   * lost it, and the sender hears of it where no queue lies between.
   */
  readonly ndoStartXmit: (skb: SkBuff, dev: NetDevice) => number;
  readonly ndoSelectQueue: ((dev: NetDevice, skb: SkBuff) => number) | null;
  /** The address lists or flags changed. */
  readonly ndoSetRxMode: ((dev: NetDevice) => void) | null;
  readonly ndoChangeRxFlags: ((dev: NetDevice, flags: number) => void) | null;
  readonly ndoSetMacAddress: ((dev: NetDevice, addr: Uint8Array) => number) | null;
  /** Whether the device may come up with the address it has: 0 or -EADDRNOTAVAIL. */
  readonly ndoValidateAddr: ((dev: NetDevice) => number) | null;
  readonly ndoChangeMtu: ((dev: NetDevice, mtu: number) => number) | null;
  /** User space sets the carrier (`ip link set … carrier on|off`). */
  readonly ndoChangeCarrier: ((dev: NetDevice, on: boolean) => number) | null;
  /** The traffic of a VLAN (EtherType of the tag, number) is wanted, or not any more: devices that filter VLANs only. */
  readonly ndoVlanRxAddVid: ((dev: NetDevice, proto: number, vid: number) => number) | null;
  readonly ndoVlanRxKillVid: ((dev: NetDevice, proto: number, vid: number) => number) | null;
  /** The user says where the hardware is (SIOCSIFMAP). */
  readonly ndoSetConfig: ((dev: NetDevice, map: IfMap) => number) | null;
  /** PHY registers and hardware time stamps: `cmd` is the request, `ifreq` its `struct ifreq`, to be filled in. */
  readonly ndoEthIoctl: ((dev: NetDevice, ifreq: Uint8Array, cmd: number) => number) | null;
  /** A request that only this driver knows, SIOCDEVPRIVATE … + 15. */
  readonly ndoSiocdevprivate: ((dev: NetDevice, ifreq: Uint8Array, cmd: number) => number) | null;
  readonly ndoTxTimeout: ((dev: NetDevice, queue: number) => void) | null;
  readonly ndoAddSlave: ((dev: NetDevice, slave: NetDevice) => number) | null;
  readonly ndoDelSlave: ((dev: NetDevice, slave: NetDevice) => number) | null;
  readonly ndoFixFeatures: ((dev: NetDevice, features: number) => number) | null;
  readonly ndoSetFeatures: ((dev: NetDevice, features: number) => number) | null;
  /** Adds the driver's own counters to `into` (order of `rtnl_link_stats64`). */
  readonly ndoGetStats64: ((dev: NetDevice, into: Float64Array) => void) | null;
  /** The other end or the lower device, as `ip link` shows it behind `@`; 0 for none. */
  readonly ndoGetIflink: ((dev: NetDevice) => number) | null;
  /** A neighbour (`struct neighbour`, the package neighbour's) is made on the device, which may refuse it with a negative errno. */
  readonly ndoNeighConstruct: ((dev: NetDevice, neigh: object) => number) | null;
  /** A neighbour on the device is no more. */
  readonly ndoNeighDestroy: ((dev: NetDevice, neigh: object) => void) | null;
}

/** Every member present, so that all tables have one shape: spread this and replace what the driver does. */
export const netdevOpsDefaults: Omit<NetDeviceOps, 'ndoStartXmit'> = {
  ndoInit: null,
  ndoUninit: null,
  ndoOpen: null,
  ndoStop: null,
  ndoSelectQueue: null,
  ndoSetRxMode: null,
  ndoChangeRxFlags: null,
  ndoSetMacAddress: null,
  ndoValidateAddr: null,
  ndoChangeMtu: null,
  ndoChangeCarrier: null,
  ndoVlanRxAddVid: null,
  ndoVlanRxKillVid: null,
  ndoSetConfig: null,
  ndoEthIoctl: null,
  ndoSiocdevprivate: null,
  ndoTxTimeout: null,
  ndoAddSlave: null,
  ndoDelSlave: null,
  ndoFixFeatures: null,
  ndoSetFeatures: null,
  ndoGetStats64: null,
  ndoGetIflink: null,
  ndoNeighConstruct: null,
  ndoNeighDestroy: null,
};

/** `struct header_ops`: how a device type builds and reads its link-layer header. */
export interface HeaderOps {
  /**
   * Pushes the header for EtherType `type`. `daddr`/`saddr` are bytes with an offset, or null for "unknown" / "the device's own".
   * Returns the header length, or its negative when the destination is still missing.
   */
  readonly create: (skb: SkBuff, dev: NetDevice, type: number, daddr: Uint8Array | null, saddr: Uint8Array | null, len: number) => number;
  /** Copies the sender's address of a received frame to `haddr`; returns its length. */
  readonly parse: (skb: SkBuff, haddr: Uint8Array) => number;
  /**
   * Writes the cached header for a neighbour (`hh_cache`) to the end of `hh`, whose length is `hardHeaderLen` rounded up to 16. 0, or -1
   * if headers of this type cannot be cached.
   */
  readonly cache: ((hh: Uint8Array, dev: NetDevice, type: number, daddr: Uint8Array) => number) | null;
  /** Refreshes a cached header after the neighbour's address changed. */
  readonly cacheUpdate: ((hh: Uint8Array, dev: NetDevice, daddr: Uint8Array) => void) | null;
  /** EtherType of a frame whose header lies at `macHeader`. */
  readonly parseProtocol: ((skb: SkBuff) => number) | null;
}
