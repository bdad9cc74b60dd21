/** /proc/net/udp6 and `Udp6` of /proc/net/snmp6. */
import { PROC_SOCK6_HEADER, procSock6Line } from '@skbuff/af-inet6';
import type { Net } from '@skbuff/core';
import { snmp6Lines } from '@skbuff/ipv6';
import * as U from '@skbuff/uapi';
import { udpNet } from '@skbuff/udp';
import { udp6Net } from './udp6-net.ts';

/** The text of /proc/net/udp6: the table's sockets of this family. */
export function udp6ProcText(net: Net): string {
  const { table } = udpNet.of(net);
  const all = [...table].filter((sk) => sk.family === U.AF_INET6).sort((a, b) => table.portSlot(a.inetNum) - table.portSlot(b.inetNum));
  return PROC_SOCK6_HEADER + all.map((sk) => procSock6Line(sk, table.portSlot(sk.inetNum), sk.inetSport, sk.inetDport)).join('');
}

/** `snmp6_udp6_list`. */
const UDP6: readonly (readonly [name: string, entry: number])[] = [
  ['Udp6InDatagrams', U.UDP_MIB_INDATAGRAMS],
  ['Udp6NoPorts', U.UDP_MIB_NOPORTS],
  ['Udp6InErrors', U.UDP_MIB_INERRORS],
  ['Udp6OutDatagrams', U.UDP_MIB_OUTDATAGRAMS],
  ['Udp6RcvbufErrors', U.UDP_MIB_RCVBUFERRORS],
  ['Udp6SndbufErrors', U.UDP_MIB_SNDBUFERRORS],
  ['Udp6InCsumErrors', U.UDP_MIB_CSUMERRORS],
  ['Udp6IgnoredMulti', U.UDP_MIB_IGNOREDMULTI],
  ['Udp6MemErrors', U.UDP_MIB_MEMERRORS],
];

/** The lines of `Udp6` in /proc/net/snmp6. */
export function udp6SnmpText(net: Net): string {
  const { stats } = udp6Net.of(net);
  return snmp6Lines(UDP6.map(([name, entry]) => [name, stats[entry]]));
}
