/**
 * The face that a longest-prefix algorithm shows to the FIB. The FIB keeps Linux's meaning of a route (aliases, TOS, priority,
 * nexthops) and hands each prefix a small integer; the algorithm only has to find the longest prefix that covers an address.
 *
 * Addresses and prefixes are u32 numbers in host order (10.0.0.1 is `0x0a000001`), 0..2^32-1. `plen` is 0..32.
 * The bits of a prefix below its length are zero: the caller has masked them. Nothing is checked here.
 */

/** Longest-prefix store behind a routing table: maps prefix/plen to a small integer that the FIB layer understands. */
export interface FibTableBackend {
  /** Prefixes stored. 10.0.0.0/8 and 10.0.0.0/16 are two. */
  readonly size: number;

  /** Value of exactly `prefix/plen`, or -1. */
  get(prefix: number, plen: number): number;

  /**
   * Stores `value`, an integer 0..2^30-1, for `prefix/plen`; replaces the value that was there.
   * @throws RangeError when the store cannot grow any further; the table is then of no more use
   */
  set(prefix: number, plen: number, value: number): void;

  /** Forgets exactly `prefix/plen`; false when it was not there. Shorter prefixes cover its addresses from now on. */
  delete(prefix: number, plen: number): boolean;

  /**
   * Value of the longest prefix with length <= `maxPlen` that covers `addr`, or -1.
   *
   * Hot path: called once per packet, so it allocates nothing. A caller that could not use the answer (its route is
   * for another TOS, its nexthops are dead) asks again with the next shorter length as `maxPlen`.
   */
  lookup(addr: number, maxPlen: number): number;

  /**
   * As {@link lookup} for `n` addresses at once (a list of packets): `out[i] = lookup(addrs[i], 32)`, 0 <= i < n.
   *
   * Exists because the memory misses of independent lookups overlap. `out` holds at least `n` numbers and shares no memory
   * with `addrs`; what lies in it beyond `n` is left alone. Allocates nothing.
   */
  lookupList(addrs: Uint32Array, n: number, out: Int32Array): void;

  /** Visits every prefix, ascending by prefix, then by length. `visit` must not change the table. */
  walk(visit: (prefix: number, plen: number, value: number) => void): void;
}

/** Makes an empty table: how a FIB is told which algorithm to use. */
export type FibTableFactory = () => FibTableBackend;
