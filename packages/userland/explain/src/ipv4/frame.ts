/** Packets of IPv4 to be sent: what the socket is told, and headers for those from outside. */
import { IP_DF, IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DONT, IP_TOS, IP_TTL, IPPROTO_ICMP, IPPROTO_IP } from '@skbuff/uapi';
import {
  be32, csumPartial, csumTcpudpMagic, ipComputeCsum, ipFastCsum, IPHDR_CHECK, IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_ID, IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOS, IPHDR_TOT_LEN, IPHDR_TTL, setBe16,
} from '@skbuff/wire';
import type { SocketOption } from '../family.ts';
import type { Packet } from '../packet.ts';

const DEFAULT_TTL = 64;
const ANY: Uint8Array = new Uint8Array(4);

export function optionsOf(packet: Packet): readonly SocketOption[] {
  return [
    [IPPROTO_IP, IP_TTL, packet.ttl],
    [IPPROTO_IP, IP_TOS, packet.tos === 0 ? null : packet.tos],
    [IPPROTO_IP, IP_MTU_DISCOVER, packet.df === null ? null : packet.df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT],
  ];
}

export function checksumOf(packet: Packet, protocol: number, message: Uint8Array): number {
  if (protocol === IPPROTO_ICMP) return ipComputeCsum(message, 0, message.length);
  const sum = csumTcpudpMagic(be32(packet.saddr?.bytes ?? ANY, 0), be32(packet.daddr.bytes, 0), message.length, protocol, csumPartial(message, 0, message.length, 0));
  return sum === 0 ? 0xffff : sum;
}

export function datagramOf(packet: Packet, protocol: number, message: Uint8Array): Uint8Array {
  const b = new Uint8Array(IPHDR_LEN + message.length);
  b[0] = 0x45;
  b[IPHDR_TOS] = packet.tos;
  setBe16(b, IPHDR_TOT_LEN, b.length);
  setBe16(b, IPHDR_ID, 1);
  setBe16(b, IPHDR_FRAG_OFF, packet.df === true ? IP_DF : 0);
  b[IPHDR_TTL] = packet.ttl ?? DEFAULT_TTL;
  b[IPHDR_PROTOCOL] = protocol;
  b.set(packet.saddr?.bytes ?? ANY, IPHDR_SADDR);
  b.set(packet.daddr.bytes, IPHDR_DADDR);
  setBe16(b, IPHDR_CHECK, ipFastCsum(b, 0, 5) ^ (packet.badIpCsum ? 1 : 0));
  b.set(message, IPHDR_LEN);
  return b;
}
