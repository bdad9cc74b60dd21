export { paintFor } from './colors.ts';
export { type ExitCode, exitCode } from './exit-code.ts';
export { renderJson, REPORT_VERSION } from './json.ts';
export type * from './model.ts';
export { renderText } from './text.ts';
