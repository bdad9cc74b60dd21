/**
 * Reports each packet of chosen devices, and each lost packet with its drop reason, to a callback.
 *
 * @packageDocumentation
 */
export * from './tracer.ts';
