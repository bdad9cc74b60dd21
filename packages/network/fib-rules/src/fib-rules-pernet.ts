/** The life of a family's rules, which is that of their namespace. */
import type { ModuleContext, Net, NetSlot } from '@skbuff/core';
import { type FibRulesOps, fibRulesRegister, fibRulesUnregister } from './fib-rules-ops.ts';

/** Gives every namespace a family's rules, `make(net)`, in `slot`; `name` is the slot's. When it goes they are `close`d. */
export function fibRulesPernet<T extends FibRulesOps & { close(): void }>(ctx: ModuleContext, name: string, slot: NetSlot<T>, make: (net: Net) => T): void {
  ctx.pernetSubsys({
    name,
    init(net) {
      const rules = make(net);
      slot.set(net, rules);
      const err = fibRulesRegister(rules);
      if (err !== 0) slot.set(net, null);
      return err;
    },
    exit(net) {
      const rules = slot.of(net);
      fibRulesUnregister(rules);
      rules.close();
      slot.set(net, null);
    },
  });
}
