/** IPv6, with ICMPv6, neighbour discovery and the FIB. */
import * as C from '@skbuff/core';
import { IPV6, type Rt6Info } from '@skbuff/ipv6';
import {
  AF_INET6, ETH_P_IPV6, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, IPPROTO_ICMPV6, NF_INET_FORWARD, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_NUMHOOKS, NF_INET_POST_ROUTING, NF_INET_PRE_ROUTING,
  NFPROTO_IPV6,
} from '@skbuff/uapi';
import { In6Addr, in6Pton } from '@skbuff/wire';
import type { Family } from '../family.ts';
import { copyStates6 } from './copy.ts';
import { memberships6, namesOf6, socketOptions6, taker6, watchFragments } from './deliver.ts';
import { advice6, ipv6Words, refusal6 } from './fix.ts';
import { checksumOf6, datagramOf6, optionsOf6 } from './frame.ts';
import { icmpv6Name, isIcmpv6Error, readIpv6 } from './header.ts';
import { watchIcmpv6 } from './icmp.ts';
import { watchRouting6 } from './routing.ts';

export const ipv6Family: Family = {
  family: AF_INET6,
  ethType: ETH_P_IPV6,
  headerChecksum: false,
  hasZones: true,
  hopLimit: { name: 'hop limit', short: 'hlim' },
  ip: 'ip -6',
  udpMib: 'Udp6',
  read: (skb) => readIpv6(ipv6Family, skb),
  icmp: {
    protocol: IPPROTO_ICMPV6,
    name: 'ICMPv6',
    rfc: 'RFC 4443',
    echo: ICMPV6_ECHO_REQUEST,
    types: { 'echo-reply': ICMPV6_ECHO_REPLY, echo: ICMPV6_ECHO_REQUEST },
    isError: isIcmpv6Error,
    nameOf: icmpv6Name,
  },
  isMulticast: (addr) => in6Pton(addr)?.isMulticast() === true,
  everybody: null,
  pf: NFPROTO_IPV6,
  points: [
    [NF_INET_PRE_ROUTING, 'PRE_ROUTING', 'ipv6Rcv'],
    [NF_INET_LOCAL_IN, 'LOCAL_IN', 'ip6Input'],
    [NF_INET_FORWARD, 'FORWARD', 'ip6Forward'],
    [NF_INET_LOCAL_OUT, 'LOCAL_OUT', 'ip6LocalOut'],
    [NF_INET_POST_ROUTING, 'POST_ROUTING', 'ip6Output'],
  ],
  hooks: [[NFPROTO_IPV6, NF_INET_NUMHOOKS]],
  functions: {
    sendUdp: 'udpv6Sendmsg',
    sendRaw: 'rawv6Sendmsg',
    receive: 'ipv6Rcv',
    search: 'ndiscRcv',
    unanswered: 'ndiscErrorReport',
    deliver: 'ip6Input',
    forward: 'ip6Forward',
    fragment: 'ip6Fragment',
    icmpSend: 'icmpv6Send',
  },
  watchers: [watchRouting6, watchIcmpv6, watchFragments],
  nexthop(skb, ip) {
    const rt = skb.dst as Rt6Info | null;
    const daddr = in6Pton(ip.daddr) as In6Addr;
    return rt === null || daddr.isMulticast() ? null : rt.nexthop(daddr).toString();
  },
  neighbour(kernel, dev, addr) {
    const { w0, w1, w2, w3 } = in6Pton(addr) as In6Addr;
    return kernel.services.get(IPV6).ndisc?.tbl.lookup(dev, w0, w1, w2, w3) ?? null;
  },
  taker: taker6,
  droppers: {
    [C.SKB_DROP_REASON_NO_SOCKET]: 'udpv6Rcv',
    [C.SKB_DROP_REASON_UDP_CSUM]: 'udpv6Rcv',
    [C.SKB_DROP_REASON_ICMP_CSUM]: 'icmpv6Rcv',
    [C.SKB_DROP_REASON_OTHERHOST]: 'ipv6Rcv',
    [C.SKB_DROP_REASON_PKT_TOO_SMALL]: 'ipv6Rcv',
    [C.SKB_DROP_REASON_IP_NOPROTO]: 'ip6ProtocolDeliver',
  },
  // A question that was answered for nobody, or was for others, is freed without a reason.
  searchEnds: [C.SKB_DROP_REASON_NOT_SPECIFIED, C.SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST],
  words: ipv6Words,
  refusal: refusal6,
  advice: advice6,
  membership: 'IPV6_JOIN_GROUP',
  options: optionsOf6,
  checksum: checksumOf6,
  datagram: datagramOf6,
  names: namesOf6,
  socketOptions: socketOptions6,
  memberships: memberships6,
  still: [
    ['net/ipv6/conf/default/accept_dad', '0'],
    ['net/ipv6/conf/default/router_solicitations', '0'],
  ],
  copyStates: copyStates6,
};
