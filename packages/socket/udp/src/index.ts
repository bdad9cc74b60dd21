/**
 * UDP over IPv4 (RFC 768), and what it has in common with UDP over any other network layer: the table of sockets, their queues, reading,
 * options, super-packets.
 *
 * @packageDocumentation
 */
export * from './plugin.ts';
export * from './udp-checksum.ts';
export * from './udp-datagram.ts';
export * from './udp-err.ts';
export * from './udp-gso.ts';
export * from './udp-lib.ts';
export * from './udp-lookup.ts';
export * from './udp-net.ts';
export * from './udp-offload.ts';
export * from './udp-proc.ts';
export * from './udp-prot.ts';
export * from './udp-queue.ts';
export * from './udp-rcv.ts';
export * from './udp-recvmsg.ts';
export * from './udp-reuseport.ts';
export * from './udp-send.ts';
export * from './udp-sendmsg.ts';
export * from './udp-sock.ts';
export * from './udp-table.ts';
