/** Where the functions stand that steps name: package and file. */
const PLACES: Readonly<{ [name: string]: string }> = {
  udpSendmsg: 'udp/udp-sendmsg',
  rawSendmsg: 'raw/raw-sendmsg',
  netifRx: 'core/softnet',
  ipRouteOutputFlow: 'fib/route-output',
  ipRouteInputNoref: 'fib/route-input',
  fibValidateSource: 'fib/fib-validate',
  ipError: 'fib/route-error',
  ipLocalOut: 'ipv4/ip-output',
  ipOutput: 'ipv4/ip-output',
  ipFragment: 'ipv4/ip-fragment',
  ipRcv: 'ipv4/ip-input',
  ipLocalDeliver: 'ipv4/ip-input',
  ipProtocolDeliver: 'ipv4/ip-input',
  ipForward: 'ipv4/ip-forward',
  ipDefrag: 'ipv4/ip-defrag',
  neighOutput: 'neighbour/neigh-output',
  neighEventSend: 'neighbour/neigh-event',
  neighUpdate: 'neighbour/neigh-update',
  arpSolicit: 'arp/arp-solicit',
  arpRcv: 'arp/arp-rcv',
  devQueueXmit: 'core/dev-tx',
  icmpSend: 'icmp/icmp-send',
  icmpRcv: 'icmp/icmp-rcv',
  udpRcv: 'udp/udp-rcv',
  devForwardSkb: 'veth/veth',
  kfree: 'core/skbuff',
};

/** Empty for a function of a plugin of somebody else's. */
export function placeOf(fn: string): string {
  return PLACES[fn] ?? '';
}

/** Every function that a step may name, for the test that looks whether they exist. */
export const PLACE_LIST: readonly (readonly [fn: string, place: string])[] = Object.entries(PLACES);
