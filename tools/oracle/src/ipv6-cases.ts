/** Cases with IPv6 packets. */
import { HOST6_A, HOST6_B, icmp6Message, ip6Bytes, type Ip6Packet, ip6Packet, packets6, type UdpFields, udpDatagram } from '@skbuff/testkit';
import { AF_INET6, ICMPV6_ECHO_REQUEST, IPPROTO_ICMPV6, IPPROTO_UDP } from '@skbuff/uapi';
import { setBe16, setBe32, setLe32 } from '@skbuff/wire';
import { type CaseKind, settings } from './cases.ts';
import { counters6 } from './transcript.ts';

/** A datagram to a port where nobody listens. `length` in bytes of data; `check` and `ulen`: default the truth. */
export function udp6(fields: Ip6Packet & Partial<UdpFields> & { readonly length?: number }): Ip6Packet {
  return { ...fields, proto: IPPROTO_UDP, payload: udpDatagram({ sport: 4000, dport: 33434, ...fields, payload: fields.length ?? 4 }, packets6) };
}

/** An ICMPv6 message, by default an echo request; `length` bytes behind its first eight, or `data` behind its first four. */
export function icmp6(fields: Ip6Packet & { readonly type?: number; readonly code?: number; readonly length?: number; readonly data?: ArrayLike<number> }): Ip6Packet {
  const data = fields.data ?? [0x12, 0x34, 0, 1, ...Array.from({ length: fields.length ?? 8 }, (_, i) => i & 255)];
  const payload = icmp6Message(fields.saddr ?? HOST6_A, fields.daddr ?? HOST6_B, fields.type ?? ICMPV6_ECHO_REQUEST, fields.code ?? 0, data);
  return { ...fields, proto: IPPROTO_ICMPV6, payload };
}

/** The flow label tells packets apart. */
export const cases6: CaseKind<Ip6Packet> = { packet: (fields, id) => ip6Packet({ flowlabel: id, ...fields }), counters: counters6, settle: 50 };

export const set6: ReturnType<typeof settings> = settings('net.ipv6');

/** `struct sockaddr_in6` as hexadecimal bytes. */
export function sin6(addr: string, port: number, { family = AF_INET6 as number, scope = 0, flowinfo = 0 }: { readonly family?: number; readonly scope?: number; readonly flowinfo?: number } = {}): string {
  const bytes = new Uint8Array(28);
  bytes[0] = family;
  setBe16(bytes, 2, port);
  setBe32(bytes, 4, flowinfo);
  bytes.set(ip6Bytes(addr), 8);
  setLe32(bytes, 24, scope);
  return Buffer.from(bytes).toString('hex');
}
