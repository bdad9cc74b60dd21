/**
 * IPv4: receive, deliver, forward, transmit; interface addresses; the interfaces to routing, ICMP and transports.
 *
 * @packageDocumentation
 */
export * from './confirm-neigh.ts';
export * from './devconf.ts';
export * from './devinet-lifetime.ts';
export * from './devinet-select.ts';
export * from './devinet.ts';
export * from './flow.ts';
export * from './igmp.ts';
export * from './igmp-proc.ts';
export * from './inet-sock.ts';
export * from './in-dev-conf.ts';
export * from './inet-offload.ts';
export * from './inetdevice.ts';
export * from './inetpeer.ts';
export * from './interfaces.ts';
export * from './ip-append.ts';
export * from './ip-cb.ts';
export * from './ip-defrag.ts';
export * from './ip-forward.ts';
export * from './ip-frag-queue.ts';
export * from './ip-fragment.ts';
export * from './ip-header.ts';
export * from './ip-ident.ts';
export * from './ip-input.ts';
export { ipListRcv } from './ip-list-rcv.ts';
export { IpMcList, type IpSfList } from './ip-mc-list.ts';
export * from './ip-mc-output.ts';
export * from './ip-options-compile.ts';
export * from './ip-options-forward.ts';
export * from './ip-options.ts';
export * from './ip-output.ts';
export * from './ip-queue-xmit.ts';
export * from './ip-source.ts';
export * from './ipv4-net.ts';
export * from './parts.ts';
export * from './plugin.ts';
export * from './proc.ts';
export * from './rtable.ts';
export * from './snmp-names.ts';
export * from './snmp.ts';
export * from './tos.ts';
