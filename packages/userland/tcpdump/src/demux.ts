/** What stands behind an IP header. */
import { type Ndo, Short, withinPacket } from './ndo.ts';
import { icmp6Print } from './print-icmp6.ts';
import { icmpPrint } from './print-icmp.ts';
import { igmpPrint } from './print-igmp.ts';
import { ahPrint, espPrint, ipcompPrint } from './print-ipsec.ts';
import { tcpPrint } from './print-tcp.ts';
import { udpPrint } from './print-udp.ts';

/** Names in `proto NAME (number)` and `next-header NAME (number)`. */
export const IP_PROTOCOLS: Readonly<Record<number, string>> = {
  0: 'Options',
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPIP',
  6: 'TCP',
  8: 'EGP',
  9: 'IGRP',
  17: 'UDP',
  33: 'DCCP',
  41: 'IPv6',
  43: 'Routing',
  44: 'Fragment',
  46: 'RSVP',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  55: 'Mobile IP',
  58: 'ICMPv6',
  62: 'Mobile IP (old)',
  88: 'EIGRP',
  89: 'OSPF',
  103: 'PIM',
  108: 'Compressed IP',
  112: 'VRRP',
  113: 'PGM',
  132: 'SCTP',
  135: 'Mobility',
  143: 'Ethernet',
};

export interface Payload {
  readonly at: number;
  readonly length: number;
  readonly proto: number;
  /** Where the IP header begins. */
  readonly ip: number;
  readonly v6: boolean;
  readonly fragmented: boolean;
}

export function demux(ndo: Ndo, p: Payload): void {
  withinPacket(ndo, Short, () => payloadPrint(ndo, p));
}

function payloadPrint(ndo: Ndo, p: Payload): void {
  switch (p.proto) {
    case 1:
      if (p.v6) foreign(ndo, '[ICMP requires IPv4]');
      else icmpPrint(ndo, p.at, p.length, p.fragmented);
      return;
    case 2:
      if (p.v6) foreign(ndo, '[IGMP requires IPv4]');
      else igmpPrint(ndo, p.at, p.length);
      return;
    case 4:
      ndo.nested.ip(ndo, p.at, p.length);
      return;
    case 6:
      tcpPrint(ndo, p);
      return;
    case 17:
      udpPrint(ndo, p);
      return;
    case 41:
      ndo.nested.ip6(ndo, p.at, p.length);
      return;
    case 50:
      espPrint(ndo, p.at, p.length);
      return;
    case 51: {
      const size = ahPrint(ndo, p.at);
      demux(ndo, { ...p, at: p.at + size, length: p.length - size, proto: ndo.u8(p.at) });
      return;
    }
    case 58:
      if (p.v6) icmp6Print(ndo, p);
      else foreign(ndo, '[ICMPv6 requires IPv6]');
      return;
    case 59:
      ndo.print('no next header');
      return;
    case 77:
      ndo.print(` nd ${p.length}`);
      return;
    case 108:
      ipcompPrint(ndo, p.at);
      return;
  }
  ndo.print(` ip-proto-${p.proto} ${p.length}`);
}

/** A protocol of the other IP. */
function foreign(ndo: Ndo, text: string): void {
  ndo.print(text);
  ndo.invalid();
}
