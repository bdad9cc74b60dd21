/**
 * The face that a longest-prefix algorithm shows to the FIB of IPv6. The FIB keeps Linux's meaning of a route (metrics, siblings, sources,
 * next hops) and hands each prefix a small integer; the algorithm only has to find the longest prefix that covers an address.
 *
 * An address is four signed 32-bit words, most significant first. `plen` is 0..128. The bits of a prefix below its length are zero: the
 * caller has masked them. Nothing is checked here.
 */

/** Longest-prefix store behind a routing table: maps prefix/plen to a small integer that the FIB layer understands. */
export interface Fib6TableBackend {
  /** Prefixes stored. 2001:db8::/32 and 2001:db8::/48 are two. */
  readonly size: number;

  /** Value of exactly this prefix, or -1. */
  get(w0: number, w1: number, w2: number, w3: number, plen: number): number;

  /** Stores `value`, an integer 0..2^30-1, for the prefix; replaces the value that was there. */
  set(w0: number, w1: number, w2: number, w3: number, plen: number, value: number): void;

  /** Forgets exactly this prefix; false when it was not there. Shorter prefixes cover its addresses from now on. */
  delete(w0: number, w1: number, w2: number, w3: number, plen: number): boolean;

  /**
   * Value of the longest prefix with length <= `maxPlen` that covers the address, or -1.
   *
   * Hot path: called for every packet, so it allocates nothing. A caller that could not use the answer (its next hops are dead, its routes
   * are for other sources) asks again with the next shorter length as `maxPlen`.
   */
  lookup(w0: number, w1: number, w2: number, w3: number, maxPlen: number): number;

  /** Visits every prefix, ascending by prefix (as unsigned numbers), then by length. `visit` must not change the table. */
  walk(visit: (w0: number, w1: number, w2: number, w3: number, plen: number, value: number) => void): void;
}

/** Makes an empty table: how a FIB is told which algorithm to use. */
export type Fib6TableFactory = () => Fib6TableBackend;
