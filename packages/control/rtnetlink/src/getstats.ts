/** RTM_GETSTATS: counters of one link (`rtnl_stats_get`) or of all (`rtnl_stats_dump`), and only those that are asked for. */
import { LINK_STATS_COUNT, type NetDevice } from '@skbuff/core';
import { IfStatsMsg, type NetlinkCallback, type NetlinkExtAck, type NetlinkSkb, NlMsgBuilder, type NlMsgHdr, rtnlUnicast } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { setLe64 } from '@skbuff/wire';

function bit(type: number): number {
  return 1 << (type - 1);
}

function refuse(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(text);
  return -U.EINVAL;
}

/** `rtnl_valid_stats_req`. */
function validRequest(nlh: NlMsgHdr, strict: boolean, isDump: boolean, extack: NetlinkExtAck): number {
  if (nlh.dataLen < IfStatsMsg.LEN) return refuse(extack, 'Invalid header for stats dump');
  if (!strict) return 0;
  const { ifindex, filterMask } = new IfStatsMsg().read(nlh.buf, nlh.data);
  const padding = nlh.buf[nlh.data + 1] | nlh.buf[nlh.data + 2] | nlh.buf[nlh.data + 3];
  if (padding !== 0 || (isDump && ifindex !== 0)) return refuse(extack, 'Invalid values in header for stats dump request');
  return filterMask >>> U.IFLA_STATS_MAX === 0 ? 0 : refuse(extack, 'Invalid stats requested through filter mask');
}

/** RTM_GETSTATS without NLM_F_DUMP. */
export function rtnlStatsGet(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const err = validRequest(nlh, skb.port.option(U.NETLINK_GET_STRICT_CHK), false, extack);
  if (err !== 0) return err;
  const { ifindex, filterMask } = new IfStatsMsg().read(nlh.buf, nlh.data);
  if (ifindex === 0) return -U.EINVAL;
  const dev = skb.net.devGetByIndex(ifindex);
  if (dev === null) return -U.ENODEV;
  if (filterMask === 0) return refuse(extack, 'Filter mask must be set for stats get');
  const b = new NlMsgBuilder();
  fillStatsinfo(b, b.nlmsgPut(U.RTM_NEWSTATS, 0, nlh.seq, skb.portid, IfStatsMsg.of({ ifindex, filterMask })), dev, filterMask);
  return rtnlUnicast(skb.net, b.bytes(), skb.portid);
}

/** RTM_GETSTATS with NLM_F_DUMP: links by rising index. */
export function rtnlStatsDump(part: NlMsgBuilder, cb: NetlinkCallback): number {
  const { net } = cb.skb;
  const err = validRequest(cb.nlh, cb.strictCheck, true, cb.extack);
  if (err !== 0) return err;
  const { filterMask } = new IfStatsMsg().read(cb.nlh.buf, cb.nlh.data);
  if (filterMask === 0) return refuse(cb.extack, 'Filter mask must be set for stats dump');
  for (const index of [...net.devByIndex.keys()].sort((a, b) => a - b)) {
    if (index < cb.args[0]) continue;
    const dev = net.devGetByIndex(index) as NetDevice;
    const nlh = cb.nlmsgPut(part, U.RTM_NEWSTATS, IfStatsMsg.of({ ifindex: index, filterMask }));
    cb.args[0] = index;
    const full = fillStatsinfo(part, nlh, dev, filterMask);
    if (full < 0) return full;
    cb.args[0] = index + 1;
  }
  return 0;
}

/** `rtnl_fill_statsinfo`: 0, or -EMSGSIZE with nothing written. No kind of link here has counters of its own, and no protocol. */
function fillStatsinfo(b: NlMsgBuilder, nlh: number, dev: NetDevice, mask: number): number {
  if ((mask & bit(U.IFLA_STATS_LINK_64)) !== 0) putLink64(b, dev);
  if ((mask & bit(U.IFLA_STATS_LINK_OFFLOAD_XSTATS)) !== 0) putOffload(b);
  if ((mask & bit(U.IFLA_STATS_AF_SPEC)) !== 0) b.nlaNestEnd(b.nlaNestStartNoflag(U.IFLA_STATS_AF_SPEC));
  return b.nlmsgEnd(nlh);
}

function putLink64(b: NlMsgBuilder, dev: NetDevice): void {
  const stats = Float64Array.from(dev.stats);
  dev.ops.ndoGetStats64?.(dev, stats);
  const at = b.nlaReserve(U.IFLA_STATS_LINK_64, LINK_STATS_COUNT * 8);
  for (let i = 0; i < LINK_STATS_COUNT; i++) setLe64(b.buf, at + 8 * i, stats[i]);
}

/** Nobody has asked hardware to count, and there is none that does. */
function putOffload(b: NlMsgBuilder): void {
  const nest = b.nlaNestStartNoflag(U.IFLA_STATS_LINK_OFFLOAD_XSTATS);
  const info = b.nlaNestStart(U.IFLA_OFFLOAD_XSTATS_HW_S_INFO);
  const l3 = b.nlaNestStart(U.IFLA_OFFLOAD_XSTATS_L3_STATS);
  b.nlaPutU8(U.IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST, 0);
  b.nlaPutU8(U.IFLA_OFFLOAD_XSTATS_HW_S_INFO_USED, 0);
  for (const end of [l3, info, nest]) b.nlaNestEnd(end);
}
