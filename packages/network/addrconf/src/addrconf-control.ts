/** What user space sees and sets of addresses and interfaces: netlink, sysctl, /proc. */
import type { ModuleContext, Net } from '@skbuff/core';
import { inet6AfRegister } from './addrconf-af.ts';
import { addrconfDumpRegister } from './addrconf-dump.ts';
import { inet6Netconf } from './addrconf-netconf.ts';
import { addrconfNetlinkRegister } from './addrconf-netlink.ts';
import { ifInet6ProcCreate } from './addrconf-proc.ts';
import { addrconfSysctlInit, addrconfSysctlNet } from './addrconf-sysctl.ts';

/** Registers all of it; before the first device is looked at. */
export function addrconfControlRegister(ctx: ModuleContext): void {
  const undos = new Map<Net, (() => void)[]>();
  ctx.pernetSubsys({
    name: 'addrconf control',
    init(net) {
      addrconfSysctlNet.set(net, new Map());
      undos.set(net, [addrconfSysctlInit(net), ifInet6ProcCreate(net)]);
      return 0;
    },
    exit(net) {
      for (const undo of undos.get(net) ?? []) undo();
      undos.delete(net);
      addrconfSysctlNet.set(net, null);
    },
  });
  addrconfNetlinkRegister(ctx);
  addrconfDumpRegister(ctx);
  inet6Netconf.register(ctx);
  inet6AfRegister(ctx);
}
