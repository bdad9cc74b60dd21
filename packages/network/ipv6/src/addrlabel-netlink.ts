/** RTM_NEWADDRLABEL, RTM_DELADDRLABEL, RTM_GETADDRLABEL (`net/ipv6/addrlabel.c`). Errnos and words are those of a running 6.18 kernel. */
import type { ModuleContext } from '@skbuff/core';
import {
  NLA_UNSPEC,
  NlAttrs,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlaPolicy,
  type NlaPolicySet,
  nlaPolicySet,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  rtnlRegister,
  rtnlUnicast,
} from '@skbuff/netlink';
import {
  AF_INET6,
  EINVAL,
  ESRCH,
  IFAL_ADDRESS,
  IFAL_LABEL,
  IFAL_MAX,
  NETLINK_GET_STRICT_CHK,
  NLA_HDRLEN,
  NLM_F_MULTI,
  NLM_F_REPLACE,
  NLMSG_HDRLEN,
  PF_INET6,
  RTM_DELADDRLABEL,
  RTM_GETADDRLABEL,
  RTM_NEWADDRLABEL,
} from '@skbuff/uapi';
import { IN6ADDR_LEN, In6Addr, le32, setLe32 } from '@skbuff/wire';
import { ipv6AddrType } from './addrconf-core.ts';
import { type AddrLabel, addrLabelEntry, addrLabelNet, addrLabelTable, IPV6_ADDR_LABEL_DEFAULT, ip6addrlblAdd, ip6addrlblDel } from './addrlabel.ts';

/** `struct ifaddrlblmsg`: family, reserved, prefix length, flags, index, number of changes. */
const IFADDRLBLMSG_LEN = 12;
const PREFIXLEN = 2;
const INDEX = 4;
const SEQ = 8;

const policy: NlaPolicySet = nlaPolicySet(IFAL_MAX, { [IFAL_ADDRESS]: nlaPolicy(NLA_UNSPEC, IN6ADDR_LEN), [IFAL_LABEL]: nlaPolicy(NLA_UNSPEC, 4) });

/** The table of each namespace, and who changes and shows it. */
export function addrLabelRegister(ctx: ModuleContext): void {
  ctx.pernetSubsys({ name: 'addrlabel', init: (net) => (addrLabelNet.set(net, addrLabelTable()), 0), exit: (net) => addrLabelNet.set(net, null) });
  rtnlRegister(ctx, PF_INET6, RTM_NEWADDRLABEL, newdel, null);
  rtnlRegister(ctx, PF_INET6, RTM_DELADDRLABEL, newdel, null);
  rtnlRegister(ctx, PF_INET6, RTM_GETADDRLABEL, get, dump);
}

function refuse(extack: NetlinkExtAck, text: string): number {
  extack.setErrMsg(`ipv6: ${text}`);
  return -EINVAL;
}

function address(tb: NlAttrs): In6Addr {
  return new In6Addr().load(tb.buf, tb.at(IFAL_ADDRESS) + NLA_HDRLEN);
}

/** `ip6addrlbl_newdel`. */
function newdel({ net }: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const tb = new NlAttrs(IFAL_MAX);
  const err = nlmsgParseDeprecated(nlh, IFADDRLBLMSG_LEN, tb, policy, extack);
  if (err < 0) return err;
  const { buf, data } = nlh;
  const prefixlen = buf[data + PREFIXLEN] as number;
  const index = le32(buf, data + INDEX);
  if (prefixlen > 128 || !tb.has(IFAL_ADDRESS) || !tb.has(IFAL_LABEL)) return -EINVAL;
  const label = tb.u32(IFAL_LABEL);
  if (label === IPV6_ADDR_LABEL_DEFAULT) return -EINVAL;
  const table = addrLabelNet.of(net);
  if (nlh.type === RTM_DELADDRLABEL) return ip6addrlblDel(table, address(tb), prefixlen, index);
  if (index !== 0 && net.devGetByIndex(index) === null) return -EINVAL;
  return ip6addrlblAdd(table, address(tb), prefixlen, index, label, (nlh.flags & NLM_F_REPLACE) !== 0);
}

/** `ip6addrlbl_fill`. */
function fill(b: NlMsgBuilder, p: AddrLabel, lseq: number, portid: number, seq: number, flags: number): number {
  const nlh = b.nlmsgPut(RTM_NEWADDRLABEL, flags, seq, portid, IFADDRLBLMSG_LEN);
  const at = nlh + NLMSG_HDRLEN;
  b.buf[at] = AF_INET6;
  b.buf[at + PREFIXLEN] = p.prefixlen;
  setLe32(b.buf, at + INDEX, p.ifindex);
  setLe32(b.buf, at + SEQ, lseq);
  b.nlaPutIn6Addr(IFAL_ADDRESS, p.prefix.toBytes());
  b.nlaPutU32(IFAL_LABEL, p.label);
  return b.nlmsgEnd(nlh);
}

/** `ip6addrlbl_dump`. `cb.args[0]`: how many were told. */
function dump(b: NlMsgBuilder, cb: NetlinkCallback): number {
  if (cb.strictCheck) {
    const err = validDump(cb.nlh, cb.extack);
    if (err < 0) return err;
  }
  const { list, seq } = addrLabelNet.of(cb.skb.net);
  for (; cb.args[0] < list.length; cb.args[0]++) {
    const err = fill(b, list[cb.args[0]] as AddrLabel, seq, cb.skb.portid, cb.nlh.seq, NLM_F_MULTI);
    if (err < 0) return err;
  }
  return 0;
}

/** Reserved byte, flags, number of changes, and of those named also prefix length and index, are zero. */
function isPlain({ buf, data }: NlMsgHdr, request: boolean): boolean {
  const same = buf[data + 1] === 0 && buf[data + 3] === 0 && le32(buf, data + SEQ) === 0;
  return same && (request || (buf[data + PREFIXLEN] === 0 && le32(buf, data + INDEX) === 0));
}

/** `ip6addrlbl_valid_dump_req`. */
function validDump(nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  if (nlh.dataLen < IFADDRLBLMSG_LEN) return refuse(extack, 'Invalid header for address label dump request');
  if (!isPlain(nlh, false)) return refuse(extack, 'Invalid values in header for address label dump request');
  return nlh.dataLen > IFADDRLBLMSG_LEN ? refuse(extack, 'Invalid data after header for address label dump request') : 0;
}

/** `ip6addrlbl_valid_get_req`. */
function validGet(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
  if (nlh.dataLen < IFADDRLBLMSG_LEN) return refuse(extack, 'Invalid header for addrlabel get request');
  if (!skb.port.option(NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, IFADDRLBLMSG_LEN, tb, policy, extack);
  if (!isPlain(nlh, true)) return refuse(extack, 'Invalid values in header for addrlabel get request');
  const err = nlmsgParseDeprecatedStrict(nlh, IFADDRLBLMSG_LEN, tb, policy, extack);
  if (err < 0) return err;
  return tb.has(IFAL_LABEL) ? refuse(extack, 'Unsupported attribute in addrlabel get request') : 0;
}

/** `ip6addrlbl_get`: the label of one address. The kernel looks here for the address's whole type, so that ::1 has that of ::/96. */
function get(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
  const { net } = skb;
  const tb = new NlAttrs(IFAL_MAX);
  const err = validGet(skb, nlh, tb, extack);
  if (err < 0) return err;
  const { buf, data } = nlh;
  const index = le32(buf, data + INDEX);
  if (buf[data + PREFIXLEN] !== 128 || (index !== 0 && net.devGetByIndex(index) === null) || !tb.has(IFAL_ADDRESS)) return -EINVAL;
  const table = addrLabelNet.of(net);
  const addr = address(tb);
  const p = addrLabelEntry(table, addr, ipv6AddrType(addr), index);
  if (p === null) return -ESRCH;
  const b = new NlMsgBuilder();
  fill(b, p, table.seq, skb.portid, nlh.seq, 0);
  return rtnlUnicast(net, b.bytes(), skb.portid);
}
