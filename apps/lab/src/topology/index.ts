export { type Diagnostic, type Position, type Severity, TopologyError } from './diagnostic.ts';
export { type Env } from './expand.ts';
export { formatDiagnostic, formatDiagnostics, type Paint, plainPaint, printable } from './format.ts';
export type * from './model.ts';
export { type ParseOptions, parseTopology, parseTopologyOrThrow } from './parse.ts';
export { labSchema } from './schema.ts';
export { formatDuration } from './units.ts';
