/** Namespaces as a plugin: there before any task. */
import { procInums } from '@skbuff/core';
import type { Plugin } from '@skbuff/core';
import { registerSysctl, sysctlOf } from '@skbuff/sysctl';
import { netCtlPermissions, NetNs, netNsOf, netNsSlot } from './net-ns.ts';
import { Namespaces, namespacesSlot } from './namespaces.ts';
import { USER_TABLE, UTS_TABLE } from './sysctl-kernel.ts';
import type { NewUtsname } from './utsname.ts';

export interface NamespacesOptions {
  /** What uname(2) says where nobody has said anything else. */
  readonly uname?: Partial<NewUtsname>;
}

export function namespaces(options: NamespacesOptions = {}): Plugin {
  return {
    name: '@skbuff/namespaces',
    requires: ['@skbuff/sysctl'],
    init(ctx) {
      const all = new Namespaces(procInums(ctx.kernel.netns), options.uname ?? {});
      ctx.leakCheck('namespace', () => all.held());
      ctx.pernetSubsys({
        name: 'namespaces',
        init(net) {
          namespacesSlot.set(net, all);
          netNsSlot.set(net, new NetNs(net, all.initUserNs, null));
          sysctlOf(net).mayWrite = () => netCtlPermissions(net, all.current()?.cred ?? null);
          return 0;
        },
        exit(net) {
          netNsOf(net).release();
          netNsSlot.set(net, null);
          namespacesSlot.set(net, null);
        },
      });
      ctx.onUnload(registerSysctl(ctx.kernel.initNet, 'kernel', UTS_TABLE, all));
      ctx.onUnload(registerSysctl(ctx.kernel.initNet, 'user', USER_TABLE, all));
    },
  };
}
