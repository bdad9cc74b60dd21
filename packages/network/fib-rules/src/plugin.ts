/** Policy routing as a plugin. */
import { NETDEV_CHANGENAME, NETDEV_REGISTER, NETDEV_UNREGISTER, type Net, NetSlot, NOTIFY_DONE, type Plugin } from '@skbuff/core';
import { rtnlRegister } from '@skbuff/netlink';
import { AF_INET, PF_UNSPEC, RTM_DELRULE, RTM_GETRULE, RTM_NEWRULE } from '@skbuff/uapi';
import type { FibRule } from './fib-rule.ts';
import type { FibRules } from './fib-rules.ts';
import { fibDelrule, fibDumprule, fibNewrule, type RulesOf } from './fib-rules-netlink.ts';
import { Fib4Rules } from './fib4-rules.ts';

export const fib4RulesNet: NetSlot<Fib4Rules> = new NetSlot('fib4_rules');

/** What the netlink handlers may know of a family's rules. */
function common(net: Net): FibRules<FibRule> {
  return fib4RulesNet.of(net).rules as unknown as FibRules<FibRule>;
}

const rulesOf: RulesOf = (net, family) => (family === AF_INET ? common(net) : null);

/** Factory of the plugin. */
export function fibRules(): Plugin {
  return {
    name: '@skbuff/fib-rules',
    requires: ['@skbuff/netlink', '@skbuff/fib'],
    init(ctx) {
      ctx.pernetSubsys({
        name: 'fib4_rules',
        init: (net) => (fib4RulesNet.set(net, new Fib4Rules(net)), 0),
        exit(net) {
          fib4RulesNet.of(net).close();
          fib4RulesNet.set(net, null);
        },
      });
      ctx.netdeviceNotifier({
        notifierCall(_nb, event, { dev }) {
          const rules = fib4RulesNet.peek(dev.net);
          if (event === NETDEV_UNREGISTER || event === NETDEV_CHANGENAME) rules?.detach(dev);
          if (event === NETDEV_REGISTER || event === NETDEV_CHANGENAME) rules?.attach(dev);
          return NOTIFY_DONE;
        },
      });
      rtnlRegister(ctx, PF_UNSPEC, RTM_NEWRULE, (skb, nlh, extack) => fibNewrule(rulesOf, skb, nlh, extack), null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_DELRULE, (skb, nlh, extack) => fibDelrule(rulesOf, skb, nlh, extack), null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_GETRULE, null, (part, cb) => fibDumprule((net) => [common(net)], part, cb));
    },
  };
}
