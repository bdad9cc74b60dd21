/**
 * Read-only text files of each namespace: /proc/net.
 *
 * @packageDocumentation
 */
export * from './plugin.ts';
export * from './proc-net.ts';
