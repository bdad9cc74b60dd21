/**
 * Policy routing, what all families have in common (`net/core/fib_rules.c`): lists of rules, the search through them, their messages
 * (RTM_NEWRULE, DELRULE, GETRULE; `ip rule`) and the devices that they name.
 *
 * @packageDocumentation
 */
export * from './fib-rule.ts';
export * from './fib-rules-lookup.ts';
export * from './fib-rules-ops.ts';
export * from './fib-rules-pernet.ts';
export * from './plugin.ts';
