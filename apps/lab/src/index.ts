/**
 * The parts of the command `skbuff`: topology files, exec lines, reports, and the door to the stack that runs them.
 *
 * @packageDocumentation
 */
export * from './topology/index.ts';
export * from './shell/index.ts';
export * from './report/index.ts';
export * from './lab/index.ts';
