/** Dumps of addresses (RTM_GETADDR and its kin), of each family: which namespace and interface they are about, and where they stand. */
import { getNetNsById, type Net, type NetDevice } from '@skbuff/core';
import { IfAddrMsg, NlAttrs, type NetlinkCallback, type NetlinkExtAck, type NlaPolicySet, nlaGetS32, type NlMsgBuilder, nlDumpCheckConsistent, nlmsgParseDeprecatedStrict } from '@skbuff/netlink';
import { EINVAL, EMSGSIZE, ENODEV, IFA_MAX, IFA_TARGET_NETNSID, NLM_F_DUMP_FILTERED } from '@skbuff/uapi';

/** What a dump is about. */
interface DumpFilter {
  readonly net: Net;
  readonly netnsid: number;
  readonly ifindex: number;
}

/** How a family tells its addresses. */
export interface IfaddrDump<T> {
  /** With which messages begin. */
  readonly name: string;
  readonly policy: NlaPolicySet;
  /** Addresses of a device, in the order in which they are told. */
  readonly of: (dev: NetDevice) => readonly T[];
  /** Begins a message of the answer (with `cb`'s flags); what `nlmsgEnd` wants. `netnsid` negative: not told. */
  readonly fill: (b: NlMsgBuilder, cb: NetlinkCallback, item: T, dev: NetDevice, netnsid: number) => number;
}

/** `inet_dump_ifaddr`, `inet6_dump_addr`: devices by index (`cb.args[0]`), of each its addresses (`cb.args[1]`: how many were told). */
export function ifaddrDump<T>(b: NlMsgBuilder, cb: NetlinkCallback, dump: IfaddrDump<T>): number {
  const filter = (cb.ctx as DumpFilter | null) ?? dumpFilter(cb, dump.policy, dump.name);
  if (typeof filter === 'number') return filter;
  cb.ctx = filter;
  const devs = [...filter.net.devByIndex.values()].sort((a, c) => a.ifindex - c.ifindex);
  for (const dev of devs) {
    if (dev.ifindex < (cb.args[0] as number) || (filter.ifindex !== 0 && dev.ifindex !== filter.ifindex)) continue;
    if (dev.ifindex > (cb.args[0] as number)) cb.args[1] = 0;
    cb.args[0] = dev.ifindex;
    const err = dumpDevice(b, cb, dump, dev, filter.netnsid);
    if (err !== 0) return err;
  }
  cb.args[0] = 0x7fffffff;
  return 0;
}

function dumpDevice<T>(b: NlMsgBuilder, cb: NetlinkCallback, { of, fill }: IfaddrDump<T>, dev: NetDevice, netnsid: number): number {
  const list = of(dev);
  cb.seq = dev.net.devBaseSeq + 1;
  for (let i = cb.args[1] as number; i < list.length; i++) {
    cb.args[1] = i;
    const nlh = fill(b, cb, list[i] as T, dev, netnsid);
    nlDumpCheckConsistent(b, nlh, cb);
    if (b.nlmsgEnd(nlh) !== 0) return -EMSGSIZE;
  }
  cb.args[1] = list.length;
  return 0;
}

function fail(extack: NetlinkExtAck, name: string, text: string): number {
  extack.setErrMsg(`${name}: ${text}`);
  return -EINVAL;
}

/** `inet_valid_dump_ifaddr_req`: looked at only for those who asked for strictness. */
function dumpFilter(cb: NetlinkCallback, policy: NlaPolicySet, name: string): DumpFilter | number {
  const { net } = cb.skb;
  if (!cb.strictCheck) return { net, netnsid: -1, ifindex: 0 };
  const { nlh, extack } = cb;
  if (nlh.dataLen < IfAddrMsg.LEN) return fail(extack, name, 'Invalid header for address dump request');
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  if (ifm.prefixlen !== 0 || ifm.flags !== 0 || ifm.scope !== 0) return fail(extack, name, 'Invalid values in header for address dump request');
  const tb = new NlAttrs(IFA_MAX);
  const err = nlmsgParseDeprecatedStrict(nlh, IfAddrMsg.LEN, tb, policy, extack);
  if (err < 0) return err;
  for (let i = 1; i <= IFA_MAX; i++) {
    if (i !== IFA_TARGET_NETNSID && tb.has(i)) return fail(extack, name, 'Unsupported attribute in dump request');
  }
  const netnsid = tb.has(IFA_TARGET_NETNSID) ? nlaGetS32(tb.buf, tb.at(IFA_TARGET_NETNSID)) : -1;
  const target = tb.has(IFA_TARGET_NETNSID) ? getNetNsById(net, netnsid) : net;
  if (target === null) return fail(extack, name, 'Invalid target network namespace id');
  if (ifm.index === 0) return { net: target, netnsid, ifindex: 0 };
  cb.answerFlags = NLM_F_DUMP_FILTERED;
  return target.devGetByIndex(ifm.index) === null ? -ENODEV : { net: target, netnsid, ifindex: ifm.index };
}
