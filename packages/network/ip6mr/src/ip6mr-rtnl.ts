/** RTM_GETROUTE of RTNL_FAMILY_IP6MR: one entry (`ip6mr_rtm_getroute`), or all (`ip6mr_rtm_dumproute`). */
import type { ModuleContext, NetDevice } from '@skbuff/core';
import { FibDumpFilter } from '@skbuff/inet';
import {
  NlAttrs,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  NLA_U32,
  nlaPolicy,
  nlaPolicyExactLen,
  type NlaPolicySet,
  nlaPolicySet,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParse,
  RtMsg,
  rtnlRegister,
  rtnlUnicast,
} from '@skbuff/netlink';
import { EINVAL, EMSGSIZE, ENOENT, NLM_F_MULTI, RTA_DST, RTA_MAX, RTA_OIF, RTA_SRC, RTA_TABLE, RTM_GETROUTE, RTM_NEWROUTE, RTNL_FAMILY_IP6MR } from '@skbuff/uapi';
import { IN6ADDR_LEN, In6Addr } from '@skbuff/wire';
import { fillMroute } from './ip6mr-netlink.ts';
import { ip6mrNet, type Mfc6Cache, type Mfc6Unres, type Mr6Table, NO_TTL } from './mr6-table.ts';

const NO_TABLE = 'ipv6: MR table does not exist';

/** `ip6mr_getroute_policy`. */
const getroutePolicy: NlaPolicySet = nlaPolicySet(RTA_MAX, {
  [RTA_SRC]: nlaPolicyExactLen(IN6ADDR_LEN),
  [RTA_DST]: nlaPolicyExactLen(IN6ADDR_LEN),
  [RTA_TABLE]: nlaPolicy(NLA_U32),
});
const dumpPolicy: NlaPolicySet = nlaPolicySet(RTA_MAX, { [RTA_OIF]: nlaPolicy(NLA_U32), [RTA_TABLE]: nlaPolicy(NLA_U32) });

function refuse(extack: NetlinkExtAck, err: number, text: string): number {
  extack.setErrMsg(text);
  return -err;
}

/** `ip6mr_rtm_valid_getroute_req`. */
function validGetroute(nlh: NlMsgHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  const err = nlmsgParse(nlh, RtMsg.LEN, tb, getroutePolicy, extack);
  if (err < 0) return err;
  const { dstLen, srcLen, tos, table, protocol, scope, type, flags } = new RtMsg().read(nlh.buf, nlh.data);
  const whole = (len: number): boolean => len === 0 || len === 128;
  if (!whole(srcLen) || !whole(dstLen) || (tos | table | protocol | scope | type | flags) !== 0) {
    return refuse(extack, EINVAL, 'ipv6: Invalid values in header for multicast route get request');
  }
  if ((tb.has(RTA_SRC) && srcLen === 0) || (tb.has(RTA_DST) && dstLen === 0)) return refuse(extack, EINVAL, 'ipv6: rtm_src_len and rtm_dst_len must be 128 for IPv6');
  return 0;
}

function getroute({ net, portid }: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(RTA_MAX);
  const err = validGetroute(nlh, tb, extack);
  if (err < 0) return err;
  const mrt = ip6mrNet.of(net).table(tb.u32(RTA_TABLE));
  if (mrt === null) return refuse(extack, ENOENT, NO_TABLE);
  const c = mrt.find(addrOf(tb, RTA_SRC), addrOf(tb, RTA_DST));
  if (c === null) return refuse(extack, ENOENT, 'ipv6: MR cache entry not found');
  const b = new NlMsgBuilder();
  b.nlmsgEnd(fillMroute(b, mrt, c, RTM_NEWROUTE, 0, nlh.seq, portid));
  return rtnlUnicast(net, b.bytes().slice(), portid);
}

function addrOf(tb: NlAttrs, type: number): In6Addr {
  const bytes = tb.bytes(type);
  return bytes === null ? new In6Addr() : new In6Addr().load(bytes, 0);
}

interface Cursor {
  readonly entries: readonly (readonly [mrt: Mr6Table, c: Mfc6Cache | Mfc6Unres])[];
  at: number;
}

/** All tables, or the one that is asked for; of each the entries with an answer, then those without. */
function dumproute(b: NlMsgBuilder, cb: NetlinkCallback): number {
  const { portid } = cb.skb;
  if (cb.ctx === null) {
    const cursor = beginDump(cb);
    if (typeof cursor === 'number') return cursor;
    cb.ctx = cursor;
  }
  const cursor = cb.ctx as Cursor;
  for (; cursor.at < cursor.entries.length; cursor.at++) {
    const [mrt, c] = cursor.entries[cursor.at] as [Mr6Table, Mfc6Cache | Mfc6Unres];
    if (b.nlmsgEnd(fillMroute(b, mrt, c, RTM_NEWROUTE, NLM_F_MULTI | cb.answerFlags, cb.nlh.seq, portid)) !== 0) return -EMSGSIZE;
  }
  return 0;
}

function beginDump(cb: NetlinkCallback): Cursor | number {
  const { net } = cb.skb;
  const filter = new FibDumpFilter();
  const rtm = new RtMsg();
  const err = filter.read(net, cb, rtm, dumpPolicy);
  if (err !== 0) return err;
  const all = ip6mrNet.of(net).tables;
  const tables = filter.table === 0 ? all : all.filter(({ id }) => id === filter.table);
  if (tables.length === 0) return rtm.family === RTNL_FAMILY_IP6MR ? refuse(cb.extack, ENOENT, NO_TABLE) : 0;
  return { entries: tables.flatMap((mrt) => entriesOf(mrt, filter.dev).map((c) => [mrt, c] as const)), at: 0 };
}

/** With `dev` those of which copies go there; whatever waits might. */
function entriesOf(mrt: Mr6Table, dev: NetDevice | null): (Mfc6Cache | Mfc6Unres)[] {
  return [...mrt.mfcs.filter((c) => dev === null || mrt.vifs.some((vif, ct) => vif?.dev === dev && (c.ttls[ct] as number) < NO_TTL)), ...mrt.unres];
}

/** `ip6_mr_init`'s handlers. */
export function ip6mrNetlinkInit(ctx: ModuleContext): void {
  rtnlRegister(ctx, RTNL_FAMILY_IP6MR, RTM_GETROUTE, getroute, dumproute);
}
