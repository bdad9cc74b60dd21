/** `ip address show` and `ip link show` (`ipaddr_list`). */
import { IfAddrMsg, IfInfoMsg, NlAttrs, type NlMsgHdr, strToBytes } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { addrFlag } from './addr-flags.ts';
import { AddrInfo, addrWanted, printAddr } from './addr-print.ts';
import type { Args } from './args.ts';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { getPrefix } from './inet.ts';
import { AddrFilter } from './link-filter.ts';
import { printLink, printLinkBrief } from './link-print.ts';
import { printLinkStats } from './link-stats.ts';
import { groups, rtScopes } from './names.ts';
import { usageAddr, usageLink } from './usage.ts';

/** A flag with or without a minus sign; false when it is no flag. */
function parseFlag(f: AddrFilter, word: string): boolean {
  let invert = word.startsWith('-');
  let name = invert ? word.slice(1) : word;
  if (name === 'dynamic' || name === 'primary') {
    invert = !invert;
    name = name === 'dynamic' ? 'permanent' : 'secondary';
  }
  const flag = addrFlag(name);
  if (flag === null) return false;
  f.flags = invert ? f.flags & ~flag.mask : f.flags | flag.mask;
  f.flagmask |= flag.mask;
  return true;
}

function parseScope(f: AddrFilter, args: Args): void {
  f.scopemask = -1;
  const scope = rtScopes.a2n(args.next());
  if (scope === null) {
    if (args.cur !== 'all') args.invarg('invalid "scope"\n');
    f.scope = U.RT_SCOPE_NOWHERE;
    f.scopemask = 0;
  } else f.scope = scope;
}

function parseMaster(ctx: IpContext, f: AddrFilter, args: Args): void {
  f.master = ctx.links.nameToIndex(args.next());
  if (f.master === 0) args.invarg('Device does not exist\n');
}

function parseVrf(ctx: IpContext, f: AddrFilter, args: Args): void {
  f.master = ctx.links.vrfIndex(args.next());
  if (f.master === 0) args.invarg('Not a valid VRF name\n');
}

function parseType(f: AddrFilter, args: Args): void {
  const type = args.next();
  if (type.endsWith('_slave') && type !== '_slave') f.slaveKind = type.slice(0, -'_slave'.length);
  else f.kind = type;
}

/** The words behind show and flush. */
export function parseAddrFilter(ctx: IpContext, args: Args, doLink: boolean): AddrFilter {
  const f = new AddrFilter();
  f.family = ctx.options.family;
  for (; args.left > 0; args.skip()) {
    if (args.is('to')) {
      f.pfx = getPrefix(args, args.next(), f.family);
      if (f.family === U.AF_UNSPEC) f.family = f.pfx.family;
    } else if (args.is('scope')) parseScope(f, args);
    else if (args.is('up')) f.up = true;
    else if (parseFlag(f, args.cur)) continue;
    else if (args.is('label')) f.label = args.next();
    else if (args.is('group')) f.group = groups.a2n(args.next()) ?? args.invarg('Invalid "group" value\n');
    else if (args.is('master')) parseMaster(ctx, f, args);
    else if (args.is('vrf')) parseVrf(ctx, f, args);
    else if (args.is('nomaster')) f.master = -1;
    else if (args.is('type')) parseType(f, args);
    else parseDev(ctx, f, args, doLink);
  }
  return f;
}

function parseDev(ctx: IpContext, f: AddrFilter, args: Args, doLink: boolean): void {
  if (args.is('dev')) args.next();
  else if (args.abbr('help')) (doLink ? usageLink : usageAddr)(ctx);
  if (f.dev !== null) args.duparg2('dev');
  f.dev = args.cur;
}

/** Finds the device of the filter; false after a complaint. */
export function resolveDev(ctx: IpContext, f: AddrFilter): boolean {
  if (f.dev === null) return true;
  f.ifindex = ctx.links.nameToIndex(f.dev);
  if (f.ifindex === 0) ctx.stderr(`Device "${f.dev}" does not exist.\n`);
  return f.ifindex !== 0;
}

function extMask(ctx: IpContext): number {
  return ctx.options.stats > 0 ? U.RTEXT_FILTER_VF : U.RTEXT_FILTER_VF | U.RTEXT_FILTER_SKIP_STATS;
}

/** The one link that was asked for; null after a complaint. */
function getLink(ctx: IpContext, f: AddrFilter, byName: boolean): NlMsgHdr | null {
  const req = ctx.rtnl.request(U.RTM_GETLINK, 0, IfInfoMsg.of({ family: f.family, index: byName ? 0 : f.ifindex }));
  req.builder.nlaPutU32(U.IFLA_EXT_MASK, extMask(ctx));
  const name = f.dev ?? '';
  if (byName) req.builder.nlaPutString(name.length < 16 ? U.IFLA_IFNAME : U.IFLA_ALT_IFNAME, name);
  const answer = ctx.rtnl.ask(req);
  if (typeof answer !== 'number') return answer;
  ctx.stderr(`Cannot send link ${byName ? 'get ' : ''}request: ${U.strerror(answer)}\n`);
  return null;
}

/** All links; null after a complaint. */
function listLinks(ctx: IpContext, f: AddrFilter): NlMsgHdr[] | null {
  const req = ctx.rtnl.request(U.RTM_GETLINK, 0, IfInfoMsg.of({ family: f.family }));
  if (f.family === U.AF_UNSPEC || f.family === U.AF_PACKET) {
    req.builder.nlaPutU32(U.IFLA_EXT_MASK, U.RTEXT_FILTER_VF);
    if (f.master > 0) req.builder.nlaPutU32(U.IFLA_MASTER, f.master);
    if (f.kind !== null) {
      const info = req.builder.nlaNestStartNoflag(U.IFLA_LINKINFO);
      req.builder.nlaPut(U.IFLA_INFO_KIND, strToBytes(f.kind));
      req.builder.nlaNestEnd(info);
    }
  }
  const list: NlMsgHdr[] = [];
  const err = ctx.rtnl.dump(req, (nlh) => {
    ctx.links.remember(nlh);
    list.push(nlh);
    return 0;
  });
  if (err === 0) return list;
  ctx.stderr('Dump terminated\n');
  return null;
}

function listAddrs(ctx: IpContext, f: AddrFilter): AddrInfo[] | null {
  const req = ctx.rtnl.request(U.RTM_GETADDR, 0, IfAddrMsg.of({ family: f.family, index: f.ifindex }));
  const list: AddrInfo[] = [];
  const err = ctx.rtnl.dump(req, (nlh) => {
    if (nlh.type === U.RTM_NEWADDR) list.push(new AddrInfo(nlh));
    return 0;
  });
  if (err === 0) return list;
  ctx.stderr('Dump terminated\n');
  return null;
}

/** `ipaddr_filter`: whether the link stays in the list, seen from its addresses. */
function keeps(ctx: IpContext, f: AddrFilter, index: number, addrs: readonly AddrInfo[]): boolean {
  const own = addrs.filter((a) => a.ifa.index === index);
  if (own.length === 0) return f.family === U.AF_UNSPEC || f.family === U.AF_PACKET;
  return own.some((a) => addrWanted(ctx, f, a));
}

function indexOf(nlh: NlMsgHdr): number {
  return new IfInfoMsg().read(nlh.buf, nlh.data).index;
}

function printAddrs(ctx: IpContext, f: AddrFilter, link: NlMsgHdr, addrs: readonly AddrInfo[]): void {
  const { out, options } = ctx;
  const ifi = new IfInfoMsg().read(link.buf, link.data);
  out.openArray('addr_info');
  for (const info of addrs) {
    if (info.ifa.index !== ifi.index || (f.family !== U.AF_UNSPEC && f.family !== info.ifa.family)) continue;
    if (f.up && (ifi.flags & U.IFF_UP) === 0) continue;
    out.openObject();
    if (addrWanted(ctx, f, info)) printAddr(ctx, info, options.oneline || options.echo);
    out.closeObject();
  }
  out.closeArray();
  if (options.brief) out.text('\n');
}

function printLinkAlone(ctx: IpContext, f: AddrFilter, link: NlMsgHdr): void {
  ctx.out.openObject();
  if (ctx.options.brief) printLinkBrief(ctx, link, f);
  else printLink(ctx, link, f, true);
  ctx.out.closeObject();
}

function printEntry(ctx: IpContext, f: AddrFilter, link: NlMsgHdr, addrs: readonly AddrInfo[], doLink: boolean): void {
  const { out, options } = ctx;
  out.openObject();
  const noLink = f.family !== U.AF_PACKET && options.oneline && !options.brief;
  let shown = true;
  if (!noLink) shown = options.brief ? printLinkBrief(ctx, link, f) : printLink(ctx, link, f, doLink);
  if (shown && f.family !== U.AF_PACKET) printAddrs(ctx, f, link, addrs);
  if (shown && !noLink && f.label === null && !options.brief && !doLink && options.stats > 0) {
    printLinkStats(ctx, parseAttrs(new NlAttrs(U.IFLA_MAX), link, IfInfoMsg.LEN));
    out.text(out.sl);
  }
  out.closeObject();
}

/** `ip address show`, and with `onlyLink` `ip link show`. Once a batch has shown links it shows addresses in the manner of links. */
export function addrShow(ctx: IpContext, args: Args, onlyLink: boolean): number {
  ctx.linkShown ||= onlyLink;
  const doLink = ctx.linkShown;
  const f = parseAddrFilter(ctx, args, doLink);
  if (!resolveDev(ctx, f)) return -1;
  ctx.out.newDocument();
  const status = list(ctx, f, doLink);
  ctx.out.deleteDocument();
  return status;
}

function list(ctx: IpContext, f: AddrFilter, doLink: boolean): number {
  const one = f.ifindex !== 0 ? getLink(ctx, f, doLink && f.group === -1) : null;
  if (f.ifindex !== 0 && one === null) return -1;
  if (one !== null && doLink && f.group === -1) {
    printLinkAlone(ctx, f, one);
    return 0;
  }
  let links = one !== null ? [one] : listLinks(ctx, f);
  if (links === null) return -1;
  let addrs: AddrInfo[] = [];
  if (f.family !== U.AF_PACKET) {
    const all = listAddrs(ctx, f);
    if (all === null) return -1;
    addrs = all;
    links = links.filter((link) => keeps(ctx, f, indexOf(link), addrs));
  }
  for (const link of links) printEntry(ctx, f, link, addrs, doLink);
  return 0;
}
