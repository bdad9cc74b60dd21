/** Cases with IPv4 packets. */
import { icmpMessage, type IpPacket, ipPacket, type UdpFields, udpDatagram } from '@skbuff/testkit';
import { IPPROTO_ICMP, IPPROTO_UDP } from '@skbuff/uapi';
import { type CaseKind, settings } from './cases.ts';
import { counters4 } from './transcript.ts';

/** A datagram to a port where nobody listens. `length` in bytes of data; `check` and `ulen`: default the truth. */
export function udp(fields: IpPacket & Partial<UdpFields> & { readonly length?: number }): IpPacket {
  return { ...fields, proto: IPPROTO_UDP, payload: udpDatagram({ sport: 4000, dport: 33434, ...fields, payload: fields.length ?? 4 }) };
}

/** An ICMP message, by default an echo request. */
export function icmp(fields: IpPacket & { readonly type?: number; readonly code?: number; readonly length?: number }): IpPacket {
  const data = Uint8Array.from({ length: fields.length ?? 8 }, (_, i) => i);
  return { ...fields, proto: IPPROTO_ICMP, payload: icmpMessage(fields.type ?? 8, fields.code ?? 0, 0x12340001, data) };
}

/** The identification tells packets apart. */
export const cases4: CaseKind<IpPacket> = { packet: (fields, id) => ipPacket({ id, ...fields }), counters: counters4 };

export const set: ReturnType<typeof settings> = settings('net.ipv4');
