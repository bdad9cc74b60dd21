/** `*` in the place of a device: all of them, in the order of their indices; those that have no answer are left out. */
import { exitStatus } from '@skbuff/command';
import type { EthtoolContext } from './context.ts';

export const WILDCARD = '*';
/** How long `[ ` and ` ]` are around the one object of a list. */
const LIST_BEGIN = 2;
const LIST_END = 3;

export function refuseWildcard(ctx: EthtoolContext): never {
  return ctx.fail(1, 'subcommand does not support wildcard dump');
}

/** What `one` prints for each device that it has an answer for. */
export function eachDevice(ctx: EthtoolContext, one: (ctx: EthtoolContext) => number): string[] {
  const text = ctx.env.readFile('/proc/net/dev');
  const names = typeof text === 'number' ? [] : [...text.matchAll(/^ *(\S+):/gm)].map(([, name]) => name as string);
  return names.flatMap((name) => {
    const said: string[] = [];
    const status = exitStatus(() => one(ctx.quietly(name, said)));
    return status === 0 && said.length > 0 ? [said.join('')] : [];
  });
}

/** A dump: an empty line in front of each device, or all of them in one list; there `apart` gives each a line of its own. */
export function dumpAll(ctx: EthtoolContext, one: (ctx: EthtoolContext) => number, apart = false): number {
  const all = eachDevice(ctx, one);
  if (ctx.json) ctx.out(all.length === 0 ? '[ ]\n' : `[ ${all.map((list, i) => (apart ? '\n' : '') + (i > 0 ? ',' : '') + list.slice(LIST_BEGIN, -LIST_END)).join('')} ]\n`);
  else for (const text of all) ctx.out(`\n${text}`);
  return 0;
}
