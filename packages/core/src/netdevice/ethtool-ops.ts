/** `struct ethtool_ops`: what a driver tells `ethtool`. */
import type { NetDevice } from './netdevice.ts';

/** `struct ethtool_drvinfo`, as far as a driver says it; the rest is counted. */
export interface EthtoolDrvinfo {
  readonly driver: string;
  readonly version?: string;
  readonly fwVersion?: string;
  readonly busInfo?: string;
}

/** `struct ethtool_link_ksettings`: what a link runs at. Members that are missing: 0, or no modes. */
export interface EthtoolLinkKsettings {
  /** Mb/s; -1: unknown. */
  readonly speed: number;
  /** DUPLEX_*. */
  readonly duplex: number;
  readonly port?: number;
  readonly phyAddress?: number;
  readonly autoneg?: number;
  /** Twisted pair crossed: status and wish. */
  readonly ethTpMdix?: number;
  readonly ethTpMdixCtrl?: number;
  readonly transceiver?: number;
  /** Link modes, words of 32. */
  readonly supported?: readonly number[];
  readonly advertising?: readonly number[];
  readonly lpAdvertising?: readonly number[];
}

/** Reads or takes a structure of 32-bit words as the uapi header lays it out, without the command before it. 0 or a negative errno. */
export type EthtoolWords = (dev: NetDevice, words: Uint32Array) => number;

/** Missing callbacks: -EOPNOTSUPP. All run under RTNL. */
export interface EthtoolOps {
  readonly getDrvinfo?: (dev: NetDevice) => EthtoolDrvinfo;
  /** Whether there is a link. */
  readonly getLink?: (dev: NetDevice) => boolean;
  readonly getLinkKsettings?: (dev: NetDevice) => EthtoolLinkKsettings;
  readonly setLinkKsettings?: (dev: NetDevice, settings: EthtoolLinkKsettings) => number;
  readonly getMsglevel?: (dev: NetDevice) => number;
  readonly setMsglevel?: (dev: NetDevice, level: number) => number;
  /** Starts autonegotiation anew. */
  readonly nwayReset?: (dev: NetDevice) => number;
  /** Blinks for so many seconds (0: until told otherwise). */
  readonly setPhysId?: (dev: NetDevice, seconds: number) => number;
  /** `struct ethtool_wolinfo` without the password: supported, wanted. */
  readonly getWol?: EthtoolWords;
  readonly setWol?: EthtoolWords;
  /** `struct ethtool_ringparam`: 4 maxima, 4 values (rx, mini, jumbo, tx). */
  readonly getRingparam?: EthtoolWords;
  readonly setRingparam?: EthtoolWords;
  /** `struct ethtool_coalesce`: 22 words. */
  readonly getCoalesce?: EthtoolWords;
  readonly setCoalesce?: EthtoolWords;
  /** `struct ethtool_pauseparam`: autoneg, rx, tx. */
  readonly getPauseparam?: EthtoolWords;
  readonly setPauseparam?: EthtoolWords;
  /** `struct ethtool_channels`: 4 maxima, 4 values (rx, tx, other, combined). */
  readonly getChannels?: EthtoolWords;
  readonly setChannels?: EthtoolWords;
  /** `struct ethtool_eee`: supported, advertised, lp_advertised, active, enabled, tx_lpi_enabled, tx_lpi_timer. */
  readonly getEee?: EthtoolWords;
  readonly setEee?: EthtoolWords;
  /** Names of the counters, and the counters. */
  readonly getStatsStrings?: (dev: NetDevice) => readonly string[];
  readonly getEthtoolStats?: (dev: NetDevice) => readonly number[];
  /** Number of receive rings that flows may be spread over, and the table that spreads them by hash. */
  readonly getRxRingCount?: (dev: NetDevice) => number;
  readonly getRxfhIndir?: (dev: NetDevice) => readonly number[];
  readonly setRxfhIndir?: (dev: NetDevice, table: readonly number[]) => number;
  /** SOF_TIMESTAMPING_* that it can beside those that every device can. */
  readonly getTsInfo?: (dev: NetDevice) => number;
}

/** `default_ethtool_ops`: of a device that says nothing. */
export const defaultEthtoolOps: EthtoolOps = {};

/** `ethtool_op_get_link`: there is one when the device is up and has carrier. */
export function ethtoolOpGetLink(dev: NetDevice): boolean {
  return dev.running() && dev.carrierOk();
}
