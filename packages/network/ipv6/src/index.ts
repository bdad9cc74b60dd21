/**
 * IPv6 (`net/ipv6`): what every other package of the family builds on.
 *
 * @packageDocumentation
 */
export * from './addrconf-addr.ts';
export * from './addrconf-core.ts';
export * from './addrlabel.ts';
export * from './anycast.ts';
export * from './ctl-sock6.ts';
export * from './devconf.ts';
export * from './exthdrs-core.ts';
export * from './exthdrs-tx.ts';
export * from './flow.ts';
export * from './if-inet6.ts';
export * from './inet6-addr-hash.ts';
export * from './inet6-fill-addr.ts';
export * from './inetpeer.ts';
export * from './interfaces.ts';
export * from './ip6-append.ts';
export * from './ip6-cb.ts';
export * from './ip6-deliver.ts';
export * from './ip6-dst-lookup.ts';
export * from './ip6-flowlabel.ts';
export * from './ip6-forward.ts';
export * from './ip6-fragment.ts';
export * from './ip6-hoplimit.ts';
export * from './ip6-input.ts';
export * from './ip6-list-rcv.ts';
export * from './ip6-mc-input.ts';
export * from './ip6-offload.ts';
export * from './ip6-output.ts';
export * from './ip6-room.ts';
export * from './ip6-xmit.ts';
export * from './ipv6-net.ts';
export * from './ipv6-saddr.ts';
export * from './ipv6-sock.ts';
export * from './ndisc-mc-map.ts';
export * from './plugin.ts';
export * from './proc-snmp6.ts';
export * from './reassembly.ts';
export * from './rt6-info.ts';
export * from './seg6.ts';
export * from './snmp.ts';
