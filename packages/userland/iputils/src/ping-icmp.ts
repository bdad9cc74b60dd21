/** What an ICMP message says, in words (`pr_icmph`), each with its line break. */
import * as U from '@skbuff/uapi';
import { be32, inetNtoa } from '@skbuff/wire';

/** By code. */
const UNREACHABLE: readonly string[] = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
  'Frag needed and DF set (mtu = %)',
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

const OTHERS: Readonly<Record<number, string>> = {
  [U.ICMP_ECHOREPLY]: 'Echo Reply',
  [U.ICMP_SOURCE_QUENCH]: 'Source Quench',
  [U.ICMP_ECHO]: 'Echo Request',
  [U.ICMP_TIMESTAMP]: 'Timestamp',
  [U.ICMP_TIMESTAMPREPLY]: 'Timestamp Reply',
  [U.ICMP_INFO_REQUEST]: 'Information Request',
  [U.ICMP_INFO_REPLY]: 'Information Reply',
  [U.ICMP_ADDRESS]: 'Address Mask Request',
  [U.ICMP_ADDRESSREPLY]: 'Address Mask Reply',
};

/** `info` is the second word of the header (the MTU of FRAG_NEEDED, the gateway of a redirect, the pointer in its top byte). */
export function icmpText(type: number, code: number, info: number, addr: (addr: number) => string): string {
  switch (type) {
    case U.ICMP_DEST_UNREACH:
      return `${UNREACHABLE[code]?.replace('%', String(info)) ?? `Dest Unreachable, Bad Code: ${code}`}\n`;
    case U.ICMP_REDIRECT:
      return `${REDIRECT[code] ?? `Redirect, Bad Code: ${code}`}(New nexthop: ${addr(info)})\n`;
    case U.ICMP_TIME_EXCEEDED:
      if (code === 0) return 'Time to live exceeded\n';
      return code === 1 ? 'Frag reassembly time exceeded\n' : `Time exceeded, Bad Code: ${code}\n`;
    case U.ICMP_PARAMETERPROB:
      return `Parameter problem: pointer = ${info >>> 24}\n`;
    default:
      return `${OTHERS[type] ?? `Bad ICMP type: ${type}`}\n`;
  }
}

/** `pr_iph`: the quoted IP header, its 16-bit fields as they lie in the memory of a little-endian machine. */
export function headerText(b: Uint8Array, at: number): string {
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');
  const byte = (o: number): number => b[at + o] as number;
  const le16 = (o: number): number => byte(o) | (byte(o + 1) << 8);
  const frag = le16(6);
  let out = `Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst Data\n ${hex(byte(0) >> 4, 1)}  ${hex(byte(0) & 15, 1)}  ${hex(byte(1), 2)} ${hex(le16(2), 4)} ${hex(le16(4), 4)}`;
  out += `   ${hex(frag >> 13, 1)} ${hex(frag & 0x1fff, 4)}  ${hex(byte(8), 2)}  ${hex(byte(9), 2)} ${hex(le16(10), 4)} ${inetNtoa(be32(b, at + 12))}  ${inetNtoa(be32(b, at + 16))} `;
  for (let o = 20; o < (byte(0) & 15) * 4; o++) out += hex(byte(o), 2);
  return `${out}\n`;
}
