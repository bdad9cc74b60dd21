/**
 * Neighbour discovery (RFC 4861, `net/ipv6/ndisc.c`): finds the link-layer address of IPv6 neighbours, answers those who look for this
 * host's, hears routers, follows and sends redirects, and proxies.
 *
 * @packageDocumentation
 */
export * from './ndisc-options.ts';
export * from './ndisc-rcv.ts';
export * from './ndisc-send.ts';
export * from './ndisc-solicit.ts';
export * from './ndisc-tbl.ts';
export * from './plugin.ts';
