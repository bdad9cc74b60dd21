/** `ip route`. */
import type { Status } from '@skbuff/command';
import { RtMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { deleteMessage } from './addr-flush.ts';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { readDump, restoreMessage, ROUTE_DUMP, saveDump } from './dump-file.ts';
import { flushRounds } from './flush.ts';
import { parseRouteFilter, RouteFilter, routeWanted } from './route-filter.ts';
import { routeGet } from './route-get.ts';
import { routeModify } from './route-modify.ts';
import { printRoute, RouteInfo } from './route-print.ts';
import { usageRoute } from './usage.ts';

const FLUSH = '/proc/sys/net/ipv4/route/flush';

/** Passes the wanted routes to `each`; 0, or a negative number after a complaint of the kernel. */
function dump(ctx: IpContext, f: RouteFilter, each: (route: RouteInfo) => void): number {
  const rtm = RtMsg.of({ family: f.family, protocol: f.protocol ?? 0, flags: f.cloned ? U.RTM_F_CLONED : 0 });
  const req = ctx.rtnl.request(U.RTM_GETROUTE, 0, rtm);
  if (f.table !== 0) req.builder.nlaPutU32(U.RTA_TABLE, f.table);
  if (f.oif !== 0) req.builder.nlaPutU32(U.RTA_OIF, f.oif);
  return ctx.rtnl.dump(req, (nlh) => {
    if (nlh.type !== U.RTM_NEWROUTE) return 0;
    const route = new RouteInfo(nlh);
    if (routeWanted(f, route)) each(route);
    return 0;
  });
}

function routeShow(ctx: IpContext, args: Args): number {
  const f = parseRouteFilter(ctx, args);
  if (f === null) return -1;
  ctx.out.newDocument();
  if (dump(ctx, f, (route) => printRoute(ctx, route, f)) < 0) {
    ctx.stderr('Dump terminated\n');
    return -2;
  }
  ctx.out.deleteDocument();
  return 0;
}

/** `iproute_flush_cache`: the kernel forgets what it learned about single destinations. */
function flushCache(ctx: IpContext): void {
  const err = ctx.env.writeFile(FLUSH, '-1');
  if (err === -U.ENOENT || err === -U.EACCES) ctx.stderr(`Cannot open "${FLUSH}": ${U.strerror(err)}\n`);
  else if (err < 0) ctx.stderr('Cannot flush routing cache\n');
}

function routeFlush(ctx: IpContext, args: Args): number {
  if (args.left === 0) {
    ctx.stderr('"ip route flush" requires arguments.\n');
    return -1;
  }
  const f = parseRouteFilter(ctx, args);
  if (f === null) return -1;
  if (f.cloned && f.family !== U.AF_INET6) {
    flushCache(ctx);
    if (ctx.options.stats > 0) ctx.out.raw('*** IPv4 routing cache is flushed.\n');
    if (f.family === U.AF_INET) return 0;
  }
  return flushRounds(ctx, {
    what: 'entries',
    rounds: 0,
    ignore: 0,
    failStatus: 2,
    once: false,
    // The cache of IPv4 was something.
    nothing: !f.cloned || f.family === U.AF_INET6,
    collect() {
      const batch: Uint8Array[] = [];
      const err = dump(ctx, f, (route) => {
        batch.push(deleteMessage(ctx, route.nlh, U.RTM_DELROUTE));
        if (ctx.options.stats > 1) printRoute(ctx, route, f);
      });
      return err < 0 ? null : batch;
    },
  });
}

function routeSave(ctx: IpContext, args: Args): number {
  const err = saveDump(ctx, ROUTE_DUMP, (each) => {
    const f = parseRouteFilter(ctx, args);
    return f === null ? -1 : dump(ctx, f, (route) => each(route.nlh));
  });
  if (err >= -1) return err;
  ctx.stderr('Dump terminated\n');
  return -2;
}

/** Routes that others need come first: those without conditions, those that prefer an address, those through a gateway. */
function restoreRank({ tb }: RouteInfo): number {
  if (tb.has(U.RTA_GATEWAY)) return 2;
  const src = tb.bytes(U.RTA_PREFSRC);
  return src === null || String(src) === String(tb.bytes(U.RTA_DST)) ? 0 : 1;
}

function routeRestore(ctx: IpContext): Status {
  return readDump(ctx, ROUTE_DUMP, (messages) => {
    ctx.links.init();
    const routes = messages.map((nlh) => new RouteInfo(nlh));
    for (const rank of [0, 1, 2]) {
      for (const route of routes) if (restoreRank(route) === rank && restoreMessage(ctx, route.nlh) < 0) return -2;
    }
    return 0;
  });
}

function routeShowdump(ctx: IpContext): Status {
  return readDump(ctx, ROUTE_DUMP, (messages) => {
    const f = new RouteFilter();
    f.table = 0;
    for (const nlh of messages) printRoute(ctx, new RouteInfo(nlh), f);
    return 0;
  });
}

/** Commands that change a route, by name, with their message and flags. */
const CHANGES: readonly (readonly [string, number, number])[] = [
  ['add', U.RTM_NEWROUTE, U.NLM_F_CREATE | U.NLM_F_EXCL],
  ['change', U.RTM_NEWROUTE, U.NLM_F_REPLACE],
  ['chg', U.RTM_NEWROUTE, U.NLM_F_REPLACE],
  ['replace', U.RTM_NEWROUTE, U.NLM_F_CREATE | U.NLM_F_REPLACE],
  ['prepend', U.RTM_NEWROUTE, U.NLM_F_CREATE],
  ['append', U.RTM_NEWROUTE, U.NLM_F_CREATE | U.NLM_F_APPEND],
  ['test', U.RTM_NEWROUTE, U.NLM_F_EXCL],
  ['delete', U.RTM_DELROUTE, 0],
];

/** `do_iproute`. */
export function doRoute(ctx: IpContext, args: Args): Status {
  if (args.left === 0) return routeShow(ctx, args);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('list', 'show', 'lst')) return then((rest) => routeShow(ctx, rest));
  if (args.abbr('get')) return then((rest) => routeGet(ctx, rest));
  const change = CHANGES.find(([name]) => args.abbr(name));
  if (change !== undefined) return then((rest) => routeModify(ctx, rest, change[1], change[2]));
  if (args.abbr('flush')) return then((rest) => routeFlush(ctx, rest));
  if (args.abbr('save')) return then((rest) => routeSave(ctx, rest));
  if (args.abbr('restore')) return routeRestore(ctx);
  if (args.abbr('showdump')) return routeShowdump(ctx);
  if (args.abbr('help')) return usageRoute(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip route help".\n`);
}
