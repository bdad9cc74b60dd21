/** IPv4's policy routing as a plugin. */
import { NetSlot, type Plugin } from '@skbuff/core';
import { fibRulesPernet } from '@skbuff/fib-rules';
import { Fib4Rules } from './fib4-rules.ts';

export const fib4RulesNet: NetSlot<Fib4Rules> = new NetSlot('fib4_rules');

/** Factory of the plugin. */
export function fib4Rules(): Plugin {
  return {
    name: '@skbuff/fib4-rules',
    requires: ['@skbuff/fib-rules', '@skbuff/fib'],
    init: (ctx) => fibRulesPernet(ctx, 'fib4_rules', fib4RulesNet, (net) => new Fib4Rules(net)),
  };
}
