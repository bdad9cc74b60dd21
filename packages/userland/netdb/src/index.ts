/**
 * Names of hosts, networks, services and protocols: the functions of netdb.h over the files of a machine.
 *
 * @packageDocumentation
 */
export { type Files, NO_FILES } from './files.ts';
export * from './getaddrinfo.ts';
export * from './getifaddrs.ts';
export * from './getnameinfo.ts';
export * from './hosts.ts';
export { ifIndextoname, ifNametoindex } from './if-index.ts';
export * from './networks.ts';
export * from './protocols.ts';
export { isScoped } from './scope.ts';
export * from './services.ts';
