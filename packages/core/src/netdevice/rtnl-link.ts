/** Kinds of devices that a kernel can make (`net/core/rtnetlink.c`). */
import { ModuleError, type ModuleContext } from '../module/plugin.ts';
import type { Net } from '../pernet/net.ts';
import { unregisterNetdeviceMany } from './dev-register.ts';
import type { NetDevice } from './netdevice.ts';
import type { RtnlLinkOps } from './rtnl-link-ops.ts';

/** `rtnl_link_register`, for as long as the plugin is loaded; unregistering removes every device of the kind. */
export function rtnlLinkRegister(ctx: ModuleContext, ops: RtnlLinkOps): void {
  const { linkOps, netns } = ctx.kernel;
  if (linkOps.has(ops.kind)) throw new ModuleError('EEXIST', ctx.name, `link kind ${ops.kind} is registered already`);
  linkOps.set(ops.kind, ops);
  ctx.onUnload(() => {
    for (const net of [...netns.list]) killLinks(net, ops);
    linkOps.delete(ops.kind);
  });
}

/** `__rtnl_kill_links`: removes every device of a kind, the kind's own way. */
function killLinks(net: Net, ops: RtnlLinkOps): void {
  const doomed: NetDevice[] = [];
  for (const dev of net.devList) {
    if (dev.rtnlLinkOps !== ops || doomed.includes(dev)) continue;
    if (ops.dellink === null) doomed.push(dev);
    else ops.dellink(dev, doomed);
  }
  unregisterNetdeviceMany(doomed);
}
