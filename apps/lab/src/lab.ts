/**
 * A lab without its platform: topology files, exec lines, reports, drawings, and the stack that runs them, in a browser as well as in
 * Node. Files come in as text, and captures go to a `CaptureStore` of the caller.
 *
 * @packageDocumentation
 */
export * from './topology/index.ts';
export * from './shell/index.ts';
export * from './report/index.ts';
export * from './graph/index.ts';
export * from './lab/index.ts';
export * from './export/index.ts';
