/**
 * The commands unshare and nsenter of util-linux, and those that show and set the names of a machine.
 *
 * @packageDocumentation
 */
export { domainname, hostname } from './hostname.ts';
export { nsenter } from './nsenter.ts';
export { uname } from './uname.ts';
export { unshare } from './unshare.ts';
