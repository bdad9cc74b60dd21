/** `ip route get` (`iproute_get`). */
import { RtMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { afBitLen, type InetPrefix } from '@skbuff/wire';
import { type Args, matches } from './args.ts';
import type { IpContext } from './context.ts';
import { getAddr, getPrefix } from './inet.ts';
import { inetProtoA2n } from './inet-proto.ts';
import { rtDsfield } from './names.ts';
import { getU16, getUnsigned } from './numbers.ts';
import { RouteFilter } from './route-filter.ts';
import { printRoute, RouteInfo } from './route-print.ts';
import type { RtnlRequest } from './rtnl.ts';
import { usageRoute } from './usage.ts';

class GetRequest {
  readonly ctx: IpContext;
  readonly rtm: RtMsg;
  readonly req: RtnlRequest;
  iif: string | null = null;
  oif: string | null = null;
  connected = false;
  fibMatch = false;
  from = false;
  to = false;

  constructor(ctx: IpContext) {
    this.ctx = ctx;
    this.rtm = RtMsg.of({ family: ctx.options.family });
    this.req = ctx.rtnl.request(U.RTM_GETROUTE, 0, this.rtm);
  }

  /** Puts an address; its length. */
  readPrefix(args: Args, attr: number): number {
    const prefix: InetPrefix = getPrefix(args, args.cur, this.rtm.family);
    if (this.rtm.family === U.AF_UNSPEC) this.rtm.family = prefix.family;
    if (prefix.bytes.length > 0) this.req.builder.nlaPut(attr, prefix.bytes);
    return prefix.bitlen;
  }

  /** The destination has to be a single host. */
  readDestination(args: Args): void {
    const bitlen = this.readPrefix(args, U.RTA_DST);
    const bits = afBitLen(this.rtm.family);
    const isHost = bits <= 0 || bitlen === bits;
    if (!isHost) this.ctx.stderr(`Warning: /${bitlen} as prefix is invalid, only /${bits} (or none) is supported.\n`);
    this.rtm.dstLen = isHost ? bitlen : bits;
    this.to = true;
  }
}

type Read = (g: GetRequest, args: Args) => void;

const from: Read = (g, args: Args) => {
  args.next();
  if (args.abbr('help')) usageRoute(g.ctx);
  g.from = true;
  g.rtm.srcLen = g.readPrefix(args, U.RTA_SRC);
};

const oif: Read = (g, args: Args) => {
  g.oif = args.next();
};

const tos: Read = (g, args: Args) => {
  g.rtm.tos = rtDsfield.a2n(args.next()) ?? args.invarg('TOS value is invalid\n');
};

function port(attr: number, key: string): Read {
  return (g, args) => g.req.builder.nlaPutBe16(attr, getU16(args.next()) ?? args.invarg(`invalid ${key}\n`));
}

const ipproto: Read = (g, args: Args) => {
  const word = args.next();
  g.req.builder.nlaPutU8(U.RTA_IP_PROTO, inetProtoA2n(g.ctx, word) ?? args.invarg('Invalid "ipproto" value\n'));
};

const uid: Read = (g, args: Args) => g.req.builder.nlaPutU32(U.RTA_UID, getUnsigned(args.next()) ?? args.invarg('invalid UID\n'));

const mark: Read = (g, args: Args) => g.req.builder.nlaPutU32(U.RTA_MARK, getUnsigned(args.next()) ?? args.invarg('invalid mark value'));

const as: Read = (g, args: Args) => {
  if (args.next() === 'to') args.next();
  g.req.builder.nlaPut(U.RTA_NEWDST, getAddr(args, args.cur, g.rtm.family).bytes);
};

const WORDS: readonly (readonly [string, Read])[] = [
  ['tos', tos],
  ['dsfield*', tos],
  ['from*', from],
  ['iif*', (g, args) => void (g.iif = args.next())],
  ['mark*', mark],
  ['oif*', oif],
  ['dev', oif],
  ['vrf', (g, args) => void (g.oif = g.ctx.links.vrfIndex(args.next()) > 0 ? args.cur : args.invarg('Invalid VRF\n'))],
  ['notify*', (g) => void (g.rtm.flags |= U.RTM_F_NOTIFY)],
  ['connected*', (g) => void (g.connected = true)],
  ['uid*', uid],
  ['fibmatch*', (g) => void (g.fibMatch = true)],
  ['as', as],
  ['sport*', port(U.RTA_SPORT, 'sport')],
  ['dport*', port(U.RTA_DPORT, 'dport')],
  ['ipproto*', ipproto],
];

function parse(g: GetRequest, args: Args): void {
  for (; args.left > 0; args.skip()) {
    const found = WORDS.find(([word]) => (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.is(word)));
    if (found !== undefined) {
      found[1](g, args);
      continue;
    }
    if (args.is('to')) args.next();
    if (args.abbr('help')) usageRoute(g.ctx);
    g.readDestination(args);
  }
}

function putDevice(g: GetRequest, name: string | null, attr: number): boolean {
  if (name === null) return true;
  const index = g.ctx.links.nameToIndex(name);
  if (index !== 0) g.req.builder.nlaPutU32(attr, index);
  return index !== 0 || g.ctx.nodev(name) === 0;
}

export function routeGet(ctx: IpContext, args: Args): number {
  const g = new GetRequest(ctx);
  parse(g, args);
  if (!g.to) {
    ctx.stderr('need at least a destination address\n');
    return -1;
  }
  if (!putDevice(g, g.iif, U.RTA_IIF) || !putDevice(g, g.oif, U.RTA_OIF)) return -1;
  if (g.rtm.family === U.AF_UNSPEC) g.rtm.family = U.AF_INET;
  if (g.rtm.family === U.AF_INET) g.rtm.flags |= U.RTM_F_LOOKUP_TABLE;
  if (g.fibMatch) g.rtm.flags |= U.RTM_F_FIB_MATCH;
  const route = lookup(ctx, g.req);
  if (route === null) return -2;
  ctx.out.newDocument();
  printRoute(ctx, route, shown());
  ctx.out.deleteDocument();
  if (!g.connected || g.from) return 0;
  if (!route.tb.has(U.RTA_PREFSRC) && !route.tb.has(U.RTA_SRC)) {
    ctx.stderr('Failed to connect the route\n');
    return -1;
  }
  const again = lookup(ctx, g.req);
  if (again === null) return -2;
  printRoute(ctx, again, shown());
  return 0;
}

function shown(): RouteFilter {
  const f = new RouteFilter();
  f.table = 0;
  f.cloned = true;
  return f;
}

function lookup(ctx: IpContext, req: RtnlRequest): RouteInfo | null {
  const answer = ctx.rtnl.ask(req);
  return typeof answer === 'number' ? null : new RouteInfo(answer);
}
