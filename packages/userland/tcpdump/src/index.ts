/**
 * The command `tcpdump`, and what it prints of a packet.
 *
 * @packageDocumentation
 */
export { type NameTable, Ndo, type PrintOptions } from './ndo.ts';
export { type LinkPrinter, linkPrinter, packetLine } from './packet-line.ts';
export { tcpdump } from './tcpdump.ts';
