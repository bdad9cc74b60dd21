/** `ip link xstats` and `ip link afstats`: counters that kinds of links and protocols keep. */
import { IfStatsMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { linkKinds } from './link-kinds.ts';
import { usageLink } from './usage.ts';

/** Kinds with counters of their own, and the word that chooses among them. */
const XSTATS: ReadonlyMap<string, readonly string[]> = new Map([
  ['bridge', ['igmp', 'mcast', 'stp']],
  ['bridge_slave', ['igmp', 'mcast', 'stp']],
  ['bond', ['lacp', '802.3ad']],
  ['bond_slave', ['lacp', '802.3ad']],
]);

const XSTATS_HELP: Readonly<Record<string, string>> = { bridge: 'igmp', bridge_slave: 'igmp', bond: '802.3ad', bond_slave: '802.3ad' };

function complain(ctx: IpContext, text: string): number {
  ctx.stderr(text);
  return -1;
}

/** Asks for all links. Nothing that this ip prints is ever in the answers of links that this system can have. */
function dump(ctx: IpContext, mask: number): number {
  const req = ctx.rtnl.request(U.RTM_GETSTATS, 0, IfStatsMsg.of({ filterMask: mask }));
  ctx.out.newDocument();
  if (ctx.rtnl.dump(req, () => 0) < 0) return complain(ctx, 'Dump terminated\n');
  ctx.out.deleteDocument();
  return 0;
}

/** `iplink_afstats`. */
export function linkAfstats(ctx: IpContext, args: Args): number {
  let dev: string | null = null;
  for (; args.left > 0; args.skip()) {
    if (args.is('dev')) {
      args.next();
      if (dev !== null) args.duparg2('dev');
      dev = args.cur;
      continue;
    }
    if (args.abbr('help')) usageLink(ctx);
    ctx.die(-1, `Command "${args.cur}" is unknown, try "ip link help".\n`);
  }
  if (dev !== null && ctx.links.nameToIndex(dev) === 0) {
    ctx.stderr(`Device "${dev}" does not exist.\n`);
    return 0;
  }
  return dump(ctx, bit(U.IFLA_STATS_AF_SPEC));
}

function bit(type: number): number {
  return 1 << (type - 1);
}

/** `iplink_ifla_xstats`. */
export function linkXstats(ctx: IpContext, args: Args): number {
  if (args.left === 0) return complain(ctx, 'xstats: missing argument\n');
  if (args.is('help')) {
    ctx.out.raw('Usage: ... xstats type TYPE [ ARGS ]\n');
    return 0;
  }
  if (!args.is('type')) args.invarg('unknown argument');
  const kind = args.next();
  if (!linkKinds.has(kind) && !XSTATS.has(kind)) args.invarg('invalid type');
  const words = XSTATS.get(kind);
  if (words === undefined) return complain(ctx, `xstats: link type ${kind} doesn't support xstats\n`);
  for (args.skip(); args.left > 0; args.skip()) {
    if (args.abbr('dev')) {
      if (ctx.links.nameToIndex(args.next()) === 0) return ctx.nodev(args.cur);
    } else if (args.is('help')) {
      ctx.out.raw(`Usage: ... ${kind} [ ${XSTATS_HELP[kind]} ] [ dev DEVICE ]\n`);
      return 0;
    } else if (!words.includes(args.cur)) args.invarg('unknown attribute');
  }
  return dump(ctx, bit(kind.endsWith('_slave') ? U.IFLA_STATS_LINK_XSTATS_SLAVE : U.IFLA_STATS_LINK_XSTATS));
}
