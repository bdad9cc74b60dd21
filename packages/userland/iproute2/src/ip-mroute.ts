/** `ip mroute`: what a daemon of multicast routing has told the kernel. */
import { NlAttrs, type NlMsgHdr, RtMsg, RtNextHop } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { inetAddrMatch, type InetPrefix, le64 } from '@skbuff/wire';
import type { Args } from './args.ts';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { formatHost } from './format-host.ts';
import { getPrefix } from './inet.ts';
import { rtTables } from './names.ts';
import { usageMroute } from './usage.ts';

/** Units of times that the kernel tells to user space, per second. */
const USER_HZ = 100;

export class MrouteFilter {
  /** RTNL_FAMILY_*; 0: any. */
  family = 0;
  /** 0: all tables. */
  table = 0;
  iif = 0;
  dst: InetPrefix | null = null;
  src: InetPrefix | null = null;
}

export function isMrouteFamily(family: number): boolean {
  return family === U.RTNL_FAMILY_IPMR || family === U.RTNL_FAMILY_IP6MR;
}

function covers(prefix: InetPrefix | null, bytes: Uint8Array | null): boolean {
  return prefix === null || bytes === null || inetAddrMatch(prefix.bytes, bytes, prefix.bitlen);
}

function wanted(f: MrouteFilter, rtm: RtMsg, tb: NlAttrs, table: number): boolean {
  if ((f.table !== 0 && f.table !== table) || (f.iif !== 0 && f.iif !== tb.s32(U.RTA_IIF)) || (f.family !== 0 && f.family !== rtm.family)) return false;
  return covers(f.dst, tb.bytes(U.RTA_DST)) && covers(f.src, tb.bytes(U.RTA_SRC));
}

function printOutputs({ out, links }: IpContext, tb: NlAttrs): void {
  if (!tb.has(U.RTA_MULTIPATH)) return;
  const at = tb.at(U.RTA_MULTIPATH) + 4;
  const end = at + tb.len(U.RTA_MULTIPATH);
  const nh = new RtNextHop();
  out.openArray('multipath');
  for (let off = at; off + RtNextHop.LEN <= end; off += (nh.len + 3) & ~3) {
    nh.read(tb.buf, off);
    if (nh.len < RtNextHop.LEN || off + nh.len > end) break;
    out.openObject();
    if (off === at) out.text('Oifs: ');
    const dev = links.indexToName(nh.ifindex);
    out.any('oif', dev, out.paint('ifname', dev));
    if (nh.hops > 1) out.any('ttl', nh.hops, `(ttl ${nh.hops}) `);
    else out.text(' ');
    out.closeObject();
  }
  out.closeArray();
}

function printStats({ out }: IpContext, tb: NlAttrs): void {
  const stats = tb.bytes(U.RTA_MFC_STATS);
  if (stats !== null) {
    const [packets, bytes, wrong] = [0, 8, 16].map((at) => le64(stats, at)) as [bigint, bigint, bigint];
    out.nl();
    out.any('packets', packets, `  ${packets} packets,`);
    out.any('bytes', bytes, ` ${bytes} bytes`);
    if (wrong !== 0n) out.any('wrong_if', wrong, `, ${wrong} arrived on wrong iif.`);
  }
  if (!tb.has(U.RTA_EXPIRES)) return;
  const age = Number(tb.u64(U.RTA_EXPIRES)) / USER_HZ;
  out.any('expires', Number(age.toPrecision(6)), `, Age ${age.toFixed(2)}`);
}

/** `print_mroute`. False after a complaint. */
export function printMroute(ctx: IpContext, nlh: NlMsgHdr, f: MrouteFilter): boolean {
  const { out, options } = ctx;
  const rtm = new RtMsg().read(nlh.buf, nlh.data);
  if (rtm.type !== U.RTN_MULTICAST) {
    ctx.stderr('Non multicast route received, kernel does support IP multicast?\n');
    return false;
  }
  const tb = parseAttrs(new NlAttrs(U.RTA_MAX), nlh, RtMsg.LEN);
  const table = tb.has(U.RTA_TABLE) ? tb.u32(U.RTA_TABLE) : rtm.table;
  if (!wanted(f, rtm, tb, table)) return true;
  const family = rtm.family === U.RTNL_FAMILY_IPMR ? U.AF_INET : U.AF_INET6;
  const host = (bytes: Uint8Array | null): string => (bytes === null ? 'unknown' : formatHost(ctx, family, bytes));
  const [src, dst] = [host(tb.bytes(U.RTA_SRC)), host(tb.bytes(U.RTA_DST))];
  out.openObject();
  if (nlh.type === U.RTM_DELROUTE) out.any('deleted', true, 'Deleted ');
  out.json('src', src);
  out.json('dst', dst);
  out.text(`${`(${src},${dst})`.padEnd(32)} Iif: `);
  const iif = tb.has(U.RTA_IIF) ? ctx.links.indexToName(tb.s32(U.RTA_IIF)) : null;
  out.any('iif', iif ?? 'unresolved', iif === null ? 'unresolved ' : out.paint('ifname', `${iif.padEnd(10)} `));
  printOutputs(ctx, tb);
  const state = (rtm.flags & U.RTNH_F_UNRESOLVED) !== 0 ? 'unresolved' : 'resolved';
  out.any('state', state, ` State: ${state}`);
  if ((rtm.flags & U.RTNH_F_OFFLOAD) !== 0) out.any('offload', null, ' offload');
  if (options.stats > 0) printStats(ctx, tb);
  if (table !== 0 && (table !== U.RT_TABLE_MAIN || options.details > 0) && f.table === 0) {
    out.any('table', rtTables.n2a(table, options.numeric), ` Table: ${rtTables.n2a(table, options.numeric)}`);
  }
  out.text('\n');
  out.closeObject();
  return true;
}

function readTable(f: MrouteFilter, ctx: IpContext, args: Args): void {
  const id = rtTables.a2n(args.next());
  if (id !== null) f.table = id;
  else if (args.is('all')) f.table = 0;
  else if (args.is('help')) usageMroute(ctx);
  else args.invarg('table id value is invalid\n');
}

/** `mroute_list`. A prefix is read as one of the family of multicast routes, of which nothing can be written: only `any` is good. */
function list(ctx: IpContext, args: Args): number {
  // Of other families there are none, whatever the words are.
  if (![U.AF_UNSPEC, U.AF_INET, U.AF_INET6].includes(ctx.options.family)) return 0;
  const f = new MrouteFilter();
  const six = ctx.options.family === U.AF_INET6;
  f.family = six ? U.RTNL_FAMILY_IP6MR : U.RTNL_FAMILY_IPMR;
  if (!six) f.table = U.RT_TABLE_DEFAULT;
  let iif: string | null = null;
  for (; args.left > 0; args.skip()) {
    if (args.abbr('table')) readTable(f, ctx, args);
    else if (args.is('iif')) iif = args.next();
    else if (args.abbr('from')) f.src = getPrefix(args, args.next(), f.family);
    else {
      if (args.is('to')) args.next();
      if (args.abbr('help')) usageMroute(ctx);
      f.dst = getPrefix(args, args.cur, f.family);
    }
  }
  if (iif !== null) {
    f.iif = ctx.links.nameToIndex(iif);
    if (f.iif === 0) return ctx.nodev(iif);
  }
  return dump(ctx, f);
}

function dump(ctx: IpContext, f: MrouteFilter): number {
  const req = ctx.rtnl.request(U.RTM_GETROUTE, 0, RtMsg.of({ family: f.family }));
  if (f.table !== 0) req.builder.nlaPutU32(U.RTA_TABLE, f.table);
  ctx.out.newDocument();
  const err = ctx.rtnl.dump(req, (nlh) => (printMroute(ctx, nlh, f) ? 0 : -1));
  if (err < 0) return ctx.die(1, 'Dump terminated\n');
  ctx.out.deleteDocument();
  return 0;
}

/** `do_multiroute`. */
export function doMroute(ctx: IpContext, args: Args): number {
  if (args.left === 0) return list(ctx, args);
  if (args.abbr('list', 'show', 'lst')) {
    args.skip();
    return list(ctx, args);
  }
  if (args.abbr('help')) return usageMroute(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip mroute help".\n`);
}
