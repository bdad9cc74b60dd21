/**
 * The command `ping`, to the letter of iputils 20221126.
 *
 * @packageDocumentation
 */
export * from './ping.ts';
