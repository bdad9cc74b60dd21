/** `ip token`: the interface identifier that a device's autoconfigured addresses have (draft-chown-6man-tokenised-ipv6-identifiers). */
import { IfInfoMsg, NlAttrs, type NlMsgHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { InetPrefix } from '@skbuff/wire';
import type { Args } from './args.ts';
import { parseAttrs, parseNested } from './attrs.ts';
import type { IpContext } from './context.ts';
import { formatHost } from './format-host.ts';
import { getPrefix, paintOf } from './inet.ts';
import { usageToken } from './usage.ts';

/** The device that the present word names. */
function readDev(ctx: IpContext, args: Args): number {
  return ctx.links.nameToIndex(args.cur) || args.invarg('dev is invalid\n');
}

/** `print_token`: devices that do not resolve addresses have none. */
function printToken(ctx: IpContext, nlh: NlMsgHdr, ifindex: number): void {
  const { out } = ctx;
  const ifi = new IfInfoMsg().read(nlh.buf, nlh.data);
  if (ifi.family !== U.AF_INET6 || ifi.index === 0 || (ifi.flags & (U.IFF_LOOPBACK | U.IFF_NOARP)) !== 0) return;
  if (ifindex !== 0 && ifi.index !== ifindex) return;
  const tb = parseAttrs(new NlAttrs(U.IFLA_MAX), nlh, IfInfoMsg.LEN);
  if (!tb.has(U.IFLA_PROTINFO)) return;
  const token = parseNested(new NlAttrs(U.IFLA_INET6_MAX), tb.buf, tb.at(U.IFLA_PROTINFO)).bytes(U.IFLA_INET6_TOKEN);
  if (token === null) return;
  const host = formatHost(ctx, ifi.family, token);
  const dev = ctx.links.indexToName(ifi.index);
  out.openObject();
  out.text('token ');
  out.any('token', host, out.paint(paintOf(ifi.family), host));
  out.text(' dev ');
  out.any('ifname', dev, out.paint('ifname', `${dev}\n`));
  out.closeObject();
}

/** Words other than `dev` are passed over, and all behind the device. */
function list(ctx: IpContext, args: Args): number {
  let ifindex = 0;
  for (; args.left > 0; args.skip()) {
    if (!args.is('dev')) continue;
    args.next();
    ifindex = readDev(ctx, args);
    break;
  }
  ctx.out.newDocument();
  const err = ctx.rtnl.dump(ctx.rtnl.request(U.RTM_GETLINK, 0, IfInfoMsg.of({ family: U.AF_INET6 })), (nlh) => (printToken(ctx, nlh, ifindex), 0));
  ctx.out.deleteDocument();
  if (err >= 0) return 0;
  ctx.stderr('Dump terminated\n');
  return -1;
}

const NO_TOKEN: InetPrefix = { family: U.AF_INET6, bytes: new Uint8Array(16), bitlen: 128 };

/** `iptoken_set`: of two devices or tokens the first counts. */
function set(ctx: IpContext, args: Args, del: boolean): number {
  let ifindex = 0;
  let token: InetPrefix | null = del ? NO_TOKEN : null;
  for (; args.left > 0; args.skip()) {
    if (args.is('dev')) {
      args.next();
      if (ifindex === 0) ifindex = readDev(ctx, args);
    } else token ??= getPrefix(args, args.cur, U.AF_INET6);
  }
  if (token === null || ifindex === 0) {
    ctx.stderr(`Not enough information: ${token === null ? 'token' : '"dev" argument'} is required.\n`);
    return -1;
  }
  const req = ctx.rtnl.request(U.RTM_SETLINK, 0, IfInfoMsg.of({ family: U.AF_INET6, index: ifindex }));
  const spec = req.builder.nlaNestStartNoflag(U.IFLA_AF_SPEC);
  const inet6 = req.builder.nlaNestStartNoflag(U.AF_INET6);
  req.builder.nlaPut(U.IFLA_INET6_TOKEN, token.bytes);
  req.builder.nlaNestEnd(inet6);
  req.builder.nlaNestEnd(spec);
  return ctx.rtnl.talk(req) < 0 ? -2 : 0;
}

/** `do_iptoken`. */
export function doToken(ctx: IpContext, args: Args): number {
  if (args.left === 0) return list(ctx, args);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('list', 'lst', 'show', 'get')) return then((rest) => list(ctx, rest));
  if (args.abbr('set', 'add')) return then((rest) => set(ctx, rest, false));
  if (args.abbr('delete')) return then((rest) => set(ctx, rest, true));
  if (args.abbr('help')) return usageToken(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip token help".\n`);
}
