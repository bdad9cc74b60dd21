/** A route as text (`print_route`). */
import { NlAttrs, type NlMsgHdr, RtaCacheInfo, RtMsg, RtNextHop } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { afBitLen } from '@skbuff/wire';
import { parseAttrs, parseRange } from './attrs.ts';
import type { IpContext } from './context.ts';
import { formatHost } from './format-host.ts';
import { addrN2a, familyName, paintOf } from './inet.ts';
import { rtDsfield, rtProtos, rtRealms, rtScopes, rtTables, rtTypes } from './names.ts';
import type { RouteFilter } from './route-filter.ts';
import { printMetrics } from './route-metrics.ts';

/** Flags beyond 16 bits: what a looked-up route is. */
const CACHE_FLAGS: readonly (readonly [number, string])[] = [
  [0x80000000, 'local'],
  [0x40000000, 'reject'],
  [0x20000000, 'mc'],
  [0x10000000, 'brd'],
  [0x08000000, 'dst-nat'],
  [0x00800000, 'src-nat'],
  [0x00400000, 'masq'],
  [0x00020000, 'dst-direct'],
  [0x04000000, 'src-direct'],
  [0x00040000, 'redirected'],
  [0x01000000, 'redirect'],
  [0x00200000, 'fastroute'],
  [0x00010000, 'notify'],
  [0x00080000, 'proxy'],
];

const FLAGS: readonly (readonly [number, string])[] = [
  [U.RTNH_F_DEAD, 'dead'],
  [U.RTNH_F_ONLINK, 'onlink'],
  [U.RTNH_F_PERVASIVE, 'pervasive'],
  [U.RTNH_F_OFFLOAD, 'offload'],
  [U.RTNH_F_TRAP, 'trap'],
  [U.RTM_F_NOTIFY, 'notify'],
  [U.RTNH_F_LINKDOWN, 'linkdown'],
  [U.RTNH_F_UNRESOLVED, 'unresolved'],
  [U.RTM_F_OFFLOAD, 'rt_offload'],
  [U.RTM_F_TRAP, 'rt_trap'],
  [U.RTM_F_OFFLOAD_FAILED, 'rt_offload_failed'],
];

/** Units of times that the kernel tells to user space, per second. */
const USER_HZ = 100;

/** A route, taken apart. */
export class RouteInfo {
  readonly nlh: NlMsgHdr;
  readonly rtm: RtMsg;
  readonly tb: NlAttrs;
  readonly table: number;

  constructor(nlh: NlMsgHdr) {
    this.nlh = nlh;
    this.rtm = new RtMsg().read(nlh.buf, nlh.data);
    this.tb = parseAttrs(new NlAttrs(U.RTA_MAX), nlh, RtMsg.LEN);
    this.table = this.tb.has(U.RTA_TABLE) ? this.tb.u32(U.RTA_TABLE) : this.rtm.table;
  }

  addr(type: number): Uint8Array | null {
    return this.tb.bytes(type);
  }
}

/** An address with its length, unless that is of a single host. */
function prefix(ctx: IpContext, family: number, bytes: Uint8Array, len: number): string {
  return len === afBitLen(family) ? formatHost(ctx, family, bytes) : `${addrN2a(family, bytes)}/${len}`;
}

function printFlags(ctx: IpContext, flags: number): void {
  const { out } = ctx;
  out.openArray('flags');
  for (const [bit, name] of FLAGS) if ((flags & bit) !== 0) out.any(null, name, `${name} `);
  out.closeArray();
}

function printCache(ctx: IpContext, flags: number): void {
  const { out } = ctx;
  let rest = (flags & ~0xffff) >>> 0;
  out.nl();
  out.openArray('cache', '    cache ');
  out.text(rest !== 0 ? '<' : '');
  const any = rest !== 0;
  for (const [bit, name] of CACHE_FLAGS) {
    if ((rest & bit) === 0) continue;
    rest = (rest & ~bit) >>> 0;
    out.any(null, name, rest !== 0 ? `${name},` : name);
  }
  if (rest !== 0) out.any(null, rest.toString(16), rest.toString(16));
  out.closeArray(any ? '> ' : '');
}

function printCacheInfo(ctx: IpContext, tb: NlAttrs): void {
  const { out } = ctx;
  const ci = new RtaCacheInfo().read(tb.buf, tb.at(U.RTA_CACHEINFO) + 4);
  const sec = (ticks: number): number => Math.trunc(ticks / USER_HZ);
  if (ci.expires !== 0) out.any('expires', sec(ci.expires), `expires ${sec(ci.expires)}sec `);
  if (ci.error !== 0) out.any('error', ci.error, `error ${ci.error} `);
  if (ctx.options.stats > 0) {
    if (ci.clntref !== 0) out.any('users', ci.clntref, `users ${ci.clntref} `);
    if (ci.used !== 0) out.any('used', ci.used, `used ${ci.used} `);
    if (ci.lastuse !== 0) out.any('age', sec(ci.lastuse), `age ${sec(ci.lastuse)}sec `);
  }
  if (ci.id !== 0) out.any('ipid', ci.id, `ipid 0x${ci.id.toString(16).padStart(4, '0')} `);
  if (ci.ts !== 0 || ci.tsage !== 0) {
    out.any('ts', ci.ts, `ts 0x${ci.ts.toString(16)} `);
    out.any('tsage', ci.tsage, `tsage ${ci.tsage}sec `);
  }
}

/** RTA_VIA: a gateway of another family. */
function printVia(ctx: IpContext, bytes: Uint8Array): void {
  const { out } = ctx;
  const family = bytes[0] | (bytes[1] << 8);
  const host = formatHost(ctx, family, bytes.subarray(2));
  out.openObject('via');
  out.any('family', familyName(family), `via ${familyName(family)} `);
  out.any('host', host, out.paint(paintOf(family), `${host} `));
  out.closeObject();
}

function printGateway(ctx: IpContext, family: number, tb: NlAttrs): void {
  const gateway = tb.bytes(U.RTA_GATEWAY);
  if (gateway !== null) {
    const host = formatHost(ctx, family, gateway);
    ctx.out.text('via ');
    ctx.out.any('gateway', host, ctx.out.paint(paintOf(family), `${host} `));
  }
  const via = tb.bytes(U.RTA_VIA);
  if (via !== null) printVia(ctx, via);
}

function printRealms({ out }: IpContext, value: number): void {
  const from = value >>> 16;
  const to = value & 0xffff;
  const toName = rtRealms.n2a(to);
  out.openObject('flow');
  if (from !== 0) out.any('from', rtRealms.n2a(from), `realms ${rtRealms.n2a(from)}/`);
  out.any('to', toName, `${from === 0 ? 'realm ' : ''}${toName} `);
  out.closeObject();
}

function printNextHops(ctx: IpContext, { rtm, tb }: RouteInfo): void {
  const { out } = ctx;
  const at = tb.at(U.RTA_MULTIPATH);
  const end = at + 4 + tb.len(U.RTA_MULTIPATH);
  const nh = new RtNextHop();
  const attrs = new NlAttrs(U.RTA_MAX);
  out.openArray('nexthops');
  for (let off = at + 4; off + RtNextHop.LEN <= end; off += (nh.len + 3) & ~3) {
    nh.read(tb.buf, off);
    if (nh.len < RtNextHop.LEN || off + nh.len > end) break;
    out.openObject();
    out.nl();
    out.text('\tnexthop ');
    parseRange(attrs, tb.buf, off + RtNextHop.LEN, nh.len - RtNextHop.LEN);
    printGateway(ctx, rtm.family, attrs);
    if (attrs.has(U.RTA_FLOW)) printRealms(ctx, attrs.u32(U.RTA_FLOW));
    const dev = ctx.links.indexToName(nh.ifindex);
    out.any('dev', dev, `dev ${dev} `);
    out.any('weight', nh.hops + 1, `weight ${nh.hops + 1} `);
    printFlags(ctx, nh.flags);
    out.closeObject();
  }
  out.closeArray();
}

function printDestination(ctx: IpContext, { rtm, tb }: RouteInfo): void {
  const { out } = ctx;
  const dst = tb.bytes(U.RTA_DST);
  const to = dst !== null ? prefix(ctx, rtm.family, dst, rtm.dstLen) : rtm.dstLen > 0 ? `0/${rtm.dstLen}` : 'default';
  out.any('dst', to, out.paint(dst === null ? null : paintOf(rtm.family), `${to} `));
  const src = tb.bytes(U.RTA_SRC);
  const from = src !== null ? prefix(ctx, rtm.family, src, rtm.srcLen) : rtm.srcLen > 0 ? `0/${rtm.srcLen}` : null;
  if (from !== null) out.any('from', from, out.paint(src === null ? null : paintOf(rtm.family), `from ${from} `));
  const newdst = tb.bytes(U.RTA_NEWDST);
  if (newdst !== null) out.any('to', formatHost(ctx, rtm.family, newdst), `as to ${formatHost(ctx, rtm.family, newdst)} `);
}

function printOrigin(ctx: IpContext, { rtm, table }: RouteInfo, f: RouteFilter): void {
  const { out, options } = ctx;
  const { numeric } = options;
  const more = options.details > 0;
  if (table !== 0 && (table !== U.RT_TABLE_MAIN || more) && f.table === 0) out.any('table', rtTables.n2a(table, numeric), `table ${rtTables.n2a(table, numeric)} `);
  if ((rtm.flags & U.RTM_F_CLONED) !== 0) return;
  if ((rtm.protocol !== U.RTPROT_BOOT || more) && f.protocol === null) {
    out.any('protocol', rtProtos.n2a(rtm.protocol, numeric), `proto ${rtProtos.n2a(rtm.protocol, numeric)} `);
  }
  if ((rtm.scope !== U.RT_SCOPE_UNIVERSE || more) && f.scope === null) {
    out.any('scope', rtScopes.n2a(rtm.scope, numeric), `scope ${rtScopes.n2a(rtm.scope, numeric)} `);
  }
}

function printRest(ctx: IpContext, { rtm, tb }: RouteInfo): void {
  const { out } = ctx;
  if (tb.has(U.RTA_MARK)) {
    const mark = tb.u32(U.RTA_MARK);
    if (mark !== 0) out.any('mark', mark, mark >= 16 ? `mark 0x${mark.toString(16)} ` : `mark ${mark} `);
  }
  if (tb.has(U.RTA_FLOW)) printRealms(ctx, tb.u32(U.RTA_FLOW));
  if (tb.has(U.RTA_UID)) out.any('uid', tb.u32(U.RTA_UID), `uid ${tb.u32(U.RTA_UID)} `);
  const cached = (rtm.flags & U.RTM_F_CLONED) !== 0;
  if (rtm.family === U.AF_INET && cached) printCache(ctx, rtm.flags);
  if (tb.has(U.RTA_CACHEINFO) && (cached || rtm.family !== U.AF_INET)) printCacheInfo(ctx, tb);
  if (tb.has(U.RTA_METRICS)) printMetrics(ctx, tb.buf, tb.at(U.RTA_METRICS));
  if (tb.has(U.RTA_IIF)) {
    const iif = ctx.links.indexToName(tb.s32(U.RTA_IIF));
    out.any('iif', iif, `iif ${out.paint('ifname', `${iif} `)}`);
  }
  if (!tb.has(U.RTA_PREF)) return;
  const pref = ['medium', 'high', `${tb.u8(U.RTA_PREF)}`, 'low'][tb.u8(U.RTA_PREF)] ?? `${tb.u8(U.RTA_PREF)}`;
  out.any('pref', pref, `pref ${pref}`);
}

/** What the filter has already said (gateway, source, device as whole addresses) is not repeated. */
export function printRoute(ctx: IpContext, route: RouteInfo, f: RouteFilter): void {
  const { out, options } = ctx;
  const { rtm, tb } = route;
  const bits = afBitLen(rtm.family);
  out.openObject();
  if (route.nlh.type === U.RTM_DELROUTE) out.any('deleted', true, 'Deleted ');
  if (rtm.type !== U.RTN_UNICAST || options.details > 0) out.any('type', rtTypes.n2a(rtm.type, options.numeric), `${rtTypes.n2a(rtm.type, options.numeric)} `);
  printDestination(ctx, route);
  if (rtm.tos !== 0 && f.tos === null) out.any('tos', rtDsfield.n2a(rtm.tos, options.numeric), `tos ${rtDsfield.n2a(rtm.tos, options.numeric)} `);
  if (tb.has(U.RTA_NH_ID)) out.any('nhid', tb.u32(U.RTA_NH_ID), `nhid ${tb.u32(U.RTA_NH_ID)} `);
  if (f.via === null || f.via.bitlen !== bits) printGateway(ctx, rtm.family, tb);
  if (tb.has(U.RTA_OIF) && f.oif === 0) {
    const dev = ctx.links.indexToName(tb.s32(U.RTA_OIF));
    out.text('dev ');
    out.any('dev', dev, out.paint('ifname', `${dev} `));
  }
  printOrigin(ctx, route, f);
  const src = tb.bytes(U.RTA_PREFSRC);
  if (src !== null && (f.src === null || f.src.bitlen !== bits)) out.any('prefsrc', addrN2a(rtm.family, src), `src ${out.paint(paintOf(rtm.family), `${addrN2a(rtm.family, src)} `)}`);
  if (tb.has(U.RTA_PRIORITY) && f.metric === null) out.any('metric', tb.u32(U.RTA_PRIORITY), `metric ${tb.u32(U.RTA_PRIORITY)} `);
  printFlags(ctx, rtm.flags);
  printRest(ctx, route);
  if (tb.has(U.RTA_MULTIPATH)) printNextHops(ctx, route);
  out.text('\n');
  out.closeObject();
}
