/** `ip link`. */
import { AF_PACKET, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RTM_DELLINK, RTM_NEWLINK } from '@skbuff/uapi';
import { addrShow } from './addr-show.ts';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { linkKinds } from './link-kinds.ts';
import { linkModify, linkProperty } from './link-modify.ts';
import { linkAfstats, linkXstats } from './link-xstats.ts';
import { usageLink } from './usage.ts';

/** `ipaddr_list_link`. */
function linkShow(ctx: IpContext, args: Args): number {
  ctx.options.family = AF_PACKET;
  return addrShow(ctx, args, true);
}

function linkHelp(ctx: IpContext, args: Args): number {
  const kind = args.left > 1 ? linkKinds.get(args.next()) : undefined;
  if (kind?.help === undefined) return usageLink(ctx);
  ctx.out.raw(kind.help);
  return 0;
}

/** `do_iplink`. */
export function doLink(ctx: IpContext, args: Args): number {
  if (args.left === 0) return linkShow(ctx, args);
  const is = (...words: string[]): boolean => args.abbr(...words);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (is('add')) return then((rest) => linkModify(ctx, rest, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL));
  if (is('set', 'change')) return then((rest) => linkModify(ctx, rest, RTM_NEWLINK, 0));
  if (is('replace')) return then((rest) => linkModify(ctx, rest, RTM_NEWLINK, NLM_F_CREATE | NLM_F_REPLACE));
  if (is('delete')) return then((rest) => linkModify(ctx, rest, RTM_DELLINK, 0));
  if (is('show', 'lst', 'list')) return then((rest) => linkShow(ctx, rest));
  if (is('property')) return then((rest) => linkProperty(ctx, rest));
  if (is('xstats')) return then((rest) => linkXstats(ctx, rest));
  if (is('afstats')) return then((rest) => linkAfstats(ctx, rest));
  if (is('help')) return linkHelp(ctx, args);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip link help".\n`);
}
