/** `ip address`. */
import type { Status } from '@skbuff/command';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RTM_DELADDR, RTM_NEWADDR } from '@skbuff/uapi';
import { addrFlush } from './addr-flush.ts';
import { addrRestore, addrSave, addrShowdump } from './addr-save.ts';
import { addrModify } from './addr-modify.ts';
import { addrShow } from './addr-show.ts';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { usageAddr } from './usage.ts';

/** `do_ipaddr`. */
export function doAddr(ctx: IpContext, args: Args): Status {
  if (args.left === 0) return addrShow(ctx, args, false);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('add')) return then((rest) => addrModify(ctx, rest, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL));
  if (args.abbr('change', 'chg')) return then((rest) => addrModify(ctx, rest, RTM_NEWADDR, NLM_F_REPLACE));
  if (args.abbr('replace')) return then((rest) => addrModify(ctx, rest, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE));
  if (args.abbr('delete')) return then((rest) => addrModify(ctx, rest, RTM_DELADDR, 0));
  if (args.abbr('show', 'lst', 'list')) return then((rest) => addrShow(ctx, rest, false));
  if (args.abbr('flush')) return then((rest) => addrFlush(ctx, rest));
  if (args.abbr('save')) return then((rest) => addrSave(ctx, rest));
  if (args.abbr('showdump')) return addrShowdump(ctx);
  if (args.abbr('restore')) return addrRestore(ctx);
  if (args.abbr('help')) return usageAddr(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip address help".\n`);
}
