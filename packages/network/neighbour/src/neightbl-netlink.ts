/** RTM_GETNEIGHTBL and RTM_SETNEIGHTBL: what `ip ntable` shows and changes. */
import { jiffiesToMsecs, msecsToJiffies, NETEVENT_DELAY_PROBE_TIME_UPDATE } from '@skbuff/core';
import {
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  NdtMsg,
  NlAttrs,
  NLA_NESTED,
  NLA_STRING,
  NLA_U32,
  NLA_U64,
  type NlMsgBuilder,
  type NlMsgHdr,
  type NlaPolicySet,
  nlaParseNestedDeprecated,
  nlaPolicy,
  nlaPolicySet,
  nlmsgParseDeprecated,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { EINVAL, ENOENT } from '@skbuff/uapi';
import { setLe16, setLe32, setLe64 } from '@skbuff/wire';
import type { NeighCore } from './neigh-core.ts';
import type { NeighParms, NeighVar } from './neigh-parms.ts';
import { SKB_TRUESIZE_ETH_FRAME } from './neigh-truesize.ts';
import type { NeighTable } from './neigh-table.ts';
import { lookupNeighParms } from './neigh-parms.ts';

/** `struct ndt_config`, `struct ndt_stats`: bytes. */
const NDT_CONFIG_LEN = 32;
const NDT_STATS_LEN = 88;
/** `struct neighbour` without the address, bytes on x86-64: for `entry_size`. */
const SIZEOF_NEIGHBOUR = 328;

/** Settings in milliseconds, in the order of the message; the two that are not settable have no variable. */
const PARM_MSECS: readonly (readonly [attr: number, name: NeighVar | 'reachableTime'])[] = [
  [U.NDTPA_REACHABLE_TIME, 'reachableTime'],
  [U.NDTPA_BASE_REACHABLE_TIME, 'baseReachableTime'],
  [U.NDTPA_GC_STALETIME, 'gcStaletime'],
  [U.NDTPA_DELAY_PROBE_TIME, 'delayProbeTime'],
  [U.NDTPA_RETRANS_TIME, 'retransTime'],
  [U.NDTPA_ANYCAST_DELAY, 'anycastDelay'],
  [U.NDTPA_PROXY_DELAY, 'proxyDelay'],
  [U.NDTPA_LOCKTIME, 'locktime'],
  [U.NDTPA_INTERVAL_PROBE_TIME_MS, 'intervalProbeTime'],
];

/** Plain numbers. */
const PARM_NUMBERS: readonly (readonly [attr: number, name: NeighVar])[] = [
  [U.NDTPA_PROXY_QLEN, 'proxyQlen'],
  [U.NDTPA_APP_PROBES, 'appProbes'],
  [U.NDTPA_UCAST_PROBES, 'ucastProbes'],
  [U.NDTPA_MCAST_PROBES, 'mcastProbes'],
  [U.NDTPA_MCAST_REPROBES, 'mcastReprobes'],
];

const THRESHOLDS: readonly (readonly [attr: number, name: 'gcThresh1' | 'gcThresh2' | 'gcThresh3'])[] = [
  [U.NDTA_THRESH1, 'gcThresh1'],
  [U.NDTA_THRESH2, 'gcThresh2'],
  [U.NDTA_THRESH3, 'gcThresh3'],
];

/** `nl_neightbl_policy`. */
const ndtaPolicy: NlaPolicySet = nlaPolicySet(U.NDTA_MAX, {
  [U.NDTA_NAME]: nlaPolicy(NLA_STRING),
  [U.NDTA_THRESH1]: nlaPolicy(NLA_U32),
  [U.NDTA_THRESH2]: nlaPolicy(NLA_U32),
  [U.NDTA_THRESH3]: nlaPolicy(NLA_U32),
  [U.NDTA_GC_INTERVAL]: nlaPolicy(NLA_U64),
  [U.NDTA_PARMS]: nlaPolicy(NLA_NESTED),
});

/** `nl_ntbl_parm_policy`. */
const ndtpaPolicy: NlaPolicySet = nlaPolicySet(U.NDTPA_MAX, {
  [U.NDTPA_IFINDEX]: nlaPolicy(NLA_U32),
  [U.NDTPA_QUEUE_LEN]: nlaPolicy(NLA_U32),
  [U.NDTPA_QUEUE_LENBYTES]: nlaPolicy(NLA_U32),
  ...Object.fromEntries(PARM_NUMBERS.map(([attr]) => [attr, nlaPolicy(NLA_U32)])),
  // What is drawn by chance cannot be set, and is not looked at.
  ...Object.fromEntries(PARM_MSECS.filter(([attr]) => attr !== U.NDTPA_REACHABLE_TIME).map(([attr]) => [attr, nlaPolicy(NLA_U64)])),
});

function putParms(b: NlMsgBuilder, parms: NeighParms): void {
  const nest = b.nlaNestStartNoflag(U.NDTA_PARMS);
  if (parms.dev !== null) b.nlaPutU32(U.NDTPA_IFINDEX, parms.dev.ifindex);
  b.nlaPutU32(U.NDTPA_REFCNT, parms.refcnt);
  b.nlaPutU32(U.NDTPA_QUEUE_LENBYTES, parms.queueLenBytes);
  // The old form of the same: in packets.
  b.nlaPutU32(U.NDTPA_QUEUE_LEN, Math.floor(parms.queueLenBytes / SKB_TRUESIZE_ETH_FRAME));
  for (const [attr, name] of PARM_NUMBERS) b.nlaPutU32(attr, parms[name]);
  for (const [attr, name] of PARM_MSECS) b.nlaPutU64(attr, jiffiesToMsecs(parms[name]));
  b.nlaNestEnd(nest);
}

function putConfig(b: NlMsgBuilder, tbl: NeighTable): void {
  const at = b.nlaReserve(U.NDTA_CONFIG, NDT_CONFIG_LEN);
  const now = tbl.timers.jiffies;
  setLe16(b.buf, at, tbl.keyLen);
  setLe16(b.buf, at + 2, (SIZEOF_NEIGHBOUR + tbl.keyLen + 7) & ~7);
  setLe32(b.buf, at + 4, tbl.entries);
  setLe32(b.buf, at + 8, jiffiesToMsecs(now - tbl.lastFlush));
  setLe32(b.buf, at + 12, jiffiesToMsecs(now - tbl.lastRand));
  setLe32(b.buf, at + 16, tbl.rnd >>> 0);
  setLe32(b.buf, at + 20, tbl.buckets.length - 1);
  setLe32(b.buf, at + 28, tbl.proxy?.queue.qlen ?? 0);
}

function putStats(b: NlMsgBuilder, tbl: NeighTable): void {
  const at = b.nlaReserve(U.NDTA_STATS, NDT_STATS_LEN);
  const s = tbl.stats;
  const values = [s.allocs, s.destroys, s.hashGrows, s.resFailed, s.lookups, s.hits, s.rcvProbesMcast, s.rcvProbesUcast];
  [...values, s.periodicGcRuns, s.forcedGcRuns, s.tableFulls].forEach((value, i) => setLe64(b.buf, at + 8 * i, value));
}

/** `neightbl_fill_info`: the table with its defaults. */
function fillTable(b: NlMsgBuilder, tbl: NeighTable, cb: NetlinkCallback): number {
  const nlh = b.nlmsgPut(U.RTM_NEWNEIGHTBL, U.NLM_F_MULTI, cb.nlh.seq, cb.skb.portid, NdtMsg.of({ family: tbl.family }));
  b.nlaPutString(U.NDTA_NAME, tbl.id);
  b.nlaPutU64(U.NDTA_GC_INTERVAL, jiffiesToMsecs(tbl.gcInterval));
  for (const [attr, name] of THRESHOLDS) b.nlaPutU32(attr, tbl[name]);
  putConfig(b, tbl);
  putStats(b, tbl);
  putParms(b, tbl.parms);
  return b.nlmsgEnd(nlh);
}

/** `neightbl_fill_param_info`: the settings of one device. */
function fillParms(b: NlMsgBuilder, tbl: NeighTable, parms: NeighParms, cb: NetlinkCallback): number {
  const nlh = b.nlmsgPut(U.RTM_NEWNEIGHTBL, U.NLM_F_MULTI, cb.nlh.seq, cb.skb.portid, NdtMsg.of({ family: tbl.family }));
  b.nlaPutString(U.NDTA_NAME, tbl.id);
  putParms(b, parms);
  return b.nlmsgEnd(nlh);
}

/** `neightbl_valid_dump_info`. */
function checkDump(cb: NetlinkCallback): number {
  const { nlh, extack } = cb;
  const what = 'neighbor table dump request';
  let text = '';
  if (nlh.dataLen < NdtMsg.LEN) text = `Invalid header for ${what}`;
  else if (nlh.buf[nlh.data + 1] !== 0 || nlh.buf[nlh.data + 2] !== 0 || nlh.buf[nlh.data + 3] !== 0) text = `Invalid values in header for ${what}`;
  else if (nlh.attrLen(NdtMsg.LEN) > 0) text = `Invalid data after header in ${what}`;
  if (text === '') return 0;
  extack.setErrMsg(text);
  return -EINVAL;
}

/** `neightbl_dump_info`. `cb.args`: table, and place among its messages. */
export function neightblDumpInfo(core: NeighCore, b: NlMsgBuilder, cb: NetlinkCallback): number {
  const invalid = cb.strictCheck ? checkDump(cb) : 0;
  if (invalid !== 0) return invalid;
  const family = cb.nlh.buf[cb.nlh.data];
  for (; cb.args[0] < core.tables.length; cb.args[0]++, cb.args[1] = 0) {
    const tbl = core.tables[cb.args[0]] as NeighTable;
    if (family !== 0 && tbl.family !== family) continue;
    const own = tbl.parmsList.filter((parms) => parms.dev !== null && parms.dev.net === cb.skb.net);
    for (; cb.args[1] <= own.length; cb.args[1]++) {
      const parms = cb.args[1] === 0 ? null : (own[cb.args[1] - 1] as NeighParms);
      const err = parms === null ? fillTable(b, tbl, cb) : fillParms(b, tbl, parms, cb);
      if (err < 0) return err;
    }
  }
  return 0;
}

/** RTM_SETNEIGHTBL (`neightbl_set`). Thresholds and defaults belong to the initial namespace: -ENOENT elsewhere. */
export function neightblSet(core: NeighCore, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(U.NDTA_MAX);
  const err = nlmsgParseDeprecated(nlh, NdtMsg.LEN, tb, ndtaPolicy, extack);
  if (err < 0) return err;
  if (!tb.has(U.NDTA_NAME)) return -EINVAL;
  const family = nlh.buf[nlh.data];
  const tbl = core.tables.find((t) => (family === 0 || t.family === family) && isName(tb, t.id));
  if (tbl === undefined) return -ENOENT;
  const refused = tb.has(U.NDTA_PARMS) ? setParms(tbl, skb, tb, extack) : 0;
  if (refused !== 0) return refused;
  const wanted = THRESHOLDS.filter(([attr]) => tb.has(attr));
  if ((wanted.length > 0 || tb.has(U.NDTA_GC_INTERVAL)) && skb.net !== core.kernel.initNet) return -ENOENT;
  for (const [attr, name] of wanted) tbl[name] = tb.u32(attr);
  if (tb.has(U.NDTA_GC_INTERVAL)) tbl.gcInterval = msecsToJiffies(Number(tb.u64(U.NDTA_GC_INTERVAL)));
  return 0;
}

/** `nla_strcmp`: the whole attribute is the name, but for zeros at its end. */
function isName(tb: NlAttrs, name: string): boolean {
  const bytes = tb.bytes(U.NDTA_NAME) as Uint8Array;
  return bytes.findLastIndex((byte) => byte !== 0) === name.length - 1 && tb.string(U.NDTA_NAME) === name;
}

function setParms(tbl: NeighTable, skb: NetlinkSkb, tb: NlAttrs, extack: NetlinkExtAck): number {
  const tbp = new NlAttrs(U.NDTPA_MAX);
  const err = nlaParseNestedDeprecated(tbp, tb.buf, tb.at(U.NDTA_PARMS), ndtpaPolicy, extack);
  if (err < 0) return err;
  const parms = lookupNeighParms(tbl, skb.net, tbp.u32(U.NDTPA_IFINDEX));
  if (parms === null) return -ENOENT;
  if (tbp.has(U.NDTPA_QUEUE_LEN)) parms.set('queueLenBytes', tbp.u32(U.NDTPA_QUEUE_LEN) * SKB_TRUESIZE_ETH_FRAME);
  if (tbp.has(U.NDTPA_QUEUE_LENBYTES)) parms.set('queueLenBytes', tbp.u32(U.NDTPA_QUEUE_LENBYTES));
  for (const [attr, name] of PARM_NUMBERS) if (tbp.has(attr)) parms.set(name, tbp.u32(attr));
  for (const [attr, name] of PARM_MSECS) {
    if (name !== 'reachableTime' && tbp.has(attr)) parms.set(name, msecsToJiffies(Number(tbp.u64(attr))));
  }
  if (tbp.has(U.NDTPA_BASE_REACHABLE_TIME)) parms.drawReachableTime();
  if (tbp.has(U.NDTPA_DELAY_PROBE_TIME)) tbl.core.netevent.callChain(NETEVENT_DELAY_PROBE_TIME_UPDATE, parms);
  return 0;
}
