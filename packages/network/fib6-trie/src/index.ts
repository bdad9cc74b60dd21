/**
 * The longest-prefix store of IPv6 routing tables: see {@link Fib6Trie}.
 *
 * @packageDocumentation
 */
export { Fib6Trie } from './fib6-trie.ts';
