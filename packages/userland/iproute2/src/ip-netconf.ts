/** `ip netconf`: settings of interfaces that routing daemons follow. */
import { NlAttrs, type NlMsgHdr, RtGenMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { Args } from './args.ts';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { familyName } from './inet.ts';
import { usageNetconf } from './usage.ts';

/** `struct netconfmsg`, padded: attributes begin behind it. */
const HEADER_LEN = 4;

const RP_FILTER: readonly string[] = ['off', 'strict', 'loose'];

/** Settings in the order in which they are shown. */
const SWITCHES: readonly (readonly [number, string])[] = [
  [U.NETCONFA_FORWARDING, 'forwarding'],
  [U.NETCONFA_RP_FILTER, 'rp_filter'],
  [U.NETCONFA_MC_FORWARDING, 'mc_forwarding'],
  [U.NETCONFA_PROXY_NEIGH, 'proxy_neigh'],
  [U.NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 'ignore_routes_with_linkdown'],
  [U.NETCONFA_INPUT, 'input'],
];

function interfaceName(ctx: IpContext, ifindex: number): string {
  if (ifindex === U.NETCONFA_IFINDEX_ALL) return 'all';
  return ifindex === U.NETCONFA_IFINDEX_DEFAULT ? 'default' : ctx.links.indexToName(ifindex);
}

/** `print_netconf`. `ifindex` 0: of any interface. Whether it was wanted. */
export function printNetconf(ctx: IpContext, nlh: NlMsgHdr, family: number, ifindex: number): boolean {
  const { out } = ctx;
  const of = new RtGenMsg().read(nlh.buf, nlh.data).family;
  const tb = parseAttrs(new NlAttrs(U.NETCONFA_MAX), nlh, HEADER_LEN);
  if (family !== U.AF_UNSPEC && family !== of) return false;
  if (ifindex !== 0 && tb.has(U.NETCONFA_IFINDEX) && ifindex !== tb.s32(U.NETCONFA_IFINDEX)) return false;
  out.openObject();
  if (nlh.type === U.RTM_DELNETCONF) out.any('deleted', true, 'Deleted ');
  out.any('family', familyName(of), `${familyName(of)} `);
  if (tb.has(U.NETCONFA_IFINDEX)) {
    const name = interfaceName(ctx, tb.s32(U.NETCONFA_IFINDEX));
    out.any('interface', name, out.paint('ifname', `${name} `));
  }
  for (const [attr, key] of SWITCHES) {
    if (!tb.has(attr)) continue;
    const value = tb.s32(attr);
    if (attr === U.NETCONFA_RP_FILTER) out.any(key, RP_FILTER[value] ?? 'unknown', `${key} ${RP_FILTER[value] ?? 'unknown'} `);
    else out.any(key, value !== 0, `${key} ${value !== 0 ? 'on' : 'off'} `);
  }
  out.closeObject();
  out.text('\n');
  return true;
}

function show(ctx: IpContext, args: Args): number {
  const { family } = ctx.options;
  let ifindex = 0;
  for (; args.left > 0; args.skip()) {
    if (!args.is('dev')) continue;
    ifindex = ctx.links.nameToIndex(args.next());
    if (ifindex !== 0) continue;
    ctx.stderr(`Device "${args.cur}" does not exist.\n`);
    return -1;
  }
  ctx.links.init();
  if (ifindex !== 0 && family !== U.AF_UNSPEC) return showOne(ctx, family, ifindex);
  ctx.out.newDocument();
  const err = ctx.rtnl.dump(ctx.rtnl.request(U.RTM_GETNETCONF, 0, RtGenMsg.of({ family })), (nlh) => {
    printNetconf(ctx, nlh, family, ifindex);
    return 0;
  });
  if (err < 0) return ctx.die(1, 'Dump terminated\n');
  ctx.out.deleteDocument();
  return 0;
}

/** The kernel is asked for one interface only if the family is known. That it refuses is not said. */
function showOne(ctx: IpContext, family: number, ifindex: number): number {
  const req = ctx.rtnl.request(U.RTM_GETNETCONF, 0, RtGenMsg.of({ family }));
  req.builder.nlaPutU32(U.NETCONFA_IFINDEX, ifindex);
  const answer = ctx.rtnl.ask(req, true);
  if (typeof answer !== 'number') printNetconf(ctx, answer, family, ifindex);
  return 0;
}

/** `do_ipnetconf`. */
export function doNetconf(ctx: IpContext, args: Args): number {
  if (args.left === 0) return show(ctx, args);
  if (args.abbr('show', 'lst', 'list')) {
    args.skip();
    return show(ctx, args);
  }
  if (args.abbr('help')) return usageNetconf(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip netconf help".\n`);
}
