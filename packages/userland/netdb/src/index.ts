/**
 * Names of hosts, networks, services and protocols: the functions of netdb.h over the files of a machine.
 *
 * @packageDocumentation
 */
export { type Files, NO_FILES } from './files.ts';
export * from './hosts.ts';
export * from './networks.ts';
export * from './protocols.ts';
export * from './services.ts';
