/**
 * ICMPv4 (RFC 792, 1122 §3.2.2, 1812 §4.3): echo and time stamps answered, errors sent and passed on, with the kernel's limits and
 * counters.
 *
 * @packageDocumentation
 */
export * from './icmp-error.ts';
export * from './icmp-limit.ts';
export * from './icmp-net.ts';
export * from './icmp-parts.ts';
export * from './icmp-query.ts';
export * from './icmp-rcv.ts';
export * from './icmp-reply.ts';
export * from './icmp-send.ts';
export * from './icmp-service.ts';
export * from './icmp-snmp.ts';
export { icmp, icmpBare } from './plugin.ts';
