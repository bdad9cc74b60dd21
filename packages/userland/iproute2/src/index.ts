/**
 * The command `ip`: arguments in, netlink below, text out, to the letter of iproute2 6.1.
 *
 * @packageDocumentation
 */
export * from './ip.ts';
export { linkKinds, type LinkKind } from './link-kinds.ts';
export { LinkParser } from './link-parse.ts';
export { IpContext, IpOptions } from './context.ts';
export { Args } from './args.ts';
export { Printer } from './printer.ts';
export { nstat } from './nstat.ts';
