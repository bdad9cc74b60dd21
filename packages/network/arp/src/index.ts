/**
 * ARP (RFC 826): finds the link-layer address of IPv4 neighbours, answers those who look for this host's, and proxies.
 *
 * @packageDocumentation
 */
export * from './arp-proc.ts';
export * from './arp-parms.ts';
export * from './arp-proxy.ts';
export * from './arp-rcv.ts';
export * from './arp-send.ts';
export * from './arp-solicit.ts';
export * from './arp-tbl.ts';
export * from './plugin.ts';
