/**
 * Savefiles: the pcap format of libpcap, read and written.
 *
 * @packageDocumentation
 */
export * from './pcap-format.ts';
export * from './pcap-reader.ts';
export * from './pcap-writer.ts';
