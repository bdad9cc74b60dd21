/**
 * What a command is and what it runs in.
 *
 * @packageDocumentation
 */
export * from './command.ts';
export * from './exit.ts';
export * from './getopt.ts';
export { readStdin, readStdinText } from './stdin.ts';
