/** What an ICMPv6 message says, in words (`print_icmp` of ping over IPv6), each with its line break. */
import * as U from '@skbuff/uapi';

const UNREACHABLE: readonly string[] = ['No route', 'Administratively prohibited', 'Beyond scope of source address', 'Address unreachable', 'Port unreachable'];

const PARAMETER: readonly string[] = ['Wrong header field ', 'Unknown header ', 'Unknown option '];

const OTHERS: Readonly<Record<number, string>> = {
  [U.ICMPV6_ECHO_REQUEST]: 'Echo request',
  [U.ICMPV6_ECHO_REPLY]: 'Echo reply',
  [U.ICMPV6_MGM_QUERY]: 'MLD Query',
  [U.ICMPV6_MGM_REPORT]: 'MLD Report',
  [U.ICMPV6_MGM_REDUCTION]: 'MLD Reduction',
};

/** `info` is the second word of the header: the MTU of a packet too big, the pointer of a parameter problem. */
export function icmp6Text(type: number, code: number, info: number): string {
  switch (type) {
    case U.ICMPV6_DEST_UNREACH:
      return `Destination unreachable: ${UNREACHABLE[code] ?? `Unknown code ${code}`}\n`;
    case U.ICMPV6_PKT_TOOBIG:
      return `Packet too big: mtu=${info}${code === 0 ? '' : `, code=${code}`}\n`;
    case U.ICMPV6_TIME_EXCEED:
      return `Time exceeded: ${['Hop limit', 'Defragmentation failure'][code] ?? `code ${code}`}\n`;
    case U.ICMPV6_PARAMPROB:
      return `Parameter problem: ${PARAMETER[code] ?? `code ${code} `}at ${info}\n`;
    default:
      return `${OTHERS[type] ?? `unknown icmp type: ${type}`}\n`;
  }
}
