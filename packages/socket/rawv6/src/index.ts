/**
 * Raw IPv6 sockets: packets of any protocol, with or without an IPv6 header of the program's making.
 *
 * @packageDocumentation
 */
export * from './plugin.ts';
export * from './raw6-checksum.ts';
export * from './raw6-prot.ts';
export * from './raw6-ra.ts';
export * from './raw6-rcv.ts';
export * from './raw6-sendmsg.ts';
export * from './raw6-sock.ts';
