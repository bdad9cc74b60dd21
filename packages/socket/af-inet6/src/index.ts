/**
 * The AF_INET6 family: creation of sockets, addresses, binding, options of SOL_IPV6, ancillary data, the error queue, flow labels, groups.
 *
 * @packageDocumentation
 */
export * from './af-inet6.ts';
export * from './datagram6.ts';
export * from './flowinfo.ts';
export * from './icmpv6-err-convert.ts';
export * from './inet6-port.ts';
export * from './inet6-protosw.ts';
export * from './inet6-sockraw.ts';
export * from './ip6-flowlabel.ts';
export * from './ip6-sk-route.ts';
export * from './ipv6-cmsg-recv.ts';
export * from './ipv6-cmsg-send.ts';
export * from './ipv6-error.ts';
export * from './ipv6-getsockopt.ts';
export * from './ipv6-pinfo.ts';
export * from './ipv6-sockglue.ts';
export * from './mcast6.ts';
export * from './nonlocal-bind.ts';
export * from './plugin.ts';
export * from './proc-sock6.ts';
export * from './scope-id.ts';
export * from './sockaddr-in6.ts';
