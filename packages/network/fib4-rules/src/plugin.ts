/** IPv4's policy routing as a plugin. */
import { NetSlot, type Plugin } from '@skbuff/core';
import { fibRulesRegister, fibRulesUnregister } from '@skbuff/fib-rules';
import { Fib4Rules } from './fib4-rules.ts';

export const fib4RulesNet: NetSlot<Fib4Rules> = new NetSlot('fib4_rules');

/** Factory of the plugin. */
export function fib4Rules(): Plugin {
  return {
    name: '@skbuff/fib4-rules',
    requires: ['@skbuff/fib-rules', '@skbuff/fib'],
    init(ctx) {
      ctx.pernetSubsys({
        name: 'fib4_rules',
        init(net) {
          const rules = new Fib4Rules(net);
          fib4RulesNet.set(net, rules);
          const err = fibRulesRegister(rules);
          if (err !== 0) fib4RulesNet.set(net, null);
          return err;
        },
        exit(net) {
          const rules = fib4RulesNet.of(net);
          fibRulesUnregister(rules);
          rules.close();
          fib4RulesNet.set(net, null);
        },
      });
    },
  };
}
