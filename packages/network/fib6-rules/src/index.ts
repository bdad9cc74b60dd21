/**
 * Policy routing for IPv6 (`net/ipv6/fib6_rules.c`): rules that decide by addresses, DSCP, mark, interface, protocol and ports which tables are
 * searched for a packet.
 *
 * @packageDocumentation
 */
export * from './fib6-rules.ts';
export * from './plugin.ts';
