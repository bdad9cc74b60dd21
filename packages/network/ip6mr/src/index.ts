/**
 * IPv6 multicast routing (`net/ipv6/ip6mr.c`): a daemon says over a raw socket what goes where.
 *
 * @packageDocumentation
 */
export { ip6mr } from './plugin.ts';
