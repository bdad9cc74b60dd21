/**
 * The IPv4 forwarding information base.
 *
 * @packageDocumentation
 */
export type { FibTableBackend, FibTableFactory } from './fib-table.ts';
