/**
 * The commands `ping`, `arping` and `tracepath`, to the letter of iputils 20221126.
 *
 * @packageDocumentation
 */
export * from './arping.ts';
export * from './ping.ts';
export * from './tracepath.ts';
