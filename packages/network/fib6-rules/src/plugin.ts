/** IPv6's policy routing as a plugin. */
import { NetSlot, type Plugin } from '@skbuff/core';
import { fibRulesPernet } from '@skbuff/fib-rules';
import { Fib6Rules } from './fib6-rules.ts';

export const fib6RulesNet: NetSlot<Fib6Rules> = new NetSlot('fib6_rules');

/** Factory of the plugin. */
export function fib6Rules(): Plugin {
  return {
    name: '@skbuff/fib6-rules',
    requires: ['@skbuff/fib-rules', '@skbuff/fib6'],
    init: (ctx) => fibRulesPernet(ctx, 'fib6_rules', fib6RulesNet, (net) => new Fib6Rules(net)),
  };
}
