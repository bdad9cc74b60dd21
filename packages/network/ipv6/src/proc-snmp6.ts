/** /proc/net/snmp6 and /proc/net/dev_snmp6/IFACE (`net/ipv6/proc.c`): one counter on each line. */
import { DevSlot, type ModuleContext, pernetUndo } from '@skbuff/core';
import { type SnmpMib, snmpItems } from '@skbuff/inet';
import { procCreateNet } from '@skbuff/procfs';
import * as S from '@skbuff/uapi';
import type { Inet6Dev } from './if-inet6.ts';
import { type Ipv6Net, ipv6Net } from './ipv6-net.ts';

/** `snmp6_ipstats_list`. */
const IPSTATS: readonly SnmpMib[] = [
  ['Ip6InReceives', S.IPSTATS_MIB_INPKTS],
  ['Ip6InHdrErrors', S.IPSTATS_MIB_INHDRERRORS],
  ['Ip6InTooBigErrors', S.IPSTATS_MIB_INTOOBIGERRORS],
  ['Ip6InNoRoutes', S.IPSTATS_MIB_INNOROUTES],
  ['Ip6InAddrErrors', S.IPSTATS_MIB_INADDRERRORS],
  ['Ip6InUnknownProtos', S.IPSTATS_MIB_INUNKNOWNPROTOS],
  ['Ip6InTruncatedPkts', S.IPSTATS_MIB_INTRUNCATEDPKTS],
  ['Ip6InDiscards', S.IPSTATS_MIB_INDISCARDS],
  ['Ip6InDelivers', S.IPSTATS_MIB_INDELIVERS],
  ['Ip6OutForwDatagrams', S.IPSTATS_MIB_OUTFORWDATAGRAMS],
  ['Ip6OutRequests', S.IPSTATS_MIB_OUTREQUESTS],
  ['Ip6OutDiscards', S.IPSTATS_MIB_OUTDISCARDS],
  ['Ip6OutNoRoutes', S.IPSTATS_MIB_OUTNOROUTES],
  ['Ip6ReasmTimeout', S.IPSTATS_MIB_REASMTIMEOUT],
  ['Ip6ReasmReqds', S.IPSTATS_MIB_REASMREQDS],
  ['Ip6ReasmOKs', S.IPSTATS_MIB_REASMOKS],
  ['Ip6ReasmFails', S.IPSTATS_MIB_REASMFAILS],
  ['Ip6FragOKs', S.IPSTATS_MIB_FRAGOKS],
  ['Ip6FragFails', S.IPSTATS_MIB_FRAGFAILS],
  ['Ip6FragCreates', S.IPSTATS_MIB_FRAGCREATES],
  ['Ip6InMcastPkts', S.IPSTATS_MIB_INMCASTPKTS],
  ['Ip6OutMcastPkts', S.IPSTATS_MIB_OUTMCASTPKTS],
  ['Ip6InOctets', S.IPSTATS_MIB_INOCTETS],
  ['Ip6OutOctets', S.IPSTATS_MIB_OUTOCTETS],
  ['Ip6InMcastOctets', S.IPSTATS_MIB_INMCASTOCTETS],
  ['Ip6OutMcastOctets', S.IPSTATS_MIB_OUTMCASTOCTETS],
  ['Ip6InBcastOctets', S.IPSTATS_MIB_INBCASTOCTETS],
  ['Ip6OutBcastOctets', S.IPSTATS_MIB_OUTBCASTOCTETS],
  ['Ip6InNoECTPkts', S.IPSTATS_MIB_NOECTPKTS],
  ['Ip6InECT1Pkts', S.IPSTATS_MIB_ECT1PKTS],
  ['Ip6InECT0Pkts', S.IPSTATS_MIB_ECT0PKTS],
  ['Ip6InCEPkts', S.IPSTATS_MIB_CEPKTS],
  ['Ip6OutTransmits', S.IPSTATS_MIB_OUTPKTS],
];

/** `snmp6_icmp6_list`, of an interface; a namespace has one more. */
const ICMP6: readonly SnmpMib[] = [
  ['Icmp6InMsgs', S.ICMP6_MIB_INMSGS],
  ['Icmp6InErrors', S.ICMP6_MIB_INERRORS],
  ['Icmp6OutMsgs', S.ICMP6_MIB_OUTMSGS],
  ['Icmp6OutErrors', S.ICMP6_MIB_OUTERRORS],
  ['Icmp6InCsumErrors', S.ICMP6_MIB_CSUMERRORS],
];
const ICMP6_NET: readonly SnmpMib[] = [...ICMP6, ['Icmp6OutRateLimitHost', S.ICMP6_MIB_RATELIMITHOST]];

/** `icmp6type2name`. */
const TYPE_NAMES: readonly SnmpMib[] = [
  ['DestUnreachs', S.ICMPV6_DEST_UNREACH],
  ['PktTooBigs', S.ICMPV6_PKT_TOOBIG],
  ['TimeExcds', S.ICMPV6_TIME_EXCEED],
  ['ParmProblems', S.ICMPV6_PARAMPROB],
  ['Echos', S.ICMPV6_ECHO_REQUEST],
  ['EchoReplies', S.ICMPV6_ECHO_REPLY],
  ['GroupMembQueries', S.ICMPV6_MGM_QUERY],
  ['GroupMembResponses', S.ICMPV6_MGM_REPORT],
  ['GroupMembReductions', S.ICMPV6_MGM_REDUCTION],
  ['RouterSolicits', S.NDISC_ROUTER_SOLICITATION],
  ['RouterAdvertisements', S.NDISC_ROUTER_ADVERTISEMENT],
  ['NeighborSolicits', S.NDISC_NEIGHBOUR_SOLICITATION],
  ['NeighborAdvertisements', S.NDISC_NEIGHBOUR_ADVERTISEMENT],
  ['Redirects', S.NDISC_REDIRECT],
  ['MLDv2Reports', S.ICMPV6_MLD2_REPORT],
];

/** Messages that were sent come after all that were received. */
const MSG_OUT = 256;

/** UDP and UDP-Lite, which a kernel has even if nobody ever used them. */
const UDP = 'InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors'.split(' ');
const ABSENT: Readonly<Record<string, readonly string[]>> = {
  Udp6: [...UDP, 'IgnoredMulti', 'MemErrors'],
  UdpLite6: [...UDP, 'MemErrors'],
};

/** `snmp6_seq_show_item`: the name in a column of 32, a tab, the value. */
export function snmp6Lines(items: readonly (readonly [name: string, value: number])[]): string {
  return items.map(([name, value]) => `${name.padEnd(32)}\t${value}\n`).join('');
}

/** `snmp6_seq_show_icmpv6msg`: those that have a name, then by number all that occurred. */
function icmpv6Lines(msgs: Float64Array): string {
  const named = (prefix: string, base: number): [string, number][] => TYPE_NAMES.map(([name, type]) => [`Icmp6${prefix}${name}`, msgs[base + type]]);
  const numbered: [string, number][] = [];
  msgs.forEach((count, i) => {
    if (count !== 0) numbered.push([`Icmp6${i < MSG_OUT ? 'In' : 'Out'}Type${i % MSG_OUT}`, count]);
  });
  return snmp6Lines([...named('In', 0), ...named('Out', MSG_OUT), ...numbered]);
}

function snmp6Text({ stats, icmpv6Stats, icmpv6MsgStats, snmpGroups }: Ipv6Net): string {
  const own = snmp6Lines(snmpItems(stats, IPSTATS)) + snmp6Lines(snmpItems(icmpv6Stats, ICMP6_NET)) + icmpv6Lines(icmpv6MsgStats);
  const others = Object.entries(ABSENT).map(([group, names]) => snmpGroups.get(group)?.() ?? snmp6Lines(names.map((name) => [group + name, 0])));
  return own + others.join('');
}

/** How the file of an interface goes away again. */
const devFile: DevSlot<() => void> = new DevSlot<() => void>();

/** `snmp6_register_dev`: the file of an interface, under the name that it has now. */
export function snmp6RegisterDev({ dev, stats, icmpv6Stats, icmpv6MsgStats }: Inet6Dev): void {
  const text = (): string =>
    snmp6Lines([['ifIndex', dev.ifindex], ...snmpItems(stats, IPSTATS), ...snmpItems(icmpv6Stats, ICMP6)]) + icmpv6Lines(icmpv6MsgStats);
  devFile.set(dev, procCreateNet(dev.net, `dev_snmp6/${dev.name}`, text));
}

/** `snmp6_unregister_dev`: takes it away, if there is one. */
export function snmp6UnregisterDev({ dev }: Inet6Dev): void {
  devFile.get(dev)?.();
  devFile.set(dev, null);
}

/** `ipv6_proc_init_net`. */
export function proc6Register(ctx: ModuleContext): void {
  pernetUndo(ctx, 'ipv6 counters', (net) => [procCreateNet(net, 'snmp6', () => snmp6Text(ipv6Net.of(net)))]);
}
