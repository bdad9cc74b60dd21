/** Where the functions stand that steps name: package and file. */
const PLACES: Readonly<{ [name: string]: string }> = {
  udpSendmsg: 'udp/udp-sendmsg',
  rawSendmsg: 'raw/raw-sendmsg',
  udpv6Sendmsg: 'udpv6/udp6-sendmsg',
  rawv6Sendmsg: 'rawv6/raw6-sendmsg',
  netifRx: 'core/softnet',
  dstDiscard: 'core/dst',
  ipRouteOutputFlow: 'fib/route-output',
  ipRouteInputNoref: 'fib/route-input',
  fibValidateSource: 'fib/fib-validate',
  ipError: 'fib/route-error',
  ip6RouteOutput: 'fib6/route6-output',
  ip6RouteInput: 'fib6/route6-input',
  ip6PktDiscard: 'fib6/route6-error',
  ip6PktProhibit: 'fib6/route6-error',
  ipLocalOut: 'ipv4/ip-output',
  ipOutput: 'ipv4/ip-output',
  ipFragment: 'ipv4/ip-fragment',
  ipRcv: 'ipv4/ip-input',
  ipLocalDeliver: 'ipv4/ip-input',
  ipProtocolDeliver: 'ipv4/ip-input',
  ipForward: 'ipv4/ip-forward',
  ipDefrag: 'ipv4/ip-defrag',
  ip6LocalOut: 'ipv6/ip6-output',
  ip6Output: 'ipv6/ip6-output',
  ip6Fragment: 'ipv6/ip6-fragment',
  ipv6Rcv: 'ipv6/ip6-input',
  ip6Input: 'ipv6/ip6-input',
  ip6McInput: 'ipv6/ip6-mc-input',
  ip6ProtocolDeliver: 'ipv6/ip6-deliver',
  ip6Forward: 'ipv6/ip6-forward',
  neighOutput: 'neighbour/neigh-output',
  neighEventSend: 'neighbour/neigh-event',
  neighUpdate: 'neighbour/neigh-update',
  arpSolicit: 'arp/arp-solicit',
  arpRcv: 'arp/arp-rcv',
  ndiscRcv: 'ndisc/ndisc-rcv',
  ndiscErrorReport: 'ndisc/ndisc-tbl',
  devQueueXmit: 'core/dev-tx',
  icmpSend: 'icmp/icmp-send',
  icmpRcv: 'icmp/icmp-rcv',
  icmpv6Send: 'icmpv6/icmpv6-send',
  icmpv6Rcv: 'icmpv6/icmpv6-rcv',
  udpRcv: 'udp/udp-rcv',
  udpv6Rcv: 'udpv6/udp6-rcv',
  devForwardSkb: 'veth/veth',
  kfree: 'core/skbuff',
};

/** Empty for a function of a plugin of somebody else's. */
export function placeOf(fn: string): string {
  return PLACES[fn] ?? '';
}

/** Every function that a step may name, for the test that looks whether they exist. */
export const PLACE_LIST: readonly (readonly [fn: string, place: string])[] = Object.entries(PLACES);
