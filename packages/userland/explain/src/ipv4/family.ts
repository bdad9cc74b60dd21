/** IPv4, with ICMP, ARP and the FIB. */
import * as C from '@skbuff/core';
import { IPV4, type Rtable, RTCF_BROADCAST, RTCF_MULTICAST } from '@skbuff/ipv4';
import {
  AF_INET, ETH_P_IP, ICMP_ECHO, ICMP_ECHOREPLY, ICMP_TIMESTAMP, IPPROTO_ICMP, NF_ARP_NUMHOOKS, NF_INET_FORWARD, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_NUMHOOKS, NF_INET_POST_ROUTING, NF_INET_PRE_ROUTING, NFPROTO_ARP, NFPROTO_IPV4,
} from '@skbuff/uapi';
import { inetNtoa, inetPton4, ipv4IsMulticast } from '@skbuff/wire';
import type { Family } from '../family.ts';
import { memberships4, namesOf, taker } from './deliver.ts';
import { ipv4Words } from './fix.ts';
import { checksumOf, datagramOf, optionsOf } from './frame.ts';
import { icmpName, isIcmpError, readIpv4 } from './header.ts';
import { watchIcmp } from './icmp.ts';
import { watchRouting } from './routing.ts';

export const ipv4Family: Family = {
  family: AF_INET,
  ethType: ETH_P_IP,
  headerChecksum: true,
  hasZones: false,
  hopLimit: { name: 'TTL', short: 'ttl' },
  ip: 'ip',
  udpMib: 'Udp',
  read: (skb) => readIpv4(ipv4Family, skb),
  icmp: {
    protocol: IPPROTO_ICMP,
    name: 'ICMP',
    rfc: 'RFC 1122',
    echo: ICMP_ECHO,
    types: { 'echo-reply': ICMP_ECHOREPLY, echo: ICMP_ECHO, timestamp: ICMP_TIMESTAMP },
    isError: isIcmpError,
    nameOf: icmpName,
  },
  isMulticast: (addr) => ipv4IsMulticast(inetPton4(addr)),
  everybody: '255.255.255.255',
  pf: NFPROTO_IPV4,
  points: [
    [NF_INET_PRE_ROUTING, 'PRE_ROUTING', 'ipRcv'],
    [NF_INET_LOCAL_IN, 'LOCAL_IN', 'ipLocalDeliver'],
    [NF_INET_FORWARD, 'FORWARD', 'ipForward'],
    [NF_INET_LOCAL_OUT, 'LOCAL_OUT', 'ipLocalOut'],
    [NF_INET_POST_ROUTING, 'POST_ROUTING', 'ipOutput'],
  ],
  hooks: [
    [NFPROTO_IPV4, NF_INET_NUMHOOKS],
    [NFPROTO_ARP, NF_ARP_NUMHOOKS],
  ],
  functions: {
    sendUdp: 'udpSendmsg',
    sendRaw: 'rawSendmsg',
    receive: 'ipRcv',
    search: 'arpRcv',
    unanswered: 'neighEventSend',
    deliver: 'ipLocalDeliver',
    forward: 'ipForward',
    fragment: 'ipFragment',
    icmpSend: 'icmpSend',
  },
  watchers: [watchRouting, watchIcmp],
  nexthop(skb, ip) {
    const rt = skb.dst as Rtable | null;
    return rt === null || (rt.rtFlags & (RTCF_BROADCAST | RTCF_MULTICAST)) !== 0 ? null : inetNtoa(rt.nexthop(inetPton4(ip.daddr)) >>> 0);
  },
  neighbour: (kernel, dev, addr) => kernel.services.get(IPV4).arpTbl?.lookup(dev, inetPton4(addr) | 0) ?? null,
  taker,
  droppers: {
    [C.SKB_DROP_REASON_NO_SOCKET]: 'udpRcv',
    [C.SKB_DROP_REASON_UDP_CSUM]: 'udpRcv',
    [C.SKB_DROP_REASON_ICMP_CSUM]: 'icmpRcv',
    [C.SKB_DROP_REASON_OTHERHOST]: 'ipRcv',
    [C.SKB_DROP_REASON_IP_CSUM]: 'ipRcv',
    [C.SKB_DROP_REASON_PKT_TOO_SMALL]: 'ipRcv',
    [C.SKB_DROP_REASON_IP_RPFILTER]: 'fibValidateSource',
    [C.SKB_DROP_REASON_IP_LOCAL_SOURCE]: 'fibValidateSource',
    [C.SKB_DROP_REASON_IP_INVALID_SOURCE]: 'ipRouteInputNoref',
    [C.SKB_DROP_REASON_IP_INVALID_DEST]: 'ipRouteInputNoref',
    [C.SKB_DROP_REASON_IP_LOCALNET]: 'ipRouteInputNoref',
    [C.SKB_DROP_REASON_IP_INNOROUTES]: 'ipError',
    [C.SKB_DROP_REASON_IP_INADDRERRORS]: 'ipError',
    [C.SKB_DROP_REASON_IP_NOPROTO]: 'ipProtocolDeliver',
  },
  searchEnds: [],
  words: ipv4Words,
  refusal: () => null,
  advice: () => null,
  membership: 'IP_ADD_MEMBERSHIP',
  options: optionsOf,
  checksum: checksumOf,
  datagram: datagramOf,
  names: namesOf,
  socketOptions: () => [],
  memberships: memberships4,
  still: [],
  copyStates: () => {},
};
