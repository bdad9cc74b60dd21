/**
 * Policy routing: rules that decide which IPv4 routing tables are searched for a packet (RTM_NEWRULE, DELRULE, GETRULE; `ip rule`).
 *
 * @packageDocumentation
 */
export * from './fib-rule.ts';
export * from './fib-rules.ts';
export * from './fib4-rules.ts';
export * from './plugin.ts';
