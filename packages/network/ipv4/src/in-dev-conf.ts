/**
 * Settings as they hold for an interface (the `IN_DEV_*` macros of `include/linux/inetdevice.h`): each combines the interface's own value with
 * that of `all` in its own way. Functions, so that a bundle has those that it uses.
 */
import type { NetDevice } from '@skbuff/core';
import { type InDevice, inDevGet } from './inetdevice.ts';

/** `IN_DEV_FORWARD`. */
export function inDevForward({ cnf }: InDevice): boolean {
  return cnf.forwarding !== 0;
}

/** `IN_DEV_RPFILTER`: the stricter of the two (0 off, 1 strict, 2 loose). */
export function inDevRpfilter({ cnf, all }: InDevice): number {
  return Math.max(cnf.rpFilter, all.rpFilter);
}

/** `IN_DEV_RX_REDIRECTS`: a router needs both to agree, a host one of them. */
export function inDevRxRedirects({ cnf, all }: InDevice): boolean {
  const own = cnf.acceptRedirects !== 0;
  const every = all.acceptRedirects !== 0;
  return cnf.forwarding !== 0 ? own && every : own || every;
}

/** `IN_DEV_MEDIUM_ID`. */
export function inDevMediumId({ cnf }: InDevice): number {
  return cnf.mediumId;
}

/** `IN_DEV_SOURCE_ROUTE`: both must agree. */
export function inDevSourceRoute({ cnf, all }: InDevice): boolean {
  return cnf.acceptSourceRoute !== 0 && all.acceptSourceRoute !== 0;
}

/** `IN_DEV_BFORWARD`: both must agree. */
export function inDevBforward({ cnf, all }: InDevice): boolean {
  return cnf.bcForwarding !== 0 && all.bcForwarding !== 0;
}

/** `IN_DEV_ARP_EVICT_NOCARRIER`: both must agree. */
export function inDevArpEvictNocarrier({ cnf, all }: InDevice): boolean {
  return cnf.arpEvictNocarrier !== 0 && all.arpEvictNocarrier !== 0;
}

/** `IN_DEV_LOG_MARTIANS`: one is enough. */
export function inDevLogMartians({ cnf, all }: InDevice): boolean {
  return cnf.logMartians !== 0 || all.logMartians !== 0;
}

/** `IN_DEV_PROXY_ARP`: one is enough. */
export function inDevProxyArp({ cnf, all }: InDevice): boolean {
  return cnf.proxyArp !== 0 || all.proxyArp !== 0;
}

/** `IN_DEV_PROXY_ARP_PVLAN`: one is enough. */
export function inDevProxyArpPvlan({ cnf, all }: InDevice): boolean {
  return cnf.proxyArpPvlan !== 0 || all.proxyArpPvlan !== 0;
}

/** `IN_DEV_SHARED_MEDIA`: one is enough. */
export function inDevSharedMedia({ cnf, all }: InDevice): boolean {
  return cnf.sharedMedia !== 0 || all.sharedMedia !== 0;
}

/** `IN_DEV_TX_REDIRECTS`: one is enough. */
export function inDevTxRedirects({ cnf, all }: InDevice): boolean {
  return cnf.sendRedirects !== 0 || all.sendRedirects !== 0;
}

/** `IN_DEV_SEC_REDIRECTS`: one is enough. */
export function inDevSecRedirects({ cnf, all }: InDevice): boolean {
  return cnf.secureRedirects !== 0 || all.secureRedirects !== 0;
}

/** `IN_DEV_ACCEPT_LOCAL`: one is enough. */
export function inDevAcceptLocal({ cnf, all }: InDevice): boolean {
  return cnf.acceptLocal !== 0 || all.acceptLocal !== 0;
}

/** `IN_DEV_ROUTE_LOCALNET`: one is enough. */
export function inDevRouteLocalnet({ cnf, all }: InDevice): boolean {
  return cnf.routeLocalnet !== 0 || all.routeLocalnet !== 0;
}

/** `IN_DEV_PROMOTE_SECONDARIES`: one is enough. */
export function inDevPromoteSecondaries({ cnf, all }: InDevice): boolean {
  return cnf.promoteSecondaries !== 0 || all.promoteSecondaries !== 0;
}

/** `IN_DEV_ARPFILTER`: one is enough. */
export function inDevArpfilter({ cnf, all }: InDevice): boolean {
  return cnf.arpFilter !== 0 || all.arpFilter !== 0;
}

/** `IN_DEV_ARP_NOTIFY`: one is enough. */
export function inDevArpNotify({ cnf, all }: InDevice): boolean {
  return cnf.arpNotify !== 0 || all.arpNotify !== 0;
}

/** `IN_DEV_ORCONF(DROP_UNICAST_IN_L2_MULTICAST)`: one is enough. */
export function inDevDropUnicastInL2Multicast({ cnf, all }: InDevice): boolean {
  return cnf.dropUnicastInL2Multicast !== 0 || all.dropUnicastInL2Multicast !== 0;
}

/** `IN_DEV_ORCONF(DROP_GRATUITOUS_ARP)`: one is enough. */
export function inDevDropGratuitousArp({ cnf, all }: InDevice): boolean {
  return cnf.dropGratuitousArp !== 0 || all.dropGratuitousArp !== 0;
}

/** `ip_ignore_linkdown`: routes by `dev` are not used while it has no carrier. */
export function ipIgnoreLinkdown(dev: NetDevice): boolean {
  const inDev = inDevGet(dev);
  return inDev !== null && (inDev.cnf.ignoreRoutesWithLinkdown !== 0 || inDev.all.ignoreRoutesWithLinkdown !== 0);
}

/** `IN_DEV_ARP_ACCEPT`: the higher of the two. */
export function inDevArpAccept({ cnf, all }: InDevice): number {
  return Math.max(cnf.arpAccept, all.arpAccept);
}

/** `IN_DEV_ARP_ANNOUNCE`: the higher of the two. */
export function inDevArpAnnounce({ cnf, all }: InDevice): number {
  return Math.max(cnf.arpAnnounce, all.arpAnnounce);
}

/** `IN_DEV_ARP_IGNORE`: the higher of the two. */
export function inDevArpIgnore({ cnf, all }: InDevice): number {
  return Math.max(cnf.arpIgnore, all.arpIgnore);
}
