/** What a dump of routes is restricted to (`struct fib_dump_filter`, `ip_valid_fib_dump_req`), in either family. */
import type { Net, NetDevice } from '@skbuff/core';
import { NlAttrs, type NetlinkCallback, type NlaPolicySet, nlmsgParseDeprecatedStrict, RtMsg } from '@skbuff/netlink';
import { EINVAL, ENODEV, NLM_F_DUMP_FILTERED, NLM_F_MULTI, RTA_MAX, RTA_OIF, RTA_TABLE, RTM_F_CLONED, RTM_F_PREFIX } from '@skbuff/uapi';

export class FibDumpFilter {
  /** The request says only prefixes that routers announced: there is nothing of that kind to tell in IPv4. */
  prefixOnly = false;
  /** 0 and null: any. */
  table = 0;
  protocol = 0;
  type = 0;
  dev: NetDevice | null = null;
  /** The routes themselves, and what was learned about destinations behind them; who does not ask strictly gets both. */
  routes = true;
  exceptions = true;

  /**
   * Reads a request: 0, or a negative errno and why. `rtm` gets its header. Who does not ask for strict checking is not held to what it says
   * but for RTM_F_PREFIX.
   */
  read(net: Net, cb: NetlinkCallback, rtm: RtMsg, policy: NlaPolicySet): number {
    if (cb.nlh.dataLen >= RtMsg.LEN) rtm.read(cb.nlh.buf, cb.nlh.data);
    else if (cb.strictCheck) return invalid(cb, 'Invalid header for FIB dump request');
    const err = cb.strictCheck ? this.readStrict(net, cb, rtm, policy) : 0;
    if (err !== 0) return err;
    this.prefixOnly = (rtm.flags & RTM_F_PREFIX) !== 0;
    return 0;
  }

  /** NLM_F_* of each message of the answer. Strict requests always leave out one or the other. */
  get messageFlags(): number {
    return this.routes && this.exceptions ? NLM_F_MULTI : NLM_F_MULTI | NLM_F_DUMP_FILTERED;
  }

  private readStrict(net: Net, cb: NetlinkCallback, rtm: RtMsg, policy: NlaPolicySet): number {
    if (rtm.dstLen !== 0 || rtm.srcLen !== 0 || rtm.tos !== 0 || rtm.scope !== 0) return invalid(cb, 'Invalid values in header for FIB dump request');
    if ((rtm.flags & ~(RTM_F_CLONED | RTM_F_PREFIX)) !== 0) return invalid(cb, 'Invalid flags for FIB dump request');
    this.exceptions = (rtm.flags & RTM_F_CLONED) !== 0;
    this.routes = !this.exceptions;
    this.protocol = rtm.protocol;
    this.type = rtm.type;
    const tb = new NlAttrs(RTA_MAX);
    const err = nlmsgParseDeprecatedStrict(cb.nlh, RtMsg.LEN, tb, policy, cb.extack);
    if (err < 0) return err;
    this.table = tb.u32(RTA_TABLE, rtm.table);
    for (let type = 1; type <= RTA_MAX; type++) {
      if (!tb.has(type) || type === RTA_TABLE) continue;
      if (type !== RTA_OIF) return invalid(cb, 'Unsupported attribute in dump request');
      this.dev = net.devGetByIndex(tb.u32(RTA_OIF));
      if (this.dev === null) return -ENODEV;
    }
    if (rtm.flags !== 0 || this.protocol !== 0 || this.type !== 0 || this.table !== 0 || this.dev !== null) cb.answerFlags = NLM_F_DUMP_FILTERED;
    return 0;
  }
}

function invalid(cb: NetlinkCallback, text: string): number {
  cb.extack.setErrMsg(text);
  return -EINVAL;
}
