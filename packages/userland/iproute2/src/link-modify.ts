/** `ip link add | set | replace | delete` and `ip link property`. */
import { IfInfoMsg, strToBytes } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { AddrFilter } from './link-filter.ts';
import { printLink } from './link-print.ts';
import { linkKinds } from './link-kinds.ts';
import { LinkParser, isAltname, isIfname } from './link-parse.ts';
import { usageLink } from './usage.ts';

/** `iplink_modify`. */
export function linkModify(ctx: IpContext, args: Args, cmd: number, flags: number): number {
  const ifi = IfInfoMsg.of({ family: ctx.options.family });
  const req = ctx.rtnl.request(cmd, flags, ifi);
  const link = new LinkParser(ctx, req, ifi, (flags & U.NLM_F_CREATE) !== 0);
  if (!link.parse(args)) return -1;
  if (link.type !== null) {
    if (!putLinkInfo(ctx, args, link, link.type)) return -1;
  } else if (link.create) {
    ctx.stderr('Not enough information: "type" argument is required\n');
    return -1;
  }
  return ctx.modify(req, (nlh) => void printLink(ctx, nlh, echoFilter(), false));
}

/** An echo is shown as `monitor` would. */
function echoFilter(): AddrFilter {
  const f = new AddrFilter();
  f.showQueue = false;
  return f;
}

function putLinkInfo(ctx: IpContext, args: Args, link: LinkParser, type: string): boolean {
  const { builder } = link.req;
  const info = builder.nlaNestStartNoflag(U.IFLA_LINKINFO);
  builder.nlaPut(U.IFLA_INFO_KIND, strToBytes(type));
  const kind = linkKinds.get(type);
  if (args.left > 0) {
    if (kind === undefined) {
      if (args.abbr('help')) usageLink(ctx);
      ctx.stderr(`Garbage instead of arguments "${args.cur} ...". Try "ip link help".\n`);
      return false;
    }
    const data = builder.nlaNestStartNoflag(type.endsWith('_slave') ? U.IFLA_INFO_SLAVE_DATA : U.IFLA_INFO_DATA);
    if (kind.parse?.(ctx, args, link) === false) return false;
    builder.nlaNestEnd(data);
  }
  builder.nlaNestEnd(info);
  return true;
}

/** `iplink_prop`. */
export function linkProperty(ctx: IpContext, args: Args): number {
  if (args.left === 0) usageLink(ctx);
  const add = args.abbr('add');
  if (add || args.abbr('del')) {
    args.skip();
    const flags = add ? U.NLM_F_EXCL | U.NLM_F_CREATE | U.NLM_F_APPEND : 0;
    return propertyModify(ctx, args, add ? U.RTM_NEWLINKPROP : U.RTM_DELLINKPROP, flags);
  }
  if (args.abbr('help')) usageLink(ctx);
  return ctx.die(-1, 'Operator required\n');
}

function propertyModify(ctx: IpContext, args: Args, cmd: number, flags: number): number {
  const ifi = IfInfoMsg.of({ family: ctx.options.family });
  const req = ctx.rtnl.request(cmd, flags, ifi);
  const nest = req.builder.nlaNestStart(U.IFLA_PROP_LIST);
  let dev: string | null = null;
  for (; args.left > 0; args.skip()) {
    if (args.abbr('altname')) {
      if (!isAltname(args.next())) args.invarg('not a valid altname');
      req.builder.nlaPutString(U.IFLA_ALT_IFNAME, args.cur);
      continue;
    }
    if (args.abbr('help')) usageLink(ctx);
    if (args.is('dev')) args.next();
    if (dev !== null) args.duparg2('dev');
    if (!isIfname(args.cur)) args.invarg('"dev" not a valid ifname');
    dev = args.cur;
  }
  if (dev === null) return ctx.die(-1, 'Not enough of information: "dev" argument is required.\n');
  req.builder.nlaNestEnd(nest);
  ifi.index = ctx.links.nameToIndex(dev);
  if (ifi.index === 0) return ctx.nodev(dev);
  return ctx.rtnl.talk(req) < 0 ? -2 : 0;
}
