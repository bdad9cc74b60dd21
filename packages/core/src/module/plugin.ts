/** The contract of a plugin, and what it may register. Whatever is registered through the context is undone in reverse on unload. */
import type { NetdevNotifier } from '../netdevice/dev-notify.ts';
import { registerNetdeviceNotifier, unregisterNetdeviceNotifier } from '../netdevice/dev-notify.ts';
import type { PacketType } from '../netdevice/packet-type.ts';
import type { QdiscOps } from '../netdevice/qdisc.ts';
import type { PernetOperations } from '../pernet/net-namespace.ts';
import { errnoName } from '@skbuff/uapi';
import type { Token } from './services.ts';
import type { Kernel } from './kernel.ts';

/** What `insmod` loads: a plain object made by a factory. */
export interface Plugin {
  /** Its package's name, `@skbuff/arp`. Unique in a kernel. */
  readonly name: string;
  /** Names of the plugins that are loaded before it. */
  readonly requires?: readonly string[];
  /** `module_init`. A throw refuses the plugin, with a {@link ModuleError} that names it; what was registered before is undone. */
  readonly init: (ctx: ModuleContext) => void;
}

/** A plugin that this kernel refuses, and why. */
export class ModuleError extends Error {
  override readonly name = 'ModuleError';
  readonly code: 'EMISSING' | 'EEXIST' | 'ELOOP' | 'EINIT' | 'EINVAL';
  readonly plugin: string;

  constructor(code: ModuleError['code'], plugin: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.plugin = plugin;
  }
}

/** Given to `init`: the only way a plugin changes the kernel. */
export class ModuleContext {
  readonly kernel: Kernel;
  readonly name: string;
  private readonly undos: (() => void)[] = [];

  constructor(kernel: Kernel, name: string) {
    this.kernel = kernel;
    this.name = name;
  }

  /** Records how to take something back. */
  onUnload(undo: () => void): void {
    this.undos.push(undo);
  }

  /** Provides a service, one instance for the kernel. */
  provide<T>(name: Token<T>, make: () => T): void {
    this.onUnload(this.kernel.services.provide(name, make));
  }

  get<T>(name: Token<T>): T {
    return this.kernel.services.get(name);
  }

  /** `register_pernet_subsys`. */
  pernetSubsys(ops: PernetOperations): void {
    this.mustSucceed(this.kernel.netns.registerSubsys(ops), `per-net operations ${ops.name}`);
    this.onUnload(() => this.kernel.netns.unregister(ops));
  }

  /** `dev_add_pack`. */
  packetType(pt: PacketType): void {
    this.kernel.softnet.addPack(pt);
    this.onUnload(() => this.kernel.softnet.removePack(pt));
  }

  /** `register_netdevice_notifier`: hears at once of the devices that exist, and on unload that they are gone. */
  netdeviceNotifier(nb: NetdevNotifier): void {
    this.mustSucceed(registerNetdeviceNotifier(this.kernel, nb), 'netdevice notifier');
    this.onUnload(() => void unregisterNetdeviceNotifier(this.kernel, nb));
  }

  /** `register_qdisc`. */
  qdisc(ops: QdiscOps): void {
    this.kernel.qdiscs.set(ops.id, ops);
    this.onUnload(() => this.kernel.qdiscs.delete(ops.id));
  }

  /** Adds a number to the kernel's leak report: what of this plugin's objects is alive. */
  leakCheck(what: string, count: () => number): void {
    this.kernel.leakChecks.set(what, count);
    this.onUnload(() => this.kernel.leakChecks.delete(what));
  }

  /** Undoes everything, last first. Called by the kernel. */
  unwind(): void {
    for (let undo = this.undos.pop(); undo !== undefined; undo = this.undos.pop()) undo();
  }

  /** Refuses the plugin if `err` is negative. */
  mustSucceed(err: number, what: string): void {
    if (err < 0) throw new ModuleError('EINIT', this.name, `${this.name}: ${what} failed with ${errnoName(err)}`);
  }
}

/** The easiest slip is a factory that was not called. */
function factoryHint(value: unknown): string {
  return typeof value === 'function' ? `: call it, ${value.name}()` : '';
}

/**
 * Puts plugins in an order in which each comes after what it requires; keeps the given order where it can. Throws ModuleError:
 * EMISSING, ELOOP, or EEXIST for two different plugins of one name (the same one twice is one).
 */
export function sortPlugins(plugins: readonly Plugin[], loaded: ReadonlySet<string>): Plugin[] {
  for (const plugin of [plugins].flat()) if (typeof plugin?.init !== 'function') throw new ModuleError('EINVAL', '', `not a plugin${factoryHint(plugin)}`);
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  const twice = plugins.find((plugin) => byName.get(plugin.name) !== plugin);
  if (twice !== undefined) throw new ModuleError('EEXIST', twice.name, `${twice.name} is in the list twice`);
  const sorted: Plugin[] = [];
  const done = new Set(loaded);
  const visit = (plugin: Plugin, path: readonly string[]): void => {
    if (done.has(plugin.name)) return;
    if (path.includes(plugin.name)) {
      throw new ModuleError('ELOOP', plugin.name, `plugins require each other: ${[...path, plugin.name].join(' → ')}`);
    }
    for (const name of plugin.requires ?? []) {
      if (done.has(name)) continue;
      const other = byName.get(name);
      if (other === undefined) {
        throw new ModuleError('EMISSING', plugin.name, `${plugin.name} requires ${name}, which is not loaded: add it to the plugins (npm install ${name})`);
      }
      visit(other, [...path, plugin.name]);
    }
    done.add(plugin.name);
    sorted.push(plugin);
  };
  for (const plugin of plugins) visit(plugin, []);
  return sorted;
}
