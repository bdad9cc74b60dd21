/**
 * The IPv4 forwarding information base: routing tables, and the decisions made from them.
 *
 * @packageDocumentation
 */
export * from './fib-alias.ts';
export * from './fib-config.ts';
export * from './fib-frontend.ts';
export * from './fib-info.ts';
export * from './fib-lookup.ts';
export * from './fib-multipath.ts';
export * from './fib-net.ts';
export * from './fib-nh-exception.ts';
export * from './fib-nh.ts';
export * from './fib-proc.ts';
export * from './fib-props.ts';
export * from './fib-result.ts';
export * from './fib-select.ts';
export * from './fib-semantics.ts';
export * from './fib-sync.ts';
export type { FibTableBackend, FibTableFactory } from './fib-table.ts';
export * from './fib-tables.ts';
export * from './fib-validate.ts';
export * from './inet-addr-type.ts';
export * from './ip-rt-ioctl.ts';
export * from './plugin.ts';
export * from './route-error.ts';
export * from './route-exception.ts';
export * from './route-input.ts';
export * from './route-output.ts';
export * from './route-redirect.ts';
export * from './route.ts';
