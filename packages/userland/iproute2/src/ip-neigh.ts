/** `ip neigh`. */
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RTM_DELNEIGH, RTM_NEWNEIGH } from '@skbuff/uapi';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { neighGet, neighModify } from './neigh-modify.ts';
import { neighShow } from './neigh-show.ts';
import { usageNeigh } from './usage.ts';

/** `do_ipneigh`. */
export function doNeigh(ctx: IpContext, args: Args): number {
  if (args.left === 0) return neighShow(ctx, args, false);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('add')) return then((rest) => neighModify(ctx, rest, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL));
  if (args.abbr('change', 'chg')) return then((rest) => neighModify(ctx, rest, RTM_NEWNEIGH, NLM_F_REPLACE));
  if (args.abbr('replace')) return then((rest) => neighModify(ctx, rest, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE));
  if (args.abbr('delete')) return then((rest) => neighModify(ctx, rest, RTM_DELNEIGH, 0));
  if (args.abbr('get')) return then((rest) => neighGet(ctx, rest));
  if (args.abbr('show', 'lst', 'list')) return then((rest) => neighShow(ctx, rest, false));
  if (args.abbr('flush')) return then((rest) => neighShow(ctx, rest, true));
  if (args.abbr('help')) return usageNeigh(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip neigh help".\n`);
}
