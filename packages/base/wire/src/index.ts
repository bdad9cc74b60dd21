/**
 * Byte access, the Internet checksum and header offsets: the one place that indexes packet bytes.
 *
 * @packageDocumentation
 */
export * from './bytes.ts';
export * from './checksum.ts';
export * from './headers.ts';
export * from './in6-addr.ts';
export * from './in6-map.ts';
export * from './inet-prefix.ts';
export * from './inet6-text.ts';
export * from './little-endian.ts';
export * from './text.ts';
