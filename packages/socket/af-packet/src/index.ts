/**
 * Packet sockets: frames as devices receive and send them (`net/packet/af_packet.c`).
 *
 * @packageDocumentation
 */
export * from './packet-sock.ts';
export * from './plugin.ts';
export * from './sockaddr-ll.ts';
