/**
 * UDP over IPv6 (RFC 768, RFC 8200 §8.1): what differs from UDP over IPv4, whose table, queues and super-packets it shares.
 *
 * @packageDocumentation
 */
export * from './plugin.ts';
export * from './udp6-checksum.ts';
export * from './udp6-err.ts';
export * from './udp6-lookup.ts';
export * from './udp6-net.ts';
export * from './udp6-offload.ts';
export * from './udp6-proc.ts';
export * from './udp6-prot.ts';
export * from './udp6-rcv.ts';
export * from './udp6-recvmsg.ts';
export * from './udp6-sendmsg.ts';
