/**
 * IPv6 (`net/ipv6`): what every other package of the family builds on.
 *
 * @packageDocumentation
 */
export * from './addrconf-addr.ts';
export * from './addrconf-core.ts';
export * from './devconf.ts';
export * from './flow.ts';
export * from './if-inet6.ts';
export * from './inet6-addr-hash.ts';
export * from './interfaces.ts';
export * from './ip6-cb.ts';
export * from './ipv6-net.ts';
export * from './ipv6-sock.ts';
export * from './rt6-info.ts';
