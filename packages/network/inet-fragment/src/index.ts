/**
 * Reassembly of IP fragments, shared by IPv4 and IPv6: queues, overlaps, memory limits, timers.
 *
 * @packageDocumentation
 */
export * from './frag-queue.ts';
export * from './fragment-output.ts';
export * from './fqdir.ts';
export * from './fqdir-sysctl.ts';
export * from './inet-fragment.ts';
