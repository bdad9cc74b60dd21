/** Who hears that the kernel shuts down (`kernel/reboot.c`). */
import { BlockingNotifierHead, type NotifierBlock } from '../notifier/notifier.ts';
import type { Kernel } from './kernel.ts';
import type { ModuleContext } from './plugin.ts';

/** `register_reboot_notifier`, for as long as the plugin is loaded: hears SYS_POWER_OFF when the kernel is about to shut down, everything still being there. */
export function registerRebootNotifier(ctx: ModuleContext, nb: NotifierBlock<Kernel>): void {
  const { kernel } = ctx;
  const chain = (kernel.rebootChain ??= new BlockingNotifierHead<Kernel>());
  ctx.mustSucceed(chain.register(nb), 'reboot notifier');
  ctx.onUnload(() => void chain.unregister(nb));
}
