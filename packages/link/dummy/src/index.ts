/**
 * The dummy device: it accepts every packet, counts it and throws it away.
 *
 * @packageDocumentation
 */
export * from './dummy.ts';
export { dummy } from './plugin.ts';
