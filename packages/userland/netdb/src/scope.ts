/** Addresses that mean something only together with an interface. */
import type { In6Addr } from '@skbuff/wire';

/** Link-local unicast (fe80::/10) or a group of a link (ffx2::/16): the scope may be the name of an interface. */
export function isScoped(addr: In6Addr): boolean {
  return addr.isLinkLocal() || (addr.isMulticast() && ((addr.w0 >>> 16) & 0xf) === 2);
}
