/** Which routes `ip route show` and `flush` are asked for. */
import * as U from '@skbuff/uapi';
import { afBitLen, inetAddrMatch, type InetPrefix } from '@skbuff/wire';
import type { Args } from './args.ts';
import { matches } from './args.ts';
import type { IpContext } from './context.ts';
import { getPrefix, readFamily, type WrittenPrefix } from './inet.ts';
import { rtDsfield, rtnTypeA2n, rtProtos, rtScopes, rtTables } from './names.ts';
import { getUnsigned } from './numbers.ts';
import { getRealms } from './route-realms.ts';
import type { RouteInfo } from './route-print.ts';
import { usageRoute } from './usage.ts';

export class RouteFilter {
  family: number = U.AF_UNSPEC;
  /** What -family says: a kernel that does not know it tells of all that it knows. */
  preferred: number = U.AF_UNSPEC;
  /** 0: all tables. */
  table: number = U.RT_TABLE_MAIN;
  cloned = false;
  protocol: number | null = null;
  scope: number | null = null;
  type: number | null = null;
  tos: number | null = null;
  metric: number | null = null;
  mark: number | null = null;
  realm: number | null = null;
  oif = 0;
  iif = 0;
  oifName: string | null = null;
  iifName: string | null = null;
  via: InetPrefix | null = null;
  src: InetPrefix | null = null;
  /** Destinations not shorter (root) and not longer (match) than these. */
  rdst: InetPrefix | null = null;
  mdst: WrittenPrefix | null = null;
  rsrc: InetPrefix | null = null;
  msrc: WrittenPrefix | null = null;
}

type Read = (ctx: IpContext, f: RouteFilter, args: Args) => void;

const table: Read = (ctx, f, args: Args) => {
  const id = rtTables.a2n(args.next());
  if (id !== null) f.table = id;
  else if (args.is('all')) f.table = 0;
  else if (args.is('cache')) f.cloned = true;
  else if (args.is('help')) usageRoute(ctx);
  else args.invarg('table id value is invalid\n');
};

const tos: Read = (_ctx, f, args: Args) => {
  f.tos = rtDsfield.a2n(args.next()) ?? args.invarg('TOS value is invalid\n');
};

const metric: Read = (_ctx, f, args: Args) => {
  f.metric = getUnsigned(args.next()) ?? args.invarg('"metric" value is invalid\n');
};

const protocol: Read = (_ctx, f, args: Args) => {
  f.protocol = rtProtos.a2n(args.next());
  if (f.protocol === null && !args.is('all')) args.invarg('invalid "protocol"\n');
};

const scope: Read = (_ctx, f, args: Args) => {
  f.scope = rtScopes.a2n(args.next());
  if (f.scope === null && !args.is('all')) args.invarg('invalid "scope"\n');
};

const type: Read = (_ctx, f, args: Args) => {
  f.type = rtnTypeA2n(args.next()) ?? args.invarg('node type value is invalid\n');
};

const via: Read = (ctx, f, args: Args) => {
  let family = readFamily(args.next());
  if (family === U.AF_UNSPEC) family = ctx.options.family;
  else args.next();
  f.via = getPrefix(args, args.cur, family);
};

/** `root`, `match`, `exact` and a prefix. */
function range(ctx: IpContext, args: Args): { readonly root: InetPrefix | null; readonly match: WrittenPrefix | null } {
  const family = ctx.options.family;
  if (args.abbr('root')) return { root: getPrefix(args, args.next(), family), match: null };
  if (args.abbr('match')) return { root: null, match: getPrefix(args, args.next(), family) };
  if (args.abbr('exact')) args.next();
  const prefix = getPrefix(args, args.cur, family);
  return { root: prefix, match: prefix };
}

const from: Read = (ctx, f, args: Args) => {
  args.next();
  const { root, match } = range(ctx, args);
  f.rsrc = root ?? f.rsrc;
  f.msrc = match ?? f.msrc;
};

const WORDS: readonly (readonly [string, Read])[] = [
  ['table*', table],
  ['cached*', (_ctx, f) => void (f.cloned = true)],
  ['cloned*', (_ctx, f) => void (f.cloned = true)],
  ['tos', tos],
  ['dsfield*', tos],
  ['metric*', metric],
  ['priority*', metric],
  ['preference', metric],
  ['protocol*', protocol],
  ['scope*', scope],
  ['type*', type],
  ['dev', (_ctx, f, args) => void (f.oifName = args.next())],
  ['oif', (_ctx, f, args) => void (f.oifName = args.next())],
  ['iif', (_ctx, f, args) => void (f.iifName = args.next())],
  ['mark', (_ctx, f, args) => void (f.mark = getUnsigned(args.next()) ?? args.invarg('invalid mark value'))],
  ['via', via],
  ['src', (ctx, f, args) => void (f.src = getPrefix(args, args.next(), ctx.options.family))],
  ['vrf', (ctx, f, args) => void (f.table = ctx.links.vrfTable(args.next()) || args.invarg('Invalid VRF\n'))],
  ['realms*', (_ctx, f, args) => void (f.realm = getRealms(args.next()) ?? args.invarg('invalid realms\n'))],
  ['from*', from],
];

/** Reads the words of the selector; null after a complaint about a device. */
export function parseRouteFilter(ctx: IpContext, args: Args): RouteFilter | null {
  const f = new RouteFilter();
  for (; args.left > 0; args.skip()) {
    const found = WORDS.find(([word]) => (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.is(word)));
    if (found !== undefined) {
      found[1](ctx, f, args);
      continue;
    }
    if (args.abbr('to')) args.next();
    const { root, match } = range(ctx, args);
    f.rdst = root ?? f.rdst;
    f.mdst = match ?? f.mdst;
  }
  f.preferred = ctx.options.family;
  f.family = ctx.options.family === U.AF_UNSPEC && f.table !== 0 ? U.AF_INET : ctx.options.family;
  return resolve(ctx, f) ? f : null;
}

function resolve(ctx: IpContext, f: RouteFilter): boolean {
  if (f.iifName !== null) {
    f.iif = ctx.links.nameToIndex(f.iifName);
    if (f.iif === 0) return ctx.nodev(f.iifName) === 0;
  }
  if (f.oifName !== null) {
    f.oif = ctx.links.nameToIndex(f.oifName);
    if (f.oif === 0) return ctx.nodev(f.oifName) === 0;
  }
  return true;
}

/** Inside `root`, and containing `match`. The attribute may be absent: all zero. */
function inRange(route: RouteInfo, bytes: Uint8Array | null, len: number, root: InetPrefix | null, match: WrittenPrefix | null): boolean {
  const addr = bytes ?? new Uint8Array(16);
  const { family } = route.rtm;
  const sameFamily = (p: InetPrefix): boolean => p.family === U.AF_UNSPEC || p.family === family;
  if (root !== null && root.family !== U.AF_UNSPEC && (!sameFamily(root) || root.bitlen > len || !inetAddrMatch(addr, root.bytes, root.bitlen))) return false;
  if (match === null) return true;
  if (match.plenGiven && match.bitlen < len) return false;
  return match.family === U.AF_UNSPEC || (sameFamily(match) && match.bitlen >= len && inetAddrMatch(addr, match.bytes, len));
}

function covers(p: InetPrefix | null, family: number, bytes: Uint8Array | null): boolean {
  if (p === null || p.family === U.AF_UNSPEC) return true;
  return p.family === family && inetAddrMatch(bytes ?? new Uint8Array(16), p.bytes, p.bitlen);
}

/** `filter_nlmsg`. */
export function routeWanted(f: RouteFilter, route: RouteInfo): boolean {
  const { rtm, tb, table: inTable } = route;
  if (afBitLen(rtm.family) === 0) return false;
  if (f.preferred !== U.AF_UNSPEC && rtm.family !== f.preferred) return false;
  if (rtm.family === U.AF_INET6 && ((rtm.flags & U.RTM_F_CLONED) !== 0) !== f.cloned) return false;
  if (f.table > 0 && f.table !== inTable) return false;
  const equal = (wanted: number | null, value: number): boolean => wanted === null || wanted === value;
  if (!equal(f.protocol, rtm.protocol) || !equal(f.scope, rtm.scope) || !equal(f.type, rtm.type) || !equal(f.tos, rtm.tos)) return false;
  if (!inRange(route, tb.bytes(U.RTA_DST), rtm.dstLen, f.rdst, f.mdst)) return false;
  if (!inRange(route, tb.bytes(U.RTA_SRC), rtm.srcLen, f.rsrc, f.msrc)) return false;
  if (!covers(f.via, rtm.family, tb.bytes(U.RTA_GATEWAY)) || !covers(f.src, rtm.family, tb.bytes(U.RTA_PREFSRC))) return false;
  if (f.oif !== 0 && tb.s32(U.RTA_OIF) !== f.oif) return false;
  if (f.iif !== 0 && tb.s32(U.RTA_IIF) !== f.iif) return false;
  return equal(f.mark, tb.u32(U.RTA_MARK)) && equal(f.metric, tb.u32(U.RTA_PRIORITY)) && equal(f.realm, tb.u32(U.RTA_FLOW));
}
