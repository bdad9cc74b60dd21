/**
 * The sysctl tree of each namespace: /proc/sys/net, read and written as text.
 *
 * @packageDocumentation
 */
export * from './bitmap.ts';
export * from './parse.ts';
export * from './plugin.ts';
export * from './sysctl.ts';
