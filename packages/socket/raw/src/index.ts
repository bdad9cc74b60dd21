/**
 * Raw IPv4 sockets: packets of any protocol, with or without an IP header of the program's making.
 *
 * @packageDocumentation
 */
export * from './plugin.ts';
export * from './raw-hashinfo.ts';
export * from './raw-prot.ts';
export * from './raw-rcv.ts';
export * from './raw-sendmsg.ts';
export * from './raw-sock.ts';
