/**
 * Hosts, links and networks as objects: typed calls and commands, on netlink and sockets like everything else.
 *
 * @packageDocumentation
 */
export type { InetPrefix } from '@skbuff/wire';
export { type InetText, parseAddress, parseDestination, parsePrefix, sockaddr } from './addresses.ts';
export * from './control.ts';
export { type AddressFlag, type AddressInfo, type AddressSpec, Addresses } from './host-addr.ts';
export { CommandError, Host, type Running } from './host.ts';
export { createNet, HostNet, type HostLink, type LinkEndOptions, type LinkOptions, type NetOptions } from './host-net.ts';
export { type EchoArrival, type InetFamily, inetFamily } from './inet-family.ts';
export type { EchoError, EchoReply, PingOptions, PingResult } from './ping.ts';
export type { Files, RunResult, Stdio } from './process.ts';
export { splitWords } from './words.ts';
