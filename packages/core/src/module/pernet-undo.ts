/** Per-net operations that only register something. */
import type { Net } from '../pernet/net.ts';
import type { ModuleContext } from './plugin.ts';

/** As `ctx.pernetSubsys`, for what each namespace gets and gives back (files, settings): `init` returns how to take it back. */
export function pernetUndo(ctx: ModuleContext, name: string, init: (net: Net) => readonly (() => void)[]): void {
  const undos: Map<Net, readonly (() => void)[]> = new Map();
  ctx.pernetSubsys({
    name,
    init(net) {
      undos.set(net, init(net));
      return 0;
    },
    exit(net) {
      for (const undo of undos.get(net) ?? []) undo();
      undos.delete(net);
    },
  });
}
