/**
 * UDP over IPv4 (RFC 768).
 *
 * @packageDocumentation
 */
export * from './plugin.ts';
export * from './udp-checksum.ts';
export * from './udp-err.ts';
export * from './udp-lookup.ts';
export * from './udp-net.ts';
export * from './udp-offload.ts';
export * from './udp-proc.ts';
export * from './udp-prot.ts';
export * from './udp-rcv.ts';
export * from './udp-recvmsg.ts';
export * from './udp-sendmsg.ts';
export * from './udp-sock.ts';
export * from './udp-table.ts';
