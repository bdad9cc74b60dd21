/**
 * The AF_INET family: creation of sockets, addresses, binding, options of SOL_IP, ancillary data, the error queue, groups.
 *
 * @packageDocumentation
 */
export * from './af-inet.ts';
export * from './datagram.ts';
export * from './devinet-ioctl.ts';
export * from './group-req.ts';
export * from './icmp-err-convert.ts';
export * from './icmp-rfc4884.ts';
export * from './inet-hashtables.ts';
export * from './inet-port.ts';
export * from './inet-prot.ts';
export * from './inet-sk.ts';
export * from './inet-sock-proc.ts';
export * from './ip-cmsg-flags.ts';
export * from './ip-cmsg.ts';
export * from './ip-error.ts';
export * from './ip-getsockopt.ts';
export * from './ip-sockglue.ts';
export * from './ipv4-sk-route.ts';
export * from './mcast-filter.ts';
export * from './mcast-options.ts';
export * from './multicast.ts';
export * from './plugin.ts';
export * from './protosw.ts';
export * from './recv-packet.ts';
export * from './sockaddr-in.ts';
