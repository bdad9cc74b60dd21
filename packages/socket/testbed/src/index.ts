/**
 * Two hosts on a wire, for tests of protocols: virtual time, frames in and out, counters, nothing left at the end.
 *
 * @packageDocumentation
 */
export * from '@skbuff/testkit';
export * from './host-family.ts';
export * from './ipv4-hosts.ts';
export * from './ipv6-hosts.ts';
export * from './two-hosts.ts';
