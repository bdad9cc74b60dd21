/**
 * ICMPv6 echo without privilege: `socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)`.
 *
 * @packageDocumentation
 */
export * from './ping6-prot.ts';
export * from './ping6-rcv.ts';
export * from './ping6-sendmsg.ts';
export * from './plugin.ts';
