/** Routes by rtnetlink: RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE (`net/ipv4/fib_frontend.c`). */
import type { ModuleContext } from '@skbuff/core';
import { type NetlinkExtAck, type NetlinkSkb, type NlMsgHdr, RTNL_FLAG_DUMP_SPLIT_NLM_DONE, rtnlRegister } from '@skbuff/netlink';
import { ESRCH, PF_INET, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, RTN_LOCAL } from '@skbuff/uapi';
import { FibConfig } from './fib-config.ts';
import { inetDumpFib } from './fib-dump.ts';
import { fibNet } from './fib-net.ts';
import { rtmToFibConfig } from './fib-rtnl-policy.ts';
import { fibGetTable, fibNewTable, fibTableDelete, fibTableInsert } from './fib-tables.ts';
import { inetRtmGetroute } from './route-rtnl.ts';

/** Serves request after request. */
const scratch: FibConfig = new FibConfig();

/** `inet_rtm_newroute`. */
function inetRtmNewroute(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const err = rtmToFibConfig(nlh, skb.portid, scratch, extack);
  if (err !== 0) return err;
  const state = fibNet.of(skb.net);
  const ret = fibTableInsert(state, fibNewTable(state, scratch.table), scratch, extack);
  scratch.nlh = null;
  if (ret === 0 && scratch.type === RTN_LOCAL) state.hasCustomLocalRoutes = true;
  return ret;
}

/** `inet_rtm_delroute`. */
function inetRtmDelroute(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const err = rtmToFibConfig(nlh, skb.portid, scratch, extack);
  if (err !== 0) return err;
  const state = fibNet.of(skb.net);
  const table = fibGetTable(state, scratch.table);
  if (table === null) {
    extack.setErrMsg('FIB table does not exist');
    return -ESRCH;
  }
  const ret = fibTableDelete(state, table, scratch, extack);
  scratch.nlh = null;
  return ret;
}

export function fibRtnlRegister(ctx: ModuleContext): void {
  rtnlRegister(ctx, PF_INET, RTM_NEWROUTE, inetRtmNewroute, null);
  rtnlRegister(ctx, PF_INET, RTM_DELROUTE, inetRtmDelroute, null);
  rtnlRegister(ctx, PF_INET, RTM_GETROUTE, inetRtmGetroute, inetDumpFib, RTNL_FLAG_DUMP_SPLIT_NLM_DONE);
}
