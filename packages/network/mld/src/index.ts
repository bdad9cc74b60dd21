/**
 * Multicast listeners (`net/ipv6/mcast.c`): the groups of interfaces and their source filters; MLDv1 (RFC 2710) and MLDv2 (RFC 3810).
 *
 * @packageDocumentation
 */
export { mld } from './plugin.ts';
