/** ICMP errors in words. */
import { ICMP_DEST_UNREACH, ICMP_ECHO, ICMP_ECHOREPLY, ICMP_FRAG_NEEDED, ICMP_PARAMETERPROB, ICMP_REDIRECT, ICMP_SOURCE_QUENCH, ICMP_TIME_EXCEEDED } from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';

const UNREACHABLE: readonly string[] = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
  '',
  'Source Route Failed',
  'Destination Net Unknown',
  'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited',
  'Destination Host Prohibited',
  'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service',
  'Packet filtered',
  'Precedence Violation',
  'Precedence Cutoff',
];

const REDIRECT: readonly string[] = ['Redirect Network', 'Redirect Host', 'Redirect Type of Service and Network', 'Redirect Type of Service and Host'];

const EXCEEDED: readonly string[] = ['Time to live exceeded', 'Frag reassembly time exceeded'];

/** `pr_icmph`: `info` is the MTU, the pointer or the new gateway. */
export function icmpText(type: number, code: number, info: number): string {
  switch (type) {
    case ICMP_ECHOREPLY:
      return 'Echo Reply';
    case ICMP_ECHO:
      return 'Echo Request';
    case ICMP_DEST_UNREACH:
      if (code === ICMP_FRAG_NEEDED) return `Frag needed and DF set (mtu = ${info})`;
      return UNREACHABLE[code] ?? `Dest Unreachable, Bad Code: ${code}`;
    case ICMP_SOURCE_QUENCH:
      return 'Source Quench';
    case ICMP_REDIRECT:
      return `${REDIRECT[code] ?? `Redirect, Bad Code: ${code}`}(New nexthop: ${inetNtoa(info)})`;
    case ICMP_TIME_EXCEEDED:
      return EXCEEDED[code] ?? `Time exceeded, Bad Code: ${code}`;
    case ICMP_PARAMETERPROB:
      return `Parameter problem: pointer = ${info}`;
    default:
      return `Bad ICMP type: ${type}`;
  }
}
