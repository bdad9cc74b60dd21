/**
 * What the families of IP share (`net/ipv4` and `include/net/inet_*.h`, where they know of no family): peers, the limit of ICMP messages,
 * sockets of the stack's own, packets under construction, lines of counters, messages about settings.
 *
 * @packageDocumentation
 */
export * from './cork.ts';
export * from './ctl-sock.ts';
export * from './fib-dump-filter.ts';
export * from './icmp-global.ts';
export * from './ifaddr-dump.ts';
export * from './inetpeer.ts';
export * from './multipath-hash.ts';
export * from './netconf.ts';
export * from './snmp.ts';
