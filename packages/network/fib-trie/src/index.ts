/**
 * The level- and path-compressed trie behind Linux's IPv4 routing tables, as a `FibTableBackend` of `@skbuff/fib`.
 *
 * @packageDocumentation
 */
export { FibTrie } from './fib-trie.ts';
export type { FibTrieNodeVisitor, FibTrieStat } from './walk.ts';
