/** Plugins that come and go while the kernel runs (`kernel/module/main.c`). */
import { EBUSY, ENOENT } from '@skbuff/uapi';
import type { Kernel } from './kernel.ts';
import { ModuleError, type Plugin, sortPlugins } from './plugin.ts';

/** Loads plugins, sorted by what they require. Throws {@link ModuleError}; nothing of the failing one remains. */
export function insmod(kernel: Kernel, ...plugins: readonly Plugin[]): void {
  const { modules } = kernel;
  for (const plugin of plugins) {
    if (modules.has(plugin.name)) throw new ModuleError('EEXIST', plugin.name, `${plugin.name} is loaded already`);
  }
  for (const plugin of sortPlugins(plugins, new Set(modules.keys()))) kernel.load(plugin);
}

/** Unloads a plugin: 0, -ENOENT, or -EBUSY while another plugin requires it or something of it is in use. */
export function rmmod(kernel: Kernel, name: string): number {
  const { modules } = kernel;
  const module = modules.get(name);
  if (module === undefined) return -ENOENT;
  if (module.refs > 0) return -EBUSY;
  for (const other of modules.values()) if (other.plugin.requires?.includes(name) === true) return -EBUSY;
  module.ctx.unwind();
  modules.delete(name);
  return 0;
}

/** Loaded plugins, in the order of loading. */
export function lsmod(kernel: Kernel): readonly { readonly name: string; readonly refs: number }[] {
  return [...kernel.modules.values()].map(({ plugin, refs }) => ({ name: plugin.name, refs }));
}

/** `try_module_get`: something of the plugin is in use. */
export function moduleGet(kernel: Kernel, name: string): void {
  const module = kernel.modules.get(name);
  if (module !== undefined) module.refs++;
}

export function modulePut(kernel: Kernel, name: string): void {
  const module = kernel.modules.get(name);
  if (module !== undefined) module.refs--;
}
