/**
 * IPv6 routing: tables, routes, decisions, what is learned about destinations, default routers (`net/ipv6/{ip6_fib,route}.c`). How the longest
 * prefix is found is a package of its own: see {@link Fib6TableBackend}.
 *
 * @packageDocumentation
 */
export * from './fib6-config.ts';
export * from './fib6-info.ts';
export * from './fib6-net.ts';
export * from './fib6-nh.ts';
export * from './fib6-node.ts';
export * from './fib6-result.ts';
export * from './fib6-table.ts';
export * from './ip6-fib.ts';
export * from './plugin.ts';
export * from './route6-add.ts';
export * from './route6-dst.ts';
export * from './route6-exception.ts';
export * from './route6-lookup.ts';
export * from './route6-multipath.ts';
export * from './route6-output.ts';
