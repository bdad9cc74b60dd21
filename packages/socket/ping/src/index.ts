/**
 * ICMP echo without privilege: `socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)`.
 *
 * @packageDocumentation
 */
export * from './ping.ts';
export * from './ping-prot.ts';
export * from './ping-rcv.ts';
export * from './ping-sendmsg.ts';
export * from './ping-sock.ts';
export * from './plugin.ts';
