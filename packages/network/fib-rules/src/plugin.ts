/** The rules' core as a plugin. */
import { NETDEV_CHANGENAME, NETDEV_REGISTER, NETDEV_UNREGISTER, NOTIFY_DONE, type Plugin } from '@skbuff/core';
import { rtnlRegister } from '@skbuff/netlink';
import { PF_UNSPEC, RTM_DELRULE, RTM_GETRULE, RTM_NEWRULE } from '@skbuff/uapi';
import { fibDelrule, fibDumprule, fibNewrule } from './fib-rules-netlink.ts';
import { fibRulesNet } from './fib-rules-ops.ts';

/** Factory of the plugin. It brings no rules: the families do. */
export function fibRules(): Plugin {
  return {
    name: '@skbuff/fib-rules',
    requires: ['@skbuff/netlink'],
    init(ctx) {
      ctx.pernetSubsys({ name: 'fib_rules', init: (net) => (fibRulesNet.set(net, []), 0), exit: (net) => fibRulesNet.set(net, null) });
      ctx.netdeviceNotifier({
        notifierCall(_nb, event, { dev }) {
          for (const ops of fibRulesNet.peek(dev.net) ?? []) {
            if (event === NETDEV_UNREGISTER || event === NETDEV_CHANGENAME) ops.detach(dev);
            if (event === NETDEV_REGISTER || event === NETDEV_CHANGENAME) ops.attach(dev);
          }
          return NOTIFY_DONE;
        },
      });
      rtnlRegister(ctx, PF_UNSPEC, RTM_NEWRULE, fibNewrule, null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_DELRULE, fibDelrule, null);
      rtnlRegister(ctx, PF_UNSPEC, RTM_GETRULE, null, fibDumprule);
    },
  };
}
