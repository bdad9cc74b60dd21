/** `ip ntable`: settings of the neighbour tables. */
import { NdtMsg, NlAttrs, type NlMsgHdr, nlaGetU64 } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le16, le32, setLe32 } from '@skbuff/wire';
import type { Args } from './args.ts';
import { parseAttrs, parseNested } from './attrs.ts';
import type { IpContext } from './context.ts';
import { familyName } from './inet.ts';
import { getU64, getUnsigned } from './numbers.ts';
import { usageNtable } from './usage.ts';

/** A setting: its word, its attribute, whether the number has 64 bits (milliseconds) or 32. */
type Setting = readonly [word: string, attr: number, bits: 32 | 64];

const TABLE: readonly Setting[] = [
  ['thresh1', U.NDTA_THRESH1, 32],
  ['thresh2', U.NDTA_THRESH2, 32],
  ['thresh3', U.NDTA_THRESH3, 32],
  ['gc_int', U.NDTA_GC_INTERVAL, 64],
];

const PARMS: readonly Setting[] = [
  ['base_reachable', U.NDTPA_BASE_REACHABLE_TIME, 64],
  ['retrans', U.NDTPA_RETRANS_TIME, 64],
  ['gc_stale', U.NDTPA_GC_STALETIME, 64],
  ['delay_probe', U.NDTPA_DELAY_PROBE_TIME, 64],
  ['queue', U.NDTPA_QUEUE_LEN, 32],
  ['app_probes', U.NDTPA_APP_PROBES, 32],
  ['ucast_probes', U.NDTPA_UCAST_PROBES, 32],
  ['mcast_probes', U.NDTPA_MCAST_PROBES, 32],
  ['anycast_delay', U.NDTPA_ANYCAST_DELAY, 64],
  ['proxy_delay', U.NDTPA_PROXY_DELAY, 64],
  ['proxy_queue', U.NDTPA_PROXY_QLEN, 32],
  ['locktime', U.NDTPA_LOCKTIME, 64],
];

function readValue(args: Args, [word, , bits]: Setting): bigint {
  const text = args.next();
  const value = bits === 64 ? getU64(text) : getUnsigned(text);
  return value === null ? args.invarg(`"${word}" value is invalid`) : BigInt(value);
}

/** `ipntable_modify`. */
function change(ctx: IpContext, args: Args): number {
  let name: string | null = null;
  let ifindex: number | null = null;
  const given: { readonly setting: Setting; readonly value: bigint }[] = [];
  for (; args.left > 0; args.skip()) {
    const setting = [...TABLE, ...PARMS].find(([word]) => args.is(word));
    if (args.is('name')) {
      args.next();
      if (name !== null) args.duparg('NAME');
      name = args.cur;
    } else if (args.is('dev')) {
      ifindex = ctx.links.nameToIndex(args.next());
      if (ifindex === 0) return ctx.nodev(args.cur);
    } else if (setting !== undefined) given.push({ setting, value: readValue(args, setting) });
    else args.invarg('unknown');
  }
  if (name === null) return args.missarg('NAME');
  if (given.length === 0) return ctx.die(-1, 'Not enough information: changeable attributes required.\n');
  const req = ctx.rtnl.request(U.RTM_SETNEIGHTBL, U.NLM_F_REPLACE, NdtMsg.of({ family: ctx.options.family }));
  const put = ({ setting: [, attr, bits], value }: (typeof given)[number]): void => {
    if (bits === 32) req.builder.nlaPutU32(attr, Number(value));
    else {
      const at = req.builder.nlaReserve(attr, 8);
      setLe32(req.builder.buf, at, Number(value & 0xffff_ffffn));
      setLe32(req.builder.buf, at + 4, Number(value >> 32n));
    }
  };
  req.builder.nlaPutString(U.NDTA_NAME, name);
  for (const one of given) if (TABLE.includes(one.setting)) put(one);
  const parms = given.filter(({ setting }) => PARMS.includes(setting));
  if (parms.length > 0) {
    const nest = req.builder.nlaNestStartNoflag(U.NDTA_PARMS);
    if (ifindex !== null) req.builder.nlaPutU32(U.NDTPA_IFINDEX, ifindex);
    for (const one of parms) put(one);
    req.builder.nlaNestEnd(nest);
  }
  return ctx.rtnl.talk(req) < 0 ? -2 : 0;
}

class NtableFilter {
  family: number = U.AF_UNSPEC;
  index = 0;
  name = '';
}

/** The numbers of an attribute as text. */
function number(tb: NlAttrs, attr: number, bits: 32 | 64): bigint {
  return bits === 64 ? nlaGetU64(tb.buf, tb.at(attr)) : BigInt(tb.u32(attr));
}

/** Words of a line with their JSON keys; a line that has none is not shown. */
type Column = readonly [key: string, word: string, attr: number, bits: 32 | 64];

function printColumns(ctx: IpContext, tb: NlAttrs, columns: readonly Column[]): void {
  for (const [key, word, attr, bits] of columns) if (tb.has(attr)) ctx.out.any(key, number(tb, attr, bits), `${word} ${number(tb, attr, bits)} `);
}

const THRESHOLDS: readonly Column[] = [
  ['thresh1', 'thresh1', U.NDTA_THRESH1, 32],
  ['thresh2', 'thresh2', U.NDTA_THRESH2, 32],
  ['thresh3', 'thresh3', U.NDTA_THRESH3, 32],
  ['gc_interval', 'gc_int', U.NDTA_GC_INTERVAL, 64],
];

function same(word: string, attr: number, bits: 32 | 64): Column {
  return [word, word, attr, bits];
}

const LINES: readonly (readonly Column[])[] = [
  [
    same('refcnt', U.NDTPA_REFCNT, 32),
    same('reachable', U.NDTPA_REACHABLE_TIME, 64),
    same('base_reachable', U.NDTPA_BASE_REACHABLE_TIME, 64),
    same('retrans', U.NDTPA_RETRANS_TIME, 64),
  ],
  [same('gc_stale', U.NDTPA_GC_STALETIME, 64), same('delay_probe', U.NDTPA_DELAY_PROBE_TIME, 64), same('queue', U.NDTPA_QUEUE_LEN, 32)],
  [same('app_probes', U.NDTPA_APP_PROBES, 32), same('ucast_probes', U.NDTPA_UCAST_PROBES, 32), same('mcast_probes', U.NDTPA_MCAST_PROBES, 32)],
  [
    same('anycast_delay', U.NDTPA_ANYCAST_DELAY, 64),
    same('proxy_delay', U.NDTPA_PROXY_DELAY, 64),
    same('proxy_queue', U.NDTPA_PROXY_QLEN, 32),
    same('locktime', U.NDTPA_LOCKTIME, 64),
  ],
];

/** Date and time some milliseconds ago, as `ip` shows it; the clock of the machine has no time zone. */
function ago(ctx: IpContext, ms: number): string {
  return new Date(Math.floor(ctx.env.realTime() / 1e6) - ms).toISOString().slice(0, 19).replace('T', ' ');
}

function printConfig(ctx: IpContext, tb: NlAttrs): void {
  const { out } = ctx;
  const at = tb.at(U.NDTA_CONFIG) + U.NLA_HDRLEN;
  const u32 = (off: number): number => le32(tb.buf, at + off);
  const flush = ago(ctx, u32(8));
  const rand = ago(ctx, u32(12));
  const mask = u32(20).toString(16);
  out.text('    config ');
  out.any('key_length', le16(tb.buf, at), `key_len ${le16(tb.buf, at)} `);
  out.any('entry_size', le16(tb.buf, at + 2), `entry_size ${le16(tb.buf, at + 2)} `);
  out.any('entries', u32(4), `entries ${u32(4)} `);
  out.nl();
  out.any('last_flush', flush, `        last_flush ${flush} `);
  out.any('last_rand', rand, `last_rand ${rand} `);
  out.nl();
  out.any('hash_rnd', u32(16), `        hash_rnd ${u32(16)} `);
  out.any('hash_mask', `0x${mask}`, `hash_mask ${mask.padStart(8, '0')} `);
  out.any('hash_chain_gc', u32(24), `hash_chain_gc ${u32(24)} `);
  out.any('proxy_qlen', u32(28), `proxy_qlen ${u32(28)} `);
  out.nl();
}

/** Counters by line, in the order of `struct ndt_stats`. */
const STATS: readonly (readonly string[])[] = [
  ['allocs', 'destroys', 'hash_grows'],
  ['res_failed', 'lookups', 'hits'],
  ['rcv_probes_mcast', 'rcv_probes_ucast'],
  ['periodic_gc_runs', 'forced_gc_runs'],
  ['table_fulls'],
];

function printStats({ out }: IpContext, tb: NlAttrs): void {
  const at = tb.at(U.NDTA_STATS) + U.NLA_HDRLEN;
  let n = 0;
  out.text('    stats ');
  for (const [i, names] of STATS.entries()) {
    if (i > 0) out.text('    ');
    for (const name of names) {
      const value = BigInt(le32(tb.buf, at + 8 * n)) | (BigInt(le32(tb.buf, at + 8 * n + 4)) << 32n);
      out.any(name, value, `${name} ${value} `);
      n++;
    }
    out.nl();
  }
}

/** `print_ntable`. */
function printNtable(ctx: IpContext, f: NtableFilter, nlh: NlMsgHdr): void {
  const { out, options } = ctx;
  const { family } = new NdtMsg().read(nlh.buf, nlh.data);
  const tb = parseAttrs(new NlAttrs(U.NDTA_MAX), nlh, NdtMsg.LEN);
  const parms = tb.has(U.NDTA_PARMS) ? parseNested(new NlAttrs(U.NDTPA_MAX), tb.buf, tb.at(U.NDTA_PARMS)) : null;
  if (f.family !== U.AF_UNSPEC && f.family !== family) return;
  if (f.name !== '' && f.name !== tb.string(U.NDTA_NAME)) return;
  const ifindex = parms?.has(U.NDTPA_IFINDEX) === true ? parms.u32(U.NDTPA_IFINDEX) : 0;
  if (f.index !== 0 && f.index !== ifindex) return;
  out.openObject();
  out.any('family', familyName(family), `${familyName(family)} `);
  if (tb.has(U.NDTA_NAME)) out.any('name', tb.string(U.NDTA_NAME), `${tb.string(U.NDTA_NAME)} `);
  out.nl();
  if (parms?.has(U.NDTPA_IFINDEX) === true) {
    const dev = ctx.links.indexToName(ifindex);
    out.text('    dev ');
    out.any('dev', dev, out.paint('ifname', `${dev} `));
    out.nl();
  } else if (tb.has(U.NDTA_THRESH1)) {
    out.text('    ');
    printColumns(ctx, tb, THRESHOLDS);
    out.nl();
  }
  if (tb.has(U.NDTA_CONFIG) && options.stats > 0) printConfig(ctx, tb);
  for (const columns of parms === null ? [] : LINES) {
    out.text('    ');
    printColumns(ctx, parms as NlAttrs, columns);
    out.nl();
  }
  if (tb.has(U.NDTA_STATS) && options.stats > 0) printStats(ctx, tb);
  out.text('\n');
  out.closeObject();
}

/** `ipntable_show`. */
function show(ctx: IpContext, args: Args): number {
  const f = new NtableFilter();
  f.family = ctx.options.family;
  for (; args.left > 0; args.skip()) {
    if (args.is('dev')) {
      f.index = ctx.links.nameToIndex(args.next());
      if (f.index === 0) args.invarg('"DEV" is invalid');
    } else if (args.is('name')) f.name = args.next();
    else args.invarg('unknown');
  }
  ctx.out.newDocument();
  const err = ctx.rtnl.dump(ctx.rtnl.request(U.RTM_GETNEIGHTBL, 0, NdtMsg.of({ family: f.family })), (nlh) => {
    if (nlh.type === U.RTM_NEWNEIGHTBL) printNtable(ctx, f, nlh);
    return 0;
  });
  if (err < 0) return ctx.die(1, 'Dump terminated\n');
  ctx.out.deleteDocument();
  return 0;
}

/** `do_ipntable`. */
export function doNtable(ctx: IpContext, args: Args): number {
  if (args.left === 0) return show(ctx, args);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('change', 'chg')) return then((rest) => change(ctx, rest));
  if (args.abbr('show', 'lst', 'list')) return then((rest) => show(ctx, rest));
  if (args.abbr('help')) return usageNtable(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip ntable help".\n`);
}
