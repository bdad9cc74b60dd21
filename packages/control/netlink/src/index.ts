/**
 * Netlink (RFC 3549): the message codec, attribute policies, ports and kernel sides, dumps, multicast, and rtnetlink's dispatch.
 *
 * @packageDocumentation
 */
export * from './strings.ts';
export * from './extack.ts';
export * from './ip-metrics.ts';
export * from './libnetlink.ts';
export * from './netlink-ack.ts';
export * from './netlink-datagram.ts';
export * from './netlink-dump.ts';
export * from './netlink-port.ts';
export * from './netlink-rcv.ts';
export * from './netlink-seq.ts';
export * from './netlink-table.ts';
export * from './nla-policy.ts';
export * from './nla-validate.ts';
export * from './nlattr.ts';
export * from './nlmsg-builder.ts';
export * from './nlmsg.ts';
export * from './plugin.ts';
export * from './policy.ts';
export * from './rtnetlink.ts';
export * from './rtnetlink-metrics.ts';
export type * from './rtnl-af-ops.ts';
export * from './structs.ts';
