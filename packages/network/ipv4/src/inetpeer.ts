/** What is remembered of other hosts (`net/ipv4/inetpeer.c`): how many ICMP errors and redirects each was sent. */
import { HZ, type Net, NetSlot } from '@skbuff/core';

/** More than this many are not kept for long … */
const INET_PEER_THRESHOLD = 65664;
/** … nor is anybody who was not heard of for ten minutes. Jiffies. */
const INET_PEER_MAXTTL: number = 600 * HZ;

export class InetPeer {
  /** Credit for ICMP messages and when it was last looked at, jiffies. */
  rateTokens = 0;
  rateLast: number;
  /** Redirects sent in a row. */
  nRedirects = 0;
  /** Jiffies of the last use. */
  used: number;

  constructor(now: number) {
    this.used = now;
    // Long enough ago that a host heard of for the first time has full credit.
    this.rateLast = now - 60 * HZ;
  }
}

const peers: NetSlot<Map<number, InetPeer>> = new NetSlot<Map<number, InetPeer>>('inetpeer');

/** `inet_getpeer_v4`: what is known of the host with this address (u32); made if nothing is. */
export function inetGetpeer(net: Net, addr: number): InetPeer {
  let map = peers.peek(net);
  if (map === null) {
    map = new Map();
    peers.set(net, map);
  }
  const now = net.timers.jiffies;
  let peer = map.get(addr);
  if (peer === undefined) {
    if (map.size >= INET_PEER_THRESHOLD) collect(map, now);
    peer = new InetPeer(now);
    map.set(addr, peer);
  }
  peer.used = now;
  return peer;
}

/** `inet_peer_gc`: forgets who was not heard of lately, and if that is nobody the one known longest. */
function collect(map: Map<number, InetPeer>, now: number): void {
  for (const [addr, peer] of map) if (now - peer.used >= INET_PEER_MAXTTL) map.delete(addr);
  const [oldest] = map.keys();
  if (map.size >= INET_PEER_THRESHOLD && oldest !== undefined) map.delete(oldest);
}
