/** /proc/net/snmp and /proc/net/netstat (`net/ipv4/proc.c`): two lines for each group of counters, names and values. */
import type { Net } from '@skbuff/core';
import { type SnmpItem, type SnmpMib, snmpItems, snmpLines } from '@skbuff/inet';
import { procCreateNet } from '@skbuff/procfs';
import * as S from '@skbuff/uapi';
import { igmpMcSeqShow, igmpMcfSeqShow } from './igmp-proc.ts';
import { type Ipv4Net, ipv4Net } from './ipv4-net.ts';
import { LINUX_MIB_NAMES } from './snmp-names.ts';

/** The groups of /proc/net/snmp, in the order of the file. Each package adds its own. */
export const SNMP_GROUPS = ['Ip', 'Icmp', 'IcmpMsg', 'Tcp', 'Udp', 'UdpLite'] as const;
export type SnmpGroup = (typeof SNMP_GROUPS)[number];

/** `Ip:` of /proc/net/snmp. */
const IP_ITEMS: readonly SnmpMib[] = [
  ['InReceives', S.IPSTATS_MIB_INPKTS],
  ['InHdrErrors', S.IPSTATS_MIB_INHDRERRORS],
  ['InAddrErrors', S.IPSTATS_MIB_INADDRERRORS],
  ['ForwDatagrams', S.IPSTATS_MIB_OUTFORWDATAGRAMS],
  ['InUnknownProtos', S.IPSTATS_MIB_INUNKNOWNPROTOS],
  ['InDiscards', S.IPSTATS_MIB_INDISCARDS],
  ['InDelivers', S.IPSTATS_MIB_INDELIVERS],
  ['OutRequests', S.IPSTATS_MIB_OUTREQUESTS],
  ['OutDiscards', S.IPSTATS_MIB_OUTDISCARDS],
  ['OutNoRoutes', S.IPSTATS_MIB_OUTNOROUTES],
  ['ReasmTimeout', S.IPSTATS_MIB_REASMTIMEOUT],
  ['ReasmReqds', S.IPSTATS_MIB_REASMREQDS],
  ['ReasmOKs', S.IPSTATS_MIB_REASMOKS],
  ['ReasmFails', S.IPSTATS_MIB_REASMFAILS],
  ['FragOKs', S.IPSTATS_MIB_FRAGOKS],
  ['FragFails', S.IPSTATS_MIB_FRAGFAILS],
  ['FragCreates', S.IPSTATS_MIB_FRAGCREATES],
  ['OutTransmits', S.IPSTATS_MIB_OUTPKTS],
];

/** `IpExt:` of /proc/net/netstat. */
const IPEXT_ITEMS: readonly SnmpMib[] = [
  ['InNoRoutes', S.IPSTATS_MIB_INNOROUTES],
  ['InTruncatedPkts', S.IPSTATS_MIB_INTRUNCATEDPKTS],
  ['InMcastPkts', S.IPSTATS_MIB_INMCASTPKTS],
  ['OutMcastPkts', S.IPSTATS_MIB_OUTMCASTPKTS],
  ['InBcastPkts', S.IPSTATS_MIB_INBCASTPKTS],
  ['OutBcastPkts', S.IPSTATS_MIB_OUTBCASTPKTS],
  ['InOctets', S.IPSTATS_MIB_INOCTETS],
  ['OutOctets', S.IPSTATS_MIB_OUTOCTETS],
  ['InMcastOctets', S.IPSTATS_MIB_INMCASTOCTETS],
  ['OutMcastOctets', S.IPSTATS_MIB_OUTMCASTOCTETS],
  ['InBcastOctets', S.IPSTATS_MIB_INBCASTOCTETS],
  ['OutBcastOctets', S.IPSTATS_MIB_OUTBCASTOCTETS],
  ['InCsumErrors', S.IPSTATS_MIB_CSUMERRORS],
  ['InNoECTPkts', S.IPSTATS_MIB_NOECTPKTS],
  ['InECT1Pkts', S.IPSTATS_MIB_ECT1PKTS],
  ['InECT0Pkts', S.IPSTATS_MIB_ECT0PKTS],
  ['InCEPkts', S.IPSTATS_MIB_CEPKTS],
  ['ReasmOverlaps', S.IPSTATS_MIB_REASM_OVERLAPS],
];

/** `snmp4_udp_list`: `Udp:` and `UdpLite:` of /proc/net/snmp. */
export const snmp4UdpList: readonly SnmpMib[] = [
  ['InDatagrams', S.UDP_MIB_INDATAGRAMS],
  ['NoPorts', S.UDP_MIB_NOPORTS],
  ['InErrors', S.UDP_MIB_INERRORS],
  ['OutDatagrams', S.UDP_MIB_OUTDATAGRAMS],
  ['RcvbufErrors', S.UDP_MIB_RCVBUFERRORS],
  ['SndbufErrors', S.UDP_MIB_SNDBUFERRORS],
  ['InCsumErrors', S.UDP_MIB_CSUMERRORS],
  ['IgnoredMulti', S.UDP_MIB_IGNOREDMULTI],
  ['MemErrors', S.UDP_MIB_MEMERRORS],
];

const zeros = (names: readonly string[]): SnmpItem[] => names.map((name) => [name, 0]);
const NO_UDP: readonly SnmpItem[] = zeros(snmp4UdpList.map(([name]) => name));

/** Groups that Linux always shows, as they are before the first packet; programs look for their names. */
const ABSENT: Readonly<Partial<Record<SnmpGroup, readonly SnmpItem[]>>> = {
  Tcp: [
    ['RtoAlgorithm', 1],
    ['RtoMin', 200],
    ['RtoMax', 120000],
    ['MaxConn', -1],
    ...zeros('ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors'.split(' ')),
  ],
  Udp: NO_UDP,
  UdpLite: NO_UDP,
};

/** A group whose package is not loaded. */
function absentGroup(group: SnmpGroup): string {
  const items = ABSENT[group];
  return items === undefined ? '' : snmpLines(group, items);
}

/** Registers the files of a namespace; returns the undo. */
export function ipv4ProcRegister(net: Net): () => void {
  const state = ipv4Net.of(net);
  state.snmpGroups.set('Ip', () => snmpLines('Ip', ipItems(state)));
  const undos = [
    procCreateNet(net, 'snmp', () => SNMP_GROUPS.map((group) => state.snmpGroups.get(group)?.() ?? absentGroup(group)).join('')),
    procCreateNet(net, 'igmp', () => igmpMcSeqShow(net)),
    procCreateNet(net, 'mcfilter', () => igmpMcfSeqShow(net)),
    procCreateNet(net, 'netstat', () => snmpLines('TcpExt', linuxItems(state)) + snmpLines('IpExt', snmpItems(state.stats, IPEXT_ITEMS))),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}

function ipItems(state: Ipv4Net): SnmpItem[] {
  const forwarding = state.devconfAll.forwarding !== 0 ? 1 : 2;
  return [['Forwarding', forwarding], ['DefaultTTL', state.ipDefaultTtl], ...snmpItems(state.stats, IP_ITEMS)];
}

function linuxItems(state: Ipv4Net): SnmpItem[] {
  return LINUX_MIB_NAMES.map((name, i) => [name, state.linuxMib[i]]);
}
