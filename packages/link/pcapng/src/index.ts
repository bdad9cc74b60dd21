/**
 * Writes pcapng captures: an encoder, taps that feed it from any device, and a reader.
 *
 * @packageDocumentation
 */
export * from './capture.ts';
export * from './pcapng-reader.ts';
export * from './pcapng-writer.ts';
