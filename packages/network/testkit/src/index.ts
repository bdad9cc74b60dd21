/**
 * What tests of protocols are made of: frames, devices in the hands of the test, counters by name, neighbours that are known.
 *
 * @packageDocumentation
 */
export * from './counters.ts';
export * from './devices.ts';
export * from './frames.ts';
export * from './ip-packet.ts';
export * from './ip6-packet.ts';
export * from './known-neighbours.ts';
export * from './nud-names.ts';
export * from './packet-family.ts';
