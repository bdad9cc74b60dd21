/**
 * Policy routing for IPv4 (`net/ipv4/fib_rules.c`): rules that decide by addresses, TOS, mark, interface, protocol and ports which tables
 * are searched for a packet.
 *
 * @packageDocumentation
 */
export * from './fib4-rules.ts';
export * from './plugin.ts';
