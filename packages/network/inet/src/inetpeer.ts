/** `struct inet_peer` (`net/ipv4/inetpeer.c`): what this host remembers of others for a while, not to be flooded or to flood them. */
import { HZ } from '@skbuff/core';

/** Packets of one kind that may go to a host at once before they are spaced. */
const XRLIM_BURST_FACTOR = 6;
/** Peers kept at the most, and jiffies after which one that nobody asked for may be forgotten then. */
const INET_PEER_THRESHOLD = 65536 + 128;
const INET_PEER_MINTTL: number = 120 * HZ;

export class InetPeer {
  /** Token bucket of {@link inetPeerXrlimAllow}, in jiffies; redirects use the fields in their own way. */
  rateTokens = 0;
  rateLast: number;
  nRedirects = 0;
  /** Fragments that have come from there. */
  rid = 0;
  /** Jiffies of the last use. */
  dtime: number;

  constructor(now: number) {
    // A bucket that is full at once.
    this.rateLast = now - 60 * HZ;
    this.dtime = now;
  }
}

/** `struct inet_peer_base`: the peers of one family in one namespace, by what the family takes for an address. A `Map`, or what is like one. */
export interface InetPeerBase<K> extends Iterable<[K, InetPeer]> {
  readonly size: number;
  get(addr: K): InetPeer | undefined;
  set(addr: K, peer: InetPeer): unknown;
  delete(addr: K): unknown;
  clear(): void;
}

/** `inet_getpeer`: the peer with this address, made when first asked for. `now`: jiffies. */
export function inetGetpeer<K>(peers: InetPeerBase<K>, daddr: K, now: number): InetPeer {
  let peer = peers.get(daddr);
  if (peer === undefined) {
    if (peers.size >= INET_PEER_THRESHOLD) collect(peers, now);
    peer = new InetPeer(now);
    peers.set(daddr, peer);
  }
  peer.dtime = now;
  return peer;
}

/** `inet_peer_gc`. If all were used just now, all are forgotten. */
function collect<K>(peers: InetPeerBase<K>, now: number): void {
  for (const [addr, peer] of peers) if (now - peer.dtime > INET_PEER_MINTTL) peers.delete(addr);
  if (peers.size >= INET_PEER_THRESHOLD) peers.clear();
}

/** `inet_peer_xrlim_allow`: whether one more packet may go there, when `timeout` jiffies shall lie between two and six may go at once. */
export function inetPeerXrlimAllow(peer: InetPeer, now: number, timeout: number): boolean {
  let tokens = peer.rateTokens + now - peer.rateLast;
  // Credit that another kind of message has left within the same jiffy is not cut.
  if (peer.rateLast !== now) tokens = Math.min(tokens, XRLIM_BURST_FACTOR * timeout);
  peer.rateLast = now;
  const allowed = tokens >= timeout;
  peer.rateTokens = allowed ? tokens - timeout : tokens;
  return allowed;
}
