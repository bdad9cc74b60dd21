/**
 * Addresses of IPv6 interfaces (`net/ipv6/addrconf.c`).
 *
 * @packageDocumentation
 */
export { inet6AddrAdd, inet6AddrDel, inet6AddrModify } from './addrconf-add.ts';
export * from './addrconf-fill.ts';
export { addrconfDisableIpv6, addrconfFixupForwarding } from './addrconf-forward.ts';
export { type Ifa6Config, ipv6AddAddr, ipv6DelAddr } from './addrconf-ifa.ts';
export { inet6SetIftoken } from './addrconf-token.ts';
export { addrconf } from './plugin.ts';
