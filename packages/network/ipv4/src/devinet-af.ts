/** What links tell and take of IPv4 (`inet_af_ops`): IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF } }, all settings of the interface. */
import type { ModuleContext, NetDevice } from '@skbuff/core';
import { NLA_NESTED, NlAttrs, type NetlinkExtAck, nlaForEachNested, nlaGetU32, nlaLen, nlaParseNestedDeprecated, nlaPolicy, type NlaPolicySet, nlaPolicySet, type NlMsgBuilder, rtnlAfRegister } from '@skbuff/netlink';
import { AF_INET, EAFNOSUPPORT, EINVAL, ENODATA, IFLA_INET_CONF, IFLA_INET_MAX } from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { DEVCONF_SYSCTLS } from './devconf.ts';
import { inDevGet } from './inetdevice.ts';

const policy: NlaPolicySet = nlaPolicySet(IFLA_INET_MAX, { [IFLA_INET_CONF]: nlaPolicy(NLA_NESTED) });

/** `inet_fill_link_af`: the values by their index, which begins at 1. */
function fill(b: NlMsgBuilder, dev: NetDevice): number {
  const inDev = inDevGet(dev);
  if (inDev === null) return -ENODATA;
  const at = b.nlaReserve(IFLA_INET_CONF, DEVCONF_SYSCTLS.length * 4);
  for (const [, field, index] of DEVCONF_SYSCTLS) setLe32(b.buf, at + (index - 1) * 4, inDev.cnf[field]);
  return 0;
}

/** `inet_validate_link_af`: 0, -EINVAL, -ERANGE, or -EAFNOSUPPORT for a device without IPv4, which one that is being made always is. */
function validate(dev: NetDevice, buf: Uint8Array, attr: number, extack: NetlinkExtAck): number {
  if (inDevGet(dev) === null) return -EAFNOSUPPORT;
  const tb = new NlAttrs(IFLA_INET_MAX);
  const err = nlaParseNestedDeprecated(tb, buf, attr, policy, extack);
  if (err < 0 || !tb.has(IFLA_INET_CONF)) return err;
  return nlaForEachNested(buf, tb.at(IFLA_INET_CONF), (value, index) => (nlaLen(buf, value) < 4 || index < 1 || index > DEVCONF_SYSCTLS.length ? -EINVAL : 0));
}

/**
 * `inet_set_link_af`, after {@link validate}: unlike a write to net.ipv4.conf it has no consequences (no message of RTNLGRP_IPV4_NETCONF,
 * decisions made before stay), and mc_forwarding is not read-only.
 */
function set(dev: NetDevice, buf: Uint8Array, attr: number): number {
  const inDev = inDevGet(dev);
  if (inDev === null) return -EAFNOSUPPORT;
  const tb = new NlAttrs(IFLA_INET_MAX);
  nlaParseNestedDeprecated(tb, buf, attr, policy, null);
  const { cnf } = inDev;
  if (!tb.has(IFLA_INET_CONF)) return 0;
  return nlaForEachNested(buf, tb.at(IFLA_INET_CONF), (value, wanted) => {
    for (const [, field, index] of DEVCONF_SYSCTLS) if (index === wanted) cnf[field] = nlaGetU32(buf, value) | 0;
    cnf.state[wanted] = 1;
    return 0;
  });
}

/** Registers it. */
export function inetAfRegister(ctx: ModuleContext): void {
  rtnlAfRegister(ctx, { family: AF_INET, fillLinkAf: fill, validateLinkAf: validate, setLinkAf: set });
}
