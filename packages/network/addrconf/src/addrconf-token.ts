/** Interface identifiers that the administrator gives, for the addresses made of advertised prefixes (`ip token`). */
import type { ExtAck } from '@skbuff/core';
import { IF_READY, type Inet6Dev, ipv6AcceptRa } from '@skbuff/ipv6';
import { EINVAL, IFA_F_OPTIMISTIC, IFA_F_TENTATIVE, IFF_LOOPBACK, IFF_NOARP, RTM_NEWLINK } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { inet6IfinfoNotify } from './addrconf-fill.ts';
import { refuse } from './addrconf-ifa.ts';
import { rsStarted, sendRs } from './addrconf-rs.ts';
import { addrconfVerifyRtnl } from './addrconf-verify.ts';

/**
 * `inet6_set_iftoken`: the lower half of `token` from now on, :: takes it back. Addresses made of an earlier one go, and routers are asked
 * for what new ones are to be made of. 0 or -EINVAL.
 */
export function inet6SetIftoken(idev: Inet6Dev, token: In6Addr, extack: ExtAck | null): number {
  const { dev, cnf } = idev;
  if ((dev.flags & IFF_LOOPBACK) !== 0) return refuse(extack, -EINVAL, 'Device is loopback');
  if ((dev.flags & IFF_NOARP) !== 0) return refuse(extack, -EINVAL, 'Device does not do neighbour discovery');
  if (!ipv6AcceptRa(idev)) return refuse(extack, -EINVAL, 'Router advertisement is disabled on device');
  if (cnf.rtrSolicits === 0) {
    // Without the prefix that the other messages have.
    if (extack !== null) extack.message = 'Router solicitation is disabled on device';
    return -EINVAL;
  }
  idev.token.w2 = token.w2;
  idev.token.w3 = token.w3;
  const ready = !idev.dead && (idev.ifFlags & IF_READY) !== 0;
  if (!token.isAny() && ready && sendRs(idev, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) rsStarted(idev);
  for (const ifp of idev.addrList) if (ifp.tokenized) ifp.validLft = ifp.preferedLft = 0;
  inet6IfinfoNotify(RTM_NEWLINK, idev);
  addrconfVerifyRtnl(dev.net);
  return 0;
}
