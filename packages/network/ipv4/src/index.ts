/**
 * IPv4: receive, deliver, forward, transmit; interface addresses; the interfaces to routing, ICMP and transports.
 *
 * @packageDocumentation
 */
export * from './devconf.ts';
export * from './flow.ts';
export * from './inetdevice.ts';
export * from './interfaces.ts';
export * from './ip-cb.ts';
export * from './ip-forward.ts';
export * from './ip-input.ts';
export * from './ip-output.ts';
export * from './ipv4-net.ts';
export * from './rtable.ts';
export * from './snmp.ts';
export * from './tos.ts';
