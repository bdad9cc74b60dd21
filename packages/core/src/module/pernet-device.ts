/** What a namespace's devices need beside the subsystems (`net/core/net_namespace.c`). */
import type { PernetOperations } from '../pernet/net-namespace.ts';
import type { ModuleContext } from './plugin.ts';

/** `register_pernet_device`, for as long as the plugin is loaded: after all subsystems on the way up, before them on the way down. */
export function pernetDevice(ctx: ModuleContext, ops: PernetOperations): void {
  const { netns } = ctx.kernel;
  ctx.mustSucceed(netns.registerAt(ops, netns.pernetList.length), `per-net operations ${ops.name}`);
  ctx.onUnload(() => netns.unregister(ops));
}
