/**
 * The command `traceroute`, to the letter of the modern traceroute 2.1.2.
 *
 * @packageDocumentation
 */
export * from './traceroute.ts';
