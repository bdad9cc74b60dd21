/**
 * What the families of IP share (`net/ipv4` and `include/net/inet_*.h`, where they know of no family): peers, the limit of ICMP messages,
 * sockets of the stack's own, lines of counters.
 *
 * @packageDocumentation
 */
export * from './ctl-sock.ts';
export * from './icmp-global.ts';
export * from './inetpeer.ts';
export * from './snmp.ts';
