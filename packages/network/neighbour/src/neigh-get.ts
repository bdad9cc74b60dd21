/** RTM_GETNEIGH: one entry (`neigh_get`) or all (`neigh_dump_info`). */
import type { Net, NetDevice } from '@skbuff/core';
import {
  NdMsg,
  NlAttrs,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  rtnlUnicast,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { EAFNOSUPPORT, EINVAL, ENODEV, ENOENT } from '@skbuff/uapi';
import type { NeighCore } from './neigh-core.ts';
import { keyWords, neighFillInfo, pneighFillInfo } from './neigh-fill.ts';
import { ndaPolicy, neighFindTable } from './neigh-netlink.ts';
import type { NeighTable } from './neigh-table.ts';
import type { Neighbour } from './neighbour.ts';

function refuse(extack: NetlinkExtAck, text: string, err: number = EINVAL): number {
  extack.setErrMsg(text);
  return -err;
}

/** `neigh_valid_get_req`, and the same for dumps in strict mode: what the header must not say. */
function checkHeader(nlh: NlMsgHdr, ndm: NdMsg, what: string, extack: NetlinkExtAck): number {
  if (nlh.dataLen < NdMsg.LEN) return refuse(extack, `Invalid header for neighbor ${what} request`);
  ndm.read(nlh.buf, nlh.data);
  const index = what === 'dump' && ndm.ifindex !== 0;
  const pad = nlh.buf[nlh.data + 1] | nlh.buf[nlh.data + 2] | nlh.buf[nlh.data + 3];
  if (pad !== 0 || ndm.state !== 0 || ndm.type !== 0 || index) {
    return refuse(extack, `Invalid values in header for neighbor ${what} request`);
  }
  return (ndm.flags & ~U.NTF_PROXY) !== 0 ? refuse(extack, `Invalid flags in header for neighbor ${what} request`) : 0;
}

/** `neigh_get`: answers with one entry. */
export function neighGet(core: NeighCore, skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const ndm = new NdMsg();
  const proxyOrDev = (): boolean => ndm.ifindex !== 0 || (ndm.flags & U.NTF_PROXY) !== 0;
  const invalid = checkHeader(nlh, ndm, 'get', extack);
  if (invalid !== 0) return invalid;
  if (!proxyOrDev()) return refuse(extack, 'No device specified');
  const tb = new NlAttrs(U.NDA_MAX);
  const err = nlmsgParseDeprecatedStrict(nlh, NdMsg.LEN, tb, ndaPolicy, extack);
  if (err < 0) return err;
  for (let type = 0; type <= U.NDA_MAX; type++) {
    if (type !== U.NDA_DST && tb.has(type)) return refuse(extack, 'Unsupported attribute in neighbor get request');
    if (type === U.NDA_DST && !tb.has(type)) {
      extack.setErrAttrMiss(-1, U.NDA_DST);
      return -EINVAL;
    }
  }
  const tbl = neighFindTable(core, ndm.family);
  if (tbl === null) return refuse(extack, 'Unsupported family in header for neighbor get request', EAFNOSUPPORT);
  if (tb.len(U.NDA_DST) !== tbl.keyLen) return refuse(extack, 'Invalid network address in neighbor get request');
  const dev = ndm.ifindex === 0 ? null : skb.net.devGetByIndex(ndm.ifindex);
  if (dev === null && ndm.ifindex !== 0) return refuse(extack, 'Unknown device ifindex', ENODEV);
  const key = keyWords(tbl.keyLen, tb.buf, tb.at(U.NDA_DST) + U.NLA_HDRLEN);
  const b = new NlMsgBuilder();
  const found = (ndm.flags & U.NTF_PROXY) !== 0 ? fillProxy(b, tbl, skb, nlh, dev, key) : fillNeigh(b, tbl, skb, nlh, dev as NetDevice, key);
  if (!found) return refuse(extack, `${(ndm.flags & U.NTF_PROXY) !== 0 ? 'Proxy neighbour' : 'Neighbour'} entry not found`, ENOENT);
  return rtnlUnicast(skb.net, b.bytes(), skb.portid);
}

type Key = readonly [number, number, number, number];

function fillProxy(b: NlMsgBuilder, tbl: NeighTable, skb: NetlinkSkb, nlh: NlMsgHdr, dev: NetDevice | null, key: Key): boolean {
  const entry = tbl.proxy?.lookup(skb.net, dev, ...key) ?? null;
  return entry !== null && pneighFillInfo(b, tbl, entry, skb.portid, nlh.seq, 0) === 0;
}

function fillNeigh(b: NlMsgBuilder, tbl: NeighTable, skb: NetlinkSkb, nlh: NlMsgHdr, dev: NetDevice, key: Key): boolean {
  const neigh = tbl.find(dev, ...key);
  if (neigh === null) return false;
  // The reader holds a reference while the message is made, and shows it.
  neigh.hold();
  neighFillInfo(b, neigh, skb.portid, nlh.seq, U.RTM_NEWNEIGH, 0);
  neigh.release();
  return true;
}

/** Which entries a dump shows. */
interface Filter {
  readonly net: Net;
  readonly devIdx: number;
  /** -1: without a master. */
  readonly masterIdx: number;
}

/** `neigh_valid_dump_req`: 0 or a negative errno; only a reader in strict mode is held to the rules. */
function dumpFilter(cb: NetlinkCallback): Filter | number {
  const { nlh, extack } = cb;
  const tb = new NlAttrs(U.NDA_MAX);
  const none = { net: cb.skb.net, devIdx: 0, masterIdx: 0 };
  if (cb.strictCheck) {
    const invalid = checkHeader(nlh, new NdMsg(), 'dump', extack);
    if (invalid !== 0) return invalid;
  }
  const err = (cb.strictCheck ? nlmsgParseDeprecatedStrict : nlmsgParseDeprecated)(nlh, NdMsg.LEN, tb, ndaPolicy, extack);
  if (err < 0) return cb.strictCheck ? err : none;
  for (let type = 0; cb.strictCheck && type <= U.NDA_MAX; type++) {
    if (tb.has(type) && type !== U.NDA_IFINDEX && type !== U.NDA_MASTER) return refuse(extack, 'Unsupported attribute in neighbor dump request');
  }
  return { ...none, devIdx: tb.u32(U.NDA_IFINDEX), masterIdx: tb.u32(U.NDA_MASTER) | 0 };
}

function isWanted(dev: NetDevice | null, net: Net, filter: Filter): boolean {
  if (net !== filter.net || (filter.devIdx !== 0 && dev?.ifindex !== filter.devIdx)) return false;
  const master = dev?.master?.ifindex ?? -1;
  return filter.masterIdx === 0 || master === filter.masterIdx;
}

/** `neigh_dump_info`. `cb.args`: table, bucket, and place in it. */
export function neighDumpInfo(core: NeighCore, b: NlMsgBuilder, cb: NetlinkCallback): number {
  const filter = dumpFilter(cb);
  if (typeof filter === 'number') return filter;
  if (filter.devIdx !== 0 || filter.masterIdx !== 0) cb.answerFlags = U.NLM_F_DUMP_FILTERED;
  const family = cb.nlh.buf[cb.nlh.data];
  const proxies = cb.nlh.dataLen >= NdMsg.LEN && new NdMsg().read(cb.nlh.buf, cb.nlh.data).flags === U.NTF_PROXY;
  for (; cb.args[0] < core.tables.length; nextTable(cb)) {
    const tbl = core.tables[cb.args[0]] as NeighTable;
    if (family !== 0 && tbl.family !== family) continue;
    const err = proxies ? dumpProxies(tbl, b, cb, filter) : dumpTable(tbl, b, cb, filter);
    if (err < 0) return err;
  }
  return 0;
}

function nextTable(cb: NetlinkCallback): void {
  cb.args[0]++;
  cb.args[1] = 0;
  cb.args[2] = 0;
}

/** `neigh_dump_table`. */
function dumpTable(tbl: NeighTable, b: NlMsgBuilder, cb: NetlinkCallback, filter: Filter): number {
  for (; cb.args[1] < tbl.buckets.length; cb.args[1]++, cb.args[2] = 0) {
    let at = 0;
    for (let n: Neighbour | null = tbl.buckets[cb.args[1]] ?? null; n !== null; n = n.next, at++) {
      if (at < cb.args[2] || !isWanted(n.dev, n.dev.net, filter)) continue;
      const err = neighFillInfo(b, n, cb.skb.portid, cb.nlh.seq, U.RTM_NEWNEIGH, U.NLM_F_MULTI | cb.answerFlags);
      if (err < 0) return err;
      cb.args[2] = at + 1;
    }
  }
  return 0;
}

/** `pneigh_dump_table`. */
function dumpProxies(tbl: NeighTable, b: NlMsgBuilder, cb: NetlinkCallback, filter: Filter): number {
  const entries = tbl.proxy?.entries ?? [];
  for (; cb.args[2] < entries.length; cb.args[2]++) {
    const entry = entries[cb.args[2]];
    if (entry === undefined || !isWanted(entry.dev, entry.net, filter)) continue;
    const err = pneighFillInfo(b, tbl, entry, cb.skb.portid, cb.nlh.seq, U.NLM_F_MULTI | cb.answerFlags);
    if (err < 0) return err;
  }
  return 0;
}
