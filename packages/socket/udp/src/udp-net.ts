/** Counters and tables of UDP in one namespace. */
import { type Net, NetSlot } from '@skbuff/core';
import { UDP_MIB_MAX } from '@skbuff/uapi';
import { UdpTable } from './udp-table.ts';

/** `UDP_MIB_*` of one family. Functions that serve every family have theirs handed in. */
export type UdpMib = Float64Array;

export class UdpNet {
  /** What came and went over IPv4 (`net->mib.udp_statistics`). */
  readonly stats: UdpMib = new Float64Array(UDP_MIB_MAX);
  /** The sockets of every family. */
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
