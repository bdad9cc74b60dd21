/** /proc/net/udp and `Udp:` of /proc/net/snmp. */
import { PROC_SOCK_HEADER, procSockLinePadded } from '@skbuff/af-inet';
import type { Net } from '@skbuff/core';
import { snmpItems, snmpLines } from '@skbuff/inet';
import { snmp4UdpList } from '@skbuff/ipv4';
import { AF_INET } from '@skbuff/uapi';
import { udpNet } from './udp-net.ts';

/** The text of /proc/net/udp: the table's sockets of this family. */
export function udpProcText(net: Net): string {
  const { table } = udpNet.of(net);
  let text = PROC_SOCK_HEADER;
  const all = [...table].filter((sk) => sk.family === AF_INET).sort((a, b) => table.portSlot(a.inetNum) - table.portSlot(b.inetNum));
  for (const sk of all) text += procSockLinePadded(sk, table.portSlot(sk.inetNum), sk.inetSport);
  return text;
}

/** Both lines of `Udp:` in /proc/net/snmp. */
export function udpSnmpText(net: Net): string {
  return snmpLines('Udp', snmpItems(udpNet.of(net).stats, snmp4UdpList));
}
