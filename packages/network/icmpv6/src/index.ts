/**
 * ICMPv6 (RFC 4443): echo answered, errors sent and passed on, with the kernel's limits and counters.
 *
 * @packageDocumentation
 */
export * from './icmpv6-echo.ts';
export * from './icmpv6-limit.ts';
export * from './icmpv6-net.ts';
export * from './icmpv6-notify.ts';
export * from './icmpv6-push.ts';
export * from './icmpv6-rcv.ts';
export * from './icmpv6-send.ts';
export * from './icmpv6-service.ts';
export { icmpv6 } from './plugin.ts';
