/**
 * What a command is and what it runs in.
 *
 * @packageDocumentation
 */
export * from './atoi.ts';
export { closeStdout } from './close-stdout.ts';
export * from './command.ts';
export * from './exit.ts';
export * from './getopt-long.ts';
export * from './getopt.ts';
export * from './ioctl.ts';
export { readStdin, readStdinText } from './stdin.ts';
