/**
 * The numbers of Linux's uapi headers, in the kernel's spelling.
 *
 * @packageDocumentation
 */
export * from './errno.ts';
export * from './if.ts';
export * from './if-ether.ts';
export * from './if-arp.ts';
export * from './in.ts';
export * from './in6.ts';
export * from './ipv6.ts';
export * from './route.ts';
export * from './ipv6-route.ts';
export * from './icmp.ts';
export * from './icmpv6.ts';
export * from './mroute6.ts';
export * from './netfilter.ts';
export * from './socket.ts';
export * from './netlink.ts';
export * from './rtnetlink.ts';
export * from './if-link.ts';
export * from './lwtunnel.ts';
export * from './if-addr.ts';
export * from './neighbour.ts';
export * from './capability.ts';
export * from './veth.ts';
export * from './fcntl.ts';
export * from './sockios.ts';
export * from './udp.ts';
export * from './net-namespace.ts';
export * from './fib-rules.ts';
export * from './filter.ts';
export * from './sched.ts';
export * from './if-packet.ts';
export * from './ethtool.ts';
export * from './snmp.ts';
