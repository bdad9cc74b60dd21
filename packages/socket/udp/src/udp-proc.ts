/** /proc/net/udp and `Udp:` of /proc/net/snmp. */
import { PROC_SOCK_HEADER, procSockLinePadded } from '@skbuff/af-inet';
import type { Net } from '@skbuff/core';
import { snmpLines } from '@skbuff/ipv4';
import { UDP_MIB_NAMES, udpNet } from './udp-net.ts';

/** The text of /proc/net/udp. */
export function udpProcText(net: Net): string {
  const { table } = udpNet.of(net);
  let text = PROC_SOCK_HEADER;
  const all = [...table].sort((a, b) => table.portSlot(a.inetNum) - table.portSlot(b.inetNum));
  for (const sk of all) text += procSockLinePadded(sk, table.portSlot(sk.inetNum), sk.inetSport);
  return text;
}

/** Both lines of `Udp:` in /proc/net/snmp. */
export function udpSnmpText(net: Net): string {
  const { stats } = udpNet.of(net);
  return snmpLines('Udp', UDP_MIB_NAMES.map((name, i) => [name, stats[i]]));
}
