/** Counters and tables of UDP in one namespace. */
import { type Net, NetSlot } from '@skbuff/core';
import { UdpTable } from './udp-table.ts';

/** Counters, in the order of `Udp:` in /proc/net/snmp. */
export const UDP_MIB_INDATAGRAMS = 0;
export const UDP_MIB_NOPORTS = 1;
export const UDP_MIB_INERRORS = 2;
export const UDP_MIB_OUTDATAGRAMS = 3;
export const UDP_MIB_RCVBUFERRORS = 4;
export const UDP_MIB_SNDBUFERRORS = 5;
export const UDP_MIB_CSUMERRORS = 6;
export const UDP_MIB_IGNOREDMULTI = 7;
export const UDP_MIB_MEMERRORS = 8;
export const UDP_MIB_MAX = 9;

/** Their names. */
export const UDP_MIB_NAMES: readonly string[] = [
  'InDatagrams',
  'NoPorts',
  'InErrors',
  'OutDatagrams',
  'RcvbufErrors',
  'SndbufErrors',
  'InCsumErrors',
  'IgnoredMulti',
  'MemErrors',
];

export class UdpNet {
  readonly stats: Float64Array = new Float64Array(UDP_MIB_MAX);
  readonly table: UdpTable;
  /** Sockets with UDP_GRO: without one, nothing is glued. */
  groSockets = 0;
  /** net.ipv4.udp_rmem_min, udp_wmem_min: bytes. */
  rmemMin = 4096;
  wmemMin = 4096;
  /** Take back what the namespace registered. */
  undos: (() => void)[] = [];

  constructor(net: Net) {
    this.table = new UdpTable(net.kernel.random.u32());
  }
}

export const udpNet: NetSlot<UdpNet> = new NetSlot<UdpNet>('udp');
