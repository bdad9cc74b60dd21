/**
 * The parts of the command `skbuff`: all of `@skbuff/cli/lab`, and what needs Node.
 *
 * @packageDocumentation
 */
export * from './lab.ts';
export { captureDirectory } from './lab/capture-directory.ts';
