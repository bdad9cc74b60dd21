/** Checks of a link message that need the device (`validate_linkmsg`). */
import type { NetDevice } from '@skbuff/core';
import { type NetlinkExtAck, type NlAttrs, nlaForEachNested } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { RtnlLinks } from './links.ts';

/** GSO_MAX_SEGS and GRO_MAX_SIZE. */
const MAX_SEGS = 65535;
const MAX_GRO = 8 * 65535;

/** 0 or a negative errno; nothing is changed. */
export function validateLinkmsg(links: RtnlLinks, dev: NetDevice, tb: NlAttrs, extack: NetlinkExtAck): number {
  for (const type of [U.IFLA_ADDRESS, U.IFLA_BROADCAST]) if (tb.has(type) && tb.len(type) < dev.addrLen) return -U.EINVAL;
  const { tsoMaxSize, tsoMaxSegs } = dev;
  const bounds: readonly (readonly [number, number, string])[] = [
    [U.IFLA_GSO_MAX_SIZE, tsoMaxSize, 'gso_max_size'],
    [U.IFLA_GSO_MAX_SEGS, Math.min(MAX_SEGS, tsoMaxSegs), 'gso_max_segs'],
    [U.IFLA_GRO_MAX_SIZE, MAX_GRO, 'gro_max_size'],
    [U.IFLA_GSO_IPV4_MAX_SIZE, tsoMaxSize, 'gso_ipv4_max_size'],
    [U.IFLA_GRO_IPV4_MAX_SIZE, MAX_GRO, 'gro_ipv4_max_size'],
  ];
  for (const [type, max, name] of bounds) {
    if (tb.u32(type) <= max) continue;
    extack.setErrMsg(`too big ${name}`);
    return -U.EINVAL;
  }
  return validateAfSpec(links, dev, tb, extack);
}

function validateAfSpec(links: RtnlLinks, dev: NetDevice, tb: NlAttrs, extack: NetlinkExtAck): number {
  const nest = tb.at(U.IFLA_AF_SPEC);
  if (nest < 0) return 0;
  return nlaForEachNested(tb.buf, nest, (attr, family) => {
    const ops = links.afOps.find((af) => af.family === family);
    if (ops === undefined) return -U.EAFNOSUPPORT;
    if (ops.setLinkAf === null) return -U.EOPNOTSUPP;
    return ops.validateLinkAf?.(dev, tb.buf, attr, extack) ?? 0;
  });
}
