/** What links tell and take of IPv6 (`inet6_ops` in `net/ipv6/addrconf.c`): IFLA_AF_SPEC { AF_INET6 { … } }, and `ip -6 link`. */
import type { ModuleContext, NetDevice } from '@skbuff/core';
import { in6DevGet } from '@skbuff/ipv6';
import {
  IfInfoMsg,
  NLA_U8,
  NLA_UNSPEC,
  NlAttrs,
  type NetlinkCallback,
  type NetlinkExtAck,
  nlaGetU8,
  nlaParseNestedDeprecated,
  nlaPolicy,
  nlaPolicyReject,
  type NlaPolicySet,
  nlaPolicySet,
  type NlMsgBuilder,
  rtnlAfRegister,
  rtnlRegister,
} from '@skbuff/netlink';
import {
  AF_INET6,
  EAFNOSUPPORT,
  EINVAL,
  ENODATA,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INET6_MAX,
  IFLA_INET6_RA_MTU,
  IFLA_INET6_TOKEN,
  IN6_ADDR_GEN_MODE_RANDOM,
  NLA_HDRLEN,
  NLM_F_MULTI,
  PF_INET6,
  RTM_GETLINK,
  RTM_NEWLINK,
} from '@skbuff/uapi';
import { IN6ADDR_LEN, In6Addr } from '@skbuff/wire';
import { inet6FillIfinfo, inet6FillIfla6Attrs } from './addrconf-fill.ts';
import { checkStablePrivacy } from './addrconf-gen.ts';
import { refuse } from './addrconf-ifa.ts';
import { inet6SetIftoken } from './addrconf-token.ts';

const policy: NlaPolicySet = nlaPolicySet(IFLA_INET6_MAX, {
  [IFLA_INET6_ADDR_GEN_MODE]: nlaPolicy(NLA_U8),
  [IFLA_INET6_TOKEN]: nlaPolicy(NLA_UNSPEC, IN6ADDR_LEN),
  [IFLA_INET6_RA_MTU]: nlaPolicyReject('IFLA_INET6_RA_MTU can not be set'),
});

/** Registers both. */
export function inet6AfRegister(ctx: ModuleContext): void {
  rtnlAfRegister(ctx, { family: AF_INET6, fillLinkAf: fill, validateLinkAf: validate, setLinkAf: set });
  rtnlRegister(ctx, PF_INET6, RTM_GETLINK, null, inet6DumpIfinfo);
}

/** `inet6_fill_link_af`. */
function fill(b: NlMsgBuilder, dev: NetDevice, extFilterMask: number): number {
  const idev = in6DevGet(dev);
  if (idev === null) return -ENODATA;
  inet6FillIfla6Attrs(b, idev, extFilterMask);
  return 0;
}

/** `inet6_validate_link_af`: 0, -EINVAL, -ERANGE, or -EAFNOSUPPORT for a device without IPv6, which one that is being made always is. */
function validate(dev: NetDevice, buf: Uint8Array, attr: number, extack: NetlinkExtAck): number {
  const idev = in6DevGet(dev);
  if (idev === null) return -EAFNOSUPPORT;
  const tb = new NlAttrs(IFLA_INET6_MAX);
  const err = nlaParseNestedDeprecated(tb, buf, attr, policy, extack);
  if (err < 0) return err;
  if (!tb.has(IFLA_INET6_ADDR_GEN_MODE)) return tb.has(IFLA_INET6_TOKEN) ? 0 : -EINVAL;
  const mode = nlaGetU8(buf, tb.at(IFLA_INET6_ADDR_GEN_MODE));
  return mode > IN6_ADDR_GEN_MODE_RANDOM ? -EINVAL : checkStablePrivacy(idev, dev.net, mode);
}

/** `inet6_set_link_af`, after {@link validate}: another way of making addresses counts from the next address on. */
function set(dev: NetDevice, buf: Uint8Array, attr: number, extack: NetlinkExtAck): number {
  const idev = in6DevGet(dev);
  if (idev === null) return -EAFNOSUPPORT;
  const tb = new NlAttrs(IFLA_INET6_MAX);
  nlaParseNestedDeprecated(tb, buf, attr, policy, null);
  if (tb.has(IFLA_INET6_TOKEN)) {
    const err = inet6SetIftoken(idev, new In6Addr().load(buf, tb.at(IFLA_INET6_TOKEN) + NLA_HDRLEN), extack);
    if (err !== 0) return err;
  }
  if (tb.has(IFLA_INET6_ADDR_GEN_MODE)) idev.cnf.addrGenMode = nlaGetU8(buf, tb.at(IFLA_INET6_ADDR_GEN_MODE));
  return 0;
}

/** `inet6_dump_ifinfo`: interfaces with IPv6, by index. `cb.args[0]`: the one that comes next. */
function inet6DumpIfinfo(b: NlMsgBuilder, cb: NetlinkCallback): number {
  const { skb, nlh } = cb;
  if (cb.strictCheck) {
    const err = validDump(cb);
    if (err !== 0) return err;
  }
  const devs = [...skb.net.devList].sort((x, y) => x.ifindex - y.ifindex);
  for (const dev of devs) {
    const idev = in6DevGet(dev);
    if (idev === null || dev.ifindex < (cb.args[0] as number)) continue;
    cb.args[0] = dev.ifindex;
    const err = b.nlmsgEnd(inet6FillIfinfo(b, idev, RTM_NEWLINK, NLM_F_MULTI, nlh.seq, skb.portid));
    if (err !== 0) return err;
  }
  cb.args[0] = 0x7fffffff;
  return 0;
}

/** `inet6_valid_dump_ifinfo`. */
function validDump({ nlh, extack }: NetlinkCallback): number {
  if (nlh.dataLen < IfInfoMsg.LEN) return refuse(extack, -EINVAL, 'Invalid header for link dump request');
  if (nlh.dataLen > IfInfoMsg.LEN) return refuse(extack, -EINVAL, 'Invalid data after header');
  const ifm = new IfInfoMsg().read(nlh.buf, nlh.data);
  if (nlh.buf[nlh.data + 1] === 0 && ifm.type === 0 && ifm.flags === 0 && ifm.change === 0 && ifm.index === 0) return 0;
  return refuse(extack, -EINVAL, 'Invalid values in header for dump request');
}
