/** The lines `Icmp:` and `IcmpMsg:` of /proc/net/snmp. */
import { type SnmpItem, snmpLines } from '@skbuff/inet';
import { ICMP_MIB_CSUMERRORS, ICMP_MIB_INERRORS, ICMP_MIB_INMSGS, ICMP_MIB_OUTERRORS, ICMP_MIB_OUTMSGS, ICMP_MIB_RATELIMITHOST } from '@skbuff/uapi';
import { ICMPMSG_MIB_OUT } from './icmp-net.ts';

const TYPE_NAMES: readonly (readonly [string, number])[] = [
  ['DestUnreachs', 3],
  ['TimeExcds', 11],
  ['ParmProbs', 12],
  ['SrcQuenchs', 4],
  ['Redirects', 5],
  ['Echos', 8],
  ['EchoReps', 0],
  ['Timestamps', 13],
  ['TimestampReps', 14],
  ['AddrMasks', 17],
  ['AddrMaskReps', 18],
];

/** `icmp_put`. `rateLimitGlobal`: what the limit of both families has refused. */
export function icmpSnmpLines(mib: Float64Array, msgs: Float64Array, rateLimitGlobal: number): string {
  const byType = (prefix: string, base: number): SnmpItem[] => TYPE_NAMES.map(([name, type]) => [prefix + name, msgs[base + type]]);
  return snmpLines('Icmp', [
    ['InMsgs', mib[ICMP_MIB_INMSGS]],
    ['InErrors', mib[ICMP_MIB_INERRORS]],
    ['InCsumErrors', mib[ICMP_MIB_CSUMERRORS]],
    ...byType('In', 0),
    ['OutMsgs', mib[ICMP_MIB_OUTMSGS]],
    ['OutErrors', mib[ICMP_MIB_OUTERRORS]],
    ['OutRateLimitGlobal', rateLimitGlobal],
    ['OutRateLimitHost', mib[ICMP_MIB_RATELIMITHOST]],
    ...byType('Out', ICMPMSG_MIB_OUT),
  ]);
}

const PER_LINE = 16;

/** `icmpmsg_put`: every type that occurred, 16 to a line; nothing as long as none did. */
export function icmpMsgSnmpLines(msgs: Float64Array): string {
  const items: SnmpItem[] = [];
  msgs.forEach((count, i) => {
    if (count !== 0) items.push([`${i < ICMPMSG_MIB_OUT ? 'In' : 'Out'}Type${i % ICMPMSG_MIB_OUT}`, count]);
  });
  let text = '';
  for (let at = 0; at < items.length; at += PER_LINE) text += snmpLines('IcmpMsg', items.slice(at, at + PER_LINE));
  return text;
}
