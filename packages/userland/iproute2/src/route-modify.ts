/** `ip route add | change | replace | append | delete …` (`iproute_modify`). */
import { RtMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { type Args, matches } from './args.ts';
import type { IpContext } from './context.ts';
import { RouteFilter } from './route-filter.ts';
import { printRoute, RouteInfo } from './route-print.ts';
import { getAddr, getPrefix, readFamily } from './inet.ts';
import { rtDsfield, rtnTypeA2n, rtProtos, rtScopes, rtTables } from './names.ts';
import { getUnsigned } from './numbers.ts';
import { parseEncap } from './route-encap.ts';
import { putGateway } from './route-gateway.ts';
import { RouteMetrics } from './route-metrics.ts';
import { parseNextHops } from './route-nexthops.ts';
import { getRealms } from './route-realms.ts';
import type { RtnlRequest } from './rtnl.ts';
import { usageRoute } from './usage.ts';

export class RouteRequest {
  readonly ctx: IpContext;
  readonly req: RtnlRequest;
  readonly rtm: RtMsg;
  readonly metrics: RouteMetrics = new RouteMetrics();
  readonly cmd: number;
  dev: string | null = null;
  gateway = false;
  nexthops = false;
  nhid = false;
  dst = false;
  scopeGiven = false;
  tableGiven = false;

  constructor(ctx: IpContext, cmd: number, flags: number) {
    this.ctx = ctx;
    this.cmd = cmd;
    this.rtm = RtMsg.of({ family: ctx.options.family, table: U.RT_TABLE_MAIN, scope: U.RT_SCOPE_NOWHERE });
    if (cmd !== U.RTM_DELROUTE) Object.assign(this.rtm, { protocol: U.RTPROT_BOOT, scope: U.RT_SCOPE_UNIVERSE, type: U.RTN_UNICAST });
    this.req = ctx.rtnl.request(cmd, flags, this.rtm);
  }

  /** The family is that of the first address. */
  settle(family: number): void {
    if (this.rtm.family === U.AF_UNSPEC) this.rtm.family = family;
  }

  readVia(args: Args): void {
    if (this.gateway) args.invarg('use nexthop syntax to specify multiple via\n');
    this.gateway = true;
    let family = readFamily(args.next());
    if (family === U.AF_UNSPEC) family = this.rtm.family;
    else args.next();
    const addr = getAddr(args, args.cur, family);
    this.settle(addr.family);
    putGateway(this.req.builder, this.rtm.family, addr.family, addr.bytes);
  }

  readTable(args: Args): void {
    const id = rtTables.a2n(args.next()) ?? args.invarg('"table" value is invalid\n');
    this.putTable(id);
  }

  private putTable(id: number): void {
    this.tableGiven = true;
    if (id < 256) this.rtm.table = id;
    else {
      this.rtm.table = U.RT_TABLE_UNSPEC;
      this.req.builder.nlaPutU32(U.RTA_TABLE, id);
    }
  }

  readVrf(args: Args): void {
    const id = this.ctx.links.vrfTable(args.next()) || args.invarg('Invalid VRF\n');
    this.putTable(id);
  }

  /** A type, or the destination. */
  readDestination(args: Args): void {
    if (args.abbr('to')) args.next();
    const type = /^[0-9]/.test(args.cur) ? null : rtnTypeA2n(args.cur);
    if (type !== null) {
      args.next();
      this.rtm.type = type;
    }
    if (args.abbr('help')) usageRoute(this.ctx);
    if (this.dst) args.duparg2('to');
    const dst = getPrefix(args, args.cur, this.rtm.family);
    this.settle(dst.family);
    this.rtm.dstLen = dst.bitlen;
    this.dst = true;
    if (dst.bytes.length > 0) this.req.builder.nlaPut(U.RTA_DST, dst.bytes);
  }
}

type Read = (r: RouteRequest, args: Args) => void;

function address(attr: number): Read {
  return (r, args: Args) => {
    const addr = getAddr(args, args.next(), r.rtm.family);
    r.settle(addr.family);
    r.req.builder.nlaPut(attr, addr.bytes);
  };
}

function number(attr: number, key: string): Read {
  return (r, args) => r.req.builder.nlaPutU32(attr, getUnsigned(args.next()) ?? args.invarg(`"${key}" value is invalid\n`));
}

const from: Read = (r, args: Args) => {
  const src = getPrefix(args, args.next(), r.rtm.family);
  r.settle(src.family);
  if (src.bytes.length > 0) r.req.builder.nlaPut(U.RTA_SRC, src.bytes);
  r.rtm.srcLen = src.bitlen;
};

const as: Read = (r, args: Args) => {
  if (args.next() !== 'to') args.back();
  address(U.RTA_NEWDST)(r, args);
};

const tos: Read = (r, args: Args) => {
  r.rtm.tos = rtDsfield.a2n(args.next()) ?? args.invarg('"tos" value is invalid\n');
};

const scope: Read = (r, args: Args) => {
  r.rtm.scope = rtScopes.a2n(args.next()) ?? args.invarg('invalid "scope" value\n');
  r.scopeGiven = true;
};

const protocol: Read = (r, args: Args) => {
  r.rtm.protocol = rtProtos.a2n(args.next()) ?? args.invarg('"protocol" value is invalid\n');
};

const nhid: Read = (r, args: Args) => {
  number(U.RTA_NH_ID, 'id')(r, args);
  r.nhid = true;
};

const pref: Read = (r, args: Args) => {
  const word = args.next();
  const value = { low: 3, medium: 0, high: 1 }[word];
  r.req.builder.nlaPutU8(U.RTA_PREF, value ?? getUnsigned(word) ?? args.invarg('"pref" value is invalid\n'));
};

const realms: Read = (r, args: Args) => {
  r.req.builder.nlaPutU32(U.RTA_FLOW, getRealms(args.next()) ?? args.invarg('"realm" value is invalid\n'));
};

const dev: Read = (r, args: Args) => {
  r.dev = args.next();
};

const ttlPropagate: Read = (r, args: Args) => {
  const value = ['disabled', 'enabled'].indexOf(args.next());
  r.req.builder.nlaPutU8(U.RTA_TTL_PROPAGATE, value >= 0 ? value : args.invarg('"ttl-propagate" value is invalid\n'));
};

const WORDS: readonly (readonly [string, Read])[] = [
  ['src', address(U.RTA_PREFSRC)],
  ['as*', as],
  ['via', (r, args) => r.readVia(args)],
  ['from', from],
  ['tos', tos],
  ['dsfield*', tos],
  ['expires', number(U.RTA_EXPIRES, 'expires')],
  ['metric*', number(U.RTA_PRIORITY, 'metric')],
  ['priority*', number(U.RTA_PRIORITY, 'metric')],
  ['preference', number(U.RTA_PRIORITY, 'metric')],
  ['scope', scope],
];

const MORE_WORDS: readonly (readonly [string, Read])[] = [
  ['realms*', realms],
  ['onlink', (r) => void (r.rtm.flags |= U.RTNH_F_ONLINK)],
  ['nhid', nhid],
  ['protocol*', protocol],
  ['table*', (r, args) => r.readTable(args)],
  ['vrf', (r, args) => r.readVrf(args)],
  ['dev', dev],
  ['oif', dev],
  ['pref*', pref],
  ['encap', (r, args) => parseEncap(r.req.builder, args)],
  ['ttl-propagate', ttlPropagate],
];

function find(words: readonly (readonly [string, Read])[], args: Args): Read | null {
  const found = words.find(([word]) => (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.is(word)));
  return found === undefined ? null : found[1];
}

function parse(r: RouteRequest, args: Args): void {
  for (; args.left > 0; args.skip()) {
    const read = find(WORDS, args);
    if (read !== null) {
      read(r, args);
      continue;
    }
    if (r.metrics.read(args)) continue;
    if (args.is('nexthop')) {
      r.nexthops = true;
      return;
    }
    const more = find(MORE_WORDS, args);
    if (more !== null) more(r, args);
    else r.readDestination(args);
  }
}

/** The scope and table that follow from the type. */
function setDefaults(r: RouteRequest): void {
  const { rtm } = r;
  if (rtm.family === U.AF_UNSPEC) rtm.family = U.AF_INET;
  const { type } = rtm;
  if (!r.tableGiven && [U.RTN_LOCAL, U.RTN_BROADCAST, U.RTN_NAT, U.RTN_ANYCAST].includes(type)) rtm.table = U.RT_TABLE_LOCAL;
  if (r.scopeGiven) return;
  if (rtm.family === U.AF_INET6) rtm.scope = U.RT_SCOPE_UNIVERSE;
  else if (type === U.RTN_LOCAL || type === U.RTN_NAT) rtm.scope = U.RT_SCOPE_HOST;
  else if ([U.RTN_BROADCAST, U.RTN_MULTICAST, U.RTN_ANYCAST].includes(type)) rtm.scope = U.RT_SCOPE_LINK;
  else if (type === U.RTN_UNICAST || type === U.RTN_UNSPEC) {
    if (r.cmd === U.RTM_DELROUTE) rtm.scope = U.RT_SCOPE_NOWHERE;
    else if (!r.gateway && !r.nexthops && !r.nhid) rtm.scope = U.RT_SCOPE_LINK;
  }
}

export function routeModify(ctx: IpContext, args: Args, cmd: number, flags: number): number {
  const r = new RouteRequest(ctx, cmd, flags);
  parse(r, args);
  if (!r.dst) return usageRoute(ctx);
  if (r.dev !== null) {
    const index = ctx.links.nameToIndex(r.dev);
    if (index === 0) return ctx.nodev(r.dev);
    r.req.builder.nlaPutU32(U.RTA_OIF, index);
  }
  r.metrics.write(r.req.builder);
  if (r.nexthops) parseNextHops(r, args);
  setDefaults(r);
  return ctx.modify(r.req, (nlh) => printRoute(ctx, new RouteInfo(nlh), Object.assign(new RouteFilter(), { table: 0 })));
}
