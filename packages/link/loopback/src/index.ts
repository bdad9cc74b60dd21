/**
 * The loopback device: every namespace has one, and what is sent on it is received on it.
 *
 * @packageDocumentation
 */
export * from './loopback.ts';
export { loopback } from './plugin.ts';
